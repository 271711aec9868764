"""What is remembered of places that aren't tasks: retries, deadlines, what was caught or lent."""

from __future__ import annotations

import json
from typing import Any, final

from fwf.faults import Fault, leaves
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.interpreters.run.journaled.earlier_tries import EarlierTries, PastRecord, Spot
from fwf.interpreters.run.journaled.record_writer import RecordWriter, body
from fwf.interpreters.run.journaled.stamps import left_of
from fwf.interpreters.run.journaled.validity import Validity
from fwf.journal.run_records import Kind
from fwf.journal.values import Values
from fwf.machine.memory import About, RetryState
from fwf.machine.places import Place


@final
class Marks:
    """The marks of one try. They are written with the next step, and never waited for."""

    def __init__(
        self, past: EarlierTries, writer: RecordWriter, values: Values, validity: Validity
    ) -> None:
        self.past = past
        self.writer = writer
        self.values = values
        self.validity = validity
        self._open: dict[tuple[str, str, str], int] = {}
        self._catches: list[tuple[Spot, Fault]] = []
        self._repeats: dict[int, PlaceMarks] = {}
        """Parts under way that were done before, by the identity of their place."""

    def at(self, about: About, place: Place, path: str, tries: str, value: Any) -> PlaceMarks:
        """What is remembered of a place, from now on until it is left.

        Wrappers have the path of what they wrap: of one kind, those further out come first.
        """
        where = about, path, tries
        nth = self._open[where] = self._open.get(where, -1) + 1
        return PlaceMarks(self, place, Spot(about, path, tries, nth), value)

    def leave(self, of: PlaceMarks) -> None:
        """It is left."""
        where = of.spot[:3]
        if self._open[where]:
            self._open[where] -= 1
        else:
            del self._open[where]
        self._repeats.pop(id(of.place), None)
        self.validity.loans.pop(id(of.place), None)

    def disturb(self, place: Place) -> None:
        """An attempt begins: what encloses it isn't done any more."""
        if not self._repeats:
            return
        while True:
            marks = self._repeats.get(id(place))
            if marks is not None:
                marks.disturbed = True
            if place is None:
                return
            place = place[0]

    def knows_done(self, of: PlaceMarks) -> None:
        """A part is under way that was done before, as long as nothing in it is done anew."""
        self._repeats[id(of.place)] = of

    def catch(self, spot: Spot, fault: Fault) -> None:
        """A fault has become a value."""
        self._catches.append((spot, fault))

    def take_back(self, fault: Fault) -> None:
        """A run fails with a fault: what was caught of it before counts no more.

        `on_failure` and `from_result` let a fault go on that was a value for a while.
        """
        final = {id(leaf) for leaf in leaves(fault)}
        spots = [
            spot
            for spot, earlier in self._catches
            if any(id(leaf) in final for leaf in leaves(earlier))
        ]
        if spots:
            self.writer.add("taken back", "", "", body(marks=spots, why="the run failed with it"))


