"""A run that is killed around any of its requests, and run again, leaves what one run leaves."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fwf.connectors.dynamodb import Tables
from tests.connectors.dynamodb.conftest import Maker
from tests.connectors.dynamodb.layer import Ask, Layer, Request

ROOT = Path(__file__).parents[3]
IDS = ["order", "line 1", "line 2", *(f"profile {n}" for n in range(60))]
REQUESTS = 5


def start(layer: Layer, table: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.connectors.dynamodb.killed", layer.address, table]
    env = {**os.environ, "DYNAMODB_KEY": "key-for-tests"}
    return subprocess.Popen(command, cwd=ROOT, env=env)


def through(request: Request, ask: Ask) -> Any:
    return ask(request)


@pytest.mark.services
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(REQUESTS))
def test_a_killed_run_is_finished_by_the_next(
    layer: Layer, behind: Tables, make_table: Maker, at: int, is_done: bool
) -> None:
    table = make_table(kinds="S", on_moto=True)
    started = list[subprocess.Popen[bytes]]()

    def kills(request: Request, ask: Ask) -> None:
        if is_done:
            ask(request)
        started[0].kill()

    layer.faults = [*[through] * at, kills]
    started.append(start(layer, table))
    assert started[0].wait(60) == -9
    assert start(layer, table).wait(60) == 0
    held = [behind.page(table, each, key=["id"]).items for each in IDS]
    assert [item["id"] for (item,) in held] == IDS
    assert not layer.faults
    assert len(layer.came) <= at + 1 + REQUESTS + len(IDS)
