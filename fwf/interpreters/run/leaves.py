"""Leaves: who runs a task's attempts, in which order they start, what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, final

from fwf.algebra.nodes import Task
from fwf.algebra.trace import Ending, Event
from fwf.faults import Fault
from fwf.interpreters.run.calls import (
    ERR,
    INT,
    Call,
    Ended,
    Opener,
    Run,
    called,
)
from fwf.interpreters.run.clock import Inbox
from fwf.interpreters.run.fibers import NEVER, Fiber, numbers
from fwf.interpreters.run.frames import WAITING, Next
from fwf.interpreters.run.slots import Line
from fwf.interpreters.run.telling import Note, Observer
from fwf.interpreters.run.timers import WORK, Timer
from fwf.interpreters.run.workers import Workers
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.raised import raised

if TYPE_CHECKING:
    from fwf.interpreters.run.machine import Machine


@final
class Attempt:
    """One start of a task in a worker: asked for, then at work, then ended or cut."""

    __slots__ = (
        "begun",
        "call",
        "cut",
        "fiber",
        "path",
        "pools",
        "start",
        "stop",
        "worker",
    )

    def __init__(self, fiber: Fiber, call: Call, now: int) -> None:
        self.fiber = fiber
        self.call = call
        self.path = ""
        self.start = now
        """When it was asked for and, once it has begun, when it began."""
        self.pools = fiber.pools
        self.begun = False
        self.cut = False
        self.worker = 0
        """The thread that it runs on, or the task of the event loop."""
        self.stop: Callable[[], object] | None = None

    def __lt__(self, other: Attempt) -> bool:
        """Whether it was asked for earlier or, at the same instant, further to the left."""
        if self.start != other.start:
            return self.start < other.start
        mine, theirs = self.fiber, other.fiber
        return mine.index < theirs.index if mine.parent is theirs.parent else mine < theirs


Message: TypeAlias = tuple[Attempt, Ended, int]
"""An attempt, how it ended, and when."""


@final
class Leaves:
    """The attempts of one run."""

    def __init__(
        self,
        machine: Machine,
        run: Run,
        line: Line[Attempt],
        observe: Callable[[Note], None] | None,
    ) -> None:
        self.inbox: Inbox = SimpleQueue()
        self.at_work: set[Attempt] = set()
        """Attempts in workers, those that were cut included."""
        self.single = line.workers == 1
        self._machine = machine
        self._run = run
        self._line = line
        self._observe = None if observe is None else Observer(observe, machine.passes)
        self._watched = machine.recording or observe is not None
        self._calls: dict[int, Call] = {}
        self._asking: list[Attempt] = []
        self._overlapping: dict[str, int] = {}
        """Attempts of writers that were cut but still run, by path."""
        self._behind: dict[str, list[Attempt]] = {}
        """Who waits for those."""
        self._attempts: dict[str, int] = {}
        self._rate = Timer()
        contexts = Contexts()
        self._context = contexts.new
        self._workers = Workers(self.inbox, machine.clock, contexts)

    def close(self, *, at_once: bool) -> None:
        """Cut what is still at work, and end the workers."""
        for attempt in self.at_work:
            if not attempt.cut:
                self._workers.cut(attempt)
        self._workers.close(at_once=at_once)

    def begin(self, fiber: Fiber, task: Task[Any, Any], value: Any) -> Next:
        """Start a task: inline if nothing can cut it and nothing else could run beside it."""
        call = self._calls.get(id(task))
        if call is None:
            call = self._calls[id(task)] = self._run.call(task)
        machine = self._machine
        if machine.stopping and machine.stopped(fiber):
            return None, INT, None
        wrong = None if call.arity < 2 else call.misfit(value, partial(machine.path, fiber))
        if wrong is not None and fiber.scope.limit >= machine.now():
            return None, ERR, wrong
        if (
            call.plain
            and not (fiber.scope.cuttable or fiber.pools or self.at_work)
            and (machine.live == 1 or (fiber.fresh and self._nobody_before()))
        ):
            fiber.fresh = False
            return self._inline(fiber, call, value)
        fiber.fresh = False
        fiber.value = value
        attempt = Attempt(fiber, call, machine.now())
        machine.suspend(fiber, attempt)
        self._asking.append(attempt)
        return WAITING

    def _nobody_before(self) -> bool:
        """Whether nobody asks, or will ask at this instant, for the only worker there is."""
        return not (self._asking or self._line) and self._machine.timers.due() == NEVER

    def _inline(self, fiber: Fiber, call: Call, value: Any) -> Next:
        machine = self._machine
        args = (value,) if call.arity == 1 else call.arguments(value)
        keywords: dict[str, Any] | None = fiber.env.given.get(id(call.task))
        openers: list[tuple[str, Opener]] = []
        if keywords is None:
            named = self._keywords(fiber, call)
            if isinstance(named, BaseException):
                return machine.undefined(machine.path(fiber), named)
            keywords, openers = named
        attempt = self._begun(Attempt(fiber, call, 0)) if self._watched else None
        try:
            signal, result = self._context().run(called, call.fn, args, keywords, openers)
        except KeyboardInterrupt as error:
            signal, result = self._interrupted(fiber, call, error)
        machine.instant = None  # look at the clock again
        if signal == ERR:
            if machine.stopping and machine.stopped(fiber):
                signal, result = INT, None
            else:
                result = result.fault(machine.path(fiber), machine.now())
        if attempt is not None:
            self._ended(attempt, _ENDINGS[signal], result, machine.now())
        return None, signal, result

    def _interrupted(self, fiber: Fiber, call: Call, error: KeyboardInterrupt) -> Ended:
        """A task on this thread raised `KeyboardInterrupt`, or a signal did.

        Where somebody else handles ctrl-C, it is taken for that.
        """
        machine = self._machine
        if machine.stopping_at_once:
            raise error
        own = machine.signals != "unknown" and not machine.stopping
        if own or fiber.scope is not machine.scope:  # a finaliser can't be interrupted
            return ERR, raised(error, call.fn)
        machine.stopping = machine.stopping or "SIGINT"
        return INT, None

    def _keywords(
        self, fiber: Fiber, call: Call
    ) -> tuple[dict[str, Any], list[tuple[str, Opener]]] | BaseException:
        """What to inject; or what somebody's codec raised when the run was to be named."""
        path = partial(self._machine.path, fiber)
        try:
            keywords, openers = self._run.keywords(
                call, fiber.env, path, lambda: self._count(path())
            )
        except BaseException as error:
            return error
        if call.just_params:
            fiber.env.given[id(call.task)] = keywords
        return keywords, openers

    def _count(self, path: str) -> int:
        """The number of this attempt among those of its step."""
        self._attempts[path] = self._attempts.get(path, 0) + 1
        return self._attempts[path]

    def hand_out(self) -> None:
        """Give workers and pool slots to those who ask: earliest first, then leftmost."""
        line, asking, machine = self._line, self._asking, self._machine
        if not (asking or line):
            return
        self._asking = []
        asking.sort()
        if not line.bounded:
            for attempt in asking:
                self._start(attempt)
            return
        for attempt in asking:
            line.join(attempt)
        while not machine.ready and (first := line.next(machine.now())) is not None:
            if not self._start(first):
                line.release(first.pools)
        later = line.ready_at(machine.now())
        if machine.now() < later < NEVER:
            machine.timers.drop(self._rate)
            self._rate = machine.timers.set(round(later), WORK, Timer())

    def _start(self, attempt: Attempt) -> bool:
        """Start an attempt whose slots are taken; whether it holds them now."""
        if attempt.cut:
            return False
        fiber, call, machine = attempt.fiber, attempt.call, self._machine
        if self._overlapping and call.writes and machine.path(fiber) in self._overlapping:
            self._behind.setdefault(machine.path(fiber), []).append(attempt)
            return False
        if fiber.scope.limit < machine.now():
            machine.resume(fiber, INT, None)
            return False
        uncut = call.plain and not (fiber.scope.cuttable or fiber.pools)
        if self.single and uncut and not self.at_work and machine.timers.due() == NEVER:
            _, signal, result = self._inline(fiber, call, fiber.value)
            machine.resume(fiber, signal, result)
            return False
        named = self._keywords(fiber, call)
        if isinstance(named, BaseException):
            _, signal, result = machine.undefined(machine.path(fiber), named)
            machine.resume(fiber, signal, result)
            return False
        keywords, openers = named
        self._begun(attempt)
        self.at_work.add(attempt)
        self._workers.start(attempt, (call.arguments(fiber.value), dict(keywords), openers))
        return True

    def take_in(self, messages: list[Message]) -> None:
        """What workers have finished, leftmost first."""
        if len(messages) > 1:
            messages.sort(key=_place)
        for attempt, (signal, result), end in messages:
            self.at_work.discard(attempt)
            self._line.release(attempt.pools)
            if attempt.cut:
                self._returned(attempt)
            else:
                self._finished(attempt, signal, result, end)

    def abandon(self, attempt: Attempt) -> None:
        """Wait no longer for an attempt: it may still be at work, or wait for a slot."""
        if not attempt.begun:
            attempt.cut = True
            return
        if attempt.call.writes:
            attempt.path = self._machine.path(attempt.fiber)
            self._overlapping[attempt.path] = self._overlapping.get(attempt.path, 0) + 1
        self._workers.cut(attempt)
        self._ended(attempt, "cut", None, self._deadline(attempt))

    def _deadline(self, attempt: Attempt) -> int:
        return max(attempt.start, int(min(self._machine.now(), attempt.fiber.scope.limit)))

    def _finished(self, attempt: Attempt, signal: int, result: Any, end: int) -> None:
        fiber = attempt.fiber
        if end > fiber.scope.limit:
            self._ended(attempt, "cut", None, self._deadline(attempt))
            self._machine.resume(fiber, INT, None)
            return
        if signal == ERR:
            result = result.fault(self._machine.path(fiber), end)
        self._ended(attempt, _ENDINGS[signal], result, end)
        self._machine.resume(fiber, signal, result)

    def _returned(self, attempt: Attempt) -> None:
        """An attempt that was cut has come back: the step's next one need wait no longer."""
        if not attempt.call.writes:
            return
        self._overlapping[attempt.path] -= 1
        if not self._overlapping[attempt.path]:
            del self._overlapping[attempt.path]
            self._asking.extend(self._behind.pop(attempt.path, ()))

    def _begun(self, attempt: Attempt) -> Attempt:
        attempt.begun = True
        attempt.start = self._machine.now()
        if self._watched:
            fiber = attempt.fiber
            attempt.path = self._machine.path(fiber)
            name = attempt.call.task.name
            self._tell("start", attempt.path, name, numbers(fiber.tries), attempt.start)
        return attempt

    def _ended(self, attempt: Attempt, ending: Ending, result: Any, end: int) -> None:
        if not self._watched:
            return
        name, path, start = attempt.call.task.name, attempt.path, attempt.start
        tries = numbers(attempt.fiber.tries)
        self._tell(ending, path, name, tries, end, result)
        if self._machine.recording:
            kept = result if self._machine.keep_results or ending != "ok" else None
            attempt.fiber.trace.append(Event(name, path, tries, ending, kept, start, end))

    def retries(self, fiber: Fiber, delay: int, cause: Fault) -> None:
        """Told by a retry that it will try again."""
        if self._observe is not None:
            path, at = self._machine.path(fiber), self._machine.now() + delay
            self._tell("retry", path, "", numbers(fiber.tries), at, cause)

    def caught(self, fiber: Fiber, cause: Fault) -> None:
        """Told by what takes up a fault, which is then not the run's."""
        if self._observe is not None:
            path, now = self._machine.path(fiber), self._machine.now()
            self._tell("caught", path, "", numbers(fiber.tries), now, cause)

    def _tell(
        self, kind: str, path: str, task: str, tries: tuple[int, ...], at: int, detail: Any = None
    ) -> None:
        if self._observe is not None:
            self._observe(Note(kind, path, task, tries, at, detail))


_ENDINGS: tuple[Ending, ...] = ("ok", "failed", "cut")
"""By signal."""


def _place(message: Message) -> Fiber:
    return message[0].fiber
