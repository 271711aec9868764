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
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.requirements import Requirements, problems, requirements
from fwf.analysis.run_keys import RunName, check_key, name_of
from fwf.faults import BadInput, Fault, Interrupted, both, then
from fwf.faults.raised import raised
from fwf.interpreters.run.calls import RunCalls
from fwf.interpreters.run.clock import Clock
from fwf.interpreters.run.elsewhere import Elsewhere, Site
from fwf.interpreters.run.ids import run_id
from fwf.interpreters.run.journal import Journal, as_journal
from fwf.interpreters.run.journal_resources import (
    names_from_journal,
    out_of_reach,
    with_journal_resources,
)
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.observers import Observe, Stream, Try, try_of, warn
from fwf.interpreters.run.ran import Ran
from fwf.interpreters.run.resources import Opener, Resources
from fwf.interpreters.run.signals import stopping
from fwf.interpreters.run.stop import Stop
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.interpreters.run.workers.processes import in_no_file
from fwf.machine.fibers import ERR, OK, Env
from fwf.machine.machine import Machine
from fwf.machine.slots import Pool, check_limits
from fwf.machine.world import World
from fwf.records import changed, record
from fwf.secrets import Secret

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled import JournaledTry


@final
@record()
class RunRequest:
    """What a run is asked for: the arguments of `run` or `execute`."""

    by: Literal["run", "execute"]
    w: AnyWorkflow
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


def perform(request: RunRequest) -> Ran[Any]:
    """Do it; what is wrong with it is reported all at once, before anything runs."""
    request = changed(request, w=as_workflow(request.w, "run"))
    refuse_in_import()
    needs = requirements(request.w)
    if request.on is None:
        return _perform(request, needs, None)
    has = (
        names_from_journal(needs, request.resources)
        if request.journal is not None
        else frozenset[str]()
    )
    if not hasattr(request.on, "begin"):
        raise TypeError(
            f"{request.by}(on={request.on!r}): needs where tasks are called: Dask(client)"
        )
    with request.on.begin(needs, request.resources, has) as site:
        return _perform(changed(request, resources=site.resources), needs, site)


def _perform(request: RunRequest, needs: Requirements, site: Site | None) -> Ran[Any]:
    check_limits(request.by, needs, request.workers, request.pools)
    check_key("run", request.key)
    start, moment = request.clock.now(), datetime.now(UTC)
    name = RunName(needs, request.params, request.value, request.key)
    of_run, is_kept = (needs, request.resources), request.journal is not None
    values = request.params, with_journal_resources(*of_run, journal=is_kept), request.value
    here = *in_no_file(needs), *out_of_reach(*of_run, journal=is_kept)
    there = () if site is None else site.problems
    wrong = [*problems(needs, *values), *here, *there, *name.problems()]
    if wrong:
        fault = both(BadInput(issue.path, issue.message) for issue in wrong)
        return _ran_nothing(Failure(fault), start, start)
    name.settle()
    beginning = moment, start
    if request.journal is None:
        return RunUnderWay(request, name, beginning, None, site=site).perform()
    from fwf.interpreters.run.journaled import JournaledTry

    with JournaledTry(as_journal(request.journal), request, name, needs) as journaled_try:
        if journaled_try.complete:
            return _ran_nothing(journaled_try.result(), start, request.clock.now(), journaled_try)
        return RunUnderWay(
            journaled_try.request_of(request),
            journaled_try.name,
            beginning,
            journaled_try,
            site=site,
        ).perform()


def _ran_nothing(
    result: Result[Any, Fault], start: int, end: int, journaled_try: JournaledTry | None = None
) -> Ran[Any]:
    """What is told of a run in which nothing was done."""
    more = (None, ()) if journaled_try is None else (journaled_try.run_id(), journaled_try.degraded)
    return Ran(result, [], lambda _: "", start, end, *more)


class StartingPoint(Protocol):
    """Where in a workflow a run begins, if not at its outermost node, and what is known there."""

    run_id: str

    def world(self, local: Local) -> World:
        """The world that the run is in, around the one that calls tasks."""
        ...

    def enter(self, machine: Machine) -> None:
        """Let a machine begin there."""
        ...


