"""A file that lines are appended to, by this process and others: no line mixes with another."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final, final

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
"""Nothing waits for whoever is to read a pipe."""


@final
class Appended:
    """Appends each line by one write, at once: nothing of it is lost with this process.

    Where the file was moved away or deleted, as those who rotate logs do, a new one is begun. What
    can't be written raises `OSError`, and later lines may be written again.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        """Wherever tasks go: they may change the working folder."""
        self._file: int | None = None
        self._which: tuple[int, int] | None = None
        self._torn = False
        """Whether the last line in it isn't whole, by what killed its process or a full disk."""
        self._open()

    def write(self, line: str) -> None:
        """Append a line, which has no line break in it but may show any text."""
        self._look()
        assert self._file is not None
        begin = "\n" if self._torn else ""
        rest = memoryview(f"{begin}{line}\n".encode("utf-8", "backslashreplace"))
        while rest:
            count = os.write(self._file, rest)
            rest = rest[count:]
            self._torn = bool(rest)

    def close(self) -> None:
        """May be called twice."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # of a network's disk, which tells now that it is full
                os.close(file)

    def _look(self) -> None:
        """Open the file again if another one, or none, has its name by now."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            which = None
        else:
            which = status.st_dev, status.st_ino
        if self._file is None or which != self._which:
            self.close()
            self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, _FLAGS, 0o666)
        status = os.fstat(self._file)
        self._which = status.st_dev, status.st_ino
        self._torn = status.st_size > 0 and not _ends_a_line(self._path, status.st_size)


def _ends_a_line(path: str, size: int) -> bool:
    try:
        with open(path, "rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"
    except OSError:  # it may be written and not read
        return False
