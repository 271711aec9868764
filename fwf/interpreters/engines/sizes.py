"""How much may a cut become when it runs, and what is to be a block so that it stays in bounds?

Engines end a run in its middle that has too many events, and refuse a definition that is too
large or too deep. So the worst case is folded over a cut beforehand, as if every round, attempt
and arm were needed; of what is too much, parts become blocks.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from fwf.algebra.counts import UNCOUNTED
from fwf.algebra.nodes import (
    Branch,
    Extension,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Retry,
    WithParams,
)
from fwf.interpreters.engines.cut import Cut, EngineTask, Inner, Piece, fold_pieces
from fwf.interpreters.engines.support import Feature


class Size(NamedTuple):
    """The most that a piece may become: events of a run, bytes of a definition, levels."""

    events: int
    bytes: int
    depth: int


class Budget(NamedTuple):
    """The most that an engine takes, with a margin; None where it doesn't mind."""

    events: int | None = None
    bytes: int | None = None
    depth: int | None = None


Measure: TypeAlias = Callable[[Piece, tuple[Size, ...]], Size]
"""A piece, the sizes of its parts ⟶ its own size. One that is cut coarser is never larger."""
OVER: Final[tuple[Feature, ...]] = ("many events", "large definition", "deep nesting")
"""What is said of a block that is one because of a size: for each of `Size`."""


class Costs(NamedTuple):
    """What things cost on an engine: events while it runs, bytes in its definition.

    items: as many are taken to be in a list, since nobody knows yet.
    rounds_nest: whether each round of a loop is a level deeper than the one before.
    """

    task_events: int
    task_bytes: int
    node_events: int
    node_bytes: int
    item_events: int = 0
    items: int = 100
    rounds_nest: bool = False

    def size(self, piece: Piece, parts: tuple[Size, ...]) -> Size:
        """A piece, the sizes of its parts ⟶ its own: the `Measure` of these costs."""
        node = piece.node
        if isinstance(piece, EngineTask):
            return Size(self.task_events, self.task_bytes, 1)
        if isinstance(node, Named | WithParams | Extension):
            return parts[0]
        depth = 1 + max((part.depth for part in parts), default=0)
        if isinstance(node, LoopUntil) and self.rounds_nest:
            depth *= node.limit
        text = self.node_bytes + sum(part.bytes for part in parts)
        return Size(_most(self._events(node, parts)), _most(text), _most(depth))

    def _events(self, node: Node, parts: tuple[Size, ...]) -> int:
        each = [part.events for part in parts]
        match node:
            case Branch():
                return self.node_events + self.task_events + max(each)
            case Retry():
                return node.attempts * (self.node_events + each[0])
            case LoopUntil():
                return node.limit * (self.node_events + self.task_events + each[0])
            case MapEach():
                return self.node_events + self.items * (self.item_events + each[0])
            case _:
                return self.node_events + sum(each)


def size_of(cut: Cut, measure: Measure) -> Size:
    """Cut ⟶ how much it may become."""
    return fold_pieces(measure, cut.piece)


def over(size: Size, budget: Budget) -> tuple[int, ...]:
    """Size, the most ⟶ which of its three are too much."""
    return tuple(at for at, most in enumerate(budget) if most is not None and size[at] > most)


def within(cut: Cut, measure: Measure, budget: Budget) -> Cut:
    """Cut ⟶ the same with further blocks, so that it fits; unchanged in what it can't be made to.

    The lowest parts over a limit become blocks, and the limit is as high as still does: so few and
    small ones, wherever they are. What is done again and again comes first; the whole comes last.
    """
    for at, most in enumerate(budget):
        if most is not None and size_of(cut, measure)[at] > most:
            cut = _coarser(cut, at, most, measure)
    return cut


def _coarser(cut: Cut, at: int, most: int, measure: Measure) -> Cut:
    whole = _whole(cut)

    def again(piece: Inner) -> bool:
        return isinstance(piece.node, LoopUntil | MapEach | Retry)

    def any_part(piece: Inner) -> bool:
        named = isinstance(piece.node, Named | WithParams | Extension)
        return again(piece) or not (named or piece is whole)

    for may in (again, any_part):
        best = _blocks(cut, at, 0, measure, may)
        if not _fits(best, at, most, measure):
            continue
        low, high = 0, most + 1  # the limits between which the highest is that does
        while low + 1 < high:
            limit = (low + high) // 2
            candidate = _blocks(cut, at, limit, measure, may)
            if _fits(candidate, at, most, measure):
                best, low = candidate, limit
            else:
                high = limit
        return best
    return cut


def _whole(cut: Cut) -> Piece:
    """What is the whole but for names around it."""
    piece = cut.piece
    while isinstance(piece, Inner) and isinstance(piece.node, Named | WithParams | Extension):
        piece = piece.parts[0]
    return piece


def _fits(cut: Cut, at: int, most: int, measure: Measure) -> bool:
    return size_of(cut, measure)[at] <= most


def _blocks(cut: Cut, at: int, limit: int, measure: Measure, may: Callable[[Inner], bool]) -> Cut:
    """A cut in which the lowest parts over a limit are blocks, of those that may be."""

    def step(piece: Piece, parts: tuple[_Sized, ...]) -> _Sized:
        if isinstance(piece, EngineTask):
            return _Sized(piece, measure(piece, ()))
        new = piece
        if any(after.piece is not before for after, before in zip(parts, piece.parts, strict=True)):
            new = Inner(piece.node, piece.features, tuple([part.piece for part in parts]))
        size = measure(new, tuple([part.size for part in parts]))
        if size[at] > limit and may(piece):
            block = EngineTask(piece.node, (*piece.features, OVER[at]))
            smaller = measure(block, ())
            if all(after <= before for after, before in zip(smaller, size, strict=True)):
                return _Sized(block, smaller)
        return _Sized(new, size)

    return Cut(fold_pieces(step, cut.piece).piece, cut.table)


class _Sized(NamedTuple):
    piece: Piece
    size: Size


def _most(n: int) -> int:
    return min(UNCOUNTED, n)
