"""Does a run begin, or go on, or is there nothing left to do? What a journal says of it."""

from __future__ import annotations

import json
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import definition_id
from fwf.analysis.requirements import Requirements
from fwf.analysis.run_keys import RunName, name_of
from fwf.faults import counted
from fwf.forms.mentioned import Known, names_in
from fwf.interpreters.run.ids import run_id
from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.journaled import kept_parameters
from fwf.interpreters.run.journaled.decisions import (
    Again,
    Taken,
    begun_since,
    given_up,
    taking_back,
)
from fwf.interpreters.run.journaled.earlier_tries import EarlierTries
from fwf.interpreters.run.journaled.holds import some
from fwf.interpreters.run.journaled.kept_limits import refuse_others
from fwf.interpreters.run.journaled.lost_steps import lost_steps
from fwf.interpreters.run.journaled.record_writer import RecordWriter, body
from fwf.interpreters.run.journaled.stamps import SystemWatch, Watch
from fwf.interpreters.run.resources import Opener
from fwf.journal.errors import JournalCorrupt, Refused
from fwf.journal.holders import me, user
from fwf.journal.locked_store import LockedStore
from fwf.journal.opening import open_store
from fwf.journal.run_records import FIRST, Record, RunRow, State, checksum_of, degraded_of, moment
from fwf.journal.store import Claim, Holder, Store
from fwf.journal.story import short
from fwf.journal.values import Unwritable, Values
from fwf.records import changed
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.moved_states import States


@final
class JournaledRun:
    """A run in its journal that this process goes on with, or that is complete."""

    __slots__ = (
        "claim", "died", "own", "params", "past", "remarks", "row", "states", "store", "taken_back",
        "values", "watch", "writer",
    )  # fmt: skip

    def __init__(
        self,
        store: Store,
        own: bool,
        claim: Claim,
        row: RunRow,
        past: EarlierTries,
        values: Values,
        watch: Watch,
        params: dict[str, Any],
        remarks: Sequence[str],
        states: States | None = None,
    ) -> None:
        self.store = store
        self.own = own
        self.claim = claim
        self.row = row
        self.past = past
        self.values = values
        self.watch = watch
        self.params = params
        self.remarks = tuple(remarks)
        """What people should know of the journal."""
        self.states = states
        self.writer = RecordWriter(store, row, claim, watch)
        self.died: str | None = None
        self.taken_back = ""
        """What of it is done again, for people."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.row.state == "ok" and self.past.end is not None

    @property
    def degraded(self) -> tuple[str, ...]:
        """Of a complete run, the paths where it isn't what was meant."""
        return () if self.past.end is None else degraded_of(self.past.end)

    def value(self) -> Any:
        """What a complete run gave."""
        assert self.past.end is not None
        fields = json.loads(self.past.end.body)
        if "value" not in fields:
            raise Refused(
                f"run {self.row.id} is complete, but what it gave isn't kept: "
                f"{fields.get('unwritten', 'it was never written')}"
            )
        return self.values.read(json.dumps(fields["value"]))

    def openers(self) -> dict[str, Opener]:
        """The resources that its tasks have from the journal."""
        if self.states is None:
            return {}
        return self.states.openers(self.row)

    def close(self) -> None:
        """Let others go on with it."""
        try:
            if self.states is not None:
                self.states.release()
            self.claim.release()
        finally:
            if self.own:
                self.store.close()


