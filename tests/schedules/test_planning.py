"""What is started of a choice of partitions, in which order, and what keeps the others."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from fwf import every_day, every_hour, named, task
from fwf.durations import SECOND
from fwf.schedules import Run, Timetable, partitions
from fwf.schedules.planning import (
    DONE,
    Blocker,
    Generation,
    Partition,
    Plan,
    plan,
    standing,
    standing_for_people,
)

FIRST = date(2026, 6, 1)
DAYS = 12


@task(effect="idempotent")
def load(*, day: date) -> date:
    return day


@task(effect="idempotent")
def load_hour(*, hour: datetime) -> datetime:
    return hour


daily = named("daily", load)


def nightly(**more: Any) -> Timetable[date]:
    return every_day(daily, tz="Europe/Berlin", param="day", start=FIRST, **more)


def of(timetable: Timetable[Any], count: int) -> list[Run[Any]]:
    return list(partitions(timetable, FIRST, FIRST + timedelta(count - 1)))


def after(run: Run[Any], seconds: float = 0) -> datetime:
    """An instant so long after the partition's end."""
    return datetime.fromtimestamp(run.over + seconds, UTC)


def generation(run: Run[Any], number: int, state: Any, **more: Any) -> Generation:
    at = run.over * SECOND
    return Generation(number, state, **{"started": at, "changed": at + number, **more})


def planned(
    timetable: Timetable[Any], runs: Sequence[Run[Any]], known: dict[str, Any], **more: Any
) -> Plan:
    now = more.pop("now", after(runs[-1]))
    return plan(timetable, runs, now, lambda run: known.get(run.label, ()), **more)


def stands(found: Plan) -> list[str]:
    return [each.standing for each in found.partitions]


def days(found: Plan) -> list[int]:
    return [each.run.day.day for each in found.starts]


# One by one


@pytest.mark.parametrize(
    ("states", "standing", "starts", "again"),
    [
        ((), "missing", True, False),
        (("ok",), "complete", False, False),
        (("failed",), "failed", True, False),
        (("interrupted",), "interrupted", True, False),
        (("running",), "died", True, False),
        (("held",), "held", True, False),
        (("given up",), "given up", True, False),
        (("given up", "ok"), "complete", False, False),
        (("ok", "failed"), "complete", False, False),
        (("ok", "given up"), "complete", False, False),
        (("ok", "running"), "complete", False, False),
    ],
)
def test_a_partition_stands_as_its_generations_do(
    states: tuple[str, ...], standing: str, starts: bool, again: bool
) -> None:
    (run,) = of(nightly(), 1)
    known = [generation(run, n, state) for n, state in enumerate(states, start=1)]
    (found,) = planned(nightly(), [run], {run.label: known}).partitions
    assert (found.standing, found.starts, found.again) == (standing, starts, again)


@pytest.mark.parametrize(
    ("states", "told", "by"),
    [
        ((), "missing", None),
        (("failed", "ok"), "complete", 2),
        (("ok", "failed"), "failed", 2),
        (("ok", "held"), "held", 2),
        (("ok", "running"), "died", 2),
        (("ok", "interrupted"), "interrupted", 2),
        (("ok", "given up"), "complete", 1),
        (("ok", "failed", "ok"), "complete", 3),
        (("ok", "given up", "failed"), "failed", 3),
        (("ok", "given up", "given up"), "complete", 1),
        (("given up",), "given up", 1),
    ],
)
def test_people_are_told_of_what_was_begun_once_more(
    states: tuple[str, ...], told: str, by: int | None
) -> None:
    (run,) = of(nightly(), 1)
    known = [generation(run, n, state) for n, state in enumerate(states, start=1)]
    found, last = standing_for_people(run, known)
    assert (found, last and last.number) == (told, by)


def test_one_that_somebody_is_at_work_on_is_told_from_one_that_died() -> None:
    (run,) = of(nightly(), 1)
    known = {run.label: [generation(run, 1, "running", alive=True)]}
    assert stands(planned(nightly(), [run], known)) == ["running"]


def test_one_that_is_not_over_is_left_out_even_if_it_was_done() -> None:
    (run,) = of(nightly(), 1)
    for known in ({}, {run.label: [generation(run, 1, "ok")]}):
        found = planned(nightly(), [run], known, now=after(run, -1))
        assert (stands(found), found.starts) == (["not over"], [])
    assert stands(planned(nightly(), [run], {}, now=after(run))) == ["missing"]


