"""Which attempt of which run is the code that asks a part of? For what it logs and measures.

Nothing is noted of attempts unless an observer of the run wants that: one with `locates = True`.
"""

from __future__ import annotations

from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Final, final

from fwf.records import record

if TYPE_CHECKING:
    from fwf.interpreters.run.observers import Stream
    from fwf.machine.fibers import Fiber


@final
@record()
class Here:
    """An attempt: the run's id, the step's path, the task, and which try of each retry around."""

    run_id: str
    path: str
    task: str
    tries: tuple[int, ...]


_HERE: Final[ContextVar[Here | None]] = ContextVar("fwf_here", default=None)


def here() -> Here | None:
    """The attempt that this code is a part of, in whatever thread, coroutine or process.

    None outside of attempts, and where no observer of the run has `locates = True`.
    """
    return _HERE.get()


def be_in(attempt: Here | None) -> None:
    """From now on this context, or this process, is of that attempt."""
    _HERE.set(attempt)


def locate(stream: Stream, context: Context, fiber: Fiber, task: str) -> None:
    """Note in an attempt's context which attempt it is."""
    from fwf.machine.fibers import numbers

    path = stream.machine.path(fiber.place)
    attempt = Here(stream.this().id, path, task, numbers(fiber.tries))
    context.run(_HERE.set, attempt)
    if stream.inside is not None:
        context.run(stream.enter, attempt)
