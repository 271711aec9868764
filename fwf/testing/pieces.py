"""The small things that generated workflows are made of: predicates, functions, waits, errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, cast

from hypothesis import strategies as st

from fwf.algebra.builder import It, apply, it, literal, param
from fwf.algebra.schedule import Schedule, backoff, delays, every, seconds
from fwf.algebra.workflow import Workflow
from fwf.combinators import pure
from fwf.testing import tasks
from fwf.testing.tasks import ERRORS, SHIFT, VALUES

A = TypeVar("A")
Flow: TypeAlias = Workflow[int, int]
Strategy: TypeAlias = st.SearchStrategy[A]
UNFIT = it.missing > 1
"""A predicate that has no answer for any number."""


def durations(least: int = 0, most: int = 4) -> Strategy[timedelta]:
    """A whole number of seconds, few enough for ties and deadlines to happen."""
    return st.integers(least, most).map(seconds)


def errors() -> Strategy[str]:
    """The tag of an error."""
    return st.sampled_from(ERRORS)


def filters() -> Strategy[tuple[str, ...]]:
    """What `on=` takes: none, or tags; one of them is that of two errors' common base."""
    return st.sampled_from(
        [(), ("ConnectionError",), ("OSError",), ("KeyError", "Timeout"), ("Exhausted", "OSError")]
    )


def predicates(*, unfit: bool = False) -> Strategy[It]:
    """A predicate on a number that always has an answer; with `unfit`, maybe not."""
    plain = st.one_of(
        st.integers(0, VALUES - 1).map(lambda n: it > n),
        st.integers(0, VALUES - 1).map(lambda n: it == n),
        st.booleans().map(literal),
        st.just(param("flag", bool)),
        st.just(param("amount", int) > 1),
        st.just(apply(tasks.is_odd)),
    )
    total = st.one_of(
        plain,
        plain.map(_not),
        st.builds(_and, plain, plain),
        st.builds(_or, plain, plain),
    )
    return st.one_of(total, st.just(UNFIT)) if unfit else total


def sure_predicates() -> Strategy[It]:
    """A predicate that has an answer for whatever comes in, as its form alone says."""
    plain = st.one_of(
        st.booleans().map(literal),
        st.just(param("flag", bool)),
        st.integers(0, 2).map(lambda n: param("amount", int) > n),
        st.sampled_from([it.present(), it.missing.present()]),
    )
    return st.one_of(plain, st.builds(_or, plain, plain.map(_not)))


def numbers() -> Strategy[int]:
    """A number that workflows take."""
    return st.integers(0, VALUES - 1)


def functions() -> Strategy[It]:
    """An expression that gives a number for every number."""
    return st.one_of(
        st.just(it),
        st.integers(0, VALUES - 1).map(literal),
        st.integers(1, 3).map(lambda n: it + n),
        st.sampled_from([apply(each) for each in SHIFT]),
        st.just(it * 2 + param("amount", int)),
    )


def sure_functions() -> Strategy[It]:
    """An expression that has a value for whatever comes in, as its form alone says."""
    return st.one_of(
        st.just(it), st.integers(0, VALUES - 1).map(literal), st.just(param("amount", int))
    )


def pures() -> Strategy[Flow]:
    """A pure workflow that can't fail."""
    return functions().map(cast("Callable[[It], Flow]", pure))


def words(most: int = 3) -> Strategy[Schedule]:
    """A finite schedule, written out."""
    return st.lists(durations(), max_size=most).map(lambda each: delays(*each))


@lru_cache
def schedules() -> Strategy[Schedule]:
    """A schedule of any kind."""
    plain: Strategy[Any] = st.one_of(
        durations().map(every),
        words(),
        durations(1, 2).map(lambda first: backoff(first, cap=seconds(3))),
    )
    return st.one_of(
        plain,
        st.builds(_longer, plain, plain),
        st.builds(_shorter, plain, plain),
        st.builds(_chained, words(), plain, durations()),
        st.builds(_nested, words(1), words(1)),
        st.builds(_few, plain, st.integers(0, 2)),
        st.builds(_within, plain, durations()),
        st.builds(_shaken, plain, st.integers(0, 9)),
    )


def _and(p: It, q: It) -> It:
    return p & q


def _or(p: It, q: It) -> It:
    return p | q


def _not(p: It) -> It:
    return ~p


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


def _shaken(s: Schedule, seed: int) -> Schedule:
    return s.jitter(seed)


def params() -> Strategy[dict[str, object]]:
    """Values of the parameters that generated workflows take."""
    return st.fixed_dictionaries({"amount": st.integers(0, 3), "flag": st.booleans()})


def bindings() -> Strategy[dict[str, object]]:
    """What `with_params` binds: some of these parameters."""
    return st.fixed_dictionaries({}, optional={"amount": st.integers(0, 3), "flag": st.booleans()})


def tests_of_values() -> Strategy[It]:
    """A total predicate that reads no parameters."""
    return st.one_of(st.integers(0, 3).map(lambda n: it > n), st.just(apply(tasks.is_odd)))
