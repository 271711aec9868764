"""What is begun on a cluster, and how often: where workers and clients die, and steps are cut.

Rows 45 to 49 of the cases that went wrong elsewhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf.faults import leaves
from fwf.interpreters.engines.dask import Dask
from fwf.interpreters.run import run
from tests.cli_support import ROOT, environment
from tests.engines.dask import flows
from tests.engines.dask.flows import counts, marks

pytestmark = pytest.mark.services  # processes and clusters take their time

TARGET = "tests.engines.dask.flows"


def on(client: Any, attribute: str) -> Dask:
    return Dask(client, target=f"{TARGET}:{attribute}")


def failed(result: Any) -> Any:
    assert isinstance(result, Failure), result
    return leaves(result.failure())


def waits(until: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@contextmanager
def going_after(look: Callable[[], None], folder: Path) -> Iterator[None]:
    """Let the run go on that waits for `go`, after `look`, and also where `look` fails."""

    def goes() -> None:
        try:
            look()
        finally:
            flows.once(str(folder), "go")

    with ThreadPoolExecutor(1) as beside:
        looks = beside.submit(goes)
        yield
        looks.result()


# Row 45: what a worker was at that died


def test_a_step_that_may_be_repeated_is_begun_again_with_its_key(
    client: Any, tmp_path: Path
) -> None:
    assert run(flows.puts, str(tmp_path), on=on(client, "puts")) == Success(str(tmp_path))
    assert len(marks(tmp_path, "put")) == 2 and len({key for _, key in marks(tmp_path, "put")}) == 1


def test_an_unrepeatable_step_is_in_doubt_and_not_begun_again(client: Any, tmp_path: Path) -> None:
    (fault,) = failed(run(flows.pays, str(tmp_path), on=on(client, "pays")))
    assert fault.path == "pays" and fault.tags == ("InDoubt",)
    assert "by the worker tcp://" in fault.message
    assert len(marks(tmp_path, "pay")) == 1


def _die_once(folder: str) -> None:
    """On a worker: end it when the next answer is made, behind what was done."""
    from fwf.interpreters.engines.dask import leaf

    usual = leaf.answer_to_bytes

    def dying(*given: Any) -> bytes:
        if flows.once(folder, "died"):
            os.kill(os.getpid(), signal.SIGKILL)
        return usual(*given)

    leaf.answer_to_bytes = dying


def test_what_was_done_when_its_worker_died_before_the_client_heard_isnt_done_again(
    client: Any, tmp_path: Path
) -> None:
    client.run(_die_once, str(tmp_path))
    try:
        result = run(flows.charges, str(tmp_path), on=on(client, "charges"))
    finally:
        client.restart()
    assert result == Success(str(tmp_path)) and len(marks(tmp_path, "charge")) == 1
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("flow", ["dies", "dies_pure"])
def test_a_step_that_ends_its_worker_each_time_has_failed(
    client: Any, tmp_path: Path, flow: str
) -> None:
    (fault,) = failed(run(getattr(flows, flow), str(tmp_path), on=on(client, flow)))
    assert fault.path == flow
    assert "ended without a word" in fault.message and fault.tags[0].endswith("Killed")
    begun = counts(tmp_path)["deadly" if flow == "dies" else "deadly_pure"]
    assert begun == 4 if flow == "dies" else 4 < begun < 8


# Row 46: keys


def test_each_attempt_has_a_key_of_its_own_and_nothing_is_kept(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    usual = client.map

    def mapped(*given: Any, key: list[str], **more: Any) -> Any:
        keys.extend(key)
        return usual(*given, key=key, **more)

    monkeypatch.setattr(client, "map", mapped)
    for _ in range(2):
        result = run(flows.exits, str(tmp_path), key="one", on=on(client, "exits"))
        assert isinstance(result, Failure)
    assert len(keys) == len({*keys}) == 2 * (2 + 3)
    assert counts(tmp_path) == {"leaves": 4, "beside": 6}
    waits(lambda: not client.futures, "futures are let go")


def _left(dask_scheduler: Any) -> tuple[int, list[str]]:
    """What the scheduler keeps of runs."""
    from fwf.interpreters.engines.dask.keeper import NAME

    stations = [name for name in dask_scheduler.worker_plugins if name.startswith("fwf-")]
    return len(dask_scheduler.plugins[NAME].ledger), stations


def _stations(dask_worker: Any) -> list[str]:
    return [name for name in dask_worker.plugins if name.startswith("fwf-")]


def test_what_a_client_has_heard_is_forgotten_while_it_goes_on(client: Any, tmp_path: Path) -> None:
    def forgets() -> None:
        waits(lambda: marks(tmp_path, "blocks"), "the step before is written down")
        waits(lambda: client.run_on_scheduler(_left)[0] == 0, "and forgotten")

    with going_after(forgets, tmp_path):
        result = run(flows.heard, str(tmp_path), on=on(client, "heard"))
    assert result == Success(str(tmp_path)) and counts(tmp_path) == {"charge": 1, "blocks": 1}


def test_nothing_of_a_run_is_left_when_it_is_over(client: Any, tmp_path: Path) -> None:
    run(flows.exits, str(tmp_path), on=on(client, "exits"))
    waits(lambda: client.run_on_scheduler(_left) == (0, []), "the scheduler forgets it")
    assert not any(client.run(_stations).values())


# Row 47: cuts


def test_the_next_attempt_of_a_writer_waits_for_the_one_that_was_cut(
    client: Any, tmp_path: Path
) -> None:
    assert run(flows.cut, str(tmp_path), on=on(client, "cut")) == Success(str(tmp_path))
    said = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert said == ["begun", "ended"] * 2


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_process_of_an_isolated_step_is_killed_on_its_worker(
    client: Any, tmp_path: Path
) -> None:
    (fault,) = failed(run(flows.cut_apart, str(tmp_path), on=on(client, "cut_apart")))
    assert "not done within" in fault.message
    ((process,),) = marks(tmp_path, "apart")
    waits(lambda: not _is_there(int(process)), "it is gone")


def test_a_coroutine_is_cancelled_on_its_worker(client: Any, tmp_path: Path) -> None:
    failed(run(flows.cut_awaits, str(tmp_path), on=on(client, "cut_awaits")))
    waits(lambda: marks(tmp_path, "cancelled"), "it is cancelled")


def _late(dask_scheduler: Any) -> bool:
    """Whether the scheduler has the future of a step."""
    return any(key.startswith("late-") for key in dask_scheduler.tasks)


def test_what_is_cut_before_it_begins_never_does(client: Any, tmp_path: Path) -> None:
    def cancels() -> None:
        waits(lambda: client.run_on_scheduler(_late), "it is asked for, and all threads are busy")
        waits(lambda: not client.run_on_scheduler(_late), "it is cancelled")

    client.wait_for_workers(2)
    with going_after(cancels, tmp_path):
        failed(run(flows.queued, str(tmp_path), on=on(client, "queued")))
    assert counts(tmp_path) == {"blocks": 4}


# Row 48: clients


def test_a_connection_that_breaks_repeats_nothing(client: Any, tmp_path: Path) -> None:
    def breaks() -> None:
        waits(lambda: marks(tmp_path, "wire"), "it has begun")
        lost = client.scheduler_comm
        client.loop.add_callback(lost.comm.abort)
        waits(
            lambda: client.status == "running" and client.scheduler_comm not in (None, lost),
            "there is another",
        )

    with going_after(breaks, tmp_path):
        result = run(flows.wires, str(tmp_path), on=on(client, "wires"))
    assert result == Success(str(tmp_path))
    assert counts(tmp_path) == {"wire": 1, "wire_done": 1, "charge": 1}


SCRIPT = """
import sys
from distributed import Client
from fwf import run
from fwf.interpreters.engines.dask import Dask
from tests.engines.dask import flows

