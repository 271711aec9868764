"""Days that go by, processes that start runs, die and are started again, people who step in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import click
import pytest
from returns.result import Success

from fwf import Journal, execute
from fwf.cli import refused_commands, targets
from fwf.cli.journals import HELD
from fwf.cli.starting import Start
from fwf.cli.timetables import launch
from fwf.cli.timetables.backfill import Request, run_backfill
from fwf.cli.timetables.by_hand import begins_again
from fwf.cli.timetables.launch import Child, Ended
from fwf.cli.timetables.pauses import set_pause
from fwf.durations import SECOND
from fwf.interpreters.run import Again, give_up, take_back
from fwf.interpreters.run.journaled.stamps import SystemWatch
from fwf.journal import kept_marks, opening
from fwf.journal.errors import Held, JournalError
from fwf.journal.holders import me
from fwf.journal.run_records import Record, RunRow
from fwf.journal.store import Store
from fwf.schedules import Run, partitions
from fwf.schedules.planning import Partition
from tests.schedules.days import jobs, now
from tests.schedules.days.model import Effect, Model, Part
from tests.schedules.days.processes import PROCESS, Events, Process, Stepwise

MISUSE: Final = 2
open_store = opening.open_store


class World:
    """One journal, one workflow, and all that happens with it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.place = str(folder / "runs.db")
        self.kind = kind
        self.hours = "hours" in kind
        self.timetable = targets.load(self.target()).timetable
        assert self.timetable is not None
        start = self.timetable.start
        assert start is not None
        runs = partitions(self.timetable, start, date(start.year, start.month, start.day + 4))
        self.runs: Sequence[Run[Any]] = runs[:5]
        parts = [Part(run.label, run.over, run.due_at) for run in self.runs]
        self.model = Model(parts, "ordered" in kind)
        self.at: float = parts[0].over + 600
        self.source = 1
        self.fails: dict[str, str] = {}
        self.processes: list[Process] = []
        self.count = 0
        self.statuses: dict[str, int] = {}
        """How the last run of a partition ended."""
        self.paused = False
        self.pauses = 0
        now.enter(self)
        with self.store():
            pass

    # Of the processes

    def target(self, version: str = "1") -> str:
        return f"{jobs.__name__}:{jobs.attribute(self.kind, version)}"

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    @contextmanager
    def store(self) -> Any:
        """A store of somebody who isn't watched."""
        store = open_store(self.place, durability="process")
        try:
            yield store
        finally:
            store.close()

    def opened(self, where: str) -> Store:
        """The store of the process that asks for it."""
        process = PROCESS.get(None)
        store = open_store(where, durability="process")
        if process is None:
            return store
        made = Stepwise(store, process, lambda row, records: self.wrote(process, row, records))
        return cast(Store, made)

    def wrote(self, process: Process, row: RunRow | None, records: Sequence[Record]) -> None:
        """Something is in the journal."""
        if row is not None and row.state != "log":
            label = self._label(row)
            self.model.begins(label, row.id, self.at, anyway=process.anyway)
        for each in records:
            said = json.loads(each.body) if each.kind == "version" else {}
            if "value" in said:
                self.model.moved(said["value"], said.get("run"))

    def _label(self, row: RunRow) -> str:
        (text,) = row.facts["shown"].values()
        if not self.hours:
            return str(text)
        return datetime.fromisoformat(str(text)).isoformat(timespec="minutes")

    def does(self, what: str, label: str, stretch: jobs.Stretch, key: str, run: str) -> None:
        """A task does something outside, of which it may fail, or its process may die."""
        process = PROCESS.get()
        process.point(what)
        effect = Effect(process, what, label, run, key, stretch.low, stretch.high)
        self.model.does(effect, self.at, anyway=process.anyway)
        fails = self.fails.get(label, "")
        if fails == f"{what} before":
            effect.failed = True
            raise ConnectionError("down")
        process.point(f"in the {what}")
        effect.done = True
        effect.failed = fails == f"{what} after"
        process.point(f"after the {what}")
        if effect.failed:
            raise ConnectionError("no answer")

    # What is started

    def alive(self) -> list[Process]:
        """The processes that have something to do."""
        return [each for each in self.processes if not each.over and each.ready()]

    def _add(self, name: str, main: Callable[[], int]) -> Process:
        self.count += 1
        self.processes.append(Process(f"{self.count} {name}", main))
        return self.processes[-1]

    def plan(self, version: str, **asked: Any) -> Process:
        """`fwf run --due`, or a backfill."""
        due = bool(asked.get("due"))
        again = bool(asked.get("again"))
        complete, planned, paused = set[str](), set[str](), set[int]()

        def main() -> int:
            if due and self.paused:
                paused.add(self.pauses)
            complete.update(
                each.label for each in self.model.parts if self.model.is_complete(each.label)
            )
            wanted = Request(Start(self.target(version), journal=self.place), **asked)
            return refused(lambda: run_backfill(wanted, (), now=moment, start=start))

        def start(each: Partition, tell: Callable[[Ended], None]) -> Child:
            label = each.run.label
            held = self.pauses in paused
            self.model.starts(label, complete, planned, again=again, paused=held)
            if again and each.again:
                self.model.asked[label] += 1
            child = self.one(each.run, version, again=each.again)
            child.on_end = lambda status: tell(Ended(label, status))
            return Unstopped()

        moment = self.moment
        asked = {"move_states": "marked" in self.kind, **asked}
        made = self._add("due" if due else "backfill", main)
        made.looked = lambda: planned.update(self.model.complete)
        return made

    def by_hand(
        self, run: Run[Any], version: str, *, again: bool, anyway: bool, accepts: bool
    ) -> None:
        """`fwf run TARGET --param`."""
        if again:
            self.model.asked[run.label] += 1
        self.one(run, version, again=again, anyway=anyway, accepts=accepts)

    def one(
        self, run: Run[Any], version: str, *, again: bool = False, anyway: bool = False,
        accepts: bool = False,
    ) -> Process:  # fmt: skip
        """The process of one run, as `fwf run` does it."""
        if accepts:
            self.model.loose.update(self.model.runs[run.label])

        def main() -> int:
            status = refused(ran)
            self.statuses[run.label] = status
            return status

        def ran() -> int:
            target = targets.load(self.target(version))
            asked = target, run.params, self.place
            anew = begins_again(*asked, anyway=anyway, now=moment)
            store = self.opened(self.place)
            journal = Journal(store, again=again or anew or False, accept_changes=accepts)
            try:
                went = execute(target.workflow, params=run.params, journal=journal)
            finally:
                store.close()
            if isinstance(went.result, Success):
                row = self.last(run.label)
                assert row is not None
                self.model.complete.add(row.id)
                return 0
            return 1

        moment = self.moment
        made = self._add(f"run {run.label}", main)
        made.anyway = anyway
        return made

    # What people do

    def set_mark(self, value: int) -> None:
        """`fwf state set`, refused while a run holds the mark."""
        with self.store() as store:
            try:
                writer = kept_marks.claim(store, "seen", me())
            except Held:
                return
            writer.add(kept_marks.of_person(value, writer.latest, me()))
            writer.release()
        self.model.moved(value, None)

    def last(self, label: str) -> RunRow | None:
        """The last generation of a partition."""
        with self.store() as store:
            found = [row for row in store.runs() if self._label(row) == label]
        return max(found, key=lambda row: row.generation, default=None)

    def give_up(self, label: str) -> None:
        """`fwf runs give-up`."""
        row = self.last(label)
        if row is None:
            return
        with self.store() as store, suppress(JournalError):
            give_up(store, row)
            self.model.asked[label] += 1

    def rerun(self, label: str, start: str) -> None:
        """`fwf rerun --from`."""
        row = self.last(label)
        if row is None:
            return
        with self.store() as store, suppress(JournalError, ValueError):
            take_back(store, row, Again(start=f"job > {start}"))
            self.model.loose.add(row.id)
            self.model.complete.discard(row.id)

    def pause(self, *, ends: bool) -> None:
        """`fwf pause`, `fwf unpause`."""
        assert self.timetable is not None
        set_pause(self.timetable.workflow, self.place, None if ends else "")
        self.paused = not ends
        self.pauses += 1

    # The end

    def close(self) -> None:
        """No process goes on."""
        for each in self.processes:
            if not each.over:
                each.kill()

    def finish(self) -> None:
        """Let all processes go on to their ends."""
        while alive := self.alive():
            alive[0].step()

    def settle(self) -> None:
        """All is mended, and started until nothing is left to do; that is what must come of it."""
        self.finish()
        self.fails.clear()
        self.pause(ends=True)
        self.at = max(self.at, self.model.parts[-2].due + 1)
        for _ in range(len(self.runs)):
            self.statuses.clear()
            self.plan("1", due=True)
            self.finish()
            self._help()
            if not self.statuses:
                break
        left = [each.label for each in self.model.parts[:-1] if not self.model.is_done(each.label)]
        self.model.wrong += [f"{label} is never done" for label in left]
        if self.statuses:
            self.model.wrong.append(f"there is still something to do: {self.statuses}")

    def _help(self) -> None:
        """Do what a person does where a run says that it doesn't go on by itself."""
        for run in self.runs:
            if self.statuses.get(run.label) == MISUSE and "marked" in self.kind:
                self.give_up(run.label)
            elif self.statuses.get(run.label) in (1, MISUSE):
                self.one(run, "1", accepts=True)
                self.finish()


class Unstopped:
    """A process that nobody stops by a signal."""

    def stop(self, signal: int, /) -> None:
        raise AssertionError(signal)


def refused(what: Callable[[], int]) -> int:
    """Do it ⟶ its exit status, as of a command."""
    try:
        return what()
    except click.exceptions.Exit as error:
        return error.exit_code
    except Held:
        return HELD
    except (refused_commands.Misuse, JournalError):
        return MISUSE


def stepwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give commands the clock, the stores and the events of the world."""

    def opened(where: str, **more: Any) -> Store:
        return now.world().opened(where)

    monkeypatch.setattr(launch, "EventQueue", Events)
    monkeypatch.setattr(SystemWatch, "wall", lambda self: round(now.world().at * SECOND))
    monkeypatch.setattr(opening, "open_store", opened)
