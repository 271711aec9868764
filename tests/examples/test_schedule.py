"""The schedule of `examples/schedule.py`, and the backfill that `examples/backfill.py` plans."""

from datetime import UTC, date, datetime, timedelta

from examples.backfill import open_days, slow, spring
from examples.schedule import nightly, workflow
from fwf import check, dry_run_all, hours, minutes


def test_each_night_is_for_the_day_that_has_just_ended_in_berlin() -> None:
    first, *_, last = nightly.over(datetime(2026, 6, 1, tzinfo=UTC))
    assert (first.day, first.value, last.day) == (
        date(2025, 6, 1), date(2025, 6, 1), date(2025, 6, 5),
    )  # fmt: skip
    assert first.due.isoformat() == "2025-06-02T02:00:00+02:00"
    assert not check(workflow)


def test_a_day_on_which_the_clock_is_put_forward_is_one_day_of_23_hours() -> None:
    (changed,) = [run for run in spring if run.end - run.start != hours(24)]
    assert (changed.day, changed.end - changed.start) == (date(2025, 3, 30), hours(23))
    assert len({run.day for run in spring}) == len(spring) == 92


def test_the_backfill_takes_its_runs_divided_by_four() -> None:
    found = dry_run_all(open_days, at_once=4, scenario=slow)
    assert (len(open_days), found.took) == (79, timedelta(minutes=7 * 20))
    assert found.took == minutes(7) * -(-len(open_days) // 4)
