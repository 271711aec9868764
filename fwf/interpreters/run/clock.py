"""Where a run gets its time from: the system's clock, or a virtual one that jumps."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from typing import Any, Protocol, final

from fwf.early import HEARD_WITHIN

Inbox = SimpleQueue[Any]
"""Where workers leave what they have finished."""
if hasattr(time, "CLOCK_BOOTTIME"):

    def since_boot_ns() -> int:
        """Nanoseconds from some start, with those in which the machine was suspended."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

else:  # macOS counts them in its monotonic clock, or not at all
    since_boot_ns = time.monotonic_ns


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

    def release(self) -> None:
        """The run is over: nobody waits any longer for anything."""
        ...


@final
class SystemClock:
    """The system's clock that no one sets. The time in which the machine is suspended counts.

    A deadline is over then though nothing ran, since what a task waits for has gone on: a session,
    a token, a queue. What was due is done within a second after the machine wakes: the system's
    waits stand still meanwhile, and none is longer.
    """

    __slots__ = ()

    def now(self) -> int:
        return since_boot_ns() // 1000

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        seconds = min(max(0.0, (until - self.now()) / 1e6), HEARD_WITHIN)
        try:
            return [inbox.get(timeout=seconds), *messages_in(inbox)]
        except Empty:
            return []

    def cut(self, worker: int) -> None:
        pass

    def release(self) -> None:
        pass


@final
class SleepingWorker:
    """Until when a worker sleeps, whether a cut ends that, and how to wake it."""

    __slots__ = ("early", "until", "until_cut", "wake")

    def __init__(self, until: int, until_cut: bool, wake: Callable[[], object]) -> None:
        self.until = until
        self.until_cut = until_cut
        self.wake = wake
        self.early = False
        """Whether it was woken before its time."""


_WOKEN_EARLY: ContextVar[bool] = ContextVar("woken early", default=False)
"""Whether that happened to this attempt, which has a context of its own: it sleeps no more."""


@final
class VirtualClock:
    """Time that stands still while anything is at work, and jumps when everything waits.

    Made on the thread that runs the workflow. Tasks pass time by calling `sleep`, and `async def`
    tasks by awaiting `pause`. At the end of a jump all who wake go on before anything else does,
    so that a run is the same each time.

    Who is cut in its sleep sleeps on, as a thread works on, or wakes, as `until_cut` says. The end
    of the run wakes everybody.
    """

    def __init__(self, start: int = 0) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._asleep: dict[int, SleepingWorker] = {}
        """The workers that sleep."""
        self._alarms: list[tuple[int, int]] = []
        self._inbox: Inbox | None = None
        self._owner = threading.get_ident()

    def now(self) -> int:
        return self._now

    def sleep(self, microseconds: int, *, until_cut: bool = False) -> None:
        """Let virtual time pass in a task's thread.

        until_cut: whether it returns at once when the task is cut; threads work on.
        """
        me = threading.get_ident()
        if me == self._owner:  # a leaf on the scheduler's own thread: nothing runs beside it
            self._now += max(microseconds, 0)
            return
        alarm = threading.Event()
        sleeper = self._lie_down(me, microseconds, until_cut, alarm.set)
        if sleeper is not None:
            alarm.wait()
            _WOKEN_EARLY.set(sleeper.early)

    async def pause(self, microseconds: int, *, until_cut: bool = True) -> None:
        """Let virtual time pass in an `async def` task.

        until_cut: whether it is cancelled when the task is cut; otherwise it outlasts that.
        """
        import asyncio

        alarm = asyncio.Event()
        me = current_task()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, alarm.set)
        sleeper = self._lie_down(me, microseconds, until_cut, wake)
        if sleeper is None:
            return
        try:
            while not alarm.is_set():
                try:
                    await alarm.wait()
                except asyncio.CancelledError:  # by the cut, or by whoever awaits it
                    if until_cut:
                        raise
        finally:
            _WOKEN_EARLY.set(sleeper.early)
            with self._lock:
                self._asleep.pop(me, None)

    def _lie_down(
        self, me: int, microseconds: int, until_cut: bool, wake: Callable[[], object]
    ) -> SleepingWorker | None:
        """Be woken after a time; None if there is none to wait for."""
        with self._lock:
            until = self._now + microseconds
            if until <= self._now or _WOKEN_EARLY.get():
                return None
            sleeper = self._asleep[me] = SleepingWorker(until, until_cut, wake)
            heappush(self._alarms, (until, me))
            if self._inbox is not None:
                self._inbox.put(None)
            return sleeper

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        with self._lock:
            self._inbox = inbox
        messages: list[Any] = []
        while True:
            messages += [message for message in messages_in(inbox) if message is not None]
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
                    self._asleep.pop(alarm[1]).wake()
            return True

    def _rings(self, time: int, worker: int) -> bool:
        """Whether a worker sleeps until just that time."""
        return worker in self._asleep and self._asleep[worker].until == time

    def cut(self, worker: int) -> None:
        with self._lock:
            sleeper = self._asleep.get(worker)
            if sleeper is not None and sleeper.until_cut:
                self._wake_early(worker)

    def release(self) -> None:
        with self._lock:
            for worker in list(self._asleep):
                self._wake_early(worker)

    def _wake_early(self, worker: int) -> None:
        sleeper = self._asleep.pop(worker)
        sleeper.early = True
        with suppress(RuntimeError):  # its event loop has ended
            sleeper.wake()


def current_task() -> int:
    """What the event loop's task that is running is known by."""
    import asyncio

    return id(asyncio.current_task())


def messages_in(inbox: Inbox) -> list[Any]:
    """All messages that are there now."""
    messages: list[Any] = []
    while True:
        try:
            messages.append(inbox.get_nowait())
        except Empty:
            return messages
