"""Runs of real workflows as records: what an observer is told, written down."""

from typing import Any

from fwf import Workflow
from fwf.faults.fault_form import fault_to_json
from fwf.interpreters.run import Note, VirtualClock, execute
from tests.telling.kept import BEGAN, Written


def recorded(w: Workflow[Any, Any], told: Written | None = None, **given: Any) -> Written:
    """Run a workflow ⟶ its records, behind those of earlier tries."""
    told = Written() if told is None else told
    number = 1 + sum(each.kind == "try" for each in told.records)
    told.begin(number, after=3600)
    base, seen = max(BEGAN, told.at), dict[str, int]()
    notes: list[Note] = []
    ran = execute(w, observe=notes.append, clock=VirtualClock(), **given)
    for note in notes:
        _write(told, note, base - ran.start, seen)
    told.at = base + ran.end - ran.start
    fault = ran.result.failure() if hasattr(ran.result, "failure") and _failed(ran) else None
    body = {"outcome": "ok", "value": 1} if fault is None else {"outcome": "failed"}
    return told("end", after=0, **body, fault=None if fault is None else fault_to_json(fault))


def _failed(ran: Any) -> bool:
    return type(ran.result).__name__ == "Failure"


def _write(told: Written, note: Note, base: int, seen: dict[str, int]) -> None:
    tries = ",".join(map(str, note.tries))
    if note.kind != "retry":
        told.at = base + note.at
    if note.kind == "start":
        seen[note.path] = seen.get(note.path, 0) + 1
        told("start", note.path, tries, 0, task=f"{note.task}@1", attempt=seen[note.path])
    elif note.kind == "ok":
        rows = {"rows": len(note.detail)} if isinstance(note.detail, list) else {}
        told("ok", note.path, tries, 0, task=f"{note.task}@1", value=None, took=0, **rows)
    elif note.kind in ("failed", "cut"):
        fault = fault_to_json(note.detail) if note.kind == "failed" else None
        told(note.kind, note.path, tries, 0, took=0, fault=fault)
    elif note.kind == "retry":
        fault = fault_to_json(note.detail)
        told("retry", note.path, tries, 0, number=2, used=1, due=base + note.at, fault=fault)
    elif note.kind == "caught":
        told("caught", note.path, tries, 0, fault=fault_to_json(note.detail))
