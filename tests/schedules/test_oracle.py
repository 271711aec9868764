"""Timetables plan what an oracle says that goes through time minute by minute: see `oracle`."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.schedules.oracle import Window, changes
from tests.schedules.planned import FINE, LONG, ODD, RULES, ZONES, compare

QUARTERS = ("*/15 * * * *", "15,45 * * * 1-5")
STRANGEST = (
    "Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "Africa/Cairo", "America/Santiago",
    "America/Havana", "America/Nuuk", "Asia/Gaza", "Asia/Tehran", "Australia/Lord_Howe",
    "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip
TEN_YEARS = date(2020, 1, 1), date(2030, 12, 31)


def around(day: date, days: int = 2) -> tuple[date, date]:
    return day - timedelta(days=days), day + timedelta(days=days)


def test_there_are_more_than_fifty_zones_and_many_changes_in_them() -> None:
    found = {zone: changes(zone, date(2024, 1, 1), date(2024, 12, 31)) for zone in ZONES}
    assert len(found) > 60
    assert sum(map(len, found.values())) > 60


@pytest.mark.parametrize("zone", ZONES)
def test_around_a_change_of_the_clock_each_partition_is_there_once(zone: str) -> None:
    """Forward in the north, back in the south; all changes of ten years are looked at below."""
    day = next(iter(changes(zone, date(2024, 1, 1), date(2024, 12, 31))), date(2024, 2, 29))
    assert compare(Window(zone, *around(day, 1)), {**RULES, **FINE}, zone) > 500


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_days_that_are_missing_or_begin_late_or_twice(odd: tuple[str, date]) -> None:
    zone, day = odd
    assert compare(Window(zone, *around(day, 3)), {**RULES, **FINE}, zone) > 800


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_there_too_each_run_is_found_by_label_and_by_moment(odd: tuple[str, date]) -> None:
    zone, day = odd
    for make in (make for name, (make, _) in RULES.items() if name not in QUARTERS):
        timetable = make(zone)
        runs = [*timetable.runs(*around(day))]
        for before, run in pairwise(runs):
            assert timetable.partition(run.label) == run and timetable.before(run) == before
            for moment in (run.start, run.end - timedelta(seconds=1)):
                assert timetable.holding(moment) == run


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Apia", "America/Santiago"])
def test_weeks_months_and_years(zone: str) -> None:
    window = Window(zone, date(2008, 1, 1), date(2013, 1, 1), step=1_800)
    assert compare(window, LONG, zone) > 700


@pytest.mark.deep
@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_ten_years_each_partition_is_there_once(zone: str) -> None:
    for day in changes(zone, *TEN_YEARS):
        assert compare(Window(zone, *around(day)), {**RULES, **FINE}, zone) > 800


@pytest.mark.deep
@pytest.mark.parametrize("zone", STRANGEST)
def test_in_ten_years_each_partition_is_there_once(zone: str) -> None:
    """Quarter by quarter, from end to end; what ticks each quarter is looked at around changes."""
    assert zone in ZONES
    rules = {name: rule for name, rule in RULES.items() if name not in QUARTERS}
    assert compare(Window(zone, *TEN_YEARS, step=900), {**rules, **LONG}, zone) > 350_000
