"""Backfills with real processes: what is passed on, lines of several at once, signals, kills."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from fwf import partitions
from fwf.cli.targets import load
from fwf.cli.timetables.launch import Ended
from fwf.cli.timetables.run_processes import Children
from fwf.schedules.planning import Partition
from tests.cli.backfill_support import lines, project, remembering
from tests.cli_support import Done, command, fwf as apart
from tests.test_cli_terminal import CONTROL, terminal

pytestmark = pytest.mark.services  # each run is a process

JUNE = ("--from", "2025-06-01", "--to", "2025-06-04")
START = date(2025, 6, 1)
DUE = ("run", "jobs.py:fresh", "--due")
"""Of a timetable of four days, long ago."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project(tmp_path)
    with (tmp_path / "jobs.py").open("a") as file:
        file.write(
            "\nfrom datetime import timedelta\n"
            "fresh = every_day(daily, tz='Europe/Berlin', param='day', start=START,\n"
            "                  end=START + timedelta(days=3))\n"
        )
    return tmp_path


def fwf(*words: str, cwd: Path, **more: str) -> Done:
    return apart(*words, cwd=cwd, env=remembering(**more))


def test_each_run_has_the_terminal_or_lines_with_its_day(folder: Path) -> None:
    done = fwf("backfill", "jobs.py", *JUNE, "--at-once", "3", cwd=folder)
    assert done.status == 0
    assert sorted(lines(folder)) == [f"2025-06-0{day}" for day in range(1, 5)]
    labelled = re.compile(r"2025-06-0(\d)  (loaded 2025-06-0\1|2025-06-0\1: \1)\Z")
    out = done.out.splitlines()
    assert len([line for line in out if labelled.match(line)]) == 8
    assert out[-1] == "4 complete now" and out[8] == "4 days, 2025-06-01 … 2025-06-04, both"
    for line in done.err.splitlines():
        assert re.match(r"fwf: |2025-06-0\d  ", line), line


def test_options_are_passed_on_to_each_run(folder: Path) -> None:
    (folder / "jobs.py").write_text(
        "import sys\nfrom datetime import date\nfrom fwf import every_day, in_pool, named, task\n"
        "@task(effect='idempotent')\n"
        "def load(*, day: date, size: int) -> None:\n"
        "    print(day, size, file=open('done.txt', 'a'))\n"
        "w = named('daily', in_pool(load, 'warehouse'))\n"
        "workflow = every_day(w, tz='UTC', param='day', start=date(2025, 6, 1))\n"
    )
    words = ("--param", "size=7", "--workers", "2", "--pool", "warehouse=1", "--log-file",
             "log.txt", "--log-level", "debug", "--journal", "runs.db", "--debug")  # fmt: skip
    done = fwf("backfill", "jobs.py", "--to", "2025-06-02", *words, cwd=folder)
    assert (done.status, lines(folder)) == (0, ["2025-06-01 7", "2025-06-02 7"])
    assert "pools" not in done.err
    assert (folder / "runs.db").exists() and not (folder / ".fwf").exists()
    log = (folder / "log.txt").read_text()
    assert "day=2025-06-01" in log and "day=2025-06-02" in log
    runs = json.loads(fwf("runs", "--json", "--journal", "runs.db", cwd=folder).out)["runs"]
    assert [run["state"] for run in runs] == ["ok", "ok"]
    by_hand = ("--param", "day=2025-06-01", "--param", "size=7", "--journal", "runs.db")
    assert "is complete" in fwf("run", "jobs.py", *by_hand, cwd=folder).err, "it is the same run"


def test_runs_that_were_refused_were_not_done_again(folder: Path) -> None:
    assert fwf("backfill", "jobs.py", *JUNE, cwd=folder).status == 0
    again = ("backfill", "jobs.py", *JUNE, "--again", "--history", "no/such/folder")
    refused = fwf(*again, cwd=folder)
    assert (refused.status, refused.out.splitlines()[-1]) == (1, "4 not begun")
    assert "2025-06-01  not begun: ended with status 2" in refused.out
    assert "--history no/such/folder: it can't be written" in refused.err
    runs = json.loads(fwf(*again, "--json", cwd=folder).out)["runs"]
    assert [(run["state"], run["status"], run["id"]) for run in runs] == [("missing", 2, None)] * 4
    assert len(lines(folder)) == 4