def test_what_was_done_before_its_day_was_over_is_done_again() -> None:
    (run,) = of(nightly(), 1)
    early = generation(run, 1, "ok", started=run.over * SECOND - 1)
    (found,) = planned(nightly(), [run], {run.label: [early]}).partitions
    assert (found.standing, found.starts, found.again) == ("early", True, True)
    done = {run.label: [early, generation(run, 2, "ok")]}
    assert stands(planned(nightly(), [run], done)) == ["complete"]
    failed = {run.label: [early, generation(run, 2, "failed")]}
    (found,) = planned(nightly(), [run], failed).partitions
    assert (found.standing, found.starts, found.again) == ("failed", True, False)


def test_again_does_complete_ones_anew_and_goes_on_with_the_others() -> None:
    one, two, three = of(nightly(), 3)
    known = {
        one.label: [generation(one, 1, "ok")],
        two.label: [generation(two, 1, "ok"), generation(two, 2, "failed")],
        three.label: [generation(three, 1, "failed")],
    }
    found = planned(nightly(), [one, two, three], known, again=True)
    assert [(each.starts, each.again) for each in found.partitions] == [
        (True, True), (True, False), (True, False),
    ]  # fmt: skip
    assert days(planned(nightly(), [one, two, three], known)) == [3]


# In order


def test_without_order_each_is_for_itself() -> None:
    runs = of(nightly(), 4)
    known = {runs[1].label: [generation(runs[1], 1, "failed")]}
    assert days(planned(nightly(), runs[2:], known)) == [3, 4]
    assert days(planned(nightly(), runs, known, newest_first=True, at_once=4)) == [4, 3, 2, 1]


def test_each_waits_for_the_one_before_it_and_the_first_for_none() -> None:
    timetable = nightly(after_previous=True)
    runs = of(timetable, 3)
    found = planned(timetable, runs, {runs[1].label: [generation(runs[1], 1, "ok")]})
    assert [each.after for each in found.partitions] == [None, None, None]
    found = planned(timetable, runs, {})
    assert [each.after for each in found.partitions] == [None, "2026-06-01", "2026-06-02"]


def test_what_waits_for_one_that_is_not_chosen_is_blocked_by_the_first_of_them() -> None:
    timetable = nightly(after_previous=True)
    runs = of(timetable, 6)
    failed = generation(runs[2], 1, "failed")
    known = {
        **{run.label: [generation(run, 1, "ok")] for run in runs[:2]},
        runs[2].label: [failed],
    }
    found = planned(timetable, runs[4:], known)
    assert stands(found) == ["blocked", "blocked"] and found.starts == []
    assert {each.blocker for each in found.partitions} == {
        Blocker("2026-06-03", "failed", failed.changed)
    }
    assert days(planned(timetable, runs[2:], known)) == [3, 4, 5, 6]


def test_one_that_was_done_before_its_turn_lets_the_next_begin() -> None:
    timetable = nightly(after_previous=True)
    runs = of(timetable, 4)
    known = {runs[2].label: [generation(runs[2], 1, "ok")]}
    assert stands(planned(timetable, runs[1:], known)) == ["blocked", "complete", "missing"]


def test_days_that_the_timetable_leaves_out_are_no_gap() -> None:
    hourly = every_hour(
        named("hourly", load_hour), tz="Europe/Berlin", param="hour",
        start=date(2026, 10, 24), after_previous=True,
    )  # fmt: skip
    runs = list(partitions(hourly, date(2026, 10, 25), date(2026, 10, 25)))
    before = partitions(hourly, date(2026, 10, 24), date(2026, 10, 24))
    known = {run.label: [generation(run, 1, "ok")] for run in before}
    found = planned(hourly, runs, known)
    assert len(found.starts) == len({each.run.label for each in found.starts}) == 25
    assert planned(hourly, runs, {}).partitions[0].blocker == Blocker(
        "2026-10-24T00:00+02:00", "missing", None
    )


def test_states_put_those_of_one_plan_in_order_and_look_at_no_other() -> None:
    runs = of(nightly(), 4)
    found = planned(nightly(), runs[2:], {}, states=["orders_watermark"])
    assert [each.after for each in found.partitions] == [None, "2026-06-03"]


