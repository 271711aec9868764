"""How much an edit matters: whether the laws of level S say that the work is the same."""

from typing import Final, final

from fwf.algebra.nodes import Node
from fwf.analysis.extent import TooLarge
from fwf.analysis.identity import definition_id, normal_id
from fwf.analysis.normal_form import NormalForms
from fwf.interpreters.diff.changes import Level
from fwf.interpreters.diff.matches import Edit, Match

BUDGET: Final = 1_000_000
"""So many parts of chains may be put together for the sake of single edits."""


@final
class Levels:
    """The level of the whole, and of each edit in it.

    An edit is a refactoring if it is one when nothing else changes, or if a pair of parts around
    it has one normal form. Where that isn't known, or too large to be, it counts as behaviour.
    """

    __slots__ = ("_forms", "whole")

    def __init__(self, old: Node, new: Node) -> None:
        self._forms = NormalForms(BUDGET)
        self.whole: Level = self._whole(old, new)

    def _whole(self, old: Node, new: Node) -> Level:
        try:
            same = self._forms.of(old) == self._forms.of(new)
        except TooLarge:
            self._forms.budget = -1
            same = False
        if not same:
            return "behaviour"
        return "none" if definition_id(old) == definition_id(new) else "refactoring"

    def of(self, edit: Edit) -> Level:
        """Edit ⟶ its level, which is never above that of the whole."""
        if edit.kind == "notes" or self.whole == "none":
            return "none"
        if self.whole == "refactoring" or self._alone(edit) or self._same_around(edit.match):
            return "refactoring"
        return "behaviour"

    def _alone(self, edit: Edit) -> bool:
        """Whether two workflows that differ in this edit only have one normal form."""
        return edit.alone is not None and normal_id(edit.alone[0]) == normal_id(edit.alone[1])

    def _same_around(self, match: Match | None) -> bool:
        """Whether a pair of parts around an edit has one normal form; asked once of each pair."""
        matches: list[Match] = []
        while match is not None and match.same is None:
            match.same = self._same(match)
            matches.append(match)
            if match.same:
                break
            match = match.around
        same = match is not None and bool(match.same)
        for each in matches:
            each.same = same
        return same

    def _same(self, match: Match) -> bool:
        mine, theirs = self._forms.of_part(match.old.node), self._forms.of_part(match.new.node)
        return mine is not None and theirs is not None and mine == theirs
