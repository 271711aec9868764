"""`fwf run --on`: a cluster of this machine, one that is there, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli_support import Done, environment, fwf

pytestmark = pytest.mark.services  # processes and clusters take their time

FLOW = """
import os, time
from typing import Annotated
from fwf import Resource, always, const, map_each, named, task
from contextlib import contextmanager

@contextmanager
def desk():
    yield os.getpid()

@task(effect="read")
def items(*, count: int) -> list[int]:
    return [*range(count)]

@task(effect="pure")
def one(n: int, *, desk: Annotated[int, Resource]) -> int:
    print("told", n)
    assert desk == os.getpid()
    return desk

@task(effect="pure")
def total(ns: list[int]) -> int:
    return len({*ns} - {os.getppid()})

@task(effect="pure")
def slow(n: int) -> int:
    time.sleep(6)
    return n

@task(effect="idempotent")
def tidy(n: int) -> None:
    print("tidied", flush=True)

@task(effect="pure")
def where(n: int) -> int:
    return os.getpid()

resources = {"desk": desk}
workflow = named("load", items >> map_each(one) >> total)
stops = named("stops", const(1) >> always(slow, then=tidy))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "load.py").write_text(FLOW)
    return tmp_path


def ran(folder: Path, *words: str) -> Done:
    return fwf("run", "load.py", *words, cwd=folder)


def test_on_a_cluster_of_this_machine(project: Path) -> None:
    words = "--param", "count=3", "--on", "dask", "--journal", "runs.db"
    done = ran(project, *words, "--json")
    assert done.status == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    assert found["outcome"] == "ok" and len(found["events"]) == 5
    assert "told 2" in done.err, "what tasks print isn't in the JSON"
    again = ran(project, *words)
    assert "is complete, and nothing was done" in again.err


def test_on_a_cluster_that_is_there(project: Path, client: Any, folder: Path) -> None:
    address = client.scheduler.address.removeprefix("tcp://")
    words = "--param", "count=3", "--on", f"dask://{address}"
    refused = ran(project, *words)
    assert refused.status == 2 and "module 'load' can't be imported here" in refused.err
    assert all(line.startswith("fwf: ") for line in refused.err.splitlines()), refused.err
    (folder / "load.py").write_text(FLOW)
    done = ran(folder, *words)
    assert done.status == 0, done.err


def test_what_a_profile_opens_is_opened_by_the_worker(project: Path) -> None:
    text = (project / "load.py").read_text().replace('resources = {"desk": desk}', "")
    (project / "load.py").write_text(text)
    profile = '[profile.here.resources]\ndesk = { opener = "load:desk" }\n'
    (project / "fwf.toml").write_text(profile)
    words = "--param", "count=3", "--on", "dask"
    assert "desk" in ran(project, *words).err
    done = ran(project, *words, "--profile", "here")
    assert done.status == 0 and done.out.splitlines()[-1] in "12", done.err


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("dasc", "there is no engine 'dasc'; did you mean 'dask'?"),
        ("DASC", "there is no engine 'DASC'; did you mean 'dask'?"),
        ("dasc://127.0.0.1:1", "there is no engine 'dasc'; did you mean 'dask'?"),
        ("dask:127.0.0.1:1", "an address stands behind ://; did you mean 'dask://127.0.0.1:1'?"),
        ("airflow", "Airflow isn't driven from here; runs go to dask; fwf export TARGET --to"),
        ("dask://", "dask://: there is no address: write dask://HOST:PORT, or dask alone"),
        ("dask://nowhere", "dask://nowhere is no address: write dask, for processes on this"),
    ],
)
def test_what_is_no_place_for_runs_is_refused_before_anything(
    project: Path, on: str, said: str
) -> None:
    done = ran(project, "--param", "count=3", "--on", on)
    assert done.status == 2 and said in done.err and done.err.startswith(f"fwf: --on {on}: ")


def test_where_nobody_answers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    done = ran(project, "--param", "count=3", "--on", "dask://127.0.0.1:1")
    assert done.status == 2 and "no scheduler of Dask answers there" in done.err


def test_ctrl_c_cuts_the_step_and_lets_the_finaliser_end(project: Path) -> None:
    words = [sys.executable, "-m", "fwf", "run", "load.py:stops", "--on", "dask"]
    with subprocess.Popen(
        words, cwd=project, env=environment(), encoding="utf-8", start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if " start " in line and "slow" in line:
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers hear it, too
        assert process.wait() == 130
    assert any("tidied" in line for line in said)
    assert any(" cut " in line and "slow" in line for line in said)
