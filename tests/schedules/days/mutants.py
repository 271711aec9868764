"""What the model must find out: mistakes, each put into the code in one place."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest

from fwf import keep_input, pick, pure
from fwf.cli.timetables import backfill, by_hand, launch
from fwf.cli.timetables.partition_states import Partitions
from fwf.interpreters.run import Journal
from fwf.interpreters.run.journaled import moved_states, run_opening
from fwf.journal import kept_marks
from fwf.journal.run_records import RunRow
from fwf.journal.sqlite import SQLite
from fwf.journal.sqlite.locks import Lock
from fwf.records import changed
from fwf.schedules import Run, planning
from fwf.schedules.planning import Generation, Partition, Standing
from tests.schedules.days import jobs, now, stories
from tests.schedules.days.stories import Story

Put = Callable[[pytest.MonkeyPatch], None]
_standing: Final = planning.standing


def _stand(monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    for module in (planning, launch, by_hand):
        monkeypatch.setattr(module, "standing", wrong)


# Marks


def moves_at_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark moves when the source is read."""
    read = moved_states._StateResource.read

    def reads(self: Any, first: Any) -> Any:
        found, to = read(self, first), now.world().source
        if self._writer.latest is None or self._writer.latest.body["value"] < to:
            self._writer.add(kept_marks.of_run(to, self._row.id, self._row.workflow))
        return found

    monkeypatch.setattr(moved_states._StateResource, "read", reads)


def moves_before_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark moves, and then what it has passed is loaded."""

    def moved_by(load: Any, to: Any) -> Any:
        moved: Any = keep_input(pure(to) >> jobs.SEEN.move) >> pick(0)
        return moved >> load

    for kind in jobs.KINDS:
        for version in jobs.VERSIONS if "marked" in kind else ():
            made = jobs.timetable(kind, version, moved_by)
            monkeypatch.setattr(jobs, jobs.attribute(kind, version), made)


def reads_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on reads the mark as it is now."""
    openers = moved_states.States.openers

    def reads(self: Any, row: RunRow) -> Any:
        about: Mapping[str, Any] = {"marks": self.first()}
        return openers(self, changed(row, about=json.dumps(about)))

    monkeypatch.setattr(moved_states.States, "check", lambda self, row: None)
    monkeypatch.setattr(moved_states.States, "openers", reads)


# What is complete


def early_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run before its end counts."""

    def stand(run: Run[Any], known: Sequence[Generation]) -> Any:
        late = [changed(each, started=2**62) for each in known]
        return _standing(run, late)

    _stand(monkeypatch, stand)


def given_up_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was given up counts as complete."""

    def stand(run: Run[Any], known: Sequence[Generation]) -> Any:
        stands, last = _standing(run, known)
        done: Standing = "complete"
        return (done, last) if stands == "given up" else (stands, last)

    _stand(monkeypatch, stand)


def again_undoes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new generation that isn't complete undoes the one before it."""
    _stand(monkeypatch, lambda run, known: _standing(run, known[-1:]))


# Order, and who is at it


def looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan isn't looked at again when the turn of a partition comes."""
    look_at = Partitions.look_at

    def looks(self: Partitions, *runs: Run[Any]) -> Sequence[Generation]:
        return self.generations(runs[0]) if self.rows(runs[0]) else look_at(self, *runs)

    monkeypatch.setattr(Partitions, "look_at", looks)


def does_it_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before its end is done again, though somebody has done that meanwhile."""

    def again(journal: Journal, last: RunRow) -> bool:
        return last.state == "ok" and bool(journal.again)

    monkeypatch.setattr(run_opening, "_again", again)


def takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions don't wait for the one before."""

    def chained(timetable: Any, planned: Sequence[Partition], at: float, known: Any) -> Any:
        return planned

    monkeypatch.setattr(planning, "_in_sequence", chained)


def by_hand_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run by hand doesn't wait for the one before."""
    monkeypatch.setattr(by_hand, "_end_blocked", lambda *given: None)


def holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two go on with one run."""

    def claim(self: SQLite, key: str, holder: Any) -> Lock:
        fd, path = tempfile.mkstemp()
        os.unlink(path)
        return Lock(key, path, fd)

    monkeypatch.setattr(SQLite, "claim", claim)


def goes_on_in_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is started though the timetable is paused."""
    monkeypatch.setattr(backfill, "pause_of", lambda w, journal: None)


def forgets_its_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start begins a new generation."""
    generations = SQLite.generations

    def forgets(self: SQLite, key: str) -> Sequence[RunRow]:
        found = generations(self, key)
        last = found[-1:]
        return [*found[:-1], *(changed(each, state="given up") for each in last if each.key == key)]

    monkeypatch.setattr(SQLite, "generations", forgets)


MUTANTS: Final[Mapping[str, tuple[Put, str, Story]]] = {
    "moves at read": (moves_at_read, "days_marked", stories.undisturbed),
    "moves before load": (moves_before_load, "hours_marked", stories.is_given_up),
    "reads anew": (reads_anew, "days_marked", stories.fails_and_is_moved),
    "early counts": (early_counts, "hours", stories.is_planned_early),
    "given up counts": (given_up_counts, "days", stories.is_given_up),
    "again undoes": (again_undoes, "days_ordered", stories.fails_again),
    "looks once": (looks_once, "days", stories.is_done_meanwhile),
    "does it anyway": (does_it_anyway, "hours", stories.is_early),
    "takes no turn": (takes_no_turn, "hours_ordered", stories.is_out_of_turn),
    "by hand takes no turn": (by_hand_takes_no_turn, "days_ordered", stories.is_out_of_turn),
    "holds nothing": (holds_nothing, "days", stories.is_run_twice_at_once),
    "goes on in a pause": (goes_on_in_a_pause, "days", stories.is_paused),
    "forgets its generation": (forgets_its_generation, "days", stories.is_given_up),
}
"""Each with a kind of timetable, and a story in which it is seen."""
SEARCHED: Final = (
    "moves at read", "moves before load", "reads anew", "early counts", "takes no turn",
    "by hand takes no turn", "goes on in a pause", "forgets its generation",
)  # fmt: skip
"""Those that a search finds within some minutes."""
