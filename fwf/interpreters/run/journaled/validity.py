"""For how long does what a place gave count? Mostly as long as the run; but not in a finaliser."""

from __future__ import annotations

from typing import Any, final

from fwf.algebra.extension_layout import layout
from fwf.algebra.nodes import (
    Always,
    Extension,
    LoopUntil,
    MapEach,
    Node,
    Par,
    Seq,
)
from fwf.algebra.parts import children
from fwf.machine.places import Place

_PLAIN = frozenset({Seq, Par, MapEach, LoopUntil})
_WHOLE: tuple[Place, int, Place] = (None, 0, None)
"""That of the whole workflow."""


@final
class Validity:
    """From which record on results count, by place.

    What a finaliser does, or the handler of a failure that stays one, counts for the try that it
    was done in. What was lent counts until it was given back.
    """

    __slots__ = ("_answers", "_this_try", "loans")

    def __init__(self, this_try: int) -> None:
        self._this_try = this_try
        """The number of the record with which this try began."""
        self._answers: dict[int, tuple[Place, int, Place]] = {}
        """For each place that encloses others its answer, and the extension of which it is no
        part, but what joins the parts."""
        self.loans: dict[int, int] = {}
        """For each extension under way that lends something, by the identity of its place: the
        record since which what it was lent counts."""

    def since(self, place: Place) -> int:
        """Results at a place count if they were written after the record of this number."""
        if place is None:
            return 0
        above: Any = place[0]
        answer = _WHOLE if above is None else self._answers.get(id(above))
        _, since, within = answer or self._enclosing(above)
        if within is None and type(place[1]) in _PLAIN:  # as most are: without a call more
            return since
        return self._of(place, since, within)[0]

    def _enclosing(self, place: Place) -> tuple[Place, int, Place]:
        """The same for a place that encloses others, and what it is no part of."""
        inward: list[Any] = []
        while place is not None and id(place) not in self._answers:
            inward.append(place)
            place = place[0]
        answer = _WHOLE if place is None else self._answers[id(place)]
        for each in reversed(inward):
            answer = self._answers[id(each)] = each, *self._of(each, answer[1], answer[2])
        return answer

    def is_passing(self, place: Place) -> bool:
        """Whether results at a place count for this try alone."""
        return self.since(place) == self._this_try

    def loan_at(self, place: Place) -> int:
        """If something is borrowed anew at a place, the record of its being given back; else 0."""
        since = self.since(place)
        return 0 if since == self._this_try else since

    def _of(self, place: Any, since: int, within: Place) -> tuple[int, Place]:
        """The same for a place, given that of what encloses it."""
        node: Node = place[1]
        if isinstance(node, Extension):
            of = layout(node)
            return since, place if of is not None and of.uneven else within
        if isinstance(node, Always) and place[2] == 1:
            return self._this_try, None
        if within is not None:
            part_since = self._of_part(within, place)
            if part_since is not None:
                return max(since, part_since), None
        return since, within

    def _of_part(self, within: Any, place: Any) -> int | None:
        """The same for a part of an extension; None if what is there joins the parts."""
        of = layout(within[1])
        parts: tuple[Any, ...] = children(place[1])
        assert of is not None
        arms = of.arms(parts[place[2]])
        if not arms:
            return None
        if any(arm.lasts == "try" for arm in arms):
            return self._this_try
        loan = any(arm.lasts == "loan" for arm in arms)
        return self.loans.get(id(within[0]), 0) if loan else 0

    def forget(self) -> None:
        """A loan was given back: ask anew."""
        self._answers.clear()
