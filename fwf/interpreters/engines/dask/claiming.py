"""An attempt that may have an effect: the keeper is asked, or told, before it begins."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from fwf.algebra.nodes import Task
from fwf.faults import named_text
from fwf.faults.fault_form import fault_to_json
from fwf.faults.raised import raised
from fwf.interpreters.engines.dask.calling import done
from fwf.interpreters.engines.dask.keeper import BEGUN, ENDED, Asking
from fwf.interpreters.engines.dask.orders import TOO_LATE, Answer, Blobs, Order
from fwf.interpreters.engines.dask.station import AtWork, Station
from fwf.interpreters.run.workers.processes import Killed


def claimed(
    order: Order, blobs: Blobs, task: Task[Any, Any], station: Station, at_work: AtWork
) -> tuple[Answer, Blobs]:
    """Begin it if the scheduler's keeper says so, and tell the keeper how it ended."""
    scheduler: Any = station.worker.scheduler
    once = task.contract.effect == "unrepeatable"
    asking = Asking(
        run=order.run, step=order.step, number=order.number, tries=[*order.tries],
        given=order.given, token=os.urandom(8).hex(), worker=station.worker.address,
        once=once, again=order.again,
    )  # fmt: skip
    if not (once or order.asks or order.watched):
        return _told(asking, order, blobs, task, station, at_work)
    refused = _refused(asking, order, task, station, at_work)
    if refused is not None:
        return refused, {}
    answer, tables = done(order, blobs, task, station, at_work)
    if once and _was_killed(answer) and not at_work.cut:
        answer = Answer("doubt", "its process ended without a word")
    outcome = "" if tables or answer.word == "doubt" else json.dumps(answer)
    end = {"step": order.step, "number": order.number, "outcome": outcome}
    with suppress(OSError, RuntimeError):  # it is known here, and is the answer
        _asked(station, lambda: scheduler.fwf_end(**end))
    return answer, tables


def _asked(station: Station, ask: Callable[[], Any]) -> Any:
    """Ask the scheduler something, from a worker's thread."""

    async def asking() -> Any:
        return await ask()

    loop = cast(asyncio.AbstractEventLoop, station.worker.loop.asyncio_loop)
    return asyncio.run_coroutine_threadsafe(asking(), loop).result()


def _was_killed(answer: Answer) -> bool:
    return answer.word == "failed" and f"{Killed.__module__}.{Killed.__qualname__}" in answer.text


def _refused(
    asking: Asking, order: Order, task: Task[Any, Any], station: Station, at_work: AtWork
) -> Answer | None:
    """Ask the keeper whether an attempt may begin ⟶ the answer if it may not."""
    scheduler: Any = station.worker.scheduler
    while True:
        try:
            do, detail = _asked(station, lambda: scheduler.fwf_begin(asking=asking))
        except (OSError, RuntimeError) as error:
            return Answer("broken", f"the scheduler can't be asked: {named_text(error)}")
        if at_work.cut and do == "wait":
            return TOO_LATE
        if do != "wait":
            break
    if do == "outcome":
        return Answer(*json.loads(detail))
    if do == "doubt":
        return Answer("doubt", detail)
    if do == "killed":
        text = f"{task.name}: each of the {detail} workers that began it ended without a word"
        fault = raised(Killed(text), task.fn).fault(order.path, 0)
        return Answer("failed", json.dumps(fault_to_json(fault)))
    return None


def _told(
    asking: Asking,
    order: Order,
    blobs: Blobs,
    task: Task[Any, Any],
    station: Station,
    at_work: AtWork,
) -> tuple[Answer, Blobs]:
    """Begin it, and let the keeper know of it, by what workers tell schedulers anyway."""
    _tell(station, BEGUN, asking=asking)
    answer, tables = done(order, blobs, task, station, at_work)
    outcome = "" if tables else json.dumps(answer)
    _tell(station, ENDED, step=order.step, number=order.number, outcome=outcome)
    return answer, tables


def _tell(station: Station, what: str, **more: Any) -> None:
    """Tell the scheduler something, in order, and before it hears that the attempt has ended."""
    worker = station.worker
    worker.loop.add_callback(worker.batched_send, {"op": what, **more})
