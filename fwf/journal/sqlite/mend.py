"""What is left of a damaged journal, and how do database and heads come together again?

A file that can't be trusted is never written to: what can be read of it goes into a new one, which
takes its name when it is whole; the damaged one stays beside it. If that is cut short, the new one
waits under the name `-salvaged` for the next attempt.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Final

from fwf.journal import chain
from fwf.journal.errors import JournalCorrupt
from fwf.journal.run_records import FIRST, Record, RunRow, state_of
from fwf.journal.sqlite import disk, file_layout, rows
from fwf.journal.sqlite.run_heads import Head, Heads, HeadsSnapshot, digest
from fwf.records import changed

_BESIDE: Final = ("", "-wal")
_COPY: Final = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
_PAGE: Final = 4096
_FEW: Final = 16


def rescue(path: str, heads: Heads) -> str | None:
    """Save what can be read ⟶ what could not be, if anything.

    Runs whose records are damaged keep their heads, so that they are still missed where somebody
    asks for them. Those whose rows are lost are given up. The heads are locked while it works.
    """
    last = heads.last()
    new_path = f"{path}-salvaged"
    if not os.path.exists(new_path):
        if _sound(path, last):
            _complete(path, heads)
            return None
        file_layout.create(f"{path}-salvage")
        if file_layout.length(path) > 0:
            readable = _readable_copy(path, f"{path}-salvage")
            _copy(readable, f"{path}-salvage", last, path)
            _remove(readable)
        os.replace(f"{path}-salvage", new_path)
        disk.sync_folder(os.path.dirname(path))
    old_path = _install(path, new_path)
    lost_runs = _complete(path, heads)
    also = f"; lost: {', '.join(f'run {run}' for run in lost_runs)}" if lost_runs else ""
    return (
        f"{path}: was damaged; it is kept as {old_path}, and what could be read is in a new "
        f"file{also}"
    )


def cut(db: sqlite3.Connection, run: RunRow, good: Sequence[Record]) -> tuple[Head, int]:
    """Drop what follows the last good record ⟶ how far the run has come now, how many went."""
    row = _only(run, good)
    deletion = db.execute(rows.DROP, (run.number, row.count, rows.LAST))
    rows.write(db, row)
    return Head(run.number, row.count, digest(run.key), row.head), deletion.rowcount


def _only(run: RunRow, good: Sequence[Record]) -> RunRow:
    """A run of which these records are left: as if its process had died after the last."""
    return changed(
        run, state=state_of(run.key), ended=None, count=good[-1].n if good else 0,
        head=chain.link_after(good[-1]) if good else FIRST,
        changed=good[-1].at if good else run.started,
        tries=sum(record.kind == "try" for record in good),
    )  # fmt: skip


def _sound(path: str, last: int) -> bool:
    """Whether the file is whole, and so are the rows of all runs."""
    try:
        with closing(file_layout.open_journal(path, synced=True)) as db:
            db.execute("BEGIN IMMEDIATE")
            # Nothing new, and it's never committed; but fails if the first page forbids to write.
            db.execute(f"PRAGMA user_version = {file_layout.FORM}")
            columns = file_layout.rows(db, f"SELECT {rows.FIELDS} FROM runs")
            runs = [rows.run_row(each) for each in columns]
            whole = None not in runs and len(runs) >= last
            return whole and file_layout.one(db, "PRAGMA integrity_check(1)") == "ok"
    except (sqlite3.DatabaseError, JournalCorrupt):
        return False


def _readable_copy(path: str, new: str) -> str:
    """A copy whose first page, the tables' names and places, is that of a new journal.

    It's made by another process, since to open a file here and to close it drops its locks.
    """
    copy = f"{path}-readable"
    _remove(copy)
    for ending in _BESIDE:
        if os.path.exists(path + ending):
            os.close(os.open(copy + ending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            command = [sys.executable, "-I", "-S", "-c", _COPY, path + ending, copy + ending]
            process = subprocess.run(command, check=False, capture_output=True)
            if process.returncode:
                raise disk.error_of(OSError(disk.cause_of_io(path), ""), copy)
    with open(copy, "r+b") as file, open(new, "rb") as fresh:
        file.write(_first_page(fresh.read(_PAGE), os.fstat(file.fileno()).st_size))
    return copy


def _first_page(new: bytes, size: int) -> bytes:
    """A new journal's, for a file of another size: tables begin on the same pages in each."""
    page = bytearray(new)
    page[28:32] = (size // _PAGE).to_bytes(4)  # pages, by sqlite.org/fileformat2.html
    page[32:40] = bytes(8)  # of which none are free: for reading that is enough
    return bytes(page)


def _remove(path: str) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.unlink(path + ending)


def _copy(path: str, new: str, last: int, where: str) -> None:
    """Bring what can be read into a new journal."""
    with closing(file_layout.open_journal(new, synced=True)) as db:
        db.execute("BEGIN IMMEDIATE")
        with suppress(sqlite3.DatabaseError), closing(file_layout.connect(path, "rw")) as old:
            for run in _readable_runs(old, last):
                _copy_run(old, db, run, where)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _readable_runs(db: sqlite3.Connection, last: int) -> Iterator[RunRow]:
    """Each run by its number, from its row, or else from what is said of its origin."""
    number = 0
    while number < last or _more(db, number):
        number += 1
        row = None
        with suppress(sqlite3.DatabaseError):
            columns = file_layout.rows(
                db, f"SELECT {rows.FIELDS} FROM runs WHERE number = ?", (number,)
            )
            row = next(map(rows.run_row, columns), None)
        if row is None:
            with suppress(sqlite3.DatabaseError):
                columns = file_layout.rows(db, "SELECT * FROM origins WHERE number = ?", (number,))
                row = next(map(rows.from_origin, columns), None)
        if row is not None and row.number == number:
            yield row


def _more(db: sqlite3.Connection, number: int) -> bool:
    """Whether there are runs with greater numbers, which no heads tell of."""
    with suppress(sqlite3.DatabaseError):
        last: int = file_layout.one(db, "SELECT max(number) FROM runs") or 0
        return last > number
    return False


def _copy_run(old: sqlite3.Connection, new: sqlite3.Connection, run: RunRow, path: str) -> None:
    """Copy a run up to its last good record."""
    good = list[Record]()
    with suppress(JournalCorrupt, sqlite3.DatabaseError):
        good.extend(chain.checked_records(run, _columns(old, run.number), path))
    row = run
    if not good or good[-1].n < run.count or run.tries == 0:
        row = _only(run, good)
    with suppress(sqlite3.IntegrityError):
        new.execute(rows.ADD_RUN, rows.columns(row))
        new.execute(rows.ADD_ORIGIN, rows.origin(row))
        rows.add(new, run.number, good)


def _columns(db: sqlite3.Connection, run: int) -> Iterator[chain.Columns]:
    """A few at a time: what stands before a damaged page can be read."""
    last = 0
    while batch := file_layout.rows(db, rows.RECORDS, (run, last, _FEW)):
        yield from batch
        last = batch[-1][0]


def _install(path: str, new: str) -> str:
    """Let a new file take the place of the damaged one, which stays ⟶ under which name."""
    old_path, count = f"{path}-damaged", 1
    while os.path.exists(old_path):
        count += 1
        old_path = f"{path}-damaged.{count}"
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            os.link(path + ending, old_path + ending)
    for ending in ("-wal", "-shm"):  # The new one must not be read with the old one's log.
        with suppress(FileNotFoundError):
            os.unlink(path + ending)
    os.replace(new, path)
    disk.sync_folder(os.path.dirname(path))
    return old_path


def _complete(path: str, heads: Heads) -> list[int]:
    """Bring the heads up to what the file knows ⟶ the runs that are given up."""
    with closing(file_layout.open_journal(path, synced=True)) as db:
        there = dict(file_layout.rows(db, "SELECT number, key FROM runs NOT INDEXED"))
    snapshot = HeadsSnapshot(heads.content())
    lost_runs = [
        run for run in range(1, snapshot.last + 1) if run not in there and not snapshot.is_lost(run)
    ]
    for run in lost_runs:
        heads.write(Head(run, 0, bytes(16), FIRST, lost=True), synced=False)
    for number, key in there.items():
        if snapshot.of(number) is None:
            heads.room_for(number)
            heads.write(Head(number, 0, digest(chain.text(key)), FIRST), synced=False)
    heads.begin(file_layout.FORM)
    return lost_runs
