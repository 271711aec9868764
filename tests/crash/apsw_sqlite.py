"""How does the journal's store use APSW's SQLite in the place of Python's?"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

import apsw

from fwf.journal.sqlite import file_layout

CHECKPOINT: Final = 25
"""Pages of the log at which it is brought into the file: 1,000 would take too long to reach."""


class Cursor:
    """What `execute` gives, as `sqlite3` has it."""

    def __init__(self, cursor: apsw.Cursor, changes: int) -> None:
        self._cursor = cursor
        self.rowcount = changes

    def fetchone(self) -> Any:
        return next(self, None)

    def fetchall(self) -> list[Any]:
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return _told(lambda: next(self._cursor))


class Connection:
    """As much of `sqlite3.Connection` as the store uses."""

    text_factory: Any = str

    def __init__(self, path: str, mode: str, vfs: str) -> None:
        flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE
        address = f"file:{quote(os.fsencode(path))}?mode={mode}"
        self._db = _told(lambda: apsw.Connection(address, flags=flags, vfs=vfs))
        self._db.set_busy_timeout(1000)
        self._db.wal_autocheckpoint(CHECKPOINT)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        before = self._db.total_changes()
        cursor = _told(lambda: self._db.cursor().execute(sql, tuple(values)))
        return Cursor(cursor, self._db.total_changes() - before)

    def executescript(self, sql: str) -> None:
        self.execute(sql).fetchall()

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def close(self) -> None:
        _told(self._db.close)


def _told(work: Callable[[], Any]) -> Any:
    """Errors become those of `sqlite3`, with their code."""
    try:
        return work()
    except apsw.Error as error:
        made = sqlite3.OperationalError(str(error))
        made.sqlite_errorcode = getattr(error, "extendedresult", 1)
        raise made from error


def use(vfs: str) -> None:
    """From now on in this process."""

    def connected(path: str, mode: str) -> Any:
        return Connection(path, mode, vfs)

    file_layout.connect = connected
