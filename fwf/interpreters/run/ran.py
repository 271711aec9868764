"""How a run ended, and what happened in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar, cast, final

from returns.result import Result

from fwf.faults import Fault
from fwf.machine.log import Item, event_of, trace_of
from fwf.machine.places import Place
from fwf.secrets import masked
from fwf.worlds.trace import Trace

Out_co = TypeVar("Out_co", covariant=True)


@final
class Ran(Generic[Out_co]):
    """How a run ended, what happened in it, and when it started and ended on its clock (µs).

    result: what `run` gives, `Success(value)` or `Failure(fault)`.
    trace: the attempts, as a partial order; worked out when first asked for.
    complete: of a run that its journal had as complete, its id: nothing was done; else None.
    degraded: of a run that is fine, the paths where it isn't what was meant: where a fallback was
        taken, or a failure tolerated, also in earlier tries; see `fwf.machine.uptakes`.
    """

    __slots__ = ("_log", "_path", "_trace", "complete", "degraded", "end", "result", "start")

    def __init__(
        self,
        result: Result[Out_co, Fault],
        log: Item,
        path: Callable[[Place], str],
        start: int,
        end: int,
        complete: str | None = None,
        degraded: tuple[str, ...] = (),
    ) -> None:
        self.result = result
        self.start = start
        self.end = end
        self.complete = complete
        self.degraded = degraded
        self._log = log
        self._path = path
        self._trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        """What happened; nothing if that was not recorded."""
        if self._trace is None:
            self._trace = trace_of(self._log, partial(event_of, path=self._path))
        return self._trace

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ran):
            return NotImplemented
        ran = cast(Any, other)
        return self._outcome() == ran._outcome() and bool(self.trace == ran.trace)

    def _outcome(self) -> tuple[object, int, int]:
        return self.result, self.start, self.end

    def __hash__(self) -> int:
        return hash((self.start, self.end))

    def __repr__(self) -> str:
        text = f"Ran({self.result!r}, {self.trace!r}, start={self.start}, end={self.end})"
        return masked(text)
