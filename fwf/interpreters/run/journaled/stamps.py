"""When something was, so that another process can say how long ago that is: after a reboot, too."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Protocol, final

from fwf.interpreters.run.clock import since_boot_ns


class Watch(Protocol):
    """Where a journal gets its times from."""

    @property
    def boot(self) -> str:
        """What this start of the machine is known by; empty where nobody can tell."""
        ...

    def wall(self) -> int:
        """The time of day, in µs since 1970, UTC. It may jump."""
        ...

    def since_boot(self) -> int:
        """µs since the machine started, with those in which it was suspended. It never jumps."""
        ...


@final
class SystemWatch:
    """The system's clocks."""

    __slots__ = ()

    @property
    def boot(self) -> str:
        return boot_id()

    def wall(self) -> int:
        return time.time_ns() // 1000

    def since_boot(self) -> int:
        return since_boot_ns() // 1000


@cache
def boot_id() -> str:
    """What this start of the machine is known by; empty where nobody can tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def left_of(lasts: int, at: int, clock: int, boot: str, watch: Watch) -> int:
    """How much is left of what began then: µs, never more than all of it.

    Less than nothing where it is overdue: under a deadline that has passed nothing starts any more,
    as it may at its very instant. Within one start of the machine that goes by the clock that
    doesn't jump, else by the time of day: if that was set back meanwhile, nothing is waited for
    longer than it would have lasted.
    """
    same = bool(boot) and boot == watch.boot
    elapsed = watch.since_boot() - clock if same else watch.wall() - at
    return lasts - max(elapsed, 0)
