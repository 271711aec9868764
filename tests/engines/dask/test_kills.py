"""Workers that are killed at random change nothing, and clients that are killed go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from returns.result import Failure

from fwf.algebra.nodes import Task
from fwf.algebra.paths import untagged
from fwf.algebra.traverse import walk
from fwf.faults import leaves
from fwf.interpreters.engines.dask import Dask
from fwf.interpreters.run import execute
from tests.cli_support import ROOT, environment
from tests.engines.dask.conftest import LOST
from tests.engines.dask.kills import steady, written
from tests.engines.kit import Case, assert_same, end_of_result, how_many

pytestmark = pytest.mark.services  # processes and clusters take their time

RUNS = how_many(4, 50)
PAUSES = 0, 0.6
"""Seconds between kills."""


@contextmanager
def killing(client: Any, case: Case, chance: random.Random) -> Iterator[list[int]]:
    """Kill workers now and then, once a step has begun ⟶ those that were."""
    killed: list[int] = []
    over = Event()

    def kills() -> None:
        while not case.lines() and not over.wait(0.01):
            pass
        while not over.wait(chance.uniform(*PAUSES)):
            workers = [*client.run(os.getpid, on_error="ignore").values()]
            if len(workers) > 1:  # a nanny gives up a worker that dies while it begins
                killed.append(chance.choice(workers))
                with suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    client.wait_for_workers(2)
    thread = Thread(target=kills)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _once(case: Case) -> set[str]:
    """The paths of the steps that must not be begun twice."""
    found = (here for here in walk(case.workflow) if isinstance(here.node, Task))
    return {untagged(here.path) for here in found if here.node.contract.effect == "unrepeatable"}


def test_workers_that_are_killed_change_nothing(client: Any, folder: Path) -> None:
    chance = random.Random(7)
    doubts = kills = 0
    for seed in range(RUNS):
        case = steady(seed + 60)
        target = written(case, folder)
        module = import_module(target.partition(":")[0])
        given: Any = {"params": case.params, "key": case.key, "pools": case.pools}
        with killing(client, case, chance) as killed:
            result = execute(
                module.workflow, case.value, **given, on=Dask(client, target=target)
            ).result
        kills += len(killed)
        begun = Counter((each.path, each.attempt) for each in case.lines() if each.what == "begun")
        once = _once(case)
        twice = [each for each, count in begun.items() if count > 1 and untagged(each[0]) in once]
        assert not twice, case
        tags = {tag for leaf in _leaves(result) for tag in leaf.tags}
        if "InDoubt" in tags:  # what was under way on a worker that was killed
            doubts += 1
        else:
            assert_same(case, end_of_result(result), once=False, order=False)
    print(f"{RUNS} runs, {kills} kills, {doubts} in doubt")
    assert kills and doubts < RUNS


def _leaves(result: Any) -> Any:
    return leaves(result.failure()) if isinstance(result, Failure) else ()


# The daily example


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from examples.daily.places import Places
    from examples.daily.seed import BUSY_DAY, seed

    found = Places(tmp_path_factory.mktemp("daily"))
    seed(found, scale=0.01, days=[BUSY_DAY])
    return found


@pytest.fixture(scope="module")
def scheduler(places: Any) -> Iterator[str]:
    """The address of a cluster whose workers know where the daily example's systems are."""
    import dask
    from distributed import LocalCluster

    with (
        pytest.MonkeyPatch.context() as patch,
        dask.config.set({LOST: "1h"}),
    ):
        patch.setenv("DAILY_DATA", str(places.folder))
        patch.syspath_prepend(str(ROOT))
        with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
            yield cluster.scheduler_address.removeprefix("tcp://")


def _daily(places: Any, scheduler: str, journal: Path) -> subprocess.Popen[str]:
    from examples.daily.seed import BUSY_DAY

    words = [
        "examples.daily.workflow", "--param", f"day={BUSY_DAY}", "--param", "min_amount=0",
        "--journal", str(journal), "--key", journal.stem, "--on", f"dask://{scheduler}",
    ]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "fwf", "run", *words], cwd=ROOT,
        env=environment(DAILY_DATA=str(places.folder)), encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_the_daily_example_goes_on_when_its_client_is_killed(
    places: Any, scheduler: str, tmp_path: Path
) -> None:
    from examples.daily.demo import counts_here
    from examples.daily.seed import BUSY_DAY
    from examples.daily.services import services

    chance = random.Random(5)
    with services(places):
        for n in range(how_many(2, 20)):
            journal = tmp_path / f"runs{n}.db"
            first = _daily(places, scheduler, journal)
            _killed_at_random(first, chance, journal)
            out, err = _daily(places, scheduler, journal).communicate(timeout=200)
            if "is complete" not in err:
                assert "16 of 16 orders, 570070.04 USD" in out, err
                assert "loaded into warehouse: 16" in out and "loaded into CRM: 16" in out
    assert counts_here(places, BUSY_DAY) == {"warehouse": 16, "profiles": 16}


def _killed_at_random(process: subprocess.Popen[str], chance: random.Random, journal: Path) -> None:
    """Kill a run some time after it has begun."""
    end = time.monotonic() + 60
    while not journal.exists() and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(chance.uniform(0, 6))
    process.kill()
    process.communicate()
