"""What can be read only once goes from no part of a workflow to another."""

import asyncio
import csv
import functools
import io
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any
from unittest.mock import MagicMock

import pytest
from returns.result import Failure, Success

from fwf import (
    Scenario,
    branch,
    const,
    dry_run,
    fallback,
    identity,
    map_each,
    par,
    param,
    pick,
    pure,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.faults import Failed
from fwf.types.single_use import FREE, read_once


def generated() -> Iterator[int]:
    yield 1


async def awaitable() -> int:
    return 1


async def streamed() -> Any:
    yield 1


@functools.wraps(generated)
def wrapped() -> Any:
    return generated()


DATABASE = sqlite3.connect(":memory:", check_same_thread=False)


class Pending:
    def __await__(self) -> Any:
        yield


ONCE: dict[str, tuple[Callable[[], Any], str]] = {
    "generator": (generated, "a generator, which can be read only once: collect it into a list"),
    "wrapped": (wrapped, "a generator"),
    "expression": (lambda: (n for n in [1]), "a generator"),
    "map": (lambda: map(str, [1]), "a map, which can be read only once: collect it into a list"),
    "zip": (lambda: zip([1], [2], strict=True), "a zip"),
    "filter": (lambda: filter(None, [1]), "a filter"),
    "iterator": (lambda: iter([1]), "a list_iterator"),
    "reversed": (lambda: reversed([1]), "a list_reverseiterator"),
    "enumerate": (lambda: enumerate([1]), "an enumerate"),
    "chain": (lambda: chain([1], [2]), "a chain"),
    "file": (lambda: io.StringIO("a"), "a StringIO"),
    "closed": (lambda: closed(io.StringIO("a")), "a StringIO"),
    "csv": (lambda: csv.reader(["a,b"]), "a reader"),
    "cursor": (lambda: DATABASE.execute("select 1"), "a Cursor"),
    "coroutine": (awaitable, "a coroutine, which nobody awaits: write async def, and await it"),
    "async": (streamed, "an async generator, which can be read only once"),
    "pending": (Pending, "a Pending, which nobody awaits"),
    "in a tuple": (lambda: ("header", map(str, [1])), "a map, which can be read only once"),
}
AGAIN: list[Any] = [
    None, 1, "ab", [1], (1, [2]), {"a": 1}, {1}, range(3), deque([1]), {"a": 1}.keys(), object(),
    generated, int, MagicMock(),
]  # fmt: skip


def closed(file: Any) -> Any:
    file.close()
    return file


@pytest.fixture(params=ONCE)
def once(request: pytest.FixtureRequest) -> Any:
    return ONCE[request.param]


def test_what_can_be_read_again_is_let_through() -> None:
    assert [read_once(each) for each in AGAIN] == [""] * len(AGAIN)
    assert all(not hasattr(cls, "__next__") and not hasattr(cls, "__await__") for cls in FREE)


KINDS = ["def", "async def", "Success", "async Success"]
PLACES: dict[str, Callable[[Any], Any]] = {
    "alone": lambda w: w,
    "chain": lambda w: w >> par(identity, identity),
    "par": lambda w: par(w, identity),
    "retry": lambda w: retry(w, attempts=3),
    "timeout": lambda w: timeout(w, seconds(60)),
}


def making(make: Callable[[], Any], kind: str, calls: list[int]) -> Any:
    def given() -> Any:
        calls.append(1)
        return Success(make()) if "Success" in kind else make()

    async def later() -> Any:
        return given()

    def load() -> Any:
        return given()

    decorated = task(effect="pure", name="load", config={})
    return decorated(later if "async" in kind else load)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_result_that_can_be_read_once_is_a_defect_of_its_task(
    once: Any, kind: str, place: str
) -> None:
    make, said = once
    calls: list[int] = []
    fault: Any = run(PLACES[place](making(make, kind, calls))).failure()
    assert isinstance(fault, Failed) and fault.path.endswith("load")
    assert fault.tags[0] == "TypeError" and "Defect" in fault.tags
    assert f"its result is {said}" in fault.message
    assert len(calls) == 1  # a defect isn't tried again


@task(isolate=True, effect="pure")
def apart() -> Any:
    return map(str, [1])


def test_a_result_that_can_be_read_once_does_not_leave_an_isolated_task() -> None:
    fault: Any = run(apart).failure()
    assert fault.path == "apart" and "its result is a map" in fault.message


def test_what_fails_so_is_caught_as_any_defect() -> None:
    w = fallback(making(generated, "def", []), const([1]), on="Defect")
    assert run(w).unwrap() == [1]


@pytest.mark.parametrize("kind", ["input", "untyped", "param"])
def test_a_value_that_can_be_read_once_is_not_run_with(once: Any, kind: str) -> None:
    make, said = once

    @task(effect="pure")
    def untyped(*, rows) -> Any:  # type: ignore[no-untyped-def]
        return rows

    flows = {"input": identity, "untyped": untyped, "param": pure(param("rows"))}
    for interpreter in (run, dry_run):
        given: Any = ((make(),), {}) if kind == "input" else ((), {"params": {"rows": make()}})
        ended: Any = interpreter(flows[kind], *given[0], **given[1])
        fault = ended.failure() if interpreter is run else ended.result
        assert said in str(fault) and ("the input is" in str(fault)) == (kind == "input")


def test_a_definition_and_a_scenario_hold_nothing_that_can_be_read_once(once: Any) -> None:
    make, said = once
    for misuse in (
        lambda: const(make()),
        lambda: with_params(identity, rows=[make()]),
        lambda: Scenario().task("a", gives=make()),
        lambda: Scenario().task("a", gives_each=[[1], make()]),
    ):
        with pytest.raises(TypeError, match=re.escape(said)):
            misuse()


def rows(n: Any) -> Any:
    return map(str, [n])


def test_a_function_in_an_expression_gives_nothing_that_can_be_read_once() -> None:
    flows = (pure(rows), pick(0) >> pure(rows), branch(rows, then=identity, otherwise=identity))
    for w in (*flows, map_each(identity, key=rows)):
        for interpreter in (run, dry_run):
            ended: Any = interpreter(w, [1])
            fault = ended.failure() if interpreter is run else ended.result
            assert "rows gives a map, which can be read only once" in str(fault)


def test_a_task_with_a_yield_is_refused_where_it_is_decorated() -> None:
    def load() -> Any:
        yield 1

    async def stream() -> Any:
        yield 1

    async def nested() -> Any:
        return [n async for n in streamed()]

    for generator in (load, stream):
        for decorate in (task, task(effect="read"), task(isolate=True)):
            with pytest.raises(
                TypeError, match=r"has a yield in its body, .*: collect them into a"
            ):
                decorate(generator)
    assert run(task(nested)).unwrap() == [1]
    with pytest.raises(TypeError, match="is not a plain function"):
        task(functools.partial(load))


def test_a_failure_is_still_a_failure() -> None:
    @task(effect="pure")
    def fails() -> Any:
        return Failure("Odd")

    fault: Any = run(fails).failure()
    assert fault.tags == ("Odd",)


def test_a_coroutine_that_nobody_awaits_is_closed() -> None:
    made = awaitable()
    assert read_once(made)
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        asyncio.run(made)
