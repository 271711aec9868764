"""A journal whose process dies at the nth time that it writes, and a log of what tasks did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

from returns.result import Result

from fwf import Fault, Workflow, run
from fwf.interpreters.run import Again, Journal
from fwf.journal.opening import open_store
from fwf.journal.run_records import Record, RunRow, State
from fwf.journal.store import Claim


class Crashed(BaseException):
    """Stands for the end of a process: nothing of it runs any more."""


@final
class Dying:
    """A store, of a process that dies when it has written, or is about to write, so many times."""

    def __init__(self, path: Path, *, after: int | None = None, written: bool = True) -> None:
        self._store = open_store(path, durability="process")
        self._left = after
        self._written = written
        self._claims: list[Claim] = []
        self.where = self._store.where

    def _dies(self) -> bool:
        if self._left is not None:
            self._left -= 1
        return self._left == 0

    def claim(self, key: str, holder: Any) -> Claim:
        claim = self._store.claim(key, holder)
        self._claims.append(claim)
        return claim

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        return self._store.begin(row, records, claim)

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        dies = self._dies()
        if dies and not self._written:
            raise Crashed
        self._store.append(run, records, claim, state=state)
        if dies:
            raise Crashed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@final
class Runs:
    """Runs of workflows in one journal, each a try of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: list[Any] = []
        self.take_back: tuple[str, Again] | None = None
        """What the next try takes back as it begins."""

    def did(self, what: Any) -> None:
        """A task tells what it did."""
        self.log.append(what)

    def once(
        self, w: Workflow[Any, Any], *, after: int | None = None, written: bool = True, **more: Any
    ) -> tuple[Result[Any, Fault] | None, list[Any]]:
        """One try ⟶ how it ended, None if its process died, and what its tasks did."""
        self.log.clear()
        store: Any = Dying(self.path, after=after, written=written)
        journal = Journal(store, **{"take_back": self.take_back, **more.pop("journal", {})})
        self.take_back = None
        try:
            result = run(w, journal=journal, **more)
        except Crashed:
            result = None
        finally:
            store.close()
        return result, [*self.log]

    def records(self) -> list[Record]:
        """All records of the last run."""
        store = open_store(self.path, durability="process")
        try:
            return [*store.records(store.runs()[0])]
        finally:
            store.close()

    def row(self) -> RunRow:
        """The last run."""
        store = open_store(self.path, durability="process")
        try:
            return store.runs()[0]
        finally:
            store.close()
