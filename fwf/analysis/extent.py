"""How large is a workflow once all that is shared in it is written out?

A part that stands in two places is one object, so sixty lines can say 2⁶⁰ parts. Whatever can,
looks at each distinct part once. What must go from place to place stops with `TooLarge`.
"""

from typing import Final, NamedTuple, final

from fwf.algebra.counts import count_text, total
from fwf.algebra.nodes import Node
from fwf.algebra.traverse import fold
from fwf.algebra.workflow import AnyWorkflow

MOST_TIMES: Final = 10
MOST_SHARED: Final = 2**16
"""So many times the parts that are written, and so many places more, may be gone to."""


@final
class TooLarge(ValueError):
    """Sharing writes down more than can be gone through place by place."""


class Extent(NamedTuple):
    """How many parts are written, and how many places they stand in; the latter up to 2⁶²."""

    nodes: int
    places: int

    @property
    def shared(self) -> bool:
        """Whether sharing makes it larger than can be gone through."""
        return self.places > MOST_TIMES * self.nodes + MOST_SHARED

    def __str__(self) -> str:
        return f"{self.nodes:,} parts stand in {count_text(self.places, 'place')}"


def extent(w: AnyWorkflow) -> Extent:
    """Workflow ⟶ its size as it is written, and with all that is shared written out. O(nodes)."""
    nodes = 1

    def step(node: Node, parts: tuple[int, ...]) -> int:
        nonlocal nodes
        nodes += len(parts)
        return total(parts, own=1)

    places = fold(step, w)
    return Extent(nodes, places)


def too_large(where: str, size: object, instead: str) -> TooLarge:
    """What goes from place to place, how many there are, the remedy ⟶ the error that says so."""
    return TooLarge(f"{where}: {size}, too many to go through one by one: {instead}")
