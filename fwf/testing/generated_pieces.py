"""The small things that generated workflows are made of: predicates, functions, waits, errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import product
from typing import Any, TypeAlias, TypeVar, cast

from hypothesis import strategies as st
from pyrsistent import pmap

from fwf.algebra.builder import It, apply, as_expr, it, literal, param
from fwf.algebra.nodes import Node, WithParams
from fwf.algebra.schedule import Schedule, backoff, delays, every
from fwf.algebra.workflow import Workflow
from fwf.combinators import pure
from fwf.durations import seconds
from fwf.testing import sample_tasks
from fwf.testing.sample_tasks import ERRORS, SHIFT, VALUES

A = TypeVar("A")
B = TypeVar("B")
Flow: TypeAlias = Workflow[int, int]
Strategy: TypeAlias = st.SearchStrategy[A]
UNFIT = it.missing > 1
"""A predicate that has no answer for any number."""


def lists_of(values: Sequence[A], *, least: int = 0, most: int) -> list[list[A]]:
    """All lists of so many of these values, short ones first."""
    sizes = range(least, most + 1)
    return [list(each) for size in sizes for each in product(values, repeat=size)]


def evenly(*kinds: Sequence[A]) -> Strategy[A]:
    """A value of any kind, each kind about as likely; a single choice, which is cheap."""
    longest = max(map(len, kinds))
    return st.sampled_from([each for kind in kinds for each in [*kind] * (longest // len(kind))])


@lru_cache
def durations(least: int = 0, most: int = 4) -> Strategy[timedelta]:
    """A whole number of seconds, few enough for ties and deadlines to happen."""
    return st.sampled_from([seconds(n) for n in range(least, most + 1)])


@lru_cache
def errors() -> Strategy[str]:
    """The tag of an error."""
    return st.sampled_from(ERRORS)


@lru_cache
def filters() -> Strategy[tuple[str, ...]]:
    """What `on=` takes: none, or tags; one of them is that of two errors' common base."""
    return st.sampled_from(
        [(), ("ConnectionError",), ("OSError",), ("KeyError", "Timeout"), ("Exhausted", "OSError")]
    )


@lru_cache
def predicates(*, unfit: bool = False) -> Strategy[It]:
    """A predicate on a number that always has an answer; with `unfit`, maybe not."""
    plain = st.one_of(
        st.sampled_from([it > n for n in range(VALUES)]),
        st.sampled_from([it == n for n in range(VALUES)]),
        st.sampled_from([literal(False), literal(True), it.missing.present()]),
        st.sampled_from(
            [param("flag", bool), param("amount", int) > 1, apply(sample_tasks.is_odd)]
        ),
    )
    total = st.one_of(
        plain,
        plain.map(_not),
        st.builds(_and, plain, plain),
        st.builds(_or, plain, plain),
    )
    return st.one_of(total, st.just(UNFIT)) if unfit else total


@lru_cache
def sure_predicates() -> Strategy[It]:
    """A predicate that has an answer for whatever comes in, as its form alone says."""
    plain = st.one_of(
        st.sampled_from([literal(False), literal(True), param("flag", bool)]),
        st.sampled_from([param("amount", int) > n for n in range(3)]),
        st.sampled_from([it.present(), it.is_in([None])]),
    )
    return st.one_of(plain, st.builds(_or, plain, plain.map(_not)))


@lru_cache
def numbers() -> Strategy[int]:
    """A number that workflows take."""
    return st.integers(0, VALUES - 1)


@lru_cache
def functions() -> Strategy[It]:
    """An expression that gives a number for every number."""
    return st.one_of(
        st.just(it),
        st.sampled_from([literal(n) for n in range(VALUES)]),
        st.sampled_from([it + n for n in range(1, 4)]),
        st.sampled_from([apply(each) for each in SHIFT]),
        st.just(it * 2 + param("amount", int)),
    )


@lru_cache
def functions_of_values() -> Strategy[It]:
    """An expression that gives a number for every number, and reads no parameters."""
    applied = [apply(each) for each in SHIFT]
    return st.sampled_from([it, *applied, *(it + n for n in range(1, 4)), literal(2)])


@lru_cache
def sure_functions() -> Strategy[It]:
    """An expression that has a value for whatever comes in, as its form alone says."""
    constants = st.sampled_from([literal(n) for n in range(VALUES)])
    return st.one_of(st.just(it), constants, st.just(param("amount", int)))


@lru_cache
def pures() -> Strategy[Flow]:
    """A pure workflow that can't fail."""
    return functions().map(cast("Callable[[It], Flow]", pure))


