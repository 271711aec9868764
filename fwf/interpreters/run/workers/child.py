"""The process of its own in which an isolated task runs once, seen from inside."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from decimal import setcontext
from multiprocessing.connection import Connection
from multiprocessing.process import current_process
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from types import ModuleType
from typing import Any, Final, NoReturn, cast

from fwf.faults.raised import raised
from fwf.interpreters.run import forked
from fwf.interpreters.run.calls import CallResult, TaskCall, await_task, call_in_worker
from fwf.interpreters.run.here import be_in
from fwf.interpreters.run.signals import DEFAULTS
from fwf.interpreters.run.workers.module_files import ModuleFiles
from fwf.interpreters.run.workers.processes import unfit
from fwf.machine.fibers import ERR
from fwf.secrets import remember, remembered

STOPPING: Final = [signal.Signals[name] for name in DEFAULTS]


def main(parent: Connection) -> NoReturn:
    """Call the task that the parent sends, send what came of it, and end."""
    _leave_signals_to_the_parent()
    forked.watch(lambda: _in_fork(parent))
    surroundings: dict[str, Any] = parent.recv()
    payload = parent.recv_bytes()
    Thread(target=_end_with, args=(parent, os.getppid()), daemon=True).start()
    name: str = surroundings["name"]
    remember(surroundings["secrets"])
    be_in(surroundings["here"])
    try:
        task, arguments, decimals = _import_call(surroundings, payload)
    except BaseException as error:
        why = f"that process must import what it needs, but {type(error).__qualname__}: {error}"
        outcome: CallResult = ERR, raised(unfit(name, why))
    else:
        if decimals is not None:
            setcontext(decimals)
        outcome = _call(task, arguments)
    _send(parent, name, outcome)
    _end()


# Whose signals they are


def _leave_signals_to_the_parent() -> None:
    """Do nothing on the signals that stop a run: the parent is told too, and kills this process.

    They aren't ignored, which programs that this one starts would inherit.
    """
    for number in STOPPING:
        signal.signal(number, lambda number, frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def _in_fork(parent: Connection) -> None:
    """A fork of this process takes signals as every process does, and isn't the one to answer."""
    parent.close()
    for name, default in DEFAULTS.items():
        signal.signal(signal.Signals[name], default)


def _end_with(parent: Connection, process: int) -> None:
    """Kill this process and its group when the parent is gone."""
    with suppress(OSError):
        while os.getppid() == process and not parent.poll(1.0):
            pass
    os.killpg(0, signal.SIGKILL)


# The call


def _import_call(surroundings: Mapping[str, Any], payload: bytes) -> tuple[Any, Any, Any]:
    """Import what the call refers to ⟶ the task, its arguments, the context of `decimal`."""
    sys.argv[:] = surroundings["argv"]
    sys.meta_path.insert(0, ModuleFiles(surroundings["files"]))
    if surroundings["main"] is not None:
        _import_script(*surroundings["main"])
    return cast("tuple[Any, Any, Any]", cast(Any, ForkingPickler).loads(payload))


def _import_script(module: str | None, file: str) -> None:
    """Import the program's script under another name, as `multiprocessing` does."""
    process: Any = current_process()
    process._inheriting = True  # no run, and no process, is started by its mere import
    try:
        if module is not None:
            content = runpy.run_module(module, run_name="__mp_main__", alter_sys=True)
        else:
            content = runpy.run_path(file, run_name="__mp_main__")
    finally:
        del process._inheriting
    script = ModuleType("__mp_main__")
    vars(script).update(content)
    sys.modules["__main__"] = sys.modules["__mp_main__"] = script


def _call(task: Any, arguments: Any) -> CallResult:
    call = TaskCall(task)
    if not call.is_async:
        return call_in_worker(call, *arguments)
    from asyncio import run

    try:
        return run(await_task(call, *arguments))
    except BaseException as error:
        exception = error
    return ERR, raised(exception, task.fn)


def _send(parent: Connection, name: str, outcome: CallResult) -> None:
    try:
        result = bytes(ForkingPickler.dumps((outcome, remembered())))
    except Exception as error:
        why = f"its result must be picklable: {error}"
        result = bytes(ForkingPickler.dumps(((ERR, raised(unfit(name, why))), remembered())))
    with suppress(OSError):
        parent.send_bytes(result)


def _end() -> NoReturn:
    """End this process, whatever else still runs in it.

    What `multiprocessing` has made is given back: its semaphores outlive their process.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    with suppress(BaseException):
        from multiprocessing import util

        cast(Any, util)._run_finalizers()
        tracker = sys.modules.get("multiprocessing.resource_tracker")
        if tracker is not None:
            cast(Any, tracker)._resource_tracker._stop()
    os._exit(0)
