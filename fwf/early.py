"""Signals while `fwf` is still being imported: each ends it with a line, and its status.

The modules that tell a signal in order aren't there yet, and Python would tell it by a traceback.
Of fwf this is imported first, and it imports next to nothing itself; a process that only imports
fwf keeps its signals.
"""

import os
import sys

TYPE_CHECKING = False  # as typing's own, which takes 10 ms, in which no signal would be heard
if TYPE_CHECKING:
    from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
HEARD_WITHIN = 1.0
"""So many seconds the main thread waits for anything at a time. The system may give a signal to any
thread, and Python hears it on this one, which only its own signals wake."""
_before: "dict[int, Any]" = {}


def _is_program() -> bool:
    """Whether this process was started as `fwf` or `python -m fwf`."""
    words = sys.orig_argv
    name, *_ = getattr(sys, "argv", None) or [""]
    if name == "-m":  # as long as Python looks for the module that is named behind it
        return "-m" in words and words[words.index("-m") + 1 :][:1] == ["fwf"]
    return os.path.basename(name) in ("fwf", "fwf.exe") and name in words


def numbers() -> list[int]:
    """The signals that are meant, as far as this system has them."""
    import signal

    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def heard() -> None:
    """Have signals end this process at once, until `left` is called.

    Who started it may have kept back those that came before Python itself was ready.
    """
    import signal

    def end(number: int, frame: object) -> None:
        try:
            os.write(2, f"fwf: stopped by {signal.Signals(number).name}\n".encode())
        finally:
            os._exit(128 + number)

    for number in numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            _before[number] = signal.signal(number, end)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers())


def left() -> None:
    """Have signals do again what they did before."""
    import signal

    while _before:
        number, handler = _before.popitem()
        signal.signal(number, handler)


if _is_program():
    heard()
