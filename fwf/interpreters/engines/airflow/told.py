"""What stands in a task's log: what was begun in it and how that ended, and all of a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from fwf.faults import Fault, leaves
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.answer import fault_from_text
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.engines.worker.values import packed_from_json, unpacked
from fwf.interpreters.engines.worker.work import places_at
from fwf.interpreters.run import Note
from fwf.printing import printable
from fwf.secrets import masked

MOST_LEAVES: Final = 20
"""Of the single faults of one that has several."""


def noting(log: Callable[[str], object]) -> Callable[[Note], None]:
    """A log ⟶ an observer of runs that writes what happens into it, line by line."""

    def note(note: Note) -> None:
        log(_line(f"{note.path}: {note.task} {note.kind}"))
        if note.kind in ("failed", "caught") and not isinstance(note.detail, str | None):
            for line in fault_lines(note.detail):
                log(line)

    return note


def fault_in(context: dict[str, Any]) -> Fault | None:
    """A context ⟶ the fault that is in it; None where it can't be had."""
    out, run = context["out"], context["run"]
    if "fault" not in out:
        return None
    try:
        places = places_at(run["store"], "")
        return fault_from_text(unpacked(packed_from_json(out["fault"], "/fault"), places.blobs), 0)
    except (Refused, StoreError):
        return None


def fault_lines(fault: Fault) -> Iterator[str]:
    """A fault ⟶ all that it says: path, error, tags, and where that was raised."""
    found = leaves(fault)
    for leaf in found[:MOST_LEAVES]:
        yield _line(str(leaf))
        yield _line(f"  tags: {', '.join(leaf.tags)}")
        traceback = getattr(leaf, "traceback", None)
        if traceback is not None:
            yield from map(_line, masked(str(traceback)).splitlines())
    if len(found) > MOST_LEAVES:
        yield f"… and {len(found) - MOST_LEAVES} more"


def _line(text: str) -> str:
    return printable(masked(text))
