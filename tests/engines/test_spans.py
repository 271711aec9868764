"""How long a part may take is what its timeouts, loops, waits and durations add up to."""

from datetime import timedelta
from typing import Any

import pytest

from fwf import (
    always,
    backoff,
    branch,
    delay,
    fallback,
    identity,
    it,
    loop_until,
    map_each,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.engines.time_spans import span_of
from tests.engines.test_cut import nested
from tests.sizes import sizes


@task(effect="read", duration=seconds(10))
def ten(x: Any) -> Any: ...


@task(effect="read")
def untold(x: Any) -> Any: ...


one, two = delay(seconds(1)), delay(seconds(2))


@pytest.mark.parametrize(
    ("w", "span"),
    [
        (identity, 0), (untold, 0), (ten, 10), (one >> two >> ten, 13), (par(one, two, ten), 10),
        (branch(it == 1, then=one, otherwise=two), 2), (fallback(one, two), 3),
        (always(ten, then=two), 12), (timeout(untold, seconds(7)), 7),
        (timeout(ten, seconds(7)), 7),
        (retry(ten, attempts=3, wait=seconds(2)), 34),
        (retry(ten, attempts=1, wait=seconds(2)), 10),
        (retry(ten, attempts=4, wait=backoff(seconds(1))), 47),
        (retry(one, attempts=2, wait=backoff(seconds(4)).jitter(1)), 6),
        (loop_until(two, it == 1, limit=5), 10), (map_each(two), 2), (named("n", two), 2),
        (loop_until(two, it == 1, limit=50, within=seconds(9)), 11),
        (loop_until(untold, it == 1, limit=50, within=seconds(9)), 9),
        (Graph((Step(ten, (-1,)), Step(one, (-1,)), Step(two, (1,), (1,))), 0, 1), 10),
        (Graph((Step(ten, (-1,)), Step(one, (-1,)), Step(two, (1,), (0,))), 2, 1), 12),
    ],
)  # fmt: skip
def test_what_is_said_of_time_adds_up(w: Any, span: int) -> None:
    assert span_of(w, {}) == seconds(span)


def test_more_than_can_be_counted_is_the_most() -> None:
    w: Any = one
    for _ in range(40):
        w = loop_until(w, it == 1, limit=10**6)
    assert span_of(w, {}) == span_of(w >> w, {}) == timedelta.max


@sizes()
def test_any_depth_has_a_span(size: int) -> None:
    assert span_of(nested("timeout", size), {}) == seconds(9)