@pytest.mark.parametrize("more", [{"newest_first": True}, {"at_once": 2}])
@pytest.mark.parametrize(
    ("timetable", "states", "why"),
    [
        (nightly(after_previous=True), (), "waits for the one before it"),
        (nightly(), ("mark",), "state mark"),
    ],
)
def test_what_is_done_in_order_is_refused_in_any_other(
    timetable: Timetable[Any], states: tuple[str, ...], why: str, more: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=why):
        planned(timetable, of(nightly(), 2), {}, states=states, **more)


def test_order_needs_a_first_day() -> None:
    timetable = every_day(daily, tz="UTC", param="day", after_previous=True)
    with pytest.raises(ValueError, match="start="):
        planned(timetable, of(nightly(), 2), {})


# All at once

_STATES = st.sampled_from(["ok", "running", "failed", "interrupted", "held", "given up"])


class Case(NamedTuple):
    timetable: Timetable[Any]
    runs: list[Run[Any]]
    known: dict[str, list[Generation]]
    now: datetime
    again: bool
    newest_first: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    after_previous = draw(st.booleans())
    timetable = nightly(after_previous=after_previous)
    line = of(timetable, DAYS)
    known = {
        run.label: [
            generation(
                run, n, state, alive=draw(st.booleans()),
                started=run.over * SECOND + draw(st.sampled_from([-1, 0, 1])),
            )
            for n, state in enumerate(draw(st.lists(_STATES, max_size=3)), start=1)
        ]
        for run in line
    }  # fmt: skip
    runs = [run for run in line if draw(st.booleans())] or line[:1]
    over = draw(st.integers(-1, DAYS - 1))
    now = after(line[over]) if over >= 0 else after(line[0], -1)
    newest_first = draw(st.booleans()) and not after_previous
    return Case(timetable, runs, known, now, draw(st.booleans()), newest_first)


def is_complete(case: Case, run: Run[Any]) -> bool:
    known = case.known[run.label]
    return any(each.state == "ok" and each.started >= run.over * SECOND for each in known)


@given(cases())
def test_whatever_the_journal_knows_nothing_is_started_that_may_not_be(case: Case) -> None:
    found = plan(
        case.timetable, case.runs, case.now, lambda run: case.known[run.label],
        again=case.again, newest_first=case.newest_first,
    )  # fmt: skip
    assert [each.run for each in found.partitions] == case.runs
    started = [each.run for each in found.starts]
    in_order = sorted(started, key=lambda run: run.day, reverse=case.newest_first)
    assert started == in_order and len({*started}) == len(started)
    for each in found.partitions:
        is_over = each.run.over <= case.now.timestamp()
        wanted = is_over and (case.again or not is_complete(case, each.run))
        assert each.starts == (wanted and each.blocker is None)
        assert (each.standing == "not over") == (not is_over)
        assert (each.standing == "blocked") == (each.blocker is not None)
        if each.blocker is None:
            assert (each.standing in DONE) == (is_over and is_complete(case, each.run))
        newest = case.known[each.run.label][-1:]
        assert not each.again or (newest and newest[0].state == "ok")
        check_order(case, {run.label for run in started}, each)


@given(cases())
def test_people_are_told_as_planned_but_for_what_was_begun_after_a_complete_one(case: Case) -> None:
    for run in case.runs:
        known = case.known[run.label]
        planned, told = standing(run, known), standing_for_people(run, known)
        left = [each for each in known if each.state != "given up"]
        once_more = planned[0] in DONE and left[-1].state != "ok"
        assert told == (standing(run, left[-1:]) if once_more else planned)
        assert once_more == (told[0] not in DONE and planned[0] in DONE)


def check_order(case: Case, started: set[str], each: Partition) -> None:
    """Whoever waits, waits for the one before it; whoever is blocked, for the first of a row."""
    if not case.timetable.after_previous:
        assert each.after is None and each.blocker is None
        return
    line = of(case.timetable, DAYS)
    at = line.index(each.run)
    before = line[at - 1] if at else None
    if each.starts and before is not None:
        assert each.after == (before.label if before.label in started else None)
        assert each.after or is_complete(case, before)
    if each.blocker is not None:
        since = [run.label for run in line].index(each.blocker.label)
        assert since < at
        row = line[since:at]
        assert not any(is_complete(case, run) and run.label not in started for run in row[:1])
        assert not any(run.label in started for run in row)
        if since:
            root = line[since - 1]
            assert is_complete(case, root) or root.label in started
