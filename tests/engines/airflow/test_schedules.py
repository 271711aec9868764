"""Airflow starts what has a timetable when that says, and for the same partitions."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.engines.airflow.conftest import Airflow


@pytest.mark.services
def test_runs_are_for_the_same_partitions_and_start_when_they_are_due(airflow: Airflow) -> None:
    """But for an hour on the days on which clocks are changed."""
    names = set[str]()
    for told in airflow.answers("schedules"):
        names.add(told["name"])
        ours, theirs = told["timetable"], told["airflow"]
        count = min(len(ours), len(theirs))
        assert count >= 10, told["name"]
        assert [day for day, _ in theirs[:count]] == [day for day, _ in ours[:count]]
        late = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
        assert len(late) <= 3, (told["name"], late)
        for (_, due), (_, started) in late:
            apart = datetime.fromisoformat(started) - datetime.fromisoformat(due)
            assert abs(apart) <= timedelta(hours=1)
        starts = [datetime.fromisoformat(start) for _, start in theirs]
        assert all(one < other for one, other in pairwise(starts))
    assert len(names) == 13
