"""What a place in a workflow is called: `daily > par > visits`, `tenants[acme] > load#2`.

Segments come from names, tasks, `par`, branch arms, handlers, finalisers, map items and loop
rounds. Wrappers add none, so adding a retry changes no path. Siblings of one name are told apart
by `#2`, `#3`. A structure right under a name goes by that name: `named("tenants", map_each(…))`
is `tenants[acme]`, not `tenants > map_each[acme]`. An extension with a word of its own is a
structure of that word, `poll[3] > file_there`; what its meaning is made of besides its parts has
no names.

A few lines in which parts are shared can write down more siblings than there are atoms. So counts
end at 2⁶²: what stands behind so many siblings is `… > load`.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast, final

from fwf.algebra.counts import UNCOUNTED, total
from fwf.algebra.extension_layout import NOTHING, Inside, Layout, layout
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.parts import children, visible_parts

SEPARATOR = " > "
MOST_LISTED: Final = 2**21
"""So many names are listed, which is fastest where all are wanted; more are found one by one."""


def tagged(tag: str) -> str:
    r"""The key of an item, or the number of a round ⟶ how it stands behind a segment: `[acme]`.

    Brackets in it and what can't be seen are escaped, so that no two keys make one path.

    >>> print(tagged("acme"), tagged("a > b[1]"), tagged("C:\\"), tagged("two\nlines"))
    [acme] [a > b\x5b1\x5d] [C:\\] [two\nlines]
    """
    plain = tag.isprintable() and not _BRACKETS.intersection(tag)
    return f"[{tag}]" if plain else f"[{''.join(map(_escaped, tag))}]"


_BRACKETS: Final = frozenset("[]\\")


def _escaped(char: str) -> str:
    if char.isprintable():
        return {"[": "\\x5b", "]": "\\x5d", "\\": "\\\\"}.get(char, char)
    return char.encode("unicode_escape").decode("ascii")


def untagged(path: str) -> str:
    """Path ⟶ the same without the keys of items and the numbers of rounds."""
    return re.sub(r"\[[^\]]*\]", "", path)


def stands_for(name: str, path: str) -> bool:
    """Whether a name is a path's tail: `par > visits` for `daily > par > visits`, or all of it.

    A segment without item and round stands for all of them.
    """
    if name == path:
        return True
    segments, there = _segments(name), _segments(path)
    return len(segments) <= len(there) and all(
        one in (other, untagged(other))
        for one, other in zip(reversed(segments), reversed(there), strict=False)
    )


def tail(path: str, name: str) -> str:
    """Path, name ⟶ as many of the path's last segments as the name has."""
    return SEPARATOR.join(_segments(path)[-len(_segments(name)) :])


def near_place(name: str, places: Iterable[str]) -> str:
    """ "; did you mean 'daily > par > visits'?" where the end of a path is close to a name."""
    from difflib import get_close_matches  # 2 ms that only mistakes need

    ends = {tail(place, name): place for place in places}
    close = get_close_matches(name, list(ends), n=1)
    return f"; did you mean {ends[close[0]]!r}?" if close else ""


def _segments(path: str) -> list[str]:
    """The segments of a path; the key of an item may hold what separates them."""
    return re.split(rf"{SEPARATOR}(?![^\[]*\])", path)


_WORDS: dict[type, str] = {
    Par: "par",
    MapEach: "map_each",
    LoopUntil: "loop_until",
    Pure: "pure",
    Fail: "fail",
    Delay: "delay",
    FromResult: "from_result",
}


class Region:
    """What lies under one path segment.

    `node` is what stands there or, if `inner`, what holds the parts that do; `above` is where
    the segment itself stands; `tag` is the key of a map's item or the number of a loop's round, as
    it stands in paths, if there is one.
    """

    __slots__ = ("above", "inner", "known_path", "node", "tag")

    def __init__(
        self, above: "Spot | None", node: Node | Inside, inner: bool, tag: str = ""
    ) -> None:
        self.above = above
        self.node = node
        self.inner = inner
        self.tag = tag
        self.known_path: str | None = None