def test_with_json_stdout_is_one_object(folder: Path) -> None:
    (folder / "bad-2025-06-02").touch()
    done = fwf("backfill", "jobs.py", *JUNE, "--json", "--at-once", "2", cwd=folder)
    found = json.loads(done.out)
    assert (done.status, found["status"]) == (1, 1)
    assert [run["state"] for run in found["runs"]] == [
        "complete", "failed", "complete", "complete",
    ]  # fmt: skip
    assert "loaded 2025-06-01" in done.err
    (folder / "bad-2025-06-02").unlink()
    alone = fwf("backfill", "jobs.py", *JUNE, "--json", cwd=folder)
    assert json.loads(alone.out)["left_out"] == {"complete": 3, "not over": 0}
    assert "loaded 2025-06-02" in alone.err


def test_that_each_of_several_has_pools_of_its_own_is_told(folder: Path) -> None:
    (folder / "jobs.py").write_text(
        "from datetime import date\nfrom fwf import every_day, in_pool, named, task\n"
        "@task(effect='idempotent')\n"
        "def load(*, day: date) -> None: ...\n"
        "w = named('daily', in_pool(load, 'warehouse'))\n"
        "pools = {'warehouse': 2}\n"
        "workflow = every_day(w, tz='UTC', param='day', start=date(2025, 6, 1))\n"
    )
    done = fwf("backfill", "jobs.py", "--to", "2025-06-02", "--at-once", "2", cwd=folder)
    assert done.err.startswith(
        "fwf: pools are of one process: each of up to 2 runs has its own warehouse; "
        "--pool NAME=SIZE makes them smaller\n"
    )


# Signals


@pytest.fixture
def slow(folder: Path) -> Path:
    (folder / "slow").touch()
    return folder


