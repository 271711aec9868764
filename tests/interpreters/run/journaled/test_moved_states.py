"""What one run hands to the next: never twice, never back, never over a gap, however it dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from returns.result import Failure, Success

from fwf import (
    Mark,
    MemoryMark,
    State,
    const,
    it,
    keep_input,
    map_each,
    named,
    par,
    pick,
    pure,
    run,
    state,
    task,
    using,
)
from fwf.interpreters.run import Again, Journal, VirtualClock, execute, give_up, take_back
from fwf.journal import kept_marks as marks, versioned_logs
from fwf.journal.errors import Held, JournalCorrupt, Refused
from fwf.journal.holders import me
from fwf.journal.run_records import RunRow
from fwf.journal.store import Store
from tests.connectors.conftest import postgres_url as postgres_url
from tests.interpreters.run.journaled.support import Crashed
from tests.journal.conftest import (
    journal_url as journal_url,
    place as place,
    server_place as server_place,
)
from tests.journal.places import Place

SEEN = state("seen", int, first=0)


class Stretch(NamedTuple):
    low: int
    high: int


@dataclass
class Outside:
    """A source with a clock of its own, a target that is written by key, and what was done."""

    now: int = 0
    fails: bool = False
    target: set[int] = field(default_factory=set)
    loads: list[Stretch] = field(default_factory=list)
    during: Callable[[], object] = lambda: None

    def nightly(self) -> Any:
        @task(effect="read", config={"of": "clock"})
        def clock() -> int:
            return self.now

        @task(effect="idempotent", config={"of": "load"})
        def load(s: Stretch, *, day: str) -> int:
            self.during()
            self.target |= {*range(s.low, s.high)}
            self.loads.append(s)
            if self.fails:
                raise ConnectionError("down")
            return s.high - s.low

        ends: Any = par(SEEN.read, clock) >> pure(stretch_of)
        return named("nightly", ends >> SEEN.moved_by(load, to=it.high))


def stretch_of(ends: tuple[int, int]) -> Stretch:
    low, now = ends
    return Stretch(low, max(low, now))


class Dying:
    """A store whose process dies at the nth time that it writes: before that, or after it.

    It dies as well after the first write at whose end `at` is true.
    """

    def __init__(
        self, store: Store, after: int | None, *, written: bool, at: Callable[[], bool]
    ) -> None:
        self._store, self._left, self._written, self._at = store, after, written, at
        self._dead = False
        self.where = store.where

    def _writes(self, write: Callable[[], Any]) -> Any:
        if self._dead:
            raise Crashed
        if self._left is not None:
            self._left -= 1
        self._dead = self._left == 0
        if self._dead and not self._written:
            raise Crashed
        found = write()
        self._dead = self._dead or self._at()
        if self._dead:
            raise Crashed
        return found

    def begin(self, *given: Any) -> int:
        found: int = self._writes(lambda: self._store.begin(*given))
        return found

    def append(self, *given: Any, **more: Any) -> None:
        self._writes(lambda: self._store.append(*given, **more))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@dataclass
class Nights:
    """Runs of one workflow in one journal."""

    place: Place
    outside: Outside = field(default_factory=Outside)

    def once(
        self,
        day: str,
        *,
        after: int | None = None,
        written: bool = True,
        at: Callable[[], bool] = lambda: False,
        w: Any = None,
        **more: Any,
    ) -> Any:
        """One try ⟶ how it ended; None if its process died."""
        store: Any = Dying(self.place.open(), after, written=written, at=at)
        journal = Journal(store, **more)
        try:
            return run(w or self.outside.nightly(), params={"day": day}, journal=journal)
        except Crashed:
            return None
        finally:
            store.close()

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = self.place.open()
        yield store
        store.close()

    def rows(self) -> dict[str, RunRow]:
        """The runs by their ids."""
        with self.store() as store:
            return {row.id: row for row in store.runs()}

    def row(self, day: str) -> RunRow:
        """The last generation of a day."""
        found = [row for row in self.rows().values() if row.facts["shown"]["day"] == day]
        return max(found, key=lambda row: row.generation)

    def marks(self) -> list[Any]:
        return [each.body["value"] for each in self.history()]

    def history(self, name: str = "seen") -> list[versioned_logs.Version]:
        with self.store() as store:
            return [*versioned_logs.history(store, marks.PREFIX + name)]

    def set(self, value: Any, name: str = "seen") -> None:
        with self.store() as store:
            writer = marks.claim(store, name, me())
            writer.add(marks.of_person(value, writer.latest, me()))
            writer.release()

    def give_up(self, day: str) -> None:
        with self.store() as store:
            give_up(store, self.row(day))

    def take_back(self, day: str, what: Again) -> None:
        with self.store() as store:
            take_back(store, self.row(day), what)

    def wrong(self) -> list[str]:
        """What isn't as it should be in all that happened."""
        found, rows, before = list[str](), self.rows(), None
        moved = list[str]()
        for version in self.history():
            by = version.body.get("run")
            if by is not None:
                kept = rows[by].facts["marks"]["seen"]
                own = by in moved
                if not own and kept.get("value") != before:
                    found.append(f"run {by} started at {kept}, and moved from {before}")
                if before is not None and version.body["value"] < before:
                    found.append(f"run {by} moved it back")
                moved.append(by)
            before = version.body["value"]
        found += [f"run {by} moved it twice" for by in {*moved} if moved.count(by) > 1]
        return found


