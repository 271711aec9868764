"""What a test claims of a dry run: that a task ran, how often, in which order, with what result.

>>> from fwf import Scenario, dry_run, retry, seconds, task
>>> @task
... def orders() -> int: ...
>>> @task
... def load(n: int) -> str: ...
>>> night = Scenario().task("orders", fails=["ConnectionError"], gives=3, takes=seconds(2))
>>> run = dry_run(retry(orders, attempts=3, wait=seconds(5)) >> load, scenario=night)
>>> _ = assert_ran(run, "orders").attempts(2).failed("ConnectionError").gave(3).before("load")
>>> assert_ran(run, "load").took(seconds(1))
Traceback (most recent call last):
fwf.testing.claims.BrokenClaim: load took 0 s, not 1 s
...
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast, final

from fwf.algebra.nodes import Task
from fwf.algebra.paths import near_place, stands_for, tail, untagged
from fwf.algebra.traverse import walk
from fwf.display.readable import few_words, label
from fwf.durations import MICROSECOND, in_words
from fwf.faults import counted, near, tags_of_class
from fwf.interpreters.dry_run import DryRun
from fwf.records import record
from fwf.secrets import masked
from fwf.testing.attempt_orders import Order, orders_of
from fwf.worlds.trace import Event
from fwf.worlds.unknown import Unknown

MOST_NAMES = 5
__tracebackhide__ = True  # pytest then shows the line of the test, and none of this module


class BrokenClaim(AssertionError):
    """A dry run in which something else happened: what, instead of what; then its timeline."""

    def __init__(self, claim: str, run: DryRun) -> None:
        super().__init__(f"{claim}\n\n{run}")
        self.run = run


def assert_ran(run: DryRun, name: str, /) -> Claim:
    """Dry run, task ⟶ what more can be claimed of it; raises `BrokenClaim` if it never ran.

    name: that of a task, wherever it stands; or a path, `tenants[acme] > load`, or its tail if no
        other task's path ends so. Without items and rounds (`tenants > load`) a path stands for
        all of them.

    A claim is about all attempts of the task, in every place, item and round that the name
    stands for. That a task doesn't run is claimed by `assert_never_ran`.
    """
    attempts = _attempts(run, name)
    if not attempts:
        raise BrokenClaim(f"{name} never ran (to claim just that: assert_never_ran)", run)
    return Claim(run, name, attempts)


def assert_never_ran(run: DryRun, name: str, /) -> None:
    """Dry run, task ⟶ nothing; raises `BrokenClaim` if it ran.

    A name that the workflow doesn't have is an error, so that a slip of the pen isn't a pass.
    """
    attempts = _attempts(run, name)
    if attempts:
        raise BrokenClaim(f"{name} ran {_times(attempts)}, not never", run)


@final
@record(repr=False)
class Claim:
    """A task that ran. Each method claims more of it, and gives it again; it never changes."""

    run: DryRun
    name: str
    found: tuple[Event, ...]

    def attempts(self, n: int, /) -> Claim:
        """There were exactly so many attempts, over all places, items and rounds."""
        if isinstance(cast(object, n), bool) or not isinstance(cast(object, n), int) or n < 1:
            raise ValueError(f"attempts({n!r}): needs 1 or more; for none, use assert_never_ran")
        return self._holds(
            len(self.found) == n, f"{self.name} ran {_times(self.found)}, not {counted(n, 'time')}"
        )

    def before(self, other: str, /) -> Claim:
        """Every attempt of the other waited for every attempt of this one, however long they take.

        That one merely happened to end earlier isn't enough.
        """
        return self._in_order("before", other)

    def after(self, other: str, /) -> Claim:
        """Every attempt of this one waited for every attempt of the other."""
        return self._in_order("after", other)

    def beside(self, other: str, /) -> Claim:
        """No attempt of the one waited for any of the other: they may overlap."""
        return self._in_order("beside", other)

    def failed(self, tag: str | type[BaseException], /) -> Claim:
        """At least one attempt failed, and all that failed did so with this error.

        tag: one of the error's tags, such as its class's name or that of a base; or the class.
        """
        if not isinstance(cast(object, tag), str | type):
            raise TypeError(f"failed({tag!r}): needs an error's tag or class")
        failures = [event for event in self.found if event.ending == "failed"]
        others = [each for each in failures if not _has_tag(each, tag)]
        expected_tag = tag if isinstance(tag, str) else tag.__qualname__
        if not failures:
            return self._holds(False, f"{self.name} never failed, so not with {expected_tag}")
        tags = [tag_there for event in failures for tag_there in event.result.tags]
        close = "" if expected_tag in tags else near(expected_tag, tags)
        return self._holds(
            not others, f"{self.name} failed with {_first_tag(others)}, not {expected_tag}{close}"
        )

    def cut(self) -> Claim:
        """At least one attempt was cut, by a deadline or because another part had failed."""
        return self._holds(
            any(event.ending == "cut" for event in self.found), f"{self.name} was never cut"
        )

    def gave(self, value: object, /) -> Claim:
        """At least one attempt ended well, and all that did gave this value."""
        results = [event.result for event in self.found if event.ending == "ok"]
        others = [each for each in results if each is not value and each != value]
        if not results:
            return self._holds(False, f"{self.name} never ended well, so it didn't give {value!r}")
        other = _value_text(others[0]) if others else ""
        return self._holds(not others, f"{self.name} gave {other}, not {value!r}")

    def took(self, duration: timedelta, /) -> Claim:
        """From the start of the first attempt to the end of the last, waits between included."""
        if not isinstance(cast(object, duration), timedelta):
            raise TypeError(f"took({duration!r}): needs a duration; write seconds(…) or minutes(…)")
        took = max(event.end for event in self.found) - min(event.start for event in self.found)
        expected = duration // MICROSECOND
        return self._holds(
            took == expected,
            f"{self.name} took {in_words(took)}, not {_as_long(expected, took)}",
        )

    def __repr__(self) -> str:
        return f"assert_ran({self.run!r}, {self.name!r})"

    def _holds(self, true: bool, otherwise: str) -> Claim:
        if not true:
            raise BrokenClaim(otherwise, self.run)
        return self

    def _in_order(self, expected: Order, other: str) -> Claim:
        others = _attempts(self.run, other)
        if not others:
            return self._holds(False, f"{other} never ran, so {self.name} isn't {expected} it")
        mine, theirs = {event.key for event in self.found}, {event.key for event in others}
        if mine & theirs:
            raise ValueError(f"{expected}({other!r}): {self.name} and {other} share attempts")
        orders = orders_of(
            self.run.trace, lambda event: event.key in mine, lambda event: event.key in theirs
        )
        for how, (one, two) in orders.items():
            if how != expected:
                counterexample = f"{label(one)} ran {how} {label(two)}"
                return self._holds(False, f"{self.name} isn't {expected} {other}: {counterexample}")
        return self


# Names


def _attempts(run: DryRun, name: str) -> tuple[Event, ...]:
    """The attempts that a name stands for; a name that the workflow doesn't have is an error."""
    if not isinstance(cast(object, run), DryRun):
        raise TypeError(f"assert_ran({run!r}, …): needs what dry_run(…) gives, then a task's name")
    if not isinstance(cast(object, name), str):
        raise TypeError(f"{name!r} is no name of a task, which is a text, nor a path")
    events = run.events
    by_task = tuple(event for event in events if event.task == name)
    if by_task:
        return by_task
    whole = tuple(event for event in events if tail(event.path, name) == event.path)
    by_path = tuple(event for event in whole if stands_for(name, event.path))
    return by_path or _by_tail(run, name)