@final
class RunUnderWay:
    """One run under way."""

    def __init__(
        self,
        request: RunRequest,
        name: RunName,
        beginning: tuple[datetime, int],
        journaled_try: JournaledTry | None,
        at: StartingPoint | None = None,
        site: Site | None = None,
    ) -> None:
        self._request = request
        self._site = site
        self._start_date, self._start = beginning
        """When it began, by the calendar and by its clock."""
        self._journaled_try = journaled_try
        self._name = name
        self._contexts = Contexts()
        self._resources = Resources(self._contexts.new)
        self._run_id = (
            cache(partial(run_id, self._start_date))
            if journaled_try is None
            else journaled_try.run_id
        )
        if at is not None:
            self._run_id = partial(str, at.run_id)
        memory = None if journaled_try is None else journaled_try.memory
        local = Local(self._calls(), request.clock, self._contexts, memory)
        world: World = local if site is None else site.world(local)
        if memory is not None:
            world = memory.around(world)
        if at is not None:
            world = at.world(local)
        observe = request.observe
        self._stream = None if observe is None else Stream(observe, cache(self._this))
        self.machine = Machine(
            cast(Node, request.w),
            world,
            Env(request.params),
            workers=request.workers,
            pools=request.pools,
            recording=request.recording,
            keep_results=request.keep_results,
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

    def _calls(self) -> RunCalls:
        """What all attempts share."""
        request, journaled_try = self._request, self._journaled_try
        began = self._start_date if journaled_try is None else journaled_try.start_date
        watch = request.watch_inputs
        return RunCalls(self._name, self._run_id, began, request.resources, self._resources, watch)

    def _this(self) -> Try:
        """What an observer is told of the try."""
        workflow, when = name_of(self._request.w) or "", (self._start_date, self._start)
        this = try_of(self._name, workflow, self._run_id, *when, self._request.params)
        return this if self._journaled_try is None else self._journaled_try.try_of(this)

    def perform(self) -> Ran[Any]:
        """Do it."""
        machine = self.machine
        with stopping(self._stop) as machine.signals:
            machine.scope.cuttable = machine.signals == "elsewhere"
            result = self._run_and_report(self._contexts.new())
        more = machine.log, machine.path, self._start, self._request.clock.now()
        return Ran(result, *more, degraded=self._degraded_paths(result))

    def _degraded_paths(self, result: Result[Any, Fault]) -> tuple[str, ...]:
        """Where what a run gave isn't what was meant."""
        return self.machine.degraded_paths if isinstance(result, Success) else ()

    def _run_and_report(self, context: Context) -> Result[Any, Fault]:
        """Run to the end, and tell observer and journal that it began and how it ended."""
        stream, journaled_try, machine = self._stream, self._journaled_try, self.machine
        if stream is None and journaled_try is None:
            return self._run_and_close(context)
        try:
            if stream is not None:
                context.run(stream.began)
            result = self._run_and_close(context)
            if journaled_try is not None:
                result = journaled_try.record_end(result, machine)
        except BaseException as error:  # of a second signal, as a rule
            by = machine.stopping_at_once
            fault = Interrupted(by=by) if by else raised(error).fault("", machine.world.now())
            if journaled_try is not None and by:
                journaled_try.record_end(Failure(fault), machine)
            if stream is not None:
                context.run(stream.ended, Failure(fault))
            raise
        if stream is not None:
            context.run(stream.ended, result, self._degraded_paths(result))
        return result

    def _run_and_close(self, context: Context) -> Result[Any, Fault]:
        """Run to the end, then close what is open for the whole run ⟶ how all that went."""
        machine, stop, resources = self.machine, self._stop, self._resources
        try:
            status, result = context.run(machine.execute, self._request.value)
        except BaseException:  # of a second signal: nobody is given a result
            stop.closing = True
            for each in resources.close(machine.passes):
                warn(f"{each.tags[0]}: {each.message}")
            raise
        stop.closing = True
        there = () if self._site is None else self._site.close()
        for each in (*resources.close(machine.passes), *there):
            fault = each.fault("", machine.world.now())
            result = fault if status is OK else then(result, fault)
            status = ERR
        return Success(result) if status is OK else Failure(result)


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
