"""Partitions are started in order, so many at once, each once; signals are handed on."""

import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import every_day, named, task
from fwf.cli.timetables.launch import Backfill, Ended, Limits, status_of
from fwf.durations import SECOND
from fwf.schedules import Run, Timetable, partitions
from fwf.schedules.planning import DONE, Generation, Partition, plan

FIRST = date(2026, 6, 1)
STATES = {0: "ok", 1: "failed", 2: None, -9: "running", 130: "interrupted"}
"""What a process that ends so leaves in the journal."""
ONE_BY_ONE = Limits()


@task(effect="idempotent")
def load(*, day: date) -> date:
    return day


def nightly(*, after_previous: bool = False) -> Timetable[date]:
    w = named("daily", load)
    return every_day(w, tz="UTC", param="day", start=FIRST, after_previous=after_previous)


class World:
    """A journal, processes that end when somebody waits for them, and signals that are to come."""

    def __init__(
        self,
        statuses: Sequence[int],
        choose: Callable[[int], int] = lambda many: 0,
        signals: Sequence[tuple[int, str]] = (),
    ) -> None:
        self.statuses = statuses
        self.known = dict[str, list[Generation]]()
        self.choose = choose
        self.signals = list(signals)
        self.at_work = list[str]()
        self.most = 0
        self.started = list[str]()
        self.again = list[str]()
        self.stopped = list[tuple[str, int]]()
        self.said = list[str]()
        self.time = 0.0

    def start(self, each: Partition, tell: Callable[[Ended], None]) -> "Child":
        label = each.run.label
        self.started.append(label)
        self.at_work.append(label)
        self.most = max(self.most, len(self.at_work))
        if each.again:
            self.again.append(label)
        return Child(self, label)

    def look(self, run: Run[Any]) -> list[Generation]:
        return self.known.get(run.label, [])

    # As events

    def put(self, event: Ended | str) -> None:
        raise AssertionError(f"{event} comes from elsewhere")

    def empty(self) -> bool:
        return not (self.signals and self.signals[0][0] <= len(self.started))

    def get(self) -> Ended | str:
        self.time += 10
        if not self.empty():
            return self.signals.pop(0)[1]
        label = self.at_work.pop(self.choose(len(self.at_work)))
        status = self.statuses[date.fromisoformat(label).day - 1]
        state: Any = STATES.get(status)
        if state is not None:
            before = self.known.setdefault(label, [])
            number = len(before) + (not before or before[-1].state == "ok")
            del before[number - 1 :]
            at = round(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * SECOND
            before.append(Generation(number, state, at, at))
        return Ended(label, status)

    def backfill(
        self, timetable: Timetable[Any], limits: Limits = ONE_BY_ONE, **more: Any
    ) -> Backfill:
        runs = list(partitions(timetable, FIRST, FIRST + timedelta(len(self.statuses) - 1)))
        now = datetime(2026, 8, 1, tzinfo=UTC)
        found = plan(timetable, runs, now, self.look, at_once=limits.at_once, **more)
        made = Backfill(
            found, self.look, self.start, self.said.append, limits,
            events=self, clock=lambda: self.time,
        )  # fmt: skip
        made.run()
        return made


class Child:
    def __init__(self, world: World, label: str) -> None:
        self.world, self.label = world, label

    def stop(self, signal: int) -> None:
        self.world.stopped.append((self.label, signal))


def days(labels: Sequence[str]) -> list[int]:
    return [date.fromisoformat(label).day for label in labels]


def stands(made: Backfill) -> dict[int, str]:
    return {date.fromisoformat(label).day: went.standing for label, went in made.endings.items()}


def status(made: Backfill) -> int:
    return status_of([*made.endings.values()], [], made.stopped_by)


# Order


@given(
    st.lists(st.sampled_from(sorted({*STATES, 69, 75})), min_size=1, max_size=9),
    st.integers(1, 4), st.none() | st.integers(1, 3), st.booleans(), st.booleans(), st.data(),
)  # fmt: skip
def test_each_is_started_once_in_order_and_no_more_than_so_many_at_once(
    statuses: list[int],
    at_once: int,
    stop_after: int | None,
    newest_first: bool,
    after_previous: bool,
    data: st.DataObject,
) -> None:
    world = World(statuses, lambda many: data.draw(st.integers(0, many - 1)))
    if after_previous:
        at_once, newest_first = 1, False
    made = world.backfill(
        nightly(after_previous=after_previous), Limits(at_once, stop_after),
        newest_first=newest_first,
    )  # fmt: skip
    assert days(world.started) == sorted({*days(world.started)}, reverse=newest_first)
    assert world.most <= at_once and not world.at_work
    assert len(made.endings) + len(made.never_begun) == len(statuses)
    failed = [went for went in made.endings.values() if went.status in (1, 2, -9, 130)]
    if stop_after is not None:
        assert len(failed) < stop_after + at_once
        assert not made.never_begun or len(failed) >= stop_after
    else:
        assert not made.never_begun
    if after_previous:
        seen = [statuses[day - 1] for day in days(world.started)]
        assert all(each == 0 for each in seen[:-1])
        blocked = [went.partition.blocker for went in made.endings.values()
                   if went.standing == "blocked" and went.status is None]  # fmt: skip
        assert {each and each.label for each in blocked} <= {world.started[-1]}
    expected = 0 if {*statuses} <= {0} else 1 if failed else None
    assert expected is None or status(made) == expected


def test_those_behind_one_that_failed_are_blocked_by_it() -> None:
    made = World([0, 0, 1, 0, 0]).backfill(nightly(after_previous=True))
    assert stands(made) == {1: "complete", 2: "complete", 3: "failed", 4: "blocked", 5: "blocked"}
    blockers = {went.partition.blocker for went in made.endings.values()} - {None}
    assert [(each.label, each.standing) for each in blockers if each] == [("2026-06-03", "failed")]
    assert status(made) == 1


def test_those_behind_one_that_somebody_else_does_are_left_for_later() -> None:
    made = World([0, 75, 0]).backfill(nightly(after_previous=True))
    assert stands(made) == {1: "complete", 2: "running", 3: "blocked"}
    assert status(made) == 75


def test_no_further_one_is_started_once_so_many_have_failed() -> None:
    world = World([1, 0, 1, 0, 0])
    made = world.backfill(nightly(), Limits(stop_after=2))
    assert days(world.started) == [1, 2, 3]
    assert days([each.run.label for each in made.never_begun]) == [4, 5]


# Looked at anew


def test_one_that_somebody_else_has_done_or_begun_meanwhile_is_not_started() -> None:
    world = World([0, 0, 0])
    at = round(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * SECOND
    then = {
        "2026-06-02": [Generation(1, "ok", at, at)],
        "2026-06-03": [Generation(1, "running", at, at, alive=True)],
    }
    look = world.look

    def later(run: Run[Any]) -> list[Generation]:
        return look(run) if not world.started else then.get(run.label, look(run))

    world.look = later  # type: ignore[method-assign]
    made = world.backfill(nightly())
    assert days(world.started) == [1]
    assert stands(made) == {1: "complete", 2: "complete", 3: "running"}
    assert status(made) == 75


def test_again_begins_a_generation_where_the_last_one_is_complete_and_tells_if_that_fails() -> None:
    world = World([0, 1, 0])
    at = round(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * SECOND - 1
    world.known = {
        "2026-06-01": [Generation(1, "ok", at, at)],
        "2026-06-02": [Generation(1, "ok", at, at)],
        "2026-06-03": [Generation(1, "ok", at, at), Generation(2, "failed", at, at)],
    }
    made = world.backfill(nightly(), again=True)
    assert days(world.again) == [1, 2]
    assert stands(made) == {1: "complete", 2: "failed", 3: "complete"}
    assert status(made) == 1
    assert world.backfill(nightly()).endings == {}, "a generation that failed undoes none before it"


@pytest.mark.parametrize(
    ("ends", "standing", "of_all"),
    [
        (0, "complete", 0),
        (1, "failed", 1),
        (2, "missing", 1),
        (-15, "missing", 1),
        (69, "blocked", 69),
        (75, "running", 75),
    ],
)
@pytest.mark.parametrize("after_previous", [False, True])
def test_one_that_was_to_be_done_again_is_not_complete_unless_it_was(
    ends: int, standing: str, of_all: int, after_previous: bool
) -> None:
    world = World([ends, 0])
    at = round(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * SECOND - 1
    world.known = {f"2026-06-0{day}": [Generation(1, "ok", at, at)] for day in (1, 2)}
    made = world.backfill(nightly(after_previous=after_previous), again=True)
    behind = "blocked" if after_previous and ends else "complete"
    assert stands(made) == {1: standing, 2: behind}
    assert status(made) == of_all


# Signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_signal_is_handed_on_once_and_no_further_one_is_started(name: str, at_once: int) -> None:
    number = signal.Signals[name]
    world = World([130] * 5, signals=[(2, name)])
    made = world.backfill(nightly(), Limits(at_once))
    assert len(world.started) == 2
    assert {signal for _, signal in world.stopped} == {number}
    assert len(world.stopped) == min(at_once, 2)
    assert (made.stopped_by, status(made)) == (name, 128 + number)
    assert len(made.never_begun) == 5 - len(world.started)


def test_a_second_signal_is_handed_on_too_and_a_third_kills() -> None:
    world = World([130], signals=[(1, "SIGTERM"), (1, "SIGINT"), (1, "SIGINT")])
    made = world.backfill(nightly())
    assert world.stopped == [
        ("2026-06-01", signal.SIGTERM), ("2026-06-01", signal.SIGINT),
        ("2026-06-01", signal.SIGKILL),
    ]  # fmt: skip
    assert made.stopped_by == "SIGTERM"


def test_a_signal_that_comes_twice_at_one_moment_is_one() -> None:
    world = World([130], signals=[(1, "SIGTERM"), (1, "SIGTERM")])
    get = world.get

    def at_once() -> Ended | str:
        found = get()
        world.time = 0.0
        return found

    world.get = at_once  # type: ignore[method-assign]
    world.backfill(nightly())
    assert world.stopped == [("2026-06-01", signal.SIGTERM)]


def test_a_signal_that_the_system_gives_to_another_thread_is_handed_on() -> None:
    class Waits:
        def __init__(self, label: str, tell: Callable[[Ended], None]) -> None:
            self.label, self.tell = label, tell

        def stop(self, signal: int) -> None:
            self.tell(Ended(self.label, 128 + signal))

    def start(each: Partition, tell: Callable[[Ended], None]) -> Waits:
        threading.Timer(
            0.05, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        ).start()
        return Waits(each.run.label, tell)

    world, timetable = World([0, 0]), nightly()
    runs = list(partitions(timetable, FIRST, FIRST + timedelta(1)))
    todo = plan(timetable, runs, datetime(2026, 8, 1, tzinfo=UTC), world.look)
    backfill = Backfill(todo, world.look, start, world.said.append, ONE_BY_ONE)
    backfill.run()
    assert backfill.stopped_by == "SIGTERM"
    assert [each.status for each in backfill.endings.values()] == [128 + signal.SIGTERM]


@pytest.mark.parametrize("again", [False, True])
def test_a_process_that_cannot_be_started_is_told_and_the_others_are(again: bool) -> None:
    world = World([0, 0])
    if again:
        world.known = {"2026-06-01": [Generation(1, "ok", 2**60, 2**60)]}
    start = world.start

    def refused(each: Partition, tell: Callable[[Ended], None]) -> Child:
        if each.run.day.day == 1:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return start(each, tell)

    world.start = refused  # type: ignore[method-assign]
    made = world.backfill(nightly(), again=again)
    assert stands(made) == {1: "missing", 2: "complete"}
    assert "2026-06-01: no process could be started: Resource temporarily unavailable" in world.said
    assert status(made) == 1


def test_an_empty_plan_starts_nothing() -> None:
    world = World([0])
    world.known = {"2026-06-01": [Generation(1, "ok", 2**60, 2**60)]}
    made = world.backfill(nightly())
    assert (world.started, made.endings, status(made)) == ([], {}, 0)
    assert not {went.standing for went in made.endings.values()} - DONE
