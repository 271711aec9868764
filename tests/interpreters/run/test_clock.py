"""The clocks: virtual time jumps and never goes back; the system's waits no longer than it can."""

import asyncio
import threading
import time
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from returns.result import Success

from fwf import always, delay, it, loop_until, par, pure, recover, retry, task, timeout
from fwf.interpreters.run import SystemClock, VirtualClock, execute, run
from tests.interpreters.run.support import (
    bad,
    doing,
    go,
    now,
    pause,
    sleep,
    told,
    until,
    us,
    work,
    written,
)


def test_a_week_of_virtual_time_takes_no_time() -> None:
    start = time.monotonic()
    ran = go(delay(timedelta(days=7)) >> work("a", 10**12))
    assert ran.end == 7 * 86_400 * 10**6 + 10**12
    assert time.monotonic() - start < 5


def test_a_virtual_run_starts_at_the_clock_s_time() -> None:
    ran = go(work("a", 2), start=40)
    assert (ran.start, ran.end, written(ran.trace)) == (40, 42, "a 40-42")


def test_virtual_time_goes_on_from_run_to_run() -> None:
    clock = VirtualClock()
    assert execute(delay(us(5)), 0, clock=clock).end == 5
    assert execute(delay(us(5)), 0, clock=clock).end == 10


def test_a_leaf_may_sleep_several_times_and_sees_the_time() -> None:
    seen: list[int] = []

    def act(x: Any) -> None:
        for _ in range(3):
            sleep(2)
            seen.append(now())

    go(doing("a", act))
    assert seen == [2, 4, 6]
    seen.clear()
    go(par(doing("a", act), delay(us(1)), work("b", 3)))
    assert seen == [2, 4, 6]


def test_a_sleep_of_nothing_returns_at_once() -> None:
    assert go(par(work("a", 0), work("b", -3))).end == 0


def test_an_inline_sleep_past_somebody_s_deadline_is_right() -> None:
    ran = go(
        timeout(always(work("a", 1), then=work("f", 9)) >> pure(it + 1), us(4)) >> work("b", 2)
    )
    assert (told(ran), written(ran.trace)) == ("Ok 1 at 12", "a 0-1; f 1-10; b 10-12")


def test_an_inline_sleep_while_a_loop_s_time_runs_is_right() -> None:
    ran = go(loop_until(work("a", 4), it > 0, limit=9, within=us(7), on_limit="stop"))
    assert ran.end == 8


def test_the_end_of_the_run_wakes_a_task_that_was_cut_for_as_often_as_it_sleeps() -> None:
    back = threading.Event()

    def act(x: Any) -> None:
        for _ in range(3):
            sleep(50)
        back.set()

    assert go(recover(timeout(doing("a", act), us(2)), 0)).end == 2
    assert back.wait(10)
    assert go(work("b", 3)).end == 3


@pytest.mark.parametrize(("until_cut", "woken"), [(False, 5), (True, 2)])
def test_a_cut_thread_sleeps_on_unless_it_is_to_wake(until_cut: bool, woken: int) -> None:
    seen: list[int] = []

    def act(x: Any) -> None:
        sleep(5, until_cut=until_cut)
        seen.append(now())

    ran = go(par(recover(timeout(doing("a", act), us(2)), 0), delay(us(9)) >> work("b")))
    assert (written(ran.trace), seen) == ("(a~ 0-2 | b 9-9)", [woken])


def test_a_thread_that_a_cut_has_woken_sleeps_no_more_but_the_next_one_does() -> None:
    seen: list[int] = []

    def act(x: Any) -> None:
        for _ in range(3):
            sleep(5, until_cut=True)
            seen.append(now())

    ran = go(par(recover(timeout(doing("a", act), us(2)), 0) >> work("b", 3), delay(us(9))))
    assert (written(ran.trace), seen) == ("a~ 0-2; b 2-5", [2, 2, 2])


def test_threads_of_cut_tasks_end_with_the_run() -> None:
    before = threading.active_count()
    for _ in range(20):
        go(recover(timeout(doing("a", lambda x: sleep(50), "read"), us(2)), 0))
    until(lambda: threading.active_count() <= before)


def test_an_async_task_takes_no_virtual_time() -> None:
    @task(effect="pure", config={})
    async def instant(x: Any) -> str:
        return "done"

    ran = go(par(instant, work("b", 3)))
    assert ran.result == Success(("done", 0)) and ran.end == 3


def napping(name: str, takes: int, seen: list[Any], *, until_cut: bool = True) -> Any:
    """An async task that takes virtual time, and says when it goes on, and how."""

    @task(name=name, effect="pure", config={"takes": takes})
    async def step(x: Any) -> Any:
        try:
            await pause(takes, until_cut=until_cut)
            seen.append((name, now()))
        except asyncio.CancelledError:
            seen.append((name, "cancelled"))
            raise
        return x

    return step


def test_async_tasks_pass_virtual_time_beside_one_another_and_beside_threads() -> None:
    seen: list[Any] = []
    w = par(napping("p", 5, seen), napping("q", 2, seen) >> napping("r", 2, seen), work("a", 3))
    assert written(go(w).trace) == "(p 0-5 | q 0-2; r 2-4 | a 0-3)"
    assert seen == [("q", 2), ("r", 4), ("p", 5)]


def test_an_async_pause_that_is_cut_is_cancelled_and_passes_no_more_time() -> None:
    seen: list[Any] = []
    w = par(recover(timeout(napping("p", 50, seen), us(2)), 0) >> work("a", 1), delay(us(9)))
    ran = go(w)
    assert (written(ran.trace), ran.end) == ("p~ 0-2; a 2-3", 9)
    assert seen == [("p", "cancelled")]


def test_an_async_pause_may_outlast_a_cut_but_not_the_run() -> None:
    seen: list[Any] = []
    first, second = napping("p", 4, seen, until_cut=False), napping("q", 50, seen, until_cut=False)
    w = par(*(recover(timeout(each, us(2)), 0) for each in (first, second)), delay(us(9)))
    ran = go(w)
    assert (written(ran.trace), ran.end) == ("(p~ 0-2 | q~ 0-2)", 9)
    assert seen == [("p", 4), ("q", 9)]


def test_an_async_pause_of_nothing_returns_at_once() -> None:
    seen: list[Any] = []
    assert go(par(napping("p", 0, seen), napping("q", -3, seen))).end == 0
    assert sorted(seen) == [("p", 0), ("q", 0)]


def test_the_system_clock_waits_for_centuries_if_need_be() -> None:
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Timer(0.05, inbox.put, ["x"]).start()
    assert SystemClock().wait(inbox, timedelta.max // us(1), 0) == ["x"]
    w = timeout(par(work_for(0.02), work_for(0.01)), timedelta.max)
    assert run(w, 0).unwrap() == (0, 0)


def work_for(seconds: float) -> Any:
    return doing("works", lambda x: (time.sleep(seconds), x)[1])


def test_real_delays_and_retries_keep_their_order() -> None:
    start = time.monotonic()
    ran = execute(par(delay(timedelta(milliseconds=40)), retry(bad("F"), attempts=2)), 0)
    assert time.monotonic() - start >= 0.04
    assert "F" in str(ran.result)
