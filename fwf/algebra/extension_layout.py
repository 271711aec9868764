"""Where the parts of an extension stand in its meaning.

The meaning is made of the extension's parts and of what joins them. A part is known there by
identity; a chain also by what it is made of, since `>>` puts chains together. Everything else is
the extension's own, however deep, and out of people's sight.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, cast, final

from fwf.algebra.counts import UNCOUNTED, total
from fwf.algebra.extensions import Arm
from fwf.algebra.nodes import (
    AsResult,
    Extension,
    InPool,
    LoopUntil,
    MapEach,
    Node,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.parts import children

_WRAPPERS: Final = (Retry, Timeout, AsResult, InPool, WithParams)
MOST_OCCURRENCES: Final = 2**16
"""So many occurrences of parts in one meaning have names of their own."""


@final
class Inside:
    """The parts whose paths begin with one segment and one tag, in order."""

    __slots__ = ("number", "parts", "tag")

    def __init__(self, number: int, tag: str) -> None:
        self.number = number
        """Which of the extension's segments that is."""
        self.tag = tag
        self.parts: list[Node] = []


NOTHING: Final = Inside(0, "")


@final
class Layout:
    """The parts of one extension in its meaning, as often as they occur there.

    `outside` are those that stand where the extension does, `segments` the names that it adds
    after theirs.
    """

    __slots__ = (
        "_arms", "_first", "_inside", "_occurrences", "_offsets", "_times", "_word", "lends",
        "outside", "segments", "uneven",
    )  # fmt: skip

    def __init__(self, node: Extension[Any, Any]) -> None:
        self.outside: list[Node] = []
        self.segments: list[str] = []
        self._word = node.word
        self._inside: dict[tuple[str, str], Inside] = {}
        self._arms: dict[int, list[tuple[int, Arm]]] = {}
        arms = node.arms()
        self.lends = any(arm.lasts == "loan" for arm in arms)
        """Whether a part lends the others something."""
        self.uneven = any(arm.lasts != "run" for arm in arms)
        """Whether what some part gave counts for less than the run."""
        whole = _found_whole(node.meaning, [_stand_in(arm) for arm in arms])
        for at, arm in enumerate(arms):
            for part in _standing(arm, whole):
                self._arms.setdefault(id(part), []).append((at, arm))
        self._first: dict[int, int] = {}
        self._times: dict[int, int] = {}
        self._offsets: dict[int, list[int]] = {}
        self._occurrences: list[tuple[Inside | None, int]] = []
        self._find(node.meaning)
        if not self._occurrences:
            self.segments.append(node.word)

    def is_part(self, node: Node) -> bool:
        """Whether a node of the meaning is one of the parts."""
        return id(node) in self._arms

    def arms(self, node: Node) -> list[Arm]:
        """The parts that a node of the meaning is, or that it wraps without a name of its own."""
        while not self.is_part(node) and isinstance(node, _WRAPPERS):
            node = cast(Any, node).body
        return [arm for _, arm in self._arms.get(id(node), ())]

    def leads(self, node: Node) -> bool:
        """Whether a node of the meaning is a part, or a wrapper around one that adds no name."""
        return bool(self.arms(node))

    @property
    def own(self) -> int | None:
        """The number of the segment that the extension itself goes by; None if it adds none such.

        Then it goes by the first thing in it.
        """
        return self.segments.index(self._word) if self._word in self.segments else None

    def place(self, nth: int) -> tuple[Inside | None, int]:
        """How many parts come before one ⟶ those that it is inside with, its number among them.

        Among those outside, if there are none.
        """
        if nth < len(self._occurrences):
            return self._occurrences[nth]
        return NOTHING, UNCOUNTED

    def first(self, at: int) -> int | None:
        """Which arm ⟶ how many parts come before the first that it is; None if it is none."""
        return self._first.get(at)

    def before(self, node: Node, index: int) -> int:
        """How many parts come before a direct part of a node of the meaning, in that node."""
        offsets = self._offsets.get(id(node))
        if offsets is None:
            offsets = self._offsets[id(node)] = [0]
            for part in children(node):
                offsets.append(min(UNCOUNTED, offsets[-1] + self._count(part)))
        return offsets[index]

    def _count(self, node: Node) -> int:
        """How many parts there are in a node of the meaning."""
        times = self._times
        todo = [node]
        while todo:
            top = todo[-1]
            if id(top) in times:
                todo.pop()
                continue
            parts = () if self.is_part(top) else children(top)
            missing = [part for part in parts if id(part) not in times]
            if missing:
                todo.extend(missing)
            else:
                times[id(top)] = total([times[id(each)] for each in parts], own=self.is_part(top))
        return times[id(node)]

    def _find(self, meaning: Node) -> None:
        """Number the parts as they occur, in the order of the meaning."""
        counts = Counter[int]()
        todo: list[tuple[Node, bool]] = [(meaning, False)]
        while todo and len(self._occurrences) < MOST_OCCURRENCES:
            node, again = todo.pop()
            if self.is_part(node):
                arms = self._arms[id(node)]
                self._note(node, *arms[counts[id(node)] % len(arms)], again)
                counts[id(node)] += 1
                continue
            again = again or isinstance(node, LoopUntil | MapEach)
            some = [(part, again) for part in children(node) if self._count(part)]
            todo.extend(reversed(some))

    def _note(self, node: Node, at: int, arm: Arm, again: bool) -> None:
        self._first.setdefault(at, len(self._occurrences))
        segment = self._word if arm.segment is None else arm.segment
        if not segment and not again:
            self._occurrences.append((None, len(self.outside)))
            self.outside.append(node)
            return
        inside = self._of(segment or self._word, arm.tag)
        self._occurrences.append((inside, len(inside.parts)))
        inside.parts.append(node)

    def _of(self, segment: str, tag: str) -> Inside:
        """The parts of one segment and tag."""
        if segment not in self.segments:
            self.segments.append(segment)
        inside = self._inside.get((segment, tag))
        if inside is None:
            number = self.segments.index(segment)
            inside = self._inside[segment, tag] = Inside(number, tag)
        return inside


def layout(node: Extension[Any, Any]) -> Layout | None:
    """Extension ⟶ where its parts stand in its meaning; None if it has no word of its own."""
    if not node.word:
        return None
    try:
        return cast(Layout, node._layout)  # pyright: ignore[reportPrivateUsage]
    except AttributeError:
        layout_of_node = Layout(node)
        object.__setattr__(node, "_layout", layout_of_node)
        return layout_of_node


def _stand_in(arm: Arm) -> Node:
    """The node of the meaning that a part is, if it isn't a chain that was put into another."""
    return cast(Node, arm.node if arm.stands is None else arm.stands)


def _standing(arm: Arm, whole: set[int]) -> tuple[Node, ...]:
    """The nodes of the meaning that a part is: it, or what it is made of as a chain."""
    node = _stand_in(arm)
    return (node, *node.parts) if isinstance(node, Seq) and id(node) not in whole else (node,)


def _found_whole(meaning: Node, parts: Sequence[Node]) -> set[int]:
    """Which of these nodes, by `id`, stand in a meaning as they are.

    What such a chain is made of may be another part by itself. Nothing is looked for within parts,
    or within what chains among them are made of: that may be deep.
    """
    wanted = set(map(id, parts))
    chains = (part for part in parts if isinstance(part, Seq))
    ends = wanted.union(*(map(id, chain.parts) for chain in chains))
    seen: set[int] = set()
    todo = [meaning]
    while todo:
        node = todo.pop()
        if id(node) not in seen:
            seen.add(id(node))
            todo.extend(() if id(node) in ends else children(node))
    return seen & wanted
