"""`fwf runs`: what was run, how it stands, what is to be done next."""

import json
import os
import re
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf as program, told_runs
from fwf.journal.errors import JournalCorrupt
from fwf.journal.run_records import Record, RunRow
from tests.telling.kept import BEGAN, ME, SECOND, Kept, Written, fault, kept

HOUR = 3600
ESCAPE = "evil\x1b[2J‮name"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Kept:
    store = Kept()
    fake = SimpleNamespace(open_store=lambda where, **_: store)
    monkeypatch.setitem(sys.modules, "fwf.journal.opening", fake)
    monkeypatch.setenv("FWF_JOURNAL", "sqlite://memory")
    return store


def fwf(*words: str) -> Result:
    return CliRunner().invoke(program, words)


def died() -> Written:
    told = Written().begin()
    told.start("daily > orders").ok("daily > orders", rows=500)
    return told.start("daily > load[7] > put", "2", attempt=2, after=598)


def fails(path: str = "daily > load", message: str = "no route") -> Written:
    told = Written().begin().start("daily > orders").ok("daily > orders").start(path)
    told("failed", path, took=SECOND, fault=fault(path, message))
    return told("end", outcome="failed", fault=fault(path, message))


def held(kind: str = "InDoubt") -> Written:
    told = Written().begin().start("daily > post")
    told("died", number=1, at=told.at, **{"in": [{"path": "daily > post", "number": 1}]})
    told.begin(2)
    return told("end", outcome="held", fault=fault("daily > post", "was started", kind))


def collected() -> Written:
    told = Written().begin()
    for item in "abc":
        path = f"daily > map_each[{item}] > load"
        told.start(path)
        if item == "b":
            told("failed", path, took=SECOND, fault=fault(path))
        else:
            told.ok(path)
    told("caught", "daily > map_each", fault=fault("daily > map_each[b] > load"))
    return told("end", outcome="ok", value=2)


def resumed() -> Written:
    told = died()
    inside = [{"path": "daily > load[7] > put", "number": 2}]
    told("died", after=7 * HOUR, number=1, at=told.at, **{"in": inside}).begin(2, after=0)
    told.start("daily > load[7] > put", "1").ok("daily > load[7] > put", "1")
    return told("end", outcome="ok", value=1)


# The list


def test_runs_are_listed_the_newest_first_as_plain_lines(store: Kept) -> None:
    kept(store, fails(), "failed", id="run-00000001", shown={"day": "2026-06-01"})
    kept(store, died(), id="run-00000002", shown={"day": "2026-06-02"})
    kept(store, died(), id="run-00000003", key="busy")
    kept(store, resumed(), "ok", id="run-00000004", generation=2)
    store.holders["busy"] = ME
    lines = fwf("runs").output.splitlines()
    assert [_cells(line) for line in lines] == [
        ["id", "state", "workflow", "parameters", "generation", "tries", "started (UTC)", "took",
         "what failed first"],
        ["00000004", "ok", "daily", "2", "2", "2026-06-01 00:00", "10 min 3 s"],
        ["00000003", "running in daily > load[7] > put, attempt 2", "daily", "2026-06-01 00:00",
         _cells(lines[2])[-1]],
        ["00000002", "died 00:10 in daily > load[7] > put, attempt 2", "daily", "day=2026-06-02",
         "2026-06-01 00:00", "10 min"],
        ["00000001", "failed", "daily", "day=2026-06-01", "2026-06-01 00:00", "5 s",
         "daily > load: ConnectionError: no route"],
    ]  # fmt: skip
    assert len({line.index("2026-06-01 00:00") for line in lines[1:]}) == 1


def _cells(line: str) -> list[str]:
    return re.split(" {2,}", line)


