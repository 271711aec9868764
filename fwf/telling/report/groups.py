"""Which steps are told together? Those of one place: the items of a map, the rounds of a loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from fwf.algebra.paths import untagged
from fwf.interpreters.diagram import Mark
from fwf.journal.story import State, Step, Story

_MARKS: Final[dict[State, Mark]] = {
    "poisoned": "held", "in doubt": "held", "held": "held", "failed": "failed", "died": "died",
    "running": "running", "waiting": "running", "cut": "cut", "taken back": "redo",
    "resolved": "redo", "ok": "ok",
}  # fmt: skip
"""How a step is marked; of several at one place the first of these that there is."""
WORDS: Final[dict[Mark, str]] = {
    "ok": "ok", "kept": "ok, from an earlier try", "failed": "failed", "cut": "cut",
    "running": "running", "died": "started, and ended without a word",
    "held": "waits for a person's decision", "redo": "to be done again", "unreached": "not reached",
}  # fmt: skip


class Group(NamedTuple):
    """The steps at one place of the workflow; their marks; rows as far as values told them."""

    name: str
    steps: tuple[Step, ...]
    marks: Mapping[Mark, int]
    attempts: int
    rows: int | None

    @property
    def many(self) -> bool:
        """Whether it stands for items or rounds."""
        return any(step.path != self.name for step in self.steps)

    @property
    def mark(self) -> Mark:
        """The worst of its steps' marks; kept, if all that is fine was."""
        return next(mark for mark in _WORST if mark in self.marks)

    @property
    def said(self) -> str:
        """`118 ok, 2 failed`."""
        return ", ".join(f"{n:,} {_short(mark)}" for mark, n in self.marks.items())


_WORST: Final[tuple[Mark, ...]] = (*dict.fromkeys(_MARKS.values()), "kept")


def _short(mark: Mark) -> str:
    return {"kept": "kept", "died": "died", "held": "held"}.get(mark, WORDS[mark])


def mark_of(step: Step, last: int) -> Mark:
    """A step, the number of the last try ⟶ how it is marked."""
    is_kept = step.state == "ok" and step.value_try is not None and step.value_try < last
    return "kept" if is_kept else _MARKS[step.state]


def groups(story: Story) -> list[Group]:
    """The steps of a run by place, in the order of their first start."""
    last = story.tries[-1].number if story.tries else 1
    places: dict[str, list[Step]] = {}
    for step in story.steps.values():
        places.setdefault(untagged(step.path), []).append(step)
    return [_group(name, steps, last) for name, steps in places.items()]


def _group(name: str, steps: list[Step], last: int) -> Group:
    counts = Counter(mark_of(step, last) for step in steps)
    marks: dict[Mark, int] = {mark: counts[mark] for mark in reversed(_WORST) if mark in counts}
    rows = [each.rows for step in steps if (each := step.value_attempt) and each.rows is not None]
    attempts = sum(len(step.attempts) for step in steps)
    return Group(name, tuple(steps), marks, attempts, sum(rows) if rows else None)
