"""Can the file system that a journal is to lie on lock, and share memory between processes?"""

from __future__ import annotations

import os
import re
from typing import Final

from fwf.journal.errors import JournalError

LOCAL: Final = frozenset({
    "apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "jfs", "nilfs2", "overlay",
    "ramfs", "reiserfs", "rootfs", "tmpfs", "ubifs", "ufs", "xfs", "zfs",
})  # fmt: skip
SHARED: Final = frozenset({
    "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "fakeowner", "gfs",
    "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "osxfs",
    "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "wekafs", "wslfs",
})  # fmt: skip
"""Of other machines, or of the machine around this one: locks there don't keep others out."""
_MOUNTS: Final = "/proc/self/mountinfo"
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def file_system(path: str, mounts: str) -> str:
    """The type of the file system under a path, by the longest mount point; later ones cover."""
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[4])
        inside = point == "/" or path == point or path.startswith(point + "/")
        if inside and len(point) >= longest:
            kind, longest = after.split(" ")[0], len(point)
    return kind


def refuse_unfit(path: str, mounts: str | None = None) -> str | None:
    """Raise `JournalError` where files can't be locked ⟶ a remark if that isn't known, or None.

    mounts: what /proc/self/mountinfo says, where it isn't read from there.
    """
    if mounts is None:
        mounts = _mount_table()
    kind = file_system(os.path.realpath(path), mounts)
    if kind in SHARED or kind.startswith("fuse"):
        raise JournalError(
            f"{path}: is on {kind}, a file system whose locks don't keep other processes from "
            "writing, so a journal would be damaged there; write `--journal FILE` with a file on a "
            "local volume (in a container: a named volume), or `--journal postgresql://…`"
        )
    if kind and kind not in LOCAL:
        return (
            f"{path}: is on {kind}, of which it isn't known whether its locks hold; if other "
            "machines see it too, take a local volume (`--journal FILE`) or `postgresql://…`"
        )
    return None


def _mount_table() -> str:
    """Nothing where there is no /proc: the cases it is for are Linux in a container."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
