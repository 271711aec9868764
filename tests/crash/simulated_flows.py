"""Workflows for simulated crashes, drawn by a seed.

A crash costs time: an attempt that was under way is made again, and so ends later. These workflows
end in one way whenever that may be, however long each attempt takes: a deadline is either far away
or nearer than the first thing behind it can ever end, a loop's time is used up by its first round
or never, and where the first failure cuts what runs beside it, just one part can fail. All else is
as wild as it comes, and what tasks do depends on all that a step instance is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, cast
from zlib import crc32

from returns.result import Failure, Result

from fwf import (
    always,
    as_result,
    backoff,
    bracket,
    branch,
    delay,
    fail,
    fallback,
    from_result,
    hours,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    on_failure,
    par,
    poll,
    pure,
    recover,
    retry,
    seconds,
    timeout,
    with_params,
)
from fwf.algebra.nodes import Graph, Node, Step
from fwf.algebra.workflow import Workflow
from fwf.faults import Fault
from fwf.testing.sample_tasks import Twice, several, total

from .simulated_tasks import (
    MAY_FAIL,
    NEVER_FAIL,
    POOLS,
    VALUES,
    counted,
    judged,
    lent,
    lent_or_not,
    of_page,
    once,
    page,
    picky,
    slow,
    told,
    tuned,
    two,
)  # fmt: skip

Flow = Workflow[Any, Any]


def outcome(result: Result[int, Fault]) -> int:
    """What `as_result` gives ⟶ a number that tells apart what can be told apart."""
    if isinstance(result, Failure):
        return crc32(str(cast(Any, result).failure()).encode()) % VALUES
    return result.unwrap()


# Workflows


@dataclass(frozen=True)
class Kind:
    """What a part must be: sure not to fail; and whether it may be cut at any moment."""

    sure: bool = False
    cut: bool = False


def flow(rng: Random, size: int, kind: Kind = Kind()) -> Flow:
    """A workflow from a number to a number, of so many parts."""
    if size <= 1:
        return rng.choice(_LEAVES)(rng, kind)
    return rng.choice(_PARTS)(rng, size, kind)


def _leaf_of_task(rng: Random, kind: Kind) -> Flow:
    return rng.choice(NEVER_FAIL if kind.sure else MAY_FAIL)


def _leaf_of_sure(rng: Random, kind: Kind) -> Flow:
    return rng.choice(NEVER_FAIL)


def _leaf_tuned(rng: Random, kind: Kind) -> Flow:
    bound = rng.choice([rng.randrange(3), it + rng.randrange(3)])
    return with_params(_unless_sure(kind, tuned), amount=bound)


def _leaf_delay(rng: Random, kind: Kind) -> Flow:
    return delay(seconds(rng.randint(1, 3)))


def _leaf_fail(rng: Random, kind: Kind) -> Flow:
    made: Flow = branch(it == rng.randrange(VALUES), then=fail("Odd", "so"), otherwise=pure(it))
    return _unless_sure(kind, made)


def _leaf_page(rng: Random, kind: Kind) -> Flow:
    return page >> of_page


def _leaf_two(rng: Random, kind: Kind) -> Flow:
    return _unless_sure(kind, par(once, rng.choice(NEVER_FAIL)) >> two)


def _unless_sure(kind: Kind, w: Flow) -> Flow:
    return recover(w, 0) if kind.sure else w


_LEAVES: tuple[Callable[[Random, Kind], Flow], ...] = (
    _leaf_of_task, _leaf_of_task, _leaf_of_task, _leaf_of_task, _leaf_of_sure, _leaf_tuned,
    _leaf_delay, _leaf_fail, _leaf_page, _leaf_two,
)  # fmt: skip


def _split(rng: Random, size: int) -> tuple[int, int]:
    left = rng.randint(1, size - 1)
    return left, size - left


def _seq(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    return flow(rng, left, kind) >> flow(rng, right, kind)


def _par(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    return par(flow(rng, left, kind), flow(rng, right, kind)) >> pure(total)


def _par_of_three(rng: Random, size: int, kind: Kind) -> Flow:
    return par(*[flow(rng, max(1, size // 3), kind) for _ in range(3)]) >> pure(total)


def _fail_fast(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    parts = [
        flow(rng, left, Kind(kind.sure, True)),
        *[flow(rng, max(1, right // 2), Kind(True, True)) for _ in range(2)],
    ]
    rng.shuffle(parts)
    return par(*parts, fail_fast=True) >> pure(total)


def _branch(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    chosen = it > rng.randrange(VALUES)
    return branch(chosen, then=flow(rng, left, kind), otherwise=flow(rng, right, kind))


def _graph(rng: Random, size: int, kind: Kind) -> Flow:
    shape = rng.choice(_SHAPES)
    steps: list[Step] = []
    for inputs, after in shape:
        body = flow(rng, max(1, size // len(shape)), kind)
        steps.append(
            Step(cast(Node, pure(total) >> body if len(inputs) > 1 else body), inputs, after)
        )
    return Graph(tuple(steps), len(steps) - 1, 1)


_SHAPES: tuple[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...], ...] = (
    (((-1,), ()), ((0,), ()), ((0, 1), ())),  # a result used twice
    (((-1,), ()), ((-1,), ()), ((0,), ()), ((0, 1), ()), ((2, 3), ())),  # an N
    (((-1,), ()), ((-1,), (0,)), ((-1, 1), ())),  # an edge that only orders
)


def _fallback(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    body = flow(rng, left, Kind(False, kind.cut))
    on = () if kind.sure else rng.choice([(), ("OSError",), ("KeyError", "Odd")])
    return fallback(body, flow(rng, right, kind), on=on)


def _recover(rng: Random, size: int, kind: Kind) -> Flow:
    return recover(flow(rng, size - 1, Kind(False, kind.cut)), rng.randrange(VALUES))


def _on_failure(rng: Random, size: int, kind: Kind) -> Flow:
    return on_failure(flow(rng, size - 1, kind), then=told)


def _always(rng: Random, size: int, kind: Kind) -> Flow:
    left, right = _split(rng, size)
    finaliser = flow(rng, right, Kind(kind.sure or kind.cut, False))
    return always(flow(rng, left, kind), then=finaliser)


def _bracket(rng: Random, size: int, kind: Kind) -> Flow:
    acquire = lent if kind.sure else rng.choice([lent, lent_or_not])
    use = pure(total) >> flow(rng, size - 1, kind)
    release = pure(total) >> rng.choice(NEVER_FAIL)
    return bracket(acquire, use, release)


def _loop(rng: Random, size: int, kind: Kind) -> Flow:
    done = rng.choice([it > 2, it == rng.randrange(VALUES)])
    end: Any = "stop" if kind.sure else rng.choice(["fail", "stop"])
    return loop_until(flow(rng, size - 1, kind), done, limit=rng.randint(1, 4), on_limit=end)


def _loop_in_time(rng: Random, size: int, kind: Kind) -> Flow:
    body, end = slow >> flow(rng, size - 1, kind), "stop" if kind.sure else "fail"
    within = rng.choice([seconds(1), hours(1000)])
    return loop_until(body, it > 3, limit=2, within=within, on_limit=cast(Any, end))


def _poll(rng: Random, size: int, kind: Kind) -> Flow:
    end: Any = "stop" if kind.sure else "fail"
    asks = flow(rng, size - 1, kind)
    return poll(asks, it > 1, every=seconds(rng.randint(1, 3)), limit=3, on_limit=end)


def _map_each(rng: Random, size: int, kind: Kind) -> Flow:
    keyed, at_once = rng.choice([None, it]), rng.choice([None, 1, 2])
    if rng.random() < 0.5:
        mapped = map_each(flow(rng, size - 1, kind), key=keyed, at_once=at_once)
        return pure(several) >> mapped >> pure(total)
    body = flow(rng, size - 1, Kind(False, kind.cut))
    collected = map_each(body, key=keyed, at_once=at_once, on_error="collect")
    return pure(several) >> collected >> counted


def _map_fail_fast(rng: Random, size: int, kind: Kind) -> Flow:
    body = picky >> flow(rng, size - 1, Kind(True, True))
    mapped = map_each(body, key=it, at_once=rng.choice([None, 2]), on_error="fail_fast")
    return _unless_sure(kind, pure(several) >> mapped >> pure(total))


def _retry(rng: Random, size: int, kind: Kind) -> Flow:
    wait = rng.choice([seconds(0), seconds(2), backoff(seconds(1)).jitter(rng.randrange(9))])
    on = rng.choice([(), (), (), ("OSError",), ("KeyError", "Odd")])
    return retry(flow(rng, size - 1, kind), attempts=rng.randint(2, 4), wait=wait, on=on)


def _far_deadline(rng: Random, size: int, kind: Kind) -> Flow:
    return timeout(flow(rng, size - 1, kind), hours(1000))


def _near_deadline(rng: Random, size: int, kind: Kind) -> Flow:
    body: Flow = slow
    if rng.random() < 0.5:
        body = always(slow, then=flow(rng, 1, Kind(kind.sure or kind.cut, False)))
    cut = timeout(body >> flow(rng, size - 1, Kind(False, True)), seconds(rng.randint(0, 2)))
    if rng.random() < 0.3:
        cut = retry(cut, attempts=2, wait=seconds(1))
    return _unless_sure(kind, cut)


def _as_result(rng: Random, size: int, kind: Kind) -> Flow:
    opened: list[Flow] = [pure(outcome), judged] + ([] if kind.sure else [from_result])
    return as_result(flow(rng, size - 1, Kind(False, kind.cut))) >> rng.choice(opened)


def _with_params(rng: Random, size: int, kind: Kind) -> Flow:
    body = flow(rng, size - 1, kind) >> _unless_sure(kind, tuned)
    return with_params(body, amount=rng.choice([1, it + 1]))


def _in_pool(rng: Random, size: int, kind: Kind) -> Flow:
    return in_pool(flow(rng, size - 1, kind), rng.choice(POOLS))


def _named(rng: Random, size: int, kind: Kind) -> Flow:
    return named(rng.choice(["part", "other", "part: x"]), flow(rng, size - 1, kind))


def _twice(rng: Random, size: int, kind: Kind) -> Flow:
    return Twice(cast(Node, flow(rng, max(1, size // 2), kind)))


_PARTS: tuple[Callable[[Random, int, Kind], Flow], ...] = (
    _seq, _seq, _par, _par_of_three, _fail_fast, _branch, _graph, _fallback, _recover, _on_failure,
    _always, _always, _bracket, _loop, _loop, _loop_in_time, _poll, _map_each, _map_each,
    _map_fail_fast, _retry, _retry, _retry, _far_deadline, _near_deadline, _as_result, _as_result,
    _with_params, _in_pool, _named, _twice,
)  # fmt: skip


def value_of(rng: Random) -> int:
    """The input of a workflow."""
    return rng.randrange(VALUES)
