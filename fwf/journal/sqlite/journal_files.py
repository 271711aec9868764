"""Which files does a journal consist of, and may this process open them?"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from fwf.journal.errors import JournalError
from fwf.journal.sqlite import disk, file_layout, mend, run_heads
from fwf.journal.sqlite.content import Contents
from fwf.journal.sqlite.database import Database, error_of, is_full
from fwf.journal.sqlite.filesystems import refuse_unfit

_SHARED: Final = 1 << 16
_NOTHING_KEPT: Final = "a reserve: once it's full, free some space before `fwf runs prune`"


class JournalFiles(NamedTuple):
    """What is open, and a remark: on the file system and its space, or what could not be saved."""

    path: str
    note: str | None
    db: Database
    contents: Contents


def open_files(where: str | Path, *, synced: bool, salvage: bool) -> JournalFiles:
    """Open them, or make them; raises `JournalError`, and then nothing was changed."""
    path = _path(where)
    note = refuse_unfit(path)
    _refuse_others(path)
    try:
        disk.make_folder(os.path.dirname(path))
        _refuse_foreign(path)
        db, remark = _database(path, synced=synced, salvage=salvage)
    except OSError as error:
        raise disk.error_of(error, path) from error
    except sqlite3.Error as error:
        raise error_of(error, path) from error
    return JournalFiles(path, remark or note, db, Contents(f"{path}-values", synced=synced))


def _path(where: str | Path) -> str:
    """Links are followed once, so that all who open a journal have the same files beside it."""
    text = os.fspath(where)
    path = "" if "\0" in text else os.path.realpath(text)
    if not text or not path or os.path.isdir(path):
        raise JournalError(f"journal {text!r}: is no file; give one, such as .fwf/runs.db")
    return path


def _refuse_others(path: str) -> None:
    """Files that SQLite makes beside another user's would keep that user from writing.

    So would those beside a file that may not be written to, which are made like it.
    """
    me = os.geteuid()
    for each in (path, f"{path}-wal", f"{path}-shm", f"{path}-heads"):
        try:
            owner = os.stat(each).st_uid
        except OSError:
            continue
        if owner != me:
            name = disk.user_name(owner)
            raise JournalError(
                f"{each}: is {name}'s, and {disk.user_name(me)} would leave files beside it that "
                f"{name} can't write to; as {name}: `sudo -u {name} fwf runs`"
            )
        if not disk.writable(each):
            raise disk.error_of(PermissionError(errno.EACCES, ""), each)
    folder = os.path.dirname(path)
    if os.path.isdir(folder) and not disk.writable(folder):
        raise disk.error_of(PermissionError(errno.EACCES, ""), path)


def _refuse_foreign(path: str) -> None:
    """Before anything is made beside a file."""
    beside = f"{path}-heads"
    if os.path.exists(path) and os.stat(path).st_size and not os.path.exists(beside):
        file_layout.refuse_foreign(path)


def _database(path: str, *, synced: bool, salvage: bool) -> tuple[Database, str | None]:
    beside = f"{path}-heads"
    is_new = run_heads.create(beside)
    heads = run_heads.Heads(beside)
    remark = None
    try:
        heads.lock()
        try:
            if heads.form() > 0:
                file_layout.refuse_form(path, heads.form())
            if salvage:
                remark = mend.rescue(path, heads)
            file_layout.prepare(path, heads)
        finally:
            heads.unlock()
        if is_new:
            if not disk.reserve(f"{path}-reserve"):
                remark = f"{path}: its disk is too small for {_NOTHING_KEPT}"
            disk.sync_folder(os.path.dirname(path))
        return _open_database(path, heads, synced=synced), remark
    except BaseException:
        heads.close()
        raise


def _open_database(path: str, heads: run_heads.Heads, *, synced: bool) -> Database:
    """On a full disk SQLite's shared memory, at least, gets some of what was kept for it."""
    while True:
        try:
            return Database(path, heads, synced=synced)
        except sqlite3.Error as error:
            if not is_full(error, path) or not disk.give_back(f"{path}-reserve", _SHARED):
                raise
