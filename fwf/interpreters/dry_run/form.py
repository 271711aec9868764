"""A dry run for machines: what JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast

from fwf.algebra.trace import Event, Ok
from fwf.algebra.types import name_of
from fwf.algebra.unknown import Unknown
from fwf.faults import Failed, Fault, leaves
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.report import DryRun

MICROSECOND = timedelta(microseconds=1)


def as_data(run: DryRun) -> dict[str, Any]:
    """Dry run ⟶ what JSON can hold. `events` are by start; `critical_path` has their numbers."""
    events = run.events
    numbers = {event.key: n for n, event in enumerate(events)}
    return {
        "workflow": run.name,
        "start": None if run.start is None else run.start.isoformat(),
        "end": run.end,
        "outcome": {"ok": plain(run.outcome.value)}
        if isinstance(run.outcome, Ok)
        else {"faults": [_fault(leaf) for leaf in leaves(run.outcome.cause)]},
        "attempts": run.attempts,
        "by_task": {
            name: {
                "attempts": totals.attempts,
                "failed": totals.failed,
                "cut": totals.cut,
                "busy": totals.busy // MICROSECOND,
            }
            for name, totals in run.by_task.items()
        },
        "critical_path": [numbers[event.key] for event in run.critical_path],
        "assumed": [{"path": each.path, "what": each.what} for each in run.assumed],
        "events": [_event(event) for event in events],
    }


def _event(event: Event) -> dict[str, Any]:
    failed = event.ending == "failed"
    return {
        "task": event.task,
        "path": masked(event.path),
        "tries": list(event.tries),
        "ending": event.ending,
        "fault" if failed else "result": _fault(event.result) if failed else plain(event.result),
        "start": event.start,
        "end": event.end,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    said = {"path": masked(fault.path), "tags": [*map(masked, fault.tags)], "message": str(fault)}
    if isinstance(fault, Failed):
        said["message"] = masked(fault.message)
    return said


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON, as far as it goes; of other objects only their type is told."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no NaN and no infinity
    if isinstance(value, int) and value.bit_length() > 10_000:
        return hex(value)  # decimal digits stop at 4,300
    if isinstance(value, str):
        return masked(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Unknown):
        return {"unknown": name_of(value.type), "path": value.path}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if depth < 20 and isinstance(value, Mapping):
        items = cast(Mapping[object, object], value).items()
        return {masked(str(key)): plain(item, depth + 1) for key, item in items}
    if depth < 20 and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in cast("list[Any]", value)]
    return {"type": type(value).__qualname__}
