"""What a signal interrupts on a run's own thread: code of the user's, and no bookkeeping around it.

`KeyboardInterrupt` is raised between any two steps of Python's. In the user's code that is what
people expect of ctrl-C. In what stands around it a resource that has just been opened would never
be closed, and a note never be told: so such functions are `uninterrupted`, and call the user's code
by `users`. A signal looks for the innermost of both.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_uninterrupted: Final = set[CodeType]()


def users(fn: Callable[P, R], /, *args: P.args, **keywords: P.kwargs) -> R:
    """Call code of the user's, which a signal may interrupt, where what it raises is caught."""
    return fn(*args, **keywords)


def uninterrupted(fn: Callable[P, R]) -> Callable[P, R]:
    """A function that the first signal doesn't interrupt, but for what it calls by `users`."""
    code: Any = fn
    _uninterrupted.add(code.__code__)
    return fn


def interrupts(
    frame: FrameType | None, also: frozenset[CodeType], run: CodeType, *, at_once: bool
) -> bool:
    """Whether a signal interrupts what runs in a frame.

    also: functions besides `users` in which code of the user's is called.
    run: that of a run, below which nothing is looked at.
    at_once: whether it is a second signal, which interrupts what is around the user's code, too.
    """
    while frame is not None and frame.f_code is not run:
        code = frame.f_code
        if code is users.__code__ or code in also:
            return True
        if code in _uninterrupted:
            return at_once
        frame = frame.f_back
    return False
