"""`fwf backfill`: what isn't complete is done, what is stays, and a table tells how all went."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fwf import Journal, execute
from fwf.cli import fwf
from fwf.cli.refused_commands import Misuse
from fwf.cli.targets import load
from fwf.cli.timetables import plan_table as table
from fwf.cli.timetables.pauses import Pause
from fwf.journal.opening import open_store
from fwf.schedules.planning import Blocker
from tests.cli.backfill_support import NOW, Here, backfilled, day, lines, project

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project(tmp_path))
    (tmp_path / ".fwf").mkdir()
    return tmp_path


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if "loaded" not in line]


def test_both_days_are_included_and_those_that_are_not_over_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", start=day(4), end=day(8)) == 0
    assert lines(folder) == ["2025-06-04", "2025-06-05"]
    table = told(capsys)
    assert table[0] == "5 days, 2025-06-04 … 2025-06-08, both"
    assert [line.split()[:2] for line in table[1:-1]] == [
        ["partition", "state"], ["2025-06-04", "ok"], ["2025-06-05", "ok"],
    ]  # fmt: skip
    assert table[-1] == "2 complete now, 3 not over until 2025-06-07 00:00+02:00"


def test_without_days_it_is_all_that_is_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py") == 0
    assert len(lines(folder)) == 5
    assert told(capsys)[0] == "5 days, 2025-06-01 … 2025-06-05, both"


def test_a_run_by_hand_and_one_of_a_backfill_are_the_same_run(folder: Path) -> None:
    daily = load("jobs.py:daily").workflow
    execute(daily, params={"day": day(2)}, journal=Journal(".fwf/runs.db"))
    assert backfilled("jobs.py", end=day(3)) == 0
    assert lines(folder) == ["2025-06-02", "2025-06-01", "2025-06-03"]
    hour = {"hour": datetime.fromisoformat("2024-10-27T02:00+01:00")}
    hourly = load("jobs.py:hourly").workflow
    execute(hourly, params=hour, journal=Journal(".fwf/runs.db"))
    first = date(2024, 10, 27)
    assert backfilled("jobs.py:hourly", start=first, end=first) == 0
    assert len(lines(folder)) == len({*lines(folder)}) == 28
    store = open_store(".fwf/runs.db")
    rows = store.runs()
    store.close()
    assert len(rows) == len({row.key for row in rows}) == 28


def test_pruned_runs_stay_complete(folder: Path) -> None:
    assert backfilled("jobs.py") == 0
    store = open_store(".fwf/runs.db")
    pruned, _ = store.prune(2**60)
    store.close()
    assert pruned == 5
    here = Here("jobs.py")
    assert backfilled("jobs.py", start=day(1), end=day(5)) == 0
    assert here.started == [] and len(lines(folder)) == 5


def test_again_does_all_once_more_and_a_generation_that_fails_undoes_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", end=day(3)) == 0
    (folder / "bad-2025-06-02").touch()
    assert backfilled("jobs.py", end=day(3), again=True) == 1
    assert "2 complete now, 1 failed" in told(capsys)
    here = Here("jobs.py")
    assert backfilled("jobs.py", end=day(3), starts=here) == 0
    assert backfilled("jobs.py", due=True, starts=here, now=at(4)) == 0
    assert here.started == [], "the first generation is complete"
    (folder / "bad-2025-06-02").unlink()
    assert backfilled("jobs.py", start=day(2), end=day(2), again=True) == 0
    assert generations()["2025-06-02"] == [(1, "ok"), (2, "ok")]


def at(number: int) -> datetime:
    """When the day before is due."""
    return datetime(2025, 6, number, 0, tzinfo=UTC)


def generations() -> dict[str, list[tuple[int, str]]]:
    store = open_store(".fwf/runs.db")
    found: dict[str, list[tuple[int, str]]] = {}
    for row in reversed(store.runs()):
        found.setdefault(row.facts["shown"]["day"], []).append((row.generation, row.state))
    store.close()
    return found


def test_what_a_day_loaded_before_it_was_over_does_not_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of a day in the future, begun before the day's end, is complete, and yet isn't."""
    future = date(2099, 6, 1)
    daily = load("jobs.py:daily").workflow
    execute(daily, params={"day": future}, journal=Journal(".fwf/runs.db"))
    later = datetime(2099, 6, 3, tzinfo=UTC)
    here = Here("jobs.py")
    assert backfilled("jobs.py", start=future, end=future, now=later, starts=here) == 1
    assert generations()["2099-06-01"] == [(1, "ok"), (2, "ok")]
    assert "2099-06-01  ok, but before it was over" in capsys.readouterr().out


