"""What interpreters tell of a run: what happened, and in which order."""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, final

from fwf.records import record

Ending: TypeAlias = Literal["ok", "failed", "cut"]


@final
@record(hidden=("start", "end"))
class Event:
    """One attempt of a task. `tries` are the attempt numbers of the retries around it.

    `start` and `end` are in microseconds of the run's clock.
    """

    task: str
    path: str
    tries: tuple[int, ...]
    ending: Ending
    result: Any
    start: int
    end: int

    @property
    def key(self) -> tuple[str, tuple[int, ...], int]:
        """What tells the attempt from all others of its run."""
        return self.path, self.tries, self.start


@final
@record()
class Series:
    """One part after another; no part is itself a `Series`."""

    parts: "tuple[Trace, ...]"


@final
@record()
class Parallel:
    """Parts side by side, in the order they are written; none is empty or a `Parallel`."""

    parts: "tuple[Trace, ...]"


@final
@record()
class Partial:
    """Parts of a graph: each with the numbers of the parts that it waited for.

    A part waits for parts that stand before it, so that there is no cycle.
    """

    parts: "tuple[tuple[Trace, tuple[int, ...]], ...]"

    def __post_init__(self) -> None:
        for n, (_, waits) in enumerate(self.parts):
            for other in waits:
                if not 0 <= other < n:
                    raise ValueError(
                        f"Partial: part {n} waits for part {other}, which doesn't stand before "
                        "it; a trace has no cycles, so list each part after those it waits for"
                    )


Trace: TypeAlias = Event | Series | Parallel | Partial
"""What happened, as a partial order. The empty `Series` is nothing at all."""

NOTHING = Series(())


def series(parts: "list[Trace]") -> Trace:
    """Traces ⟶ them one after another, flattened."""
    flat: list[Trace] = []
    for part in parts:
        if isinstance(part, Series):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Series(tuple(flat))


def parallel(parts: "list[Trace]") -> Trace:
    """Traces ⟶ them side by side, flattened."""
    flat: list[Trace] = []
    for part in parts:
        if isinstance(part, Parallel):
            flat.extend(part.parts)
        elif part != NOTHING:
            flat.append(part)
    if not flat:
        return NOTHING
    return flat[0] if len(flat) == 1 else Parallel(tuple(flat))


def events(trace: Trace) -> Iterator[Event]:
    """Trace ⟶ its events, each after those that it waited for. Explicit stack."""
    todo: list[Trace] = [trace]
    while todo:
        top = todo.pop()
        match top:
            case Event():
                yield top
            case Series(parts) | Parallel(parts):
                todo.extend(reversed(parts))
            case Partial(parts):
                todo.extend(part for part, _ in reversed(parts))
