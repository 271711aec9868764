"""The daily example as a state machine: what its functions load and report is what a run does."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.daily.demo import counts_here
from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, seed
from examples.daily.services import services
from examples.daily.workflow import workflow
from fwf.interpreters.engines import ENGINES, ExportRequest
from fwf.interpreters.engines.step_functions.package import DEFINITION
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from fwf.interpreters.engines.worker.lambda_handler import handler
from fwf.interpreters.engines.worker.loading import loaded
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.packed_values import values_of
from fwf.interpreters.run import execute
from tests.engines.step_functions.functions import FUNCTION
from tests.engines.step_functions.interpreters import Interpreter

TARGET = "examples.daily.workflow:workflow"
START = {"params": {"day": str(BUSY_DAY), "min_amount": "0"}, "key": "a day"}


@pytest.mark.services
def test_the_daily_example_reports_and_loads_the_same(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ENGINES["step-functions"]
    there = loaded(TARGET)
    asked = ExportRequest(TARGET, "daily", there.pools)
    files = engine.load_printer()(engine.cut(workflow), asked).files
    definition = files[DEFINITION].replace(PLACE, FUNCTION)
    places = Places(tmp_path / "data")
    seed(places, scale=0.01, days=[BUSY_DAY])
    monkeypatch.setenv("DAILY_DATA", str(places.folder))
    monkeypatch.setenv("FWF_STORE", f"file://{tmp_path}/lake")
    with services(places):
        ran = interpreter.run(definition, START, handler)
        assert ran.error is None, ran
        loads = counts_here(places, BUSY_DAY)
        assert loads["warehouse"] > 0 and loads["profiles"] > 0
        params = {"day": BUSY_DAY, "min_amount": Decimal(0)}
        local: Any = execute(
            workflow, None, params=params, resources=there.resources, key="a day"
        ).result.unwrap()
    text, _ = values_of(there.names, Objects("memory:///")).settle(local)
    assert json.loads(ran.output["value"]["text"]) == json.loads(text)
    assert counts_here(places, BUSY_DAY) == loads
