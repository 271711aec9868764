"""Shapes that must have come up in runs, and not only in definitions: else a suite fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias, final

from fwf import (
    Workflow,
    always,
    apply,
    branch,
    fallback,
    in_pool,
    it,
    map_each,
    par,
    pure,
    retry,
)
from fwf.algebra.nodes import Always, Branch, Fallback, MapEach, Node, Par, Retry, Seq, Task
from fwf.algebra.paths import untagged
from fwf.algebra.traverse import Visit, walk
from fwf.machine.part import Part as PartAt
from fwf.worlds.trace import Event
from tests.engines.kit import values
from tests.engines.kit.deck import Deck
from tests.engines.kit.options import Options, Part

Flow: TypeAlias = Workflow[Any, Any]


class Happened(NamedTuple):
    """A workflow, and the attempts of a run of it; `large` is the length of a large text."""

    w: Flow
    events: Sequence[Event]
    large: int

    def visits(self, kind: type[Node]) -> Iterator[Visit]:
        """Where nodes of a kind stand."""
        return (here for here in walk(self.w) if isinstance(here.node, kind))

    def under(self, part: Visit) -> list[Event]:
        """The attempts in a part, in all items and rounds."""
        paths = {untagged(each.path) for each in _below(part) if isinstance(each.node, Task)}
        return [each for each in self.events if untagged(each.path) in paths]


def _below(part: Visit) -> Iterator[Visit]:
    todo = [part]
    while todo:
        here = todo.pop()
        yield here
        todo.extend(here.parts())


@final
class Shape(NamedTuple):
    """What has to come up: a part that it stands in, and whether it was there in a run.

    needs: parts that have to be allowed for it.
    """

    made: Callable[[Deck], Flow]
    seen: Callable[[Happened], bool]
    needs: tuple[Part, ...] = ()


def _untaken(was: Happened) -> bool:
    """A branch stands in an arm that isn't taken, while the other arm is."""
    for here in was.visits(Branch):
        arms = here.parts()
        for arm, other in ((arms[0], arms[1]), (arms[1], arms[0])):
            inner = any(isinstance(each.node, Branch) for each in _below(arm))
            if inner and was.under(other) and not was.under(arm):
                return True
    return False


def _joined_in_arms(was: Happened) -> bool:
    """A branch within the arm that is taken, and a step behind it."""
    for here in was.visits(Branch):
        for arm in here.parts():
            inner = [each for each in _below(arm) if isinstance(each.node, Branch)]
            if any(was.under(each) for each in inner) and was.under(arm):
                return True
    return False


def _none(was: Happened) -> bool:
    return any(each.ending == "ok" and each.result is None for each in was.events)


def _none_of_items(was: Happened) -> bool:
    """One item gives None, another one doesn't."""
    for here in was.visits(MapEach):
        ends = [each for each in was.under(here.parts()[0]) if each.ending == "ok"]
        gave = {each.path: each.result is None for each in ends}
        if {*gave.values()} == {True, False}:
            return True
    return False


def _empty(was: Happened) -> bool:
    """A task gives an empty list to a map."""
    for here in was.visits(Seq):
        for part, behind in pairwise(here.parts()):
            fed = isinstance(part.node, Task) and isinstance(behind.node, MapEach)
            if fed and any(each.result == [] for each in was.under(part)):
                return True
    return False


def _middle(was: Happened) -> bool:
    """Of three items that in the middle fails, and none else."""
    ends = {each.path: each.ending for each in was.events}
    for path, ending in ends.items():
        before, middle, after = path.rpartition("[1]")
        beside = [ends.get(f"{before}[{n}]{after}") for n in (0, 2)]
        if middle and ending == "failed" and beside == ["ok", "ok"]:
            return True
    return False


def _two_pools(was: Happened) -> bool:
    return any(len(PartAt(here).pools) > 1 and was.under(here) for here in was.visits(Task))


def _by_base(kind: type[Node]) -> Callable[[Happened], bool]:
    """Something takes up an error by the name of a base class of it."""

    def seen(was: Happened) -> bool:
        for here in was.visits(kind):
            on: tuple[str, ...] = getattr(here.node, "on")  # noqa: B009
            failed = [e for e in was.under(here.parts()[0]) if e.ending == "failed"]
            taken = [e for e in failed if "OSError" in on and e.result.tags[0] not in on]
            if kind is Retry and any(e.tries and e.tries[-1] > 1 for e in was.under(here)):
                return bool(taken) and any("OSError" in e.result.tags for e in taken)
            if kind is Fallback and taken and was.under(here.parts()[1]):
                return True
        return False

    return seen


def _large(was: Happened) -> bool:
    texts = [each.result for each in was.events if isinstance(each.result, str)]
    return any(len(text) == was.large for text in texts)


