"""Which files does a power cut leave behind? Those that were synced, and some of the rest.

`Disk` watches what a process writes: through SQLite by a VFS of APSW, and through `os` where it is
watched. At a chosen write, sync or name the power is cut: each write that no sync came after is
there, or is not, or a part of it is, each for itself and whatever their order was; names that no
sync of their folder came after likewise. APSW has an SQLite of its own, and two of them in one
process drop each other's locks: whoever uses this takes no other one.
"""

from __future__ import annotations

import contextlib
import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apsw

SECTOR: Final = 512
NAME: Final = "torn"
"""Of the VFS."""


@dataclass
class File:
    """What of a file is on the disk, and what was written since."""

    synced: bytes = b""
    since: list[tuple[int, bytes] | int] = field(default_factory=list)
    """Writes at a place, or lengths that it was cut to."""

    def now(self) -> bytes:
        """All of it, as the process sees it."""
        return _with(self.synced, self.since)

    def left(self, chance: random.Random) -> bytes:
        """What a power cut leaves."""
        kept = list[tuple[int, bytes] | int]()
        for each in self.since:
            luck = chance.random()
            if luck < 0.4:
                kept.append(each)
            elif luck < 0.7 and not isinstance(each, int):
                kept += _torn(*each, chance)
        return _with(self.synced, kept)


