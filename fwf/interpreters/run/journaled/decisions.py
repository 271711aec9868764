"""What people decide about a run that isn't under way: what is to be done again, what was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from socket import gethostname
from typing import Any, Literal, NamedTuple, TypeAlias, final

from fwf.algebra.nodes import Task
from fwf.algebra.paths import near_place, stands_for, tagged, untagged
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.wants import places
from fwf.faults import counted
from fwf.forms.mentioned import names_in
from fwf.interpreters.run.journaled.earlier_tries import EarlierTries, Instance, PastRecord, Spot
from fwf.interpreters.run.journaled.record_writer import RecordWriter, body
from fwf.interpreters.run.journaled.stamps import SystemWatch
from fwf.interpreters.run.journaled.task_facts import record_name
from fwf.journal.errors import Refused
from fwf.journal.holders import me, user
from fwf.journal.run_records import RunRow
from fwf.journal.store import Store
from fwf.journal.story import short
from fwf.journal.values import Values
from fwf.records import record

How: TypeAlias = Literal["value", "again", "skip"]


@final
@record()
class Again:
    """What is to be done again: all that failed; a step and what is in it; an item of a map."""

    failed: bool = False
    start: str | None = None
    item: str | None = None

    def __str__(self) -> str:
        if self.failed:
            return "--failed"
        return f"--from '{self.start}'" if self.start is not None else f"--item {self.item}"


class Taken(NamedTuple):
    """How many steps are done again with their keys, and how many came after them.

    Those after them are done again where their input changes, and then with new keys.
    """

    steps: int
    after: int
    failures: int

    def __str__(self) -> str:
        parts = [f"{counted(self.failures, 'failure')} tried again"] if self.failures else []
        parts += [f"{counted(self.steps, 'step')} done again, with the same keys"] * bool(
            self.steps
        )
        sentence = " and ".join(parts)
        if not self.after:
            return f"{sentence}; nothing came after that"
        after = counted(self.after, "step")
        return f"{sentence}; of {after} after that those whose input changes, with new keys"


def take_back(store: Store, row: RunRow, what: Again) -> Taken:
    """Have a run forget what is to be done again ⟶ how much that is; raises `JournalError`.

    Nothing is done yet: whoever goes on with the run does it.
    """
    watch = SystemWatch()
    claim = store.claim(row.key, me(watch.wall()))
    try:
        row = _latest(store, row)
        text, taken = taking_back(EarlierTries(store.records(row)), row, what)
        writer = RecordWriter(store, row, claim, watch)
        writer.add("taken back", "", "", text)
        writer.flush("interrupted")
        return taken
    finally:
        claim.release()


def taking_back(past: EarlierTries, row: RunRow, what: Again) -> tuple[str, Taken]:
    """What is to be done again ⟶ the record by which a run forgets it, and how much that is.

    Raises `Refused` where there is nothing of it.
    """
    instances, marks = _instances_of(past, what), _marks_of(past, what)
    failed = what.failed and _ended_badly(past)
    if not (instances or marks or failed):
        raise Refused(_nothing(past, row, what))
    text = body(
        paths=[*instances],
        marks=[*marks] if what.item is not None else None,
        failures=what.failed or None,
        why=f"rerun {what}",
        by=user(),
    )
    after = _after(past, instances, marks)
    return text, Taken(len(instances), after, len(marks) or int(failed))


def _latest(store: Store, row: RunRow) -> RunRow:
    """A run as it stands now that nobody else can change it; raises `Refused` for one given up."""
    latest = next(each for each in store.generations(row.key) if each.number == row.number)
    if latest.state == "given up":
        raise given_up(row.id)
    return latest


def given_up(run: str) -> Refused:
    """Nobody goes on with a run of this id any more."""
    return Refused(f"run {short(run)}: was given up: start it anew, under its own name")


def begun_since(run: str) -> Refused:
    """A run of this id isn't the last of its name."""
    return Refused(f"run {short(run)}: another generation was begun since")


def give_up(store: Store, row: RunRow) -> None:
    """Let nobody go on with a run: the next start of its name begins another generation.

    Raises `JournalError`: `Held` while somebody goes on with it, `Refused` where it is complete.
    """
    watch = SystemWatch()
    claim = store.claim(row.key, me(watch.wall()))
    try:
        row = _latest(store, row)
        if row.state == "ok":
            raise Refused(f"run {short(row.id)} is complete: there is nothing to give up")
        if row.generation != store.generations(row.key)[-1].generation:
            raise begun_since(row.id)
        writer = RecordWriter(store, row, claim, watch)
        writer.add("given up", "", "", body(by=user()))
        writer.flush("given up")
    finally:
        claim.release()


def _instances_of(past: EarlierTries, what: Again) -> set[Instance]:
    if what.start is not None:
        return _inside(past, what.start)
    if what.item is not None:
        segment = tagged(what.item)
        return {each for each in past.results if segment in each[0]}
    return set()


def _inside(past: EarlierTries, start: str) -> set[Instance]:
    """The results at a path, or in what stands there; a path's tail will do if it is unique."""
    whole = {each for each in past.results if _is_in(each[0], start)}
    if whole:
        return whole
    tails = {each for each in past.results if stands_for(start, each[0])}
    if len({untagged(path) for path, _ in tails}) > 1:
        names = ", ".join(sorted({path for path, _ in tails})[:5])
        raise Refused(
            f"--from {start!r}: stands for several steps ({names}): write more of the path"
        )
    return tails


