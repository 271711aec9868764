"""The call of a task on a worker: what it is given and what is injected, and what it gives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextvars import copy_context
from datetime import datetime
from decimal import Context, getcontext
from typing import Any, Final

from fwf.algebra.contract import Attempt, IdempotencyKey, RunInfo
from fwf.algebra.nodes import Task
from fwf.analysis.run_keys import KEYED
from fwf.faults import Failed
from fwf.faults.fault_form import fault_to_json
from fwf.faults.raised import raised
from fwf.interpreters.engines.dask.orders import Answer, Blobs, Order
from fwf.interpreters.engines.dask.station import AtWork, Station
from fwf.interpreters.run import forked
from fwf.interpreters.run.calls import ATTEMPT, CallResult, TaskCall, await_task, call_in_worker
from fwf.interpreters.run.here import Here, be_in
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers.processes import Process
from fwf.journal.errors import JournalError
from fwf.journal.values import Unwritable
from fwf.machine.fibers import ERR
from fwf.secrets import Secret

forked.watch(lambda: None)  # a fork that a task makes ends with it
_CALLS: Final[dict[int, TaskCall]] = {}
"""What is known of tasks, by their identity; they stay as long as their modules."""


def done(
    order: Order, blobs: Blobs, task: Task[Any, Any], station: Station, at_work: AtWork
) -> tuple[Answer, Blobs]:
    """Call the task's function, and write what it gives."""
    texts = station.texts
    call = _CALLS.get(id(task)) or _CALLS.setdefault(id(task), TaskCall(task))
    try:
        value = texts.read(order.value, blobs)
        keywords: dict[str, Any] = texts.read(order.params, blobs) if order.params else {}
    except JournalError as error:
        return _failed(order, ("Unreadable", "Defect"), f"what it is given: {error}"), {}
    keywords.update({name: _fact(order, *each) for name, each in order.facts.items()})
    openers = [*_openers(order, call, station, keywords)]
    context = copy_context()
    status, result = context.run(_called, order, call, value, keywords, openers, at_work)
    if status is ERR:
        fault = result.fault(order.path, 0)
        return Answer("failed", json.dumps(fault_to_json(fault))), {}
    try:
        (text,), tables = texts.written(result)
    except Unwritable as error:
        once = task.contract.effect == "unrepeatable"
        said = f"it was done, but what it gave can't be written: {error}"
        if once:
            return Answer("doubt", said), {}
        return _failed(order, ("Unwritable", "Defect"), str(error)), {}
    return Answer("ok", text), tables


def _failed(order: Order, tags: tuple[str, ...], said: str) -> Answer:
    return Answer("failed", json.dumps(fault_to_json(Failed(order.path, tags, said))))


def _called(
    order: Order,
    call: TaskCall,
    value: Any,
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
    at_work: AtWork,
) -> CallResult:
    """Call it as its kind says, in a context of its own."""
    if order.decimals:
        from fwf.interpreters.engines.dask.decimals import set_decimals

        set_decimals(order.decimals)
    if order.located:
        be_in(Here(order.run, order.path, call.task.name, order.tries))
    args = call.arguments(value)
    if call.isolate:
        decimals = getcontext() if order.decimals else None
        return _apart(call, (args, keywords, openers), decimals, at_work)
    if call.is_async:
        return _awaited(call, args, keywords, openers, at_work)
    return call_in_worker(call, args, keywords, openers)


def _apart(call: TaskCall, arguments: Any, decimals: Context | None, at_work: AtWork) -> CallResult:
    """In a process of its own, which is killed when the attempt is cut."""
    try:
        process = Process(call.task, arguments, decimals)
        at_work.stop = process.kill
        if at_work.cut:
            process.kill()
        return process.result()
    except BaseException as error:
        caught = error
    return ERR, raised(caught, call.fn)


def _awaited(
    call: TaskCall,
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: Sequence[tuple[str, Opener]],
    at_work: AtWork,
) -> CallResult:
    """On an event loop of its own, cancelled when the attempt is cut."""

    async def begun() -> CallResult:
        this, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert this is not None
        at_work.stop = lambda: loop.call_soon_threadsafe(this.cancel)
        if at_work.cut:
            this.cancel()
        return await await_task(call, args, keywords, openers)

    try:
        return asyncio.run(begun())
    except BaseException as error:
        caught = error
    return ERR, raised(caught, call.fn)


# What is injected


def _fact(order: Order, fact: str, value: Any) -> object:
    if fact == ATTEMPT:
        return Attempt(value)
    if fact == KEYED:
        return IdempotencyKey(value)
    return RunInfo(order.run, order.path, datetime.fromisoformat(order.started), order.run_key)


def _openers(
    order: Order, call: TaskCall, station: Station, keywords: dict[str, Any]
) -> Sequence[tuple[str, Opener]]:
    """The resources to be opened, by local name; secrets go to the keywords."""
    openers: list[tuple[str, Opener]] = []
    for name, final in order.resources.items():
        resource = station.resources.get(final)
        if isinstance(resource, Secret):
            keywords[name] = resource
        elif resource is not None:
            opener = station.opened.opener(final, resource, order.resources, apart=call.isolate)
            openers.append((name, opener))
    return openers
