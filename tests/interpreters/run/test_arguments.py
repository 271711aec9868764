"""A task's arguments are looked at when it is reached, before it waits for anything."""

import itertools
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Task,
    Workflow,
    const,
    delay,
    dry_run,
    fallback,
    identity,
    in_pool,
    par,
    retry,
    task,
    timeout,
)
from fwf.interpreters.run import Pool, VirtualClock, execute
from fwf.testing.strategies import pools_of
from fwf.worlds.scenario import Scenario
from tests.interpreters.run import support
from tests.interpreters.run.support import go, pause, sleep, us, work


@task(effect="pure")
def slow(x: Any) -> Any:
    sleep(5)
    return x


@task(effect="pure")
async def slow_async(x: Any) -> Any:
    await pause(5)
    return x


@task(effect="pure")
def pair(a: int, b: int) -> int:
    return a + b


@task(effect="pure")
async def pair_async(a: int, b: int) -> int:
    return a + b


@task(effect="pure", isolate=True)
def pair_isolated(a: int, b: int) -> int:
    return a + b


@task(effect="idempotent")
def pair_written(a: int, b: int) -> int:
    return a + b


SLOW: list[Any] = [slow, slow_async]
PAIRS: list[Any] = [pair, pair_async, pair_isolated, pair_written]
SHAPES: list[Any] = [
    lambda slow, pair: par(slow, fallback(pair, delay(us(3)))),
    lambda slow, pair: par(slow, slow, retry(fallback(pair, delay(us(3))), attempts=2)),
    lambda slow, pair: par(slow, timeout(fallback(pair, delay(us(3))), us(4))),
    lambda slow, pair: par(in_pool(slow, "p"), in_pool(fallback(pair, delay(us(3))), "p")),
    lambda slow, pair: par(slow, pair),
    lambda slow, pair: par(slow, pair, fail_fast=True),
    lambda slow, pair: par(slow, timeout(pair, us(2))),
    lambda slow, pair: par(slow, delay(us(2)) >> pair),
    lambda slow, pair: identity >> pair,
]
ROOMS: list[dict[str, Any]] = [
    {},
    {"workers": 1},
    {"workers": 2},
    {"pools": {"p": 1}},
    {"workers": 1, "pools": {"p": 1}},
]


@pytest.mark.parametrize("room", ROOMS, ids=str)
@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_a_misfit_is_told_at_once_whoever_has_the_workers(shape: int, room: dict[str, Any]) -> None:
    for long, two in itertools.product(SLOW, PAIRS):
        w: Workflow[Any, Any] = SHAPES[shape](long, two)
        scenario = Scenario().task(long.name, gives=0, takes=us(5)) if shape < 8 else Scenario()
        few = {**room, "pools": pools_of(w, room.get("pools", {}))}
        ran, dry = go(w, 0, **few), dry_run(w, 0, scenario=scenario, **few)
        assert (ran.result, ran.end - ran.start) == (dry.result, dry.end)
        if isinstance(ran.result, Failure):
            said = str(ran.result.failure())
            assert f"{two.name} takes (a: int, b: int) but is given an int (0)" in said


def test_with_a_rate_a_misfit_takes_no_start() -> None:
    w = in_pool(par(fallback(pair, const(0)), slow), "p")
    ran = go(w, 0, pools={"p": Pool(starts=1, per=us(100))})
    assert ran.result == Success((0, 0)) and ran.end == 5


def test_an_input_that_fits_is_given_as_it_is() -> None:
    each: Task[Any, Any]
    for each in (pair, pair_async, pair_written):
        assert go(each, (1, 2)).result == Success(3)
        assert go(in_pool(each, "p"), (1, 2), workers=1, pools={"p": 1}).result == Success(3)


class Late:
    """A clock by which the scheduler is late to look at what workers have finished."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._late = 0

    def now(self) -> int:
        return self._clock.now() + self._late

    def wait(self, inbox: Any, until: float, busy: int) -> list[Any]:
        messages = self._clock.wait(inbox, until, busy)
        self._late = 10 if messages else 0
        return messages

    def cut(self, worker: int) -> None:
        self._clock.cut(worker)

    def release(self) -> None:
        self._clock.release()


def test_a_task_that_is_reached_after_its_deadline_is_cut_whatever_it_is_given() -> None:
    def run_late(two: Any) -> Any:
        clock = support._clock[0] = VirtualClock()
        return execute(timeout(slow >> two, us(7)), 0, clock=Late(clock)).result

    for two in (work("fits"), pair):
        outcome = run_late(two)
        assert isinstance(outcome, Failure) and outcome.failure().tags[0] == "Timeout"


@pytest.mark.parametrize("on", ["dask", 5])
def test_what_is_no_place_to_call_tasks_is_refused(on: Any) -> None:
    with pytest.raises(TypeError, match=r"\(on=.*\): needs where tasks are called"):
        execute(slow, 0, on=on)
