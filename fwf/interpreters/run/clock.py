"""Where a run gets its time from: the system's clock, or a virtual one that jumps."""

import threading
import time
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

    def cut(self, thread: int) -> None:
        """Nobody waits any longer for what a thread does."""
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

    def cut(self, thread: int) -> None:
        pass


@final
class VirtualClock:
    """Time that stands still while anything is at work, and jumps when everything waits.

    Made on the thread that runs the workflow. Tasks pass time by calling `sleep`. At the end of a
    jump all who wake go on before anything else does, so that a run is the same each time.
    """

    def __init__(self, start: int = 0) -> None:
        self._now = start
        self._changed = threading.Condition()
        self._asleep: dict[int, int] = {}
        self._alarms: list[tuple[int, int]] = []
        self._inbox: Inbox | None = None
        self._owner = threading.get_ident()

    def now(self) -> int:
        return self._now

    def sleep(self, microseconds: int) -> None:
        """Let virtual time pass in a task's thread; returns at once when the task is cut."""
        me = threading.get_ident()
        with self._changed:
            until = self._now + microseconds
            if me == self._owner:  # a leaf on the scheduler's own thread: nothing runs beside it
                self._now = max(until, self._now)
                return
            if until <= self._now:
                return
            self._asleep[me] = until
            heappush(self._alarms, (until, me))
            if self._inbox is not None:
                self._inbox.put(None)
            self._changed.wait_for(lambda: self._asleep.get(me) != until)

    def wait(self, inbox: Inbox, until: float, busy: int) -> list[Any]:
        with self._changed:
            self._inbox = inbox
        messages: list[Any] = []
        while True:
            messages += [message for message in drained(inbox) if message is not None]
            with self._changed:
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
        with self._changed:
            while self._alarms and self._asleep.get(self._alarms[0][1]) != self._alarms[0][0]:
                heappop(self._alarms)
            if not self._alarms or self._alarms[0][0] > until:
                if until == float("inf"):
                    raise RuntimeError("the virtual clock has nothing left to wait for")
                self._now = max(self._now, int(until))
                return False
            self._now = self._alarms[0][0]
            while self._alarms and self._alarms[0][0] == self._now:
                _, thread = heappop(self._alarms)
                if self._asleep.get(thread) == self._now:
                    del self._asleep[thread]
            self._changed.notify_all()
            return True

    def cut(self, thread: int) -> None:
        with self._changed:
            self._asleep.pop(thread, None)
            self._changed.notify_all()


def drained(inbox: Inbox) -> list[Any]:
    """All messages that are there now."""
    messages: list[Any] = []
    while True:
        try:
            messages.append(inbox.get_nowait())
        except Empty:
            return messages
