"""What arrives is what was declared, in every world: results of tasks, and the input of a run."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, Never, cast

import pytest
from returns.result import Failure, Success

from fwf import (
    always,
    branch,
    const,
    delay,
    dry_run,
    fail,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    map_each,
    named,
    par,
    pure,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.algebra.contract import contract_of
from fwf.algebra.nodes import Task
from fwf.faults import BadInput, Failed
from fwf.interpreters.dry_run import ScenarioError
from fwf.interpreters.run import VirtualClock, execute
from fwf.records import changed
from fwf.testing import scripted
from fwf.worlds.scenario import Scenario
from fwf.worlds.unknown import Unknown


@dataclass(frozen=True)
class Order:
    id: int
    total: float


class Row(Order):
    pass


FITS: list[tuple[Any, Any]] = [
    (Any, "x"),
    (int, 1),
    (float, 1),
    (None, None),
    (list[int], [1, 2]),
    (list[int] | None, None),
    (Sequence[str], ("a", "b")),
    (tuple[int, str], (1, "x")),
    (dict[str, float], {"a": 1}),
    (Literal["a", "b"], "a"),
    (Order, Order(1, 2)),
    (Order, Row("x", 2)),  # type: ignore[arg-type]
    (list[Order], [Order(1, 2.5)]),
    (Callable[[], int], len),
]
WRONG: list[tuple[Any, Any, str]] = [
    (int, "1", "int, but gave a str ('1')"),
    (int, None, "int, but gave None"),
    (int, True, "int, but gave a bool (True)"),
    (None, 3, "None, but gave an int (3)"),
    (Never, 3, "Never, but gave an int (3)"),
    (list[int], "abc", "list[int], but gave a str ('abc')"),
    (list[int], (1, 2), "list[int], but gave a tuple of 2 items"),
    (list[int], [1, "x"], "gave a list of 2 items: result[1] is a str ('x'), not int"),
    (list[int] | None, 3, "list[int] | None, but gave an int (3)"),
    (Sequence[str], "abc", "Sequence[str], but gave a str ('abc')"),
    (tuple[int, str], (1,), "tuple[int, str], but gave a tuple of 1 item"),
    (dict[str, float], {"a": "1"}, "result['a'] is a str ('1'), not float"),
    (Literal["a", "b"], "c", "but gave a str ('c')"),
    (Order, {"id": 1}, "Order, but gave a dict of 1 item"),
    (Order, Order("x", 2), "result.id is a str ('x'), not int"),  # type: ignore[arg-type]
    (list[Order], [Order(1, "x")], "result[0].total is a str ('x'), not float"),  # type: ignore[arg-type]
]


def gives(value: Any) -> Any:
    return value


async def gives_async(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def gives_success(value: Any) -> Any:
    return Success(value)


def load(declared: Any, fn: Any = gives, **more: Any) -> Task[Any, Any]:
    """A task that gives its input, and says that this has a type."""
    contract = changed(contract_of(fn, effect="pure", **more), output=declared)
    return changed(task(name="load")(fn), contract=contract)


def beside(w: Any) -> Any:
    """The same on a worker."""
    return par(w, identity) >> it[0]


WORLDS: dict[str, Callable[[Any, Any], Any]] = {
    "inline": lambda declared, value: run(load(declared), value),
    "in a Success": lambda declared, value: run(load(declared, gives_success), value),
    "in a thread": lambda declared, value: run(beside(load(declared)), value),
    "async": lambda declared, value: run(load(declared, gives_async), value),
    "async, beside others": lambda declared, value: run(beside(load(declared, gives_async)), value),
    "recorded": lambda declared, value: execute(load(declared), value, workers=1).result,
    "input watched": lambda declared, value: run(load(declared), value, watch_inputs=True),
}


def fault_of(outcome: Any) -> Any:
    return outcome.failure()


@pytest.mark.parametrize("world", WORLDS)
def test_a_task_that_gives_what_it_declares_succeeds(world: str) -> None:
    for declared, value in FITS:
        assert WORLDS[world](declared, value) in (Success(value), Success(value)), declared


@pytest.mark.parametrize("world", WORLDS)
def test_a_task_that_gives_something_else_has_failed_as_a_defect(world: str) -> None:
    for declared, value, said in WRONG:
        fault = fault_of(WORLDS[world](declared, value))
        assert isinstance(fault, Failed) and fault.tags[0] == "TypeError", declared
        assert "Defect" in fault.tags and fault.path.endswith("load")
        assert fault.message.startswith("load says that it gives ") and said in fault.message
        assert fault.message.endswith("; correct what it returns, or its annotation")
        assert fault.traceback is not None and fault.traceback.where is not None
        assert fault.traceback.where.file == __file__ and fault.traceback.lines == ()


@task(isolate=True, effect="pure")
def apart(value: Any) -> list[int]:
    return cast("list[int]", value)


def test_what_an_isolated_task_gives_is_looked_at_in_its_process() -> None:
    assert run(apart, [1]) == Success([1])
    fault = run(apart, ["x"]).failure()
    assert isinstance(fault, Failed) and "Defect" in fault.tags
    assert "result[0] is a str ('x'), not int" in fault.message


def test_it_is_not_retried_and_a_fallback_gets_the_input() -> None:
    calls: list[int] = []

    @task(config={})
    def load(n: int) -> list[int]:
        calls.append(n)
        return cast(Any, "abc")

    fault = run(named("daily", retry(load >> delay(seconds(0)), attempts=3)), 7).failure()
    assert calls == [7] and str(fault).startswith(
        "daily > load: TypeError: load says that it gives list[int], but gave a str ('abc')"
    )
    assert run(fallback(load, const([0])), 7) == Success([0])


def test_the_resources_of_the_task_see_it() -> None:
    seen: list[object] = []

    @contextmanager
    def opened() -> Iterator[None]:
        try:
            yield
        except TypeError as error:
            seen.append(error)
            raise

    @task
    def load(*, shop: Any) -> int:
        return cast(Any, "abc")

    fault = run(load, resources={"shop": opened}).failure()
    assert "Defect" in fault.tags and [str(error) for error in seen] == [cast(Any, fault).message]


def test_an_error_that_a_resource_swallows_leaves_nothing_and_that_must_be_declared() -> None:
    @contextmanager
    def swallowing() -> Iterator[None]:
        with suppress(ConnectionError):
            yield

    def failing(*, shop: Any) -> Any:
        raise ConnectionError

    one, other = load(None, failing), load(list[int], failing)
    assert run(one, resources={"shop": swallowing}) == Success(None)
    assert "but gave None" in str(run(other, resources={"shop": swallowing}).failure())


# Dry runs


@pytest.mark.parametrize("row", [(*row, "") for row in FITS] + WRONG, ids=str)
def test_what_a_scenario_s_function_gives_is_looked_at_alike_in_both_worlds(
    row: tuple[Any, Any, str],
) -> None:
    declared, value, said = row
    w, scenario, clock = load(declared), Scenario().task("load", gives_by=gives), VirtualClock()
    dry = dry_run(w, value, scenario=scenario).result
    assert execute(scripted(w, scenario, clock), value, clock=clock).result == dry
    if not said or declared is Never:  # nothing is known to stand for what never comes
        assert dry == Success(value)
    elif (declared, type(value)) in ((list[int], tuple), (Order, dict)):
        assert isinstance(dry, Success)  # plain data stand for objects, a tuple for a list
    else:
        assert isinstance(dry, Failure) and "Defect" in dry.failure().tags
        assert str(dry.failure()).startswith("load: TypeError: load says that it gives ")


def test_what_a_scenario_s_function_returns_is_taken_out_of_its_result() -> None:
    w, clock = load(int), VirtualClock()
    for by, outcome in ((gives_success, Success(3)), (fails, None)):
        scenario = Scenario().task("load", gives_by=by)
        dry = dry_run(w, 3, scenario=scenario).result
        assert dry == execute(scripted(w, scenario, clock), 3, clock=clock).result
        assert dry == outcome if outcome else fault_of(dry).tags == ("Lost",)


def fails(value: Any) -> Any:
    return Failure("Lost")


def test_an_output_of_a_scenario_that_doesn_t_fit_is_refused_before() -> None:
    with pytest.raises(ScenarioError, match="gives str of 3, but load gives list"):
        dry_run(load(list[int]), 1, scenario=Scenario().task("load", gives="abc"))


def test_an_unknown_passes() -> None:
    @task
    def orders(n: int) -> list[Order]: ...

    @task
    def total(orders: list[Order]) -> float: ...

    assert isinstance(dry_run(orders >> total, 1).result, Success)
    assert isinstance(dry_run(total, Unknown(list[Order], "orders")).result, Success)
    assert isinstance(dry_run(total, [Unknown(Order, "order")]).result, Success)


# Examples


def test_an_example_must_be_what_the_task_gives_or_stand_for_it() -> None:
    @task(example=[{"id": 1}])
    def orders() -> list[Order]: ...

    assert isinstance(dry_run(orders).result, Success)
    for example, said in (("abc", "it is str"), ([{"id": "x"}], r"it\[0\].id is str, not int")):
        with pytest.raises(TypeError, match=rf"@task: .*wrong gives list\[Order\].* {said}"):

            @task(example=example)
            def wrong() -> list[Order]: ...

    with pytest.raises(TypeError, match="can be read only once"):

        @task(example=iter([1]))
        def once() -> Iterator[int]: ...


# The input of a run


@task(effect="pure")
def count(n: int) -> int:
    return n


@task(effect="pure")
def name(text: str) -> str:
    return text


@task(effect="pure")
def add(left: int, right: int) -> int:
    return left + right


@task(effect="pure")
def ping() -> int:
    return 1


@graph
def alone(n: Any) -> Any:
    return count(n)


@graph
def two(n: Any, text: Any) -> Any:
    return count(n), name(text)


REFUSES: list[tuple[Any, Any, str]] = [
    (count, "x", "count: count takes int but is given a str ('x')"),
    (count, None, "count: count takes int but is given None"),
    (named("daily", count), "x", "daily: count takes int"),
    (named("daily", count >> count), "x", "daily > count: count takes int but is given a str"),
    (add, (1,), "add: add takes (left: int, right: int) but is given a tuple of 1 item"),
    (add, (1, "x"), "tuple of 2 items: input[1] is a str ('x'), not int"),
    (delay(seconds(1)) >> count, "x", "count: count takes int"),
    (par(identity, count), "x", "par > count: count takes int"),
    (always(count, then=ping), "x", "count: count takes int"),
    (retry(timeout(in_pool(count, "p"), seconds(1)), attempts=2), "x", "count takes int"),
    (with_params(count), "x", "count takes int"),
    (branch(it == 1, then=count, otherwise=count), "x", "count takes int"),
    (fallback(count, count), "x", "count takes int"),
    (map_each(count), 3, "map_each: map_each takes a list but is given an int (3)"),
    (map_each(count), "abc", "map_each takes a list but is given a str ('abc')"),
    (map_each(count), [1, "x"], "map_each > count: count takes int but is given a str ('x') as"),
    (map_each(map_each(count)), [[1], ["x"]], "as input[1][0]"),
    (alone, "x", "count: count takes int"),
    (two, ("x", "x"), "count takes int but is given a str ('x') as input[0]"),
]
TAKES: list[tuple[Any, Any]] = [
    (count, 1),
    (ping, "anything"),
    (pure(it), "anything"),
    (add, (1, 2)),
    (branch(it.present(), then=count, otherwise=const(0)), None),
    (branch(it == 1, then=count, otherwise=ping), None),
    (fallback(count, ping), None),
    (const("x") >> name, 3),
    (count >> count, 3),
    (map_each(count), (1, 2)),
    (map_each(count), []),
    (map_each(count, on_error="collect"), ["x"]),
    (map_each(fallback(count, ping)), [None]),
    (alone, 1),
    (two, (1, "x")),
]


@pytest.mark.parametrize("row", REFUSES, ids=lambda row: f"{row[0]!r}({row[1]!r})"[:70])
def test_an_input_that_can_t_be_taken_is_told_before_anything_runs(row: Any) -> None:
    w, value, said = row
    started: list[Any] = []
    fault = run(w, value, observe=started.append).failure()
    assert isinstance(fault, BadInput) and "Defect" in fault.tags and said in str(fault)
    assert not started
    assert dry_run(w, value).result == execute(w, value).result == Failure(fault)


@pytest.mark.parametrize("row", TAKES, ids=lambda row: f"{row[0]!r}({row[1]!r})"[:70])
def test_an_input_that_may_be_taken_is_given(row: Any) -> None:
    w, value = row
    outcome = execute(w, value).result
    assert not isinstance(outcome, Failure) or not isinstance(outcome.failure(), BadInput)


def test_what_is_wrong_with_the_input_is_told_with_all_else() -> None:
    @task
    def load(n: int, *, day: int) -> int: ...

    fault = run(load, "x").failure()
    assert "load takes int" in str(fault) and "'day' (int) is missing" in str(fault)


def test_a_fail_takes_anything() -> None:
    fault = run(fail("X"), "x").failure()
    assert fault.tags == ("X",)