@lru_cache
def words(most: int = 3) -> Strategy[Schedule]:
    """A finite schedule, written out."""
    each = lists_of([seconds(n) for n in range(5)], most=most)
    return st.sampled_from([delays(*word) for word in each])


@lru_cache
def schedules(*, drawn: bool = False) -> Strategy[Schedule]:
    """A schedule of any kind.

    drawn: whether jitter is drawn in every other one. That depends on the place, so no equation
        that moves a part holds then; without, its factor is known.
    """
    plain: Strategy[Any] = st.one_of(
        durations().map(every),
        words(),
        durations(1, 2).map(lambda first: backoff(first, cap=seconds(3))),
    )
    steady = st.sampled_from([(0.5, 0.5), (2.0, 2.0)])
    kinds = st.one_of(
        plain,
        st.builds(_longer, plain, plain),
        st.builds(_shorter, plain, plain),
        st.builds(_chained, words(), plain, durations()),
        st.builds(_nested, words(1), words(1)),
        st.builds(_few, plain, st.integers(0, 2)),
        st.builds(_within, plain, durations()),
        st.builds(_shaken, plain, st.integers(0, 9), steady),
    )
    if not drawn:
        return kinds
    bounds = st.sampled_from([(0.5, 1.0), (0.0, 2.0)])
    ways = [kinds, st.builds(_shaken, kinds, st.integers(0, 9), bounds)]
    return st.sampled_from(ways).flatmap(_itself)


def _and(p: It, q: It) -> It:
    return p & q


def _or(p: It, q: It) -> It:
    return p | q


def _not(p: It) -> It:
    return ~p


def _itself(one: Strategy[Schedule]) -> Strategy[Schedule]:
    return one


def _longer(s: Schedule, t: Schedule) -> Schedule:
    return s & t


def _shorter(s: Schedule, t: Schedule) -> Schedule:
    return s | t


def _chained(s: Schedule, t: Schedule, gap: timedelta) -> Schedule:
    return s.then(t, gap=gap)


def _nested(outer: Schedule, inner: Schedule) -> Schedule:
    return outer.nest(inner)


def _few(s: Schedule, n: int) -> Schedule:
    return s.times(n)


def _within(s: Schedule, total: timedelta) -> Schedule:
    return s.within(total)


def _shaken(s: Schedule, seed: int, bounds: tuple[float, float]) -> Schedule:
    return s.jitter(seed, *bounds)


@lru_cache
def params() -> Strategy[dict[str, object]]:
    """Values of the parameters that generated workflows take."""
    flags = (False, True)
    return st.sampled_from([{"amount": n, "flag": flag} for n in range(4) for flag in flags])


@lru_cache
def bindings() -> Strategy[dict[str, object]]:
    """What `with_params` binds: some of these parameters."""
    amounts: list[dict[str, object]] = [{"amount": n} for n in range(4)]
    flags: list[dict[str, object]] = [{"flag": flag} for flag in (False, True)]
    return evenly([{}], flags, amounts, [{**one, **other} for one in amounts for other in flags])


@lru_cache
def outer() -> Strategy[dict[str, object]]:
    """What `with_params` binds without a look at what comes in."""
    amounts = [_amount(param("amount", int) + n) for n in range(3)]
    return bindings() | st.sampled_from([_flag(param("amount", int) > 1), *amounts])


@lru_cache
def computed() -> Strategy[dict[str, object]]:
    """What `with_params` binds to plain values, and to expressions that always have one."""
    amounts = st.builds(_amount, functions())
    flags = st.builds(_flag, predicates())
    return st.one_of(bindings(), amounts, flags, st.builds(_and_also, amounts, flags))


def _amount(f: It) -> dict[str, object]:
    return {"amount": f}


def _flag(p: It) -> dict[str, object]:
    return {"flag": p}


def _and_also(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    return {**one, **other}


def local(w: Workflow[A, B], /, **bindings_: object) -> Workflow[A, B]:
    """`with_params(w, …)`, also of names that nothing inside takes, as laws bind them."""
    if not bindings_:
        return w
    params = pmap({name: as_expr(value) for name, value in bindings_.items()})
    return WithParams(cast("Node", w), params, pmap({}))


def renaming(w: Workflow[A, B], /, **resources: str) -> Workflow[A, B]:
    """`using(w, …)`, also of names that nothing inside takes."""
    return WithParams(cast("Node", w), pmap({}), pmap(resources))


@lru_cache
def tests_of_values() -> Strategy[It]:
    """A total predicate that reads no parameters."""
    return st.one_of(
        st.sampled_from([it > n for n in range(4)]), st.just(apply(sample_tasks.is_odd))
    )
