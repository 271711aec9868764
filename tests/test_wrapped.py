"""Functions under decorators are tasks by what they wrap; what isn't a function is refused."""

import asyncio
import functools
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from fwf import Task, check, load, par, plan, registry, run, task
from fwf.algebra.wrapped import chain, same_functions
from tests.samples import orders

CALLS: list[str] = []


def counted(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def counting(*args: Any, **kwargs: Any) -> Any:
        CALLS.append(fn.__name__)
        return fn(*args, **kwargs)

    return counting


def times(n: int) -> Callable[[Any], Any]:
    def decorate(fn: Any) -> Any:
        @functools.wraps(fn)
        def repeating(*args: Any, **kwargs: Any) -> Any:
            return [fn(*args, **kwargs) for _ in range(n)]

        return repeating

    return decorate


def blocking(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        return asyncio.run(fn(*args, **kwargs))

    return waiting


def awaiting(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    async def later(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return later


@task(effect="pure")
@counted
@counted
def double(n: int, *, by: int = 2) -> int:
    return n * by


@task(effect="read", isolate=True)
@counted
def isolated(n: int) -> int:
    return n + 1


def test_a_wrapped_function_is_a_task_by_what_it_wraps_in_the_end() -> None:
    CALLS.clear()
    contract = double.contract
    assert [(each.name, each.type) for each in contract.inputs] == [("n", int)]
    assert [(each.name, each.type, each.default) for each in contract.injected] == [("by", int, 2)]
    assert contract.output is int and repr(double) == "double"
    assert double.place.startswith("test_wrapped.py:")
    assert run(double, 3, params={"by": 5}).unwrap() == 15 and CALLS == ["double", "double"]
    assert pickle.loads(pickle.dumps(double)) is double
    assert load(plan(double), registry(double)).unwrap() is double
    assert run(isolated, 1).unwrap() == 2


def test_the_place_of_a_wrapped_task_is_that_of_the_function_and_not_of_the_decorator() -> None:
    line = int(double.place.partition(":")[2])
    *_, inner = chain(double.fn)
    assert line == inner.__code__.co_firstlineno != double.fn.__code__.co_firstlineno


def test_the_outermost_function_says_what_is_awaited() -> None:
    @task
    @blocking
    async def sync_outside(n: int) -> int:
        return n

    @task
    @awaiting
    def async_outside(n: int) -> int:
        return n

    @task
    @counted
    async def forgotten(n: int) -> int:
        return n

    assert not sync_outside.contract.is_async and async_outside.contract.is_async
    assert run(sync_outside, 1).unwrap() == run(async_outside, 1).unwrap() == 1
    told = str(run(forgotten, 1).failure())
    assert "its result is a coroutine, which nobody awaits: write async def" in told


def test_a_wrapper_that_is_marked_as_a_coroutine_function_is_awaited() -> None:
    @counted
    async def marked(n: int) -> int:
        return n

    marked._is_coroutine_mark = object()  # type: ignore[attr-defined]  # as inspect's marker does
    assert task(marked).contract.is_async and run(task(marked), 4).unwrap() == 4


def test_a_decorator_is_part_of_the_body_and_a_closure_below_it_still_needs_config() -> None:
    table = "orders"

    @counted
    def read() -> str:
        return table

    with pytest.raises(TypeError, match="read is a closure, so its name doesn't say what it does"):
        task(read)
    assert run(task(config={"table": table})(read)).unwrap() == "orders"
    with pytest.raises(TypeError, match="a lambda has no name"):
        task(counted(lambda: 1))


def test_two_decorations_of_one_name_are_two_functions() -> None:
    def made(n: int) -> Task[Any, Any]:
        @task
        @times(n)
        def same() -> int:
            return 1

        return same

    once, twice = made(1), made(2)
    assert once == twice and same_functions(once.fn, made(1).fn)
    assert [each.rule for each in check(par(once, twice)) if each.rule == "two-functions"]
    assert not [each for each in check(par(once, made(1))) if each.rule == "two-functions"]
    with pytest.raises(ValueError, match="is two functions"):
        registry(par(once, twice))


def test_functions_under_one_decorator_are_told_apart() -> None:
    @task(name="same")
    @counted
    def one() -> int:
        return 1

    @task(name="same")
    @counted
    def two() -> int:
        return 2

    assert "two-functions" in [each.rule for each in check(par(one, two))]


def narrow(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def narrowing(n: Any) -> Any:
        return fn(n, by=3)

    return narrowing


def anonymous(fn: Callable[..., Any]) -> Callable[..., Any]:
    def nobody(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    nobody.__wrapped__ = fn  # type: ignore[attr-defined]
    return nobody


def needing(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def needs_more(*args: Any, level: int, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return needs_more


def plain(n: int, *, by: int = 2) -> int:
    return n * by


def circle() -> Any:
    def one(n: int) -> int:
        return n

    one.__wrapped__ = one  # type: ignore[attr-defined]
    return one


class Service:
    def __init__(self, password: str) -> None:
        self.password = password

    def fetch(self, n: int) -> int:
        return n

    def __call__(self, n: int) -> int:
        return n


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (functools.partial(plain, by=3), "a partial of plain"),
        (functools.partial(Service("hunter2").fetch, 3), "a partial of Service.fetch"),
        (functools.partialmethod(plain, 3), "a partialmethod of plain"),
        (Service("hunter2").fetch, "the method Service.fetch of an object"),
        (Service("hunter2"), "a Service"),
        (Service, "the class Service"),
        (len, "the built-in len"),
        ([].append, "the built-in list.append"),
        (str.upper, "a method_descriptor"),
        (operator.attrgetter("x"), "an attrgetter"),
        (functools.lru_cache(plain), "a _lru_cache_wrapper of plain"),
        (counted(functools.lru_cache(plain)), "a _lru_cache_wrapper of plain"),
        (staticmethod(plain), "a staticmethod of plain"),
    ],
)
def test_what_is_no_function_is_refused_with_one_message(thing: Any, said: str) -> None:
    with pytest.raises(TypeError) as refused:
        task(thing)
    assert str(refused.value) == (
        f"@task: {said} is not a plain function; a task is written with def: write one that calls "
        "it, and take what it holds as parameters after *, or as config= of the function that "
        "makes the task"
    )


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (narrow(plain), r"plain is wrapped in narrowing, which isn't called with the same .* 'by'"),
        (needing(plain), "plain is wrapped in needs_more, .* by 'level'"),
        (anonymous(plain), r"wraps plain under another name, .*@functools.wraps\(…\) above nobody"),
        (circle(), "one wraps itself"),
    ],
)
def test_a_wrapper_through_which_the_call_cannot_go_is_refused(function: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        task(function)


def test_a_task_is_not_one_twice_under_a_decorator() -> None:
    with pytest.raises(TypeError):
        task(counted(orders))
