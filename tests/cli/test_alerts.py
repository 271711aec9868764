"""Alerts around real runs: processes that are killed, tasks of alerts that fail, hang or lack."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fwf.cli.targets import load
from fwf.cli.timetables import alert_delivery
from fwf.cli.timetables.alert_delivery import Watch, tell
from fwf.cli.timetables.late import late
from fwf.cli.timetables.standings import Subject
from fwf.journal.opening import open_store
from fwf.journal.versioned_logs import history
from tests.cli.backfill_support import remembering
from tests.cli_support import Done, command, fwf as apart

pytestmark = pytest.mark.services  # each run is a process

SOURCE = """
import os, time
from datetime import date
from pathlib import Path
from typing import Annotated
from fwf import *

@task(effect="read")
def fetch(*, day: date) -> int:
    Path(f"started-{day}").touch()
    if Path("bad").exists():
        raise ConnectionError(Path("bad").read_text())
    while Path("slow").exists():
        time.sleep(0.01)
    return 1

@task(effect="read")
def rates(n: int) -> int:
    if Path("no-rates").exists():
        raise LookupError("no rates")
    return n

@task(effect="idempotent")
def post(alert: Alert) -> None:
    if Path("broken").exists():
        raise OSError("the chat is down")
    while Path("hangs").exists():
        time.sleep(0.01)
    with open("told.txt", "a") as file:
        file.write(f"{alert.state} {alert.label} {alert.key}\\n")

@task(effect="idempotent")
def page(alert: Alert, *, pager: Annotated[str, Resource]) -> None: ...

w = named("daily", fetch >> recover(rates, 0))
BERLIN = {"tz": "Europe/Berlin", "param": "day", "start": date(2025, 6, 1)}
TELL = notify(on_failure=post, on_recovery=post, on_degraded=post, late_by="06:00")
workflow = every_day(w, **BERLIN, end=date(2025, 6, 2), notify=TELL)
many = every_day(named("many", w), **BERLIN, end=date(2025, 6, 9), notify=TELL)
pinged = every_day(named("pinged", w), **BERLIN, end=date(2025, 6, 1),
                   notify=notify(on_success=post))
paged = every_day(named("paged", w), **BERLIN, end=date(2025, 6, 1),
                  notify=notify(on_failure=page, late_by="06:00"))
@task(effect="read")
def at_once(*, day: date) -> int:
    raise ConnectionError("no route")

wide = every_day(named("wide", par(at_once, fetch)), **BERLIN, end=date(2025, 6, 1), notify=TELL)
quiet = every_day(named("quiet", w), **BERLIN, end=date(2025, 6, 1))
"""
DAY = ("--param", "day=2025-06-01")
ON_TIME = datetime(2025, 6, 2, 2, tzinfo=UTC)
"""02:00 UTC of the second: the first day is due since two hours, and late in two."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fwf.toml").touch()
    (tmp_path / "jobs.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FWF_JOURNAL", raising=False)
    return tmp_path


def fwf(*words: str, cwd: Path, **more: str) -> Done:
    return apart(*words, cwd=cwd, env=remembering(**more))


def told(folder: Path) -> list[str]:
    """What was told, without keys."""
    path = folder / "told.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.rpartition(" ")[0] for line in lines]


def keys(folder: Path) -> list[str]:
    return [line.rpartition(" ")[2] for line in (folder / "told.txt").read_text().splitlines()]


