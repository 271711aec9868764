"""What the comparison passes around: parts that belong together, and edits found between them."""

from collections.abc import Sequence
from typing import Final, TypeAlias, final

from fwf.algebra.nodes import Node
from fwf.algebra.parts import visible_parts
from fwf.algebra.traverse import Visit
from fwf.interpreters.diff.changes import Kind


@final
class Match:
    """Two parts that belong together; `around` is the pair that they were found in.

    repeated: a retry is around the new one.
    grouped: whether chains in it are compared as they are grouped.
    where: the arm that it stands in, in words.
    """

    __slots__ = ("around", "grouped", "new", "old", "repeated", "same", "where")

    def __init__(self, old: Visit, new: Visit, around: "Match | None" = None) -> None:
        self.old = old
        self.new = new
        self.around = around
        self.repeated: bool = around is not None and around.repeated
        self.grouped: bool = around is not None and around.grouped
        self.where: str = "" if around is None else around.where
        self.same: bool | None = None
        """Whether it or a pair around it has one normal form, once that is known."""


@final
class Edit:
    """A change before its level is known.

    match: the pair that it was found in; None where that is all of both workflows.
    alone: two small workflows that differ in this and nothing else, if there are any.
    """

    __slots__ = ("alone", "kind", "match", "now", "reason", "was")

    def __init__(
        self,
        kind: Kind,
        reason: str,
        match: Match | None,
        *,
        was: Visit | None = None,
        now: Visit | None = None,
        alone: tuple[Node, Node] | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.reason = reason
        self.match = match
        self.was = was
        self.now = now
        self.alone = alone

    @property
    def where(self) -> str:
        """The arm that it stands in, in words."""
        return "" if self.match is None else self.match.where


MOVED: Final = "moved to another place among its siblings"
Findings: TypeAlias = list[Match | Edit]
"""What comparing two parts leads to, in order: pairs still to be compared, and edits."""


@final
class Row:
    """Parts in a row, whose places are worked out when they are asked for."""

    __slots__ = ("_holders", "nodes")

    def __init__(
        self, nodes: Sequence[Node], holders: Visit | Sequence[Visit | tuple[Visit, int]]
    ) -> None:
        self.nodes = nodes
        self._holders = holders
        """The node that has all parts; or for each, what has it and as which part, or itself."""

    def visit(self, at: int) -> Visit:
        """A part where it stands."""
        if isinstance(self._holders, Visit):
            return self._holders.arm(at, self.nodes[at])
        place = self._holders[at]
        return place if isinstance(place, Visit) else place[0].part(place[1], self.nodes[at])

    def visits(self) -> list[Visit]:
        """All of them."""
        return [self.visit(at) for at in range(len(self.nodes))]


def parts_of(part: Visit) -> Row:
    """The direct parts of a node."""
    return Row(visible_parts(part.node), part)
