"""From what a run is asked for to how it ended: checked, perhaps gone on with, done, and closed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextvars import Context
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, final

from returns.result import Failure, Result, Success

from fwf.algebra.nodes import Node
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.analysis.requirements import Requirements, problems, requirements
from fwf.analysis.run_keys import RunName, check_key, name_of
from fwf.faults import BadInput, Fault, Interrupted, both, then
from fwf.faults.raised import raised
from fwf.interpreters.run.calls import Run as Shared
from fwf.interpreters.run.clock import Clock
from fwf.interpreters.run.elsewhere import Elsewhere, Site
from fwf.interpreters.run.ids import run_id
from fwf.interpreters.run.journal import Journal, as_journal
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.observers import Observe, Stream, Try, try_of, warn
from fwf.interpreters.run.ran import Ran
from fwf.interpreters.run.resources import Opener, Resources
from fwf.interpreters.run.signals import stopping
from fwf.interpreters.run.stop import Stop
from fwf.interpreters.run.supplied import out_of_reach, supplied, with_supplied
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.interpreters.run.workers.processes import in_no_file
from fwf.machine.fibers import ERR, OK, Env
from fwf.machine.machine import Machine
from fwf.machine.slots import Pool, check_limits
from fwf.machine.world import World
from fwf.records import changed, record
from fwf.secrets import Secret

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled import Kept


@final
@record()
class Asked:
    """What a run is asked for: the arguments of `run` or `execute`."""

    by: Literal["run", "execute"]
    w: Workflow[Any, Any]
    value: Any
    key: str | None
    params: Mapping[str, object]
    resources: Mapping[str, Opener | Secret]
    workers: int | None
    pools: Mapping[str, int | Pool]
    clock: Clock
    journal: Journal | str | Path | None
    observe: Observe | None
    watch_inputs: bool
    recording: bool = False
    keep_results: bool = True
    on: Elsewhere | None = None


def done(asked: Asked) -> Ran[Any]:
    """Do it; what is wrong with it is reported all at once, before anything runs."""
    asked = changed(asked, w=as_workflow(asked.w, "run"))
    refuse_in_import()
    required = requirements(asked.w)
    if asked.on is None:
        return _done(asked, required, None)
    has = supplied(required, asked.resources) if asked.journal is not None else frozenset[str]()
    if not hasattr(asked.on, "begin"):
        raise TypeError(f"{asked.by}(on={asked.on!r}): needs where tasks are called: Dask(client)")
    with asked.on.begin(required, asked.resources, has) as site:
        return _done(changed(asked, resources=site.resources), required, site)


def _done(asked: Asked, required: Requirements, site: Site | None) -> Ran[Any]:
    check_limits(asked.by, required, asked.workers, asked.pools)
    check_key("run", asked.key)
    start, started = asked.clock.now(), datetime.now(UTC)
    name = RunName(required, asked.params, asked.value, asked.key)
    of_run, is_kept = (required, asked.resources), asked.journal is not None
    given = asked.params, with_supplied(*of_run, journal=is_kept), asked.value
    here = *in_no_file(required), *out_of_reach(*of_run, journal=is_kept)
    there = () if site is None else site.problems
    wrong = [*problems(required, *given), *here, *there, *name.problems()]
    if wrong:
        fault = both(BadInput(issue.path, issue.message) for issue in wrong)
        return _undone(Failure(fault), start, start)
    name.settle()
    begun = started, start
    if asked.journal is None:
        return Doing(asked, name, begun, None, site=site).done()
    from fwf.interpreters.run.journaled import Kept

    with Kept(as_journal(asked.journal), asked, name, required) as kept:
        if kept.complete:
            return _undone(kept.result(), start, asked.clock.now(), kept)
        return Doing(kept.asked(asked), kept.name, begun, kept, site=site).done()


def _undone(result: Result[Any, Fault], start: int, end: int, kept: Kept | None = None) -> Ran[Any]:
    """What is told of a run in which nothing was done."""
    told = (None, ()) if kept is None else (kept.run_id(), kept.degraded)
    return Ran(result, [], lambda _: "", start, end, *told)


class Start(Protocol):
    """Where in a workflow a run begins, if not at its outermost node, and what is known there."""

    run_id: str

    def world(self, local: Local) -> World:
        """The world that the run is in, around the one that calls tasks."""
        ...

    def enter(self, machine: Machine) -> None:
        """Let a machine begin there."""
        ...


@final
class Doing:
    """One run under way."""

    def __init__(
        self,
        asked: Asked,
        name: RunName,
        begun: tuple[datetime, int],
        kept: Kept | None,
        at: Start | None = None,
        site: Site | None = None,
    ) -> None:
        self._asked = asked
        self._site = site
        self._started, self._start = begun
        """When it began, by the calendar and by its clock."""
        self._kept = kept
        self._name = name
        self._contexts = Contexts()
        self._opened = Resources(self._contexts.new)
        self._run_id = cache(partial(run_id, self._started)) if kept is None else kept.run_id
        if at is not None:
            self._run_id = partial(str, at.run_id)
        memory = None if kept is None else kept.memory
        local = Local(self._shared(), asked.clock, self._contexts, memory)
        world: World = local if site is None else site.world(local)
        if memory is not None:
            world = memory.around(world)
        if at is not None:
            world = at.world(local)
        observe = asked.observe
        self._stream = None if observe is None else Stream(observe, cache(self._this))
        self.machine = Machine(
            cast(Node, asked.w),
            world,
            Env(asked.params),
            workers=asked.workers,
            pools=asked.pools,
            recording=asked.recording,
            keep_results=asked.keep_results,
            tell=self._stream,
            memory=memory,
            name=name,
        )
        if at is not None:
            at.enter(self.machine)
        if self._stream is not None:
            self._stream.machine = self.machine
            self._contexts.locate = self._stream.locate
        if memory is not None:
            memory.machine = self.machine
        self._stop = Stop(self.machine, local.inbox)

    def _shared(self) -> Shared:
        """What all attempts share."""
        asked, kept = self._asked, self._kept
        began = self._started if kept is None else kept.started
        watch = asked.watch_inputs
        return Shared(self._name, self._run_id, began, asked.resources, self._opened, watch)

    def _this(self) -> Try:
        """What an observer is told of the try."""
        workflow, when = name_of(self._asked.w) or "", (self._started, self._start)
        made = try_of(self._name, workflow, self._run_id, *when, self._asked.params)
        return made if self._kept is None else self._kept.try_of(made)

    def done(self) -> Ran[Any]:
        """Do it."""
        machine = self.machine
        with stopping(self._stop) as machine.signals:
            machine.scope.cuttable = machine.signals == "elsewhere"
            result = self._told(self._contexts.new())
        told = machine.log, machine.path, self._start, self._asked.clock.now()
        return Ran(result, *told, degraded=self._degraded(result))

    def _degraded(self, result: Result[Any, Fault]) -> tuple[str, ...]:
        """Where what a run gave isn't what was meant."""
        return self.machine.degraded if isinstance(result, Success) else ()

    def _told(self, context: Context) -> Result[Any, Fault]:
        """Run to the end, and tell observer and journal that it began and how it ended."""
        stream, kept, machine = self._stream, self._kept, self.machine
        if stream is None and kept is None:
            return self._ended(context)
        try:
            if stream is not None:
                context.run(stream.began)
            result = self._ended(context)
            if kept is not None:
                result = kept.ended(result, machine)
        except BaseException as error:  # of a second signal, as a rule
            by = machine.stopping_at_once
            fault = Interrupted(by=by) if by else raised(error).fault("", machine.world.now())
            if kept is not None and by:
                kept.ended(Failure(fault), machine)
            if stream is not None:
                context.run(stream.ended, Failure(fault))
            raise
        if stream is not None:
            context.run(stream.ended, result, self._degraded(result))
        return result

    def _ended(self, context: Context) -> Result[Any, Fault]:
        """Run to the end, then close what is open for the whole run ⟶ how all that went."""
        machine, stop, opened = self.machine, self._stop, self._opened
        try:
            ended, came = context.run(machine.execute, self._asked.value)
        except BaseException:  # of a second signal: nobody is given a result
            stop.closing = True
            for each in opened.close(machine.passes):
                warn(f"{each.tags[0]}: {each.message}")
            raise
        stop.closing = True
        there = () if self._site is None else self._site.closed()
        for each in (*opened.close(machine.passes), *there):
            fault = each.fault("", machine.world.now())
            came = fault if ended is OK else then(came, fault)
            ended = ERR
        return Success(came) if ended is OK else Failure(came)


def refuse_in_import() -> None:
    """Run nothing where the program's script is but imported, to find in it what a process needs.

    What the script does outside of its `if __name__ == "__main__":` is done there again.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is not None and getattr(process.current_process(), "_inheriting", False):
        raise RuntimeError(
            "run(…) is called by the mere import of the script, which the process of an isolated "
            'task needs: put what starts the run under  if __name__ == "__main__":'
        )