@final
class Joints(Region):
    """What an extension's meaning is made of besides its parts, as far as one place in it.

    `spot` is where the extension stands, `before` how many parts come before that place.
    """

    __slots__ = ("before", "layout", "spot")

    def __init__(self, above: "Spot", spot: "Spot", of: Layout, before: int, tag: str = "") -> None:
        super().__init__(above, NOTHING, True, tag)
        self.spot = spot
        self.layout = of
        self.before = before


class Spot(NamedTuple):
    """Where a node stands: in a region, at a number; `fresh` if a name is right above it."""

    region: Region
    ordinal: int = 0
    fresh: bool = False


class Row(NamedTuple):
    """The paths of a chain's parts: what is above all of them, and their names from `start` on."""

    above: str
    names: list[str]
    start: int


@final
class Paths:
    """Names places in one workflow. Remembers what it has counted; build one for each use."""

    __slots__ = ("_counts", "_first_countable", "_left", "_names", "_offsets", "_times")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._offsets: dict[int, list[int] | None] = {}
        self._names: dict[tuple[int, bool], list[str] | None] = {}
        self._times: dict[str, dict[int, int]] = {}
        self._first_countable: dict[int, Node] = {}
        self._left = MOST_LISTED

    def root(self, w: Any) -> Spot:
        """The spot of a whole workflow."""
        return Spot(Region(None, cast(Node, w), False))

    def path(self, spot: Spot) -> str:
        """Spot ⟶ the path of the node that stands there.

        For a node that adds no segment: the path of the first thing in it that does.
        """
        region = spot.region
        if region.known_path is None:
            region.known_path = self._path_above(region)
        above, name = region.known_path, self._name(spot)
        return f"{above}{SEPARATOR}{name}" if above and name else above or name

    def row(self, spot: Spot, node: Seq[Any, Any]) -> Row | None:
        """Spot of a chain ⟶ the names of its parts, if each has just one; they are found at once.

        None where it isn't as simple as that.
        """
        region, start = spot.region, spot.ordinal
        if isinstance(region, Joints) or start >= UNCOUNTED:
            return None
        offsets = self._offsets[id(node)] if id(node) in self._offsets else self._measure(node)
        key = (id(region.node), region.inner)
        names = self._names[key] if key in self._names else self._names_if_few(region)
        if offsets is not None or names is None or len(names) < start + len(node.parts):
            return None
        above = self.enclosing(Spot(region, start))
        return Row(f"{above}{SEPARATOR}" if above else "", names, start)

    def enclosing(self, spot: Spot) -> str:
        """Spot ⟶ the path of what encloses the node that stands there."""
        self.path(spot)
        return spot.region.known_path or ""

    def _path_above(self, region: Region) -> str:
        segments: list[str] = []
        tag = region.tag
        above = region.above
        while above is not None:
            name = self._name(above)
            if name:
                segments.append(name + tag)
                tag = ""
            region = above.region
            tag = region.tag + tag
            above = region.above
        return SEPARATOR.join(reversed(segments))

    def _name(self, spot: Spot) -> str:
        """The spot's own segment; none where a name right above stands for it."""
        if spot.fresh:
            return ""
        region, ordinal = spot.region, spot.ordinal
        if ordinal >= UNCOUNTED:
            return "…"
        key = (id(region.node), region.inner)
        names = self._names[key] if key in self._names else self._names_if_few(region)
        if names is None:
            return self._name_at(region, ordinal)
        return names[ordinal] if ordinal < len(names) else ""

    def _names_if_few(self, region: Region) -> list[str] | None:
        """The names of a region; None if they are too many to be listed."""
        node, inner = region.node, region.inner
        size = total(map(self._count, _siblings(node))) if inner else self._count(cast(Node, node))
        names = self._numbered_names(node, inner) if size <= self._left else None
        self._left -= 0 if names is None else size
        self._names[id(node), inner] = names
        return names

    def _name_at(self, region: Region, ordinal: int) -> str:
        """The same name as in the list, found on one way down past the parts that come before."""
        inner = region.inner
        own, parts = (
            ((), _siblings(region.node))
            if inner
            else _own(self._countable(cast(Node, region.node)))
        )
        nodes_before: list[Node] = []
        while True:
            for part in parts:
                count = self._count(part)
                if ordinal < count:
                    break
                ordinal -= count
                nodes_before.append(part)
            else:
                break
            own, parts = _own(self._countable(part))
        if ordinal >= len(own):
            return ""
        n = total((self._occurring(own[ordinal], part) for part in nodes_before), own=1)
        return own[ordinal] if n == 1 else f"{own[ordinal]}#{n if n < UNCOUNTED else '…'}"

    def _countable(self, node: Node) -> Node:
        """A node ⟶ the outermost on the way down its first parts of which these can be counted.

        Whatever is counted stands there. Each node is passed once, however many names are asked.
        """
        way: list[Node] = []
        while id(node) not in self._first_countable:
            _, parts = _own(node)
            if not parts or self._count(parts[0]) < UNCOUNTED:
                self._first_countable[id(node)] = node
                break
            way.append(node)
            node = parts[0]
        node = self._first_countable[id(node)]
        self._first_countable.update({id(each): node for each in way})
        return node

    def child(self, spot: Spot, node: Node, index: int, tag: str | None = None) -> Spot:
        """Spot of a node, the node, which part of it, of which item or round ⟶ the part's spot."""
        match node:
            case _ if isinstance(spot.region, Joints):
                return self._spot_in_extension(spot.region, node, index, tag)
            case Seq() | Graph():
                return self._within(spot.region, spot.ordinal, node, index)
            case Extension():
                return self._meaning(spot, node)
            case Named():
                return Spot(Region(spot, node.body, False), 0, True)
            case Par():
                return self._within(Region(spot, node, True), 0, node, index)
            case MapEach() | LoopUntil():
                return Spot(Region(spot, node, True, "" if tag is None else tagged(tag)))
            case Branch():
                arm = node.otherwise if index else node.then
                return Spot(Region(Spot(spot.region, spot.ordinal + index), arm, False))
            case Fallback() | Always() if index == 1:
                at = Spot(spot.region, spot.ordinal + self._count(node.body))
                handler = node.handler if isinstance(node, Fallback) else node.finaliser
                return Spot(Region(at, handler, False))
            case Fallback() | Always():
                return Spot(spot.region, spot.ordinal)
            case _:
                return spot

    def arms(self, spot: Spot, node: Node) -> list[Spot]:
        """Spot of a node, the node ⟶ the spots of its parts as people see them."""
        of = layout(node) if isinstance(node, Extension) else None
        if of is None:
            return [self.child(spot, node, at) for at in range(len(children(node)))]
        joints = self._joints(spot, of)
        firsts = [of.first(at) for at in range(len(visible_parts(node)))]
        return [Spot(joints) if nth is None else self._placed(joints, nth) for nth in firsts]

    def is_joint(self, spot: Spot) -> bool:
        """Whether what stands there is what an extension's meaning is made of, and no part."""
        return isinstance(spot.region, Joints)

    def _meaning(self, spot: Spot, node: Extension[Any, Any]) -> Spot:
        """The spot of an extension's meaning."""
        of = layout(node)
        if of is None:
            return spot
        joints = self._joints(spot, of)
        return self._placed(joints, 0) if of.leads(node.meaning) else Spot(joints)

    def _joints(self, spot: Spot, of: Layout) -> Joints:
        """What is outside of an extension's parts."""
        own = of.own
        return Joints(spot if own is None else self._segment(spot, of, own), spot, of, 0)

    def _segment(self, spot: Spot, of: Layout, number: int) -> Spot:
        """The spot of one of the names that an extension adds."""
        before = total(map(self._count, of.outside), own=number)
        return Spot(spot.region, spot.ordinal + before, spot.fresh and number == of.own)

    def _spot_in_extension(self, region: Joints, node: Node, index: int, tag: str | None) -> Spot:
        """The spot of a part of what an extension's meaning is made of."""
        of, part = region.layout, children(node)[index]
        before = region.before + of.before(node, index)
        tags = region.tag + ("" if tag is None else tagged(tag))
        inner = Joints(cast(Spot, region.above), region.spot, of, before, tags)
        return self._placed(inner, before) if of.leads(part) else Spot(inner)

    def _placed(self, joints: Joints, nth: int) -> Spot:
        """The spot of one of an extension's parts."""
        of, spot = joints.layout, joints.spot
        inside, number = of.place(nth)
        if inside is None:
            alone = not of.segments and len(of.outside) == 1
            before = total(map(self._count, of.outside[:number]))
            return spot if alone else Spot(spot.region, spot.ordinal + before)
        tags = joints.tag + (tagged(inside.tag) if inside.tag else "")
        region = Region(self._segment(spot, of, inside.number), inside, True, tags)
        if number >= UNCOUNTED:
            return Spot(region, UNCOUNTED)
        return self._within(region, 0, inside, number)

    def _within(self, region: Region, start: int, node: Node | Inside, index: int) -> Spot:
        """The spot of a part of what starts at a number of a region."""
        ordinal = start + self._offset(node, index)
        if ordinal < UNCOUNTED:
            return Spot(region, ordinal)
        above = region.above
        far = above if above is not None and above.ordinal >= UNCOUNTED else Spot(region, UNCOUNTED)
        return Spot(Region(far, _siblings(node)[index], False))

    def _offset(self, node: Node | Inside, index: int) -> int:
        """How many names come before a part, among its siblings."""
        is_measured = id(node) in self._offsets
        offsets = self._offsets[id(node)] if is_measured else self._measure(node)
        return index if offsets is None else offsets[index]

    def _measure(self, node: Node | Inside) -> list[int] | None:
        """The offsets of all parts; None where every part has just one name."""
        before, offsets = 0, list[int]()
        for part in _siblings(node):
            offsets.append(before)
            before = total((self._count(part),), own=before)
        uniform = before == len(offsets) and all(at == each for at, each in enumerate(offsets))
        self._offsets[id(node)] = None if uniform else offsets
        return self._offsets[id(node)]

    def _count(self, node: Node) -> int:
        """How many names a node adds to the region it stands in."""
        counts = self._counts
        todo = [node]
        while todo:
            top = todo[-1]
            if id(top) in counts:
                todo.pop()
                continue
            own, parts = _own(top)
            missing = [part for part in parts if id(part) not in counts]
            if missing:
                todo.extend(missing)
            else:
                counts[id(top)] = total((counts[id(part)] for part in parts), own=len(own))
        return counts[id(node)]

    def _occurring(self, name: str, node: Node) -> int:
        """How often a name occurs among those that a node adds to the region it stands in."""
        times = self._times.setdefault(name, {})
        todo = [node]
        while todo:
            top = todo[-1]
            if id(top) in times:
                todo.pop()
                continue
            own, parts = _own(top)
            missing = [part for part in parts if id(part) not in times]
            if missing:
                todo.extend(missing)
            else:
                times[id(top)] = total((times[id(part)] for part in parts), own=own.count(name))
        return times[id(node)]

    def _numbered_names(self, node: Node | Inside, inner: bool) -> list[str]:
        """The names of a region, numbered where they repeat."""
        names: list[str] = []
        counts: dict[str, int] = {}
        todo: list[Node | str] = list(reversed(_siblings(node))) if inner else [cast(Node, node)]
        while todo:
            top = todo.pop()
            if isinstance(top, str):
                n = counts[top] = counts.get(top, 0) + 1
                names.append(top if n == 1 else f"{top}#{n}")
                continue
            own, parts = _own(top)
            todo.extend(reversed([*parts, *own]))
        return names


def _siblings(node: Node | Inside) -> tuple[Node, ...]:
    match node:
        case Inside():
            return tuple(node.parts)
        case Seq() | Par():
            return tuple(node.parts)
        case Graph():
            return tuple(step.body for step in node.steps)
        case MapEach() | LoopUntil():
            return (node.body,)
        case _:
            return (node,)


def _own(node: Node) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    """A node's parts that share its region, and then the names that it adds itself."""
    match node:
        case Task() | Named():
            return (node.name,), ()
        case Branch():
            return ("then", "otherwise"), ()
        case Fallback():
            return ("fallback",), (node.body,)
        case Always():
            return ("always",), (node.body,)
        case Seq() | Graph():
            return (), _siblings(node)
        case Extension():
            of = layout(node)
            if of is None:
                return (), (node.meaning,)
            return tuple(of.segments), tuple(of.outside)
        case Retry() | Timeout() | AsResult() | InPool() | WithParams():
            return (), (node.body,)
        case _:
            return (_WORDS[type(node)],), ()
