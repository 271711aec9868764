"""How much may a cut become when it runs, and what is to be a block so that it stays in bounds?

Engines end a run in its middle that has too many events, and refuse a definition that is too
large or too deep. So the worst case is folded over a cut beforehand, as if every round, attempt
and arm were needed. Of what is too much the biggest parts become blocks, until the rest fits; a
loop, map or retry that is too much even so becomes one as a whole.
"""

from bisect import bisect_left
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
from fwf.interpreters.engines.features import Feature


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


def over(size: Size, budget: Budget) -> int | None:
    """Size, the most ⟶ the first of its three that is too much; None where all fit."""
    for at, most in enumerate(budget):
        if most is not None and size[at] > most:
            return at
    return None


def within(cut: Cut, measure: Measure, budget: Budget) -> Cut:
    """Cut ⟶ the same with further blocks, so that it fits as far as it can be made to."""
    if over(size_of(cut, measure), budget) is None:
        return cut

    def step(piece: Piece, parts: tuple[_Sized, ...]) -> _Sized:
        if isinstance(piece, EngineTask):
            return _Sized(piece, measure(piece, ()))
        kept = all(new.piece is old for new, old in zip(parts, piece.parts, strict=True))
        whole = (
            _Sized(piece, measure(piece, _sizes(parts))) if kept else _with(piece, parts, measure)
        )
        return _fitted(whole, parts, measure, budget)

    return Cut(fold_pieces(step, cut.piece).piece, cut.table)


class _Sized(NamedTuple):
    piece: Piece
    size: Size


def _fitted(whole: _Sized, parts: tuple[_Sized, ...], measure: Measure, budget: Budget) -> _Sized:
    """A piece whose biggest parts are blocks, as many as needed; or that is one itself."""
    while (at := over(whole.size, budget)) is not None and isinstance(whole.piece, Inner):
        node = whole.piece.node
        if isinstance(node, Named | WithParams | Extension):
            break  # only another word for what is too much already
        fewer = _coarser(whole.piece, parts, at, budget[at] or 0, measure)
        if fewer is not None:
            parts = fewer
            whole = _with(whole.piece, parts, measure)
        elif isinstance(node, LoopUntil | MapEach | Retry):
            return _block(whole, at, measure)
        else:
            break
    return whole


def _coarser(
    piece: Inner, parts: tuple[_Sized, ...], at: int, most: int, measure: Measure
) -> tuple[_Sized, ...] | None:
    """The parts of a piece, as few of them blocks as make it fit; None where none do."""
    blocks = {id(part.piece): _block(part, at, measure) for part in parts}
    gains = {id(part.piece): part.size[at] for part in parts}
    for key, block in blocks.items():
        gains[key] -= block.size[at]
    wins = sorted((key for key in gains if gains[key] > 0), key=gains.__getitem__, reverse=True)

    def first(n: int) -> tuple[_Sized, ...]:
        taken = frozenset(wins[:n])
        return tuple(
            [blocks[id(part.piece)] if id(part.piece) in taken else part for part in parts]
        )

    def fits(n: int) -> bool:
        return _with(piece, first(n), measure).size[at] <= most

    if not wins or not fits(len(wins)):
        return None
    return first(bisect_left(range(len(wins)), True, key=fits))


def _with(piece: Inner, parts: tuple[_Sized, ...], measure: Measure) -> _Sized:
    """A piece with other parts."""
    made = Inner(piece.node, piece.features, tuple([part.piece for part in parts]))
    return _Sized(made, measure(made, _sizes(parts)))


def _block(part: _Sized, at: int, measure: Measure) -> _Sized:
    """A part as a block; itself where it is a task already, or nothing that the engine runs."""
    if isinstance(part.piece, EngineTask) or not part.piece.parts:
        return part
    block = EngineTask(part.piece.node, (*part.piece.features, OVER[at]))
    return _Sized(block, measure(block, ()))


def _sizes(parts: tuple[_Sized, ...]) -> tuple[Size, ...]:
    return tuple([part.size for part in parts])


def _most(n: int) -> int:
    return min(UNCOUNTED, n)
