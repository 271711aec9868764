"""How does a journal break under a run: no space, no right to write, a file that is gone?

python -m tests.crash.kill_disks "a full disk" chain-17 5    one case
"""

import ctypes
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.cli_support import ROOT
from tests.crash.kill_effects import hear_signals, read
from tests.crash.kill_oracle import Finding, judged
from tests.crash.kill_runs import PATIENCE, Case, Night, whole

CAP_DAC_OVERRIDE: Final = 1
PR_CAPBSET_DROP: Final = 24


class Trouble(NamedTuple):
    """How a journal is broken, and mended again; of what its error must speak."""

    breaks: Callable[[Night, int], None]
    mends: Callable[[Night, int], None]
    told: tuple[str, ...]
    before: bool = False
    """Whether it is broken before the run starts, not while it is under way."""


def limited(night: Night, pid: int) -> None:
    """Let no file grow beyond what the largest one of the journal has now."""
    sizes = [file.stat().st_size for file in night.folder.glob("journal/*")]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(sizes), resource.RLIM_INFINITY))


def filled(night: Night, pid: int) -> None:
    """Leave no space on the journal's disk."""
    with suppress(OSError), (night.journal.parent / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))


def emptied(night: Night, pid: int) -> None:
    (night.journal.parent / "filler").unlink()


def _modes(night: Night, file: int, folder: int) -> None:
    for each in night.journal.parent.glob("*"):
        each.chmod(file)
    night.journal.parent.chmod(folder)


def moved(night: Night, pid: int) -> None:
    """Take the whole folder away."""
    night.journal.parent.rename(night.folder / "elsewhere")


def moved_back(night: Night, pid: int) -> None:
    with suppress(OSError):
        shutil.rmtree(night.journal.parent)
    (night.folder / "elsewhere").rename(night.journal.parent)


def nothing(night: Night, pid: int) -> None:
    pass


TROUBLES: Final = {
    "a full disk": Trouble(filled, emptied, ("full", "space")),
    "a limit to a file's size": Trouble(limited, nothing, ("large", "full", "size", "space")),
    "files that may only be read": Trouble(
        lambda night, _: _modes(night, 0o400, 0o700),
        lambda night, _: _modes(night, 0o600, 0o700),
        ("read", "write", "permission"), before=True,
    ),
    "a folder that may only be read": Trouble(
        lambda night, _: _modes(night, 0o400, 0o500),
        lambda night, _: _modes(night, 0o600, 0o700),
        ("read", "write", "permission"), before=True,
    ),
    "a folder that is gone": Trouble(moved, moved_back, ("gone", "no such", "there", "vanished")),
}  # fmt: skip


def without_rights() -> None:
    """Have modes of files hold for the superuser too, in the process that is to be started."""
    hear_signals()
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def mounted(folder: Path) -> bool:
    """Make a small disk of a folder; whether that may be done here."""
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    with suppress(OSError):
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    return False


class Told(NamedTuple):
    """What was said of a broken journal, and what is wrong."""

    errors: list[str]
    findings: list[Finding]


def broken(name: str, case: Case) -> Told | None:
    """Break the journal at a random step, mend it, and go on ⟶ how that went.

    None where that can't be done: a disk can't be mounted.
    """
    trouble = TROUBLES[name]
    with tempfile.TemporaryDirectory(prefix="fwf-disk-") as folder:
        night = Night(Path(folder), case)
        place = night.folder / "journal"
        place.mkdir()
        night.journal = place / "runs.db"
        disk = name == "a full disk"
        if disk and not mounted(place):
            return None
        try:
            return _broken(trouble, night)
        finally:
            if disk:
                subprocess.run(["umount", "-l", str(place)], check=True)


def _broken(trouble: Trouble, night: Night) -> Told:
    chance = random.Random(f"{night.case.shape} {night.case.seed}")
    known = whole(night.case.shape)
    errors: list[str] = []
    if trouble.before:
        _started(night, chance.randrange(1, len(known.lines)), lambda pid: os.kill(pid, 9))
        trouble.breaks(night, 0)
        status, out, err = _started(night, 0, nobody)
        trouble.mends(night, 0)
    else:
        step = chance.randrange(1, len(known.lines))
        status, out, err = _started(night, step, lambda pid: trouble.breaks(night, pid))
        trouble.mends(night, 0)
    if status:
        errors.append(_only_error(night.case, status, out, err))
        assert any(word in errors[0].lower() for word in trouble.told), errors[0]
    status, out, err = _started(night, 0, nobody)
    assert status == 0, f"{night.case}: {status}\n{err}"
    return Told(errors, judged(read(night.log), night.value(out), known))


def nobody(pid: int) -> None:
    pass


def _started(night: Night, lines: int, then: Callable[[int], Any]) -> tuple[int, str, str]:
    """Start it; do something when so many lines are in the log, and wait for the end."""
    with night.start(before=without_rights) as process:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and _count(night.log) < lines and time.monotonic() < end:
            time.sleep(0.001)
        if night.journal.exists() or lines:
            then(process.pid)
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def _count(log: Path) -> int:
    with suppress(OSError):
        return log.read_bytes().count(b"\n")
    return 0


def _only_error(case: Case, status: int, out: str, err: str) -> str:
    """The one error that a run ended with, and no traceback or warning beside it."""
    assert status > 0, f"{case}: {status}\n{err}"
    assert not re.search("Traceback|Warning", err), f"{case}\n{err}"
    if not out:
        told = [line for line in err.splitlines() if line.startswith("fwf: ")]
        (said,) = [line for line in told if not line.startswith("fwf: a new journal: ")]
        return said
    leaves = {leaf["message"] for leaf in json.loads(out)["fault"]["leaves"]}
    (said,) = leaves
    return said


def main() -> int:
    name, shape, seed = sys.argv[1:]
    told = broken(name, Case(shape, int(seed), "the command line"))
    print(told)
    return int(told is not None and bool(told.findings))


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