def test_newest_first(folder: Path) -> None:
    assert backfilled("jobs.py", newest_first=True) == 0
    assert lines(folder) == [f"2025-06-0{day}" for day in range(5, 0, -1)]


def test_a_thousand_complete_days_are_summed_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", end=day(3)) == 0
    told(capsys)
    assert backfilled("jobs.py", end=day(4)) == 0
    table = told(capsys)
    assert len(table) == 4 and table[-1] == "1 complete now, 3 complete already"


def test_an_empty_choice_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backfilled("jobs.py", start=day(6), end=day(6)) == 0
    assert "nothing is to be done, 1 not over until 2025-06-07 00:00+02:00" in (
        capsys.readouterr().err
    )
    assert backfilled("jobs.py:hourly", now=datetime(2024, 10, 25, tzinfo=UTC), due=True) == 0
    assert lines(folder) == []


def test_the_journal_that_is_not_there_yet_is_not_made_by_looking(folder: Path) -> None:
    assert backfilled("jobs.py", dry_run=True) == 0
    assert not (folder / ".fwf" / "runs.db").exists()


# State between runs


def test_a_backfill_moves_the_state_of_the_nightly_runs_only_if_that_is_said(folder: Path) -> None:
    here = Here("jobs.py:marked")
    with pytest.raises(Misuse, match="state seen, which the nightly runs move: --move-states"):
        backfilled("jobs.py:marked", starts=here)
    assert here.started == []
    assert backfilled("jobs.py:marked", dry_run=True) == 0
    assert backfilled("jobs.py:marked", starts=here, move_states=True, end=day(2)) == 0
    assert backfilled("jobs.py:marked", due=True) == 0
    assert lines(folder) == [f"2025-06-0{number} from {number - 1}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("more", "said"), [({"newest_first": True}, "--newest-first"), ({"at_once": 4}, "--at-once 4")]
)
def test_runs_with_a_state_are_done_one_by_one(more: dict[str, Any], said: str) -> None:
    with pytest.raises(Misuse, match=rf"{said}: a run goes on from the one before it \(state seen"):
        backfilled("jobs.py:marked", move_states=True, **more)


def test_behind_one_that_failed_none_goes_on_from_its_mark(folder: Path) -> None:
    (folder / "bad-2025-06-02").touch()
    assert backfilled("jobs.py:marked", due=True) == 1
    assert lines(folder) == ["2025-06-01 from 0"]
    (folder / "bad-2025-06-02").unlink()
    assert backfilled("jobs.py:marked", due=True) == 0
    assert lines(folder) == [f"2025-06-0{number} from {number - 1}" for number in range(1, 6)]


# JSON and dry runs


def test_json_is_one_object_on_a_clean_stdout(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad-2025-06-02").touch()

    class Quiet(Here):
        def __call__(self, *given: Any) -> Any:
            child = super().__call__(*given)
            capsys.readouterr()  # which a process would have written to stderr
            return child

    assert backfilled("jobs.py", as_json=True, end=day(6), starts=Quiet("jobs.py")) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["partitions"], found["first"], found["last"]) == (6, "2025-06-01", "2025-06-06")
    assert (found["status"], found["stopped_by"]) == (1, None)
    assert found["left_out"] == {"complete": 0, "not over": 1}
    assert [(each["label"], each["state"], each["status"]) for each in found["runs"][:2]] == [
        ("2025-06-01", "complete", 0), ("2025-06-02", "failed", 1),
    ]  # fmt: skip
    assert found["runs"][1]["failed"] == "daily > read: ConnectionError: no route"


def test_a_dry_run_tells_what_would_be_done_and_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad-2025-06-02").touch()
    assert backfilled("jobs.py", end=day(3)) == 1
    told(capsys)
    assert backfilled("jobs.py", end=day(6), dry_run=True) == 0
    table = told(capsys)
    assert table[0] == "6 days, 2025-06-01 … 2025-06-06, both"
    assert [line.split()[0] for line in table[2:5]] == ["2025-06-02", "2025-06-04", "2025-06-05"]
    assert "failed " in table[2] and table[2].endswith("gone on with")
    assert table[3].split()[1:] == ["missing", "done"]
    assert lines(folder) == ["2025-06-01", "2025-06-03"]


