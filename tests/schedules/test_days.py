"""Each partition is done once, in order, and no mark goes back or skips, whatever dies meanwhile.

`make crash` looks through thousands of histories: tests/crash/test_days.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.schedules.days.machine import QUICK, Days
from tests.schedules.days.mutants import MUTANTS
from tests.schedules.days.stories import STORIES, Story, told
from tests.schedules.days.world import stepwise


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    stepwise(monkeypatch)


def test_whatever_happens_each_partition_is_done_once_and_in_order() -> None:
    run_state_machine_as_test(Days, settings=QUICK)


@pytest.mark.parametrize("kind", ["days_ordered", "hours_marked"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_day_on_which_something_goes_wrong_is_done_once(
    story: Story, kind: str, tmp_path: Path
) -> None:
    assert told(story, tmp_path, kind) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, kind, story = MUTANTS[name]
    put(monkeypatch)
    assert told(story, tmp_path, kind)