def _both_fail(was: Happened) -> bool:
    for here in was.visits(Par):
        failed = [part for part in here.parts() if _given_up(was, part)]
        if len(failed) > 1:
            return True
    return False


def _given_up(was: Happened, part: Visit) -> bool:
    """Whether a part is a task that failed in its last attempt."""
    ends = was.under(part)
    return isinstance(part.node, Task) and bool(ends) and ends[-1].ending == "failed"


def _finalised(was: Happened) -> bool:
    """A finaliser runs behind what failed."""
    for here in was.visits(Always):
        body, last = here.parts()
        if was.under(last) and any(e.ending == "failed" for e in was.under(body)):
            return True
    return False


def _nested_maps(was: Happened) -> bool:
    return any(each.path.count("[") >= 2 and "> map_each[" in each.path for each in was.events)


def _part_again(was: Happened) -> bool:
    """A part of several tasks is tried again, and what went well in it is done again."""
    for here in was.visits(Retry):
        ends = [e for e in was.under(here) if e.ending == "ok"]
        if len(ends) > len({e.path for e in ends}):
            return True
    return False


def _inner(deck: Deck) -> Flow:
    return branch(apply(values.is_large), then=deck.plain[1], otherwise=deck.plain[2])


def _in_arm(deck: Deck) -> Flow:
    first, second = deck.plain[0], deck.plain[3]
    return branch(apply(values.is_odd), then=first >> _inner(deck) >> second, otherwise=second)


SHAPES: Final[dict[str, Shape]] = {
    "a branch in an arm that isn't taken": Shape(
        lambda deck: (
            pure(values.doubled) >> par(_in_arm(deck), pure(values.increased) >> _in_arm(deck))
        ),
        _untaken,
        ("branch", "par"),
    ),
    "a branch in an arm that is taken": Shape(_in_arm, _joined_in_arms, ("branch",)),
    "a result that is None": Shape(lambda deck: deck.none >> deck.plain[2], _none),
    "None among the results of items": Shape(
        lambda deck: deck.three >> map_each(branch(it == 2, then=deck.none, otherwise=deck.middle)),
        _none_of_items,
        ("map_each", "branch", "unkeyed"),
    ),
    "a map over nothing": Shape(
        lambda deck: deck.empty >> map_each(deck.plain[1], key=it) >> deck.plain[2],
        _empty,
        ("map_each",),
    ),
    "an item in the middle that fails": Shape(
        lambda deck: deck.three >> map_each(deck.middle, on_error="collect"),
        _middle,
        ("map_each", "unkeyed"),
    ),
    "two pools on a leaf": Shape(
        lambda deck: in_pool(in_pool(deck.plain[2], "vendor"), "warehouse"),
        _two_pools,
        ("in_pool",),
    ),
    "a retry by a base class": Shape(
        lambda deck: retry(deck.down_once, attempts=3, on=OSError), _by_base(Retry), ("retry",)
    ),
    "a fallback by a base class": Shape(
        lambda deck: fallback(deck.down, deck.plain[1], on=OSError),
        _by_base(Fallback),
        ("fallback",),
    ),
    "a value of 0.9 × the limit": Shape(
        lambda deck: deck.large >> deck.plain[2], _large, ("large",)
    ),
    "two that fail side by side": Shape(
        lambda deck: fallback(par(deck.down, deck.plain[2], deck.down), deck.plain[1]),
        _both_fail,
        ("par", "fallback"),
    ),
    "a finaliser behind what failed": Shape(
        lambda deck: always(deck.plain[1] >> deck.down, then=deck.plain[2]),
        _finalised,
        ("always",),
    ),
    "a map in a map": Shape(
        lambda deck: (
            deck.three
            >> map_each(pure(values.three) >> map_each(deck.plain[2]))
            >> pure(values.number)
        ),
        _nested_maps,
        ("map_each", "unkeyed"),
    ),
    "a part that is tried again": Shape(
        lambda deck: retry(deck.none >> deck.down_once, attempts=2), _part_again, ("retry",)
    ),
}
"""Each shape by what it is called."""


def shapes_for(given: Options) -> dict[str, Shape]:
    """The shapes that may be in workflows with these options."""
    return {
        name: shape
        for name, shape in SHAPES.items()
        if all(given.has(each) for each in shape.needs)
    }


@final
class Tally:
    """Counts in how many runs each shape came up."""

    def __init__(self, given: Options) -> None:
        self.counts = dict.fromkeys(shapes_for(given), 0)

    def add(self, was: Happened) -> None:
        """Count one run."""
        for name in self.counts:
            self.counts[name] += SHAPES[name].seen(was)

    def check(self) -> None:
        """Raises `AssertionError` that names what never came up."""
        never = [name for name, count in self.counts.items() if not count]
        assert not never, f"never came up: {', '.join(never)}"