def started(folder: Path, *words: str, runs: int, **more: Any) -> "subprocess.Popen[bytes]":
    """A command, once so many of its runs are at work."""
    process = subprocess.Popen(
        command(*words), cwd=folder, env=remembering(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more,
    )  # fmt: skip
    while len([*folder.glob("started-*")]) < runs:
        assert process.poll() is None
        time.sleep(0.01)
    return process


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    out, _ = process.communicate(timeout=60)
    return process.returncode, out.decode()


@pytest.fixture(autouse=True)
def no_orphans(tmp_path: Path) -> Iterator[None]:
    """Lets what a test has left go on to its end."""
    yield
    (tmp_path / "slow").unlink(missing_ok=True)


COMMANDS = {
    "due": (DUE, 1),
    "one": (("backfill", "jobs.py", *JUNE), 1),
    "three": (("backfill", "jobs.py", *JUNE, "--at-once", "3"), 3),
}


@pytest.mark.parametrize(
    ("name", "words", "to"),
    [
        ("SIGINT", "due", "group"),
        ("SIGTERM", "due", "parent"),
        ("SIGHUP", "one", "parent"),
        ("SIGTERM", "one", "group"),
        ("SIGINT", "three", "parent"),
        ("SIGTERM", "three", "parent"),
        ("SIGHUP", "three", "group"),
    ],
)
def test_a_signal_stops_the_runs_in_order_and_the_table_is_told(
    slow: Path, name: str, words: str, to: str
) -> None:
    said, runs = COMMANDS[words]
    process = started(slow, *said, runs=runs, start_new_session=True)
    number = signal.Signals[name]
    os.kill(process.pid, number) if to == "parent" else os.killpg(process.pid, number)
    status, out = ended(process)
    assert status == 128 + number
    assert len([*slow.glob("tidied-*")]) == runs, "finalisers ran"
    assert f"stopped by {name}: {runs} interrupted, {4 - runs} not begun" in out
    assert lines(slow) == []


def test_a_signal_before_a_run_is_ready_for_it_is_told_in_a_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It comes while Python itself starts."""
    monkeypatch.chdir(folder)
    timetable = load("jobs.py").timetable
    assert timetable is not None
    (run,) = partitions(timetable, START, START)
    events: SimpleQueue[Any] = SimpleQueue()
    Children("jobs.py", [], alone=True)(Partition(run, "missing"), events.put).stop(signal.SIGINT)
    assert events.get(timeout=60) == Ended("2025-06-01", 130)
    assert capfd.readouterr().err == "fwf: stopped by SIGINT\n"


def test_the_same_command_goes_on_after_a_signal(slow: Path) -> None:
    said, _ = COMMANDS["three"]
    process = started(slow, *said, runs=3)
    process.terminate()
    assert ended(process)[0] == 143
    (slow / "slow").unlink()
    again = fwf(*said, cwd=slow)
    assert again.status == 0 and "4 complete now" in again.out
    assert sorted(lines(slow)) == [f"2025-06-0{day}" for day in range(1, 5)]
    assert again.err.count("goes on, try 2") == 3


def test_a_run_that_is_killed_is_told_and_the_others_are_done(slow: Path) -> None:
    process = started(slow, "backfill", "jobs.py", *JUNE, runs=1)
    (child,) = children(process.pid)
    os.kill(child, signal.SIGKILL)
    (slow / "slow").unlink()
    status, out = ended(process)
    assert status == 1 and re.search(r"2025-06-01  died [-+:\d ]+ in daily > .*load", out)
    assert "3 complete now, 1 died" in out
    assert fwf("backfill", "jobs.py", *JUNE, cwd=slow).status == 0
    assert sorted(lines(slow)) == [f"2025-06-0{day}" for day in range(1, 5)]


def test_after_its_parent_is_killed_a_run_goes_on_and_holds_its_day(slow: Path) -> None:
    process = started(slow, "backfill", "jobs.py", *JUNE, runs=1)
    (child,) = children(process.pid)
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    done = fwf("backfill", "jobs.py", "--to", "2025-06-01", cwd=slow)
    assert done.status == 75
    assert f"process {child}" in done.out and "1 running" in done.out
    (slow / "slow").unlink()
    while Path(f"/proc/{child}/status").exists() and not lines(slow):
        time.sleep(0.01)
    assert lines(slow) == ["2025-06-01"]


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# Terminals


def on_terminal(folder: Path, *words: str) -> Any:
    return terminal(folder, "backfill", "jobs.py", *words, FWF_JOURNAL=str(folder / "runs.db"))


def test_one_at_a_time_draws_its_picture_on_the_terminal(folder: Path) -> None:
    with on_terminal(folder, "--to", "2025-06-02") as shown:
        assert shown.end() == 0
        text = CONTROL.sub("", shown.shown)
    assert "fwf: 2025-06-02, 2 of 2" in text and "2 complete now" in text
    assert len(re.findall(r"daily  [0-9a-f]{8}", text)) == 2


def test_a_terminal_that_hangs_up_stops_the_runs_in_order(slow: Path) -> None:
    with on_terminal(slow, "--to", "2025-06-04", "--at-once", "2") as shown:
        while len([*slow.glob("started-*")]) < 2:
            time.sleep(0.01)
        shown.read("2025-06-02, 2 of 4")
        os.close(shown.master)
        shown.master = os.open(os.devnull, os.O_RDONLY)
        shown.process.send_signal(signal.SIGHUP)
        assert shown.process.wait(timeout=60) == 129
    assert len([*slow.glob("tidied-*")]) == 2


def test_two_at_once_are_harmless(folder: Path) -> None:
    """Both begin with the same day; whoever is second leaves it to the other."""
    both = [
        subprocess.Popen(
            command(*DUE), cwd=folder, env=remembering(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]  # fmt: skip
    statuses = [ended(each)[0] for each in both]
    assert {*statuses} <= {0, 75}
    assert fwf(*DUE, cwd=folder).status == 0
    assert sorted(lines(folder)) == [f"2025-06-0{day}" for day in range(1, 5)]