def open_run(
    journal: Journal,
    needs: Requirements,
    name: RunName,
    params: Mapping[str, object],
    limits: Mapping[str, object],
    watch: Watch | None = None,
    marks: Mapping[str, tuple[Any, ...]] = MappingProxyType({}),
) -> JournaledRun:
    """Claim a run, and read what earlier tries left; raises `JournalError`.

    marks: the states that the run has from the journal, with the types of their marks.

    `Held` if another process goes on with it, `Refused` if what is asked for contradicts what the
    journal holds. Nothing is changed then.
    """
    w, key = needs.workflow, _key(name)
    own = isinstance(journal.where, str | Path)
    store = (
        open_store(journal.where, durability=journal.durability, salvage=journal.salvage)
        if isinstance(journal.where, str | Path)
        else journal.where
    )
    if any(each.from_journal for each in needs.resources):
        store = LockedStore(store)  # tasks ask it, on other threads
    clock = SystemWatch() if watch is None else watch
    names, this = names_in(w), me(clock.wall())
    values = Values(names, store.put, store.get)
    state_arguments = marks, names, this
    claim: Claim | None = None
    states: States | None = None
    try:
        claim = store.claim(key, this)
        generations = [*store.generations(key)]
        last = generations[-1] if generations else None
        if journal.take_back is not None:
            _refuse_another(last, journal.take_back[0])
        if last is None or last.state == "given up" or _again(journal, last):
            states = _states(store, *state_arguments, salvage=journal.salvage)
            first_params = kept_parameters.with_defaults(needs, params)
            about = _about(journal, name, params, first_params, limits, values, states)
            row = _row(key, w, 1 if last is None else last.generation + 1, about, clock)
            parts = own, claim, row, EarlierTries(), values, clock
            return JournaledRun(store, *parts, first_params, _remarks(store, states), states)
        if journal.again is True:
            raise Refused(
                f"--again: run {last.id} isn't complete ({last.state}): without it, it goes on"
            )
        last, past, remarks = _read(store, last, claim, salvage=journal.salvage)
        forgotten = None if journal.take_back is None else _forget(past, last, journal.take_back[1])
        if forgotten is not None:
            last = changed(last, state="interrupted")
        complete = last.state == "ok" and past.end is not None
        if not complete and definition_id(w) != last.facts.get("definition"):
            _refuse_lost(past, last, w, accepts=journal.accept_changes)
        if not complete and not journal.accept_changes:
            refuse_others(last, limits)
        run_params = (
            dict(params) if complete else kept_parameters.first_parameters(last, params, values)
        )
        if not complete:
            states = _states(store, *state_arguments, salvage=journal.salvage)
            if states is not None:
                states.check(last)
                remarks += states.remarks
        run = JournaledRun(
            store, own, claim, last, past, values, clock, run_params, remarks, states
        )
        if forgotten is not None:  # it is written with the beginning of the try
            text, taken = forgotten
            run.writer.add("taken back", "", "", text)
            run.taken_back = str(taken)
        return run
    except BaseException:
        if states is not None:
            states.release()
        if claim is not None:
            claim.release()
        if own:
            store.close()
        raise


def _refuse_another(last: RunRow | None, run: str) -> None:
    """Raise `Refused` unless a run is the last generation, which somebody can go on with."""
    if last is None:
        raise Refused(f"run {short(run)}: isn't there any more: start it anew, under its own name")
    if last.id != run:
        raise begun_since(run)
    if last.state == "given up":
        raise given_up(run)


def _forget(past: EarlierTries, row: RunRow, what: Again) -> tuple[str, Taken]:
    """Leave out of the past of a run what is to be done again; raises `Refused`."""
    text, taken = taking_back(past, row, what)
    past.add(Record(row.count + 1, "taken back", "", "", row.changed, text, b""))
    return text, taken


def _again(journal: Journal, last: RunRow) -> bool:
    """Whether a run is to be done once more, and not only a part of it."""
    return journal.take_back is None and last.state == "ok" and journal.again in (True, last.id)


def _remarks(store: Store, states: States | None = None) -> list[str]:
    """What a store has to say: of its file system, or of what was lost of a damaged file."""
    note = getattr(store, "note", None)
    return [*([] if note is None else [str(note)]), *(() if states is None else states.remarks)]


def _states(
    store: Store,
    marks: Mapping[str, tuple[Any, ...]],
    names: Known,
    me: Holder,
    *,
    salvage: bool,
) -> States | None:
    """Hold the states that a run needs; None if it needs none."""
    if not marks:
        return None
    from fwf.interpreters.run.journaled.moved_states import States  # for none but those

    return States(store, marks, names, me, salvage=salvage)


def _read(
    store: Store, row: RunRow, claim: Claim, *, salvage: bool
) -> tuple[RunRow, EarlierTries, list[str]]:
    """A run as it stands, and what counts of its records; of a damaged one, those that are good."""
    remarks = _remarks(store)
    try:
        return row, EarlierTries(store.records(row)), remarks
    except JournalCorrupt as error:
        if not salvage:
            raise
        count = store.salvage(row, claim)
        row = store.generations(row.key)[-1]
        remarks.append(
            f"{error}; salvaged: {counted(count, 'record')} dropped, {row.count:,} are left; "
            "what the dropped ones told of is done again"
        )
        return row, EarlierTries(store.records(row)), remarks


