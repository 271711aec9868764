"""The daily example on Airflow gives the report that it gives here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.engines.airflow.conftest import INSIDE, Airflow

REPORT = """\
1995-09-16: 16 of 16 orders, 570070.04 USD
orders at an earlier day's rate: 0
log lines set aside: 13
loaded into warehouse: 16
loaded into profiles: 16
loaded into CRM: 16"""


@pytest.mark.services
def test_the_daily_example_gives_its_report(airflow: Airflow, tmp_path: Path) -> None:
    shutil.copy(INSIDE / "daily.py", airflow.dags / "daily.py")
    folder, store = tmp_path / "data", (tmp_path / "store").as_uri()
    told = airflow.migrated().answer("daily_run", DAILY_DATA=str(folder), DAILY_STORE=store)
    assert told["state"] == "success" and told["report"] == REPORT
    skipped = [task for task, state in told["states"].items() if state != "success"]
    assert len(told["states"]) > 40 and len(skipped) == 1 and "unknown_currency" in skipped[0]
