"""How much goes into what is handed from state to state, so that all of it is below 256 KiB?"""

from __future__ import annotations

from typing import Final, final

from fwf.algebra.nodes import Always, Fallback, Graph, Par, Retry, WithParams
from fwf.interpreters.engines.cut import Cut, Piece, fold_pieces
from fwf.interpreters.engines.sizes import Size, size_of
from fwf.interpreters.engines.step_functions.measure import BUDGET, ITEMS, size
from fwf.records import record

_SHARE: Final = 150_000
"""The bytes that values may take together in what goes from state to state, of 256 KiB."""
_ITEM: Final = 180
_ROOM: Final = 60_000
_MOST: Final = (500, 300, 200, 150, 100)


@final
@record()
class Limits:
    """How much goes into a context.

    value: so many bytes a value may take in it; item: one that comes out in a map's item.
    most, room: so many items a map may do each by itself, and so many bytes they may take.
    """

    value: int
    item: int
    most: int
    room: int


def limits_of(cut: Cut) -> Limits:
    """Cut ⟶ how much goes into a context, so that all values in one fit together."""
    values = fold_pieces(_values, cut.piece)
    most = [items for items in _MOST if _fits(cut, items)]
    return Limits(max(64, _SHARE // (3 + values)), _ITEM, max(most, default=ITEMS), _ROOM)


def _fits(cut: Cut, items: int) -> bool:
    def measure(piece: Piece, parts: tuple[Size, ...]) -> Size:
        return size(piece, parts, items)

    return size_of(cut, measure).events <= (BUDGET.events or 0)


def _values(piece: Piece, parts: tuple[int, ...]) -> int:
    """How many values may be in a context at once, besides what came out last."""
    below = max(parts, default=0)
    match piece.node:
        case Retry() | Fallback():
            return 1 + below
        case Always():
            return 2 + below
        case WithParams() as node:
            return len(node.computed) + below
        case Par() | Graph():
            return len(parts) + below
        case _:
            return below
