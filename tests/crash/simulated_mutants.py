"""What a simulation must find out: worlds, stores and journals that are wrong, each in one way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from fwf.algebra.paths import untagged
from fwf.interpreters.run.journaled.earlier_tries import EarlierTries
from fwf.journal.run_records import Record, State
from fwf.journal.store import Claim

from .simulated_outside import Step
from .simulated_store import SimulatedStore
from .simulated_world import Simulated


class CommitsBeforeTheEffect(Simulated):
    """A step counts as done before it has done anything."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._put_off: list[tuple[Step, str]] = []

    def _act(self, step: Step, key: str) -> None:
        self._put_off.append((step, key))

    def _settle(self) -> None:
        for step, key in self._put_off:
            super()._act(step, key)
        self._put_off.clear()
        super()._settle()


class ComesWithoutKey(Simulated):
    """Attempts carry no key."""

    def _key(self, machine: Any, step: Step, fiber: Any) -> str:
        return ""


class HasAKeyForEachProcess(Simulated):
    """An attempt that is made again carries another key."""

    def _key(self, machine: Any, step: Step, fiber: Any) -> str:
        return f"{super()._key(machine, step, fiber)} {self.outside.process}"


class BranchesShareAKey(Simulated):
    """Siblings of one name carry one key."""

    def _key(self, machine: Any, step: Step, fiber: Any) -> str:
        return str(re.sub(r"#\d+", "", step.path))


class RoundsShareAKey(Simulated):
    """Rounds of a loop, and items of a map, carry one key."""

    def _key(self, machine: Any, step: Step, fiber: Any) -> str:
        return untagged(step.path)


class CommitsLate(SimulatedStore):
    """What was appended is written when there is enough of it."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._later: list[Record] = []
        self._appends = 0

    def append(
        self, run: int, records: Sequence[Record], claim: Claim, *, state: State | None = None
    ) -> None:
        self._later.extend(records)
        self._appends += 1
        if state is not None or self._appends % 4 == 0:
            later, self._later = self._later, []
            super().append(run, later, claim, state=state)


WORLDS = (
    CommitsBeforeTheEffect, ComesWithoutKey, HasAKeyForEachProcess, BranchesShareAKey,
    RoundsShareAKey,
)  # fmt: skip
STORES = (CommitsLate,)


FORGOTTEN = (
    ("ok", 0, False),
    ("failed", 14, False),
    ("failed + retry", 0, False),
    ("retry", 210, False),
    ("cut", 5, False),
    ("deadline", 10, False),
    ("delay", 108, False),
    ("done", 38, False),
    ("gave back", 24, True),
    ("caught", 68, True),
    ("settled", 654, True),
)
"""Kinds of records that a journal could overlook, a seed near which that is seen soon, and whether
it takes a run that failed."""


def forgetting(kinds: Sequence[str]) -> Callable[[EarlierTries, Record], None]:
    """A reader of records that overlooks those of some kinds."""
    add = EarlierTries.add

    def forgets(self: EarlierTries, of: Record) -> None:
        if of.kind not in kinds:
            add(self, of)

    return forgets


def without_numbers(path: str) -> str:
    """Siblings of one name are taken for one."""
    return re.sub(r"#\d+", "", path)


PATHS: tuple[Callable[[str], str], ...] = (untagged, without_numbers)
"""How a journal could take several steps for one: rounds and items, or branches."""
