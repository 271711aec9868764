"""Runs a workflow here, in memory: real tasks, real time, threads and one event loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar, cast, final, overload

from pyrsistent import pmap
from returns.result import Failure, Result, Success

from fwf.algebra.identity import definition_id
from fwf.algebra.nodes import Named, Node
from fwf.algebra.requirements import problems, requirements
from fwf.algebra.trace import Err, Ok, Outcome, Trace
from fwf.algebra.values import digest, encode, freeze
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.faults import BadInput, Fault, both, tag_of
from fwf.interpreters.run.calls import Opener
from fwf.interpreters.run.calls import Run as _Shared
from fwf.interpreters.run.clock import Clock, SystemClock, VirtualClock
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.signals import stopping
from fwf.interpreters.run.stop import Stop
from fwf.interpreters.run.telling import Note, Observer
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.interpreters.run.workers.processes import in_no_file
from fwf.machine.fibers import OK, Env
from fwf.machine.line import Pool, check_limits, known_to
from fwf.machine.log import Item, event_of, told
from fwf.machine.machine import Machine
from fwf.machine.places import Place
from fwf.secrets import Secret

A = TypeVar("A")
B = TypeVar("B")

__all__ = ["Clock", "Note", "Pool", "Ran", "SystemClock", "VirtualClock", "execute", "run"]


@final
class Ran:
    """How a run ended, what happened in it, and when it started and ended on its clock (µs).

    trace: the attempts, as a partial order; worked out when first asked for.
    """

    __slots__ = ("_log", "_path", "_trace", "end", "outcome", "start")

    def __init__(
        self,
        outcome: Outcome,
        log: Item,
        path: Callable[[Place], str],
        start: int,
        end: int,
    ) -> None:
        self.outcome = outcome
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
        mine, theirs = (self.outcome, self.start, self.end), (other.outcome, other.start, other.end)
        return mine == theirs and self.trace == other.trace

    def __hash__(self) -> int:
        return hash((self.start, self.end))

    def __repr__(self) -> str:
        return f"Ran({self.outcome!r}, {self.trace!r}, start={self.start}, end={self.end})"


@overload
def run(
    w: Workflow[None, B],
    value: None = None,
    /,
    *,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Callable[[Note], None] | None = None,
    watch_inputs: bool = False,
) -> Result[B, Fault]: ...
@overload
def run(
    w: Workflow[A, B],
    value: A,
    /,
    *,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Callable[[Note], None] | None = None,
    watch_inputs: bool = False,
) -> Result[B, Fault]: ...
def run(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Callable[[Note], None] | None = None,
    watch_inputs: bool = False,
) -> Result[Any, Fault]:
    """Workflow, input ⟶ its result, or the fault that it failed with; never an exception.

    params: values of the run's parameters, by name.
    resources: for each resource a function without arguments that returns a context manager,
        entered anew for each attempt of a task that needs it; or a `Secret`.
    workers: how many tasks may run at once; no bound if None.
    pools: sizes of the pools named by `limit`; those not given are not bounded.
    clock: where time comes from.
    observe: told of every attempt as it starts and ends, on the scheduler's thread. What it
        raises is no part of the run: a `RuntimeWarning` says so, once.

    watch_inputs: whether an attempt fails, as a `Defect`, that changed its input or a parameter:
        lists, dictionaries, sets, dataclasses, arrays and tables of pandas, at any depth; other
        objects can't be compared. Off, since it copies and compares all that every task is given;
        the fixture `run` of the pytest plugin has it on.

    What is missing or of the wrong type is reported all at once, before anything runs. A value is
    let go when the last task that reads it is done; the input, which names the run, is kept. Ctrl-C
    cuts the run, lets its finalisers end, and makes it fail with `Interrupted`; a second one
    raises `KeyboardInterrupt`.

    >>> from fwf import it, pure
    >>> run(pure(it + 1), 41)
    <Success: 42>
    """
    given = (params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
    ran = _execute(w, value, *given, recording=False, observe=observe, watch_inputs=watch_inputs)
    match ran.outcome:
        case Ok(result):
            return Success(result)
        case Err(cause):
            return Failure(cause)


def execute(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    clock: Clock | None = None,
    observe: Callable[[Note], None] | None = None,
    keep_results: bool = True,
    watch_inputs: bool = False,
) -> Ran:
    """Like `run`, and tells what happened: the trace of all attempts.

    keep_results: whether the trace has what attempts gave, all of it to its end. Without, it has
        None for that, and a value is let go when the last task that reads it is done, as in `run`.
    """
    given = (params or {}, resources or {}, workers, pools or {}, clock or SystemClock())
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
    params: Mapping[str, object],
    resources: Mapping[str, Opener | Secret],
    workers: int | None,
    pools: Mapping[str, int | Pool],
    clock: Clock,
    *,
    recording: bool,
    observe: Callable[[Note], None] | None,
    watch_inputs: bool,
    keep_results: bool = True,
) -> Ran:
    node = as_workflow(w, "run")
    _refuse_in_import()
    check_limits("run", workers, pools)
    start = clock.now()
    required = requirements(node)
    wrong = [*problems(required, params, resources, value), *in_no_file(required)]
    if wrong:
        fault = both(BadInput(issue.path, issue.message) for issue in wrong)
        return Ran(Err(fault), [], lambda _: "", start, start)
    shared = _Shared(_run_id(node, params, value), datetime.now(UTC), resources, watch_inputs)
    world = Local(shared, clock)
    observer = None if observe is None else Observer(observe)
    machine = Machine(
        node,
        world,
        Env(params),
        workers=workers,
        pools=known_to(required, pools),
        recording=recording,
        keep_results=keep_results,
        tell=observer,
    )
    if observer is not None:
        observer.machine = machine
    with stopping(Stop(machine, world.inbox)) as machine.signals:
        machine.scope.cuttable = machine.signals == "elsewhere"
        ended, result = Contexts().new().run(machine.execute, value)
    outcome = Ok(result) if ended is OK else Err(result)
    return Ran(outcome, machine.log, machine.path, start, clock.now())


def _run_id(node: Node, params: Mapping[str, object], value: Any) -> Callable[[], str]:
    """What a run is known by: its workflow's name, its parameters and its input.

    Made when first asked for. A workflow without a name goes by its definition.
    """
    known: list[str] = []

    def run_id() -> str:
        if not known:
            name = node.name if isinstance(node, Named) else definition_id(node)
            plain = pmap({name: _plain(each) for name, each in params.items()})
            given = encode(pmap({"params": plain, "value": _plain(value)}))
            known.append(digest(name.encode(), b"\0", given).hex())
        return known[0]

    return run_id


def _plain(value: Any) -> object:
    """A value that can be encoded: itself if it is plain data, else how it prints."""
    for written in (partial(freeze, exact=False), repr):
        try:
            plain = written(value)
            encode(plain)
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever somebody's `__repr__` or codec raises
            continue
        return plain
    return tag_of(cast(Any, type(value)))


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
