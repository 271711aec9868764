"""Processes that a test lets go on, in any order, from one point to the next, or kills there.

Each is a thread. It stands before and after all that it writes or does, and before it looks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final

from fwf.cli.timetables.launch import Ended
from fwf.journal.run_records import Record, RunRow, State
from fwf.journal.store import Claim, Store

KILLED: Final = -9
PATIENCE: Final = 10.0
"""Seconds that a step may take before the test is taken for stuck."""


class Killed(BaseException):
    """Stands for the end of a process: nothing of it runs any more."""


class Process:
    """One process: what it does, and what is done when it has ended, if it has a parent."""

    def __init__(self, name: str, main: Callable[[], int]) -> None:
        self.name = name
        self.at = "before all"
        self.status: int | None = None
        self.killed = False
        self.ready: Callable[[], bool] = lambda: True
        self.on_end: Callable[[int], None] = lambda status: None
        self.looked: Callable[[], None] = lambda: None
        self.anyway = False
        self.error: BaseException | None = None
        self._main = main
        self._one = threading.Lock()
        self._goes = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        PROCESS.set(self)
        status = KILLED
        try:
            self._goes.acquire()
            self._live()
            status = self._main()
        except Killed:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.status = KILLED if self.killed else status
            self.at = "over"
            self.on_end(self.status)
            self._stands.release()

    def _live(self) -> None:
        if self.killed:
            raise Killed

    def point(self, at: str) -> None:
        """Stand here until the process goes on; of any of its threads."""
        with self._one:
            self._live()
            self.at = at
            self._stands.release()
            self._goes.acquire()
            self._live()

    def waits(self, until: Callable[[], bool]) -> None:
        """Stand here until something has happened."""
        self.ready = until
        while not until():
            self.point("waits")
        self.ready = lambda: True

    # Of the test

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status is not None

    def step(self) -> None:
        """Let it go on to its next point, or to its end."""
        self._goes.release()
        assert self._stands.acquire(timeout=PATIENCE), f"{self.name} is stuck after {self.at}"
        if self.error is not None:
            raise self.error

    def kill(self) -> None:
        """It is no more."""
        self.killed = True
        self.step()


PROCESS: ContextVar[Process] = ContextVar("PROCESS")


class Events:
    """What a parent hears of: that its children have ended."""

    def __init__(self) -> None:
        self._of = PROCESS.get()
        self._events = deque[Any]()

    def put(self, event: Ended | str) -> None:
        self._events.append(event)

    def empty(self) -> bool:
        return not self._events

    def get(self) -> Any:
        self._of.waits(lambda: bool(self._events))
        return self._events.popleft()


class Stepwise:
    """A real store, of a process that stands before and after what it does with it."""

    def __init__(
        self,
        store: Store,
        process: Process,
        wrote: Callable[[RunRow | None, Sequence[Record]], None],
    ) -> None:
        self._store = store
        self._process = process
        self._wrote = wrote
        self.where = store.where

    def claim(self, key: str, holder: Any) -> Claim:
        self._process.point("claim")
        return self._store.claim(key, holder)

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        self._process.point("begin")
        found = self._store.begin(row, records, claim)
        self._wrote(row, records)
        self._process.point("begun")
        return found

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        self._process.point("append")
        self._store.append(run, records, claim, state=state)
        self._wrote(None, records)
        self._process.point("appended")

    def generations(self, key: str) -> Sequence[RunRow]:
        self._process.point("look")
        return self._store.generations(key)

    def runs(self, **asked: Any) -> Sequence[RunRow]:
        self._process.point("look at all")
        found = self._store.runs(**asked)
        self._process.looked()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
