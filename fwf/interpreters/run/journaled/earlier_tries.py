"""What counts of all that earlier tries of a run left: a fold over its records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias, cast, final

from fwf.journal.run_records import Record

Instance: TypeAlias = tuple[str, str]
"""A step instance: its path with items and rounds, and the attempts of the retries around it."""
STARTS: Final = 5
"""So often a step may end its process without a word before it is given up."""


class Spot(NamedTuple):
    """Where a mark stands: what it is about, and how many of the kind enclose it there."""

    about: str
    path: str
    tries: str
    nth: int


class PastRecord(NamedTuple):
    """A result that counts: when its record was written, as which, in which try, and its body."""

    n: int
    at: int
    number: int
    body: str

    @property
    def head(self) -> str:
        """The body up to a value: a flag that is looked for there is none that the value has."""
        return self.body.partition(VALUE)[0]

    @property
    def fields(self) -> dict[str, Any]:
        """What the body says, but for a value."""
        head, separator, _ = self.body.partition(VALUE)
        fields: dict[str, Any] = parse(f"{head.removesuffix(',')}}}" if separator else self.body)
        return fields

    @property
    def value(self) -> str:
        """The JSON text of the value, which stands last."""
        return self.body[self.body.index(VALUE) + len(VALUE) : -1]


_new_record: Final = cast(
    "Callable[[type[PastRecord], tuple[Any, ...]], PastRecord]", cast(Any, tuple).__new__
)
"""Makes one in a quarter of the time that `PastRecord(…)` takes."""
VALUE: Final = '"value":'
PASSING: Final = '"passing":true'
"""Of what counts for the try alone that it was done in."""
ONCE: Final = '"once":true'
"""Of an attempt of an unrepeatable task."""


def parse(text: str) -> Any:
    """`json.loads` of what was written here, without the half of it that looks for blanks."""
    return _scan(text, 0)[0]


_scan: Final = cast(Any, json.JSONDecoder()).scan_once


@final
class EarlierTries:
    """What earlier tries of one run left.

    results: those that count, by step instance; `first`, the record of the first one there.
    starts: what was written of each start, so that what was sent before is known.
    failures: faults of a try that died, which was about to go on from them.
    cuts: attempts that a try that died had cut, but for those that a signal did.
    open: attempts that aren't known to be done: nobody said how they ended, or they failed.
    deaths: how often such an attempt ended its process; `alone`, whether it was so the last time.
    endings: step instances that had ended in some way, so that their next start repeats them.
    end: how the run ended, if nothing was taken back since; `over`, whether its last try could say
        how that ended.
    marks: what frames left, by place; what only counts while the run hasn't failed is in `fresh`,
        and what counts once the try is over in `after_try`.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.results: dict[Instance, PastRecord] = {}
        self.first: dict[Instance, int] = {}
        self.starts: dict[Instance, list[str]] = {}
        self.failures: dict[Instance, PastRecord] = {}
        self.cuts: dict[Instance, PastRecord] = {}
        self.open: dict[Instance, PastRecord] = {}
        self.deaths: dict[Instance, int] = {}
        self.alone: set[Instance] = set()
        self.endings: set[Instance] = set()
        self.attempts: dict[str, int] = {}
        self.marks: dict[Spot, PastRecord] = {}
        self.fresh: dict[Spot, PastRecord] = {}
        self.after_try: dict[Spot, PastRecord] = {}
        self.retries: dict[Spot, tuple[int, PastRecord | None]] = {}
        self.given_back: dict[Spot, int] = {}
        self.giving_back: set[Spot] = set()
        self.renewed = False
        self.number = 0
        self.last_try: Record | None = None
        self.over = True
        self.end: Record | None = None
        self._items: dict[str, set[Instance]] | None = None
        self.at_work: dict[Instance, PastRecord] = {}
        """Attempts of the last try that were begun and of which nothing was heard."""
        self._alone: Instance | None = None
        self._readers: dict[str, Callable[[Record], None]] = {
            "try": self._try, "died": self._die, "end": self._end,
            "start": self._start, "alone": self._starts_alone,
            "ok": self._ok, "failed": self._fail, "cut": self._cut,
            "resolved": self._resolve, "taken back": self._take_back_all,
            "retry": self._retry, "deadline": self._deadline, "delay": self._delay,
            "caught": self._catch, "settled": self._settle, "done": self._part_done,
            "gave back": self._give_back,
        }  # fmt: skip
        for each in records:
            self.add(each)

    def add(self, of: Record) -> None:
        """One record more."""
        reader = self._readers.get(of.kind)
        if reader is not None:
            reader(of)

    @property
    def unheard(self) -> dict[Instance, PastRecord]:
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

    def _die(self, of: Record) -> None:
        """The last try ended without a word, and perhaps by what was at work in it."""
        if parse(of.body).get("counts"):
            alone = self._alone if self._alone in self.at_work else None
            for instance in self.at_work if alone is None else (alone,):
                self.deaths[instance] = self.deaths.get(instance, 0) + 1
                self.alone.discard(instance)
            if alone is not None or len(self.at_work) == 1:
                self.alone.update(self.at_work if alone is None else (alone,))
        self._leave_open()

    def _end(self, of: Record) -> None:
        """A try is over: what failed is to be tried anew, with budgets and deadlines of its own."""
        self.end, self.over = of, True
        self._leave_open()
        self.failures.clear()
        self.cuts.clear()
        self.fresh.clear()
        self.marks.update(self.after_try)
        self.after_try.clear()
        self.retries = {spot: (number, None) for spot, (number, _) in self.retries.items()}

    # Attempts

    def _start(self, of: Record) -> None:
        instance = of.path, of.tries
        self.at_work[instance] = _new_record(PastRecord, (of.n, of.at, self.number, of.body))
        self.starts.setdefault(instance, []).append(of.body)
        self.cuts.pop(instance, None)
        self.attempts[of.path] = self.attempts.get(of.path, 0) + 1

    def _starts_alone(self, of: Record) -> None:
        self._alone = of.path, of.tries

    def _ok(self, of: Record) -> None:
        self._close(of)
        instance = of.path, of.tries
        self.first.setdefault(instance, of.n)
        self.results[instance] = _new_record(PastRecord, (of.n, of.at, self.number, of.body))

    def _fail(self, of: Record) -> None:
        self._close(of)
        instance = of.path, of.tries
        self.failures[instance] = self.open[instance] = PastRecord(
            of.n, of.at, self.number, of.body
        )

    def _close(self, of: Record) -> None:
        instance = of.path, of.tries
        self.at_work.pop(instance, None)
        self.open.pop(instance, None)
        self.failures.pop(instance, None)
        self.cuts.pop(instance, None)
        self.deaths.pop(instance, None)
        self.alone.discard(instance)
        self.endings.add(instance)

    def _cut(self, of: Record) -> None:
        """It was heard that nobody waits for it; whether it was done, nobody knows."""
        instance = of.path, of.tries
        start = self.at_work.pop(instance, None)
        if start is not None:
            self.open[instance] = start
        if not parse(of.body).get("stopped"):  # by what comes about once more
            self.cuts[instance] = PastRecord(of.n, of.at, self.number, of.body)
        self.deaths.pop(instance, None)
        self.endings.add(instance)

    # What people decide

    def _resolve(self, of: Record) -> None:
        instance = of.path, of.tries
        self._close(of)
        if parse(of.body)["how"] != "again":
            self.first.setdefault(instance, of.n)
            self.results[instance] = PastRecord(of.n, of.at, self.number, of.body)

    def _take_back_all(self, of: Record) -> None:
        fields = parse(of.body)
        instances = [(path, tries) for path, tries in fields.get("paths", ())]
        first = min(
            (self.results[each].n for each in instances if each in self.results), default=of.n
        )
        for instance in instances:
            self.take_back(instance)
        for spot in [Spot(*each) for each in fields.get("marks", ())]:
            self.marks.pop(spot, None)
            self.fresh.pop(spot, None)
        if fields.get("failures"):
            self.failures.clear()
            self.cuts.clear()
            self.fresh.clear()
            self._drop(0, "caught")
        self._drop(first, "caught", "rounds", "loop")
        self._undo(instances, of.n)
        if "by" in fields:  # a person wants it
            self.renewed, self.end = True, None
        if fields.get("doubt"):
            for instance in instances:
                self.open[instance] = PastRecord(of.n, of.at, self.number, of.body)

    def take_back(self, instance: Instance) -> None:
        """A result doesn't count any more."""
        self.results.pop(instance, None)

    def variant(self, instance: Instance, input_digest: str) -> str:
        """What a step's key has besides its path, for an input.

        Nothing for the input that it was started on first. Another one has its own, so that a
        target sees that it is sent other data; the same one has what it had before.
        """
        bodies = self.starts.get(instance)
        if bodies is None:
            return ""
        starts = [parse(body) for body in bodies]
        alike = (
            each.get("variant", "") for each in starts if each.get("input", "") == input_digest
        )
        return str(next(alike, input_digest))

    def _drop(self, since: int, *about: str) -> None:
        """Marks about this that were left after a record count no more."""
        for marks in (self.marks, self.fresh, self.after_try):
            for spot in [*marks]:
                if spot.about in about and marks[spot].n > since:
                    del marks[spot]

    def _undo(self, instances: list[Instance], n: int) -> None:
        """What was lent to parts of which some are to be done anew, was given back."""
        for spot in [spot for spot in self.marks if spot.about == "done"]:
            inside = (f"{spot.path} > ", f"{spot.path}[")
            if any(path.startswith(inside) for path, _ in instances):
                del self.marks[spot]
                self.given_back[spot] = n

    def items(self, path: str, tries: str) -> set[str]:
        """The keys, in brackets, of the items of a map that have results, in these attempts."""
        if self._items is None:
            self._items = {}
            for place, within in self.results:
                for match in re.finditer(r"\[[^\]]*\]", place):
                    self._items.setdefault(place[: match.start()], set()).add((match[0], within))
        deeper = f"{tries}," if tries else ""
        pairs = self._items.get(path, ())
        return {key for key, within in pairs if within == tries or within.startswith(deeper)}

    # Marks

    def _spot(self, about: str, of: Record, fields: dict[str, Any]) -> Spot:
        return Spot(about, of.path, of.tries, fields.get("nth", 0))

    def _retry(self, of: Record) -> None:
        fields = parse(of.body)
        mark = PastRecord(of.n, of.at, self.number, of.body)
        self.retries[self._spot("retry", of, fields)] = fields["number"], mark

    def _deadline(self, of: Record) -> None:
        fields = parse(of.body)
        if fields.get("spent"):
            self.after_try[Spot("loop", of.path, of.tries, fields["round"])] = self._mark_of(of)
            return
        if "round" not in fields:
            self.fresh[self._spot("deadline", of, fields)] = self._mark_of(of)
            return
        fails = fields.get("over") and not fields.get("settled")
        where = self.fresh if fails else self.marks
        where[self._spot("rounds", of, fields)] = self._mark_of(of)

    def _delay(self, of: Record) -> None:
        self.marks[self._spot("delay", of, parse(of.body))] = self._mark_of(of)

    def _catch(self, of: Record) -> None:
        fields = parse(of.body)
        where = self.marks if fields.get("settled") else self.fresh
        where[self._spot("caught", of, fields)] = self._mark_of(of)

    def _settle(self, of: Record) -> None:
        spot = self._spot("caught", of, parse(of.body))
        mark = self.fresh.pop(spot, None)
        if mark is not None:
            self.marks[spot] = mark

    def _part_done(self, of: Record) -> None:
        self.marks[self._spot("done", of, parse(of.body))] = self._mark_of(of)

    def _give_back(self, of: Record) -> None:
        fields = parse(of.body)
        spot = self._spot("done", of, fields)
        if fields.get("over"):
            self.giving_back.discard(spot)
            self.given_back[spot] = of.n
        else:
            self.giving_back.add(spot)

    def _mark_of(self, of: Record) -> PastRecord:
        return PastRecord(of.n, of.at, self.number, of.body)
