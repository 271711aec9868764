"""Whether a scenario fits the workflow that it meets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Literal, TypedDict, TypeVar

import pytest
from returns.result import Success

from fwf import Scenario, dry_run, map_each, par, retry, run, seconds, task
from fwf.interpreters.run import VirtualClock
from fwf.testing.acted_scenarios import scripted
from fwf.worlds.scenario import ScenarioError
from fwf.worlds.unknown import Unknown
from tests.samples import Colour


@dataclass
class Report:
    dollars: float
    rows: list[int]


class Table:
    def num_rows(self) -> int: ...  # type: ignore[empty-body]


class Shape(TypedDict):
    sides: int


def numbered(rows: list[Any]) -> list[str]:
    """Names of rows that are the same in every process."""
    return [str(number) for number in range(len(rows))]


MISFITS: list[tuple[Any, Any, str]] = [
    (int, "3", "gives str of 1, but given gives int: it is str, not int"),
    (int, True, "it is bool, not int"),
    (int, 3.5, "it is float, not int"),
    (int, None, "it is None, not int"),
    (None, 3, "it is int, not None"),
    (str, 3, "it is int, not str"),
    (date, "2026-07-15", "it is str, not date"),
    (date, datetime(2026, 7, 15), "it is datetime, not date"),
    (Decimal, "1.5", "it is str, not Decimal"),
    (Colour, "RED", "it is str, not Colour"),
    (int | None, "3", "it is str, not int | None"),
    (Literal["a", "b"], "c", "it is str, not Literal['a', 'b']"),
    (list[int], 3, "it is int, not list[int]"),
    (list[int], "ab", "it is str, not list[int]"),
    (list[int], [1, "a"], "it[1] is str, not int"),
    (tuple[int, str], [1], "it has 1 items, not 2"),
    (tuple[int, str], (1, 2), "it[1] is int, not str"),
    (dict[str, int], [1], "it is list, not dict[str, int]"),
    (dict[str, list[int]], {"a": [None]}, "it['a'][0] is None, not int"),
    (Report, {"dolars": 3}, "it has a field 'dolars', Report hasn't; did you mean 'dollars'?"),
    (Report, {"dollars": "3"}, "it.dollars is str, not float"),
    (Report, SimpleNamespace(rows=[1.5]), "it.rows[0] is float, not int"),
    (list[Report], [{}, {"rows": 3}], "it[1].rows is int, not list[int]"),
    (Report | None, {"dolars": 3}, "it has a field 'dolars'"),
    (Report, 3, "it is int, not Report"),
    (Table, "x", "it is str, not Table"),
    (Shape, {"side": 3}, "it has a field 'side', Shape hasn't; did you mean 'sides'?"),
    (Shape, 3, "it is int, not Shape"),
]
FITS: list[tuple[Any, Any]] = [
    (int, 3), (float, 3), (Decimal, 1.5), (Decimal, 2), (complex, 1.5), (bool, True), (None, None),
    (int | None, None), (Literal["a"], "a"), (date, date(2026, 7, 15)), (Colour, Colour.RED),
    (list[int], [1]), (list[int], (1, 2)), (Sequence[str], ["a"]), (tuple[int, ...], [1, 2]),
    (tuple[int, str], [1, "a"]), (set[int], [1]), (list[Any], [1, "a"]), (dict[str, int], {"a": 1}),
    (Report, {}), (Report, {"dollars": 3}), (Report, SimpleNamespace(dollars=3.5)),
    (Report, Report(1, [])), (Report, Table()), (list[Report], [{"rows": [1]}]), (Table, Table()),
    (Table, {"rows": 3}), (Shape, {"sides": 3}), (Any, "x"), (object, 3), (TypeVar("T"), 3),
]  # fmt: skip


def giving(declared: Any) -> Any:
    def given() -> Any: ...

    given.__annotations__["return"] = declared
    return task(effect="read", config={"declared": str(declared)})(given)


@pytest.mark.parametrize(("declared", "value", "said"), MISFITS, ids=numbered(MISFITS))
def test_what_a_task_cannot_give_is_refused(declared: Any, value: Any, said: str) -> None:
    w = giving(declared)
    for script in (
        Scenario().task("given", gives=value),
        Scenario().task("given", gives_each=[Unknown(declared, "x"), value]),
        Scenario().task("given", item="a", gives=value),
        Scenario().at("given", gives=value),
    ):
        with pytest.raises(ScenarioError) as told:
            dry_run(w, scenario=script)
        assert said in str(told.value)


@pytest.mark.parametrize(("declared", "value"), FITS, ids=numbered(FITS))
def test_what_may_stand_for_what_a_task_gives_is_taken(declared: Any, value: Any) -> None:
    assert dry_run(
        giving(declared), scenario=Scenario().task("given", gives=value)
    ).result == Success(value)


def test_of_two_tasks_of_one_name_it_is_enough_to_fit_one() -> None:
    w = par(giving(int), giving(str))
    dry_run(w, scenario=Scenario().task("given", gives=3))
    with pytest.raises(ScenarioError, match="given gives int: it is bytes, not int"):
        dry_run(w, scenario=Scenario().task("given", gives=b"3"))


@task(effect="read")
def none() -> int: ...


@task(effect="read")
def one(n: Any) -> int: ...


@task(effect="read")
def two(a: int, b: int) -> int: ...


def by_none() -> int:
    return 7


def by_one(given: Any) -> int:
    return hash(given)


def by_two(a: int, b: int) -> int:
    return a - b


def by_any(*given: int) -> int:
    return len(given)


def by_two_or_three(a: int, b: int, c: int = 5) -> int:
    return a * b * c


def by_four(a: int, b: int, c: int, d: int) -> int:
    raise AssertionError


CALLS: list[tuple[Any, Any, int]] = [
    (none, by_none, 7), (none, by_one, hash(None)), (none, by_any, 0),
    (one, by_one, hash((3, 1))), (one, by_any, 1), (one, hash, hash((3, 1))),
    (two, by_two, 2), (two, by_one, hash((3, 1))), (two, by_any, 2), (two, by_two_or_three, 15),
    (two, len, 2),
]  # fmt: skip


@pytest.mark.parametrize(("each", "by", "given"), CALLS, ids=numbered(CALLS))
def test_a_function_of_the_input_takes_what_the_task_takes(each: Any, by: Any, given: int) -> None:
    """In a dry run, and where a real run is made to follow the scenario."""
    script = Scenario().task(each.name, gives_by=by)
    assert dry_run(each, (3, 1), scenario=script).result == Success(given)
    clock = VirtualClock()
    assert run(scripted(each, script, clock), (3, 1), clock=clock).unwrap() == given


def test_a_duration_worked_out_from_the_input_takes_what_the_task_takes() -> None:
    script = Scenario().task("two", gives=1, takes=gap)
    assert dry_run(two, (5, 2), scenario=script).took == seconds(3)


def gap(a: int, b: int) -> timedelta:
    return seconds(a - b)


@pytest.mark.parametrize("word", ["gives_by", "takes"])
@pytest.mark.parametrize(
    ("each", "by", "said"),
    [
        (none, by_two, "=by_two takes 2 arguments: let it take those of the task, ()"),
        (one, by_two, "=by_two takes 2 arguments: let it take those of the task, (n)"),
        (two, by_four, "takes 4 arguments: let it take those of the task, (a, b); or one argument"),
        (two, by_none, "takes 0 arguments: let it take those of the task, (a, b); or one argument"),
    ],
)
def test_a_function_that_cannot_be_called_so_is_refused(
    word: str, each: Any, by: Any, said: str
) -> None:
    with pytest.raises(ScenarioError) as told:
        dry_run(each, (1, 2), scenario=Scenario().task(each.name, **{word: by}))
    assert f"task {each.name}: {word}=" in str(told.value) and said in str(told.value)


def forever(n: int) -> Any:
    raise KeyError("no such length")


def backwards(n: int) -> Any:
    return seconds(-1)


@task(effect="read")
def step(n: int) -> int:
    raise AssertionError


@pytest.mark.parametrize(("takes", "tag"), [(forever, "KeyError"), (backwards, "ValueError")])
def test_a_function_that_gives_no_duration_fails_the_attempt_in_both_worlds(
    takes: Any, tag: str
) -> None:
    scenario, clock = Scenario().task("step", gives=1, takes=takes), VirtualClock()
    dry = dry_run(step, 1, scenario=scenario)
    ran = run(scripted(step, scenario, clock), 1, clock=clock)
    fault = dry.result.failure()
    assert (fault.path, fault.tags[0]) == ("step", tag)
    assert ran.failure() == fault


# Places


def test_a_path_without_keys_is_that_of_all_items() -> None:
    w = map_each(none_of)
    script = Scenario().at("map_each > none_of", takes=seconds(2), fails=["OSError"], gives=1)
    one = script.at("map_each[1] > none_of", takes=seconds(5), fails=[])
    found = dry_run(map_each(retry(none_of, attempts=2)), [0, 1], scenario=one)
    assert [(each.path, each.start, each.end, each.ending) for each in found.events] == [
        ("map_each[0] > none_of", 0, 2_000_000, "failed"),
        ("map_each[1] > none_of", 0, 5_000_000, "ok"),
        ("map_each[0] > none_of", 2_000_000, 4_000_000, "ok"),
    ]
    assert found.result == Success([1, 1])
    assert dry_run(w, [0], scenario=script).result != Success([1])


def test_both_worlds_take_a_path_for_all_items() -> None:
    clock = VirtualClock()
    script = Scenario().at("map_each > none_of", takes=seconds(2), gives=7)
    w = map_each(none_of)
    assert run(scripted(w, script, clock), [0, 1], clock=clock) == Success([7, 7])
    assert clock.now() == 2_000_000


def test_a_scenario_over_a_wider_one_says_what_both_do() -> None:
    wider = Scenario(3).task("a", gives=1, takes=seconds(9)).task("b", gives=2)
    found = Scenario().task("a", takes=seconds(1)).at("c", gives=3).over(wider)
    assert found == (
        Scenario(3).task("a", gives=1, takes=seconds(1)).task("b", gives=2).at("c", gives=3)
    )
    items = Scenario().task("a", item="x", gives=1).over(Scenario().task("a", item="x", gives=2))
    assert items == Scenario().task("a", item="x", gives=1)


@task(effect="read")
def none_of(n: int) -> int: ...
