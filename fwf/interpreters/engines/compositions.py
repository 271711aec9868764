"""What are the words that stand for compositions made of, as far as engines differ in it?

An engine runs them by their meaning. So what it does for a word is the least of what it does for
these, and needs no row of its own.
"""

from collections.abc import Mapping
from typing import Final

from fwf.interpreters.engines.support import Feature, Row, Table, worst

WORDS: Final[Mapping[str, tuple[Feature, ...]]] = {
    "when": ("identity", "branch"),
    "switch": ("branch",),
    "branch by a workflow": ("identity", "expression", "seq", "par", "branch"),
    "loop_until by a workflow": ("identity", "expression", "seq", "par", "loop_until"),
    "keep_input": ("identity", "par"),
    "join": ("seq", "par"),
    "recover": ("constant", "fallback"),
    "optional": ("constant", "fallback"),
    "on_failure": (
        "identity", "expression", "seq", "par", "branch", "always inside", "as_result",
        "from_result",
    ),
    "bracket": ("identity", "seq", "par", "always inside"),
    "poll": (
        "identity", "constant", "expression", "delay", "seq", "par", "branch", "loop_until",
    ),
    "paginate": ("identity", "expression", "seq", "par", "loop_until"),
    "recursive": ("expression", "seq", "loop_until"),
    "moved_by": ("identity", "expression", "seq", "par"),
    "cached": ("identity", "expression", "seq", "par", "branch"),
}  # fmt: skip
"""Each word, and what its meaning has besides its parts; its options may add to that."""


def row_of(word: str, table: Table) -> Row:
    """A word, a table ⟶ what the engine does for it, and because of what."""
    made_of = WORDS[word]
    support = worst(tuple(table[each] for each in made_of))
    least = [each for each in made_of if table[each].support == support]
    return Row(support, f"by its meaning: {', '.join(made_of if support == 'native' else least)}")
