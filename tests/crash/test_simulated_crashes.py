"""A run that is killed at any event, and gone on with, ends as one that never was.

A line that a failure prints shows what happened, event by event.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fwf.interpreters.run.journaled.earlier_tries import EarlierTries

from . import figures, simulated_mutants
from .simulated_journal import goes_on
from .simulated_runs import GoesOn
from .simulated_store import SimulatedStore
from .simulated_world import Simulated
from .simulation import Found, searched

EACH = figures.amount(quick=8, full=40)
"""So many crash points of one case at most."""
SEEDS = range(1_000_000)
FAR = 40_000
"""So far apart the seeds of parts begin; each part is done within minutes."""


def added(what: str, found: Found) -> None:
    """Write down what was counted, and say what went wrong."""
    figures.add(
        what, crash_points=found.points, deaths=found.crashes, workflows=found.cases,
        zero={"wrong, lost or run again": len(found.went_wrong)},
    )  # fmt: skip
    assert not found.went_wrong, "\n".join(found.went_wrong)


@pytest.mark.parametrize("part", range(figures.amount(quick=1, full=20)))
def test_a_run_that_crashes_ends_as_one_that_never_did(part: int) -> None:
    points = figures.amount(quick=800, full=5_000)
    found = searched(goes_on, SEEDS[part * FAR :], points=points, each=EACH, most_wrong=5)
    added("crashes by simulation", found)
    assert found.points >= points
    assert found.repeated, "nothing was at work when it died"
    assert len(found.where) > 8, found.where


@pytest.mark.parametrize("part", range(figures.amount(quick=1, full=5)))
def test_a_run_that_failed_goes_on_with_what_was_not_done(part: int) -> None:
    points, seeds = figures.amount(quick=300, full=4_000), SEEDS[part * FAR :]
    found = searched(goes_on, seeds, points=points, each=EACH, most_wrong=5, failing=True)
    added("crashes by simulation, of runs that failed", found)
    assert found.points >= points


class TestWhatIsWrong:
    """Mistakes, each of which is found: here are those of the proof by real kills, and others."""

    @pytest.mark.parametrize("world", simulated_mutants.WORLDS)
    def test_in_what_attempts_do_outside(self, world: type[Simulated]) -> None:
        assert caught(0, world=world)

    @pytest.mark.parametrize("store", simulated_mutants.STORES)
    def test_in_a_store(self, store: type[SimulatedStore]) -> None:
        assert caught(0, store=store)

    @pytest.mark.parametrize(("kind", "seed", "failing"), simulated_mutants.FORGOTTEN, ids=str)
    def test_in_what_a_journal_reads(
        self, kind: str, seed: int, failing: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(EarlierTries, "add", simulated_mutants.forgetting(kind.split(" + ")))
        assert caught(seed, failing=failing)

    @pytest.mark.parametrize("path", simulated_mutants.PATHS)
    def test_in_what_it_takes_for_one_step(self, path: Callable[[str], str]) -> None:
        assert caught(0, goes_on=partial(goes_on, path=path))


def caught(first: int, goes_on: GoesOn = goes_on, **wrong: Any) -> list[str]:
    """What is found of something that is wrong: soon, from some seed on."""
    return searched(goes_on, SEEDS[first:], points=4_000, each=15, **wrong).went_wrong
