"""The thread with the event loop that runs `async def` tasks, and what ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any, final

from fwf.faults.raised import raised
from fwf.interpreters.run.calls import CallResult
from fwf.machine.fibers import ERR, INT

if TYPE_CHECKING:
    import asyncio

Job = Coroutine[Any, Any, CallResult]
Report = Callable[[CallResult], None]


@final
class EventLoop:
    """One daemon thread with an event loop. Imports asyncio when it is made.

    It goes on until it is closed: `sys.exit()` or `loop.stop()` in a task don't end it. What does
    end it (the loop's own files are closed, say) is the fault of all that are at work.
    """

    def __init__(self) -> None:
        import asyncio

        self._asyncio = asyncio
        self._loop = asyncio.new_event_loop()
        self._at_work: dict[Job, Report] = {}
        self._closed = False
        self.dead = False
        """Whether it ended before it was closed."""
        self._thread = threading.Thread(target=self._serve, name="fwf-async", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._loop.close()
            raise

    def start(self, job: Job, report: Report, context: Context) -> Callable[[], object]:
        """Run a coroutine and pass on how it ended; returns how to cancel it from a thread."""
        tasks: list[asyncio.Task[CallResult]] = []

        def begin() -> None:
            task = self._loop.create_task(job, context=context)
            tasks.append(task)
            task.add_done_callback(finish)

        def finish(task: asyncio.Task[CallResult]) -> None:
            self._report(job, (INT, None) if task.cancelled() else task.result())

        self._at_work[job] = report
        if not self._soon(begin):
            self._report(job, (ERR, raised(RuntimeError("the event loop has ended"))))
        return lambda: self._soon(lambda: tasks[0].cancel())

    def _report(self, job: Job, outcome: CallResult) -> None:
        report = self._at_work.pop(job, None)
        if report is not None:
            report(outcome)

    def close(self, within: float) -> None:
        """Cancel what is still there, wait so many seconds for it to clean up, end the thread."""
        self._soon(lambda: self._loop.create_task(self._end(within)))
        self._thread.join(within + 0.5)

    async def _end(self, within: float) -> None:
        asyncio = self._asyncio
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            if not task.cancelling():  # one that is cleaning up isn't disturbed
                task.cancel()
        if others:
            await asyncio.wait(others, timeout=within)
        await self._loop.shutdown_asyncgens()
        self._closed = True
        self._loop.stop()

    def _soon(self, act: Callable[[], object]) -> bool:
        """Have the loop do something; whether it still does anything."""
        try:
            self._loop.call_soon_threadsafe(act)
        except (RuntimeError, OSError):
            return False
        return not self.dead

    def _die(self, error: Exception) -> None:
        self.dead = True
        with suppress(OSError):  # before a new one is made, which may get the same files
            self._loop.close()
        why = raised(RuntimeError(f"the event loop of async tasks has ended: {error}"))
        for job in list(self._at_work):
            self._report(job, (ERR, why))

    def _serve(self) -> None:
        self._asyncio.set_event_loop(self._loop)
        while not self._closed:
            try:
                self._loop.run_forever()
            except Exception as error:
                self._die(error)
                return
            except BaseException:  # a task's, which has failed with it already
                continue
        self._loop.close()
