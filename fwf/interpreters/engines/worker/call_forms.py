"""What stands in calls and in contexts alike, as JSON and back: runs, deadlines, faults, values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast, final

from pyrsistent import PMap, pmap

from fwf.durations import SECOND
from fwf.faults import Fault
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.forms.duration_text import duration_text
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_duration,
    read_fields,
    read_text,
    write_text,
)
from fwf.interpreters.engines.worker.packed_values import Packed, packed_from_json, packed_to_json
from fwf.interpreters.run.single_part import Under
from fwf.records import record

FORM: Final = 1
"""The version of calls and contexts."""
MOST: Final = 64 << 20
"""Bytes of the longest call."""
T = TypeVar("T")


@final
class Unclear(ValueError):
    """A call that can't be read: where, and what was expected."""


@final
@record()
class Deadline:
    """When a part is cut, and the timeout that does it: its path, and how long it gives."""

    at: datetime
    path: str
    within: timedelta


def clear(read: Callable[[], T]) -> T:
    """What comes of reading a call; a refusal is an `Unclear`."""
    try:
        return read()
    except Refused as error:
        where = f"call {error.pointer}" if error.pointer else "call"
        message = f"the {where}: {error.message}"
    raise Unclear(message)


def run_to_json(run: Under) -> Json:
    """The run that something is done for ⟶ JSON."""
    return {
        "key": None if run.key is None else write_text(run.key),
        "spread": run.spread.hex(),
        "id": write_text(run.id),
        "started": moment_to_json(run.started),
    }


def run_from_json(form: Json, at: str) -> Under:
    """JSON ⟶ the run that something is done for; raises `Refused`."""
    fields = read_fields(form, at, ("key", "spread", "id", "started"))
    key = fields["key"]
    try:
        spread = bytes.fromhex(read_text(fields["spread"], f"{at}/spread"))
    except ValueError:
        raise refused(f"{at}/spread", fields["spread"], "hexadecimal digits") from None
    return Under(
        key=None if key is None else read_text(key, f"{at}/key"),
        spread=spread,
        id=read_text(fields["id"], f"{at}/id"),
        started=moment_from_json(fields["started"], f"{at}/started"),
    )


def deadline_to_json(deadline: Deadline) -> Json:
    """Deadline ⟶ JSON."""
    return {
        "at": moment_to_json(deadline.at),
        "path": write_text(deadline.path),
        "within": duration_text(deadline.within),
    }


def deadline_from_json(form: Json, at: str) -> Deadline:
    """JSON ⟶ the deadline; raises `Refused`."""
    fields = read_fields(form, at, ("at", "path", "within"))
    return Deadline(
        moment_from_json(fields["at"], f"{at}/at"),
        read_text(fields["path"], f"{at}/path"),
        read_duration(fields["within"], f"{at}/within"),
    )


def values_from_json(form: Json, at: str) -> PMap[str, Packed]:
    """JSON ⟶ values as they travel, by name; raises `Refused`."""
    if not is_object(form):
        raise refused(at, form, "an object")
    return pmap({name: packed_from_json(each, under(at, name)) for name, each in form.items()})


def values_to_json(values: Mapping[str, Packed]) -> dict[str, Json]:
    """Values as they travel, by name ⟶ JSON."""
    return {name: packed_to_json(each) for name, each in values.items()}


def moment_to_json(moment: datetime) -> str:
    """A time ⟶ its text, in UTC."""
    return moment.astimezone(UTC).isoformat()


def moment_from_json(form: Json, at: str) -> datetime:
    """JSON ⟶ a time; raises `Refused` unless it has an offset."""
    text = read_text(form, at)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refused(at, form, "a time with its offset, such as 2026-06-01T02:00:00+00:00,")
    return moment.astimezone(UTC)


def fault_to_text(fault: Fault, now: int) -> str:
    """Fault, the time on the worker's clock (µs) ⟶ its text: JSON, and of ASCII alone.

    A lone surrogate in it is as Python's own JSON has it; others refuse that, and needn't read it.
    """
    return json.dumps(_shifted(fault_to_json(fault), -now))


def fault_from_text(text: str, now: int) -> Fault:
    """The text of a fault, the time on the reader's clock (µs) ⟶ the fault; raises `Refused`."""
    try:
        return fault_from_json(_shifted(json.loads(text), now))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("/fault", str(error)) from None


def _shifted(form: dict[str, Any], by: int) -> dict[str, Any]:
    """The form of a fault, its times on another clock (µs). Explicit stack."""
    todo = [form]
    while todo:
        for leaf in cast("list[dict[str, Any]]", todo.pop()["leaves"]):
            if leaf.get("not_before") is not None:
                leaf["not_before"] += by / SECOND
            if leaf.get("cause") is not None:
                todo.append(leaf["cause"])
    return form
