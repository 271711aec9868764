"""Days, failures, crashes, several that start the same: thousands of histories.

The state machine is that of tests/schedules/test_days.py, which looks through a few.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.crash import figures
from tests.schedules.days.jobs import KINDS
from tests.schedules.days.machine import QUICK, TRIES, Days
from tests.schedules.days.mutants import MUTANTS, SEARCHED
from tests.schedules.days.stories import STORIES, Story, told
from tests.schedules.days.world import stepwise

HISTORIES = 300
"""So many in each part."""
WITHOUT = settings(QUICK, max_examples=HISTORIES, phases=[Phase.generate], database=None)

pytestmark = figures.only_full()


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    stepwise(monkeypatch)


@pytest.mark.parametrize("part", range(16))
def test_whatever_happens_each_partition_is_done_once_and_in_order(part: int) -> None:
    TRIES.clear()
    wrong = 1
    try:
        run_state_machine_as_test(
            seed(part)(Days), settings=settings(WITHOUT, phases=[Phase.generate, Phase.shrink])
        )
        wrong = 0
    finally:
        figures.add("days by a model", **TRIES, zero={"histories that went wrong": wrong})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_day_on_which_something_goes_wrong_is_done_once(
    story: Story, kind: str, tmp_path: Path
) -> None:
    assert told(story, tmp_path, kind) == []


@pytest.mark.parametrize("name", SEARCHED)
def test_a_mistake_is_found_by_search(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put, kind, _ = MUTANTS[name]
    put(monkeypatch)
    of_kind = type("OfKind", (Days,), {"kinds": (kind,)})
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(seed(1)(of_kind), settings=WITHOUT)