def _refuse_lost(past: EarlierTries, row: RunRow, w: AnyWorkflow, *, accepts: bool) -> None:
    """Raise `Refused` if steps that were done have no place in the workflow any more."""
    steps, doubts = lost_steps(past, w)
    run = short(row.id)
    if doubts:
        raise Refused(
            f"run {run}: {some(doubts)} may have been done, and can't be done twice, but has no "
            f"place in the workflow any more: put it back, and `fwf resolve {run}` it first"
        )
    if steps and not accepts:
        names = some(steps)
        raise Refused(
            f"run {run}: what was done has no place in the workflow any more: {names}. Was it "
            "renamed, or put into something with a name? Undo that, or --accept-changes leaves "
            "it out; what stands in its place is done, with keys of its own"
        )


def begin(run: JournaledRun) -> None:
    """Write that a try begins, and how the one before ended if it couldn't say so itself."""
    row, past, watch = run.row, run.past, run.watch
    number = past.number + 1
    if past.last_try is not None and not past.over:
        _tell_death(run)
    text = body(
        number=number,
        host=socket.gethostname(),
        pid=os.getpid(),
        user=user(),
        boot=watch.boot or None,
        python=platform.python_version(),
    )
    if row.number:
        run.writer.add("try", "", "", text)
        run.writer.flush("running")
        return
    at = watch.wall()
    first = Record(1, "try", "", "", at, text, checksum_of(FIRST, 1, "try", "", "", at, text))
    first_row = changed(row, count=1, head=first.sum, started=at, changed=at)
    number = run.store.begin(first_row, [first], run.claim)
    run.row = changed(first_row, number=number)
    run.writer = RecordWriter(run.store, run.row, run.claim, watch)


def _tell_death(run: JournaledRun) -> None:
    """Close the story of a try that ended without a word."""
    past = run.past
    before = past.last_try
    if before is None:
        return
    fields = json.loads(before.body)
    inside = [
        {"path": path, "number": json.loads(record.body).get("attempt", 1)}
        for (path, _), record in past.at_work.items()
    ]
    here = fields.get("host") == socket.gethostname()
    counts = here and fields.get("boot", "") == run.watch.boot
    at = run.row.changed
    text = body(number=past.number, at=at, counts=counts or None, **{"in": inside})
    n = run.writer.add("died", "", "", text)
    past.add(Record(n, "died", "", "", run.watch.wall(), text, b""))
    where = ", ".join(f"{each['path']}, attempt {each['number']}" for each in inside[:3])
    more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
    run.died = f"ended without a word after {moment(at)}"
    run.died += f", in {where}{more}" if inside else ""


def end(
    run: JournaledRun,
    outcome: State,
    *,
    value: Any = None,
    fault: Mapping[str, Any] | None = None,
    degraded: Sequence[str] = (),
) -> None:
    """Write how a try ended."""
    more: dict[str, Any] = {}
    text = None
    if outcome == "ok":
        try:
            text, _ = run.values.settle(value)
        except Unwritable as error:
            more["unwritten"] = str(error)
    record = body(outcome=outcome, fault=fault, degraded=degraded or None, **more)
    if text is not None:
        record = f'{record[:-1]},"value":{text}}}'
    run.writer.add("end", "", "", record)
    run.writer.flush(outcome)


def _key(name: RunName) -> str:
    if name.key is None:
        raise Refused(
            "nothing names this run, so nobody could go on with it: give plain data, or name it "
            "with key='…'"
        )
    return name.key


def _row(key: str, w: AnyWorkflow, generation: int, about: str, watch: Watch) -> RunRow:
    now = watch.wall()
    date = datetime.fromtimestamp(now / 1e6).astimezone()
    return RunRow(
        0, run_id(date), key, name_of(w) or "", generation, "running", now, now, None, 1, 0, FIRST,
        about,
    )  # fmt: skip


def _about(
    journal: Journal,
    name: RunName,
    params: Mapping[str, object],
    first_params: Mapping[str, object],
    limits: Mapping[str, object],
    values: Values,
    states: States | None,
) -> str:
    """What the run has resolved at its start, as JSON."""
    facts = {
        **(journal.about or {}),
        "definition": definition_id(name.required.workflow),
        "params": kept_parameters.forms_of(first_params, values),
        **({} if name.own_key is None else {"key": name.own_key}),
        "shown": {each: masked(str(value)) for each, value in params.items()},
        **limits,
        **({} if states is None else {"marks": states.first()}),
    }
    return json.dumps(facts, ensure_ascii=False, default=str)
