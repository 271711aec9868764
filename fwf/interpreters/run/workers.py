"""Who runs leaves beside the scheduler: daemon threads, one event loop, killable processes.

Threads are daemons of our own, not a `ThreadPoolExecutor`'s: a task that was cut and never
returns must not keep the process alive.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast, final

from fwf.algebra.nodes import Task
from fwf.interpreters.run.calls import ERR, Ended, Opener, called
from fwf.interpreters.run.clock import Inbox
from fwf.raised import raised

if TYPE_CHECKING:
    import asyncio
    from multiprocessing.connection import Connection

Job = Callable[[], Any]


@final
class Threads:
    """Daemon threads, made when there are more jobs than idle ones. Jobs must not raise.

    What a job returns goes to the inbox.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._count = 0
        self._idle: deque[None] = deque()
        """An item for each thread that has nothing to do."""

    def start(self, job: Job) -> None:
        """Have a thread do a job; if the system allows no more threads, when one is idle again."""
        self._jobs.put(job)
        try:
            self._idle.pop()
            return
        except IndexError:
            self._count += 1
        name = f"fwf-{self._count}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:
            self._count -= 1
            if not self._count:
                raise

    def close(self) -> None:
        """Let the threads end when they have done what they were given."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        jobs, idle, inbox = self._jobs, self._idle, self._inbox
        while (job := jobs.get()) is not None:
            result = job()
            idle.append(None)
            inbox.put(result)
            del job, result


@final
class EventLoop:
    """One thread with an event loop, for `async def` tasks. Imports asyncio when it starts."""

    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        threading.Thread(target=self._serve, name="fwf-async", daemon=True).start()

    def start(
        self, job: Coroutine[Any, Any, Any], done: Callable[[Any], None]
    ) -> Callable[[], None]:
        """Run a coroutine and pass on its result, or None if it was cancelled.

        Returns how to cancel it from another thread.
        """
        started: list[asyncio.Task[Any]] = []

        def begin() -> None:
            task = self._loop.create_task(job)
            started.append(task)
            self._tasks.add(task)
            task.add_done_callback(ended)

        def ended(task: asyncio.Task[Any]) -> None:
            done(None if task.cancelled() else task.result())
            self._tasks.discard(task)
            if self._closed and not self._tasks:
                self._loop.stop()

        def cancel() -> None:
            self._loop.call_soon_threadsafe(lambda: started[0].cancel())

        self._loop.call_soon_threadsafe(begin)
        return cancel

    def close(self) -> None:
        """End the loop once cancelled tasks have cleaned up."""

        def end() -> None:
            self._closed = True
            if not self._tasks:
                self._loop.stop()

        self._loop.call_soon_threadsafe(end)

    def _serve(self) -> None:
        self._asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()


@final
class Killed(Exception):
    """The process of an isolated task ended without a result."""


@final
class Isolated:
    """A process of its own for one attempt. What it is given and gives must be picklable."""

    def __init__(self, name: str, call: Callable[[], Ended]) -> None:
        from multiprocessing import get_context
        from multiprocessing.reduction import ForkingPickler

        try:
            ForkingPickler.dumps(call)
        except Exception as error:
            raise _unfit(name, "its input and resources", error) from error
        context = get_context("spawn")
        self._name = name
        self._mine, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_in_process, args=(theirs, name, call), name=name, daemon=True
        )
        self._process.start()
        theirs.close()

    def result(self) -> Ended:
        """Wait for the result; raises `Killed` if the process ended without one."""
        try:
            return cast(Ended, self._mine.recv())
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            raise Killed(f"{self._name}: its process ended with exit code {code}") from None
        finally:
            self._mine.close()
            self._process.join()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()


def isolated(
    task: Task[Any, Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: list[tuple[str, Opener]],
) -> Isolated:
    """An isolated task's attempt, under way in its process."""
    return Isolated(task.name, partial(_called_there, task, args, keywords, openers))


def called_beside(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
    openers: list[tuple[str, Opener]],
) -> Ended:
    """`called`, in a worker: nothing gets out, not even `KeyboardInterrupt`."""
    try:
        return called(fn, args, keywords, openers)
    except BaseException as error:
        caught = error
    return ERR, raised(caught, fn)


def _called_there(task: Task[Any, Any], *given: Any) -> Ended:
    return called_beside(task.fn, *given)


def _in_process(result: Connection, name: str, call: Callable[[], Ended]) -> None:
    """What the process does: call, and send what came of it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what ctrl-C means
    ended = call()
    try:
        result.send(ended)
    except Exception as error:
        result.send((ERR, raised(_unfit(name, "its result", error))))
    result.close()


def _unfit(name: str, what: str, error: Exception) -> TypeError:
    return TypeError(
        f"{name} runs in a process of its own (isolate=True), so {what} must be picklable: {error}"
    )
