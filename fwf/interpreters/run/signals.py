"""The signals that stop runs: SIGINT, SIGTERM and SIGHUP are one thing with three numbers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType
from typing import Any, Final, Protocol, final

from fwf.interpreters.run import forked
from fwf.machine.machine import Signals

DEFAULTS: Final[dict[str, Any]] = {
    "SIGINT": signal.default_int_handler,
    "SIGTERM": signal.SIG_DFL,
    "SIGHUP": signal.SIG_DFL,
}
"""The signals, and what they do where nobody has changed it."""


class Stoppable(Protocol):
    """A run under way."""

    def stop_by(self, signal: str, frame: FrameType | None) -> bool:
        """Stop, from now on; whether to interrupt what runs in a frame on the run's own thread."""
        ...


@final
class _UnderWay:
    """A run, its thread, how many signals have come, and whether it is over."""

    __slots__ = ("over", "run", "signals", "thread")

    def __init__(self, run: Stoppable) -> None:
        self.run = run
        self.thread = threading.get_ident()
        self.signals = 0
        self.over = threading.Event()


_under_way: list[_UnderWay] = []
"""The runs of this process, the outer ones first. Signals are the process's, and so is this."""


@contextmanager
def stopping(run: Stoppable) -> Generator[Signals]:
    """While a run is under way: let signals stop it, where they would have ended the program.

    The handlers are those of the outermost run on the main thread, and stop all runs of the
    process; signals that somebody else handles are left alone.
    """
    _watch_forks()
    main = threading.current_thread() is threading.main_thread()
    this = _UnderWay(run)
    _under_way.append(this)
    handlers = _take() if main else []
    try:
        ours = signal.getsignal(signal.SIGINT) is _stop
        yield "elsewhere" if not main else "here" if ours else "unknown"
        if handlers:
            _await_others(this)
    finally:
        for number, before in handlers:
            signal.signal(number, before)
        _under_way.remove(this)
        this.over.set()


def _await_others(this: _UnderWay) -> None:
    """Wait for the finalisers of runs that a signal has stopped together with this one.

    They are runs within tasks of this one, on other threads. A second signal ends the waiting.
    """
    for other in list(_under_way):
        while this.signals == 1 and other is not this and not other.over.wait(0.05):
            pass


def _take() -> list[tuple[int, Any]]:
    """Handle the signals that nobody else does ⟶ them, and how they were handled."""
    handlers: list[tuple[int, Any]] = []
    for name, default in DEFAULTS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is default:
            handlers.append((number, signal.signal(number, _stop)))
    return handlers


@cache
def _watch_forks() -> None:
    forked.watch(_in_fork)


def _in_fork() -> None:
    """No run is under way in a fork, and signals do what they did before there was one.

    Whoever made it ends it by SIGTERM, as `multiprocessing` does, and waits until it is gone.
    """
    _under_way.clear()
    for name, default in DEFAULTS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _stop:
            signal.signal(number, default)


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop all runs; interrupt what runs on this thread, the main one, if its run says so."""
    name = signal.Signals(number).name
    if name == "SIGHUP":
        _leave_terminal()
    here = threading.get_ident()
    interrupts = False
    for each in list(_under_way):
        each.signals += 1
        interrupt = each.run.stop_by(name, frame)
        if each.thread == here:
            interrupts = interrupt
    if interrupts:
        raise KeyboardInterrupt(name)


def _leave_terminal() -> None:
    """Let what is written to a terminal that is gone go nowhere.

    It would fail, and make finalisers fail that print a line, here or in processes of theirs.
    """
    import errno
    import os
    import termios

    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            try:
                termios.tcgetattr(stream)
            except termios.error as error:
                if error.args[0] == errno.EIO:
                    os.dup2(nowhere, stream)
        os.close(nowhere)
