"""`fwf state`, and runs that hand each other a mark, by real processes that are killed and race."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf as program
from tests.cli_support import command, environment
from tests.connectors.conftest import postgres_url as postgres_url
from tests.journal.conftest import (
    journal_url as journal_url,
    place as place,
    server_place as server_place,
)
from tests.journal.places import Place

SOURCE = """
import time
from datetime import datetime, timedelta
from pathlib import Path

from fwf import it, named, pure, state, task

seen = state("seen", datetime, first=datetime(2026, 6, 1))


@task(effect="read")
def upper() -> timedelta:
    return timedelta(hours=int(Path("now").read_text()))


@task(effect="idempotent")
def load(high: datetime, *, day: str) -> str:
    Path("here").touch()
    while Path("wait").exists():
        time.sleep(0.01)
    with open("loads", "a") as loads:
        print(day, high, file=loads)
    return day


@task(effect="idempotent")
def after(day: str) -> str:
    Path("there").touch()
    while Path("last").exists():
        time.sleep(0.01)
    return day


def at(hours: timedelta) -> datetime:
    return datetime(2026, 6, 1) + hours


workflow = named("night", seen.read >> upper >> pure(at) >> seen.moved_by(load, to=it) >> after)
"""


@pytest.fixture
def project(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fwf.toml").touch()
    (tmp_path / "night.py").write_text(SOURCE)
    (tmp_path / "now").write_text("1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FWF_JOURNAL", place.where)
    return tmp_path


def fwf(*words: str) -> Result:
    return CliRunner().invoke(program, words)


def night(day: str, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command("run", "night.py", "--param", f"day={day}", *words),
        env=environment(FWF_JOURNAL=os.environ["FWF_JOURNAL"]),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@contextmanager
def at_work(day: str, block: str, sign: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A run that waits at a place until it is killed or let go."""
    Path(block).touch()
    process = night(day)
    try:
        until(lambda: Path(sign).exists(), process)
        yield process
    finally:
        Path(block).unlink(missing_ok=True)
        Path(sign).unlink(missing_ok=True)
        process.kill()
        process.communicate()


def until(what: Any, process: "subprocess.Popen[bytes]") -> None:
    while not what():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def done(day: str, *words: str) -> tuple[int, str]:
    process = night(day, *words)
    _, said = process.communicate(timeout=60)
    return process.returncode, said.decode()


def marks() -> list[str]:
    found = fwf("state", "history", "seen", "--json")
    if found.exit_code:
        return []
    return [each["value"]["datetime"] for each in json.loads(found.stdout)["versions"]]


def loads() -> list[str]:
    return [line.split()[0] for line in Path("loads").read_text().splitlines()]


def dead(journal: Place, day: str) -> tuple[int, str]:
    """Go on with a run whose process is dead; on a server its lease ends first."""
    if journal.is_server:
        journal.ask("UPDATE @leases SET until = '-infinity'")
    return done(day)


def test_a_run_that_is_killed_in_its_load_moves_nothing_until_it_goes_on(
    project: Path, place: Place
) -> None:
    with at_work("1", "wait", "here") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert marks() == []
    Path("now").write_text("5")  # the clock of the source goes on; what the run read stays
    assert dead(place, "1")[0] == 0
    assert marks() == ["2026-06-01T01:00:00"]
    assert loads() == ["1"]


def test_a_run_that_is_killed_after_its_mark_moved_moves_it_no_more(
    project: Path, place: Place
) -> None:
    with at_work("1", "last", "there") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert marks() == ["2026-06-01T01:00:00"]
    assert dead(place, "1")[0] == 0
    assert (marks(), loads()) == (["2026-06-01T01:00:00"], ["1"])


def test_who_comes_while_a_run_holds_the_mark_is_told_which_run_that_is(project: Path) -> None:
    with at_work("1", "wait", "here") as process:
        status, said = done("2")
        assert status == 75 and "state 'seen': run " in said and "(night) goes on with it" in said
        refused = fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
        assert refused.exit_code == 75 and "(night) goes on with it" in refused.stderr
        assert marks() == []
        Path("wait").unlink()
        assert process.wait(60) == 0
    assert marks() == ["2026-06-01T01:00:00"]
    held = json.loads(fwf("state", "show", "--json").stdout)["states"][0]["held_by"]
    assert held is None


def test_of_two_runs_that_race_each_moves_the_mark_from_where_it_was(project: Path) -> None:
    for _ in range(3):
        both = [night(day) for day in ("a", "b")]
        found = sorted(each.wait(60) for each in both)
        for each in both:
            each.communicate()
        assert found in ([0, 0], [0, 75])
    versions = json.loads(fwf("state", "history", "seen", "--json").stdout)["versions"]
    assert len({each["run"] for each in versions}) == len(versions) == len(loads()) <= 2


