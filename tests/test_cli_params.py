"""`--param` and `--pool`: each type's texts, and what is said of those that are none."""

import enum
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from hypothesis import given as for_all, strategies as st

from fwf import Pool, Resource, Secret, Workflow, in_pool, named, par, task, with_params
from fwf.cli.params import values_and_sizes
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import Target
from fwf.forms.by_type.given_texts import Unreadable, example, read


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


Cents = NewType("Cents", int)
CEST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("annotation", "texts", "value"),
    [
        (bool, ["yes"], True),
        (bool, ["False"], False),
        (int, ["-12"], -12),
        (float, ["1e3"], 1000.0),
        (float, ["inf"], math.inf),
        (str, [""], ""),
        (str, ["null"], "null"),
        (str, ["[1, 2]"], "[1, 2]"),
        (bytes, ["ä"], "ä".encode()),
        (Decimal, ["10.50"], Decimal("10.50")),
        (date, ["2026-07-15"], date(2026, 7, 15)),
        (datetime, ["2026-07-15T06:30"], datetime(2026, 7, 15, 6, 30)),
        (datetime, ["2026-07-15T06:30:00+02:00"], datetime(2026, 7, 15, 6, 30, tzinfo=CEST)),
        (datetime, ["2026-07-15T06:30:00Z"], datetime(2026, 7, 15, 6, 30, tzinfo=UTC)),
        (time, ["06:30"], time(6, 30)),
        (timedelta, ["90s"], timedelta(seconds=90)),
        (timedelta, ["5m"], timedelta(minutes=5)),
        (timedelta, ["5min"], timedelta(minutes=5)),
        (timedelta, ["1h30m"], timedelta(minutes=90)),
        (timedelta, ["1.5h"], timedelta(minutes=90)),
        (timedelta, ["250ms"], timedelta(milliseconds=250)),
        (timedelta, ["-2d"], timedelta(days=-2)),
        (timedelta, ["PT1H30M"], timedelta(minutes=90)),
        (timedelta, ["P1DT0.5S"], timedelta(days=1, milliseconds=500)),
        (timedelta, ["P2W"], timedelta(weeks=2)),
        (
            UUID,
            ["123e4567-e89b-12d3-a456-426614174000"],
            UUID(int=0x123E4567E89B12D3A456426614174000),
        ),
        (Colour, ["RED"], Colour.RED),
        (Colour, ["green"], Colour.GREEN),
        (Colour, ["1"], Colour.RED),
        (Literal["a", 2, True, None], ["2"], 2),
        (Literal["a", 2, True, None], ["true"], True),
        (Literal["a", 2, True, None], ["null"], None),
        (int | None, ["null"], None),
        (int | None, ["3"], 3),
        (str | int, ["3"], 3),
        (str | int, ["three"], "three"),
        (date | str, ["2026-07-15"], date(2026, 7, 15)),
        (Annotated[int, "cents"], ["3"], 3),
        (Cents, ["3"], 3),
        (Any, ["3"], "3"),
        (list[int], ["1", "2"], [1, 2]),
        (list[int], ["7"], [7]),
        (list[int], ["[1, 2]"], [1, 2]),
        (list[int], ["[]"], []),
        (list[Decimal], ["[1.10, 2]"], [Decimal("1.10"), Decimal(2)]),
        (list[date], ['["2026-07-15"]'], [date(2026, 7, 15)]),
        (list[bool], ["[true, false]"], [True, False]),
        (list[int | None], ["[1, null]"], [1, None]),
        (list[list[int]], ["[[1], [2, 3]]"], [[1], [2, 3]]),
        (list[int] | None, ["null"], None),
        (list[int] | None, ["1", "2"], [1, 2]),
        (list, ["a", "b"], ["a", "b"]),
        (set[int], ["1", "1"], {1}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (tuple[int, str], ["1", "2"], (1, "2")),
    ],
)
def test_a_text_is_read_by_the_type(annotation: Any, texts: list[str], value: object) -> None:
    found = read(texts, annotation)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "texts", "more"),
    [
        (bool, ["maybe"], ""),
        (int, ["1.0"], ""),
        (int, [""], ""),
        (int, ["1" * 5000], ""),
        (float, ["1,5"], ""),
        (float, ["-1e400"], "it is too large for a float, which ends at 1.8e308"),
        (list[float], ["[1e400]"], "is 1e400, not float; it is too large for a float, which ends "
                                   "at 1.8e308"),
        (Decimal, ["1,5"], ""),
        (date, ["15/07/2026"], ""),
        (date, ["2026-02-30"], ""),
        (datetime, ["yesterday"], ""),
        (time, ["25:00"], ""),
        (timedelta, ["90"], ""),
        (timedelta, ["P1Y"], ""),
        (timedelta, ["P"], ""),
        (timedelta, ["PT"], ""),
        (timedelta, [""], ""),
        (timedelta, ["1h 30"], ""),
        (timedelta, ["99999999999999w"], ""),
        (UUID, ["123"], ""),
        (Colour, ["RAD"], "it is one of RED, GREEN; did you mean 'RED'?"),
        (Literal["full", "fast"], ["fst"], "it is one of full, fast; did you mean 'fast'?"),
        (int | None, ["none"], ""),
        (int, ["1", "2"], "it is given 2 times, but takes one value"),
        (list[int], ["[1, 2"], "it starts with [ but is no JSON list (Expecting ',' delimiter: "
                               "line 1 column 6 (char 5))"),
        (list[int], ["[[1]]"], "is a list, not int"),
        (list[int], ['[{"a": 1}]'], "is an object, not int"),
        (list[int], ["[" * 100_000], None),
        (list[int], ["1", "x"], ""),
        (tuple[int, str], ["1"], "is given 1 items, but takes 2"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_the_type_is_refused(
    annotation: Any, texts: list[str], more: str | None
) -> None:
    with pytest.raises(Unreadable) as refused:
        read(texts, annotation)
    assert more is None or str(refused.value) == more


@pytest.mark.parametrize(
    "annotation",
    [
        bool, int, float, str, Decimal, date, datetime, time, timedelta, UUID, Colour, bytes,
        Literal["a", "b"], Literal[1], int | None, list[int], list[date], list[bool], set[str],
        tuple[int, str], list[list[Decimal]], list[Colour] | None, Any, None, Cents,
    ],
)  # fmt: skip
def test_the_example_of_a_type_is_one_of_its_values(annotation: Any) -> None:
    if annotation != tuple[int, str]:
        read([example(annotation)], annotation)


@for_all(st.timedeltas(timedelta(0), timedelta(days=10_000)))
def test_durations_read_back_as_seconds(duration: timedelta) -> None:
    whole = timedelta(days=duration.days, seconds=duration.seconds)
    assert read([f"{duration.days}d{duration.seconds}s"], timedelta) == whole
    assert read([f"P{duration.days}DT{duration.seconds}S"], timedelta) == whole


# A run's parameters


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a-word-that-nobody-sees")


@task(effect="read")
def orders(
    *, day: date, min_amount: Decimal = Decimal(0), db: Annotated[dict[Any, Any], Resource]
) -> int:
    return 1


@task(effect="read")
def visits(*, day: date, kind: Colour = Colour.RED, token: Secret, loose=None) -> int:  # type: ignore[no-untyped-def]
    return 1


@task(effect="pure")
def total(orders: int, visits: int) -> int:
    return orders + visits


DAILY = named("daily", par(in_pool(orders, "shop"), visits) >> total)
GOOD: Mapping[str, Any] = {"db": dict, "token": Secret.env("TOKEN")}


def target(w: Workflow[Any, Any] = DAILY, resources: Mapping[str, Any] = GOOD) -> Target:
    return Target("job", w, resources, {"shop": 2} if w is DAILY else {})


def refused(*params: str, pools: tuple[str, ...] = (), what: Target | None = None) -> list[str]:
    with pytest.raises(Misuse) as misuse:
        values_and_sizes(what or target(), params, pools)
    return list(misuse.value.lines)


def test_what_is_given_is_what_the_run_gets() -> None:
    assert values_and_sizes(target(), ["day=2026-07-15", "loose=x=y"], ["shop=4"]) == (
        {"day": date(2026, 7, 15), "loose": "x=y"},
        {"shop": Pool(4)},
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4", Pool(4)),
        ("100/1m", Pool(starts=100, per=timedelta(minutes=1))),
        ("2,100/PT1H", Pool(2, starts=100, per=timedelta(hours=1))),
    ],
)
def test_a_pool_is_so_large_or_so_quick_or_both(text: str, size: Pool) -> None:
    assert values_and_sizes(target(), ["day=2026-07-15"], [f"shop={text}"])[1] == {"shop": size}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "1.5",
        "²",
        "4,",
        ",4",
        "/1m",
        "100/",
        "100/m",
        "0/1m",
        "5/0s",
        "1,2",
        "1,0/1m",
    ],
)
def test_what_is_no_size_of_a_pool_is_told_what_is(text: str) -> None:
    (line,) = refused("day=2026-07-15", pools=(f"shop={text}",))
    assert line.startswith(f"--pool shop={text}: a pool's size is so many tasks at once, ")


