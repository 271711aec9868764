"""How does a journal keep runs in one SQLite file?

Beside `runs.db` (and SQLite's `-wal` and `-shm`) stand `runs.db-heads` (see `heads`),
`runs.db-locks/` and `runs.db-values/`. The file itself is never opened but by SQLite: closing it
would drop the locks that SQLite has on it (POSIX), and another process would take it for unused.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, final

from fwf.journal.chain import (
    Columns,
    check_follow,
    checked_records,
    corrupt,
    link_after,
    newest_record,
    text,
)
from fwf.journal.errors import JournalCorrupt, JournalError, Replaced
from fwf.journal.holders import me
from fwf.journal.run_records import Record, RunRow, State
from fwf.journal.sqlite import file_layout, journal_files as files, locks, mend, rows
from fwf.journal.sqlite.locks import Lock
from fwf.journal.sqlite.prune import prune
from fwf.journal.sqlite.run_heads import Head, HeadsSnapshot, digest, new_head
from fwf.journal.store import Claim, Holder

_CHUNK: Final = 1_000
"""Records read at once: an open cursor would keep the write-ahead log from being used anew."""


@final
class _Tail:
    """What the next records of a run follow, and whose run it is."""

    __slots__ = ("digest", "key", "last")

    def __init__(self, last: int, key: str, digest: bytes) -> None:
        self.last = last
        self.key = key
        self.digest = digest


@final
class SQLite:
    """A journal in a file."""

    def __init__(self, files: files.JournalFiles, *, salvage: bool) -> None:
        self.where = files.path
        self.note = files.note
        """A remark on its file system, if it isn't known whether locks hold there."""
        self._db = files.db
        self._heads = files.db.heads
        self._contents = files.contents
        self._salvage = salvage
        self._pid = os.getpid()
        self._closed = False
        self._tails = dict[int, _Tail]()

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        durability: Literal["power", "process"] = "power",
        salvage: bool = False,
    ) -> SQLite:
        """Open a file, or make it, readable by its owner alone; see `open_store`."""
        synced = durability == "power"
        return cls(files.open_files(where, synced=synced, salvage=salvage), salvage=salvage)

    def claim(self, key: str, holder: Holder) -> Claim:
        """Hold the lock of a key's own file; raises `Held`."""
        self._check_open()
        lock = locks.claim(f"{self.where}-locks", key, holder, lambda: self._sign(key))
        # Until now others may have gone on with them.
        self._tails = {run: tail for run, tail in self._tails.items() if tail.key != key}
        return lock

    def holder(self, key: str) -> Holder | None:
        """Who goes on with the runs of a key now."""
        return locks.holder(f"{self.where}-locks", key)

    def begin(self, row: RunRow, records: Sequence[Record], claim: Claim) -> int:
        """Add a run with its first records ⟶ its number."""
        self._may(claim, row.key)
        check_follow(records, 0)
        key, new_row = digest(row.key), row

        def work(db: sqlite3.Connection) -> Head:
            nonlocal new_row
            number = 1 + (file_layout.one(db, "SELECT max(number) FROM runs") or 0)
            number = self._free(number)
            self._heads.room_for(number)
            new_row = rows.with_records(row, number, records)
            db.execute(rows.ADD_RUN, rows.columns(new_row))
            db.execute(rows.ADD_ORIGIN, rows.origin(new_row))
            rows.add(db, number, records)
            return Head(number, new_row.count, key, new_row.head)

        self._db.commit(work, synced=True)
        self._tails[new_row.number] = _Tail(new_row.count, row.key, key)
        return new_row.number

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        """Add records in one transaction; with a state, the run's row as well."""
        tail = self._tails.get(run) or self._tail(run)
        self._may(claim, tail.key)
        self._tails[run] = tail
        check_follow(records, tail.last)
        if state is None and 0 < len(records) <= rows.AT_ONCE:
            last = records[-1]
            head = new_head(Head, (run, last.n, tail.digest, last.sum, False))
            self._db.add(rows.ADD_RECORDS[len(records)], rows.flat(run, records), head)
        elif records or state is not None:
            self._append(run, records, tail, state)
        if records:
            tail.last = records[-1].n

    def _append(
        self, run: int, records: Sequence[Record], tail: _Tail, state: State | None
    ) -> None:
        def work(db: sqlite3.Connection) -> Head | None:
            rows.add(db, run, records)
            if state is not None:
                try:
                    rows.bring_up(db, run, state)
                except (ValueError, TypeError, KeyError) as error:
                    raise file_layout.damage_error(self.where, str(error)) from None
            if not records:
                return None
            return Head(run, records[-1].n, tail.digest, records[-1].sum)

        self._db.commit(work, synced=state is not None)

    def generations(self, key: str) -> Sequence[RunRow]:
        """The runs of a key; raises `JournalCorrupt` if one that there was isn't found."""
        self._check_open()
        snapshot = HeadsSnapshot(self._heads.content())
        runs = self._runs("WHERE key = ? ORDER BY generation", (rows.column_text(key),), snapshot)
        there = {row.number for row in runs}
        for head in () if self._salvage else snapshot.with_key(digest(key)):
            if head.run not in there:
                raise self._lost_error(head.run)
        return runs

    def runs(self, *, newest: int | None = None, like: str | None = None) -> Sequence[RunRow]:
        """Runs, the newest first; raises `JournalCorrupt` if one that there was isn't found."""
        self._check_open()
        if newest == 0:
            return []
        snapshot = HeadsSnapshot(self._heads.content())
        limit = -1 if newest is None else newest
        if like is not None:
            # Not `count(*)`, for which SQLite takes any index.
            if self._db.rows("SELECT count(id) FROM runs INDEXED BY names") != [(snapshot.last,)]:
                self._all_there(snapshot, self._db.rows("SELECT number FROM runs INDEXED BY names"))
            where = (
                "WHERE number IN (SELECT number FROM runs INDEXED BY names WHERE "
                "instr(workflow, ?1) OR instr(id, ?1)) AND state != 'log' "
                "ORDER BY number DESC LIMIT ?2"
            )
            return self._runs(where, (rows.column_text(like), limit), snapshot)
        where = "WHERE state != 'log' ORDER BY number DESC LIMIT ?"
        runs = self._runs(where, (limit,), snapshot)
        least = 1 if newest is None else min((row.number for row in runs), default=1)
        self._all_there(snapshot, [(row.number,) for row in runs], least)
        return runs

    def logs(self, prefix: str) -> Sequence[RunRow]:
        """The rows of the logs whose key begins so."""
        self._check_open()
        snapshot = HeadsSnapshot(self._heads.content())
        where = "WHERE key >= ?1 AND key < ?1 || '\x7f' AND state = 'log' ORDER BY key"
        return self._runs(where, (prefix,), snapshot)

    def records(self, run: RunRow) -> Iterator[Record]:
        """A run's records in order, checked against each other and against the head."""
        self._check_open()
        return self._checked_records(run, self._columns(run))

    def last(self, run: RunRow) -> Record | None:
        """The last record of a run that has ended, checked against the one before."""
        self._check_open()
        latest = self._db.rows(rows.LATEST, (run.number,))
        record = newest_record(latest) if latest else None
        if latest and record is None:
            n, path = latest[0][0], text(latest[0][2])
            raise corrupt(run, n, path, self.where, "isn't what was written")
        return record

    def salvage(self, run: RunRow, claim: Claim) -> int:
        """Drop what follows the last good record, in the database and in the heads."""
        self._may(claim, run.key)
        good, count, whole = list[Record](), 0, False
        there = list(self._columns(run))  # A file that can't be read is none to drop from.
        with suppress(JournalCorrupt):
            good.extend(self._checked_records(run, there))
            whole = len(good) > 0 and link_after(good[-1]) == run.head
        if whole:
            return 0

        def work(db: sqlite3.Connection) -> Head:
            nonlocal count
            self._heads.room_for(run.number)
            head, count = mend.cut(db, run, good)
            return head

        self._db.commit(work, synced=True)
        self._tails.pop(run.number, None)
        return count

    def prune(self, before: int) -> tuple[int, int]:
        """Drop what complete runs did, but for their first and last record."""
        this = me()
        return prune(self._db, self._contents, before, lambda key: self.claim(key, this))

    def put(self, name: str, content: memoryview | bytes) -> None:
        """Keep a large value by the digest of its content."""
        self._contents.put(name, content)

    def get(self, name: str) -> bytes | memoryview:
        """A large value, checked."""
        return self._contents.get(name)

    def close(self) -> None:
        """Close the file; the last one who does so brings the write-ahead log into it."""
        self._closed = True
        if os.getpid() == self._pid:
            self._db.close()
        self._heads.close()

    def _check_open(self) -> None:
        if self._closed:
            raise JournalError(f"{self.where}: the journal was closed; open it again")

    def _may(self, claim: Claim, key: str) -> None:
        self._check_open()
        if os.getpid() != self._pid:
            raise JournalError(
                f"{self.where}: was opened by process {self._pid}, which this one was forked from; "
                "open it here"
            )
        if not isinstance(claim, Lock) or claim.key != key:
            raise ValueError("the claim isn't one on the runs of this key")
        if not claim.is_held:
            raise Replaced(f"{self.where}: the claim on this run was given back")

    def _free(self, number: int) -> int:
        """The number of the next run: of those that were lost none is given again."""
        last = self._heads.last()
        if last >= number and not self._salvage:
            snapshot = HeadsSnapshot(self._heads.content())
            for run in range(number, last + 1):
                if not snapshot.is_lost(run):
                    raise self._lost_error(run)
        return max(number, last + 1)

    def _all_there(
        self, snapshot: HeadsSnapshot, numbers: Sequence[tuple[int]], least: int = 1
    ) -> None:
        """Whether there is a row for all runs from a number on, whatever an index hides."""
        if self._salvage or len(numbers) == snapshot.last - least + 1:
            return
        there = {number for (number,) in (*numbers, *self._db.rows(rows.LOGS, (least,)))}
        for run in range(snapshot.last, least - 1, -1):
            if run not in there and not snapshot.is_lost(run):
                raise self._lost_error(run)

    def _lost_error(self, run: int) -> JournalCorrupt:
        return file_layout.damage_error(self.where, f"run {run} is missing")

    def _checked_records(self, run: RunRow, columns: Iterable[Columns]) -> Iterator[Record]:
        head, count = self._heads.of(run.number), 0
        for record in checked_records(run, columns, self.where):
            count = record.n
            if head is not None and count == head.n and link_after(record) != head.sum:
                raise corrupt(run, count, record.path, self.where, "isn't what was written")
            yield record
        if head is not None and count < head.n:
            raise corrupt(run, count + 1, "", self.where, "is missing")

    def _columns(self, run: RunRow) -> Iterator[Columns]:
        last, size = 0, _CHUNK
        while True:
            try:
                batch = self._db.rows(rows.RECORDS, (run.number, last, size))
            except JournalCorrupt as error:
                if size == 1:
                    raise corrupt(run, last + 1, "", self.where, "can't be read") from error
                size = 1  # What stands before a damaged page can be read.
                continue
            if not batch:
                return
            yield from batch
            last = batch[-1][0]

    def _runs(self, where: str, values: tuple[Any, ...], snapshot: HeadsSnapshot) -> list[RunRow]:
        matches = self._db.rows(f"SELECT {rows.FIELDS} FROM runs {where}", values)
        return [self._run(each, snapshot) for each in matches]

    def _run(self, columns: tuple[Any, ...], snapshot: HeadsSnapshot) -> RunRow:
        """A run, brought up to date by its last record, and compared with its head."""
        row = rows.run_row(columns)
        if row is None:
            raise file_layout.damage_error(
                self.where, f"the row of run {columns[0]} isn't what was written"
            )
        head = snapshot.of(row.number)
        if row.state == "running" or head is None or head.n != row.count:
            row = self._up_to_date(row)
        if head is not None and not self._salvage:
            if head.key != digest(row.key):
                raise self._lost_error(row.number)
            if head.n > row.count:
                raise corrupt(row, row.count + 1, "", self.where, "is missing")
        return row

    def _up_to_date(self, row: RunRow) -> RunRow:
        latest = self._db.rows(rows.LATEST, (row.number,))
        try:
            return rows.up_to_date(row, latest)
        except (ValueError, TypeError, KeyError):
            if self._salvage:
                return row
            n, path = latest[0][0], text(latest[0][2])
            raise corrupt(row, n, path, self.where, "isn't what was written") from None

    def _tail(self, run: int) -> _Tail:
        """Read what the next records follow."""
        head = self._heads.of(run)
        keys = self._db.rows("SELECT key FROM runs WHERE number = ?", (run,))
        if not keys:
            raise self._lost_error(run) if head else ValueError(f"append: there is no run {run}")
        key = text(keys[0][0])
        latest = self._db.rows(rows.LATEST, (run,))
        count = latest[0][0] if latest else 0
        if head is not None and head.n > count:
            raise file_layout.damage_error(
                self.where, f"record {count + 1} of run {run} is missing"
            )
        return _Tail(count, key, digest(key))

    def _sign(self, key: str) -> tuple[str, int | None]:
        """What messages call the runs of a key, and when its newest one last gave a sign."""
        for name, at, run in self._db.rows(rows.NEWEST, (rows.column_text(key),)):
            latest = [each[4] for each in self._db.rows(rows.LATEST, (run,))]
            return text(name) or "this run", max([at, *latest])
        return "this run", None
