"""How much goes into what is handed from state to state, so that all of it is below 256 KiB?"""

from __future__ import annotations

from typing import Final, final

from fwf.algebra.nodes import (
    Always,
    AsResult,
    Fallback,
    Graph,
    MapEach,
    Node,
    Par,
    Retry,
    WithParams,
)
from fwf.algebra.traverse import fold
from fwf.algebra.workflow import as_workflow
from fwf.interpreters.engines.cut import Cut, Inner, Piece, fold_pieces
from fwf.interpreters.engines.sizes import Size, size_of
from fwf.interpreters.engines.step_functions.measure import BUDGET, ITEMS, size
from fwf.interpreters.engines.step_functions.ropes import quoted
from fwf.records import record

_SHARE: Final = 150_000
"""The bytes that values may take together in what goes from state to state, of 256 KiB."""
_SHARE_WITH_ITEMS: Final = 40_000
"""The same where there are maps, whose items and what comes out of them travel as well."""
_ITEM: Final = 180
_ROOM: Final = 70_000
_OUTCOMES: Final = 110_000
"""The bytes that what came out of a map's items may take together, besides the items."""
_OUTCOME: Final = 230
"""The bytes of one of these, but for the places where it isn't what was meant."""
_MOST_PLACES: Final = 100
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
    maps = fold_pieces(_maps, cut.piece)
    share = _SHARE_WITH_ITEMS if maps else _SHARE
    most = next((items for items in _MOST if maps and _fits(cut, items)), ITEMS)
    return Limits(max(64, share // (3 + values)), _ITEM, most, _ROOM)


def most_items(limits: Limits, path: str, body: Node) -> int:
    """How many items a map may do each by itself, as far as what comes out of them allows.

    Where one of them isn't what was meant, its path comes out as well.
    """
    places = fold(_places, as_workflow(body, "export"))
    each = _OUTCOME + places * (len(quoted(path)) + 60)
    return min(limits.most, max(1, _OUTCOMES // each))


def _places(node: Node, parts: tuple[int, ...]) -> int:
    """How many places there may be in a part."""
    return min(_MOST_PLACES, sum(parts) + isinstance(node, Fallback | AsResult))


def _maps(piece: Piece, parts: tuple[bool, ...]) -> bool:
    return any(parts) or (isinstance(piece, Inner) and isinstance(piece.node, MapEach))


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
