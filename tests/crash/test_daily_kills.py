"""The daily example, killed at random moments and started again, loads what one run loads, once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash import figures
from tests.crash.daily import Daily, daily, killed

pytestmark = pytest.mark.services  # each kill is a process


@pytest.fixture(scope="module")
def job() -> Iterator[Daily]:
    with daily(calm=not figures.full()) as made:
        yield made


@pytest.fixture(scope="module")
def whole(job: Daily) -> dict[str, list[Any]]:
    """What one run loads."""
    job.finish()
    found = job.targets()
    assert len(found["sales"]) == len(found["items"]) == 16
    assert len(found["loads"]) == 1
    return found


@pytest.mark.parametrize("number", range(figures.amount(quick=3, full=100)))
def test_killed_and_started_again_it_leaves_what_one_run_leaves(
    job: Daily, whole: dict[str, list[Any]], number: int
) -> None:
    job.clear()
    kills = killed(job, number)
    found = job.targets()
    wrong = [name for name, rows in found.items() if rows != whole[name]]
    figures.add("the daily example", runs=1, kills=kills, zero={"other_targets": len(wrong)})
    assert not wrong, f"python -m tests.crash.daily {number}: {wrong}"
