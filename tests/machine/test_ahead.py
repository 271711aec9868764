"""A fiber that runs ahead of the others, where nobody can see it, does what it would have done."""

from __future__ import annotations

from typing import Any

import pytest

from fwf import (
    always,
    const,
    delay,
    fail,
    it,
    loop_until,
    map_each,
    par,
    pure,
    recover,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.run import VirtualClock, execute
from fwf.testing import scripted, settled
from fwf.worlds.scenario import Scenario


@task(effect="read")
def a(n: int) -> int:
    raise AssertionError


@task(effect="idempotent")
def write(n: int) -> int:
    raise AssertionError


def failing_at(second: int) -> Any:
    return delay(seconds(second)) >> fail("Late")


FOUR = Scenario().task("a", gives=1, takes=seconds(4))
WRITE = Scenario().task("write", gives=1, takes=seconds(1))
BOTH = FOUR.task("write", gives=1, takes=seconds(9))
CASES: dict[str, tuple[Any, Scenario]] = {
    "a delay that outlasts what was cut before it": (
        retry(timeout(write, seconds(0)), attempts=2, wait=seconds(2)), WRITE,
    ),
    "a delay that ends before": (
        retry(timeout(write, seconds(1)), attempts=3, wait=seconds(2)),
        WRITE.task("write", gives=1, takes=seconds(7)),
    ),
    "parts that start after others": (
        par(a >> par(a, a), par(a, a) >> pure(it[0]) >> a, delay(seconds(1)) >> seq(a, a, a)), FOUR,
    ),
    "a deadline after a while": (par(a >> recover(timeout(a >> a, seconds(6)), 0), a >> a), FOUR),
    "fail-fast after a while": (
        recover(a >> par(a >> a, failing_at(5), fail_fast=True), 0) >> a, FOUR,
    ),
    "a long finaliser beside a failure": (
        recover(par(always(a, then=write) >> a, failing_at(5), fail_fast=True), 0) >> a, BOTH,
    ),
    "rounds and items that go on alone": (
        const([1, 2, 3]) >> map_each(loop_until(a >> a, it > 0, limit=3) >> a, at_once=2), FOUR,
    ),
    "all parts end together": (par(*[seq(a, a)] * 3, delay(seconds(8))) >> pure(it[0]) >> a, FOUR),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_dry_run_is_the_run_that_follows_its_scenario(name: str) -> None:
    w, scenario = CASES[name]
    dry = dry_run(w, 1, scenario=scenario)
    clock = VirtualClock()
    ran = execute(scripted(w, settled(dry), clock), 1, clock=clock)
    assert (ran.result, ran.end, ran.trace) == (dry.result, dry.end, dry.trace)
    assert _times(ran.trace) == _times(dry.trace)


def _times(trace: Any) -> list[tuple[str, int, int]]:
    from fwf.worlds.trace import events

    return [(each.path, each.start, each.end) for each in events(trace)]


def test_what_was_cut_holds_up_the_next_attempt_only_as_long_as_it_works() -> None:
    w, scenario = CASES["a delay that outlasts what was cut before it"]
    found = [
        (each.ending, each.start, each.end) for each in dry_run(w, 1, scenario=scenario).events
    ]
    assert found == [("cut", 0, 0), ("cut", 2_000_000, 2_000_000)]
