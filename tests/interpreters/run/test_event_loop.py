"""The event loop of async tasks: what they do to it, and what becomes of what they leave behind."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fwf import Task, Workflow, always, const, fallback, par, seconds, task, timeout
from fwf.interpreters.run import run
from tests.interpreters.run.support import doing, until


def asynchronous(name: str, act: Callable[[Any], Awaitable[Any]]) -> Task[Any, Any]:
    """An async task that does whatever a test wants."""

    @task(name=name, effect="pure", config={"name": name})
    async def step(x: Any) -> Any:
        return await act(x)

    return step


async def exits(x: Any) -> None:
    sys.exit(3)


async def interrupts(x: Any) -> None:
    raise KeyboardInterrupt


async def gathers_exits(x: Any) -> None:
    await asyncio.gather(exits(x))


async def gathers_interrupts(x: Any) -> None:
    await asyncio.gather(interrupts(x))


async def groups_exits(x: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(exits(x))


async def leaves_exits(x: Any) -> None:
    left = asyncio.create_task(exits(x))
    await asyncio.wait([left])
    left.exception()
    raise ConnectionError


async def calls_exit(x: Any) -> None:
    asyncio.get_running_loop().call_soon(sys.exit)
    await asyncio.sleep(0.01)
    raise ConnectionError


async def stops(x: Any) -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)
    raise ConnectionError


ENDING = [
    exits,
    interrupts,
    gathers_exits,
    gathers_interrupts,
    groups_exits,
    leaves_exits,
    calls_exit,
    stops,
]


@pytest.mark.parametrize("act", ENDING, ids=lambda act: act.__name__)
def test_a_task_that_would_end_the_loop_has_failed_and_the_others_go_on(act: Any) -> None:
    done: list[Any] = []

    async def other(x: Any) -> str:
        await asyncio.sleep(0.05)
        return "other"

    ends = always(asynchronous("ends", act), then=doing("tidy", done.append))
    w = par(fallback(ends, const("caught")), asynchronous("other", other))
    assert run(w >> asynchronous("next", lambda x: other(x)), 1).unwrap() == "other"
    assert done == [1]
    assert run(ends, 1).failure().tags[0] in (
        "SystemExit", "KeyboardInterrupt", "ConnectionError", "BaseExceptionGroup",
    )  # fmt: skip


def test_a_task_that_breaks_the_loop_makes_all_that_are_at_work_fail() -> None:
    async def breaks(x: Any) -> None:
        os.close(asyncio.get_running_loop()._selector.fileno())  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async def waits(x: Any) -> None:
        await asyncio.sleep(60)

    async def fine(x: Any) -> str:
        await asyncio.sleep(0)
        return "fine"

    w = par(asynchronous("waits", waits), asynchronous("breaks", breaks))
    fault = run(w, 0).failure()
    assert str(fault).count("the event loop of async tasks has ended") == 2
    assert run(fallback(w, asynchronous("fine", fine)), 0).unwrap() == "fine"


def test_asyncio_tasks_left_behind_are_cancelled_and_clean_up_when_the_run_ends() -> None:
    seen: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.02)
            seen.append("clean")

    async def leaves(x: Any) -> str:
        x.append(asyncio.create_task(endless()))
        await asyncio.sleep(0)
        return "left"

    assert run(
        asynchronous("leaves", leaves) >> doing("see", lambda x: [*seen, x]), []
    ).unwrap() == ["left"]
    assert seen == ["clean"]


def cut_once(begun: list[str], act: Callable[[Any], Awaitable[Any]]) -> Workflow[Any, Any]:
    """A coroutine that is cut when it has begun: under a deadline it might not have."""

    async def fails(x: Any) -> None:
        while not begun:
            await asyncio.sleep(0.001)
        raise ConnectionError

    return par(asynchronous("cut", act), asynchronous("fails", fails), fail_fast=True)


def test_a_cut_coroutine_cleans_up_before_the_run_ends() -> None:
    seen: list[str] = []

    async def endless(x: Any) -> None:
        try:
            seen.append("begun")
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.05)
            seen.append("clean")

    run(cut_once(seen, endless), 0).failure()
    assert seen == ["begun", "clean"]


def test_a_coroutine_that_won_t_end_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fwf.interpreters.run.workers.CLEAN_UP", 0.05)
    ended = threading.Event()
    seen: list[str] = []

    async def stubborn(x: Any) -> None:
        seen.append("begun")
        while not ended.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    try:
        run(cut_once(seen, stubborn), 0).failure()
    finally:
        ended.set()


def test_no_thread_and_no_file_is_left_of_an_event_loop() -> None:
    async def fine(x: Any) -> None: ...

    run(asynchronous("fine", fine), 0)
    threads, files = threading.active_count(), len(os.listdir("/dev/fd"))
    for act in (fine, exits, stops):
        run(fallback(timeout(asynchronous("one", act), seconds(60)), const(0)), 0)
    until(lambda: threading.active_count() == threads)
    assert len(os.listdir("/dev/fd")) == files
