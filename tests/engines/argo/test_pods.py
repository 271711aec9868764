"""Pods as the processes that they are: what they leave, tell, and end with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fwf.interpreters.engines import ENGINES, ExportRequest
from fwf.interpreters.engines.argo.orders import decoded, encoded
from tests.cli_support import ROOT, environment, fwf
from tests.engines.argo import shop
from tests.engines.argo.checking import Tree, parsed
from tests.engines.argo.controller import Controller, Ended

pytestmark = pytest.mark.services  # each pod is a process

MODULE = "tests.engines.argo.shop"


class Cluster:
    """Runs manifests with a process for each pod, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = f"file://{folder}/lake"
        self.said: list[str] = []
        self.told: list[str] = []
        self.statuses: list[int] = []

    def env(self, given: dict[str, str]) -> dict[str, str]:
        return environment(SHOP_LOG=str(self.folder / "log"), **given)

    def command(self, args: list[str]) -> list[str]:
        out = self.folder / "out"
        words = [f"--out={out}" if arg.startswith("--out=") else arg for arg in args]
        return [sys.executable, "-m", "fwf", "worker", "argo", *words]

    def pod(self, args: list[str], given: dict[str, str]) -> Ended:
        out = self.folder / "out"
        for file in out.glob("*"):
            file.unlink()
        done = subprocess.run(
            self.command(args), cwd=ROOT, env=self.env(given), capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        self.said.append(done.stderr)
        self.told.append(done.stdout)
        self.statuses.append(done.returncode)
        return Ended(done.returncode, self.files())

    def files(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in (self.folder / "out").glob("*")}

    def run(self, attribute: str, *, again: str = "0", **start: Any) -> str:
        controller = Controller(_manifest(attribute), self.pod, Random(1))
        return controller.run(run=encoded(start), store=self.store, again=again)

    def log(self) -> list[str]:
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []


def _manifest(attribute: str) -> Tree:
    engine = ENGINES["argo"]
    cut = engine.cut(getattr(shop, attribute))
    asked = ExportRequest(f"{MODULE}:{attribute}", attribute, shop.pools)
    return parsed(engine.load_printer()(cut, asked).files["workflow.yaml"])


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_a_run_is_one_process_after_another(cluster: Cluster) -> None:
    assert cluster.run("daily", params={"day": "2026-07-15"}) == "Succeeded"
    assert json.loads(cluster.told[-1]) == {"tuple": ["3 loaded of 2026-07-15", "mailed"]}
    assert sorted(cluster.log()) == ["load 1", "load 2", "load 3", "mail", "read 2026-07-15"]


def test_parameters_are_checked_before_anything_begins(cluster: Cluster) -> None:
    assert cluster.run("daily", params={"dya": "2026-07-15"}) == "Failed"
    assert cluster.statuses == [1] and not cluster.log()
    assert "'dya'" in cluster.said[0] and "day" in cluster.said[0]


def test_a_fault_is_told_with_its_path(cluster: Cluster) -> None:
    assert cluster.run("failing", value=2) == "Failed"
    fault, anew = cluster.said[-1].splitlines()
    assert fault == "failing[1] > save: OSError: the disk is full"
    assert anew.endswith("argo retry WORKFLOW -p again=1")
    assert cluster.statuses[-1] == 1
    assert cluster.log() == ["save", "save"]
    assert cluster.statuses[-2:] == [75, 1]


def test_what_a_loop_gives_is_what_its_last_round_gave(cluster: Cluster) -> None:
    assert cluster.run("counting", value=1) == "Succeeded"
    assert cluster.told[-1] == "4\n"


def test_a_list_that_is_too_long_is_done_in_one_pod(cluster: Cluster) -> None:
    phase = cluster.run("listing", value=1_001)
    assert phase == "Succeeded", cluster.said
    assert json.loads(cluster.told[-1]) == [*range(1, 1_002)]
    assert len(cluster.statuses) == 4


def test_a_finaliser_follows_what_failed_and_is_given_the_same(cluster: Cluster) -> None:
    assert cluster.run("closing", value=7) == "Failed"
    assert cluster.log() == ["load 7", "save", "load 7"]
    assert any("closing > save: OSError: the disk is full" in said for said in cluster.said)
    (cluster.folder / "log.mended").touch()
    assert cluster.run("closing", again="1", value=7) == "Succeeded"
    assert cluster.log() == ["load 7", "save", "load 7", "save", "load 7"]


def test_a_finaliser_follows_a_predicate_that_has_no_value(cluster: Cluster) -> None:
    assert cluster.run("unfit", value=7) == "Failed"
    assert cluster.log() == ["load 7"]


def test_a_run_that_has_not_begun_has_nothing_to_finish(cluster: Cluster) -> None:
    assert cluster.run("closing", value="seven") == "Failed"
    assert (cluster.statuses, cluster.log()) == ([1, 0], [])


def test_what_has_failed_is_done_anew_when_a_person_says_so(cluster: Cluster) -> None:
    assert cluster.run("failing", value=2) == "Failed"
    (cluster.folder / "log.mended").touch()
    assert cluster.run("failing", value=2) == "Failed"
    assert cluster.log() == ["save", "save"]
    assert cluster.run("failing", again="1", value=2) == "Succeeded"
    assert cluster.log() == ["save", "save", "save"]


def test_a_pod_without_a_store_says_what_is_missing(cluster: Cluster) -> None:
    cluster.store = ""
    assert cluster.run("daily", params={"day": "2026-07-15"}) == "Failed"
    assert cluster.statuses == [2]
    assert "there is no store: submit with -p store=s3://bucket/prefix" in cluster.said[0]


@pytest.mark.parametrize("start", ["no base64", "e30", "W10=", "bm8="])
def test_what_a_run_is_started_with_is_told_if_it_is_unclear(cluster: Cluster, start: str) -> None:
    args = _args(cluster)
    words = [f"--input={start}" if each.startswith("--input") else each for each in args]
    assert cluster.pod(words, {"FWF_STORE": cluster.store}).status == 2
    (said,) = cluster.said[-1].splitlines()
    assert "-p run" in said or "the call /in" in said


def _args(cluster: Cluster) -> list[str]:
    """The arguments of the first pod of `waiting`, which begins the run."""
    seen: list[list[str]] = []

    def pod(args: list[str], given: dict[str, str]) -> Ended:
        seen.append(args)
        return Ended(1, {})

    Controller(_manifest("waiting"), pod, Random(1)).run(run=encoded({}), store=cluster.store)
    return seen[0]


@pytest.mark.parametrize(
    ("attribute", "phase", "log"),
    [
        ("waiting", "Succeeded", ["begun", "begun"]),
        ("waiting_once", "Failed", ["begun"]),
        ("waiting_items", "Succeeded", ["begun", "begun"]),
    ],
)
def test_a_pod_that_is_ended_is_begun_again_by_the_controller(
    cluster: Cluster, attribute: str, phase: str, log: list[str]
) -> None:
    """What it had begun and mayn't do twice is in doubt; all else is done again, and isn't what an
    item gave."""
    ended: list[int] = []

    def pod(args: list[str], given: dict[str, str]) -> Ended:
        if cluster.log():
            return cluster.pod(args, given)
        ended.append(_ended(cluster, args, {**given, "SHOP_WAIT": "1"}))
        return Ended(ended[-1], cluster.files())

    tree = _manifest(attribute)
    found = Controller(tree, pod, Random(1)).run(run="e30=", store=cluster.store)
    assert found == phase, (ended, cluster.said, cluster.log())
    assert ({*ended[:-1]}, ended[-1], cluster.log()) == ({0}, 143, log)
    assert phase == "Succeeded" or "InDoubt" in cluster.said[-1]


def _ended(cluster: Cluster, args: list[str], given: dict[str, str]) -> int:
    """The exit status of a pod that is told to end as soon as a task has begun."""
    with subprocess.Popen(
        cluster.command(args), cwd=ROOT, env=cluster.env(given), stderr=subprocess.DEVNULL
    ) as worker:
        until = time.monotonic() + 60
        while worker.poll() is None and not cluster.log():
            assert time.monotonic() < until
            time.sleep(0.01)
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGTERM)
        return worker.wait(60)


# The command line


def test_an_export_is_a_manifest_a_dockerfile_and_what_to_do_with_them(tmp_path: Path) -> None:
    done = fwf("export", f"{MODULE}:daily", "--to", "argo", "-o", str(tmp_path), cwd=ROOT)
    assert done.status == 0, done.err
    assert {file.name for file in tmp_path.iterdir()} == {
        "workflow.yaml",
        "Dockerfile",
        ".fwf-export.json",
    }
    assert parsed((tmp_path / "workflow.yaml").read_text()) == _manifest("daily")
    submit = next(line for line in done.err.splitlines() if "argo submit" in line)
    command = f"argo() {{ printf '%s\\n' \"$@\"; }}; {submit[submit.index('argo submit') :]}"
    words = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    run = next(word for word in words.stdout.splitlines() if word.startswith("run="))
    assert decoded(run.removeprefix("run=")) == {"params": {"day": "..."}}


def test_what_no_pod_can_import_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    done = fwf("export", "plan.json", "--to", "argo", "-o", "out", cwd=tmp_path)
    assert done.status == 2 and done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
