"""Daemon threads that run tasks which nobody waits for on the scheduler's own thread.

They are threads of our own, not a `ThreadPoolExecutor`'s: a task that was cut and never returns
must not keep the process alive.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, final

from fwf.interpreters.run.clock import Inbox

Job = Callable[[], Any]
PREFIX: Final = "fwf-"
"""Of the names of these threads."""


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
        """Have a thread do a job; if the system allows no more threads, when one is idle again.

        Raises `RuntimeError` if there is none, and can be none.
        """
        self._jobs.put(job)
        try:
            self._idle.pop()
            return
        except IndexError:
            self._count += 1
        name = f"{PREFIX}{self._count}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:
            self._count -= 1
            if not self._count:
                self._jobs.get_nowait()
                raise

    def close(self) -> None:
        """Let the threads end when they have done what they were given."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        jobs, idle, inbox = self._jobs, self._idle, self._inbox
        while (job := jobs.get()) is not None:
            results = [job()]
            del job  # with what the task was given: the scheduler is told after it is let go
            idle.append(None)
            inbox.put(results.pop())


def still_at_work(within: float = 0.2) -> bool:
    """Whether threads of runs that are over are still at it some seconds later: they were cut."""
    threads = [each for each in threading.enumerate() if each.name.startswith(PREFIX)]
    end = time.monotonic() + within
    for each in threads:
        each.join(max(0.0, end - time.monotonic()))
    return any(each.is_alive() for each in threads)
