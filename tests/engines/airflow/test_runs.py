"""What `dag.test()` does is what the dry run says: the same end, attempts, order and keys."""

from __future__ import annotations

import shutil

from tests.engines.airflow.conftest import INSIDE, Airflow
from tests.engines.kit import how_many

COUNT = how_many(6)
FIRST = 61
"""Where workflows have about ten tasks."""


def test_generated_workflows_run_as_their_dry_run(airflow: Airflow) -> None:
    shutil.copy(INSIDE / "dags.py", airflow.dags / "kit_dags.py")
    seeds = [str(seed) for seed in range(FIRST, FIRST + COUNT)]
    for told in airflow.migrated().answers("runs", *seeds):
        assert not told["differs"], (told["seed"], told["differs"])