@pytest.fixture
def nights(place: Place) -> Nights:
    return Nights(place)


# From run to run


def test_a_run_goes_on_from_where_the_one_before_has_come_to(nights: Nights) -> None:
    outside = nights.outside
    for day, now in (("1", 3), ("2", 7), ("3", 7)):
        outside.now = now
        assert isinstance(nights.once(day), Success)
    assert outside.loads == [(0, 3), (3, 7), (7, 7)]
    assert nights.marks() == [3, 7, 7]
    assert nights.wrong() == []
    assert isinstance(nights.once("3"), Success) and len(outside.loads) == 3  # it is complete


def test_the_mark_of_a_load_that_failed_stays(nights: Nights) -> None:
    outside = nights.outside
    outside.now = 3
    nights.once("1")
    outside.now, outside.fails = 7, True
    assert isinstance(nights.once("2"), Failure)
    assert nights.marks() == [3]
    outside.now, outside.fails = 9, False
    nights.once("3")  # the next day has all of it
    assert outside.loads[-1] == (3, 9)
    assert nights.marks() == [3, 9]


@pytest.mark.parametrize(
    "what", [Again(failed=True), Again(start="read_seen"), Again(start="clock")], ids=str
)
def test_a_run_keeps_the_mark_that_it_started_with(nights: Nights, what: Again) -> None:
    outside = nights.outside
    nights.set(2)
    outside.now, outside.fails = 7, True
    nights.once("1")
    outside.now, outside.fails = 9, False
    nights.take_back("1", what)
    nights.once("1", accept_changes=True)
    high = 9 if what.start == "clock" else 7
    assert outside.loads == [(2, 7), (2, high)]
    assert nights.marks() == [2, high]
    nights.take_back("1", Again(start="load"))  # done again though its mark has moved
    nights.once("1")
    assert outside.loads[2:] == [(2, high)]
    assert nights.marks() == [2, high]


def test_a_complete_run_that_is_done_again_leaves_the_mark_that_others_have_moved(
    nights: Nights,
) -> None:
    for day, now in (("1", 3), ("2", 7)):
        nights.outside.now = now
        nights.once(day)
    nights.take_back("1", Again(start="load"))
    assert isinstance(nights.once("1"), Success)
    assert nights.outside.loads == [(0, 3), (3, 7), (0, 3)]
    assert nights.marks() == [3, 7]
    nights.take_back("1", Again(start="clock"))
    found = nights.once("1")  # it would have to go back, or to skip
    assert "moved it from nothing to 7" in str(found.failure())
    assert "fwf.states.Moved" in found.failure().tags
    assert nights.marks() == [3, 7]


def test_another_generation_reads_the_mark_anew(nights: Nights) -> None:
    nights.outside.now = 3
    nights.once("1")
    nights.outside.now = 7
    nights.once("1", again=True)
    assert nights.outside.loads == [(0, 3), (3, 7)]
    assert nights.wrong() == []


def test_a_run_whose_mark_somebody_has_moved_does_nothing_and_says_what_to_do(
    nights: Nights,
) -> None:
    outside = nights.outside
    outside.now = 3
    nights.once("1")
    outside.now, outside.fails = 7, True
    nights.once("2")
    outside.fails = False
    before = nights.row("2"), [*outside.loads]
    nights.set(1)
    with pytest.raises(Refused) as refused:
        nights.once("2")
    said = str(refused.value)
    assert "state 'seen': " in said and f"{me().user} on {me().host}" in said
    assert "from 3 to 1" in said and f"fwf runs give-up {before[0].id[-8:]}" in said
    assert (nights.row("2"), outside.loads) == before
    nights.set(3)  # the same mark, and yet another version: something may have happened between
    with pytest.raises(Refused):
        nights.once("2")