def test_of_a_day_that_is_not_over_it_is_told_though_no_end_was_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", start=day(6)) == 0
    said = "fwf: daily: nothing is to be done, 1 not over until 2025-06-07 00:00+02:00\n"
    assert capsys.readouterr().err == said


def test_of_which_no_durations_are_known_it_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backfilled("jobs.py", end=day(2), dry_run=True) == 0
    assert told(capsys)[-1] == "how long that takes isn't known"
    assert backfilled("jobs.py", end=day(2), dry_run=True, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] is None
    assert backfilled("jobs.py", end=day(1)) == 0
    told(capsys)
    assert backfilled("jobs.py", end=day(2), dry_run=True) == 0
    assert told(capsys)[-1].startswith("durations of ")


def test_what_was_begun_again_and_failed_is_gone_on_with_by_hand_and_in_a_backfill(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only: dict[str, Any] = {"start": day(2), "end": day(2), "again": True}
    again = ("jobs.py", "--param", "day=2025-06-02", "--again")
    assert by_hand(*again)[0] == 0
    (folder / "bad-2025-06-02").touch()
    assert by_hand(*again)[0] == 1
    told(capsys)
    assert backfilled("jobs.py", dry_run=True, **only) == 0
    row = told(capsys)[2]
    assert re.fullmatch(r"2025-06-02  complete .+, begun again: failed .+  gone on with", row)
    status, said = by_hand(*again)
    assert status == 1 and "goes on, try 2" in said
    (folder / "bad-2025-06-02").unlink()
    assert backfilled("jobs.py", **only) == 0
    assert len(lines(folder)) == 2
    assert by_hand(*again)[0] == 0
    assert len(lines(folder)) == 3


def test_times_are_those_of_the_schedules_zone_with_a_date_unless_that_is_todays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nightly = load("jobs.py").timetable
    assert nightly is not None
    then = int(datetime(2025, 6, 5, 22, 30, tzinfo=UTC).timestamp())
    micros = then * 1_000_000
    monkeypatch.setattr(table, "time", lambda: then + 3_600)
    assert table.at(micros, nightly) == "00:30+02:00"
    monkeypatch.setattr(table, "time", lambda: then + 86_400)
    assert table.at(micros, nightly) == "2025-06-06 00:30+02:00"
    said = "blocked by 2025-06-03 (failed 2025-06-06 00:30+02:00)"
    assert table.blocked_by(Blocker("2025-06-03", "failed", micros), nightly) == said
    paused = Pause(micros, "etl", "").told(nightly)
    assert paused == "paused since 2025-06-06 00:30+02:00 by etl"


# Bad input


@pytest.mark.parametrize(
    ("target", "more", "said"),
    [
        (
            "jobs.py",
            {"start": day(9), "end": day(1)},
            "--to 2025-06-01 is before --from 2025-06-09",
        ),
        ("jobs.py", {"start": date(2025, 5, 1)}, "--from 2025-05-01: the timetable has start="),
        ("jobs.py:endless", {}, "say --from DAY"),
        ("jobs.py:daily", {}, "says nothing of days"),
        ("jobs.py:ordered", {"newest_first": True}, "--newest-first: a partition waits for"),
        ("jobs.py:ordered", {"at_once": 4}, "--at-once 4: a partition waits for the one before"),
        ("jobs.py", {"journal": "off"}, "--journal off there is none"),
        ("jobs.py", {"params": ("day=2025-06-01",)}, "--param day: the timetable gives it"),
    ],
)
def test_what_cannot_be_is_one_error_and_starts_nothing(
    folder: Path, target: str, more: dict[str, Any], said: str
) -> None:
    here = Here("jobs.py")
    with pytest.raises(Misuse, match=said):
        backfilled(target, starts=here, **more)
    assert here.started == [] and not (folder / ".fwf" / "runs.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2025-06-31"), "'2025-06-31' is no day; write 2026-06-01"),
        (("--key", "a"), "each is named by its partition"),
        (("--at-once", "0"), "--at-once"),
        (("--stop-after", "0"), "--stop-after"),
    ],
)
def test_options_that_cannot_be_are_told(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(fwf, ["backfill", "jobs.py", *words])
    assert done.exit_code == 2 and said in done.output


# By hand


def by_hand(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(fwf, ["run", *words, "--journal", ".fwf/runs.db"])
    return done.exit_code, done.output


def test_a_run_by_hand_waits_for_the_one_before_it_too(folder: Path) -> None:
    status, said = by_hand("jobs.py:ordered", "--param", "day=2025-06-03")
    assert (status, lines(folder)) == (69, [])
    assert said == "fwf: ordered 2025-06-03: blocked by 2025-06-01 (missing)\n"
    assert by_hand("jobs.py:ordered", "--param", "day=2025-06-01")[0] == 0
    status, said = by_hand("jobs.py:ordered", "--param", "day=2025-06-03")
    assert "blocked by 2025-06-02 (missing)" in said
    assert by_hand("jobs.py:ordered", "--param", "day=2025-06-02")[0] == 0
    assert by_hand("jobs.py:ordered", "--param", "day=2025-06-03")[0] == 0
    assert lines(folder) == ["2025-06-01", "2025-06-02", "2025-06-03"]


def test_a_run_by_hand_of_a_day_that_is_not_over_is_refused_unless_it_is_to_be(
    folder: Path,
) -> None:
    status, said = by_hand("jobs.py", "--param", "day=2099-06-01")
    assert status == 2 and "not over until 2099-06-02 00:00+02:00; --anyway runs it now" in said
    assert by_hand("jobs.py", "--param", "day=2099-06-01", "--anyway")[0] == 0
    assert lines(folder) == ["2099-06-01"]


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("jobs.py:ordered", "day=2025-05-03", "it is no run of the timetable, which has start="),
        ("jobs.py:hourly", "hour=2024-10-27T02:00", "needs an offset, as 2026-06-01T02:00+02:00"),
        ("jobs.py:hourly", "hour=2024-10-27T01:30+00:00", "no run begins there; it is in 2024-"),
    ],
)
def test_what_is_no_partition_is_run_by_hand_only_if_that_is_said(
    folder: Path, target: str, given: str, said: str
) -> None:
    status, told = by_hand(target, "--param", given)
    name = given.partition("=")[0]
    assert status == 2 and f"fwf: --param {name}: {target.partition(':')[2]}: {said}" in told
    assert told.endswith("; --anyway runs it all the same, and it counts for no day\n")
    assert lines(folder) == []
    assert by_hand(target, "--param", given, "--anyway")[0] == 0
    assert len(lines(folder)) == 1


