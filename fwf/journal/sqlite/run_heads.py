"""How far has each run come, as said outside of the database?

A database drops a damaged end of its write-ahead log without a word, and an index that is damaged
hides rows. So the head of each run's chain is kept in a file of its own: slots of 64 bytes, slot n
for run n, slot 0 for the file itself. A slot is written after the commit that it tells of, so that
the database may be ahead of it and is never behind. A slot that can't be read (a power cut in the
middle of it) says nothing; the next commit of its run writes it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from hashlib import blake2b
from struct import Struct
from typing import Any, Final, NamedTuple, cast, final

from fwf.journal.errors import JournalError
from fwf.journal.sqlite.disk import sync

SIZE: Final = 64
_ROOM: Final = 64 * SIZE
_SLOT: Final = Struct("<4sBBHQQ16s16s4x")
_SUM: Final = Struct("<I")
_MAGIC: Final = b"fwfh"
_FORM: Final = 1
_LOST: Final = 1
_PATIENCE: Final = 60.0
"""Seconds that one waits for others who write."""


class Head(NamedTuple):
    """How many records a run had at least, the checksum of the last, and whose run it is."""

    run: int
    n: int
    key: bytes
    sum: bytes
    lost: bool = False
    """Its row could not be saved, and somebody has said that they know (`--salvage`)."""


new_head: Final = cast("Callable[[type[Head], tuple[Any, ...]], Head]", cast(Any, tuple).__new__)
"""Makes one in a quarter of the time that `Head(…)` takes."""


def digest(key: str) -> bytes:
    """A run's key in 16 bytes."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def slot_of(head: Head) -> bytes:
    """The slot of a head."""
    run, n, key, checksum, lost = head
    slot = _SLOT.pack(_MAGIC, _FORM, _LOST if lost else 0, 0, run, n, key, checksum)
    return slot + _SUM.pack(crc32(slot))


def read(slot: bytes, run: int) -> Head | None:
    """What a slot says, or None if nothing was written there, or it can't be read."""
    if len(slot) != SIZE or _SUM.pack(crc32(slot[:-4])) != slot[-4:]:
        return None
    magic, form, flags, _, number, count, key, checksum = _SLOT.unpack(slot[:-4])
    if (magic, form, number) != (_MAGIC, _FORM, run):
        return None
    return Head(number, count, key, checksum, bool(flags & _LOST))


@final
class Heads:
    """The file, open. Its lock is the one that all who write to the journal take."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._room = os.fstat(self._fd).st_size

    @property
    def open(self) -> bool:
        """Whether it wasn't closed."""
        return self._fd >= 0

    def lock(self) -> None:
        """Keep others from writing; waits for a minute, in short steps since `flock` may hang."""
        until, pause = 0.0, 0.0001
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                until = until or time.monotonic() + _PATIENCE
                if time.monotonic() > until:
                    raise JournalError(
                        f"{self.path}: another process has been writing for a minute; if one "
                        "that uses this journal was stopped, let it go on or end it: `fwf runs`"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.005)
            else:
                return

    def unlock(self) -> None:
        """Let others write."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def room_for(self, run: int) -> None:
        """Take the space of a slot before the commit that it tells of: a disk may be full."""
        end = (run + 1) * SIZE
        if end > self._room:
            self._room = os.fstat(self._fd).st_size
        if end > self._room:
            size = -(-(end - self._room) // _ROOM) * _ROOM
            self._room += os.pwrite(self._fd, bytes(size), self._room)
            if end > self._room:
                return self.room_for(run)

    def write(self, head: Head, *, synced: bool) -> None:
        """Say how far a run has come, after the commit."""
        os.pwrite(self._fd, slot_of(head), head.run * SIZE)
        if synced:
            sync(self._fd)

    def of(self, run: int) -> Head | None:
        """What is said of a run. Another process may just be writing it, so it's read again."""
        for _ in range(3):
            slot = os.pread(self._fd, SIZE, run * SIZE)
            head = read(slot, run)
            if head is not None or not any(slot):
                return head
        return None

    def content(self) -> bytes:
        """All of it, to be looked at by `HeadsSnapshot`."""
        return os.pread(self._fd, os.fstat(self._fd).st_size, 0)

    def form(self) -> int:
        """The form of the journal that it is beside; 0 for a file that nothing was written to."""
        first = os.pread(self._fd, SIZE, 0)
        head = read(first, 0)
        return (-1 if any(first) else 0) if head is None else head.n

    def begin(self, form: int) -> None:
        """Write the slot of the file itself."""
        first = slot_of(Head(0, form, bytes(16), bytes(16)))
        os.pwrite(self._fd, first.ljust(_ROOM, b"\0") if self._room == 0 else first, 0)
        sync(self._fd)
        self._room = os.fstat(self._fd).st_size

    def last(self) -> int:
        """The number of the last run that something is said of; 0 for none."""
        size = os.fstat(self._fd).st_size // SIZE * SIZE
        while size > SIZE:
            start = max(size - _ROOM, SIZE)
            content = os.pread(self._fd, size - start, start).rstrip(b"\0")
            if content:
                return (start + len(content) - 1) // SIZE
            size = start
        return 0

    def is_replaced(self) -> bool:
        """Whether another file, or none, has its name now."""
        mine = os.fstat(self._fd)
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return True
        return (mine.st_ino, mine.st_dev) != (there.st_ino, there.st_dev)

    def close(self) -> None:
        """May be called twice."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1


@final
class HeadsSnapshot:
    """What the file said at one moment, of all runs."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def last(self) -> int:
        """The number of the last run that something is said of; 0 for none."""
        return max(-(-len(self._content.rstrip(b"\0")) // SIZE) - 1, 0)

    def of(self, run: int) -> Head | None:
        """What is said of a run."""
        return read(self._content[run * SIZE : (run + 1) * SIZE], run)

    def is_lost(self, run: int) -> bool:
        """Whether nothing must be found of a run: it was given up, or begun without an end."""
        head = self.of(run)
        empty = not any(self._content[run * SIZE : (run + 1) * SIZE])
        return empty if head is None else head.lost

    def with_key(self, key: bytes) -> Iterator[Head]:
        """The runs of a key, whatever the database says of them."""
        at = self._content.find(key, SIZE)
        while at >= 0:
            head = self.of(at // SIZE)
            if head is not None and head.key == key and not head.lost:
                yield head
            at = self._content.find(key, at + 1)


def create(path: str) -> bool:
    """Make the file, empty, unless it is there ⟶ whether it was made."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    os.close(fd)
    return True
