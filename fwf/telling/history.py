"""What happened in runs, as JSON: a line for each event, appended to a file when it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, final

from returns.result import Failure, Result

from fwf.durations import SECOND
from fwf.faults import Fault, Interrupted, leaves
from fwf.faults.fault_form import fault_to_json
from fwf.interpreters.run import Note, Try
from fwf.secrets import masked
from fwf.telling.appended import Appended
from fwf.telling.event_words import MOST_REMEDY, reason, rows

MOST_FAULTS: Final = 100
"""A fault that is made of more is counted: those of attempts have lines of their own."""


def schema() -> str:
    """The JSON schema of a line."""
    from importlib.resources import files

    return files("fwf.telling").joinpath("history.schema.json").read_text("utf-8")


@final
class History:
    """Appends to a file what happens in runs; the file may hold other runs, and be written by them.

    A run that is killed just ends there. The first line of its next try says what is known of that.
    """

    def __init__(self, path: str) -> None:
        self._file = Appended(path)
        self._this: Try
        self._since: dict[tuple[str, tuple[int, ...]], int] = {}
        """When each attempt at work started."""
        self._is_held = False

    def began(self, this: Try, /) -> None:
        self._this = this
        self._since.clear()
        self._is_held = False
        self._write(
            "began",
            this.started,
            workflow=masked(this.workflow),
            key=this.key,
            generation=this.generation,
            params={masked(name): masked(value) for name, value in this.params.items()},
            died=None if this.died is None else masked(this.died),
        )

    def note(self, note: Note, /) -> None:
        more: dict[str, Any] = {"path": masked(note.path), "tries": note.tries}
        attempt = note.path, note.tries
        match note.kind:
            case "start":
                self._since[attempt] = note.at
            case "retry":
                more |= {"until": _time(self._this.when(note.at)), **_why(note.detail)}
            case "kept":
                more |= {"rows": rows(note.detail), "from_try": note.earlier}
            case "ok" | "failed" | "cut":
                took = note.at - self._since.pop(attempt, note.at)
                more["seconds"] = took / SECOND
                if note.kind == "ok":
                    more["rows"] = rows(note.detail)
            case _:
                pass
        self._is_held = self._is_held or note.kind == "held"
        if note.kind in ("failed", "caught", "held"):
            more |= _why(note.detail, whole=True)
        if note.kind == "held":
            more["reason"] = reason(note.detail, MOST_REMEDY)
        if note.task:
            more["task"] = masked(note.task)
        at = None if note.kind == "retry" else self._this.when(note.at)
        self._write(note.kind, at, **more)

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        if not isinstance(result, Failure):
            degraded = [*map(masked, this.degraded)]
            self._write("ended", None, outcome="ok", degraded=degraded)
            return
        fault = result.failure()
        stopped = any(isinstance(leaf, Interrupted) for leaf in leaves(fault))
        outcome = "interrupted" if stopped else "held" if self._is_held else "failed"
        self._write("ended", None, outcome=outcome, **_why(fault, whole=True))

    def close(self) -> None:
        """Nothing is appended any more."""
        self._file.close()

    def _write(self, event: str, at: datetime | None, **more: Any) -> None:
        """`at` is now if it isn't given."""
        when = _time(datetime.now().astimezone() if at is None else at)
        line = {"event": event, "at": when, "run": self._this.id, "try": self._this.number, **more}
        self._file.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")))


def _time(when: datetime) -> str:
    return when.isoformat(timespec="microseconds")


def _why(fault: Fault, *, whole: bool = False) -> Mapping[str, Any]:
    """Why something failed: in a line, and with `whole` all of it, unless it is very many."""
    about: dict[str, Any] = {"reason": reason(fault)}
    if whole:
        count = len(leaves(fault))
        about |= {"faults": count, "fault": fault_to_json(fault) if count <= MOST_FAULTS else None}
    return about
