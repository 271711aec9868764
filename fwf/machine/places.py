"""Where a part of a run stands: noted on the way down, and named only when somebody asks."""

from __future__ import annotations

from typing import Any, Final, TypeAlias, final

from fwf.algebra.extension_layout import layout
from fwf.algebra.nodes import Extension, MapEach, Node, Seq
from fwf.algebra.paths import Paths, Row, Spot

Place: TypeAlias = "tuple[Any, Node, int, Any] | None"
"""The place that encloses it, the node there, which part of that node, and the item's key or the
round's number; None for the whole workflow."""
LONG: Final = 16
"""So many parts make it worth while to find the names of all at once."""


def item_of(place: Place) -> str:
    """The key of the innermost item that a place is in; empty if it is in none."""
    while place is not None:
        above, node, _, tag = place
        if isinstance(node, MapEach):
            return str(tag)
        place = above
    return ""


@final
class Places:
    """Names the places of one run."""

    def __init__(self, w: Node) -> None:
        self._paths = Paths()
        self._root = self._paths.root(w)
        self._rows: dict[int, Row | None] = {}
        """Of the long chains in places, by these places' identity: `_spots` keeps them."""
        self._spots: dict[int, tuple[Place, Spot]] = {}
        """Spots of places that enclose others, by identity; the place is kept, so that it lasts."""

    def path(self, place: Place) -> str:
        """The path of the node at a place."""
        if place is not None and type(place[1]) is Seq and len(place[1].parts) >= LONG:
            above = id(place[0])
            row = self._rows[above] if above in self._rows else self._row(place[0], place[1])
            if row is not None:
                return row.above + row.names[row.start + place[2]]
        return self._paths.path(self._spot(place))

    def _row(self, above: Place, chain: Seq[Any, Any]) -> Row | None:
        """The names of the parts of a long chain, of which many are asked."""
        spot = self._root if above is None else self._enclosing_spot(above)
        row = self._rows[id(above)] = self._paths.row(spot, chain)
        return row

    def enclosing(self, place: Place) -> str:
        """The path of what encloses the node at a place."""
        return self._paths.enclosing(self._spot(place))

    def word(self, place: Place) -> Extension[Any, Any] | None:
        """The extension, as somebody wrote it, whose own doing the node at a place is."""
        word: Extension[Any, Any] | None = None
        while place is not None and self._paths.is_joint(self._spot(place)):
            place, node = place[0], place[1]
            while not (isinstance(node, Extension) and node.word):
                assert place is not None
                place, node = place[0], place[1]
            word = node
        return word

    def is_joint(self, place: Place, node: Node) -> bool:
        """Whether a node at a place is what an extension is made of, and no part of it."""
        inward: list[Node] = [node]
        while place is not None:
            place, around = place[0], place[1]
            of = layout(around) if isinstance(around, Extension) else None
            if of is None:
                inward.append(around)
            elif any(map(of.is_part, inward)):  # it belongs to whoever wrote the extension
                inward = [around]
            else:
                return True
        return False

    def _spot(self, place: Place) -> Spot:
        if place is None:
            return self._root
        above, node, index, tag = place
        entry = (None, self._root) if above is None else self._spots.get(id(above))
        spot = self._enclosing_spot(above) if entry is None else entry[1]
        return self._paths.child(spot, node, index, None if tag is None else str(tag))

    def _enclosing_spot(self, place: Place) -> Spot:
        inward: list[tuple[Any, Node, int, Any]] = []
        while place is not None and id(place) not in self._spots:
            inward.append(place)
            place = place[0]
        spot = self._root if place is None else self._spots[id(place)][1]
        for each in reversed(inward):
            _, node, index, tag = each
            spot = self._paths.child(spot, node, index, None if tag is None else str(tag))
            self._spots[id(each)] = each, spot
        return spot
