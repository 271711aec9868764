"""How is one transaction made, whatever other processes and the disk do meanwhile?"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, final

from fwf.journal.errors import JournalError
from fwf.journal.sqlite import disk, file_layout
from fwf.journal.sqlite.run_heads import Head, Heads

T = TypeVar("T")
_LOOK: Final = 0.005
"""Seconds after which one looks again whether the file has its name: half of a commit's time."""
_PAUSE: Final = 0.002
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_LOCKED})
_SYSTEM: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


@final
class Database:
    """A journal's file, open, and the heads beside it."""

    def __init__(self, path: str, heads: Heads, *, synced: bool) -> None:
        self.path = path
        self.heads = heads
        self._synced = synced
        self._db = file_layout.open_journal(path, synced=synced)
        self._file = identity(path)
        self._look_time = 0.0

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """What a question to the database gives."""
        return self.read(lambda: file_layout.rows(self._db, sql, values))

    def commit(
        self, work: Callable[[sqlite3.Connection], Head | None], *, synced: bool
    ) -> Head | None:
        """One transaction, and after it what the heads say; nothing of it if it raises.

        synced: whether the heads must be on the disk too when this returns.
        """
        return self._with_lock(lambda: self._transaction(work), synced=synced and self._synced)

    def add(self, sql: str, values: Sequence[Any], head: Head) -> None:
        """The same for a single statement, which is a transaction of its own: what is done most."""
        now = time.monotonic()
        if now > self._look_time + _LOOK:
            self._look_time = now
            self._stay()
        heads = self.heads
        try:
            heads.lock()
            try:
                self._db.execute(sql, values)
                heads.write(head, synced=False)
            finally:
                heads.unlock()
        except sqlite3.Error as error:
            if _code(error) not in _PASSING:
                raise error_of(error, self.path) from error
        except OSError as error:
            raise disk.error_of(error, self.path) from error
        else:
            return

        def work() -> Head:
            self._db.execute(sql, values)
            return head

        self._with_lock(work, synced=False)

    def _with_lock(self, work: Callable[[], Head | None], *, synced: bool) -> Head | None:
        """Do it while nobody else writes.

        Up to SQLite 3.51.2 a commit during another process's checkpoint could damage the file, so
        that all writes and checkpoints are under one lock of our own.
        """
        self._stay()
        if self.heads.is_replaced():
            raise disk.error_of(FileNotFoundError(errno.ENOENT, ""), self.heads.path)
        try:
            self.heads.lock()
            try:
                head = _patient(work)
                if head is not None:
                    self.heads.write(head, synced=synced)
                return head
            finally:
                self.heads.unlock()
        except sqlite3.Error as error:
            raise error_of(error, self.path) from error
        except OSError as error:
            raise disk.error_of(error, self.path) from error

    def read(self, work: Callable[[], T]) -> T:
        """What is read; what SQLite or the system says against it becomes one `JournalError`."""
        try:
            return _patient(work)
        except sqlite3.Error as error:
            raise error_of(error, self.path) from error
        except OSError as error:
            raise disk.error_of(error, self.path) from error

    def size(self) -> int:
        """Bytes of the file, without the write-ahead log."""
        (((pages,),), ((size,),)) = self.rows("PRAGMA page_count"), self.rows("PRAGMA page_size")
        return int(pages) * int(size)

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file, so that its space is used again."""

        def work() -> None:
            self.heads.lock()
            try:
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                self.heads.unlock()

        self.read(work)

    def vacuum(self, pages: int) -> bool:
        """Give some free pages at the end of the file back ⟶ whether there were any."""
        (free,) = self.rows("PRAGMA freelist_count")
        if not free[0]:
            return False

        def work() -> None:  # `execute` would take one step of it: a page.
            self._db.executescript(f"PRAGMA incremental_vacuum({pages})")

        self._with_lock(work, synced=False)
        self.checkpoint()
        return True

    def close(self) -> None:
        """Close the connection; may be called twice."""
        try:
            self._db.close()
        except sqlite3.Error as error:
            raise error_of(error, self.path) from error

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def _stay(self) -> None:
        """Raise `JournalError` if the file isn't there any more, or another one is."""
        if identity(self.path) != self._file:
            raise self._gone_error()

    def _gone_error(self) -> JournalError:
        if os.path.exists(self.path):
            return JournalError(
                f"{self.path}: another file has taken its place since it was opened; put it back, "
                f"or start again with the other one: {disk.SAFE}"
            )
        return disk.error_of(FileNotFoundError(errno.ENOENT, ""), self.path)


def identity(path: str) -> tuple[int, int] | None:
    """Which file has this name now: whoever writes on into one without a name writes to nobody."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_dev


def _patient(work: Callable[[], T]) -> T:
    """Once more, for a minute, while others keep it from being done."""
    until = 0.0
    while True:
        try:
            return work()
        except sqlite3.Error as error:
            until = until or time.monotonic() + file_layout.BUSY
            if _code(error) not in _PASSING or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def is_full(error: sqlite3.Error, path: str) -> bool:
    """Whether no space was left for it."""
    code = _code(error)
    full = code == sqlite3.SQLITE_IOERR and disk.cause_of_io(path) == errno.ENOSPC
    return full or code == sqlite3.SQLITE_FULL


def error_of(error: sqlite3.Error, path: str) -> JournalError:
    """What SQLite says ⟶ one error with file, cause and remedy."""
    code = _code(error)
    if code in _DAMAGE or str(error) == "unsupported file format":
        return file_layout.damage_error(path, str(error))
    if code in _PASSING:
        return JournalError(
            f"{path}: other processes have been writing for a minute; if one that uses this "
            "journal was stopped, let it go on or end it: `fwf runs`"
        )
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY and _may_write(path):
        return file_layout.damage_error(path, "its first page says that it may only be read")
    if code in _SYSTEM:
        return disk.error_of(OSError(_SYSTEM[code], ""), path)
    if code == sqlite3.SQLITE_IOERR:
        return disk.error_of(OSError(disk.cause_of_io(path), ""), path)
    return JournalError(f"{path}: {error}")


def _may_write(path: str) -> bool:
    return disk.writable(path) and disk.writable(os.path.dirname(path))


def _code(error: sqlite3.Error) -> int:
    """The primary code, without what SQLite adds to it."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
