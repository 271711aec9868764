"""Runs a workflow here: real tasks, real time, threads and an event loop; in a journal or not.

doing.py        from what is asked for to how it ended
single_part.py  ... or for a part of a workflow alone, at its place
ran.py          how it ended, and what happened in it
local.py        the world of tasks that are called here, by the machine of fwf.machine
elsewhere.py    what a run asks of a place where tasks are called, if that isn't here
calls.py        how a task is called, and what is injected
workers/        who calls it: threads, an event loop, processes
resources.py    what is opened for it, once an attempt or once a run
clock.py        where time comes from
signals.py      what stops a run, and stop.py, what that does to it
interruption.py ... and where it interrupts what runs: in the user's code, and not around it
observers.py    what observers are told
journal.py      where a run is kept, and journaled/, how another process goes on with it
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from returns.result import Result

from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.faults import Fault
from fwf.interpreters.run.clock import Clock, SystemClock, VirtualClock
from fwf.interpreters.run.doing import RunRequest, perform
from fwf.interpreters.run.elsewhere import Elsewhere
from fwf.interpreters.run.here import Here, here
from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.observers import Note, Observe, Observer, Try, several
from fwf.interpreters.run.ran import Ran
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers.threads import still_at_work
from fwf.machine.slots import Pool
from fwf.secrets import Secret

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.decisions import (
        Again,
        How,
        Taken,
        give_up,
        resolve,
        take_back,
    )
    from fwf.interpreters.run.journaled.kept_parameters import params_of

A = TypeVar("A")
B = TypeVar("B")

__all__ = [
    "Again", "Clock", "Elsewhere", "Here", "How", "Journal", "Note", "Observe", "Observer", "Pool",
    "Ran", "SystemClock", "Taken", "Try", "VirtualClock", "execute", "give_up", "here", "params_of",
    "resolve", "run", "several", "still_at_work", "take_back",
]  # fmt: skip
_LATE = {
    **dict.fromkeys(("Again", "How", "Taken", "give_up", "resolve", "take_back"), "decisions"),
    "params_of": "kept_parameters",
}


def __getattr__(name: str) -> Any:
    """What only a journal needs is imported when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.journaled.{_LATE[name]}"), name)


@overload
def run(
    w: Workflow[None, B],
    value: None = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Result[B, Fault]: ...
@overload
def run(
    w: Workflow[A, B],
    value: A,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Result[B, Fault]: ...
def run(
    w: AnyWorkflow,
    value: Any = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Result[Any, Fault]:
    """Workflow, input ⟶ its result, or the fault that it failed with; never an exception.

    key: names the run, in place of its required parameters, and of an input that can't name it:
        runs of one name share their idempotency keys, and so do the same work again.
    params: values of the run's parameters, by name.
    resources: for each resource a function without arguments that returns a context manager,
        entered anew for each attempt of a task that needs it; or a `Secret`. One that has
        `per_run = True` (as an attribute, or of its class) is entered once in the run, by the first
        attempt that needs it, in whatever thread that runs, shared by all, and left when the run
        is over, what came last first. See below.
    workers: how many tasks may run at once; no bound if None.
    pools: sizes of the pools named by `in_pool`; those not given are not bounded, others refused.
    clock: where time comes from.
    observe: told of every attempt as it starts and ends, on the scheduler's thread: a function of
        a `Note`, or an `Observer`, who is also told how the run began and ended; `several` of them
        are joined. What one raises is no part of the run: a `RuntimeWarning` says so, once.

    journal: where the run is kept, a file or `postgresql://…`, or a `Journal`: if its process
        dies, or it fails, a call with the same workflow and parameters goes on with what isn't done
        yet. A complete run isn't done again; its result is given. Results must be plain data, have
        a codec, or be Arrow tables. Raises `fwf.journal.errors.JournalError`.

    watch_inputs: whether an attempt fails, as a `Defect`, that changed its input or a parameter:
        lists, dictionaries, sets, dataclasses, arrays and tables of pandas, at any depth; other
        objects can't be compared. Off, since it copies and compares all that every task is given;
        the fixture `run` of the pytest plugin has it on.

    on: where tasks are called, if not here: `Dask(client)`. Nothing else changes: this process
        says what is done when. There they have their own copies of what they are given, which is
        plain data, has a codec, or is an Arrow table; and resources are opened there.

    What is missing or of the wrong type is reported all at once, before anything runs. A value is
    let go when the last task that reads it is done; the input, which names the run, is kept. Ctrl-C
    cuts the run, lets its finalisers end, and makes it fail with `Interrupted`; a second one
    raises `KeyboardInterrupt`.

    What is opened once per run: an opener that fails is a failed attempt, and the next one tries
    again. Isolated tasks open it in their own process, for each attempt. It must be synchronous;
    `async def` tasks may use it too. However the run ends it is closed, also by a signal; what a
    task still uses that was cut and works on is closed when that ends. What closing raises is a
    fault as that of a finaliser is: the run fails with it, or with it behind its own. A second
    signal interrupts what closes.

    >>> from fwf import it, pure
    >>> run(pure(it + 1), 41)
    <Success: 42>
    """
    arguments = (key, params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
    return perform(
        RunRequest("run", w, value, *arguments, journal, observe, watch_inputs, on=on)
    ).result


@overload
def execute(
    w: Workflow[None, B],
    value: None = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Ran[B]: ...
@overload
def execute(
    w: Workflow[A, B],
    value: A,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Ran[B]: ...
def execute(
    w: AnyWorkflow,
    value: Any = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    journal: Journal | str | Path | None = None,
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
    on: Elsewhere | None = None,
) -> Ran[Any]:
    """Like `run`, whose result is its `result`, and tells what happened: the trace of all attempts.

    keep_results: whether the trace has what attempts gave, all of it to its end. Without, it has
        None for that, and a value is let go when the last task that reads it is done, as in `run`.
    """
    arguments = (key, params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
    more = True, keep_results, on
    return perform(
        RunRequest("execute", w, value, *arguments, journal, observe, watch_inputs, *more)
    )
