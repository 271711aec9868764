"""What `os.fork()` in a task makes: a process that is no part of the run, and ends as the task."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import NoReturn, cast

from fwf.faults.raised import raised

generation: int = 0
"""How many forks this process is away from its program. Where it is another number when a task's
function returns than when it was called, this process is a fork that the function has made."""


def watch(begin: Callable[[], None]) -> None:
    """From now on, do this first in every fork of this process.

    A program that `subprocess` starts is none: it begins anew.
    """

    def in_child() -> None:
        global generation
        generation += 1
        begin()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def leave(
    at_call: int, kind: object, error: BaseException | None, at: TracebackType | None
) -> None:
    """End this process if it has been forked since `generation` was what it was at the call.

    For an `ExitStack`: a fork doesn't close the resources that it shares with the run.
    """
    if generation != at_call:
        end(error)


def end(error: BaseException | None) -> NoReturn:
    """End a fork whose task has returned or raised, with the status that a program would have.

    The rest of the run is its parent's, which would be done twice.
    """
    status, message = _last_words(error)
    with suppress(Exception):
        sys.stderr.write(message)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)


def _last_words(error: BaseException | None) -> tuple[int, str]:
    if error is None:
        return 0, ""
    if not issubclass(type(error), SystemExit):  # not `isinstance`, which asks the error
        return 1, f"{raised(error).traceback}\n"
    code = cast(SystemExit, error).code
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF, ""
    return 1, f"{raised(error).message}\n"
