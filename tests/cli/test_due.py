"""`fwf run --due`: cron only wakes it, at any hour, as often as it likes."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fwf.cli.refused_commands import Misuse
from tests.cli.backfill_support import NOW, Here, backfilled, lines, project

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    (tmp_path / ".fwf").mkdir()
    return tmp_path


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_what_is_due_is_done_in_order_and_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", due=True) == 0
    assert lines(folder) == [f"2025-06-0{day}" for day in range(1, 6)]
    told = [line for line in capsys.readouterr().out.splitlines() if "loaded" not in line]
    assert told[0] == "5 days, 2025-06-01 … 2025-06-05, both"
    assert told[-1] == "5 complete now"
    assert backfilled("jobs.py", due=True) == 0
    assert capsys.readouterr().err == "fwf: daily: nothing is to be done, 5 complete already\n"
    assert len(lines(folder)) == 5


def test_a_day_is_due_from_the_timetables_hour_on(folder: Path) -> None:
    before = at("2025-06-02T01:59+02:00")
    assert backfilled("jobs.py", due=True, now=before) == 0 and lines(folder) == []
    assert backfilled("jobs.py", due=True, now=before + timedelta(minutes=1)) == 0
    assert lines(folder) == ["2025-06-01"]


def test_waking_it_at_every_hour_of_a_week_does_each_day_once(folder: Path) -> None:
    start = at("2025-06-01T00:30+02:00")
    for hour in range(0, 7 * 24, 3):
        assert backfilled("jobs.py", due=True, now=start + timedelta(hours=hour)) == 0
    assert lines(folder) == [f"2025-06-0{day}" for day in range(1, 7)]


def test_the_hours_of_a_day_on_which_the_clock_is_put_back_are_done_once_each(
    folder: Path,
) -> None:
    start = at("2024-10-26T23:30+02:00")
    for quarter in range(0, 30 * 4, 2):
        now = start + timedelta(minutes=15 * quarter)
        assert backfilled("jobs.py:hourly", due=True, now=now) == 0
    done = [line for line in lines(folder) if line.startswith("2024-10-27")]
    assert len(done) == len({*done}) == 25
    assert [each for each in done if "T02:" in each] == [
        "2024-10-27T02:00+02:00",
        "2024-10-27T02:00+01:00",
    ]


def test_one_that_failed_is_tried_again_and_the_others_are_done(folder: Path) -> None:
    (folder / "bad-2025-06-03").touch()
    assert backfilled("jobs.py", due=True) == 1
    assert len(lines(folder)) == 4
    again = Here("jobs.py")
    assert backfilled("jobs.py", due=True, starts=again) == 1
    assert again.started == ["2025-06-03"]
    (folder / "bad-2025-06-03").unlink()
    assert backfilled("jobs.py", due=True) == 0
    assert lines(folder)[-1] == "2025-06-03"


def test_in_order_those_behind_one_that_failed_wait(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad-2025-06-03").touch()
    assert backfilled("jobs.py:ordered", due=True) == 1
    assert lines(folder) == ["2025-06-01", "2025-06-02"]
    told = capsys.readouterr().out
    assert re.search(r"2025-06-05  blocked by 2025-06-03 \(failed .*\d\d:\d\d\+0[12]:00\)", told)
    assert "2 complete now, 1 failed, 2 blocked" in told
    (folder / "bad-2025-06-03").unlink()
    assert backfilled("jobs.py:ordered", due=True) == 0
    assert lines(folder) == [f"2025-06-0{day}" for day in range(1, 6)]


def test_of_what_was_missed_only_the_last_is_done_if_that_is_said(folder: Path) -> None:
    assert backfilled("jobs.py:last", due=True) == 0
    assert lines(folder) == ["2025-06-05"]


def test_two_at_once_do_each_once(folder: Path) -> None:
    """The second one begins while the first one plans its second run."""
    second = Here("jobs.py")
    statuses: list[int] = []

    def meanwhile(each: object) -> None:
        if len(first.started) == 2:
            statuses.append(backfilled("jobs.py", due=True, starts=second))

    first = Here("jobs.py", before=meanwhile)
    assert backfilled("jobs.py", due=True, starts=first) == 0
    assert statuses == [0]
    assert sorted(lines(folder)) == [f"2025-06-0{day}" for day in range(1, 6)]
    assert second.started == [f"2025-06-0{day}" for day in range(2, 6)]
    assert first.started == ["2025-06-01", "2025-06-02"]


# Pauses


def test_a_paused_timetable_does_nothing_and_says_since_when_and_by_whom(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fwf.cli.timetables.pauses import set_pause

    here = Here("jobs.py")
    w = here.target.workflow
    assert set_pause(w, None, "the warehouse moves") is None
    assert backfilled("jobs.py", due=True, starts=here) == 0
    assert here.started == []
    said = capsys.readouterr().err
    assert said.startswith("fwf: daily: paused since ") and " by " in said
    assert ": the warehouse moves; nothing is started; fwf unpause jobs.py ends that" in said

    assert backfilled("jobs.py", due=True, starts=here, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["paused"]["why"]) == ([], "the warehouse moves")

    assert backfilled("jobs.py", end=NOW.date(), starts=here) == 0
    assert "a backfill is done all the same" in capsys.readouterr().err
    assert len(here.started) == 5

    before = set_pause(w, None, None)
    assert before is not None and before.why == "the warehouse moves"
    assert set_pause(w, None, None) is None, "nothing changes"
    assert backfilled("jobs.py", due=True) == 0
    assert "paused" not in capsys.readouterr().err


def test_a_pause_is_of_one_workflow_and_is_kept_in_the_journal_alone(folder: Path) -> None:
    from fwf.cli.timetables.pauses import pause_of, set_pause
    from fwf.journal.opening import open_store
    from fwf.journal.versioned_logs import history

    daily, ordered = (Here(f"jobs.py:{name}").target.workflow for name in ("nightly", "ordered"))
    set_pause(daily, None, "")
    set_pause(daily, None, "")
    assert pause_of(ordered, None) is None and pause_of(daily, "off") is None
    set_pause(daily, None, None)
    store = open_store(".fwf/runs.db")
    try:
        assert [each.body["paused"] for each in history(store, "pause daily")] == [True, False]
    finally:
        store.close()


# Bad input


@pytest.mark.parametrize(
    ("target", "more", "said"),
    [
        ("jobs.py:daily", {}, "says nothing of days; its module's timetables are workflow, "),
        ("jobs.py:endless", {}, r"start=date\(…\)"),
        ("jobs.py", {"journal": "off"}, "--journal off there is none"),
        ("jobs.py", {"params": ("day=2025-06-01",)}, "--param day: the timetable gives it"),
        ("jobs.py", {"params": ("dya=2025-06-01",)}, "dya"),
    ],
)
def test_what_cannot_be_is_one_error_and_starts_nothing(
    folder: Path, target: str, more: dict[str, Any], said: str
) -> None:
    here = Here("jobs.py")
    with pytest.raises(Misuse, match=said):
        backfilled(target, due=True, starts=here, **more)
    assert here.started == [] and not (folder / ".fwf" / "runs.db").exists()


def test_now_is_the_machines(folder: Path) -> None:
    assert datetime.now(UTC) > NOW
