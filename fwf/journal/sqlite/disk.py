"""How does what is written reach the disk, and what is said if it doesn't?"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import resource
from typing import Final

from fwf.journal.errors import JournalError

SAFE: Final = "what was acknowledged is there"
RESERVE: Final = 1 << 19
"""Bytes; the pages that one step of pruning writes to the log, and SQLite's shared memory."""
SPARE: Final = 3 * RESERVE
_FULL: Final = int(getattr(fcntl, "F_FULLFSYNC", 0))


def sync(fd: int) -> None:
    """Wait until what was written to a file is on the disk: on a Mac `fsync` alone doesn't."""
    if _FULL:
        try:
            fcntl.fcntl(fd, _FULL)
        except OSError:  # Not every file system there knows it.
            pass
        else:
            return
    os.fsync(fd)


def sync_folder(path: str) -> None:
    """Wait until the names in a folder are on the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(fd)
    finally:
        os.close(fd)


def make_folder(path: str) -> None:
    """Make a folder that its owner alone looks into, if it isn't there, and those around it."""
    folders = list[str]()
    while not os.path.isdir(path):
        folders.append(path)
        path = os.path.dirname(path)
    for each in reversed(folders):
        try:
            os.mkdir(each, 0o700)
        except FileExistsError:
            continue
        sync_folder(os.path.dirname(each))


def reserve(path: str, *, spare: int = SPARE) -> bool:
    """Take some space that pruning gives back first, so that it can work where none is left.

    Not if less than `spare` would be free then, which a journal needs itself ⟶ whether it's taken.
    """
    fd = -1
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        there, disk = os.fstat(fd).st_size, os.fstatvfs(fd)
        if there < RESERVE and disk.f_bavail * disk.f_frsize >= RESERVE - there + spare:
            there += os.pwrite(fd, bytes(RESERVE - there), there)
        if there < RESERVE:  # The next journal that is pruned would have less than it needs.
            os.ftruncate(fd, 0)
    except OSError:  # Then there is none: what is being done doesn't need it.
        there = 0
        if fd >= 0:
            os.ftruncate(fd, 0)
    finally:
        if fd >= 0:
            os.close(fd)
    return there >= RESERVE


def is_reserved(path: str) -> bool:
    """Whether some space is kept back."""
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


def give_back(path: str, size: int) -> bool:
    """Give some of the reserved space back ⟶ whether there was any."""
    try:
        there = os.stat(path).st_size
        os.truncate(path, max(there - size, 0))
    except OSError:
        return False
    return there > 0


def writable(path: str) -> bool:
    """Whether this process may write to a file, or in a folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def user_name(uid: int) -> str:
    """What a user is called, or the number if it has no name here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def error_of(error: OSError, path: str) -> JournalError:
    """What the system says of a file, or of one beside it ⟶ one error with cause and remedy."""
    if isinstance(error.filename, str):
        path = error.filename
    return JournalError(f"{path}: {_cause(error.errno or errno.EIO, path)}")


def _cause(number: int, path: str) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        has_reserve = is_reserved(f"{path.removesuffix('-heads')}-reserve")
        prune = " (`fwf runs prune` works on a full disk too)" if has_reserve else ""
        return (
            f"no space is left on the disk (or in the quota); free some{prune}, then start again: "
            f"{SAFE}"
        )
    if number == errno.EFBIG:
        soft = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        limit = "" if soft == resource.RLIM_INFINITY else f" of {soft} bytes"
        return (
            f"it would grow over this process's file-size limit{limit}; raise it (`ulimit -f "
            f"unlimited`), then start again: {SAFE}"
        )
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _access_advice(number, path)
    if number in (errno.ENOENT, errno.ESTALE):
        return "it is gone; put it back, or start anew with another --journal"
    return f"{os.strerror(number)}; once the disk is fine again, start again: {SAFE}"


def _access_advice(number: int, path: str) -> str:
    me = user_name(os.geteuid())
    if number == errno.EROFS:
        return f"its file system is mounted read-only; mount it for writing, then: {SAFE}"
    for each in (path, os.path.dirname(path)):
        try:
            if not writable(each):
                owner = user_name(os.stat(each).st_uid)
                kind = "folder" if os.path.isdir(each) else "file"
                return (
                    f"{me} may not write to the {kind} {each}, which is {owner}'s; "
                    f"`chmod u+rwX {each}` as {owner}, then start again: {SAFE}"
                )
        except OSError:
            continue
    return f"{me} may not write to it; look at its permissions, then start again: {SAFE}"


def cause_of_io(path: str) -> int:
    """Why a write may have failed that was only called an input or output error: an errno."""
    try:
        free = os.statvfs(os.path.dirname(path))
        if free.f_bavail == 0 or free.f_bfree == 0:
            return errno.ENOSPC
    except OSError:
        return errno.EIO
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return errno.EIO if limit == resource.RLIM_INFINITY else errno.EFBIG
