"""A timetable that is paused: `fwf run --due` starts nothing of it until somebody says so."""

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.run_keys import name_of
from fwf.cli.journals import OFF, open_journal, place_of, refusals
from fwf.cli.refused_commands import Misuse
from fwf.cli.timetables.partition_states import if_there
from fwf.durations import SECOND
from fwf.journal.holders import me
from fwf.printing import one_line

if TYPE_CHECKING:
    from fwf.schedules import Timetable

LOG: Final = "pause"
ALERTS: Final = "alerts"
"""The kinds of logs that are kept of a timetable: its pauses, and what people were told."""


@final
class Pause(NamedTuple):
    """Since when (µs since 1970, UTC), by whom, and why."""

    at: int
    by: str
    why: str

    def told(self, of: "Timetable[Any]") -> str:
        """`paused since 2026-06-04 09:00+02:00 by etl on nightly-1: the warehouse moves`."""
        why = f": {self.why}" if self.why else ""
        return one_line(f"paused since {of.zone.text(self.at / SECOND)} by {self.by}{why}")

    def data(self) -> dict[str, object]:
        """It as JSON has it."""
        from fwf.cli.told_runs import local

        return {"since": local(self.at), "by": self.by, "why": self.why}


def pause_of(w: AnyWorkflow, journal: str | None) -> Pause | None:
    """The pause of a workflow's timetable, if there is one now."""
    from fwf.journal.versioned_logs import latest

    with if_there(journal) as store:
        version = None if store is None else latest(store, log_of(w))
    if version is None or not version.body.get("paused"):
        return None
    return Pause(version.at, str(version.body.get("by", "")), str(version.body.get("why", "")))


def set_pause(w: AnyWorkflow, journal: str | None, why: str | None) -> Pause | None:
    """Begin a pause, with or without a reason, or end it (None) ⟶ the one that was there before.

    Nothing is written where nothing changes.
    """
    from fwf.journal.versioned_logs import open_writer

    if place_of(journal) is None:
        raise Misuse(f"--journal {OFF}: a pause is kept in a journal; name a file or a database")
    before = pause_of(w, journal)
    if (before is None) == (why is None) and (before is None or before.why == why):
        return before
    with (
        closing(open_journal(journal, make=True)) as store,
        refusals(),
        open_writer(store, log_of(w), me()) as log,
    ):
        log.add({"paused": why is not None, "by": _who(), "why": why or ""})
    return before


def _who() -> str:
    this = me()
    return f"{this.user} on {this.host}"


def log_of(w: AnyWorkflow, kind: str = LOG) -> str:
    """The name of a log that is kept of a timetable, by that of its workflow, which has one."""
    return f"{kind} {name_of(w)}"
