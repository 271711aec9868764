"""Which parts of two sequences belong together: equal ones first, then those of one name.

Patience: what occurs once on both sides anchors the rest, and the longest rising run of anchors
stays in order. A fixed number of rounds, each O(n log n), so that nothing is ever compared with
everything; what repeats counts as the first, the second, … of its kind.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import count
from operator import ne
from typing import NamedTuple, TypeAlias, TypeVar, final

T = TypeVar("T")
Key: TypeAlias = Callable[[T], Hashable]
Pair: TypeAlias = tuple[int | None, int | None]
"""The place of a part in the old sequence, in the new one; None where it has none."""


class Gap(NamedTuple):
    """A stretch of both sequences in which nothing is paired yet: from, to; from, to."""

    old: int
    old_end: int
    new: int
    new_end: int


def aligned(olds: Sequence[T], news: Sequence[T], keys: Sequence[Key[T]]) -> Iterator[Pair]:
    """Two sequences, keys from the most telling to the least ⟶ their pairs, in order.

    Parts of equal keys pair up, in order; of what is left in one place on both sides, the first
    with the first if there are as many. What is left on one side comes where it stands.
    """
    if len(olds) == len(news) and _alike_but_one(
        list(map(keys[0], olds)), list(map(keys[0], news))
    ):
        yield from zip(range(len(olds)), range(len(news)), strict=True)
        return
    alignment = Alignment(len(olds), len(news))
    for key in keys:
        if not alignment.gaps:
            break
        mine = {at: key(olds[at]) for gap in alignment.gaps for at in range(gap.old, gap.old_end)}
        theirs = {at: key(news[at]) for gap in alignment.gaps for at in range(gap.new, gap.new_end)}
        for once in (True, False):
            alignment.narrow(mine, theirs, once=once)
    for old, old_end, new, new_end in alignment.gaps:
        if old_end - old == new_end - new:
            alignment.pair(old, new, old_end - old)
    yield from alignment.pairs()


def _alike_but_one(olds: list[Hashable], news: list[Hashable]) -> bool:
    """Whether two sequences differ in one place at most, as they mostly do."""
    before = _alike(olds, news)
    return olds[before + 1 :] == news[before + 1 :]


@final
class Alignment:
    """Pairs found so far, and the gaps between them."""

    __slots__ = ("_new_of", "_old_of", "gaps")

    def __init__(self, olds: int, news: int) -> None:
        self._new_of: list[int | None] = [None] * olds
        self._old_of: list[int | None] = [None] * news
        self.gaps = [Gap(0, olds, 0, news)] if olds and news else []

    def pair(self, old: int, new: int, n: int) -> None:
        """Pair so many in a row."""
        self._new_of[old : old + n] = range(new, new + n)
        self._old_of[new : new + n] = range(old, old + n)

    def narrow(self, mine: dict[int, Hashable], theirs: dict[int, Hashable], *, once: bool) -> None:
        """Pair what has one key. With `once`, only what doesn't repeat in its gap is an anchor."""
        gaps: list[Gap] = []
        for gap in self.gaps:
            olds = [mine[at] for at in range(gap.old, gap.old_end)]
            news = [theirs[at] for at in range(gap.new, gap.new_end)]
            gaps += self._fill(gap, olds, news, once)
        self.gaps = gaps

    def _fill(
        self, gap: Gap, olds: list[Hashable], news: list[Hashable], once: bool
    ) -> Iterator[Gap]:
        """A gap with its ends paired as far as they are alike, then its anchors ⟶ what is left."""
        before = _alike(olds, news)
        most = min(len(olds), len(news)) - before
        after = min(most, _alike(olds[::-1], news[::-1]))
        self.pair(gap.old, gap.new, before)
        self.pair(gap.old_end - after, gap.new_end - after, after)
        inside = Gap(gap.old + before, gap.old_end - after, gap.new + before, gap.new_end - after)
        if most == after:
            yield from self._rest(inside)
            return
        mine, theirs = olds[before : len(olds) - after], news[before : len(news) - after]
        old, new = inside.old, inside.new
        for i, j in _anchors(mine, theirs, once=once):
            at, to = inside.old + i, inside.new + j
            self.pair(at, to, 1)
            yield from self._rest(Gap(old, at, new, to))
            old, new = at + 1, to + 1
        yield from self._rest(Gap(old, inside.old_end, new, inside.new_end))

    def _rest(self, gap: Gap) -> Iterator[Gap]:
        """A gap that there is still to fill, unless one side is empty or both are a single part."""
        olds, news = gap.old_end - gap.old, gap.new_end - gap.new
        if olds == news == 1:
            self.pair(gap.old, gap.new, 1)
        elif olds and news:
            yield gap

    def pairs(self) -> Iterator[Pair]:
        """All pairs by the new sequence's order; what is lost, right after what it came after."""
        yield from self._lost_from(0)
        for new, old in enumerate(self._old_of):
            yield old, new
            if old is not None:
                yield from self._lost_from(old + 1)

    def _lost_from(self, old: int) -> Iterator[Pair]:
        while old < len(self._new_of) and self._new_of[old] is None:
            yield old, None
            old += 1


def _alike(olds: Iterable[Hashable], news: Iterable[Hashable]) -> int:
    """How many pairs are equal before the first that isn't."""
    at = 0
    for apart in map(ne, olds, news):
        if apart:
            break
        at += 1
    return at


def _anchors(olds: list[Hashable], news: list[Hashable], *, once: bool) -> list[tuple[int, int]]:
    """Pairs of equal keys that keep the order: by the keys or, among repeats, by place too."""
    mine, theirs = _numbers(olds, once), _numbers(news, once)
    rising = _rising([(at, theirs[key]) for key, at in mine.items() if key in theirs])
    if once:
        return rising
    return max(
        rising, _in_place(olds, news, 0), _in_place(olds, news, len(news) - len(olds)), key=len
    )


def _in_place(olds: list[Hashable], news: list[Hashable], shift: int) -> list[tuple[int, int]]:
    """Pairs of equal keys that stand in one place, or `shift` places later."""
    start = max(0, -shift)
    pairs = zip(olds[start:], news[start + shift :], strict=False)
    return [(at, at + shift) for at, (old, new) in enumerate(pairs, start) if old == new]


def _numbers(keys: list[Hashable], once: bool) -> dict[Hashable, int]:
    """Where each key stands, in order: those that occur once, or each with its how-manieth."""
    if once:
        times = Counter(keys)
        return {key: at for at, key in enumerate(keys) if times[key] == 1}
    numbers: dict[Hashable, Iterator[int]] = {}
    return {(key, next(numbers.setdefault(key, count()))): at for at, key in enumerate(keys)}


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs, which rise in their first, whose second rises too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for index, (_, to) in enumerate(pairs):
        at = bisect_left(ends, to)
        before.append(last[at - 1] if at else None)
        ends[at : at + 1] = [to]
        last[at : at + 1] = [index]
    run: list[tuple[int, int]] = []
    here = last[-1] if last else None
    while here is not None:
        run.append(pairs[here])
        here = before[here]
    return run[::-1]
