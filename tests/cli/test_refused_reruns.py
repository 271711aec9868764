"""A rerun that is refused has taken nothing back: what was done stays done."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli_support import Done, command, environment, fwf

JOBS = """
from pathlib import Path

from fwf import Secret, named, task


@task(effect="read")
def load() -> str:
    return "rows"


@task(effect="unrepeatable")
def mail(rows: str, *, token: Secret) -> str:
    with Path("mailed").open("a") as file:
        file.write(f"{rows} ")
    return "mailed"


@task(effect="pure")
def last(text: str) -> str:
    return text


workflow = named("post", load >> mail >> last)
other = named("other", load >> last)
resources = {"token": Secret.env("FWF_TEST_TOKEN")}
"""

NIGHTS = """
import time
from datetime import date
from pathlib import Path

from fwf import every_day, it, named, state, task

mark = state("mark", int, first=0)


@task(effect="unrepeatable")
def pay(number: int, *, day: date) -> int:
    with Path("paid").open("a") as file:
        file.write(f"{day.day} ")
    return number + 1


@task(effect="idempotent")
def load(number: int, *, day: date) -> int:
    Path(f"loads{day.day}").touch()
    while Path(f"waits{day.day}").exists():
        time.sleep(0.02)
    if Path(f"fails{day.day}").exists():
        raise ValueError("no")
    return number


start = date(2026, 11, 1)
moves = named("moves", mark.read >> pay >> mark.moved_by(load, to=it))
only = named("only", mark.read >> pay >> load)
nightly = every_day(only, tz="UTC", param="day", start=start, after_previous=True)
"""

SECRETS = {"FWF_TEST_TOKEN": "hunter2"}


def call(folder: Path, *words: str, secrets: dict[str, str] = SECRETS) -> Done:
    env = environment(FWF_JOURNAL=".fwf/runs.db", **secrets)
    return fwf(*words, cwd=folder, env=env)


@pytest.mark.parametrize(
    ("words", "secrets"),
    [
        (("--target", "jobs.py:other"), SECRETS),
        (("--target", "nowhere.py"), SECRETS),
        (("--profile", "nope"), SECRETS),
        ((), {}),
        (("--workers", "0"), SECRETS),
        *[((name, "no/such/folder"), SECRETS) for name in ("--log-file", "--history")],
        (("--openlineage", "no/such/folder"), SECRETS),
        ((), {**SECRETS, "OPENLINEAGE_URL": "notaurl"}),
    ],
    ids=[
        "another workflow", "no file", "no profile", "no secret", "workers", "log", "history",
        "lineage", "address of lineage",
    ],
)  # fmt: skip
def test_what_was_done_stays_done(
    tmp_path: Path, words: tuple[str, ...], secrets: dict[str, str]
) -> None:
    (tmp_path / "jobs.py").write_text(JOBS)
    assert call(tmp_path, "run", "jobs.py").status == 0
    refused = call(tmp_path, "rerun", "post", "--from", "mail", *words, secrets=secrets)
    assert refused.status == 2, refused.err
    assert call(tmp_path, "run", "jobs.py").status == 0
    assert (tmp_path / "mailed").read_text() == "rows "
    assert call(tmp_path, "rerun", "post", "--from", "mail").status == 0
    assert (tmp_path / "mailed").read_text() == "rows rows "


def test_what_a_rerun_takes_back_it_says_first(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(JOBS)
    assert call(tmp_path, "run", "jobs.py").status == 0
    again = call(tmp_path, "rerun", "post", "--from", "mail")
    assert again.err.splitlines()[0] == (
        "fwf: 1 step done again, with the same keys; of 1 step after that those whose input "
        "changes, with new keys"
    )
    refused = call(tmp_path, "rerun", "post", "--failed")
    assert refused.status == 2
    assert "nothing failed" in refused.err
    assert (tmp_path / "mailed").read_text() == "rows rows "


def day(number: int) -> str:
    return f"day=2026-11-{number:02}"


def test_a_rerun_that_waits_for_another_runs_state_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "nights.py").write_text(NIGHTS)
    (tmp_path / "fails1").touch()
    first = ("run", "nights.py:moves", "--param", day(1))
    assert call(tmp_path, *first).status == 1
    (tmp_path / "fails2").touch()
    with at_work(tmp_path, 2, "run", "nights.py:moves", "--param", day(2)):
        refused = call(tmp_path, "rerun", day(1), "--from", "pay")
        assert refused.status == 75, refused.err
    (tmp_path / "fails1").unlink()
    assert call(tmp_path, *first).status == 0
    assert (tmp_path / "paid").read_text() == "1 2 "


def test_a_rerun_of_a_day_that_is_kept_by_the_one_before_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / "nights.py").write_text(NIGHTS)
    days = [("run", "nights.py:nightly", "--param", day(number)) for number in (1, 2)]
    assert [call(tmp_path, *each).status for each in days] == [0, 0]
    (tmp_path / "fails1").touch()
    assert call(tmp_path, "rerun", day(1), "--from", "load").status == 1
    refused = call(tmp_path, "rerun", day(2), "--from", "pay")
    assert (refused.status, "blocked by 2026-11-01" in refused.err) == (69, True), refused.err
    (tmp_path / "fails1").unlink()
    assert [call(tmp_path, *each).status for each in days] == [0, 0]
    assert (tmp_path / "paid").read_text() == "1 2 "
    assert call(tmp_path, "rerun", day(2), "--from", "pay").status == 0
    assert (tmp_path / "paid").read_text() == "1 2 2 "


@contextmanager
def at_work(folder: Path, number: int, *words: str) -> Iterator[None]:
    """Have a run wait in its load while the body is done."""
    waits = folder / f"waits{number}"
    waits.touch()
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(FWF_JOURNAL=".fwf/runs.db")
    )
    try:
        until = time.monotonic() + 30
        while not (folder / f"loads{number}").exists():
            assert time.monotonic() < until, "it never came to its load"
            time.sleep(0.02)
        yield
    finally:
        waits.unlink()
        process.wait(30)
