"""Where a run gets its time from: the system's clock, or a virtual one that jumps."""

import threading
import time
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, final

Inbox = SimpleQueue[Any]
"""Where workers leave what they have finished."""
LONGEST: Final = 1e6
"""Seconds to wait at a time: longer ones are more than the system can count."""


class Clock(Protocol):
    """Time in microseconds from some start, and how to wait for it or for a message."""

    def now(self) -> int:
        """The time."""
        ...

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        """Messages, as soon as there are any; none when the time `until` has come, or earlier.

        `busy` leaves are at work and will leave a message in the inbox.
        """
        ...

    def cut(self, worker: int) -> None:
        """Nobody waits any longer for what a worker does: a thread, or a task of the event loop."""
        ...


@final
class SystemClock:
    """The system's monotonic clock."""

    __slots__ = ()

    def now(self) -> int:
        return time.monotonic_ns() // 1000

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        seconds = min(max(0.0, (until - self.now()) / 1e6), LONGEST)
        try:
            return [inbox.get(timeout=seconds), *drained(inbox)]
        except Empty:
            return []

    def cut(self, worker: int) -> None:
        pass


@final
class VirtualClock:
    """Time that stands still while anything is at work, and jumps when everything waits.

    Made on the thread that runs the workflow. Tasks pass time by calling `sleep`, and `async def`
    tasks by awaiting `pause`. At the end of a jump all who wake go on before anything else does,
    so that a run is the same each time.
    """

    def __init__(self, start: int = 0) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._asleep: dict[int, tuple[int, Callable[[], object]]] = {}
        """Until when each of the workers sleeps, and how to wake it."""
        self._alarms: list[tuple[int, int]] = []
        self._inbox: Inbox | None = None
        self._owner = threading.get_ident()

    def now(self) -> int:
        return self._now

    def sleep(self, microseconds: int) -> None:
        """Let virtual time pass in a task's thread; returns at once when the task is cut."""
        me = threading.get_ident()
        if me == self._owner:  # a leaf on the scheduler's own thread: nothing runs beside it
            self._now += max(microseconds, 0)
            return
        woken = threading.Event()
        if self._lie_down(me, microseconds, woken.set):
            woken.wait()

    async def pause(self, microseconds: int) -> None:
        """Let virtual time pass in an `async def` task."""
        import asyncio

        woken = asyncio.Event()
        me = current_task()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        if self._lie_down(me, microseconds, wake):
            try:
                await woken.wait()
            finally:  # it may be cancelled by whoever awaits it
                with self._lock:
                    self._asleep.pop(me, None)

    def _lie_down(self, me: int, microseconds: int, wake: Callable[[], object]) -> bool:
        """Be woken after a time; False if there is none to wait for."""
        with self._lock:
            until = self._now + microseconds
            if until <= self._now:
                return False
            self._asleep[me] = until, wake
            heappush(self._alarms, (until, me))
            if self._inbox is not None:
                self._inbox.put(None)
            return True

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        with self._lock:
            self._inbox = inbox
        messages: list[Any] = []
        while True:
            messages += [message for message in drained(inbox) if message is not None]
            with self._lock:
                at_work = busy - len(messages) - len(self._asleep)
            if at_work > 0:
                message = inbox.get()
                messages += [] if message is None else [message]
            elif messages:
                return messages
            elif not self._jump(until):
                return []

    def _jump(self, until: float) -> bool:
        """Go to the next alarm, unless `until` comes before it; whether somebody woke up."""
        with self._lock:
            while self._alarms and not self._rings(*self._alarms[0]):
                heappop(self._alarms)
            if not self._alarms or self._alarms[0][0] > until:
                if until == float("inf"):
                    raise RuntimeError("the virtual clock has nothing left to wait for")
                self._now = max(self._now, int(until))
                return False
            self._now = self._alarms[0][0]
            while self._alarms and self._alarms[0][0] == self._now:
                alarm = heappop(self._alarms)
                if self._rings(*alarm):
                    self._wake(alarm[1])
            return True

    def _rings(self, time: int, worker: int) -> bool:
        """Whether a worker sleeps until just that time."""
        return worker in self._asleep and self._asleep[worker][0] == time

    def _wake(self, worker: int) -> None:
        _, wake = self._asleep.pop(worker)
        wake()

    def cut(self, worker: int) -> None:
        with self._lock:
            if worker in self._asleep:
                self._wake(worker)


def current_task() -> int:
    """What the event loop's task that is running is known by."""
    import asyncio

    return id(asyncio.current_task())


def drained(inbox: Inbox) -> list[Any]:
    """All messages that are there now."""
    messages: list[Any] = []
    while True:
        try:
            messages.append(inbox.get_nowait())
        except Empty:
            return messages
