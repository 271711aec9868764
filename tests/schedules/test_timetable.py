import datetime as datetime_module
import pickle
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, strategies as st

import fwf
from fwf import (
    Timetable,
    cron,
    every_day,
    every_hour,
    fail,
    named,
    notify,
    param,
    partitions,
    run,
    task,
)
from fwf.records import changed
from fwf.schedules.zones import FIRST, LAST
from tests.schedules import planned
from tests.schedules.planned import DAILY, FINE, LABELLED, LONG, RULES

BERLIN = "Europe/Berlin"
JUNE = date(2026, 6, 1), date(2026, 6, 30)
MADE = {name: make for name, (make, _) in {**RULES, **FINE, **LONG}.items()}
SAID = {name: value for name, value in vars(fwf).items() if name[:1] != "_"}
SAID |= {"cron": cron, "every_day": every_day, "every_hour": every_hour, **vars(planned)}
SAID["datetime"] = datetime_module
"""What `repr` speaks of. The late names of fwf are there once they have been asked for."""

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
makers = st.sampled_from(sorted(MADE)).map(MADE.__getitem__)
days = st.dates(date(1950, 1, 1), date(2060, 12, 31))
missed = st.sampled_from(["all", "last", "none"])


@st.composite
def timetables(draw: st.DrawFn) -> Timetable[Any]:
    """Any rule in any zone, with a first day or without."""
    made = draw(makers)(draw(zones))
    start = draw(st.none() | days)
    end = draw(st.none() | st.dates(start or date(1950, 1, 1), date(2061, 1, 1)))
    return changed(
        made, start=start, end=end, missed=draw(missed), after_previous=draw(st.booleans())
    )


def labels(timetable: Timetable[Any], first: date, last: date) -> list[str]:
    return [each.label for each in partitions(timetable, first, last)]


def nightly(**fields: Any) -> Timetable[int]:
    return every_day(DAILY, **{"tz": BERLIN, "param": "day", **fields})


def at(text: str, tz: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz))


# Values


@given(timetables())
def test_a_timetable_is_a_value_and_prints_as_its_source(timetable: Timetable[Any]) -> None:
    again = eval(repr(timetable), dict(SAID))
    assert again == timetable and hash(again) == hash(timetable) and repr(again) == repr(timetable)
    assert pickle.loads(pickle.dumps(timetable)) == timetable
    assert pickle.loads(pickle.dumps(timetable)).cron == timetable.cron


def test_what_is_as_by_default_is_not_printed() -> None:
    assert repr(nightly()) == (
        "every_day(named('daily', of_day), at='02:00', tz='Europe/Berlin', param='day')"
    )
    assert repr(nightly(missed="last", after_previous=True)).endswith(
        "param='day', missed='last', after_previous=True)"
    )


def test_a_run_is_a_value_and_prints_as_its_source() -> None:
    for made in (nightly(), planned.hours_at(5)(BERLIN), planned.line("*/15 * * * *")(BERLIN)):
        for each in partitions(made, date(2026, 10, 25), date(2026, 10, 25)):
            again = eval(repr(each), dict(SAID))
            assert again == each == pickle.loads(pickle.dumps(each)) and hash(again) == hash(each)


def test_timetables_differ_in_each_of_their_fields() -> None:
    made = [
        nightly(), nightly(at="03:00"), nightly(tz="UTC"), nightly(start=date(2026, 1, 1)),
        nightly(end=date(2026, 1, 1)), nightly(missed="last"), nightly(after_previous=True),
        nightly(notify=notify(on_failure=fail("X"))),
        every_day(named("other", DAILY), tz=BERLIN, param="day"),
        cron(DAILY, "0 2 * * *", tz=BERLIN, param="day"),
    ]  # fmt: skip
    assert len({*made}) == len(made) == len({*map(repr, made)})