def test_columns_that_say_nothing_are_left_out(store: Kept) -> None:
    kept(store, Written().begin()("end", outcome="ok"), "ok", id="run-00000001")
    head, row = fwf("runs").output.splitlines()
    assert _cells(head) == ["id", "state", "workflow", "started (UTC)", "took"]
    assert _cells(row) == ["00000001", "ok", "daily", "2026-06-01 00:00", "1 s"]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--newest", "1"], ["00000003"]),
        (["--state", "failed"], ["00000001"]),
        (["--state", "died", "--state", "failed"], ["00000002", "00000001"]),
        (["--state", "running"], []),
        (["--workflow", "night"], ["00000003"]),
        (["--workflow", "ai", "--newest", "1"], ["00000002"]),
    ],
)
def test_a_list_can_be_narrowed(store: Kept, words: list[str], ids: list[str]) -> None:
    kept(store, fails(), "failed", id="run-00000001")
    kept(store, died(), id="run-00000002")
    kept(store, died(), "interrupted", id="run-00000003", workflow="nightly")
    told = json.loads(fwf("runs", "--json", *words).output)["runs"]
    assert [each["id"][-8:] for each in told] == ids


def test_a_damaged_run_does_not_hide_the_others(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, fails(), "failed", id="run-00000001")
    kept(store, died(), id="run-00000002")
    whole = store.records

    def records(run: RunRow) -> Iterator[Record]:
        if run.number == 1:
            raise JournalCorrupt("run 1: record 3 isn't what was written")
        return whole(run)

    monkeypatch.setattr(store, "records", records)
    lines = fwf("runs").output.splitlines()
    assert "died 00:10" in lines[1]
    assert lines[2].endswith("run 1: record 3 isn't what was written")
    done = fwf("runs", "00000001")
    assert (done.exit_code, done.output) == (2, "fwf: run 1: record 3 isn't what was written\n")


def test_runs_that_are_few_are_found_far_back(store: Kept) -> None:
    kept(store, fails(), "failed", id="run-00000001")
    for n in range(200):
        kept(store, Written().begin()("end", outcome="ok"), "ok", id=f"run-1{n:07}")
    told = json.loads(fwf("runs", "--json", "--state", "failed", "--newest", "2").output)["runs"]
    assert [each["id"] for each in told] == ["run-00000001"]


def test_a_list_reads_no_more_records_than_it_may(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, died(), id="run-00000001")
    kept(store, died(), id="run-00000002")
    monkeypatch.setattr(told_runs, "MOST_READ", 4)
    told = json.loads(fwf("runs", "--json").output)["runs"]
    assert [bool(each["inside"]) for each in told] == [True, False]
    assert [each["state"] for each in told] == ["died", "died"]


def test_what_is_ok_at_once_is_not_read(store: Kept) -> None:
    row = kept(store, fails(), "ok")
    del store.told[row.number]
    assert fwf("runs").exit_code == 0


def test_an_empty_list_says_so(store: Kept) -> None:
    assert fwf("runs").output == "no run in memory\n"
    assert fwf("runs", "--state", "ok").output == "no run like that in memory\n"
    assert json.loads(fwf("runs", "--json").output) == {"runs": []}


def test_what_a_terminal_would_obey_is_escaped(store: Kept) -> None:
    row = kept(store, fails(ESCAPE, ESCAPE), "failed", workflow=ESCAPE, shown={"x": ESCAPE})
    for words in (["runs"], ["runs", row.id]):
        told = fwf(*words).output
        assert "\x1b" not in told and "‮" not in told
        assert "evil\\x1b[2J\\u202ename" in told


# One


def test_a_run_that_died_is_told_with_where_and_what_to_do(store: Kept) -> None:
    row = kept(store, died(), id="run-00000001", shown={"day": "2026-06-01"})
    done = fwf("runs", "00000001")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "daily day=2026-06-01: died 2026-06-01 00:10:00 UTC in daily > load[7] > put, attempt 2",
        f"run 00000001 ({row.id})",
        "",
        "tries",
        "  1  2026-06-01 00:00:00 UTC  10 min  died in daily > load[7] > put, attempt 2"
        "  etl on nightly-1, process 4711",
        "",
        "steps: 1 ok, 1 died",
        "",
        "next",
        "  fwf run --resume 00000001",
        "      goes on where it stopped; what is committed isn't done again",
    ]


