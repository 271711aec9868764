"""`laws/README.md`, made of the laws themselves: `python -m laws.page` writes it anew."""

from __future__ import annotations

from pathlib import Path

from . import FAMILIES, catalogue, mutants, mutants_scheduling, non_laws
from .broken import Mutant
from .law import LEVELS, Law

PLACE = Path(__file__).with_name("README.md")
INTRODUCTION = """\
# Laws

What every interpreter must agree on, checked by Hypothesis over generated workflows, scenarios,
parameters and contexts (histories, deadlines, retries, races …). What is cut stops there, where
nothing else is said. `pytest laws` tries 50 cases of each law, `pytest laws --hypothesis-profile
thorough` 5,000. To try them on an interpreter of your own:
`fwf.testing.assert_lawful(interpreter)`. `mutants.py` has interpreters with one mistake each,
which some law must tell from a right one; `agreement.py` compares `run` with `dry_run` in the same
generated worlds.

This page is written by `python -m laws.page`. `w`, `a`, `b`, `c` are workflows, `f`, `g` pure
functions or finalisers, `p`, `q` predicates, `d`, `e` durations, `s`, `t`, `u`, `i`, `o` schedules,
`z`, `y` error tags. A law marked † is a base case: equations alone let wrong interpreters through.
A source such as semantics §2 is a section of [semantics.md](semantics.md), which says what each
combinator means.
"""


def page() -> str:
    """The whole page."""
    levels = "\n".join(f"| {level} | {means} |" for level, means in LEVELS.items())
    laws = catalogue()
    parts = [INTRODUCTION, f"| Level | Both sides have the … |\n|---|---|\n{levels}\n"]
    for family in FAMILIES:
        parts.append(f"## {family}\n\n{table([law for law in laws if law.family == family])}\n")
    parts.append(
        "## Tempting, and wrong\n\nNot even the level given holds. Each has its counterexample in "
        f"`non_laws.py`.\n\n{table([each.law for each in non_laws.catalogue()])}\n"
    )
    parts.append(
        "## Mutants\n\nWhat keeps the laws from saying too little: wrong interpreters, each "
        "`denotation.py` with one\nclause changed, and for each a law that it breaks.\n\n"
        f"{table_of_mutants(mutants.catalogue())}\n"
    )
    wrong = [f"| `{each.__name__}` | {each.__doc__} |" for each in mutants_scheduling.catalogue()]
    parts.append(
        "## Schedulers\n\nWhere workers and pools are few, when an attempt starts depends on the "
        "others.\n`list_scheduler.py` says when, `occupancy.py` what is true of every schedule; "
        "both judge `run`\nand `dry_run` on generated crowds. These wrong schedulers are told from "
        "the right one.\n"
    )
    parts.append("\n".join(["| Mutant | Mistake |", "|---|---|", *wrong, ""]))
    return "\n".join(parts)


def table(laws: list[Law]) -> str:
    """Laws ⟶ a Markdown table of them."""
    rows = [
        f"| `{_cell(law.name)}` | {law.level} | {_cell(law.meaning)} | {', '.join(law.conditions)} "
        f"| {_cell(law.source)} |"
        for law in laws
    ]
    return "\n".join(["| Law | Level | Says | Given | Source |", "|---|---|---|---|---|", *rows])


def table_of_mutants(mutants_: tuple[Mutant, ...]) -> str:
    """Mutants ⟶ a Markdown table of them."""
    rows = [
        f"| `{each.name}` | {_cell(each.mistake)} | `{_cell(str(each.killed_by))}` |"
        for each in mutants_
    ]
    return "\n".join(["| Mutant | Mistake | Breaks |", "|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PLACE.write_text(page(), encoding="utf-8")