def test_spaces_and_nothing_else_are_equal_in_lines_of_cron() -> None:
    lines = ("0  2 * * 1-5", " 0 2 * * 1-5 ", "0\t2 * * 1-5")
    assert len({planned.line(each)(BERLIN) for each in lines}) == 1


# What a partition is


def test_a_month_has_its_days_and_both_ends() -> None:
    runs = partitions(nightly(), *JUNE)
    assert [each.label for each in runs] == [f"2026-06-{n:02}" for n in range(1, 31)]
    assert runs[0].start == at("2026-06-01T00:00") and runs[-1].end == at("2026-07-01T00:00")
    assert len([each for each in runs if each.day.weekday() < 5]) == 22


def test_a_run_of_a_day_is_due_after_it_has_ended() -> None:
    found = nightly(at="02:30").partition("2026-06-01")
    assert found.day == found.value == date(2026, 6, 1) and found.params == {"day": found.day}
    assert found.end == at("2026-06-02T00:00") and found.due == at("2026-06-02T02:30")
    assert found.workflow is DAILY and found.param == "day" and found.text == "2026-06-01"


def test_berlin_has_25_hours_in_autumn_and_23_in_spring() -> None:
    hourly = planned.hours_at(5)(BERLIN)
    autumn = partitions(hourly, date(2026, 10, 25), date(2026, 10, 25))
    assert len(autumn) == 25 and len(partitions(hourly, date(2026, 3, 29), date(2026, 3, 29))) == 23
    twice = [each.label for each in autumn if "T02:00" in each.label]
    assert twice == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]
    assert all(each.end - each.start == timedelta(hours=1) for each in autumn)


def test_a_day_on_which_clocks_change_takes_as_long_as_it_does() -> None:
    lengths = {
        each.label: each.end - each.start
        for day in (date(2026, 3, 29), date(2026, 10, 25))
        for each in partitions(nightly(), day, day)
    }
    assert lengths == {"2026-03-29": timedelta(hours=23), "2026-10-25": timedelta(hours=25)}


def test_a_time_that_is_not_there_is_the_first_after_and_one_that_is_twice_the_first() -> None:
    made = nightly(at="02:30")
    assert made.partition("2026-03-28").due.isoformat() == "2026-03-29T03:00:00+02:00"
    assert made.partition("2026-10-24").due.isoformat() == "2026-10-25T02:30:00+02:00"


def test_a_day_without_midnight_begins_later_and_one_that_never_was_is_left_out() -> None:
    chile = nightly(tz="America/Santiago").partition("2026-09-06")
    assert chile.start.isoformat() == "2026-09-06T01:00:00-03:00"
    apia = nightly(tz="Pacific/Apia")
    assert labels(apia, date(2011, 12, 29), date(2011, 12, 31)) == ["2011-12-29", "2011-12-31"]
    assert str(apia.partition("2011-12-29").due) == "2011-12-31 02:00:00+14:00"


def test_days_that_a_line_leaves_out_belong_to_the_run_before_them() -> None:
    made = planned.line("0 2 * * 1-5")(BERLIN)
    friday = made.partition("2026-06-05")
    assert friday.end == at("2026-06-08T00:00") and friday.due == at("2026-06-08T02:00")


def test_labels_do_not_change_with_the_time_at_which_runs_are_due() -> None:
    assert labels(nightly(at="02:00"), *JUNE) == labels(nightly(at="23:59"), *JUNE)
    two = (planned.line(f"0 {hour} * * 1-5")(BERLIN) for hour in (2, 3))
    assert len({tuple(labels(each, *JUNE)) for each in two}) == 1
    hours = (planned.hours_at(5), planned.hours_at(50), planned.line("17 * * * *"))
    assert len({tuple(labels(make(BERLIN), *JUNE)) for make in hours}) == 1