def test_a_run_that_failed_is_told_with_its_reason_and_line(store: Kept) -> None:
    kept(store, fails(), "failed", id="run-00000001")
    done = fwf("runs", "00000001")
    assert done.exit_code == 1
    assert (
        "failed\n  daily > load, attempt 1, 00:00:04: ConnectionError: no route, "
        "at load.py:12 in fetch\n" in done.output
    )
    assert "tries what failed again" in done.output


def test_a_resumed_run_says_from_which_try_its_steps_are(store: Kept) -> None:
    kept(store, resumed(), "ok", id="run-00000001")
    done = fwf("runs", "00000001")
    assert done.exit_code == 0
    assert "steps: 2 ok (1 of them from try 1)" in done.output
    assert "  1  2026-06-01 00:00:00 UTC  10 min  died in " in done.output
    assert "  2  2026-06-01 07:10:00 UTC  3 s     ok " in done.output
    assert "next" not in done.output


def test_a_run_in_doubt_names_the_ways_out(store: Kept) -> None:
    kept(store, held(), "held", id="run-00000001")
    done = fwf("runs", "00000001")
    assert "in doubt: daily > post\n  InDoubt: was started" in done.output
    assert "  fwf resolve 00000001 'daily > post' --value VALUE\n" in done.output
    assert "  fwf resolve 00000001 'daily > post' --again\n" in done.output
    assert "  fwf resolve 00000001 'daily > post' --skip\n" in done.output
    assert done.exit_code == 1


def test_who_decided_about_a_step_is_told(store: Kept) -> None:
    told = held()("resolved", "daily > post", how="value", by="etl", host="nightly-1", value=7)
    kept(store, told, "interrupted", id="run-00000001")
    said = fwf("runs", "00000001").output
    assert "\nresolved\n  daily > post: value, by etl on nightly-1, 2026-06-01 00:" in said
    (step,) = json.loads(fwf("runs", "00000001", "--json").output)["steps"]
    decided = step["resolved"]
    assert (decided["how"], decided["by"], decided["host"]) == ("value", "etl", "nightly-1")
    assert decided["at"].startswith("2026-06-01T00:")
    told.begin(3)("end", outcome="ok", value=1)
    kept(store, told, "ok", id="run-00000002")
    assert "value, by etl on nightly-1" in fwf("runs", "00000002").output


def test_a_poisoned_step_names_the_ways_out(store: Kept) -> None:
    kept(store, held("Poisoned"), "held", id="run-00000001")
    told = fwf("runs", "00000001").output
    assert "poisoned: daily > post" in told
    assert "--again" in told and "--value" not in told


@pytest.mark.parametrize("outcome", ["failed", "interrupted", "held"])
def test_a_failure_that_may_be_done_is_decided_however_the_run_ended(
    store: Kept, outcome: Any
) -> None:
    told = Written().begin().start("daily > pay", once=True)
    told("failed", "daily > pay", took=1, fault=fault("daily > pay"))
    if outcome == "held":
        told.start("daily > post")
        told("died", number=1, at=told.at, **{"in": [{"path": "daily > post", "number": 1}]})
        told.begin(2)
    reason = (
        fault("daily > post", "was started", "InDoubt") if outcome == "held" else fault("daily")
    )
    kept(store, told("end", outcome=outcome, fault=reason), outcome, id="run-00000001")
    commands = [
        each["command"] for each in json.loads(fwf("runs", "daily", "--json").output)["next"]
    ]
    paths = ["daily > post", "daily > pay"] if outcome == "held" else ["daily > pay"]
    assert commands[:-1] == [
        f"fwf resolve 00000001 '{path}' --{how}"
        for path in paths
        for how in ("value VALUE", "again", "skip")
    ]
    assert commands[-1] == "fwf run --resume 00000001"


def test_failed_items_of_a_complete_run_are_told_with_rerun(store: Kept) -> None:
    kept(store, collected(), "ok", id="run-00000001")
    done = fwf("runs", "00000001")
    assert done.exit_code == 0
    assert "daily > map_each[b] > load, attempt 1" in done.output
    assert "it was taken up" in done.output
    assert (
        "  fwf rerun 00000001 --failed\n      does again what failed or was cut (1 step), and"
        in done.output
    )


