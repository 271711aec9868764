"""What `dag.test()` does is what the dry run says: the same end, attempts, order and keys."""

from __future__ import annotations

import shutil

import pytest

from tests.engines.airflow.conftest import INSIDE, Airflow
from tests.engines.kit import how_many

COUNT = how_many(4, 60)
FIRST = 61
"""Where workflows have about ten tasks."""


def assert_all_agree(airflow: Airflow, count: int, **more: str) -> None:
    shutil.copy(INSIDE / "dags.py", airflow.dags / "kit_dags.py")
    seeds = [str(seed) for seed in range(FIRST, FIRST + count)]
    for told in airflow.migrated().answers("runs", *seeds, **more):
        assert not told["differs"], (told["seed"], told["differs"])


@pytest.mark.services
def test_generated_workflows_run_as_their_dry_run(airflow: Airflow) -> None:
    assert_all_agree(airflow, COUNT)


@pytest.mark.services
def test_texts_that_look_like_templates_are_texts(airflow: Airflow) -> None:
    assert_all_agree(airflow, max(COUNT // 4, 1), FWF_HOSTILE="1")
