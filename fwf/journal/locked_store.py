"""A store that several threads use: one call at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import RLock
from typing import final

from fwf.journal.run_records import Record, RunRow, State
from fwf.journal.store import Claim, Holder, Store


@final
class LockedStore:
    """A store behind a lock; see `Store` for what it does."""

    def __init__(self, store: Store) -> None:
        self.where = store.where
        self.note: object = getattr(store, "note", None)
        self._store = store
        self._lock = RLock()

    def claim(self, key: str, holder: Holder) -> Claim:
        with self._lock:
            return self._store.claim(key, holder)

    def holder(self, key: str) -> Holder | None:
        with self._lock:
            return self._store.holder(key)

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        with self._lock:
            return self._store.begin(row, records, claim)

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        with self._lock:
            self._store.append(run, records, claim, state=state)

    def generations(self, key: str) -> Sequence[RunRow]:
        with self._lock:
            return self._store.generations(key)

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        with self._lock:
            return self._store.runs(newest=newest, like=like)

    def logs(self, prefix: str) -> Sequence[RunRow]:
        with self._lock:
            return self._store.logs(prefix)

    def records(self, run: RunRow) -> Iterator[Record]:
        """Between two records others may use it."""
        records = self._store.records(run)
        while True:
            with self._lock:
                record = next(records, None)
            if record is None:
                return
            yield record

    def last(self, run: RunRow) -> Record | None:
        with self._lock:
            return self._store.last(run)

    def salvage(self, run: RunRow, claim: Claim) -> int:
        with self._lock:
            return self._store.salvage(run, claim)

    def prune(self, before: int) -> tuple[int, int]:
        with self._lock:
            return self._store.prune(before)

    def put(self, name: str, content: memoryview | bytes) -> None:
        with self._lock:
            self._store.put(name, content)

    def get(self, name: str) -> bytes | memoryview:
        with self._lock:
            return self._store.get(name)

    def close(self) -> None:
        with self._lock:
            self._store.close()