def test_a_run_at_work_is_let_alone(store: Kept) -> None:
    kept(store, died(), id="run-00000001", key="busy")
    store.holders["busy"] = ME
    done = fwf("runs", "00000001")
    assert done.exit_code == 0
    assert done.output.startswith("daily: running in daily > load[7] > put, attempt 2\n")
    assert "nothing is to be done but to wait" in done.output


def test_many_failures_are_counted(store: Kept) -> None:
    told = Written().begin()
    for n in range(50):
        path = f"daily > map_each[{n}] > load"
        told.start(path)("failed", path, took=1, fault=fault(path))
    kept(store, told("end", outcome="failed", fault=fault("daily")), "failed")
    said = fwf("runs", "daily").output
    assert said.count("ConnectionError") == 20
    assert "… and 30 more; fwf report tells all" in said


def test_a_run_as_json_has_its_steps_tries_and_commands(store: Kept) -> None:
    kept(store, resumed(), "ok", id="run-00000001", target="daily.py")
    told = json.loads(fwf("runs", "00000001", "--json").output)
    assert told["state"] == "ok" and told["target"] == "daily.py"
    assert [each["outcome"] for each in told["attempts"]] == ["died", "ok"]
    first, second = told["steps"]
    assert (first["path"], first["from_try"], first["attempts"][0]["rows"]) == (
        "daily > orders", 1, 500,
    )  # fmt: skip
    assert [each["ending"] for each in second["attempts"]] == ["died", "ok"]
    assert told["next"] == []


def test_commands_name_the_journal_that_was_given(
    store: Kept, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, fails(), "failed", id="run-00000001")
    file = tmp_path / "my runs.db"
    file.touch()
    told = fwf("runs", "00000001", "--journal", str(file)).output
    assert f"fwf run --resume 00000001 --journal '{file}'" in told
    store.where = "postgresql://etl@db/runs"
    told = fwf("runs", "00000001", "--journal", "postgresql://etl:hunter2@db/runs").output
    assert "--resume 00000001 --journal postgresql://etl@db/runs" in told
    assert "hunter2" not in told


# Pruning, misuse


def test_pruning_says_what_it_freed_and_kept(store: Kept) -> None:
    kept(store, fails(), "failed")
    kept(store, collected(), "ok")
    done = fwf("runs", "prune", "--older-than", "90d")
    assert done.exit_code == 0
    assert done.output.startswith("pruned 1 complete run that ended before ")
    assert "2.5 MB freed\nkept: each run's own row, and all of 1 that aren't complete" in (
        done.output
    )
    (before,) = store.pruned
    assert before > BEGAN


def test_pruning_as_json(store: Kept) -> None:
    told = json.loads(fwf("runs", "prune", "--older-than", "0d", "--json").output)
    assert told == {"pruned": 0, "freed": 2_500_000, "kept": 0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prune"], "say how old a run must be: --older-than 90d"),
        (["prune", "--older-than", "90"], "'90' is no number of days; write 90d"),
        (["prune", "--older-than", "-3d"], "is no number of days"),
        (["--older-than", "90d"], "--older-than is for pruning"),
        (["--newest", "0"], "--newest"),
        (["--state", "dead"], "--state"),
        (["--journal", ""], "it names no journal"),
        (["--journal", "off"], "no run is remembered there"),
        (["zzz"], "there is no run 'zzz'"),
    ],
)
def test_misuse_is_one_line(store: Kept, words: list[str], said: str) -> None:
    kept(store, fails(), "failed")
    done = fwf("runs", *words)
    assert done.exit_code == 2
    assert said in done.output
    assert done.output.count("\n") == 1


def test_a_terminal_gets_a_table_in_its_width(
    store: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(store, fails(), "failed", id="run-00000001", shown={"day": "2026-06-01" * 8})
    monkeypatch.setenv("COLUMNS", "70")
    told_runs.on_screen(told_runs.table(told_runs.list_runs(store, None, (), 20)))
    told = capsys.readouterr().out
    assert "failed" in told and "00000001" in told
    assert max(map(len, told.splitlines())) <= 70
    assert os.environ["COLUMNS"] == "70"