# Given up


def test_of_a_run_that_was_given_up_the_next_start_begins_anew(nights: Nights) -> None:
    outside = nights.outside
    outside.now, outside.fails = 7, True
    nights.once("1")
    nights.set(2)
    outside.fails = False
    nights.give_up("1")
    assert nights.row("1").state == "given up"
    assert nights.marks() == [2]
    nights.once("1")
    row = nights.row("1")
    assert (row.generation, row.state, outside.loads[-1]) == (2, "ok", (2, 7))
    assert len([row for row in nights.rows().values() if row.state == "given up"]) == 1


def test_what_can_not_be_given_up_stays(nights: Nights) -> None:
    nights.once("1")
    with pytest.raises(Refused, match="is complete"):
        nights.give_up("1")
    nights.outside.fails = True
    nights.once("2")
    nights.give_up("2")
    for change in (lambda: nights.give_up("2"), lambda: nights.take_back("2", Again(failed=True))):
        with pytest.raises(Refused, match="was given up: start it anew"):
            change()
    with nights.store() as store:
        assert store.prune(2**62)[0] == 1
    assert nights.row("2").count == len(list(records(nights, "2")))


def records(nights: Nights, day: str) -> list[Any]:
    with nights.store() as store:
        return [*store.records(nights.row(day))]


# Crashes


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("again", [1, 2, 4, None])
def test_a_run_that_dies_at_each_of_its_writes_moves_its_mark_once(
    nights: Nights, written: bool, again: int | None
) -> None:
    outside, found = nights.outside, None
    nights.set(0)
    for point in range(1, 30):
        day, outside.now = str(point), 5 * point
        found = nights.once(day, after=point, written=written)
        assert nights.marks()[-1] in (5 * point - 5, 5 * point)
        if found is not None:
            break
        nights.once(day, after=again, written=written)
        assert isinstance(nights.once(day), Success)
        assert nights.marks() == [5 * n for n in range(point + 1)]
        assert nights.wrong() == []
        assert outside.target == {*range(outside.now)}
    assert point > 5 and isinstance(found, Success)


def test_a_mark_that_moved_before_the_process_died_moves_no_more(nights: Nights) -> None:
    nights.set(0)
    for now in (5, 10):
        nights.outside.now = now
        died = nights.once(str(now), at=lambda: nights.marks()[-1] == nights.outside.now)
        assert died is None and nights.row(str(now)).state == "running"
        assert nights.marks()[-1] == now
        assert isinstance(nights.once(str(now)), Success)
    assert nights.marks() == [0, 5, 10]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(0, 3), st.none() | st.integers(1, 9), st.booleans()),
        st.tuples(st.just("set"), st.integers(0, 9)),
        st.tuples(st.just("give up"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.integers(0, 3), st.none() | st.integers(1, 9)),
        st.tuples(st.just("rerun"), st.integers(0, 3), st.sampled_from(["load", "read_seen"])),
        st.tuples(st.just("time"), st.integers(1, 5)),
        st.tuples(st.just("fails"), st.booleans()),
    ),
    max_size=14,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)
