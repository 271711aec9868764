"""A backfill that is killed and started again leaves what as many single runs leave: no day is
missing, none is there twice, each step has the key that it would have had by hand.
"""

import sys
from collections.abc import Iterator

import pytest

from tests.crash import figures
from tests.crash.backfills import Daily, Month, Small, killed, month

DAYS = figures.amount(quick=5, full=30)
KILLS = figures.amount(quick=4, full=20)

pytestmark = [
    pytest.mark.services,  # each run is a process
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]


@pytest.fixture(scope="module")
def small() -> Iterator[Month]:
    """Single runs."""
    with month(Small, DAYS) as whole:
        whole.single_runs()
        yield whole


def check(whole: Month, kills: int, number: int, at_once: int = 1) -> None:
    with month(type(whole), DAYS) as job:
        found = killed(job, whole.seconds, number, kills, at_once)
        other = job.loaded() != whole.loaded()
        runs = job.runs() != whole.runs()
    figures.add(
        "a backfill", runs=DAYS, kills=found, zero={"other_targets": other, "other_runs": runs}
    )
    assert not other and not runs, f"python -m tests.crash.backfills … {number}"


@pytest.mark.parametrize(("number", "at_once"), [(1, 1), (2, 3)])
def test_it_leaves_what_single_runs_leave(small: Month, number: int, at_once: int) -> None:
    assert len(small.runs()) == DAYS and len(small.loaded()) == 4 * DAYS
    check(small, KILLS, number, at_once)


@figures.only_full()
def test_so_does_one_of_the_daily_example() -> None:
    with month(Daily, DAYS) as whole:
        whole.single_runs()
        check(whole, KILLS, 1)
