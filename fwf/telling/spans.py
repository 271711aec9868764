"""A run as OpenTelemetry spans: one for each try of it, in that one for each attempt of a task.

What a task's own code traces stands in the span of its attempt, also in threads and coroutines.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from returns.result import Failure, Result

from fwf.durations import MICROSECOND
from fwf.faults import Failed, Fault, PredicateDefect, leaves
from fwf.interpreters.run import Here, Note, Try
from fwf.secrets import masked
from fwf.telling.event_words import reason, rows

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

PATIENCE: Final = 5.0
"""Seconds that exporters have at the end of a command."""
MOST_EVENTS: Final = 100
"""So many failures of one attempt are told singly."""
Attempt: TypeAlias = tuple[str, tuple[int, ...]]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def spans() -> Spans | None:
    """An observer for `run(observe=…)`; None unless somebody has set a provider of tracers.

    OpenTelemetry isn't imported for that: whoever has set one has done so.
    """
    is_asked_for = "OTEL_PYTHON_TRACER_PROVIDER" in os.environ
    if not is_asked_for and "opentelemetry.trace" not in sys.modules:
        return None
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return Spans(provider.get_tracer("fwf"))


@final
class Spans:
    """Makes spans of what it is told.

    A try's span is called as its workflow, an attempt's as its task; `fwf.run.id`, `fwf.path` and
    `fwf.tries` say which it is, and `fwf.degraded` where what a try gave isn't what was meant. A
    failure has an `exception` event for each single fault.
    """

    locates = True

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._root: Span
        self._around: Any = None
        self._base = self._last = 0
        self._run = ""
        self._open: dict[Attempt, Span] = {}
        self._kept_steps = 0

    def began(self, this: Try, /) -> None:
        from opentelemetry.trace import set_span_in_context

        start = (this.started - _EPOCH) // MICROSECOND * 1_000
        self._base, self._last = start - this.start * 1_000, start
        self._run, self._kept_steps = this.id, 0
        self._open.clear()
        attributes: dict[str, str | int] = {
            "fwf.run.id": this.id,
            "fwf.run.key": this.key or "",
            "fwf.generation": this.generation,
            "fwf.try": this.number,
            **{f"fwf.param.{name}": value for name, value in this.params.items()},
        }
        name = this.workflow or "workflow"
        self._root = self._tracer.start_span(name, attributes=attributes, start_time=start)
        self._around = set_span_in_context(self._root)
        if this.died is not None:
            self._event("died", {"fwf.died": masked(this.died)}, start)

    def note(self, note: Note, /) -> None:
        match note.kind:
            case "start":
                self._start(note)
            case "ok" | "failed" | "cut":
                self._end(note)
            case "kept":
                self._kept_steps += 1
            case "retry":
                due = (_EPOCH + timedelta(microseconds=self._ns(note) // 1_000)).isoformat()
                self._of_place(note, {"fwf.due": due}, self._last)
            case _:
                self._of_place(note, {}, self._ns(note))

    def inside(self, here: Here, /) -> None:
        """What the attempt traces itself stands in its span."""
        from opentelemetry.context import attach
        from opentelemetry.trace import set_span_in_context

        span = self._open.get((here.path, here.tries))
        if span is not None:
            attach(set_span_in_context(span))

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        from opentelemetry.trace import Status, StatusCode

        end = max(self._last, time.time_ns())
        for span in self._open.values():
            span.set_status(Status(StatusCode.ERROR, "cut"))
            span.end(end)
        self._open.clear()
        self._root.set_attribute("fwf.kept", self._kept_steps)
        if this.degraded:
            self._root.set_attribute("fwf.degraded", [*map(masked, this.degraded[:MOST_EVENTS])])
        if isinstance(result, Failure):
            self._fail(self._root, result.failure(), end)
        self._root.end(end)

    # Attempts

    def _start(self, note: Note) -> None:
        attributes: dict[str, str | tuple[int, ...]] = {
            "fwf.run.id": self._run,
            "fwf.path": masked(note.path),
            "fwf.task": note.task,
            "fwf.tries": note.tries,
        }
        self._open[note.path, note.tries] = self._tracer.start_span(
            note.task, self._around, attributes=attributes, start_time=self._ns(note)
        )

    def _end(self, note: Note) -> None:
        from opentelemetry.trace import Status, StatusCode

        span = self._open.pop((note.path, note.tries), None)
        if span is None:
            return
        if note.kind == "failed":
            self._fail(span, note.detail, self._ns(note))
        elif note.kind == "cut":
            span.set_status(Status(StatusCode.ERROR, "cut"))
        elif (count := rows(note.detail)) is not None:
            span.set_attribute("fwf.rows", count)
        span.end(self._ns(note))

    def _fail(self, span: Span, fault: Fault, at: int) -> None:
        from opentelemetry.trace import Status, StatusCode

        for leaf in leaves(fault)[:MOST_EVENTS]:
            span.add_event("exception", _exception(leaf), at)
        span.set_status(Status(StatusCode.ERROR, reason(fault)))

    # The run

    def _of_place(self, note: Note, attributes: Mapping[str, str], at: int) -> None:
        why = {"fwf.reason": reason(note.detail)} if note.detail is not None else {}
        self._event(note.kind, {"fwf.path": masked(note.path), **why, **attributes}, at)

    def _event(self, name: str, attributes: Mapping[str, str], at: int) -> None:
        self._root.add_event(name, attributes, at)

    def _ns(self, note: Note) -> int:
        """When it was, in ns since 1970; a retry's is when it will be."""
        at = self._base + note.at * 1_000
        if note.kind != "retry":
            self._last = max(self._last, at)
        return at


def _exception(leaf: Fault) -> dict[str, str]:
    """A single fault as the conventions for exceptions have it."""
    attributes = {"exception.type": masked(leaf.tags[0]), "exception.message": masked(leaf.message)}
    traceback = leaf.traceback if isinstance(leaf, Failed | PredicateDefect) else None
    more = {} if traceback is None else {"exception.stacktrace": masked(str(traceback))}
    return {**attributes, **more, "fwf.path": masked(leaf.path)}


def exported(within: float) -> bool:
    """Have the provider's exporters send what they have, and end ⟶ whether they did in time.

    To be called when the process is about to end: a provider that has been shut down makes no
    more spans, and one that hangs is left to itself, so that the process ends all the same.
    """
    from opentelemetry import trace

    shutdown = getattr(trace.get_tracer_provider(), "shutdown", None)
    if shutdown is None:
        return True
    thread = Thread(target=shutdown, name="fwf spans", daemon=True)
    thread.start()
    thread.join(within)
    if thread.is_alive():
        atexit.unregister(shutdown)  # where it would wait once more
    return not thread.is_alive()
