"""The world of a local run: tasks are called here, by threads, an event loop or processes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar, final

from fwf.faults.raised import raised
from fwf.interpreters.run.calls import CallResult, RunCalls, TaskCall, call_task
from fwf.interpreters.run.clock import Clock, Inbox
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers import Arguments, Workers
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.machine.fibers import ERR, INT, Fiber
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ending, Landing

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.try_memory import TryMemory
    from fwf.machine.machine import Machine


@final
class Local:
    """Where tasks are called."""

    foretells: ClassVar[bool] = False

    __slots__ = (
        "_clock", "_context", "_queue", "_suspect", "_tries", "_workers", "before", "contexts",
        "inbox", "memory", "now", "role", "run",
    )  # fmt: skip

    def __init__(
        self, run: RunCalls, clock: Clock, contexts: Contexts, memory: TryMemory | None = None
    ) -> None:
        self.inbox: Inbox = SimpleQueue()
        """Where workers leave what they have finished; None wakes the machine."""
        self.now = clock.now
        self.role = run.call
        self.run = run
        """What all attempts share."""
        self._clock = clock
        self._tries: dict[str, int] = {}
        """Attempts so far, by the path of their step."""
        self.before = 0
        """Attempts of each step that were begun elsewhere."""
        self.contexts = contexts
        self._context = contexts.new
        self._workers = Workers(self.inbox, clock, contexts)
        self.memory = memory
        """What the run remembers, if it is kept."""
        self._queue: list[tuple[RunningAttempt, Arguments]] = []
        """Attempts that begin when the machine waits: then it is written that they do."""
        self._suspect: RunningAttempt | None = None
        """The attempt at work that may be what ended the process before; it is alone."""

    def start(
        self, machine: Machine, fiber: Fiber, role: TaskCall, alone: bool
    ) -> Ending | RunningAttempt | None:
        """Call a task's function: on this thread if it is `alone`, else beside it."""
        keywords: dict[str, Any] | None = fiber.around.env.keywords.get(id(role.task))
        openers: Sequence[tuple[str, Opener]] = ()
        if keywords is None:
            names = self.keywords(machine, fiber, role)
            if isinstance(names, BaseException):
                machine.end_undefined(fiber, machine.path(fiber.place), names)
                return None
            keywords, openers = names
        if machine.tell is not None:
            machine.tell("start", fiber.place, role.task.name, fiber.tries, machine.now())
            if alone and machine.stopping and machine.is_stopped(fiber):
                return INT, None, 0
        args = (fiber.value,) if role.arity == 1 else role.arguments(fiber.value)
        if not alone:
            attempt = RunningAttempt(fiber, role, machine.now())
            if self.memory is None:
                self._workers.start(attempt, (args, dict(keywords), openers))
            else:
                self._queue.append((attempt, (args, dict(keywords), openers)))
            return attempt
        context = self._context()
        if self.contexts.locate is not None:
            self.contexts.locate(context, fiber, role.task.name)
        try:
            status, result = context.run(call_task, role, args, keywords, openers)
        except KeyboardInterrupt as error:
            status, result = _interruption(machine, fiber, role, error)
        machine.instant = None  # look at the clock again
        if status is ERR:
            if machine.stopping and machine.is_stopped(fiber):
                status, result = INT, None
            else:
                result = result.fault(machine.path(fiber.place), machine.now())
        return status, result, 0

    def keywords(
        self, machine: Machine, fiber: Fiber, call: TaskCall
    ) -> tuple[dict[str, Any], list[tuple[str, Opener]]] | BaseException:
        """What to inject; or what somebody's codec raised when the run was to be named."""
        path = partial(machine.path, fiber.place)
        env, memory = fiber.around.env, self.memory
        try:
            if memory is None:
                keywords, openers = self.run.keywords(call, env, path, lambda: self._count(path()))
            else:
                facts = partial(memory.attempt, fiber), partial(memory.key, fiber)
                keywords, openers = self.run.keywords(call, env, path, *facts)
        except BaseException as error:
            return error
        if call.just_params:
            env.keywords[id(call.task)] = keywords
        return keywords, openers

    def _count(self, path: str) -> int:
        """The number of this attempt among those of its step."""
        self._tries[path] = self._tries.get(path, self.before) + 1
        return self._tries[path]

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        """Wait for the clock, or for what workers have finished."""
        if self._queue:
            withdrawn = self._begin(busy)
            if withdrawn:
                return withdrawn
        messages = self._clock.wait(self.inbox, until, busy - len(self._queue))
        landings = [_landing(machine, *message) for message in messages if message is not None]
        if any(each[0] is self._suspect for each in landings):
            self._suspect = None
        return landings

    def _begin(self, busy: int) -> Sequence[Landing]:
        """Begin what stands in the queue, a suspect alone ⟶ what is cut before it could."""
        memory, queue = self.memory, self._queue
        assert memory is not None
        now, self._queue = self.now(), []
        cuts: list[Landing] = []
        at_work = busy - len(queue)
        for attempt, arguments in queue:
            if attempt.withdrawn:
                continue
            if attempt.cut:
                cuts.append((attempt, INT, None, now))
                continue
            suspect = memory.is_suspect(attempt.fiber)
            if self._suspect is not None or (suspect and at_work):
                self._queue.append((attempt, arguments))
                continue
            if suspect:
                self._suspect = attempt
                memory.begins_alone(attempt.fiber)
            self._workers.start(attempt, arguments)
            at_work += 1
        return cuts

    def cut(self, machine: Machine, fiber: Fiber, role: TaskCall) -> bool:
        """Stop an attempt where that can be done; it keeps its slots until it has ended."""
        assert isinstance(fiber.waiting, RunningAttempt)
        self._workers.cut(fiber.waiting)
        return False

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        """Cut what is still at work, and end the workers."""
        for attempt in at_work:
            if not attempt.cut:
                self._workers.cut(attempt)
        self._workers.close(at_once=at_once)


def _landing(machine: Machine, attempt: RunningAttempt, outcome: CallResult, end: int) -> Landing:
    status, result = outcome
    if status is ERR and not attempt.cut:
        result = result.fault(machine.path(attempt.fiber.place), end)
    return attempt, status, result, end


def _interruption(
    machine: Machine, fiber: Fiber, call: TaskCall, error: KeyboardInterrupt
) -> CallResult:
    """A task on this thread raised `KeyboardInterrupt`, or a signal did.

    Where somebody else handles ctrl-C, it is taken for that.
    """
    if machine.stopping_at_once:
        raise error
    own = machine.signals != "unknown" and not machine.stopping
    if own or fiber.around.scope is not machine.scope:  # a finaliser can't be interrupted
        return ERR, raised(error, call.fn)
    machine.stopping = machine.stopping or "SIGINT"
    return INT, None