address, attribute, folder = sys.argv[1:]
if __name__ == "__main__":
    with Client(address) as client:
        on = Dask(client, target=f"tests.engines.dask.flows:{attribute}")
        result = run(getattr(flows, attribute), folder, journal=f"{folder}/runs.db", on=on)
    print(result)
"""


class Started:
    """A client in a process of its own."""

    def __init__(self, client: Any, attribute: str, folder: Path) -> None:
        script = folder / "script.py"
        script.write_text(SCRIPT)
        address = client.scheduler.address
        self.process = subprocess.Popen(
            [sys.executable, str(script), address, attribute, str(folder)], cwd=ROOT,
            env=environment(PYTHONPATH=str(ROOT)), encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def said(self) -> str:
        out, err = self.process.communicate(timeout=100)
        assert self.process.returncode == 0, err
        return out


@pytest.fixture
def start(client: Any, tmp_path: Path) -> Iterator[Callable[[str], Started]]:
    started: list[Started] = []

    def begun(attribute: str) -> Started:
        started.append(Started(client, attribute, tmp_path))
        return started[-1]

    yield begun
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(("flow", "step"), [("longs", "long"), ("wires", "wire")])
def test_a_client_that_was_killed_goes_on_with_what_works_on_meanwhile(
    client: Any, start: Callable[[str], Started], tmp_path: Path, flow: str, step: str
) -> None:
    first = start(flow)
    waits(lambda: marks(tmp_path, step), "it has begun")
    first.process.kill()
    first.process.wait()
    asked = len(client.run_on_scheduler(_questions))
    second = start(flow)
    waits(lambda: len(client.run_on_scheduler(_questions)) > asked, "it has asked for it")
    flows.once(str(tmp_path), "go")
    assert "Success" in second.said()
    assert counts(tmp_path) == {step: 1, f"{step}_done": 1, "charge": 1}


def test_what_ended_while_the_client_was_away_is_told_to_the_next_one(
    start: Callable[[str], Started], tmp_path: Path
) -> None:
    first = start("wires")
    waits(lambda: marks(tmp_path, "wire"), "it has begun")
    first.process.kill()
    first.process.wait()
    flows.once(str(tmp_path), "go")
    waits(lambda: marks(tmp_path, "wire_done"), "it has ended")
    assert "Success" in start("wires").said()
    assert counts(tmp_path) == {"wire": 1, "wire_done": 1, "charge": 1}


def test_of_what_no_cluster_knows_an_unrepeatable_step_is_in_doubt(
    client: Any, start: Callable[[str], Started], tmp_path: Path
) -> None:
    first = start("wires")
    waits(lambda: marks(tmp_path, "wire"), "it has begun")
    first.process.kill()
    first.process.wait()
    client.run_on_scheduler(_forget)
    said = start("wires").said()
    assert "InDoubt" in said and "the cluster doesn't know of it" in said and "fwf resolve" in said
    flows.once(str(tmp_path), "go")
    waits(lambda: marks(tmp_path, "wire_done"), "it has ended")
    assert counts(tmp_path) == {"wire": 1, "wire_done": 1}


def test_an_unrepeatable_step_that_failed_is_in_doubt_as_it_is_here(
    client: Any, tmp_path: Path
) -> None:
    journal = tmp_path / "runs.db"
    one, two = (
        failed(run(flows.bounces, str(tmp_path), journal=journal, on=on(client, "bounces")))
        for _ in range(2)
    )
    assert one[0].tags[0] == "ConnectionError" and two[0].tags == ("InDoubt",)
    assert two[0].message.startswith("failed at ")
    assert "it may have been done all the same: look, then write `fwf resolve" in two[0].message
    assert counts(tmp_path) == {"bounce": 1}


def _questions(dask_scheduler: Any) -> list[str]:
    """The futures of steps that are cut off, and that another client has asked for again."""
    return [key for key in dask_scheduler.tasks if key.startswith(("long_", "long-", "wire-"))]


def _forget(dask_scheduler: Any) -> None:
    """As a scheduler is that was started anew."""
    from fwf.interpreters.engines.dask.keeper import NAME, Ledger

    dask_scheduler.plugins[NAME].ledger = Ledger()


# Row 49: a step that leaves


def test_sys_exit_is_a_failed_attempt_and_nobody_elses(client: Any, tmp_path: Path) -> None:
    before = {*client.scheduler_info()["workers"]}
    (fault,) = failed(run(flows.exits, str(tmp_path), on=on(client, "exits")))
    assert fault.tags[0] == "SystemExit" and fault.path == "exits > leaves"
    assert counts(tmp_path) == {"leaves": 2, "beside": 3}
    assert {*client.scheduler_info()["workers"]} == before, "no worker has ended"
