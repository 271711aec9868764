"""Runs a workflow here, in memory: real tasks, real time, threads and one event loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import Context
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Generic, TypeVar, cast, final, overload

from returns.result import Failure, Result, Success

from fwf.algebra.keys import RunName, check_key, name_of
from fwf.algebra.requirements import problems, requirements
from fwf.algebra.trace import Trace
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.faults import BadInput, Fault, Interrupted, both, then
from fwf.interpreters.run.calls import Run as _Shared
from fwf.interpreters.run.clock import Clock, SystemClock, VirtualClock
from fwf.interpreters.run.ids import run_id
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.resources import Opener, Resources
from fwf.interpreters.run.signals import stopping
from fwf.interpreters.run.stop import Stop
from fwf.interpreters.run.telling import Note, Observe, Observer, Stream, Try, several, try_of, warn
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.interpreters.run.workers.processes import in_no_file
from fwf.interpreters.run.workers.threads import still_at_work
from fwf.machine.fibers import ERR, OK, Env
from fwf.machine.line import Pool, check_limits
from fwf.machine.log import Item, event_of, told
from fwf.machine.machine import Machine
from fwf.machine.places import Place
from fwf.raised import raised
from fwf.secrets import Secret, masked

A = TypeVar("A")
B = TypeVar("B")
Out_co = TypeVar("Out_co", covariant=True)

__all__ = [
    "Clock", "Note", "Observe", "Observer", "Pool", "Ran", "SystemClock", "Try", "VirtualClock",
    "execute", "run", "several", "still_at_work",
]  # fmt: skip


@final
class Ran(Generic[Out_co]):
    """How a run ended, what happened in it, and when it started and ended on its clock (µs).

    result: what `run` gives, `Success(value)` or `Failure(fault)`.
    trace: the attempts, as a partial order; worked out when first asked for.
    """

    __slots__ = ("_log", "_path", "_trace", "end", "result", "start")

    def __init__(
        self,
        result: Result[Out_co, Fault],
        log: Item,
        path: Callable[[Place], str],
        start: int,
        end: int,
    ) -> None:
        self.result = result
        self.start = start
        self.end = end
        self._log = log
        self._path = path
        self._trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        """What happened; nothing if that was not recorded."""
        if self._trace is None:
            self._trace = told(self._log, partial(event_of, path=self._path))
        return self._trace

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ran):
            return NotImplemented
        ran = cast(Any, other)
        return self._ended() == ran._ended() and bool(self.trace == ran.trace)

    def _ended(self) -> tuple[object, int, int]:
        return self.result, self.start, self.end

    def __hash__(self) -> int:
        return hash((self.start, self.end))

    def __repr__(self) -> str:
        said = f"Ran({self.result!r}, {self.trace!r}, start={self.start}, end={self.end})"
        return masked(said)


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
    observe: Observe | None = None,
    watch_inputs: bool = False,
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
    observe: Observe | None = None,
    watch_inputs: bool = False,
) -> Result[B, Fault]: ...
def run(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Observe | None = None,
    watch_inputs: bool = False,
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

    watch_inputs: whether an attempt fails, as a `Defect`, that changed its input or a parameter:
        lists, dictionaries, sets, dataclasses, arrays and tables of pandas, at any depth; other
        objects can't be compared. Off, since it copies and compares all that every task is given;
        the fixture `run` of the pytest plugin has it on.

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
    given = (key, params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
    ran = _execute(w, value, *given, recording=False, observe=observe, watch_inputs=watch_inputs)
    return ran.result


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
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
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
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
) -> Ran[B]: ...
def execute(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    key: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Observe | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
) -> Ran[Any]:
    """Like `run`, whose result is its `result`, and tells what happened: the trace of all attempts.

    keep_results: whether the trace has what attempts gave, all of it to its end. Without, it has
        None for that, and a value is let go when the last task that reads it is done, as in `run`.
    """
    given = (key, params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
    return _execute(
        w,
        value,
        *given,
        recording=True,
        observe=observe,
        keep_results=keep_results,
        watch_inputs=watch_inputs,
    )


def _execute(
    w: Workflow[Any, Any],
    value: Any,
    key: str | None,
    params: Mapping[str, object],
    resources: Mapping[str, Opener | Secret],
    workers: int | None,
    pools: Mapping[str, int | Pool],
    clock: Clock,
    *,
    recording: bool,
    observe: Observe | None,
    watch_inputs: bool,
    keep_results: bool = True,
) -> Ran[Any]:
    node = as_workflow(w, "run")
    _refuse_in_import()
    required = requirements(node)
    check_limits("execute" if recording else "run", required, workers, pools)
    check_key("run", key)
    start, started = clock.now(), datetime.now(UTC)
    name = RunName(required, params, value, key)
    wrong = [*problems(required, params, resources, value), *in_no_file(required)]
    wrong.extend(name.problems())
    if wrong:
        fault = both(BadInput(issue.path, issue.message) for issue in wrong)
        return Ran(Failure(fault), [], lambda _: "", start, start)
    name.settle()
    contexts = Contexts()
    opened = Resources(contexts.new)
    tells_id = cache(partial(run_id, started))
    shared = _Shared(name, tells_id, started, resources, opened, watch_inputs)
    world = Local(shared, clock, contexts)
    this = cache(partial(try_of, name, name_of(node) or "", tells_id, started, start, params))
    stream = None if observe is None else Stream(observe, this)
    machine = Machine(
        node,
        world,
        Env(params),
        workers=workers,
        pools=pools,
        recording=recording,
        keep_results=keep_results,
        tell=stream,
        name=name,
    )
    if stream is not None:
        stream.machine = machine
    stop = Stop(machine, world.inbox)
    with stopping(stop) as machine.signals:
        machine.scope.cuttable = machine.signals == "elsewhere"
        result = _told(stream, stop, machine, opened, contexts.new(), value)
    return Ran(result, machine.log, machine.path, start, clock.now())


def _told(
    stream: Stream | None,
    stop: Stop,
    machine: Machine,
    opened: Resources,
    context: Context,
    value: Any,
) -> Result[Any, Fault]:
    """Run to the end, and tell the observer that it began and how it ended."""
    if stream is None:
        return _ended(stop, machine, opened, context, value)
    try:
        context.run(stream.began)
        result = _ended(stop, machine, opened, context, value)
    except BaseException as error:  # of a second signal, as a rule
        by = machine.stopping_at_once
        fault = Interrupted(by=by) if by else raised(error).fault("", machine.world.now())
        context.run(stream.ended, Failure(fault))
        raise
    context.run(stream.ended, result)
    return result


def _ended(
    stop: Stop, machine: Machine, opened: Resources, context: Context, value: Any
) -> Result[Any, Fault]:
    """Run to the end, then close what is open for the whole run ⟶ how all that went."""
    try:
        ended, came = context.run(machine.execute, value)
    except BaseException:  # of a second signal: nobody is given a result
        stop.closing = True
        for each in opened.close(machine.passes):
            warn(f"{each.tags[0]}: {each.message}")
        raise
    stop.closing = True
    for each in opened.close(machine.passes):
        fault = each.fault("", machine.world.now())
        came = fault if ended is OK else then(came, fault)
        ended = ERR
    return Success(came) if ended is OK else Failure(came)


def _refuse_in_import() -> None:
    """Run nothing where the program's script is but imported, to find in it what a process needs.

    What the script does outside of its `if __name__ == "__main__":` is done there again.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is not None and getattr(process.current_process(), "_inheriting", False):
        raise RuntimeError(
            "run(…) is called by the mere import of the script, which the process of an isolated "
            'task needs: put what starts the run under  if __name__ == "__main__":'
        )
