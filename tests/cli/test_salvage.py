"""Damaged logs of a timetable are told, and salvaged where that is asked for."""

import json
from pathlib import Path

import pytest

from fwf.cli.targets import load
from fwf.cli.timetables.pauses import pause_of, set_pause
from tests.cli.backfill_support import Here, backfilled, lines, project
from tests.cli.test_alerts import DAY, folder as folder, fwf
from tests.journal.places import Place

RUNS = ".fwf/runs.db"


def damage(log: str, n: int) -> None:
    place = Place(RUNS)
    ((run,),) = place.ask("SELECT number FROM @runs WHERE workflow = ?", log)
    place.change(run, n, "body", json.dumps({"paused": True}))


def test_a_pause_that_is_damaged_keeps_due_runs_from_starting_until_it_is_salvaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project(tmp_path))
    monkeypatch.delenv("FWF_JOURNAL", raising=False)
    workflow = load("jobs.py").workflow
    for why in ("", None):
        set_pause(workflow, None, why)
    damage("pause daily", 2)
    starts = Here("jobs.py")
    with pytest.raises(Exception, match=r"pause daily: version 2 .*--salvage"):
        backfilled("jobs.py", due=True, starts=starts)
    assert starts.started == []
    assert backfilled("jobs.py", due=True, starts=starts, salvage=True) == 0
    assert "pause daily: version 2" in (said := capsys.readouterr().err)
    assert "1 version dropped" in said and "paused since" in said
    assert pause_of(workflow, None) is not None  # an earlier version holds, and is told
    set_pause(workflow, None, None)
    assert backfilled("jobs.py", due=True, starts=starts) == 0
    assert len(lines(tmp_path)) == 5


def test_alerts_that_are_damaged_are_salvaged_by_a_run(folder: Path) -> None:
    (folder / "bad").write_text("no route")
    assert fwf("run", "jobs.py", *DAY, cwd=folder).status == 1
    damage("alerts daily", 1)
    (folder / "bad").unlink()
    done = fwf("run", "jobs.py", *DAY, cwd=folder)
    assert done.status == 0, "what is told has no part in how a run ends"
    assert "fwf: alerts: " in done.err and "--salvage" in done.err
    done = fwf("run", "jobs.py", *DAY, "--salvage", cwd=folder)
    assert "alerts daily: version 1" in done.err and "versions dropped" in done.err
    assert "alerts: " not in fwf("run", "jobs.py", *DAY, cwd=folder).err