@given(steps=STEPS)
def test_whatever_happens_each_run_moves_the_mark_from_where_it_started(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    nights = Nights(Place(str(tmp_path_factory.mktemp("nights") / "runs.db")))
    for step in steps:
        match step:
            case ("run", day, after, written):
                refused(lambda: nights.once(str(day), after=after, written=written))
            case ("again", day, after):
                refused(lambda: nights.once(str(day), after=after, again=True))
            case ("set", value):
                nights.set(value)
            case ("give up", day):
                refused(lambda: nights.give_up(str(day)))
            case ("rerun", day, start):
                refused(lambda: nights.take_back(str(day), Again(start=start)))
            case ("time", more):
                nights.outside.now += more
            case ("fails", fails):
                nights.outside.fails = fails
            case _:
                raise AssertionError(step)
        assert nights.wrong() == []
    loaded = nights.outside.target
    moved = [each for each in nights.history() if "run" in each.body]
    for version in moved:  # what a mark has passed is loaded
        start = nights.rows()[version.body["run"]].facts["marks"]["seen"].get("value", 0)
        assert {*range(start, version.body["value"])} <= loaded
    nights.place.close()


def refused(what: Callable[[], Any]) -> Any:
    """What may be refused, or have nothing to do."""
    try:
        return what()
    except (Refused, ValueError):  # of a day without a run there is no last generation
        return None


# Two at once


def test_while_a_run_holds_a_mark_others_are_told_which_run_that_is(nights: Nights) -> None:
    said = list[str]()

    def beside() -> None:
        nights.outside.during = lambda: None
        for other in (lambda: nights.once("2"), lambda: nights.set(9)):
            with pytest.raises(Held) as held:
                other()
            said.append(str(held.value))
            assert held.value.holder is not None and held.value.holder.pid == me().pid

    nights.outside.during, nights.outside.now = beside, 5
    assert isinstance(nights.once("1"), Success)
    run_id = nights.row("1").id
    assert len(said) == 2
    for each in said:
        assert f"state 'seen': run {run_id[-8:]} (nightly) goes on with it" in each
    assert nights.marks() == [5]
    assert nights.once("2").unwrap() == 0
    assert nights.outside.loads == [(0, 5), (5, 5)]


@pytest.mark.parametrize("fails", [False, True])
def test_a_mark_is_given_back_whatever_happens(nights: Nights, fails: bool) -> None:
    nights.outside.fails = fails
    nights.once("1")
    nights.once("2", after=3)
    nights.set(3)
    with nights.store() as store:
        assert versioned_logs.holder(store, "state seen") is None
    nights.set(4)
    with pytest.raises(Refused):
        nights.once("2")
    nights.set(5)


# What a mark can be


@dataclass(frozen=True)
class Cursor:
    at: datetime
    id: int


VALUES: list[tuple[Any, Any]] = [
    (datetime, datetime(2026, 6, 1, 2, 3, 4, 567_891, tzinfo=UTC)),
    (datetime, datetime(2026, 6, 1, 2, 3, 4, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))),
    (Decimal, Decimal("12345678901234567890.123456789012345678901234567890")),
    (tuple[datetime, int], (datetime(2026, 6, 1, fold=1, tzinfo=UTC), 2**70)),
    (Cursor, Cursor(datetime(2026, 6, 1, tzinfo=UTC), 7)),
    (str | None, None),
    (list[str], ["a", "ü\ud800"]),
]


def handed(kind: Any, first: Any) -> tuple[State[Any], Any]:
    """A state, and a workflow that gives its mark and moves it to its input."""
    made: State[Any] = state("cursor", kind, first=first)
    return made, keep_input(made.move) >> par(pick(0), made.read)


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=lambda each: str(each)[:20])
def test_a_mark_comes_back_as_it_was_to_the_last_digit(
    nights: Nights, kind: Any, value: Any
) -> None:
    made: State[Any] = state("cursor", kind, first=value)
    read: Any = named("reading", made.read >> const(1) >> made.read)
    move: Any = named("moving", made.read >> made.move)
    for w in (read, move, read):
        with nights.store() as store:
            found = run(w, journal=Journal(store), key=str(len(nights.rows()))).unwrap()
        assert found == value and type(found) is type(value)
    assert len(nights.history("cursor")) == 1


def test_what_does_not_fit_is_refused_with_the_state_and_the_type(nights: Nights) -> None:
    wrong: Any = named("wrong", const("x") >> pure(untyped) >> SEEN.move)
    with nights.store() as store:
        fault = run(wrong, journal=Journal(store), key="1").failure()
    assert "state 'seen' is moved to 'x', which is a str, but its type is int" in str(fault)
    nights.set("y")
    with nights.store() as store:
        fault = run(named("read", SEEN.read), journal=Journal(store), key="2").failure()
    assert "state 'seen' is 'y', which is a str, but its type is int" in str(fault)
    nights.set({"nobody:Knows": 1})
    with nights.store() as store:
        fault = run(named("read", SEEN.read), journal=Journal(store), key="3").failure()
    assert "can't be read back" in str(fault)
    assert len(nights.history()) == 2


def untyped(value: Any) -> Any:
    return value


def test_a_state_goes_by_the_name_that_using_gives_it(nights: Nights) -> None:
    w: Any = named("backfill", using(SEEN.read >> pure(it + 1) >> SEEN.move, seen="other"))
    with nights.store() as store:
        assert run(w, journal=Journal(store), key="1").unwrap() == 1
    assert (len(nights.history("other")), nights.history()) == (1, [])


def test_a_mark_moves_several_times_in_one_run(nights: Nights) -> None:
    w: Any = named("chunks", const([1, 2, 3]) >> map_each(SEEN.move, at_once=1))
    with nights.store() as store:
        assert run(w, journal=Journal(store), key="1").unwrap() == [1, 2, 3]
    assert nights.marks() == [1, 2, 3]


