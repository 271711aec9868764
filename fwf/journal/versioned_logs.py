"""What does a journal keep between runs? Small things: logs by name, of numbered versions.

A log is a chain of records as a run is, so that checksums, heads, claims and stores are the same.
It isn't one: `Store.runs` leaves it out, and pruning leaves it alone, since only runs are complete.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, final

from fwf.journal.chain import corrupt
from fwf.journal.run_records import FIRST, LOG, Record, RunRow, checksum_of
from fwf.journal.store import Claim, Holder, Store

_PLACE: Final = "", ""
"""Versions have no path, and are of no try."""


class Version(NamedTuple):
    """What a log said from a time on. `number` counts from 1, `at` is in µs since 1970, UTC."""

    number: int
    at: int
    body: Mapping[str, Any]


def latest(store: Store, name: str) -> Version | None:
    """The version that holds now; None where nothing was ever written.

    All are read: it's in doubt where one before it isn't what was written.
    """
    versions = history(store, name)
    return versions[-1] if versions else None


def history(store: Store, name: str) -> Sequence[Version]:
    """All versions, the oldest first; raises `JournalCorrupt` where one isn't what was written."""
    row = _row(store, name)
    return [] if row is None else [_version(store, row, each) for each in store.records(row)]


def names(store: Store, prefix: str) -> Sequence[str]:
    """The names of the logs that begin so, in order."""
    return sorted(row.workflow for row in store.logs(_key(prefix)))


@final
class LogWriter:
    """The right to add versions to a log, which one process at a time has."""

    def __init__(self, store: Store, name: str, claim: Claim) -> None:
        self.name = name
        self._store = store
        self._claim = claim
        self._head = FIRST
        self._versions: list[Version] = []
        self._number: int | None = None
        """That of its row; None before its first version is there."""
        row = _row(store, name)
        if row is not None:
            self._number = row.number
            for record in store.records(row):
                self._head = record.sum
                self._versions.append(_version(store, row, record))

    @property
    def history(self) -> Sequence[Version]:
        """All versions, the oldest first."""
        return self._versions

    @property
    def latest(self) -> Version | None:
        """The version that holds now."""
        return self._versions[-1] if self._versions else None

    def add(self, body: Mapping[str, Any], *, at: int | None = None) -> Version:
        """Add a version, which is there when this returns; raises `Replaced`.

        body: plain JSON. at: when, in µs since 1970; now, unless it is told.
        """
        text = json.dumps(body, allow_nan=False)
        when = time.time_ns() // 1000 if at is None else at
        n = len(self._versions) + 1
        checksum = checksum_of(self._head, n, "version", *_PLACE, when, text)
        record = Record(n, "version", *_PLACE, when, text, checksum)
        if self._number is None:
            self._number = self._store.begin(_new_row(self.name, when), [record], self._claim)
        else:
            self._store.append(self._number, [record], self._claim, state="log")
        self._head = checksum
        self._versions.append(Version(n, when, json.loads(text)))
        return self._versions[-1]

    def release(self) -> None:
        """Give the right back. May be called twice."""
        self._claim.release()


def claim(store: Store, name: str, holder: Holder) -> LogWriter:
    """Become the one who adds to a log until it is released; raises `Held` with who does."""
    right = store.claim(_key(name), holder)
    try:
        return LogWriter(store, name, right)
    except BaseException:
        right.release()
        raise


@contextmanager
def open_writer(store: Store, name: str, holder: Holder) -> Generator[LogWriter]:
    """Be the one who adds to a log; raises `Held` with who does."""
    writer = claim(store, name, holder)
    try:
        yield writer
    finally:
        writer.release()


def holder(store: Store, name: str) -> Holder | None:
    """Who adds to a log now; None if nobody does."""
    return store.holder(_key(name))


def salvage(store: Store, name: str, me: Holder) -> int:
    """Drop what follows the last good version of a damaged log ⟶ how many were dropped."""
    right = store.claim(_key(name), me)
    try:
        row = _row(store, name)
        return 0 if row is None else store.salvage(row, right)
    finally:
        right.release()


def _key(name: str) -> str:
    """A name ⟶ its key, of ASCII, which begins as the keys of all that the name begins with do."""
    return LOG + name.encode("unicode_escape").decode("ascii")


def _new_row(name: str, at: int) -> RunRow:
    key = _key(name)
    return RunRow(0, key, key, name, 1, "log", at, at, at, 0, 0, FIRST, "{}")


def _row(store: Store, name: str) -> RunRow | None:
    rows = store.generations(_key(name))
    return rows[-1] if rows else None


def _version(store: Store, row: RunRow, record: Record) -> Version:
    try:
        return Version(record.n, record.at, json.loads(record.body))
    except ValueError:  # checksums are right, and yet nobody writes this
        raise corrupt(row, record.n, "", store.where, "isn't a version") from None
