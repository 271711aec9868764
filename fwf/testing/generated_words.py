"""Generated workflows of the words that stand for compositions: `poll`, `switch`, `recover`, …"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

from hypothesis import strategies as st

from fwf.algebra.builder import It, it
from fwf.algebra.nodes import Node, OnLimit
from fwf.algebra.workflow import Workflow
from fwf.combinators import branch, loop_until, pure
from fwf.derived import (
    bracket,
    cached,
    join,
    keep_input,
    optional,
    paginate,
    poll,
    recover,
    recursive,
    switch,
    when,
)
from fwf.derived.caching import is_cacheable
from fwf.testing import sample_tasks
from fwf.testing.generated_pieces import (
    Flow,
    Strategy,
    durations,
    filters,
    predicates,
    tests_of_values,
)


def extensions(
    small: Strategy[Flow], other: Strategy[Flow], without: Collection[str], *, alone: bool
) -> list[Strategy[Flow]]:
    """A workflow of each word, from a number to a number, whose meaning has none of the parts.

    alone: no task may stand in it but those of the parts.
    """
    test, few, ends = tests_in(without), st.integers(1, 3), st.sampled_from(["fail", "stop"])
    words: list[Any] = [
        st.builds(_when, test, small),
        st.builds(_switch, small, other),
        st.builds(_decided, small, other),
        st.builds(_recover, small, filters()),
        st.builds(_optional, small, filters()),
        st.builds(_keep_input, small),
    ]
    if not alone:
        words += [st.builds(_join, small, other), st.builds(_cached, small)]
    if not alone:
        words.append(st.builds(_moved_by, small))
    if "always" not in without:
        words.append(st.builds(_bracket, small, other))
    if "loop_until" not in without:
        maybe = st.none() | durations()
        words.append(st.builds(_decided_loop, small, other, few, maybe, ends))
        words.append(st.builds(_paginate, small, few, maybe, ends, ends, filters()))
        words.append(st.builds(_recursive, test, small, other, few))
        if "delay" not in without:
            words.append(st.builds(_poll, small, test, durations(), few, maybe, ends))
    return words


def tests_in(without: Collection[str]) -> Strategy[It]:
    """A predicate on a number, of what may stand in it."""
    if "param" in without:
        return tests_of_values()
    return predicates(unfit="unfit" not in without)


def _when(p: It, w: Flow) -> Flow:
    return when(p, w)


def _switch(a: Flow, b: Flow) -> Flow:
    return switch(it, {1: a, 2: b, 3: a}, otherwise=b)


def _decided(a: Flow, b: Flow) -> Flow:
    return branch(a >> pure(sample_tasks.is_odd), then=b, otherwise=a)


def _recover(w: Flow, on: tuple[str, ...]) -> Flow:
    return recover(w, 0, on=on)


def _optional(w: Flow, on: tuple[str, ...]) -> Flow:
    return optional(w, on=on) >> _applied(sample_tasks.number)


def _keep_input(w: Flow) -> Flow:
    return keep_input(w) >> _applied(sample_tasks.total)


def _join(a: Flow, b: Flow) -> Flow:
    return join(sample_tasks.add, left=a, right=b)


def _cached(w: Flow) -> Flow:
    """What can be cached; before others something that can."""
    return cached(w) if is_cacheable(cast(Node, w)) else cached(sample_tasks.b) >> w


def _moved_by(w: Flow) -> Flow:
    return sample_tasks.seen.moved_by(w, to=it)


def _bracket(a: Flow, b: Flow) -> Flow:
    total: Any = pure(sample_tasks.total)
    return bracket(a, total >> b, total >> a)


def _decided_loop(a: Flow, b: Flow, n: int, within: timedelta | None, end: OnLimit) -> Flow:
    return loop_until(a, b >> pure(sample_tasks.is_odd), limit=n, within=within, on_limit=end)


def _paginate(
    w: Flow, n: int, within: timedelta | None, end: OnLimit, fails: OnLimit, on: tuple[str, ...]
) -> Flow:
    fetch: Any = pure(sample_tasks.number) >> w >> pure(sample_tasks.page)
    pages: Any = paginate(fetch, limit=n, within=within, on_limit=end, on_error=fails, on=on)
    total: Flow = pages >> _applied(sample_tasks.total_of_pages)
    return total


def _recursive(p: It, a: Flow, b: Flow, n: int) -> Flow:
    def build(again: Flow) -> Flow:
        return branch(p, then=a, otherwise=b >> again)

    return recursive(build, limit=n)


def _poll(w: Flow, p: It, every: timedelta, n: int, within: timedelta | None, end: OnLimit) -> Flow:
    return poll(w, p, every=every, limit=n, within=within, on_limit=end)


def _applied(function: Any) -> Workflow[Any, int]:
    return pure(function)