def test_many_marks_move_at_once(nights: Nights) -> None:
    states = [state(f"s{n}", int, first=0) for n in range(8)]
    w: Any = named("many", par(*(const(n) >> each.move for n, each in enumerate(states))))
    with nights.store() as store:
        assert run(w, journal=Journal(store), key="1").unwrap() == (*range(8),)
    for n in range(8):
        assert [each.body["value"] for each in nights.history(f"s{n}")] == [n]


def test_a_task_of_ones_own_may_take_a_mark(nights: Nights) -> None:
    @task(effect="idempotent", writes=["dw/orders"])
    def load(*, seen: Mark[int]) -> int:
        seen.move(seen.read(3) + 1)
        return seen.read(3)

    with nights.store() as store:
        assert run(load, journal=Journal(store), key="1").unwrap() == 3
    assert nights.marks() == [4]


# Without a journal, and where there is none


def test_without_a_journal_the_remedy_is_named_and_nothing_is_started() -> None:
    fault = run(Outside().nightly(), params={"day": "1"}).failure()
    said = "resource 'seen' (Mark[int]) is missing; a journal has it: give the run one"
    assert said in str(fault) and "journal=" in str(fault)


def test_a_mark_in_memory_takes_the_place_of_a_journals(nights: Nights) -> None:
    outside, mark = Outside(now=5), MemoryMark(2)
    given: Any = {"params": {"day": "1"}, "resources": {"seen": mark}}
    assert run(outside.nightly(), **given).unwrap() == 3
    assert mark.values == [2, 5]
    with nights.store() as store:
        assert run(outside.nightly(), journal=Journal(store), **given).unwrap() == 0
    assert mark.values == [2, 5, 5]
    assert nights.history() == []


@task(effect="read", isolate=True)
def apart(*, seen: Mark[int]) -> int:
    return seen.read(0)


def test_an_isolated_task_is_refused_a_mark(nights: Nights) -> None:
    with nights.store() as store:
        fault = run(apart, journal=Journal(store), key="1").failure()
    assert "apart is isolated and takes 'seen'" in str(fault) and "take isolate off" in str(fault)
    assert nights.rows() == {}


# A run goes on only with states that it started with; damage is told


def test_a_run_that_was_started_without_a_state_goes_on_without_it(nights: Nights) -> None:
    def flow(*more: Any) -> Any:
        @task(effect="read", config={"of": "fails"})
        def fails(x: int) -> int:
            raise ConnectionError

        first: Any = const(1)
        for each in more:
            first = first >> each
        return named("flow", first >> fails)

    with nights.store() as store:
        run(flow(), journal=Journal(store), key="1")
        with pytest.raises(Refused, match="was started without the state 'seen'"):
            run(flow(SEEN.move), journal=Journal(store, accept_changes=True), key="1")


def test_a_damaged_mark_is_told_and_salvaged_only_when_that_is_asked_for(
    nights: Nights, place: Place
) -> None:
    for value in (1, 2, 3):
        nights.set(value)
    number = next(iter(numbers(place)))
    place.change(number, 3, "body", json.dumps({"value": 9}))
    with pytest.raises(JournalCorrupt, match=r"state seen: version 3 .*--salvage"):
        nights.once("1")
    assert nights.rows() == {}
    nights.outside.now = 5
    assert isinstance(nights.once("1", salvage=True), Success)
    assert nights.outside.loads == [(2, 5)]


def numbers(place: Place) -> list[int]:
    return [number for (number,) in place.ask("SELECT number FROM @runs WHERE state = 'log'")]


def test_a_salvaged_mark_is_another_one(nights: Nights, place: Place) -> None:
    nights.set(1)
    nights.outside.fails = True
    nights.once("1")
    number = next(iter(numbers(place)))
    place.change(number, 1, "body", json.dumps({"value": 9}))
    with pytest.raises(Refused, match="a salvage moved it from 1 to nothing"):
        nights.once("1", salvage=True)


def test_a_dry_run_needs_no_journal() -> None:
    from fwf import dry_run

    found = dry_run(Outside().nightly(), params={"day": "1"})
    assert "nightly > move_seen" in str(found)


def test_a_clock_of_ones_own_changes_nothing(nights: Nights) -> None:
    with nights.store() as store:
        more: Any = {"journal": Journal(store), "clock": VirtualClock(), "params": {"day": "1"}}
        assert execute(nights.outside.nightly(), **more).result == Success(0)
    assert nights.marks() == [0]
