"""Who is it that goes on with a run, or changes what a journal keeps: this process, now."""

from __future__ import annotations

import os
import socket
import time
from getpass import getuser

from fwf.journal.store import Holder
from fwf.printing import printable


def me(since: int | None = None) -> Holder:
    """This process; since when, in µs since 1970, UTC: now, unless it is told."""
    when = time.time_ns() // 1_000 if since is None else since
    return Holder(socket.gethostname(), os.getpid(), user(), when)


def who(holder: Holder) -> str:
    """How messages name one: `etl (process 4711 on nightly-1)`."""
    return printable(f"{holder.user} (process {holder.pid} on {holder.host})")


def user() -> str:
    """Who runs this process, by name if there is one."""
    try:
        return getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid())