def _is_in(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start} > ", f"{start}["))


def _marks_of(past: EarlierTries, what: Again) -> dict[Spot, PastRecord]:
    """The faults that were caught, of all or of an item."""
    if not what.failed and what.item is None:
        return {}
    marks = dict({**past.marks, **past.fresh}.items())
    segment = None if what.item is None else tagged(what.item)
    return {
        spot: mark
        for spot, mark in marks.items()
        if spot.about == "caught" and (segment is None or segment in spot.path)
    }


def _ended_badly(past: EarlierTries) -> bool:
    """Whether the run ended with a failure that isn't tried again yet."""
    return past.end is not None and json.loads(past.end.body)["outcome"] != "ok"


def _after(past: EarlierTries, instances: set[Instance], marks: dict[Spot, PastRecord]) -> int:
    """How many results came about after the first of these, at other places."""
    first = [past.first.get(each, past.results[each].n) for each in instances]
    first += [mark.n for mark in marks.values()]
    if not first and past.end is not None:
        first = [past.end.n]
    places = {untagged(path) for path, _ in instances} | {untagged(spot.path) for spot in marks}
    return sum(
        past.first.get(each, result.n) > min(first, default=0) and untagged(each[0]) not in places
        for each, result in past.results.items()
    )


def _nothing(past: EarlierTries, row: RunRow, what: Again) -> str:
    if what.failed and past.end is None:
        return (
            f"run {row.id} hasn't ended, so nothing in it has failed for good; "
            f"fwf run --resume {short(row.id)} goes on with it"
        )
    if what.failed:
        return f"nothing failed in run {row.id}, and nothing of it was left out"
    paths = {path for path, _ in past.results}
    if what.item is not None:
        keys = sorted({part for path in paths for part in _keys(path)})
        items = f"; its items are {', '.join(keys[:8])}" if keys else ""
        return f"--item {what.item}: run {row.id} has no item of that key that was done{items}"
    near = near_place(what.start or "", sorted(paths)) or (
        f"; done were {', '.join(sorted(paths)[:8])}" if paths else "; nothing was done in it yet"
    )
    return f"--from {what.start!r}: nothing was done there in run {row.id}{near}"


def _keys(path: str) -> Iterable[str]:
    return [part.partition("]")[0] for part in path.split("[")[1:]]


# What was done


def resolve(
    store: Store,
    row: RunRow,
    w: AnyWorkflow,
    path: str,
    how: How,
    value: Callable[[Task[Any, Any]], Any],
) -> str:
    """Say how an attempt ended of which nobody knows it ⟶ the step's path; raises `JournalError`.

    how: "value", it was done, and gave that; "skip", it isn't to be done, and gives None; "again",
        it wasn't done: it is started anew, also where it ended its process each time.
    value: what it gave, given its task; asked unless it is started anew.
    """
    watch = SystemWatch()
    claim = store.claim(row.key, me(watch.wall()))
    try:
        row = _latest(store, row)
        past = EarlierTries(store.records(row))
        instance = _open_at(past, row, path)
        facts = _facts_of(past, instance)
        record = body(how=how, by=user(), host=gethostname(), **facts)
        if how != "again":
            result = value(_task_of(w, instance[0], facts))
            text, _ = Values(names_in(w), store.put, store.get).settle(result)
            record = f'{record[:-1]},"value":{text}}}'
        writer = RecordWriter(store, row, claim, watch)
        writer.add("resolved", *instance, record)
        writer.flush("interrupted")
        return instance[0]
    finally:
        claim.release()


def _facts_of(past: EarlierTries, instance: Instance) -> dict[str, Any]:
    """The task and the input of the attempt that nobody knows about."""
    start = past.unheard.get(instance)
    fields = {} if start is None else start.fields
    return {name: fields[name] for name in ("task", "input", "variant") if name in fields}


def _open_at(past: EarlierTries, row: RunRow, path: str) -> Instance:
    """The last attempt at a path of which nobody knows how it ended."""
    unheard = past.unheard
    matches = [each for each in unheard if each[0] == path]
    matches = matches or [each for each in unheard if stands_for(path, each[0])]
    if not matches:
        paths = sorted({path for path, _ in unheard})
        names = ", ".join(paths[:8]) if paths else "every attempt"
        verb = "are open" if len(paths) > 1 else "is open" if paths else "has told how it ended"
        raise Refused(f"{path!r}: nothing is to be resolved there in run {row.id}: {names} {verb}")
    if len({path for path, _ in matches}) > 1:
        names = ", ".join(sorted({path for path, _ in matches})[:8])
        raise Refused(f"{path!r}: stands for several steps: write one of {names}")
    return max(matches, key=lambda each: unheard[each].n)


def _task_of(w: AnyWorkflow, path: str, facts: dict[str, Any]) -> Task[Any, Any]:
    """The task of an attempt."""
    for here in places(w):
        if isinstance(here.node, Task) and record_name(here.node) == facts.get("task"):
            return here.node
    raise Refused(f"{path!r}: the workflow has no task {facts.get('task')} any more")
