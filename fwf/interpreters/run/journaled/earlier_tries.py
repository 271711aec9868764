"""What counts of all that earlier tries of a run left: a fold over its records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, cast, final

from fwf.journal.run_records import Record

Instance: TypeAlias = tuple[str, str]
"""A step instance: its path with items and rounds, and the attempts of the retries around it."""
Spot: TypeAlias = tuple[str, str, str, int]
"""Where a mark stands: what it is about, path, tries, and how many of the kind enclose it there."""
STARTS: Final = 5
"""So often a step may end its process without a word before it is given up."""


class Done(NamedTuple):
    """A result that counts: when its record was written, as which, in which try, and its body."""

    n: int
    at: int
    number: int
    body: str

    @property
    def said(self) -> dict[str, Any]:
        """What the body says, but for a value."""
        head, found, _ = self.body.partition(VALUE)
        told: dict[str, Any] = parsed(f"{head.removesuffix(',')}}}" if found else self.body)
        return told

    @property
    def value(self) -> str:
        """The JSON text of the value, which stands last."""
        return self.body[self.body.index(VALUE) + len(VALUE) : -1]


_done: Final = cast("Callable[[type[Done], tuple[Any, ...]], Done]", cast(Any, tuple).__new__)
"""Makes one in a quarter of the time that `Done(…)` takes."""
VALUE: Final = '"value":'
PASSING: Final = '"passing":true'
"""Of what counts for the try alone that it was done in."""
ONCE: Final = '"once":true'
"""Of an attempt of an unrepeatable task."""


def parsed(text: str) -> Any:
    """`json.loads` of what was written here, without the half of it that looks for blanks."""
    return _scan(text, 0)[0]


_scan: Final = cast(Any, json.JSONDecoder()).scan_once


@final
class Past:
    """What earlier tries of one run left.

    done: results by step instance; `first`, the record of the first one there.
    starts: what was written of each start, so that what was sent before is known.
    failed: faults of a try that died, which was about to go on from them.
    cuts: attempts that a try that died had cut, but for those that a signal did.
    open: attempts that aren't known to be done: nobody said how they ended, or they failed.
    died: how often such an attempt ended its process; `alone`, whether it was so the last time.
    told: step instances that had ended in some way, so that their next start repeats them.
    end: how the run ended, if nothing was taken back since; `over`, whether its last try could say
        how that ended.
    marks: what frames left, by place; what only counts while the run hasn't failed is in `fresh`,
        and what counts once the try is over in `spent`.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.done: dict[Instance, Done] = {}
        self.first: dict[Instance, int] = {}
        self.starts: dict[Instance, list[str]] = {}
        self.failed: dict[Instance, Done] = {}
        self.cuts: dict[Instance, Done] = {}
        self.open: dict[Instance, Done] = {}
        self.died: dict[Instance, int] = {}
        self.alone: set[Instance] = set()
        self.told: set[Instance] = set()
        self.attempts: dict[str, int] = {}
        self.marks: dict[Spot, Done] = {}
        self.fresh: dict[Spot, Done] = {}
        self.spent: dict[Spot, Done] = {}
        self.retries: dict[Spot, tuple[int, Done | None]] = {}
        self.given_back: dict[Spot, int] = {}
        self.giving_back: set[Spot] = set()
        self.renewed = False
        self.number = 0
        self.last_try: Record | None = None
        self.over = True
        self.end: Record | None = None
        self._items: dict[str, set[Instance]] | None = None
        self.at_work: dict[Instance, Done] = {}
        """Attempts of the last try that were begun and of which nothing was heard."""
        self._alone: Instance | None = None
        self._readers: dict[str, Callable[[Record], None]] = {
            "try": self._try, "died": self._died, "end": self._end,
            "start": self._start, "alone": self._starts_alone,
            "ok": self._ok, "failed": self._failed, "cut": self._cut,
            "resolved": self._resolved, "taken back": self._taken_back,
            "retry": self._retry, "deadline": self._deadline, "delay": self._delay,
            "caught": self._caught, "settled": self._settled, "done": self._part_done,
            "gave back": self._gave_back,
        }  # fmt: skip
        for each in records:
            self.add(each)

    def add(self, of: Record) -> None:
        """One record more."""
        read = self._readers.get(of.kind)
        if read is not None:
            read(of)

    @property
    def unheard(self) -> dict[Instance, Done]:
        """Attempts that aren't known to be done, those of the last try too."""
        return {**self.open, **self.at_work}

    # Tries

    def _try(self, of: Record) -> None:
        self.number += 1
        self.last_try, self.end, self.over = of, None, False
        self._leave_open()

    def _leave_open(self) -> None:
        self._alone = None
        self.open.update(self.at_work)
        self.at_work = {}

    def _died(self, of: Record) -> None:
        """The last try ended without a word, and perhaps by what was at work in it."""
        if parsed(of.body).get("counts"):
            alone = self._alone if self._alone in self.at_work else None
            for instance in self.at_work if alone is None else (alone,):
                self.died[instance] = self.died.get(instance, 0) + 1
                self.alone.discard(instance)
            if alone is not None or len(self.at_work) == 1:
                self.alone.update(self.at_work if alone is None else (alone,))
        self._leave_open()

    def _end(self, of: Record) -> None:
        """A try is over: what failed is to be tried anew, with budgets and deadlines of its own."""
        self.end, self.over = of, True
        self._leave_open()
        self.failed.clear()
        self.cuts.clear()
        self.fresh.clear()
        self.marks.update(self.spent)
        self.spent.clear()
        self.retries = {spot: (number, None) for spot, (number, _) in self.retries.items()}

    # Attempts

    def _start(self, of: Record) -> None:
        instance = of.path, of.tries
        self.at_work[instance] = _done(Done, (of.n, of.at, self.number, of.body))
        self.starts.setdefault(instance, []).append(of.body)
        self.cuts.pop(instance, None)
        self.attempts[of.path] = self.attempts.get(of.path, 0) + 1

    def _starts_alone(self, of: Record) -> None:
        self._alone = of.path, of.tries

    def _ok(self, of: Record) -> None:
        self._heard(of)
        instance = of.path, of.tries
        self.first.setdefault(instance, of.n)
        self.done[instance] = _done(Done, (of.n, of.at, self.number, of.body))

    def _failed(self, of: Record) -> None:
        self._heard(of)
        instance = of.path, of.tries
        self.failed[instance] = self.open[instance] = Done(of.n, of.at, self.number, of.body)

    def _heard(self, of: Record) -> None:
        instance = of.path, of.tries
        self.at_work.pop(instance, None)
        self.open.pop(instance, None)
        self.failed.pop(instance, None)
        self.cuts.pop(instance, None)
        self.died.pop(instance, None)
        self.alone.discard(instance)
        self.told.add(instance)

    def _cut(self, of: Record) -> None:
        """It was heard that nobody waits for it; whether it was done, nobody knows."""
        instance = of.path, of.tries
        found = self.at_work.pop(instance, None)
        if found is not None:
            self.open[instance] = found
        if not parsed(of.body).get("stopped"):  # by what comes about once more
            self.cuts[instance] = Done(of.n, of.at, self.number, of.body)
        self.died.pop(instance, None)
        self.told.add(instance)

    # What people decide

    def _resolved(self, of: Record) -> None:
        instance = of.path, of.tries
        self._heard(of)
        if parsed(of.body)["how"] != "again":
            self.first.setdefault(instance, of.n)
            self.done[instance] = Done(of.n, of.at, self.number, of.body)

    def _taken_back(self, of: Record) -> None:
        said = parsed(of.body)
        instances = [(path, tries) for path, tries in said.get("paths", ())]
        first = min((self.done[each].n for each in instances if each in self.done), default=of.n)
        for instance in instances:
            self.take_back(instance)
        for spot in [(*each[:3], each[3]) for each in said.get("marks", ())]:
            self.marks.pop(spot, None)
            self.fresh.pop(spot, None)
        if said.get("failures"):
            self.failed.clear()
            self.cuts.clear()
            self.fresh.clear()
            self._drop(0, "caught")
        self._drop(first, "caught", "rounds", "loop")
        self._undo(instances, of.n)
        if "by" in said:  # a person wants it
            self.renewed, self.end = True, None
        if said.get("doubt"):
            for instance in instances:
                self.open[instance] = Done(of.n, of.at, self.number, of.body)

    def take_back(self, instance: Instance) -> None:
        """A result doesn't count any more."""
        self.done.pop(instance, None)

    def variant(self, instance: Instance, given: str) -> str:
        """What a step's key has besides its path, for an input.

        Nothing for the input that it was started on first. Another one has its own, so that a
        target sees that it is sent other data; the same one has what it had before.
        """
        known = self.starts.get(instance)
        if known is None:
            return ""
        said = [parsed(body) for body in known]
        alike = (each.get("variant", "") for each in said if each.get("input", "") == given)
        return str(next(alike, given))

    def _drop(self, since: int, *about: str) -> None:
        """Marks about this that were left after a record count no more."""
        for marks in (self.marks, self.fresh, self.spent):
            for spot in [*marks]:
                if spot[0] in about and marks[spot].n > since:
                    del marks[spot]

    def _undo(self, instances: list[Instance], n: int) -> None:
        """What was lent to parts of which some are to be done anew, was given back."""
        for spot in [spot for spot in self.marks if spot[0] == "done"]:
            inside = (f"{spot[1]} > ", f"{spot[1]}[")
            if any(path.startswith(inside) for path, _ in instances):
                del self.marks[spot]
                self.given_back[spot] = n

    def items(self, path: str, tries: str) -> set[str]:
        """The keys, in brackets, of the items of a map that have results, in these attempts."""
        if self._items is None:
            self._items = {}
            for place, within in self.done:
                for found in re.finditer(r"\[[^\]]*\]", place):
                    self._items.setdefault(place[: found.start()], set()).add((found[0], within))
        deeper = f"{tries}," if tries else ""
        known = self._items.get(path, ())
        return {key for key, within in known if within == tries or within.startswith(deeper)}

    # Marks

    def _spot(self, about: str, of: Record, said: dict[str, Any]) -> Spot:
        return about, of.path, of.tries, said.get("nth", 0)

    def _retry(self, of: Record) -> None:
        said = parsed(of.body)
        known = Done(of.n, of.at, self.number, of.body)
        self.retries[self._spot("retry", of, said)] = said["number"], known

    def _deadline(self, of: Record) -> None:
        said = parsed(of.body)
        if said.get("spent"):
            self.spent["loop", of.path, of.tries, said["round"]] = self._as_done(of)
            return
        if "round" not in said:
            self.fresh[self._spot("deadline", of, said)] = self._as_done(of)
            return
        fails = said.get("over") and not said.get("settled")
        where = self.fresh if fails else self.marks
        where[self._spot("rounds", of, said)] = self._as_done(of)

    def _delay(self, of: Record) -> None:
        self.marks[self._spot("delay", of, parsed(of.body))] = self._as_done(of)

    def _caught(self, of: Record) -> None:
        said = parsed(of.body)
        where = self.marks if said.get("settled") else self.fresh
        where[self._spot("caught", of, said)] = self._as_done(of)

    def _settled(self, of: Record) -> None:
        spot = self._spot("caught", of, parsed(of.body))
        found = self.fresh.pop(spot, None)
        if found is not None:
            self.marks[spot] = found

    def _part_done(self, of: Record) -> None:
        self.marks[self._spot("done", of, parsed(of.body))] = self._as_done(of)

    def _gave_back(self, of: Record) -> None:
        said = parsed(of.body)
        spot = self._spot("done", of, said)
        if said.get("over"):
            self.giving_back.discard(spot)
            self.given_back[spot] = of.n
        else:
            self.giving_back.add(spot)

    def _as_done(self, of: Record) -> Done:
        return Done(of.n, of.at, self.number, of.body)
