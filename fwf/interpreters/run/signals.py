"""The signals that stop runs: SIGINT, SIGTERM and SIGHUP are one thing with three numbers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, Protocol, final

DEFAULTS: Final[dict[str, Any]] = {
    "SIGINT": signal.default_int_handler,
    "SIGTERM": signal.SIG_DFL,
    "SIGHUP": signal.SIG_DFL,
}
"""The signals, and what they do where nobody has changed it."""


class Stoppable(Protocol):
    """A run under way."""

    def stop_by(self, signal: str) -> bool:
        """Stop, from now on; whether what runs on the run's own thread is to be interrupted."""
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
def stopping(run: Stoppable) -> Generator[bool]:
    """While a run is under way: let signals stop it, where they would have ended the program.

    Tells whether a `KeyboardInterrupt` on this thread can only be that of a signal which stops the
    run, or what a task raises itself. The handlers are those of the outermost run on the main
    thread, and stop all runs of the process; signals that somebody else handles are left alone.
    """
    main = threading.current_thread() is threading.main_thread()
    this = _UnderWay(run)
    _under_way.append(this)
    taken = _take() if main else []
    try:
        yield not main or signal.getsignal(signal.SIGINT) is _stop
        if taken:
            _await_others(this)
    finally:
        for number, before in taken:
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
    taken: list[tuple[int, Any]] = []
    for name, default in DEFAULTS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is default:
            taken.append((number, signal.signal(number, _stop)))
    return taken


def _stop(number: int, frame: object) -> None:
    """Stop all runs; interrupt what runs on this thread, the main one, for the innermost."""
    name = signal.Signals(number).name
    here = threading.get_ident()
    interrupts = False
    for each in list(_under_way):
        each.signals += 1
        wanted = each.run.stop_by(name)
        if each.thread == here:
            interrupts = wanted
    if interrupts:
        raise KeyboardInterrupt(name)
