"""The daily example as a manifest: what its pods load and report is what `fwf run` does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from examples.daily.demo import counts_here
from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, seed
from examples.daily.services import services
from examples.daily.workflow import workflow
from fwf.interpreters.engines import ENGINES, ExportRequest
from fwf.interpreters.engines.argo import pod
from fwf.interpreters.engines.argo.orders import encoded, order_of
from fwf.interpreters.engines.worker.loading import loaded
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.packed_values import values_of
from fwf.interpreters.run import execute
from tests.engines.argo.checking import SCHEMA, Tree, parsed, wrong
from tests.engines.argo.controller import Controller, Ended

TARGET = "examples.daily.workflow:workflow"
PARAMS = {"day": BUSY_DAY, "min_amount": 0}


def manifest() -> Tree:
    engine = ENGINES["argo"]
    printed = engine.load_printer()(engine.cut(workflow), ExportRequest(TARGET, "daily"))
    tree = parsed(printed.files["workflow.yaml"])
    assert not SCHEMA.exists() or wrong(tree) == []
    return tree


@pytest.mark.services
def test_the_daily_example_reports_and_loads_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places, store = Places(tmp_path / "data"), f"file://{tmp_path}/lake"
    seed(places, scale=0.01, days=[BUSY_DAY])
    monkeypatch.setenv("DAILY_DATA", str(places.folder))
    pods = Counter[str]()
    last = ""

    def run(args: list[str], env: dict[str, str]) -> Ended:
        nonlocal last
        monkeypatch.setenv("FWF_STORE", env["FWF_STORE"])
        out = tmp_path / "out"
        words = [f"--out={out}" if arg.startswith("--out=") else arg for arg in args]
        status = pod.main(words)
        name = order_of(pod.asked(words)["order"]).name
        pods[name] += 1
        last = capsys.readouterr().out if status == 0 else last
        return Ended(status, {file.name: file.read_text() for file in out.glob("*")})

    with services(places):
        start = {"params": {"day": str(BUSY_DAY), "min_amount": "0"}, "key": "a day"}
        controller = Controller(manifest(), run, Random(1))
        assert controller.run(run=encoded(start), store=store) == "Succeeded"
        on_argo, loads = json.loads(last), counts_here(places, BUSY_DAY)
        assert loads["warehouse"] > 0 and loads["profiles"] > 0
        local = _locally()
    assert on_argo == local
    assert counts_here(places, BUSY_DAY) == loads
    assert pods["begin"] == 1 and len(pods) > 15


def _locally() -> Any:
    """The report of a local run, as JSON."""
    there = loaded(TARGET)
    report = execute(
        workflow, None, params=_params(), resources=there.resources, key="a day"
    ).result.unwrap()
    text, _ = values_of(there.names, Objects("memory:///")).settle(report)
    return json.loads(text)


def _params() -> dict[str, Any]:
    from decimal import Decimal

    return {**PARAMS, "min_amount": Decimal(0)}
