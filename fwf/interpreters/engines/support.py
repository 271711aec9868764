"""How well does an engine do something, and what is done there instead?"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from fwf.interpreters.engines.features import Feature

Support: TypeAlias = Literal["native", "emulated", "block", "lossy", "impossible"]
SUPPORT: Final[Mapping[Support, str]] = {
    "native": "the engine's own construct means the same",
    "emulated": "several of its constructs together mean the same",
    "block": "the part runs in one engine task, by our own runner: the same meaning, seen and "
    "resumed as one",
    "lossy": "its construct differs, in what the hint says",
    "impossible": "nothing there does it",
}
"""From best to worst, what each says."""
ORDER: Final[tuple[Support, ...]] = tuple(SUPPORT)


class Row(NamedTuple):
    """What an engine does for one feature, and a hint in words: how, or what differs."""

    support: Support
    hint: str


Table: TypeAlias = Mapping[Feature, Row]
"""An engine's capabilities: a row for every feature."""


def uncut(row: Row) -> bool:
    """Whether what has the feature stays in one engine task."""
    return row.support in ("block", "impossible")


def worst(rows: tuple[Row, ...]) -> Support:
    """Rows ⟶ the least that one of them says; native if there are none."""
    found: Support = "native"
    for row in rows:
        if ORDER.index(row.support) > ORDER.index(found):
            found = row.support
    return found
