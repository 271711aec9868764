"""A dry run for machines: what JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, cast

from returns.result import Result, Success

from fwf.algebra.result_values import content_of
from fwf.durations import MICROSECOND
from fwf.faults import Fault
from fwf.faults.fault_form import fault_to_json
from fwf.secrets import masked
from fwf.types.hints import name_of
from fwf.worlds.trace import Event
from fwf.worlds.unknown import Unknown

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.dry_run_report import DryRun


def as_data(run: DryRun) -> dict[str, Any]:
    """Dry run ⟶ what JSON can hold. `events` are by start; `critical_path` has their numbers."""
    events = run.events
    numbers = {event.key: n for n, event in enumerate(events)}
    return {
        "workflow": run.name,
        "unit": "seconds",
        "started": None if run.start is None else run.start.isoformat(),
        "seconds": seconds(run.end),
        "outcome": {"ok": plain(run.result.unwrap())}
        if isinstance(run.result, Success)
        else {"fault": fault_to_json(run.result.failure())},
        "attempts": run.attempts,
        "by_task": {
            name: {
                "attempts": totals.attempts,
                "failed": totals.failed,
                "cut": totals.cut,
                "busy": seconds(totals.busy // MICROSECOND),
            }
            for name, totals in run.by_task.items()
        },
        "critical_path": [numbers[event.key] for event in run.critical_path],
        "assumed": [{"path": each.path, "what": each.what} for each in run.assumed],
        "events": [_event(event) for event in events],
    }


def seconds(microseconds: int) -> float:
    """A time on a clock as JSON has it."""
    return microseconds / 1_000_000


def _event(event: Event) -> dict[str, Any]:
    failed = event.ending == "failed"
    result = fault_to_json(event.result) if failed else plain(event.result)
    return {
        "task": event.task,
        "path": masked(event.path),
        "tries": list(event.tries),
        "ending": event.ending,
        "fault" if failed else "result": result,
        "start": seconds(event.start),
        "end": seconds(event.end),
    }


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
    if isinstance(value, Fault):
        return fault_to_json(value)
    if depth < 20 and isinstance(value, Result):
        is_failure, inside = content_of(value)
        return {"failure" if is_failure else "success": plain(inside, depth + 1)}
    if depth < 20 and isinstance(value, Mapping):
        items = cast(Mapping[object, object], value).items()
        return {masked(str(key)): plain(item, depth + 1) for key, item in items}
    if depth < 20 and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in cast("list[Any]", value)]
    return {"type": type(value).__qualname__}
