"""What can't be planned is one error, when the timetable is made, that names value and remedy."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, cast

import pytest

import fwf
from fwf import (
    Resource,
    Timetable,
    Workflow,
    cron,
    every_day,
    every_hour,
    named,
    partitions,
    task,
    with_params,
)
from tests.schedules.planned import DAILY, HOURLY, LABELLED

BERLIN = "Europe/Berlin"


@task
def by_default(*, day: date = date(2026, 6, 1)) -> int:
    return 0


@task
def by_number(*, day: int) -> int:
    return day


@task
def of_rows(rows: list[int], *, day: date) -> int:
    return 0


@task
def into(*, day: date, warehouse: Annotated[str, Resource]) -> int:
    return 0


def nightly(w: Any = DAILY, **fields: Any) -> Timetable[Any]:
    return every_day(w, **{"tz": BERLIN, "param": "day", **fields})


def hourly(**fields: Any) -> Timetable[Any]:
    return every_hour(HOURLY, **{"tz": BERLIN, "param": "start", **fields})


def line(text: Any) -> Timetable[Any]:
    return cron(LABELLED, text, tz=BERLIN, param="label")


def one_line(made: Callable[[], object], *kinds: type[BaseException]) -> str:
    with pytest.raises(kinds or (ValueError,)) as caught:
        made()
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    "at", ["25:00", "24:00", "02:60", "2:00", "02", "02:00:00", "", "2 am", "٠٢:٠٠", "-1:00"]
)
def test_an_impossible_time(at: str) -> None:
    said = one_line(lambda: nightly(at=at))
    assert said.startswith(f"every_day(at={at!r}): ") and "such as '02:00'" in said


def test_a_time_that_is_no_text() -> None:
    assert "such as '02:00'" in one_line(lambda: nightly(at=2), TypeError)


@pytest.mark.parametrize("minute", [-1, 60, 5.0, True, "5", None])
def test_an_impossible_minute(minute: Any) -> None:
    said = one_line(lambda: hourly(minute=minute))
    assert said == f"every_hour(minute={minute!r}): needs a whole number from 0 to 59"


@pytest.mark.parametrize("tz", ["Europe/Berlni", "Mars/Base", "localtime"])
def test_an_unknown_zone(tz: str) -> None:
    for made in (nightly, hourly):
        said = one_line(lambda made=made: made(tz=tz))
        assert f"(tz={tz!r}): this machine has no time zone {tz!r}: pip install tzdata" in said
    assert "did you mean 'Europe/Berlin'?" in one_line(lambda: nightly(tz="Europe/Berlni"))


@pytest.mark.parametrize("tz", ["", "+02:00", "../etc/passwd", "CE\0T", "Europe/", "Zürich"])
def test_what_no_zone_can_be_called(tz: str) -> None:
    for made in (nightly, hourly):
        said = one_line(lambda made=made: made(tz=tz))
        assert f"(tz={tz!r}): {tz!r} is no name of a time zone, such as Europe/Berlin" in said


def test_a_zone_that_is_no_name() -> None:
    assert "such as 'Europe/Berlin'" in one_line(lambda: nightly(tz=UTC), TypeError)


def test_a_folder_of_zones_is_none() -> None:
    assert "has no time zone 'America'" in one_line(lambda: nightly(tz="America"))


def test_utc_is_there_without_any_zone_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zoneinfo", None)
    fwf.schedules.zones.zone.cache_clear()
    assert nightly(tz="UTC").partition("2026-06-01").due == datetime(2026, 6, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["0 2 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30,31 2 *", "0 2 31 6 */2", "0 2 */30 2 1#5"]
)
def test_a_line_that_never_falls_due(text: str) -> None:
    assert f"cron({text!r}): " in (said := one_line(lambda: line(text)))
    assert "never falls due" in said


def test_29_february_falls_due_and_30_february_or_a_monday_on_mondays() -> None:
    leap = [each.label for each in line("0 2 29 2 *").runs(date(2020, 1, 1), date(2030, 1, 1))]
    assert leap == ["2020-02-29", "2024-02-29", "2028-02-29"]
    either = [*line("0 2 30 2 1").runs(date(2026, 1, 1), date(2026, 12, 31))]
    assert [each.label for each in either] == [f"2026-02-{n:02}" for n in (2, 9, 16, 23)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("61 2 * * *", "bad minute"), ("0 24 * * *", "bad hour"), ("0 2 0 * *", "bad day-of-month"),
        ("0 2 * 13 *", "bad month"), ("0 2 * * 9", "bad day-of-week"), ("a b c d e", "bad minute"),
        ("*/0 * * * *", "bad minute"), ("5-1 * * * *", "bad minute"), ("0 2 * * MON-", "bad day-"),
        ("0 2 * *", "five fields"), ("", "five fields"), ("0 0 2 * * *", "five fields"),
        ("@daily", "'0 0 * * *'"), ("@hourly", "'0 * * * *'"), ("@reboot", "five fields"),
    ],
)  # fmt: skip
def test_a_line_that_is_none(text: str, told: str) -> None:
    said = one_line(lambda: line(text))
    assert said.startswith(f"cron({text!r}): ") and told in said


@pytest.mark.parametrize(
    "text", ["L * * * *", "* L * * *", "0 2 * * L", "0 2 * * 1#6", "0 2 32L * *"]
)
def test_a_letter_where_none_belongs(text: str) -> None:
    assert one_line(lambda: line(text)).startswith(f"cron({text!r}): bad ")


def test_a_line_that_is_no_text() -> None:
    assert "five fields" in one_line(lambda: line(None), TypeError)


def test_without_the_library_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cronsim", None)
    said = one_line(lambda: line("0 2 * * *"), ImportError)
    assert said == "cron('0 2 * * *'): lines of cron need pip install 'fwf[cron]'"


def test_a_parameter_that_the_workflow_does_not_have() -> None:
    said = one_line(lambda: nightly(param="dya"))
    assert said == "every_day(param='dya'): the workflow has no such parameter: did you mean 'day'?"
    assert "it takes day" in one_line(lambda: nightly(param="x"))
    none: Workflow[None, int] = named("none", fwf.const(1))
    assert "it takes no parameters" in one_line(lambda: nightly(none))
    assert "it is a resource" in one_line(lambda: nightly(into, param="warehouse"))
    bound = named("bound", with_params(DAILY, day=date(2026, 1, 1)))
    assert "with_params" in one_line(lambda: nightly(bound))
    assert "a parameter" in one_line(lambda: nightly(param=None), TypeError)


def test_a_parameter_with_a_default_names_no_run() -> None:
    assert "take the default away" in one_line(lambda: nightly(by_default))


def test_a_type_that_a_partition_does_not_fit() -> None:
    said = one_line(lambda: nightly(by_number), TypeError)
    assert said.startswith("every_day(param='day'): the workflow takes int; ")
    assert "datetime" in said
    said = one_line(lambda: every_hour(DAILY, tz=BERLIN, param="day"), TypeError)
    assert said.startswith("every_hour(param='day'): there are several partitions a day")
    for text in ("*/15 * * * *", "0 1,13 * * *"):
        told = one_line(lambda text=text: cron(DAILY, text, tz=BERLIN, param="day"), TypeError)
        assert "several partitions a day" in told


def test_other_parameters_are_the_callers() -> None:
    assert nightly(into).partition("2026-06-01").params == {"day": date(2026, 6, 1)}


def test_a_workflow_without_a_name_or_with_an_input() -> None:
    assert "named('daily', …)" in one_line(lambda: nightly(DAILY >> fwf.pure(fwf.it + 1)))
    assert "begin it with const" in one_line(lambda: nightly(of_rows), TypeError)
    assert "is not a workflow" in one_line(lambda: nightly("daily"), TypeError)
    assert "put @task above it" in one_line(lambda: nightly(one_line), TypeError)


def test_the_last_day_before_the_first() -> None:
    june, may = date(2026, 6, 1), date(2026, 5, 31)
    for made in (lambda: nightly(start=june, end=may), lambda: partitions(nightly(), june, may)):
        assert "the last day, 2026-05-31, is before the first, 2026-06-01" in one_line(made)
    assert len(partitions(nightly(), june, june)) == 1


@pytest.mark.parametrize("day", ["2026-06-01", datetime(2026, 6, 1), 20260601])
def test_a_day_that_is_no_date(day: Any) -> None:
    june = date(2026, 6, 1)
    for made in (
        lambda: nightly(start=day),
        lambda: nightly(end=day),
        lambda: partitions(nightly(), day, june),
        lambda: partitions(nightly(), june, day),
    ):
        assert "write a date, such as date(2026, 6, 1)" in one_line(made, TypeError)


def test_days_out_of_reach() -> None:
    for day in (date(999, 12, 31), date(9000, 1, 1), date.min, date.max):
        assert "years go from 1000 to 8999" in one_line(lambda day=day: nightly(start=day))


def test_other_words() -> None:
    assert "did you mean 'last'?" in one_line(lambda: nightly(missed="lats"))
    assert "'all', 'last' or 'none'" in one_line(lambda: nightly(missed=None))
    assert "True or False" in one_line(lambda: nightly(after_previous="yes"), TypeError)


def test_what_is_due_needs_a_first_day() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for ask in ("over", "due", "startable"):
        for missed in ("all", "last", "none"):
            made = nightly(missed=missed)
            assert "start=date(…)" in one_line(lambda made=made, ask=ask: getattr(made, ask)(now))


def test_a_moment_without_a_zone_is_no_moment() -> None:
    naive = datetime(2026, 6, 1)
    made = nightly(start=date(2026, 1, 1))
    for ask in ("over", "due", "startable", "holding", "last_due"):
        assert "offset" in one_line(lambda ask=ask: getattr(made, ask)(naive))


def test_partitions_that_are_not_there() -> None:
    made = nightly(start=date(2026, 6, 1), end=date(2026, 6, 30))
    working: Timetable[Any] = line("0 2 * * 1-5")
    for timetable, value, told in (
        (made, "2026-05-31", "start=2026-06-01"),
        (made, "2026-07-01", "end=2026-06-30"),
        (made, "June", "ISO 8601"),
        (made, "2026-06-01T00:00", "offset"),
        (made, "2026-06-01T00:00+00:00", "it is in 2026-06-01"),
        (working, "2026-06-06", "it is in 2026-06-05"),
        (hourly(), "2026-06-01", "several runs a day"),
        (hourly(), "2026-06-01T02:30+02:00", "it is in 2026-06-01T02:00+02:00"),
        (nightly(tz="Pacific/Apia"), date(2011, 12, 30), "never had that day"),
        (made, date(1, 1, 1), "years go from"),
        (hourly(), datetime.max.replace(tzinfo=UTC), "years go from"),
        (hourly(), datetime.min.replace(tzinfo=UTC), "years go from"),
    ):
        said = one_line(lambda made=timetable, value=value: made.partition(cast(Any, value)))
        assert told in said, said
