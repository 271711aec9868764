"""Where are large values kept, by the digest of their content, and how do they come back?"""

from __future__ import annotations

import contextlib
import mmap
import os
import time
from typing import Final, final

from fwf.journal.content_names import NAME, check_content, check_name, name_of
from fwf.journal.errors import JournalCorrupt
from fwf.journal.sqlite import disk

GRACE: Final = 24 * 3600
"""Seconds that a value stays which no record names: one may just be about to."""


@final
class Contents:
    """A folder of files that are named by what is in them."""

    def __init__(self, folder: str, *, synced: bool) -> None:
        self.folder = folder
        self._synced = synced

    def put(self, name: str, content: memoryview | bytes) -> None:
        """Write it aside, then give it its name: what has a name is whole."""
        check_content(name, content)
        path = self._path(name)
        try:
            if self._there(path, len(memoryview(content).cast("B")), name):
                return
            disk.make_folder(self.folder)
            self._write(path, content)
        except OSError as error:
            raise disk.error_of(error, path) from error

    def get(self, name: str) -> bytes | memoryview:
        """What is kept by that name, mapped into memory."""
        check_name(name)
        path = self._path(name)
        try:
            content = _map(path)
        except FileNotFoundError:
            raise _corrupt(path, "is gone") from None
        except OSError as error:
            raise disk.error_of(error, path) from error
        if name_of(content) != name:
            raise _corrupt(path, "isn't what was written")
        return content

    def sweep(self, names: frozenset[str], now: float | None = None) -> int:
        """Remove what isn't named, after a time of grace ⟶ bytes freed."""
        freed_bytes, limit = 0, (time.time() if now is None else now) - GRACE
        try:
            entries = list(os.scandir(self.folder))
        except FileNotFoundError:
            return 0
        for entry in entries:
            aside = entry.name.startswith(".")
            if (NAME.fullmatch(entry.name) or aside) and entry.name not in names:
                with contextlib.suppress(FileNotFoundError):
                    size = entry.stat(follow_symlinks=False).st_size
                    if os.lstat(entry.path).st_mtime < limit:
                        os.unlink(entry.path)
                        freed_bytes += size
        return freed_bytes

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def _there(self, path: str, size: int, name: str) -> bool:
        """Whether it is there and whole; its age begins anew, so that it isn't swept now."""
        try:
            if os.stat(path).st_size != size:
                return False
            os.utime(path)
            return name_of(_map(path)) == name
        except FileNotFoundError:
            return False

    def _write(self, path: str, content: memoryview | bytes) -> None:
        aside = os.path.join(self.folder, f".{os.path.basename(path)}.{os.urandom(8).hex()}")
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            try:
                rest = memoryview(content).cast("B")
                while rest:
                    rest = rest[os.write(fd, rest) :]
                if self._synced:
                    disk.sync(fd)
            finally:
                os.close(fd)
            os.rename(aside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(aside)
            raise
        if self._synced:
            disk.sync_folder(self.folder)


def _map(path: str) -> bytes | memoryview:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(fd).st_size == 0:
            return b""
        return memoryview(mmap.mmap(fd, 0, prot=mmap.PROT_READ))
    finally:
        os.close(fd)


def _corrupt(path: str, what: str) -> JournalCorrupt:
    return JournalCorrupt(
        f"{path}: {what}; the step that gave this value can be done again: "
        "`fwf rerun RUN --from PATH`"
    )