def test_an_hour_that_is_given_with_another_offset_is_the_same_run(folder: Path) -> None:
    assert by_hand("jobs.py:hourly", "--param", "hour=2024-10-27T01:00+00:00")[0] == 0
    status, said = by_hand("jobs.py:hourly", "--param", "hour=2024-10-27T02:00+01:00")
    assert status == 0 and "is complete, and nothing was done" in said
    here = Here("jobs.py:hourly")
    first = date(2024, 10, 27)
    assert backfilled("jobs.py:hourly", start=first, end=first, starts=here) == 0
    assert len(here.started) == 24 and lines(folder)[0] == "2024-10-27T02:00+01:00"


def test_other_commands_take_a_timetables_workflow(folder: Path) -> None:
    done = CliRunner().invoke(fwf, ["show", "jobs.py"])
    assert (done.exit_code, done.output.splitlines()[0][:5]) == (0, "daily")
    assert CliRunner().invoke(fwf, ["needs", "jobs.py:hourly"]).exit_code == 0


def test_now_is_after_all_days_of_these_tests() -> None:
    assert datetime.now(UTC) > NOW


def test_a_preview_says_when_each_is_due_and_late_where_somebody_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = folder / "jobs.py"
    source.write_text(source.read_text() + LATE, encoding="utf-8")
    assert backfilled("jobs.py:told", end=day(1), dry_run=True) == 0
    head, row = capsys.readouterr().out.splitlines()[1:3]
    assert head.split()[-1] == "due"
    assert row.endswith("2025-06-02 02:00+02:00, late from 06:00+02:00")
    done = CliRunner().invoke(fwf, ["dry-run", "jobs.py:told", "--param", "day=2025-06-01"])
    assert "due 2025-06-02 02:00+02:00, late from 06:00+02:00" in done.output.splitlines()


LATE = """
from fwf import Alert, notify

@task(effect="idempotent")
def post(alert: Alert) -> None: ...

told = every_day(daily, tz="Europe/Berlin", param="day", start=START,
                 notify=notify(on_failure=post, late_by="06:00"))
"""


def test_of_a_timetable_that_begins_later_nothing_is_done(folder: Path) -> None:
    here = Here("jobs.py")
    before = datetime(2024, 1, 1, tzinfo=UTC)
    assert backfilled("jobs.py", starts=here, now=before) == 0
    assert here.started == []
