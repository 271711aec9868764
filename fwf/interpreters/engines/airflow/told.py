"""What stands in a task's log: what was begun in it and how that ended, and all of a fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

from fwf.faults import Fault, leaves
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.call_forms import fault_from_text
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.engines.worker.packed_values import text_in
from fwf.interpreters.engines.worker.work import places_at
from fwf.interpreters.run import Note
from fwf.printing import printable
from fwf.secrets import masked

MOST_LEAVES: Final = 20
"""Of the single faults of one that has several."""


@final
class Log:
    """A task's log. What a fault says in full is written once, when the attempt failed."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._told: set[str] = set()

    def note(self, note: Note) -> None:
        """Something happened in a part that is run: the observer of it."""
        self._log.info(_line(f"{note.path}: {note.task} {note.kind}"))
        if note.kind == "failed":
            self.tell(note.detail)

    def tell(self, fault: Fault) -> None:
        """All that a fault says, but for what stands there already."""
        singles = leaves(fault)
        for leaf in singles[:MOST_LEAVES]:
            line = _line(str(leaf))
            self._log.error(line)
            if line not in self._told:
                self._told.add(line)
                for detail in _more(leaf):
                    self._log.error(detail)
        if len(singles) > MOST_LEAVES:
            self._log.error(f"… and {len(singles) - MOST_LEAVES} more")


def fault_in(context: dict[str, Any]) -> Fault | None:
    """A context ⟶ the fault that is in it; None where it can't be had."""
    out, run = context["out"], context["run"]
    if "fault" not in out:
        return None
    try:
        places = places_at(run["store"], "")
        return fault_from_text(text_in(out["fault"], "/fault", places.blobs), 0)
    except (Refused, StoreError):
        return None


def _more(leaf: Fault) -> Iterator[str]:
    """A single fault ⟶ its tags, and where it was raised."""
    yield _line(f"  tags: {', '.join(leaf.tags)}")
    traceback = getattr(leaf, "traceback", None)
    if traceback is not None:
        yield from map(_line, masked(str(traceback)).splitlines())


def _line(text: str) -> str:
    return printable(masked(text))