def test_all_problems_are_told_at_once() -> None:
    assert refused("dya=2026-07-15", "kind=blue", "min_amount", pools=("shp=1", "shop=0")) == [
        "--param 'min_amount': write --param name=value",
        "--param kind='blue': needs Colour, such as kind=RED; it is one of RED, GREEN",
        "daily > par > orders: parameter 'day' (date) is missing; add --param day=2026-07-15",
        "there is no parameter 'dya': did you mean 'day'?",
        "--pool shp: the workflow has no such pool; did you mean 'shop'?",
        "--pool shop=0: a pool's size is so many tasks at once, so many starts in a time, or both: "
        "shop=4, shop=100/1m, shop=4,100/1m",
    ]


def test_resources_that_are_missing_are_told_before_anything_runs() -> None:
    lines = refused("day=2026-07-15", what=target(resources={"token": "hunter2"}))
    assert len(lines) == 2
    assert "resource 'db'" in lines[0]
    assert "secret 'token' is given a str, but needs a Secret" in lines[1]
    assert "hunter2" not in "".join(lines)


def test_a_secret_is_not_given_on_the_command_line_and_not_shown() -> None:
    (line,) = refused("day=2026-07-15", "token=hunter2")
    assert line == "there is no parameter 'token': it is a secret: give it in resources"


def test_a_parameter_that_the_workflow_binds_is_told() -> None:
    bound = with_params(DAILY, day=date(2026, 7, 15))
    (line,) = refused("day=2026-07-15", what=target(bound))
    assert "bound by with_params" in line


def test_a_workflow_that_needs_an_input_is_told() -> None:
    assert refused(what=target(total)) == [
        "job takes tuple[int, int] as its input, and a command line gives none: "
        "begin it with const(…) or with a task that reads it"
    ]


def test_types_that_clash_are_told() -> None:
    @task(effect="read")
    def other(*, day: datetime, db: Annotated[dict[Any, Any], Resource]) -> int:
        return 1

    (line,) = refused("day=2026-07-15", what=target(par(orders, other)))
    assert line.startswith("--param day='2026-07-15': needs date and datetime")
