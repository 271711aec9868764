"""Who is told is a value; when a run is late is said by the schedule, in its zone."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

import fwf
from fwf import (
    Alert,
    Timetable,
    cron,
    every_day,
    every_hour,
    fail,
    hours,
    minutes,
    named,
    notify,
    param,
    pure,
    retry,
    seconds,
    task,
)
from fwf.schedules.alerts import due_and_late, late_at

BERLIN = "Europe/Berlin"
DAILY = named("daily", param("day", date))
HOURLY = named("hourly", param("since", datetime))


@task
def post(alert: Alert) -> None: ...


@task
def told(text: str) -> None: ...


@task
def asks(alert: Alert, *, channel: str) -> None: ...


NOBODY: Any = fail("Nobody")


def test_who_is_told_is_a_value_and_prints_as_its_source() -> None:
    for made in (
        notify(on_failure=NOBODY),
        notify(on_failure=NOBODY, late_by="06:00"),
        notify(on_late=NOBODY, on_recovery=retry(NOBODY, attempts=2), late_by=hours(4)),
        notify(on_degraded=NOBODY, on_success=NOBODY),
    ):
        again = eval(repr(made), vars(fwf).copy() | {"backoff": fwf.backoff})
        assert again == made and hash(again) == hash(made)
        assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, TypeError, "tells nobody; write on_failure="),
        ({"on_failure": 3}, TypeError, "notify(on_failure=…)"),
        ({"on_failure": told}, TypeError, "it takes str, and is given an Alert"),
        ({"on_failure": asks}, ValueError, "write with_params(…, channel=…)"),
        ({"on_failure": NOBODY, "late_by": "6"}, ValueError, "such as '06:00'"),
        ({"on_failure": NOBODY, "late_by": "25:00"}, ValueError, "no clock shows that"),
        ({"on_failure": NOBODY, "late_by": "06-15"}, ValueError, "no clock shows that"),
        ({"on_failure": NOBODY, "late_by": "06+01"}, ValueError, "no clock shows that"),
        ({"on_failure": NOBODY, "late_by": "0600Z"}, ValueError, "no clock shows that"),
        ({"on_failure": NOBODY, "late_by": "T0600"}, ValueError, "no clock shows that"),
        ({"on_failure": NOBODY, "late_by": hours(0)}, ValueError, "such as hours(4)"),
        ({"on_failure": NOBODY, "late_by": 6}, TypeError, "such as '06:00'"),
        ({"on_success": NOBODY, "late_by": "06:00"}, TypeError, "write on_late= as well"),
    ],
)
def test_what_tells_nobody_is_refused(given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as found:
        notify(**given)
    assert said in str(found.value)


def test_a_timetable_refuses_what_is_no_notify() -> None:
    with pytest.raises(TypeError, match="needs what notify"):
        every_day(DAILY, tz=BERLIN, param="day", notify=post)  # type: ignore[arg-type]


def late(timetable: Any, day: str, by: Any) -> str | None:
    run = timetable.partition(day)
    at = late_at(run, by)
    return None if at is None else timetable.zone.clock(at).isoformat(" ", "minutes")


LATE = [
    # at, late_by, partition ⟶ when it is late
    ("02:00", "06:00", "2026-06-01", "2026-06-02 06:00+02:00"),
    ("02:00", "01:00", "2026-06-01", "2026-06-03 01:00+02:00"),
    ("02:00", "02:00", "2026-06-01", "2026-06-02 02:00+02:00"),
    ("23:30", "06:00", "2026-06-01", "2026-06-03 06:00+02:00"),
    ("02:00", hours(4), "2026-06-01", "2026-06-02 06:00+02:00"),
    ("02:00", None, "2026-06-01", "2026-06-03 02:00+02:00"),
    ("02:00", "06:00", "2026-03-28", "2026-03-29 06:00+02:00"),
    ("02:00", hours(4), "2026-03-28", "2026-03-29 07:00+02:00"),
    ("01:00", "02:30", "2026-03-28", "2026-03-29 03:00+02:00"),
    ("02:00", "02:30", "2026-10-24", "2026-10-25 02:30+02:00"),
    ("02:00", hours(4), "2026-10-24", "2026-10-25 05:00+01:00"),
]


@pytest.mark.parametrize(("at", "by", "day", "when"), LATE)
def test_a_day_is_late_by_the_clock_of_its_zone(at: str, by: Any, day: str, when: str) -> None:
    made = every_day(
        DAILY, at=at, tz=BERLIN, param="day", notify=notify(on_failure=NOBODY, late_by=by)
    )
    assert made.notify is not None
    assert late(made, day, made.notify.late_by) == when


def test_an_hour_is_late_after_so_long_or_when_the_next_is_due() -> None:
    made = every_hour(HOURLY, minute=5, tz=BERLIN, param="since")
    assert late(made, "2026-10-25T02:00+02:00", minutes(20)) == "2026-10-25 02:25+01:00"
    assert late(made, "2026-10-25T02:00+02:00", None) == "2026-10-25 03:05+01:00"


def test_the_last_run_of_all_is_never_late_without_a_time() -> None:
    made = every_day(DAILY, tz=BERLIN, param="day", end=date(2026, 6, 1))
    assert late(made, "2026-06-01", None) is None


@given(
    st.integers(0, 23), st.integers(0, 23), st.dates(date(2026, 1, 2), date(2026, 12, 30)),
    st.sampled_from([BERLIN, "America/Santiago", "Africa/Cairo", "Pacific/Apia", "UTC"]),
)  # fmt: skip
def test_no_run_is_late_before_it_is_due_or_days_after(
    at: int, by: int, day: date, tz: str
) -> None:
    made = every_day(
        DAILY, at=f"{at:02}:00", tz=tz, param="day",
        notify=notify(on_failure=NOBODY, late_by=f"{by:02}:00"),
    )  # fmt: skip
    run = made.partition(day)
    assert made.notify is not None
    found = late_at(run, made.notify.late_by)
    assert found is not None and run.due_at <= found <= run.due_at + 26 * 3_600


def test_an_alert_is_plain_data_and_reads_as_a_line() -> None:
    since = datetime(2026, 6, 2, 2, 14, tzinfo=UTC)
    one = Alert("daily", "failed", ("2026-06-01",), "daily > load: OSError", since, key="k")
    many = Alert("daily", "late", ("2026-06-01", "2026-06-02"), "", since)
    assert str(one) == "daily 2026-06-01: failed: daily > load: OSError"
    assert str(many) == "daily 2026-06-01 and 1 more: late"
    assert pickle.loads(pickle.dumps(one)) == one and hash(one) == hash(one)


def test_expressions_read_an_alert() -> None:
    said = pure(fwf.text("{}: {}", fwf.it.label, fwf.it.state)) >> told
    notify(on_failure=said, late_by="06:00")
    notify(on_failure=retry(post, attempts=3, wait=seconds(1)))


def test_a_cron_of_many_days_is_late_by_its_own_time() -> None:
    pytest.importorskip("cronsim")
    made = cron(DAILY, "0 2 * * 1-5", tz=BERLIN, param="day")
    friday = made.partition("2026-06-05")
    by = notify(on_failure=NOBODY, late_by="06:00").late_by
    assert late(made, friday.label, by) == "2026-06-08 06:00+02:00"
    assert timedelta(seconds=late_at(friday, by) or 0) > timedelta(0)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("06:00", "2025-06-02 02:00+02:00, late from 06:00+02:00"),
        ("01:00", "2025-06-02 02:00+02:00, late from 2025-06-03 01:00+02:00"),
        (timedelta(hours=1), "2025-06-02 02:00+02:00, late from 03:00+02:00"),
    ],
)
def test_people_are_told_when_a_run_is_due_and_late(by: Any, said: str) -> None:
    assert due_and_late(told_by(by).partition("2025-06-01")) == said


def test_over_a_change_of_clocks_both_times_have_their_own_name() -> None:
    told = due_and_late(told_by(timedelta(hours=1)).partition("2025-10-25"))
    assert told == "2025-10-26 02:00+02:00, late from 02:00+01:00"
    assert due_and_late(told_by(None).partition("2025-10-25")) is None


def told_by(by: Any) -> Timetable[Any]:
    who = notify(on_failure=fail("Nobody"), late_by=by)
    return every_day(DAILY, tz="Europe/Berlin", param="day", notify=who)