@contextmanager
def under_way(folder: Path, target: str = "jobs.py") -> Iterator[subprocess.Popen[bytes]]:
    """A run that is in its step."""
    (folder / "slow").touch()
    words = command("run", target, *DAY)
    with subprocess.Popen(
        words, cwd=folder, env=remembering(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        try:
            while not (folder / "started-2025-06-01").exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield process
        finally:
            process.kill()
            (folder / "slow").unlink(missing_ok=True)


def test_each_change_is_told_once_whoever_looks(folder: Path) -> None:
    assert fwf("late", "jobs.py", cwd=folder).status == 1
    late_days = ["late 2025-06-01", "late 2025-06-02"]
    assert told(folder) == late_days
    (folder / "bad").write_text("no route at 02:00")
    assert fwf("run", "jobs.py", *DAY, cwd=folder).status == 1
    (folder / "bad").write_text("no route at 03:00")
    assert fwf("run", "jobs.py", *DAY, cwd=folder).status == 1
    again = fwf("late", "jobs.py", cwd=folder)
    assert (again.status, told(folder)) == (1, [*late_days, "failed 2025-06-01"])
    assert "daily 2025-06-01: failed: daily > fetch: ConnectionError: no route" in again.out
    assert "daily 2025-06-02: late: missing, due 2025-06-03 02:00+02:00" in again.out
    (folder / "bad").unlink()
    assert fwf("run", "jobs.py", "--due", cwd=folder).status == 0
    recovered = [f"recovered 2025-06-0{day}" for day in (1, 2)]
    assert told(folder) == [*late_days, "failed 2025-06-01", *recovered]
    well = fwf("late", "jobs.py", cwd=folder)
    assert (well.status, well.out) == (0, "daily: 2 runs of it, and nothing is late\n")
    assert len({*keys(folder)}) == len(keys(folder)) == 5


def test_a_run_that_was_killed_is_told_by_the_next_start_first_of_all(folder: Path) -> None:
    with under_way(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert told(folder) == ["late 2025-06-01", "late 2025-06-02"]
    (folder / "bad").write_text("")
    fwf("run", "jobs.py", *DAY, cwd=folder)
    assert told(folder)[2:] == ["died 2025-06-01", "failed 2025-06-01"]


def test_a_run_that_was_killed_is_told_by_the_second_line_of_cron(folder: Path) -> None:
    with under_way(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = fwf("late", "jobs.py", "--json", cwd=folder)
    found = json.loads(done.out)
    first, second = found["partitions"]
    assert (done.status, first["state"], second["state"]) == (1, "died", "late")
    assert first["paths"] == ["daily > fetch"] and "without a word after" in first["reason"]
    assert [each["state"] for each in found["alerts"]] == ["died"]
    assert fwf("late", "jobs.py", cwd=folder).status == 1
    assert told(folder)[2:] == ["died 2025-06-01"]


def test_a_run_that_was_stopped_by_somebody_is_no_failure(folder: Path) -> None:
    with under_way(folder) as process:
        process.send_signal(signal.SIGTERM)
        (folder / "slow").unlink()
        assert process.wait() == 143
    assert told(folder) == ["late 2025-06-01", "late 2025-06-02"]


def test_while_a_run_goes_on_it_is_told_who_does_it(folder: Path) -> None:
    with under_way(folder) as process:
        done = fwf("late", "jobs.py", cwd=folder)
        assert done.status == 1
        assert "running since " in done.out and f"process {process.pid}" in done.out
        assert "in daily > fetch" in done.out
        start = fwf("run", "jobs.py", *DAY, cwd=folder)
        assert start.status == 75


@pytest.mark.parametrize("why", ["broken", "hangs", "lacks"])
def test_an_alert_that_fails_changes_nothing_and_is_told_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    asked = Subject(load(f"jobs.py:{'paged' if why == 'lacks' else 'workflow'}"), {}, None)
    monkeypatch.setattr(alert_delivery, "LIMIT", timedelta(milliseconds=50))
    (folder / why).touch()
    said: list[str] = []
    posts = tell(asked, said.append)
    assert len(said) == 1 and "it wasn't delivered, and is told again" in said[0]
    assert all(post.wrong for post in posts) and told(folder) == []
    (folder / why).unlink()
    if why == "lacks":
        assert "pager" in said[0]
        return
    monkeypatch.setattr(alert_delivery, "LIMIT", timedelta(minutes=1))
    assert [post.wrong for post in tell(asked, said.append)] == ["", ""]
    assert len(said) == 1 and told(folder)[-2:] == ["late 2025-06-01", "late 2025-06-02"]


def test_how_a_run_ends_is_its_own_affair(folder: Path) -> None:
    (folder / "broken").touch()
    done = fwf("run", "jobs.py", *DAY, cwd=folder)
    assert (done.status, done.out) == (0, "1\n")
    assert done.err.count("the chat is down") == 2, done.err  # when it starts, and in the end


def test_a_fallback_is_told_where_that_is_wanted(folder: Path) -> None:
    (folder / "no-rates").touch()
    done = fwf("run", "jobs.py", *DAY, cwd=folder)
    assert done.status == 0 and "fwf: daily: degraded: " in done.err
    assert told(folder)[2:] == ["recovered 2025-06-01", "degraded 2025-06-01"]
    assert fwf("run", "jobs.py", *DAY, "--strict", cwd=folder).status == 3
    fwf("late", "jobs.py", cwd=folder)
    assert told(folder)[4:] == []


def test_a_degraded_day_that_is_done_again_in_part_is_not_late(folder: Path) -> None:
    (folder / "no-rates").touch()
    assert fwf("run", "jobs.py", *DAY, cwd=folder).status == 0
    before = told(folder)
    (folder / "no-rates").unlink()
    done = fwf("rerun", "daily+day=2025-06-01", "--failed", cwd=folder)
    assert done.status == 0 and "degraded" not in done.err, done.err
    assert told(folder) == before


def test_a_failure_that_nothing_takes_up_is_told_while_others_go_on(folder: Path) -> None:
    with under_way(folder, "jobs.py:wide") as process:
        while told(folder) != ["late 2025-06-01", "failed 2025-06-01"]:
            assert process.poll() is None
            time.sleep(0.01)
        (folder / "slow").unlink()
        assert process.wait() == 1
    fwf("late", "jobs.py:wide", cwd=folder)
    assert told(folder)[2:] == []


def test_a_success_is_a_ping_and_no_second_one(folder: Path) -> None:
    for _ in range(2):
        assert fwf("run", "jobs.py:pinged", *DAY, cwd=folder).status == 0
    assert told(folder) == ["ok 2025-06-01"]


def test_a_week_without_cron_is_one_message(folder: Path) -> None:
    assert fwf("late", "jobs.py:many", cwd=folder).status == 1
    assert told(folder) == ["late 2025-06-01 and 8 more"]


def test_a_backfill_sums_up_and_tells_of_no_lateness(folder: Path) -> None:
    (folder / "bad").write_text("")
    assert fwf("backfill", "jobs.py:many", cwd=folder).status == 1
    assert told(folder) == ["failed 2025-06-01 and 8 more"]
    (folder / "bad").unlink()
    assert fwf("backfill", "jobs.py:many", "--to", "2025-06-05", cwd=folder).status == 0
    assert told(folder)[1:] == ["recovered 2025-06-01 and 4 more"]


def test_of_days_that_are_to_come_nothing_is_late(folder: Path) -> None:
    asked = "jobs.py", (), ".fwf/runs.db", (None, None)
    assert late(*asked, at=datetime(2020, 1, 1, tzinfo=UTC)) == 0


def test_nothing_is_late_while_it_is_paused(folder: Path) -> None:
    assert fwf("pause", "jobs.py", cwd=folder).status == 0
    asked = Subject(load("jobs.py"), {}, None)
    posts = tell(asked, print, at=datetime.now(UTC))
    assert [post.alert.state for post in posts] == ["late"] * 2  # both were due before
    assert fwf("late", "jobs.py", cwd=folder).out.startswith("daily: paused since ")


# The clock on the wall


class Wall:
    """A clock that shows one time after another."""

    def __init__(self, *shown: datetime) -> None:
        self.shown = [*shown]

    def __call__(self) -> datetime:
        return self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]


def watching(folder: Path, *shown: datetime) -> list[str]:
    """A run that goes on while the clock shows these ⟶ what was told."""
    asked, looks = Subject(load("jobs.py"), {}, None), [*shown]
    done = Event()
    day = asked.timetable.partition("2025-06-01")

    def pause(over: Event) -> bool:
        looks.pop(0)
        if len(looks) <= 1:
            done.set()
            return over.wait(60)
        return False

    with Watch(asked, day, print, now=Wall(*shown), pause=pause) as watch:
        done.wait(5)
    assert not watch.alive
    return told(folder)


def test_it_is_late_when_the_clock_on_the_wall_says_so(folder: Path) -> None:
    minute = timedelta(minutes=1)
    four = datetime(2025, 6, 2, 4, tzinfo=UTC)
    assert watching(folder, ON_TIME, four - minute, four - minute) == []
    assert watching(folder, ON_TIME, four - minute, four, four) == ["late 2025-06-01"]


def test_a_clock_that_jumps_ahead_or_back_is_looked_at_again(folder: Path) -> None:
    asleep = ON_TIME + timedelta(hours=9)
    assert watching(folder, ON_TIME, ON_TIME - timedelta(days=1), asleep, asleep) == [
        "late 2025-06-01"
    ]


def test_a_run_that_gives_no_sign_is_told_though_it_isnt_late(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with under_way(folder, "jobs.py:quiet"):
        asked: Any = ("jobs.py:quiet", (), None, (None, None))
        assert late(*asked, at=datetime.now(UTC) + timedelta(hours=2)) == 0
        assert late(*asked, at=datetime.now(UTC) + timedelta(hours=4)) == 1
    out = capsys.readouterr().out
    assert "quiet 2025-06-01: quiet: running since " in out and "in quiet > fetch" in out


def test_what_was_delivered_stays_in_the_journal(folder: Path) -> None:
    fwf("late", "jobs.py", cwd=folder)
    store = open_store(folder / ".fwf" / "runs.db")
    found = [each.body for each in history(store, "alerts daily")]
    store.close()
    assert [(each["state"], each["labels"]) for each in found] == [
        ("late", ["2025-06-01"]), ("late", ["2025-06-02"]),
    ]  # fmt: skip
    assert [each["key"] for each in found] == keys(folder)


def test_who_dies_between_delivery_and_record_tells_it_again_by_one_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dies(Exception): ...

    def dies(*_: object, **__: object) -> None:
        raise Dies

    asked = Subject(load("jobs.py"), {}, None)
    with monkeypatch.context() as patched:
        patched.setattr("fwf.journal.versioned_logs.LogWriter.add", dies)
        with pytest.raises(Dies):
            tell(asked, print)
    tell(asked, print)
    assert told(folder) == ["late 2025-06-01", "late 2025-06-01", "late 2025-06-02"]
    assert len({*keys(folder)}) == 2


def test_without_a_journal_nobody_is_told_and_that_is_said(folder: Path) -> None:
    done = fwf("run", "jobs.py", *DAY, "--journal", "off", cwd=folder)
    assert done.status == 0 and "alerts: nobody is told with --journal off" in done.err
    assert told(folder) == []


MISUSE: dict[str, tuple[tuple[str, ...], str]] = {
    "no timetable": (("late", "jobs.py:w"), "which says nothing of days"),
    "no journal": (("late", "jobs.py", "--journal", "off"), "it is the journal that says"),
    "no parameter": (("late", "jobs.py", "--param", "nope=1"), "nope"),
}


@pytest.mark.parametrize("kind", MISUSE)
def test_what_cannot_be_looked_at_is_one_line(folder: Path, kind: str) -> None:
    words, said = MISUSE[kind]
    done = fwf(*words, cwd=folder)
    assert (done.status, done.out) == (2, "") and said in done.err
    assert len(done.err.splitlines()) == 1, done.err
