"""The marks of a run's states: kept from its start, held while it goes on, moved when it says so.

A mark is a log of the journal (see `fwf.journal.versioned_logs`): `state <name>`, each version of
which has the value, and who set it. The run's row has the version and the value that it started
with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any, final

from fwf.analysis.requirements import unlike
from fwf.faults import counted
from fwf.forms.mentioned import Known
from fwf.interpreters.run.resources import Opener
from fwf.journal import kept_marks, versioned_logs
from fwf.journal.errors import JournalCorrupt, Refused
from fwf.journal.run_records import RunRow
from fwf.journal.store import Holder, Store
from fwf.journal.story import short
from fwf.journal.values import Unwritable, Values
from fwf.journal.versioned_logs import LogWriter, Version
from fwf.states import Moved
from fwf.types.fitting import wrong_part


class States:
    """The states that a run needs, by name with the types of their marks; this try holds them.

    Raises `Held`, naming the run that does.
    """

    def __init__(
        self,
        store: Store,
        kinds: Mapping[str, tuple[Any, ...]],
        names: Known,
        me: Holder,
        *,
        salvage: bool,
    ) -> None:
        self._kinds = kinds
        self._values = Values(names, store.put, store.get)  # the run's own is the scheduler's
        self._writers: dict[str, LogWriter] = {}
        self.remarks: list[str] = []
        try:
            for name in sorted(kinds):
                self._writers[name] = self._claim(store, name, me, salvage=salvage)
        except BaseException:
            self.release()
            raise

    def _claim(self, store: Store, name: str, me: Holder, *, salvage: bool) -> LogWriter:
        try:
            return kept_marks.claim(store, name, me)
        except JournalCorrupt as error:
            if not salvage:
                raise
            count = versioned_logs.salvage(store, kept_marks.PREFIX + name, me)
            was = f"{counted(count, 'version')} dropped, so the mark is an earlier one"
            self.remarks.append(f"{error}; salvaged: {was}: fwf state show {name}")
            return kept_marks.claim(store, name, me)

    def first(self) -> dict[str, Any]:
        """What a run that starts now keeps of the marks, as its row has it."""
        marks: dict[str, Any] = {}
        for name, writer in self._writers.items():
            latest = writer.latest
            marks[name] = {"version": 0} if latest is None else {
                "version": latest.number, "value": latest.body["value"]
            }  # fmt: skip
        return marks

    def check(self, row: RunRow) -> None:
        """Raise `Refused` if a run that goes on isn't the one that its marks were moved by."""
        marks = row.facts.get("marks", {})
        for name, writer in self._writers.items():
            if name not in marks:
                raise Refused(
                    f"run {short(row.id)} was started without the state {name!r}: take it out of "
                    f"the workflow, or {_give_up(row)}"
                )
            other = kept_marks.overlooked_version(writer.history, marks[name], row.id)
            if other is not None:
                why = "what it would do is of another stretch, so it does nothing"
                raise Refused(_why_refused(name, marks[name], other, row, why))

    def openers(self, row: RunRow) -> dict[str, Opener]:
        """What the run's tasks are given, by name."""
        marks, lock = row.facts["marks"], Lock()
        resources = {
            name: _StateResource(
                name, writer, self._kinds[name], marks[name], row, self._values, lock
            )
            for name, writer in self._writers.items()
        }
        return {name: mark.open for name, mark in resources.items()}

    def release(self) -> None:
        """Let others have them. May be called twice."""
        for writer in self._writers.values():
            writer.release()


@final
class _StateResource:
    """The resource of one state in one try; of any thread."""

    def __init__(
        self,
        name: str,
        writer: LogWriter,
        kinds: Sequence[Any],
        start: Mapping[str, Any],
        row: RunRow,
        values: Values,
        lock: Lock,
    ) -> None:
        self._name = name
        self._writer = writer
        self._kinds = kinds
        self._start = start
        self._row = row
        self._values = values
        self._lock = lock

    def open(self) -> AbstractContextManager[_StateResource]:
        return nullcontext(self)

    def read(self, first: Any, /) -> Any:
        if "value" not in self._start:
            return first
        with self._lock:
            value = self._values.read(json.dumps(self._start["value"]))
        self._refuse_unfit(value, "is", "set it anew, `fwf state set`")
        return value

    def move(self, to: Any, /) -> None:
        self._refuse_unfit(to, "is moved to", "give what fits, or change the state's type")
        with self._lock:
            try:
                value = json.loads(self._values.settle(to)[0])
            except Unwritable as error:
                raise Unwritable(f"state {self._name!r}: {error}") from None
            own = self._own()
            if own is not None and own.body["value"] == value:
                return  # it was done before the process died, or an earlier try did it
            since = self._start["version"] if own is None else own.number
            latest = self._writer.latest
            if latest is not None and latest.number != since:
                why = f"it isn't moved to {kept_marks.mark_text(value)}"
                raise Moved(_why_refused(self._name, self._start, latest, self._row, why))
            self._writer.add(kept_marks.of_run(value, self._row.id, self._row.workflow))

    def _own(self) -> Version | None:
        """What the run itself has moved it to last, in any try."""
        newest_first = reversed(self._writer.history)
        return next((each for each in newest_first if each.body.get("run") == self._row.id), None)

    def _refuse_unfit(self, value: Any, how: str, remedy: str) -> None:
        for kind in self._kinds:
            wrong = wrong_part(value, kind)
            if wrong is not None:
                mismatch = unlike(self._name, value, kind, wrong, "its type is")
                raise TypeError(f"state {self._name!r} {how} {mismatch}; {remedy}")


def _why_refused(name: str, start: Mapping[str, Any], now: Version, row: RunRow, why: str) -> str:
    """Why a run can't go on with its mark: who has moved it since, from where to where."""
    was = kept_marks.mark_text(start["value"]) if "value" in start else "nothing"
    return (
        f"{kept_marks.move(name, start, now)}, since run {short(row.id)} started with {was}; "
        f"{why}: {_give_up(row)}, and the next start reads the mark anew"
    )


def _give_up(row: RunRow) -> str:
    return f"give it up, `fwf runs give-up {short(row.id)}`"