def _by_tail(run: DryRun, name: str) -> tuple[Event, ...]:
    """The attempts at the one place whose path ends so; an error if there is none, or several."""
    tasks, places = dict[str, None](), dict[str, None]()
    for here in walk(run.workflow):
        if isinstance(here.node, Task):
            tasks[here.node.name] = None
            places[untagged(here.path)] = None
    bare = untagged(name)
    there = [place for place in places if stands_for(bare, place)]
    if name in tasks or bare in there:
        return ()
    if len(there) > 1:
        raise ValueError(
            f"{name!r} stands for several places of {run.name}, {_listing(there)}: write as much "
            "of the path as tells them apart"
        )
    if not there:
        close = near(bare, tasks) or near_place(bare, places) or _names_there(tasks)
        raise ValueError(f"there is no task {name!r} in {run.name}{close}")
    return tuple(event for event in run.events if stands_for(name, event.path))


def _names_there(tasks: Iterable[str]) -> str:
    names = list(tasks)
    return f"; there are {_listing(names)}" if names else "; it has no tasks"


def _listing(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


# Words


def _times(attempts: tuple[Event, ...]) -> str:
    return "once" if len(attempts) == 1 else counted(len(attempts), "time")


def _has_tag(event: Event, tag: str | type[BaseException]) -> bool:
    tags: tuple[str, ...] = event.result.tags
    if isinstance(tag, str):
        return tag in tags or tag in {each.rpartition(".")[2] for each in tags}
    return tags_of_class(tag)[0] in tags


def _first_tag(failures: list[Event]) -> str:
    return str(failures[0].result.tags[0]) if failures else ""


def _value_text(value: object) -> str:
    return few_words(value) if isinstance(value, Unknown) else masked(repr(value))


def _as_long(expected: int, took: int) -> str:
    """A duration in words; in full where the words for both are the same."""
    return (
        in_words(expected)
        if in_words(expected) != in_words(took)
        else f"{expected:,} µs ({took:,} µs)"
    )