def test_a_mark_is_set_shown_and_told_with_who_did_it(project: Path) -> None:
    nothing = fwf("state", "show")
    assert nothing.exit_code in (0, 2)
    unknown = fwf("state", "set", "seen", "2026-06-07")
    assert unknown.exit_code == 2
    first = fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
    assert (first.exit_code, first.stdout) == (0, "seen: nothing → 2026-06-07T00:00:00\n")
    again = fwf("state", "set", "seen", "2026-06-08T01:02:03.000004", "--json")
    assert json.loads(again.stdout) == {
        "name": "seen", "version": 2, "value": {"datetime": "2026-06-08T01:02:03.000004"},
        "old": {"datetime": "2026-06-07T00:00:00"},
    }  # fmt: skip
    shown = fwf("state", "show").stdout.splitlines()
    assert shown[0].split() == ["state", "mark", "since", "set", "by"]
    assert shown[1].split()[:2] == ["seen", "2026-06-08T01:02:03.000004"] and " on " in shown[1]
    told = fwf("state", "history", "seen").stdout.splitlines()
    assert [line.split()[0] for line in told] == ["version", "1", "2"]
    versions = json.loads(fwf("state", "history", "seen", "--json").stdout)["versions"]
    assert [each["old"] for each in versions] == [None, {"datetime": "2026-06-07T00:00:00"}]
    assert fwf("runs").stdout == ""  # a state is no run


def test_the_workflow_that_says_the_type_is_imported_once(project: Path) -> None:
    with (project / "night.py").open("a") as source:
        source.write('with open("imported", "a") as times:\n    print("once", file=times)\n')
    first = fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
    assert first.exit_code == 0
    assert (project / "imported").read_text() == "once\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "seen", "yesterday"], "seen: 'yesterday' is no datetime, such as "),
        (["set", "sen", "2026-06-07"], "has no state 'sen'; did you mean 'seen'?"),
        (["set", "x", "1", "--of", "night.py"], "night.py has no state 'x'; its states are seen"),
        (["show", "nothing"], "has no state 'nothing'; its states are seen"),
        (["history", "nothing"], "has no state 'nothing'"),
        (["set", "seen"], "Missing argument 'VALUE'"),
        ([], "Missing command"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(project: Path, words: list[str], said: str) -> None:
    fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
    found = fwf("state", *words)
    assert found.exit_code == 2 and said in found.stderr
    assert found.stderr.count("\n") == 1 and len(marks()) == 1


def test_a_run_is_given_up_and_the_next_start_begins_anew(project: Path) -> None:
    with at_work("1", "wait", "here") as process:
        refused = fwf("runs", "give-up", "night+day=1")
        assert refused.exit_code == 75
        process.send_signal(signal.SIGINT)
        process.wait(60)
    fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
    status, said = done("1")
    assert status == 2 and "fwf runs give-up" in said
    given = fwf("runs", "give-up", "night+day=1", "--json")
    assert given.exit_code == 0 and json.loads(given.stdout)["state"] == "given up"
    for words in (["run", "--resume"], ["rerun", "--failed"], ["runs", "give-up"]):
        refused = fwf(*words, "night+day=1")
        assert refused.exit_code == 2 and "given up" in refused.stderr
    assert json.loads(fwf("runs", "--json").stdout)["runs"][0]["state"] == "given up"
    assert fwf("runs", "--state", "given up").stdout.count("given up") == 1
    assert fwf("runs", "night+day=1").exit_code == 1
    assert done("1")[0] == 0
    found = json.loads(fwf("runs", "--json").stdout)["runs"]
    assert [(each["generation"], each["state"]) for each in found] == [(2, "ok"), (1, "given up")]


def test_what_a_run_is_told_to_do_next_is_what_it_can(project: Path) -> None:
    with at_work("1", "wait", "here") as process:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert "fwf run --resume" in fwf("runs", "night+day=1").stdout
    fwf("state", "set", "seen", "2026-06-07", "--of", "night.py")
    told = fwf("runs", "night+day=1")
    assert "next\n  fwf runs give-up " in told.stdout and "--resume" not in told.stdout
    moved = "moved it from nothing to 2026-06-07T00:00:00"
    assert "state 'seen': " in told.stdout and moved in told.stdout
    (first,) = json.loads(fwf("runs", "night+day=1", "--json").stdout)["next"]
    assert first["command"].startswith("fwf runs give-up ")
    (row,) = json.loads(fwf("runs", "--json").stdout)["runs"]
    assert row["state"] == "interrupted" and moved in row["failed"]
    assert fwf("runs", "give-up", "night+day=1").exit_code == 0
    assert "moved it" not in fwf("runs", "night+day=1").stdout


def test_without_a_journal_the_state_is_missing(project: Path) -> None:
    found = fwf("run", "night.py", "--param", "day=1", "--journal", "off")
    assert found.exit_code == 2 and "a journal has it" in found.stderr
    assert fwf("dry-run", "night.py", "--param", "day=1", "--journal", "off").exit_code in (0, 2)
    told = fwf("needs", "night.py").stdout
    assert "states\n  seen  datetime  read_seen, move_seen" in told and "resources" not in told
