"""Who runs leaves beside the scheduler, and the one place that starts, cuts, kills and awaits them.

The rules of their life, for all kinds of task:

**Who may interrupt what.** A signal (SIGINT, SIGTERM, SIGHUP: one thing with three numbers) stops
the run: its deadline is now. It raises `KeyboardInterrupt` in a user's code on the scheduler's
own thread, unless that is part of a finaliser; nothing is ever raised in the scheduler's own code.
A second signal interrupts finalisers on that thread too, and ends the run at once. A deadline, or
a sibling's failure under `fail_fast`, interrupts only what runs beside the scheduler.

**What is cut how.** A task that runs in a thread can't be stopped: its result is thrown away, it
keeps its slot, and the later attempts of a writing step wait for it. A coroutine is cancelled. The
process of an isolated task is killed, with its whole process group: its children and theirs.

**What is waited for.** Finalisers, to their end, however they run. Coroutines that were cancelled,
and asyncio tasks that others left behind, for `CLEAN_UP` seconds at most when the run ends.
Processes that were killed, until they are gone. Threads that were cut are not waited for, nor do
they keep the program: they are daemons.

**What is killed when.** A process group when its attempt is cut, or when the task's result has
come: what an isolated task leaves behind, threads or processes, ends with it. All that are left
when the run ends, for whatever reason.

**What nobody can end.** A task that raises `SystemExit` or `KeyboardInterrupt`, stops or closes
the event loop, or leaves its process by `os._exit` has failed, and that is all.

**What a fork is.** A process that `os.fork()` in a task makes, or `multiprocessing`, is no part of
the run. Signals mean to it what they mean to every process. Where the task's function returns or
raises in it, it ends as a program would; its parent does the rest of the run.

**After `kill -9`** nothing of this process runs any more, finalisers neither. Isolated processes
notice by themselves that it is gone, and kill their own groups.

**What an attempt sees.** A copy of its own of the caller's context (`contextvars`, and the context
of `decimal`), wherever it runs; a process of its own has that of `decimal` alone. Isolated
processes read nothing from the terminal, share stdout and stderr with this one, and leave the
signals that reach the whole group to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, get_ident
from typing import TYPE_CHECKING, Any, Final, final

from fwf.faults.raised import raised
from fwf.interpreters.run.calls import CallResult, await_task, call_in_worker
from fwf.interpreters.run.clock import Clock, Inbox, current_task
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers.contexts import Contexts
from fwf.interpreters.run.workers.event_loop import EventLoop
from fwf.interpreters.run.workers.processes import Process
from fwf.interpreters.run.workers.threads import Threads
from fwf.machine.fibers import ERR

if TYPE_CHECKING:
    from fwf.machine.waits import RunningAttempt

CLEAN_UP: Final = 5.0
"""Seconds that what was cancelled or killed has to end, when the run ends."""
Arguments = tuple[tuple[Any, ...], dict[str, Any], Sequence[tuple[str, Opener]]]
"""The positional arguments of a task's function, the others, and the resources to be opened."""


@final
class Workers:
    """The workers of one run. What comes of an attempt they leave in the inbox."""

    def __init__(self, inbox: Inbox, clock: Clock, contexts: Contexts) -> None:
        self._inbox = inbox
        self._clock = clock
        self._contexts = contexts
        self._threads = Threads(inbox)
        self._loop: EventLoop | None = None
        self._exits: set[Event] = set()
        """For each isolated attempt that isn't over; set when its process is gone."""

    def start(self, attempt: RunningAttempt, arguments: Arguments) -> None:
        """Run an attempt beside the scheduler; if that can't be done, it has failed."""
        call = attempt.role
        begin = self._isolate if call.isolate else self._await if call.is_async else self._thread
        try:
            begin(attempt, arguments)
        except (OSError, RuntimeError, MemoryError) as error:  # no more threads, files or memory
            exception = error
        else:
            return
        self._inbox.put((attempt, (ERR, raised(exception, call.fn)), self._clock.now()))

    def cut(self, attempt: RunningAttempt) -> None:
        """Wait no longer for an attempt, and stop it where that can be done."""
        attempt.cut = True
        if attempt.stop is not None:
            attempt.stop()
        self._clock.cut(attempt.worker)

    def close(self, *, at_once: bool) -> None:
        """The run is over: all that can end ends now. `at_once`: no coroutine is waited for."""
        self._clock.release()
        self._threads.close()
        if self._loop is not None:
            self._loop.close(0 if at_once else CLEAN_UP)
        for exit_event in list(self._exits):
            exit_event.wait(CLEAN_UP)

    # Kinds of task

    def _thread(self, attempt: RunningAttempt, arguments: Arguments) -> None:
        self._in_thread(attempt, partial(call_in_worker, attempt.role, *arguments))

    def _isolate(self, attempt: RunningAttempt, arguments: Arguments) -> None:
        exit_event = Event()

        def apart() -> CallResult:
            try:
                process = Process(attempt.role.task, arguments, self._contexts.decimals)
                attempt.stop = process.kill
                if attempt.cut:
                    process.kill()
                return process.result()
            except BaseException as error:
                exception = error
            finally:
                self._exits.discard(exit_event)
                exit_event.set()
            return ERR, raised(exception, attempt.role.fn)

        self._exits.add(exit_event)
        self._in_thread(attempt, apart)

    def _in_thread(self, attempt: RunningAttempt, call: Callable[[], CallResult]) -> None:
        context = self._contexts.of(attempt)

        def job() -> tuple[RunningAttempt, CallResult, int]:
            attempt.worker = get_ident()
            result = context.run(call)
            return attempt, result, self._clock.now()

        self._threads.start(job)

    def _await(self, attempt: RunningAttempt, arguments: Arguments) -> None:
        if self._loop is None or self._loop.dead:
            self._loop = EventLoop()

        async def awaiting() -> CallResult:
            attempt.worker = current_task()
            return await await_task(attempt.role, *arguments)

        def report(result: CallResult) -> None:
            self._inbox.put((attempt, result, self._clock.now()))

        attempt.stop = self._loop.start(awaiting(), report, self._contexts.of(attempt))
