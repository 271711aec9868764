"""What is in a journal's file, and is a given file one?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from fwf.journal.errors import JournalCorrupt, JournalError
from fwf.journal.sqlite import disk
from fwf.journal.sqlite.run_heads import Heads

FORM: Final = 1
"""PRAGMA user_version: of the tables."""
APPLICATION: Final = 0x66776672
"""PRAGMA application_id: "fwfr"."""
_MARKS: Final = (APPLICATION, FORM)
BUSY: Final = 60.0
"""Seconds that SQLite waits for other processes."""
TABLES: Final = (
    """CREATE TABLE runs(
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
        workflow TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL,
        started INTEGER NOT NULL, changed INTEGER NOT NULL, ended INTEGER, tries INTEGER NOT NULL,
        count INTEGER NOT NULL, head BLOB NOT NULL, sum BLOB NOT NULL, about TEXT NOT NULL,
        UNIQUE(key, generation))""",
    # What of a run's row never changes, once more: a run whose row is damaged isn't lost.
    "CREATE TABLE origins(number INTEGER PRIMARY KEY, said TEXT NOT NULL, sum BLOB NOT NULL)",
    # So that runs are found by a part of their name without reading what is told about them.
    "CREATE INDEX names ON runs(workflow, id)",
    # place = run × 2³² + n: in order of the file, so that what is added goes to its end, and one
    # page is written for a commit, where a key of two columns would cost two.
    """CREATE TABLE records(
        place INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, tries TEXT NOT NULL,
        at INTEGER NOT NULL, body TEXT NOT NULL, sum BLOB NOT NULL)""",
)
_SCHEMA: Final = "SELECT sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT GLOB 'sqlite_*'"
_ALWAYS: Final = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    # Zeros in the pages that pruning frees would have to be written to a disk that may be full.
    "PRAGMA secure_delete = OFF",
)


def connect(path: str, mode: str) -> sqlite3.Connection:
    """A connection to a file that is there; `mode` as in SQLite's addresses of files."""
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        check_same_thread=False,
    )


def open_journal(path: str, *, synced: bool) -> sqlite3.Connection:
    """A connection to a journal, as all of its users must have it."""
    db = connect(path, "rw")
    try:
        for each in _ALWAYS:
            db.execute(each)
        if (one(db, "PRAGMA application_id"), one(db, "PRAGMA user_version")) != _MARKS:
            raise damage_error(path, "its first page isn't what was written")
        if sorted(sql for (sql,) in rows(db, _SCHEMA)) != sorted(TABLES):
            raise damage_error(path, "its tables aren't those of a journal")
        db.execute(f"PRAGMA synchronous = {'FULL' if synced else 'OFF'}")
        mode = one(db, "PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise JournalError(f"{path}: SQLite can't keep a write-ahead log here ({mode})")
    except UnicodeDecodeError:  # Python can't read what SQLite says of a table.
        db.close()
        raise damage_error(path, "its tables aren't those of a journal") from None
    except BaseException:
        db.close()
        raise
    return db


def one(db: sqlite3.Connection, sql: str, *values: Any) -> Any:
    """The first column of the first row, or None."""
    row = db.execute(sql, values).fetchone()
    return None if row is None else row[0]


def rows(db: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """All rows; a text that isn't UTF-8 any more comes as another one, for checksums to tell."""
    try:
        return db.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
    db.text_factory = _decode
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.text_factory = str


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def refuse_foreign(path: str) -> None:
    """Raise `JournalError` unless a file is a journal of this form; nothing is changed by it."""
    application, form = _marks(path)
    if application != APPLICATION:
        raise JournalError(
            f"{path}: is a file, but no journal of runs; nothing was changed: give another file "
            "to --journal"
        )
    refuse_form(path, form)


def refuse_form(path: str, form: int) -> None:
    """Raise `JournalError` for another format than this one."""
    if form == FORM:
        return
    older = form < FORM
    remedy = "keep it aside and start another one" if older else "update fwf, or give another file"
    raise JournalError(
        f"{path}: has format {form}, {'older' if older else 'newer'} than this fwf reads "
        f"({FORM}); nothing was changed: {remedy} (--journal FILE)"
    )


def _marks(path: str) -> tuple[int, int]:
    """What it says that it is, without locks and without files beside it; zeros for anything.

    After a power cut the file may be shorter than its first page says: the log has the rest.
    """
    try:
        with contextlib.closing(connect(path, "ro&immutable=1")) as db:
            db.execute("PRAGMA writable_schema = ON")
            return one(db, "PRAGMA application_id"), one(db, "PRAGMA user_version")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
    return 0, 0


def damage_error(path: str, what: str) -> JournalCorrupt:
    """The error for damage that isn't one run's."""
    return JournalCorrupt(
        f"{path}: {what}; `fwf run … --salvage` saves what can be read and goes on from there, or "
        "put back a copy of the whole folder"
    )


def prepare(path: str, heads: Heads) -> None:
    """Make the file if nothing is in it yet; raises `JournalCorrupt` if something was.

    The heads are locked while it works.
    """
    size, form = length(path), heads.form()
    if size > 0 and form <= 0:
        refuse_foreign(path)
    elif size <= 0 and heads.last() > 0:
        raise damage_error(path, "is gone" if size < 0 else "was cut down to nothing")
    elif size <= 0:
        create(path)
    if form == 0:
        with contextlib.closing(connect(path, "rw")) as db:
            if one(db, "SELECT max(number) FROM runs"):
                raise damage_error(heads.path, "is gone, which says how far each run has come")
    if form != FORM:
        heads.begin(FORM)


def length(path: str) -> int:
    """Bytes of a file; -1 if it isn't there."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return -1


def create(path: str) -> None:
    """Make a journal without runs. It has its name when it is whole, whatever happens before."""
    folder, name = os.path.split(path)
    aside = os.path.join(folder, f".{name}-{os.urandom(8).hex()}")
    os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.closing(connect(aside, "rw")) as db:
            fill(db)
        os.replace(aside, path)
    except BaseException:
        for ending in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                os.unlink(aside + ending)
        raise
    disk.sync_folder(folder)


def fill(db: sqlite3.Connection) -> None:
    """Write the tables; into the main file too, by which it is recognised from now on."""
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN IMMEDIATE")
    for each in TABLES:
        db.execute(each)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {FORM}")
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