def _torn(place: int, data: bytes, chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """A beginning of a write, or some of its sectors; zeros where space was taken, not written."""
    if chance.random() < 0.5:
        yield place, data[: chance.randrange(len(data) + 1)]
        return
    for start in range(0, len(data), SECTOR):
        part = data[start : start + SECTOR]
        yield place + start, part if chance.random() < 0.5 else b""
    if chance.random() < 0.3:
        yield place + len(data), b""


def _with(content: bytes, changes: list[tuple[int, bytes] | int]) -> bytes:
    made = bytearray(content)
    for each in changes:
        if isinstance(each, int):
            del made[each:]
            made.extend(bytes(max(each - len(made), 0)))
        else:
            place, data = each
            made.extend(bytes(max(place - len(made), 0)))
            made[place : place + len(data)] = data
    return bytes(made)


class Disk:
    """The files under a folder, until the power is cut at the event of a number."""

    def __init__(self, root: Path, cut_at: int) -> None:
        self.root = os.fspath(root)
        self.left = cut_at
        self.off = False
        self.ids = dict[int, int]()
        """Of inodes, whose numbers are given again."""
        self.files = dict[int, File]()
        self.names = dict[str, int]()
        """Names that are on the disk; others come and go with `renamed`."""
        self.renamed = list[tuple[str, int | None]]()
        for path in sorted(root.rglob("*")):
            if path.is_file():
                known = self.new(path.stat().st_ino)
                self.files[known] = File(path.read_bytes())
                self.names[os.fspath(path)] = known

    def event(self) -> bool:
        """One more thing that reaches the disk ⟶ whether it still does."""
        if not self.off:
            self.left -= 1
            self.off = self.left < 0
        return not self.off

    def knows(self, path: str) -> bool:
        return path.startswith(self.root) and not path.endswith("-shm")

    def new(self, inode: int) -> int:
        """Another file, though its inode may have a number that was used before."""
        self.ids[inode] = len(self.files)
        self.files[len(self.files)] = File()
        return self.ids[inode]

    def wrote(self, inode: int, change: tuple[int, bytes] | int) -> None:
        if self.event():
            self.files[self.ids[inode]].since.append(change)

    def synced(self, inode: int) -> None:
        if self.event():
            self.files[self.ids[inode]] = File(self.files[self.ids[inode]].now())

    def created(self, path: str, inode: int) -> None:
        if self.knows(path):
            known = self.new(inode)
            if self.event():
                self.renamed.append((path, known))

    def named(self, path: str, inode: int | None) -> None:
        if self.knows(path) and self.event():
            self.renamed.append((path, None if inode is None else self.ids[inode]))

    def folder_synced(self, folder: str) -> None:
        if self.event():
            for path, known in self.renamed:
                if os.path.dirname(path) == folder:
                    self._rename(self.names, path, known)
            self.renamed = [each for each in self.renamed if os.path.dirname(each[0]) != folder]

    def leave(self, place: Path, seed: int) -> None:
        """Write what a power cut leaves. Names come in their order, up to some moment (a journal
        of a file system), contents in any."""
        chance = random.Random(seed)
        names = dict(self.names)
        for path, known in self.renamed[: chance.randrange(len(self.renamed) + 1)]:
            self._rename(names, path, known)
        for path, known in names.items():
            to = place / os.path.relpath(path, self.root)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(self.files[known].left(chance))
            to.chmod(0o600)

    @staticmethod
    def _rename(names: dict[str, int], path: str, known: int | None) -> None:
        if known is None:
            names.pop(path, None)
        else:
            names[path] = known


class Vfs(apsw.VFS):
    """Files of SQLite: written for real, and told to the disk."""

    disk: Disk | None = None

    def __init__(self) -> None:
        super().__init__(NAME, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        path = name if isinstance(name, str) or name is None else name.filename()
        was = path is not None and os.path.exists(path)
        file = _VfsFile(name, flags, path, self)
        if self.disk and path and not was and os.path.exists(path):
            self.disk.created(path, os.stat(path).st_ino)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        if self.disk and self.disk.knows(filename):
            self.disk.named(filename, None)
            if syncdir:
                self.disk.folder_synced(os.path.dirname(filename))


class _VfsFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], path: str | None, vfs: Vfs) -> None:
        super().__init__("", name, flags)
        known = path is not None and vfs.disk is not None and vfs.disk.knows(path)
        self.path = path or ""
        self.disk = vfs.disk if known else None
        self.inode = os.stat(self.path).st_ino if known else 0
        # SQLite syncs the folder of a log that it made along with its first sync.
        self.new = known and "-wal" in self.path

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        if self.disk:
            self.disk.wrote(self.inode, (offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        if self.disk:
            self.disk.wrote(self.inode, newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        if self.disk:
            self.disk.synced(self.inode)
            if self.new:
                self.disk.folder_synced(os.path.dirname(self.path))
                self.new = False


@contextlib.contextmanager
def watched(disk: Disk) -> Iterator[None]:
    """Tell a disk what the process does to its files through `os`."""
    real = {name: getattr(os, name) for name in _WATCHED}

    def path_of(fd: int) -> str:
        return os.readlink(f"/proc/self/fd/{fd}")

    def pwrite(fd: int, data: Any, place: int) -> int:
        count: int = real["pwrite"](fd, data, place)
        if disk.knows(path_of(fd)):
            disk.wrote(os.fstat(fd).st_ino, (place, bytes(data)[:count]))
        return count

    def write(fd: int, data: Any) -> int:
        place = os.lseek(fd, 0, os.SEEK_CUR) if disk.knows(path_of(fd)) else 0
        count: int = real["write"](fd, data)
        if disk.knows(path_of(fd)):
            disk.wrote(os.fstat(fd).st_ino, (place, bytes(data)[:count]))
        return count

    def fsync(fd: int) -> None:
        real["fsync"](fd)
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            disk.folder_synced(path_of(fd))
        elif disk.knows(path_of(fd)):
            disk.synced(status.st_ino)

    def open_(path: Any, flags: int, mode: int = 0o777, **rest: Any) -> int:
        was = os.path.exists(path)
        fd: int = real["open"](path, flags, mode, **rest)
        if not was and flags & os.O_CREAT:
            disk.created(os.fspath(path), os.fstat(fd).st_ino)
        return fd

    def replace(old: Any, new: Any) -> None:
        real["replace"](old, new)
        disk.named(os.fspath(new), os.stat(new).st_ino)
        disk.named(os.fspath(old), None)

    def unlink(path: Any) -> None:
        real["unlink"](path)
        disk.named(os.fspath(path), None)

    def link(old: Any, new: Any) -> None:
        real["link"](old, new)
        disk.named(os.fspath(new), os.stat(new).st_ino)

    fakes = [pwrite, write, fsync, open_, replace, replace, unlink, link]
    try:
        for name, fake in zip(_WATCHED, fakes, strict=True):
            setattr(os, name, fake)
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


_WATCHED: Final = ("pwrite", "write", "fsync", "open", "replace", "rename", "unlink", "link")
