"""Who goes on with the runs of a name: a lock that is held, and that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import weakref
from collections.abc import Callable
from typing import Any, Final, final

from fwf.journal.errors import Held
from fwf.journal.holders import who
from fwf.journal.run_records import moment
from fwf.journal.sqlite import disk
from fwf.journal.sqlite.run_heads import digest
from fwf.journal.store import Holder

Sign = tuple[str, int | None]
_OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PAUSE: Final = 0.001
_NAMED_WITHIN: Final = 1.0
"""Seconds that whoever has just locked it has to write its name (our choice)."""
_NOBODY: Final = Holder("", 0, "", 0)
_UNKNOWN: Final = Holder("?", 0, "?", 0)


@final
class Lock:
    """A claim: an open, locked file. A child that is forked must not keep it from ending."""

    def __init__(self, key: str, path: str, fd: int) -> None:
        self.key = key
        self._path = path
        self._fd = fd
        _locks.add(self)

    @property
    def is_held(self) -> bool:
        """Whether it was not given back."""
        return self._fd >= 0

    def release(self) -> None:
        """Remove the file while it is locked, then let go."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                if _same(self._fd, self._path):
                    os.unlink(self._path)
            self.forget()

    def forget(self) -> None:
        """Close the file here; in a forked child the lock stays its parent's."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)


_locks: Final = weakref.WeakSet[Lock]()
_fork_watchers: Final = list[int]()


def _watch_forks() -> None:
    if not _fork_watchers:
        _fork_watchers.append(os.getpid())
        os.register_at_fork(after_in_child=_forget_all)


def _forget_all() -> None:
    for lock in tuple(_locks):
        lock.forget()


def claim(folder: str, key: str, holder: Holder, describe: Callable[[], Sign]) -> Lock:
    """Become the one who goes on with a key; raises `Held`.

    describe: what messages call the runs of the key, and when there was a last sign of them (µs).
    """
    _watch_forks()
    path = _path(folder, key)
    try:
        disk.make_folder(folder)
        until = time.monotonic() + _NAMED_WITHIN
        while (fd := _try_lock(path)) < 0:
            owner = _look(path)
            waits = owner is None and time.monotonic() < until
            if owner is not _NOBODY and not waits:
                raise Held(_message(owner, *describe()), owner)
            time.sleep(_PAUSE)
        _write(fd, holder)
    except OSError as error:
        raise disk.error_of(error, path) from error
    return Lock(key, path, fd)


def holder(folder: str, key: str) -> Holder | None:
    """Who goes on with a key now. Whoever claims it at this moment isn't refused."""
    path = _path(folder, key)
    try:
        owner = _look(path)
    except OSError as error:
        raise disk.error_of(error, path) from error
    return None if owner is _NOBODY else owner or _UNKNOWN


def _path(folder: str, key: str) -> str:
    return os.path.join(folder, digest(key).hex())


def _try_lock(path: str) -> int:
    """Lock the file that has this name ⟶ its descriptor, or -1 if another process has locked it."""
    while True:
        fd = os.open(path, _OPEN, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(fd, path):  # Whoever had it may have removed it since it was opened.
                return fd
        except BlockingIOError:
            os.close(fd)
            return -1
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _look(path: str) -> Holder | None:
    """Who has locked it: `_NOBODY`, or None if it isn't written there yet.

    Those who look share a lock for a moment, so that they aren't taken for one who goes on.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _NOBODY
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(fd)
    finally:
        os.close(fd)
    return _NOBODY


def _same(fd: int, path: str) -> bool:
    mine = os.fstat(fd)
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev)


def _write(fd: int, holder: Holder) -> None:
    fields = {"host": holder.host, "pid": holder.pid, "user": holder.user, "since": holder.since}
    content = json.dumps(fields).encode()
    os.pwrite(fd, content, 0)
    os.ftruncate(fd, len(content))


def _read(fd: int) -> Holder | None:
    """Who has it; None while it is just being written."""
    try:
        fields: dict[str, Any] = json.loads(os.pread(fd, 4096, 0))
        return Holder(
            str(fields["host"]), int(fields["pid"]), str(fields["user"]), int(fields["since"])
        )
    except (ValueError, KeyError, TypeError):
        return None


def _message(holder: Holder | None, name: str, sign: int | None) -> str:
    last = "" if sign is None else f"; the last sign of it was at {moment(sign)}"
    if holder is None:
        return f"{name}: another process goes on with it{last}"
    return f"{name}: {who(holder)} goes on with it since {moment(holder.since)}{last}"