@given(timetables(), days, st.integers(0, 9))
def test_partitions_adjoin_and_are_known_by_their_labels(
    timetable: Timetable[Any], first: date, more: int
) -> None:
    runs = partitions(timetable, first, first + timedelta(days=more))
    assert [*timetable.runs(first, first + timedelta(days=more))] == [*runs]
    assert len({each.label for each in runs}) == len(runs)
    for each in islice(runs, 50):
        assert each.start < each.end <= each.due
        assert timetable.partition(each.label) == each == timetable.partition(each.start)
        assert timetable.holding(each.start) == each
        assert timetable.holding(each.end - timedelta(microseconds=1)) == each
    for before, after in islice(pairwise(runs), 50):
        assert before.end == after.start and before.due <= after.due
        assert timetable.before(after) == before
    if runs and timetable.start is not None and first <= timetable.start:
        assert timetable.before(runs[0]) is None


@given(timetables(), days)
def test_whatever_the_range_a_run_is_in_it_by_its_day(timetable: Timetable[Any], day: date) -> None:
    three = [*partitions(timetable, day - timedelta(days=1), day + timedelta(days=1))]
    alone = [*partitions(timetable, day, day)]
    assert alone == [each for each in three if each.day == day]


def test_before_the_first_day_and_after_the_last_no_run_is_found() -> None:
    made = nightly(start=date(2026, 6, 1), end=date(2026, 6, 2))
    moments = ("2026-05-31T23:59", "2026-06-01T00:00", "2026-06-02T23:59", "2026-06-03T00:00")
    found = [made.holding(at(moment)) for moment in moments]
    assert [each and each.label for each in found] == [None, "2026-06-01", "2026-06-02", None]


# What a parameter gets


def test_a_parameter_gets_what_its_type_says() -> None:
    @task
    def by_start(*, p: datetime) -> int:
        return 0

    @task
    def by_label(*, p: str) -> int:
        return 0

    got = [
        every_day(w, tz=BERLIN, param="p").partition("2026-06-01").value
        for w in (by_start, by_label, named("untyped", param("p")))
    ]
    assert got[0] == at("2026-06-01T00:00") and got[1:] == ["2026-06-01", "2026-06-01"]


@pytest.mark.parametrize("name", MADE)
def test_a_run_by_hand_has_the_same_key(name: str) -> None:
    """What `--param` reads of the text is the value, to the letter of its canonical form."""
    from fwf.analysis.canonical import canonical
    from fwf.forms.by_type.scalars import scalar

    for zone in (BERLIN, "UTC", "Asia/Kolkata"):
        timetable = MADE[name](zone)
        for each in timetable.runs(date(2026, 10, 25), date(2026, 11, 2)):
            kind = {"date": date, "datetime": datetime, "str": str}[timetable.gives]
            assert canonical(scalar(each.text, kind)) == canonical(each.value)


def test_a_planned_run_runs() -> None:
    found = nightly().partition("2026-06-01")
    assert run(found.workflow, params=found.params).unwrap() == date(2026, 6, 1).toordinal()


# What is due


def test_what_is_due_begins_with_the_first_day_and_is_counted_before_it_is_made() -> None:
    made = nightly(start=date(2026, 6, 1))
    now = at("2026-06-04T01:59")
    assert [each.label for each in made.over(now)] == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert [each.label for each in made.due(now)] == ["2026-06-01", "2026-06-02"]
    assert [each.label for each in made.due(at("2026-06-04T02:00"))][-1] == "2026-06-03"
    assert [*nightly(start=date(2027, 1, 1)).due(now)] == []
    ended = nightly(start=date(2026, 6, 1), end=date(2026, 6, 1))
    assert [each.label for each in ended.due(now)] == ["2026-06-01"]
    first = next(nightly(start=date(1000, 1, 1)).due(now))
    assert first.label == "1000-01-01"


