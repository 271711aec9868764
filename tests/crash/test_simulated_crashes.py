"""A run that is killed at any event, and gone on with, ends as one that never was.

One that fails here is shown by the line that the failure prints.
"""

from __future__ import annotations

from typing import Any

import pytest

from fwf.interpreters.run.journaled import past

from . import figures, simulated_mutants
from .simulated_journal import goes_on
from .simulated_store import SimulatedStore
from .simulated_world import Simulated
from .simulation import Found, searched

POINTS = figures.amount(quick=1_500, full=100_000)
EACH = figures.amount(quick=10, full=40)


def said(found: Found) -> str:
    return "\n".join(found.went_wrong)


def test_the_outcome_is_that_of_a_run_that_never_crashed() -> None:
    found = searched(goes_on, range(1_000_000), points=POINTS, each=EACH, most_wrong=5)
    figures.add(
        "crashes by simulation",
        crash_points=found.points, deaths=found.crashes, cases=found.cases,
        zero={"wrong, lost or run again": len(found.went_wrong)},
    )  # fmt: skip
    assert not found.went_wrong, said(found)
    assert found.points >= POINTS and found.repeated and len(found.where) > 8


@pytest.mark.parametrize("world", simulated_mutants.WORLDS)
def test_what_tasks_do_outside_is_looked_at(world: type[Simulated]) -> None:
    assert caught(world=world)


@pytest.mark.parametrize("store", simulated_mutants.STORES)
def test_what_is_written_too_late_is_found(store: type[SimulatedStore]) -> None:
    assert caught(store=store)


@pytest.mark.parametrize("kind", ["ok", "failed", "cut"])
def test_what_a_journal_forgets_is_found(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "_READERS", simulated_mutants.forgetting(kind))
    assert caught()


def caught(**wrong: Any) -> list[str]:
    """What is found of something that is wrong, within so many crash points."""
    return searched(goes_on, range(1_000_000), points=1_500, each=15, **wrong).went_wrong
