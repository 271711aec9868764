"""A function is taken where its name says what it does, and refused where it doesn't."""

import functools
import json
import math
import operator
import pickle
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from typing import Any

import pytest

from fwf import (
    Scenario,
    apply,
    branch,
    const,
    definition_id,
    identity,
    it,
    keep_input,
    load,
    loop_until,
    map_each,
    plan,
    poll,
    pure,
    recover,
    registry,
    run,
    seconds,
    switch,
    when,
)
from tests.samples import is_big, ping


class K:
    def __init__(self, least: int) -> None:
        self.least = least

    def big(self, n: int) -> bool:
        return n > self.least

    def __call__(self, n: int) -> bool:
        return n > self.least

    @classmethod
    def make(cls, n: int) -> "K":
        return cls(n)

    @staticmethod
    def odd(n: int) -> bool:
        return n % 2 == 1


class Heir(K): ...


@functools.lru_cache
def cached(n: int) -> bool:
    return n > 3


def plain_decorator(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def inner(n: Any) -> Any:
        return fn(n)

    return inner


@plain_decorator
def decorated(n: int) -> bool:
    return n > 3


def with_default(n: int, least: int = 3) -> bool:
    return n > least


def made(limit: int) -> Callable[[int], bool]:
    def over(n: int, least: int = limit) -> bool:
        return n > least

    return over


def made_by_keyword(limit: int) -> Callable[[int], bool]:
    def over(n: int, *, least: int = limit) -> bool:
        return n > least

    return over


def yields(n: int) -> Iterator[int]:
    yield n


async def waits(n: int) -> bool:
    return n > 3


async def streams(n: int) -> AsyncIterator[int]:
    yield n


def again(n: int) -> bool:
    return n > 3


first = again


def again(n: int) -> bool:  # type: ignore[no-redef]
    return n > 4


REFUSED: list[tuple[Any, str]] = [
    (K(1).big, "is a method of an object, so its name doesn't say what it does; define a function"),
    ({"a": 5}.get, "dict.get is a method of an object"),
    ([1].count, "list.count is a method of an object"),
    (Heir.make, "K.make is a method of an object"),
    (K(1), "holds state, so its name doesn't say what it does; define a function at the top"),
    (functools.partial(is_big), "holds state"),
    (functools.update_wrapper(functools.partial(with_default, least=5), with_default), "holds st"),
    (functools.lru_cache(is_big), "is_big holds state"),
    (operator.itemgetter("a"), "holds state"),
    (plain_decorator(is_big), "is_big is a closure"),
    (made(5), "over is made in another function and has defaults, so its name doesn't say what"),
    (made_by_keyword(5), "is made in another function and has defaults"),
    (first, "again has been defined anew, so its name doesn't say"),
    (int, "<class 'int'> is not an expression, a workflow or a function; write a function that"),
    (K, "is not an expression, a workflow or a function; write a function that calls it"),
    (yields, "yields is a generator; write a def that returns the value"),
    (streams, "streams is a generator"),
    (waits, "waits is async def; write a def that returns the value"),
    (it.rows.present, "; call it: write it.rows.present()"),
    (it.rows.or_else, "; call it: write it.rows.or_else(…)"),
    (it.length, "; call it: write it.length()"),
]
ACCEPTORS: dict[str, Callable[[Any], Any]] = {
    "pure": pure,
    "apply": apply,
    "branch": lambda f: branch(f, then=identity, otherwise=identity),
    "when": lambda f: when(f, const(1)),
    "key": lambda f: map_each(identity, key=f),
    "loop_until": lambda f: loop_until(identity, f, limit=2),
    "poll": lambda f: poll(identity, f, every=seconds(1), limit=2),
    "switch": lambda f: switch(f, {True: const(1)}, otherwise=const(0)),
    "gives_by": lambda f: Scenario().task("a", gives_by=f),
    "takes": lambda f: Scenario().task("a", takes=f),
    "registry": registry,
}


@pytest.mark.parametrize("where", ACCEPTORS)
@pytest.mark.parametrize(("function", "message"), REFUSED)
def test_a_function_that_holds_what_its_name_does_not_say_is_refused(
    where: str, function: Any, message: str
) -> None:
    if where == "registry" and isinstance(function, type):
        return  # a class is something else there: a type
    with pytest.raises(TypeError, match=re.escape(message)):
        ACCEPTORS[where](function)


@pytest.mark.parametrize("where", ["apply", "key", "gives_by", "takes", "pure"])
def test_a_definition_is_no_function_though_it_is_called_in_graphs(where: str) -> None:
    with pytest.raises(TypeError, match=r"ping is a workflow; a function with def goes here"):
        ACCEPTORS[where](ping)
    if where in ("apply", "gives_by", "takes"):
        with pytest.raises(TypeError, match=r"it\.n is an expression; a function with def goes he"):
            ACCEPTORS[where](it.n)


def no_value() -> bool:
    return True


def two_values(n: int, m: int) -> bool:
    return n > m


def two_or_none(n: int = 1, m: int = 2) -> bool:
    return n > m


def any_values(*ns: int) -> bool:
    return bool(ns)


def by_name(n: int, *, least: int) -> bool:
    return n > least


def by_name_or_not(n: int, /, *, least: int = 3) -> bool:
    return n > least


@pytest.mark.parametrize("where", sorted(set(ACCEPTORS) - {"gives_by", "takes", "registry"}))
def test_a_function_that_does_not_take_one_value_is_refused(where: str) -> None:
    for function, said in (
        (no_value, "no_value takes 0 arguments, but is called on one value: let it take the tup"),
        (two_values, "two_values takes 2 arguments, but is called on one value"),
        (K.big, "K.big takes 2 arguments"),
        (by_name, "nothing gives it 'least': write an expression with param('least'), or a task"),
    ):
        with pytest.raises(TypeError, match=re.escape(said)):
            ACCEPTORS[where](function)
    for one in (two_or_none, any_values, by_name_or_not):
        assert ACCEPTORS[where](one) is not None


TAKEN: list[tuple[Any, Any, Any]] = [
    (is_big, 200, True),
    (len, "abc", 3),
    (math.sqrt, 4, 2.0),
    (operator.neg, 4, -4),
    (json.loads, "[1]", [1]),
    (K.odd, 3, True),
    (cached, 4, True),
    (decorated, 4, True),
    (with_default, 4, True),
    (str.upper, "a", "A"),
    (date.fromisoformat, "2026-07-15", date(2026, 7, 15)),
    (dict.fromkeys, "a", {"a": None}),
]


@pytest.mark.parametrize(("function", "value", "result"), TAKEN)
def test_what_is_found_by_its_name_is_taken_and_comes_back_from_a_plan(
    function: Any, value: Any, result: Any
) -> None:
    w = pure(function)
    assert run(w, value).unwrap() == result
    again = load(plan(w), registry(w)).unwrap()
    assert again == w and run(again, value).unwrap() == result
    assert load(plan(w)).unwrap() == w and definition_id(w) == definition_id(again)
    assert pickle.loads(pickle.dumps(w)) == w
    assert registry(function).functions == registry(w).functions


def test_functions_of_one_name_in_two_classes_differ() -> None:
    assert pure(K.make) != pure(K.odd)
    assert pure(str.upper) != pure(str.lower)


def test_a_function_made_in_another_is_known_by_its_name_if_it_holds_nothing() -> None:
    def local(n: int) -> bool:
        return n > 3

    assert run(pure(local), 4).unwrap() is True


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: const(it.rows.present),
        lambda: it.n == it.rows.length,
        lambda: const(1) >> it.rows.length,
        lambda: recover(const(1), it.rows.present),
        lambda: keep_input(it.rows.present),  # type: ignore[arg-type]
    ],
)
def test_a_method_of_an_expression_that_is_not_called_is_told_how(misuse: Any) -> None:
    with pytest.raises(TypeError, match=r"call it: write it\.rows\.(present|length)\(\)"):
        misuse()
