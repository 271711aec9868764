"""What is told of a day that is complete, and is done once more; what isn't delivered meanwhile."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fwf import Journal, execute
from fwf.cli.targets import load
from fwf.cli.timetables.late import late
from fwf.interpreters.run import give_up
from fwf.journal.opening import open_store
from fwf.journal.run_records import RunRow
from fwf.journal.versioned_logs import history
from tests.cli.backfill_support import remembering
from tests.cli.test_alerts import DAY, folder as folder, fwf, told
from tests.cli_support import command

pytestmark = pytest.mark.services  # each run is a process

PINGED = """
all_of_it = every_day(named("all", w), **BERLIN, end=date(2025, 6, 1),
                      notify=notify(on_failure=post, on_recovery=post, on_success=post,
                                    late_by="06:00"))
"""
TARGET = "jobs.py:all_of_it"
PLACE = ".fwf/runs.db"


@pytest.fixture
def complete(folder: Path) -> Path:
    """A day that is complete, which was told."""
    with (folder / "jobs.py").open("a") as file:
        file.write(PINGED)
    assert fwf("run", TARGET, *DAY, cwd=folder).status == 0
    assert told(folder)[-1] == "ok 2025-06-01"
    (folder / "told.txt").unlink()
    return folder


def looked() -> int:
    return late(TARGET, (), PLACE, (None, None))


def newest() -> RunRow:
    store = open_store(PLACE)
    try:
        return store.runs(newest=1)[0]
    finally:
        store.close()


def given_up() -> None:
    store = open_store(PLACE)
    give_up(store, store.runs(newest=1)[0])
    store.close()


@contextmanager
def once_more(folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """A process that does it once more."""
    words = command("run", TARGET, *DAY, "--again")
    with subprocess.Popen(words, cwd=folder, env=remembering()) as process:
        try:
            yield process
        finally:
            process.kill()


def again() -> None:
    """Do it once more, as one that tells nobody."""
    target = load(TARGET)
    assert target.timetable is not None
    run = target.timetable.partition("2025-06-01")
    execute(target.workflow, params=run.params, journal=Journal(PLACE, again=True))


def test_what_fails_when_it_is_done_once_more_is_told_and_nothing_else(
    complete: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (complete / "bad").touch()
    assert fwf("run", TARGET, *DAY, "--again", cwd=complete).status == 1
    assert told(complete) == ["failed 2025-06-01"]
    assert looked() == 1
    said = capsys.readouterr().out
    assert "failed: all > fetch: ConnectionError" in said
    assert "it was complete before, and fwf runs give-up " in said
    due = fwf("run", TARGET, "--due", cwd=complete)  # it is complete, as far as that goes
    assert due.status == 0 and "1 complete already" in due.err
    (complete / "bad").unlink()
    assert fwf("run", TARGET, *DAY, cwd=complete).status == 0
    assert told(complete) == ["failed 2025-06-01", "recovered 2025-06-01", "ok 2025-06-01"]
    assert looked() == 0


def test_what_is_given_up_leaves_the_day_as_it_was(complete: Path) -> None:
    (complete / "bad").touch()
    again()
    assert looked() == 1
    given_up()
    assert looked() == 0
    assert told(complete) == ["failed 2025-06-01", "recovered 2025-06-01"]
    store = open_store(PLACE)
    said = history(store, "alerts all")[-1].body
    store.close()
    assert said["reason"] == "complete; what was begun once more was given up"
    again()  # fails by the same cause, and is another failure all the same
    assert looked() == 1
    assert told(complete)[2:] == ["failed 2025-06-01"]


def test_a_backfill_that_does_it_once_more_is_summed_up(folder: Path) -> None:
    assert fwf("backfill", "jobs.py:many", cwd=folder).status == 0
    (folder / "bad").touch()
    words = "backfill", "jobs.py:many", "--again", "--at-once", "2"
    assert fwf(*words, "--to", "2025-06-05", cwd=folder).status == 1
    assert told(folder) == ["failed 2025-06-01 and 4 more"]
    assert late("jobs.py:many", (), PLACE, (None, None)) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_ends_without_a_word_once_more_is_told_and_who_stops_it_knows(
    complete: Path, how: signal.Signals
) -> None:
    (complete / "started-2025-06-01").unlink()
    (complete / "slow").touch()
    with once_more(complete) as process:
        while not (complete / "started-2025-06-01").exists():
            assert process.poll() is None
            time.sleep(0.01)
        assert looked() == 0  # it goes on
        process.send_signal(how)
        (complete / "slow").unlink()
        process.wait()
    died = how == signal.SIGKILL
    assert looked() == died
    assert told(complete) == ["died 2025-06-01"] * died


def test_what_could_not_be_delivered_once_more_is_told_by_the_next_look(complete: Path) -> None:
    (complete / "bad").touch()
    (complete / "hangs").touch()
    with once_more(complete) as process:
        while (newest().generation, newest().state) != (2, "failed"):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)  # while whom it concerns is being told
        process.wait()
    assert told(complete) == []
    (complete / "hangs").unlink()
    assert looked() == 1
    assert told(complete) == ["failed 2025-06-01"]


# Those that may be missed

MISSED = """
last = every_day(named("last", w), **BERLIN, missed="last", notify=notify(on_failure=post))
none = every_day(named("none", w), **BERLIN, missed="none", notify=notify(on_failure=post))
early = every_day(named("early", w), **BERLIN, missed="last",
                  notify=notify(on_failure=post, late_by="06:00"))
endless = every_day(named("endless", w), tz="Europe/Berlin", param="day",
                    notify=notify(on_failure=post))
"""


def at(day: int, hour: int) -> datetime:
    """An hour of a day of June 2025, by the clock of Berlin."""
    return datetime(2025, 6, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def looked_at(name: str, when: datetime, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is wrong at a moment: labels and states."""
    status = late(f"jobs.py:{name}", (), PLACE, (None, None), at=when)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(name)]
    found = [line.removeprefix(f"{name} ") for line in lines if "nothing is late" not in line]
    assert status == bool(found)
    return [" ".join(line.split(": ")[:2]) for line in found]


@pytest.mark.parametrize("name", ["last", "none", "endless", "early"])
def test_of_those_that_may_be_missed_the_last_whose_time_is_over_is_late(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with (folder / "jobs.py").open("a") as file:
        file.write(MISSED)
    target = load(f"jobs.py:{name}")
    assert target.timetable is not None
    hours = (4, 1), (4, 3), (4, 7), (5, 3), (5, 7)
    days = (2, 2, 3, 3, 4) if name == "early" else (1, 2, 2, 3, 3)
    for when, day in zip(hours, days, strict=True):  # nobody runs it
        assert looked_at(name, at(*when), capsys) == [f"2025-06-0{day} late"]
    run = target.timetable.partition("2025-06-04")
    execute(target.workflow, params=run.params, journal=Journal(PLACE))
    assert looked_at(name, at(5, 7), capsys) == []  # the third was missed, which it may be
    assert looked_at(name, at(6, 3), capsys) == []
    assert looked_at(name, at(7, 7), capsys) == [f"2025-06-0{6 if name == 'early' else 5} late"]
