"""A damaged log of a timetable, its pause or its alerts, is salvaged where that is asked for."""

from collections.abc import Callable

from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.timetables.partition_states import if_there
from fwf.cli.timetables.pauses import ALERTS, log_of
from fwf.faults import counted
from fwf.journal import versioned_logs
from fwf.journal.errors import JournalCorrupt
from fwf.journal.holders import me
from fwf.journal.store import Store


def salvage_logs(w: AnyWorkflow, journal: str | None, say: Callable[[str], None]) -> None:
    """Keep the good versions of its pause, and of who was told what, and say what is dropped."""
    with if_there(journal, salvage=True) as store:
        if store is not None:
            for name in (log_of(w), log_of(w, ALERTS)):
                _salvage(store, name, say)


def _salvage(store: Store, name: str, say: Callable[[str], None]) -> None:
    try:
        versioned_logs.history(store, name)
    except JournalCorrupt as error:
        dropped = versioned_logs.salvage(store, name, me())
        say(f"{error}; salvaged: {counted(dropped, 'version')} dropped, so an earlier one holds")