@final
class PlaceMarks:
    """What is remembered of one place while a part is under way there."""

    __slots__ = ("_digest", "_input", "_marks", "disturbed", "place", "spot")

    def __init__(self, marks: Marks, place: Place, spot: Spot, value: Any) -> None:
        self._marks = marks
        self._input = value
        self._digest: str | None = None
        self.place = place
        self.spot = spot
        self.disturbed = False
        if spot.about == "done":
            self._lend()

    # What is known

    def _same(self, mark: PastRecord | None) -> dict[str, Any] | None:
        """What is known, if it was so on the same input, and counts."""
        if mark is None or mark.n <= self._marks.validity.since(self.place):
            return None
        fields: dict[str, Any] = json.loads(mark.body)
        return fields if fields.get("input", "") == self.input else None

    @property
    def input(self) -> str:
        """The digest of the input there, worked out when it is first asked for."""
        if self._digest is None:
            self._digest, self._input = self._marks.values.digest(self._input), None
        return self._digest

    @property
    def retry_state(self) -> RetryState | None:
        number, mark = self._marks.past.retries.get(self.spot, (0, None))
        if not number:
            return None
        if mark is None:  # the run has failed since: a budget of its own
            return RetryState(number, 1, 0)
        fields = self._same(mark)
        if fields is None:
            return None
        return RetryState(number, fields["used"], self._rest(mark, fields))

    def _rest(self, mark: PastRecord, fields: dict[str, Any]) -> int:
        watch = self._marks.writer.watch
        return left_of(fields["lasts"], mark.at, fields["clock"], fields["boot"], watch)

    @property
    def fault(self) -> Fault | None:
        past = self._marks.past
        fields = self._same(past.fresh.get(self.spot) or past.marks.get(self.spot))
        if fields is None:
            return None
        fault = fault_from_json(fields["fault"])
        if fields.get("settled"):
            self._marks.catch(self.spot, fault)
        return fault

    @property
    def is_done(self) -> bool:
        mark = self._marks.past.marks.get(self.spot)
        return not self.disturbed and self._same(mark) is not None

    @property
    def gives_back(self) -> bool:
        return self.spot in self._marks.past.giving_back

    def _lend(self) -> None:
        """Say from which record on what is lent here counts."""
        past = self._marks.past
        mark = past.marks.get(self.spot)
        since = past.given_back.get(self.spot, 0)
        if mark is not None and self._same(mark) is None:
            since = max(since, mark.n)
        elif mark is not None:
            self._marks.knows_done(self)
        if since:
            self._marks.validity.loans[id(self.place)] = since

    # What is written

    def _write(self, kind: Kind, **fields: object) -> int:
        nth = self.spot.nth or None
        digest = self.input or None
        text = body(nth=nth, input=digest, **fields)
        return self._marks.writer.add(kind, self.spot.path, self.spot.tries, text)

    def retries(self, number: int, used: int, wait: int, cause: Fault) -> None:
        fault = fault_to_json(cause)
        stamp = self._stamp(wait)
        self._write("retry", number=number, used=used, **stamp, fault=fault)

    def _stamp(self, lasts: int) -> dict[str, object]:
        watch = self._marks.writer.watch
        due = watch.wall() + lasts
        return {"lasts": lasts, "due": due, "clock": watch.since_boot(), "boot": watch.boot}

    def time_left(self, duration: int) -> int:
        past, about = self._marks.past, self.spot.about
        mark = (past.fresh if about == "deadline" else past.marks).get(self.spot)
        fields = self._same(mark)
        if mark is not None and fields is not None:
            return min(self._rest(mark, fields), duration)
        if duration > 0:
            kind: Kind = "deadline" if about == "deadline" else "delay"
            self._write(kind, **self._stamp(duration))
        return duration

    @property
    def rounds(self) -> tuple[int, int]:
        past, spot = self._marks.past, self.spot._replace(about="rounds")
        marks = [self._same(each.get(spot)) for each in (past.marks, past.fresh)]
        on = [fields["round"] for fields in marks if fields is not None]
        over = [fields["round"] for fields in marks if fields is not None and fields.get("over")]
        return max(on, default=0), max(over, default=0)

    def goes_on(self, number: int) -> None:
        self._write("deadline", round=number)

    def is_over(self, number: int, *, settled: bool) -> None:
        self._write("deadline", round=number, over=True, settled=settled or None)

    def gave_up(self, number: int) -> bool:
        mark = self._marks.past.marks.get(self.spot._replace(nth=number))
        if self._same(mark) is not None:
            return True
        self._write("deadline", round=number, spent=True)
        return False

    def catches(self, fault: Fault, *, settled: bool) -> None:
        self._write("caught", fault=fault_to_json(fault), settled=settled or None)
        if settled:
            self._marks.catch(self.spot, fault)

    def settles(self) -> None:
        self._write("settled")

    def begins_to_give_back(self) -> None:
        self._write("gave back")

    def finishes(self, *, gave_back: bool) -> None:
        if not gave_back:
            self._write("done")
            return
        n = self._write("gave back", over=True)
        self._marks.past.giving_back.discard(self.spot)
        self._marks.past.given_back[self.spot] = n
        self._marks.validity.loans[id(self.place)] = n
        self._marks.validity.forget()

    def leave(self) -> None:
        self._marks.leave(self)