def test_missed_says_what_of_it_is_started() -> None:
    start = date(2026, 6, 1)

    def started(word: Any, moment: str, **fields: Any) -> list[str]:
        return [
            each.label for each in nightly(start=start, missed=word, **fields).startable(at(moment))
        ]

    after_ten_days = "2026-06-11T14:00"
    assert len(started("all", after_ten_days)) == 10
    assert started("last", after_ten_days) == ["2026-06-10"]
    assert started("none", after_ten_days) == []
    assert (
        started("none", "2026-06-11T02:00") == ["2026-06-10"] == started("none", "2026-06-11T02:59")
    )
    assert started("none", "2026-06-11T03:00") == []
    assert started("last", "2026-06-11T01:59") == ["2026-06-09"]
    assert started("last", "2026-06-02T01:59") == [] == started("none", "2026-06-02T01:59")
    assert started("last", after_ten_days, end=date(2026, 6, 3)) == ["2026-06-03"]


@given(timetables().filter(lambda each: each.start is not None), st.integers(0, 5), st.times())
def test_what_is_due_agrees_with_each_run(timetable: Timetable[Any], n: int, clock: time) -> None:
    assert timetable.start is not None
    day = timetable.start + timedelta(days=n)
    now = datetime.combine(day, clock, ZoneInfo(timetable.tz))
    runs = [*timetable.runs(timetable.start, day + timedelta(days=1))]
    due = [each for each in runs if each.due <= now]
    assert [*timetable.due(now)] == due
    assert [*timetable.over(now)] == [each for each in runs if each.end <= now]
    assert timetable.last_due(now) == (due[-1] if due else None)
    expected = {
        "all": due,
        "last": due[-1:],
        "none": [each for each in due[-1:] if now - each.due < timedelta(hours=1)],
    }
    assert [*timetable.startable(now)] == expected[timetable.missed]


def test_a_timetable_says_when_it_is_due_and_when_to_wake_as_lines_of_cron() -> None:
    assert (nightly(at="02:30").cron, nightly(at="02:30").wake) == ("30 2 * * *", "*/15 * * * *")
    assert nightly(at="02:07").wake == "7,22,37,52 * * * *"
    assert planned.hours_at(5)(BERLIN).cron == "5 * * * *"
    assert planned.hours_at(5)(BERLIN).wake == "5,20,35,50 * * * *"
    assert planned.line("0 2 * * 1-5")(BERLIN).cron == "0 2 * * 1-5"
    assert planned.line("* * * * *")(BERLIN).wake == "* * * * *"
    assert planned.line("20,40 * * * *")(BERLIN).wake == "5,10,20,25,35,40,50,55 * * * *"


@given(timetables(), days)
def test_cron_wakes_at_the_minute_at_which_a_run_is_due(
    timetable: Timetable[Any], day: date
) -> None:
    """On a machine of any zone of today; those of old were apart by odd minutes and seconds."""
    day = day.replace(year=2026, day=min(day.day, 28))
    of_cron = cron(LABELLED, timetable.wake, tz="UTC", param="label")
    for each in islice(timetable.runs(day, day), 5):
        found = of_cron.holding(each.due)
        assert found is not None and found.start == each.due


# What a first import costs


def test_a_day_needs_no_library_of_cron() -> None:
    code = (
        "import sys; from datetime import date; from fwf import every_day, named, param\n"
        "nightly = every_day(named('n', param('day', date)), tz='Europe/Berlin', param='day')\n"
        "print(nightly.partition('2026-06-01').due, 'cronsim' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2026-06-02 02:00:00+02:00 False"


def test_far_years_are_reached() -> None:
    for day in (FIRST, LAST):
        for name in ("every day at 02:00", "every hour at 5", "0 2 29 2 *", "*/15 * * * *"):
            for each in islice(MADE[name]("UTC").runs(day, day), 3):
                assert each.end > each.start
    leap = partitions(MADE["0 2 29 2 *"]("UTC"), date(8999, 1, 1) - timedelta(days=2_000), LAST)
    assert [each.label for each in leap] == ["8996-02-29"]
    assert leap[0].end.date() == date(9004, 2, 29)
