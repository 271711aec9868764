"""What context an attempt runs in: a copy of its own of that in which the run was started."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, copy_context
from decimal import Context as Decimals, getcontext, setcontext
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber
    from fwf.machine.waits import RunningAttempt

DECIMALS: Final = "decimal_context"
"""The name of the context variable in which `decimal` keeps its context."""


@final
class Contexts:
    """Copies of the context of whoever starts the run.

    A context's copy shares the values of its variables. That of `decimal` can be changed, and
    counts what has happened: each copy gets one of its own.
    """

    __slots__ = ("_caller", "decimals", "locate", "new")

    def __init__(self) -> None:
        caller = copy_context()
        self.decimals = _decimals(caller)
        """That of the caller; None if it never had one, then each attempt makes its own."""
        self.new: Callable[[], Context] = caller.copy
        """A new copy."""
        if self.decimals is not None:
            self.new = self._with_decimals
        self._caller = caller
        self.locate: Callable[[Context, Fiber, str], None] | None = None
        """Notes in a copy which attempt it is for, if an observer wants that; see `here`."""

    def of(self, attempt: RunningAttempt) -> Context:
        """A new copy, for an attempt."""
        context = self.new()
        if self.locate is not None:
            self.locate(context, attempt.fiber, attempt.role.task.name)
        return context

    def _with_decimals(self) -> Context:
        assert self.decimals is not None
        context = self._caller.copy()
        context.run(setcontext, self.decimals.copy())
        return context


def _decimals(context: Context) -> Decimals | None:
    if any(variable.name == DECIMALS for variable in context):
        return context.run(getcontext).copy()
    return None
