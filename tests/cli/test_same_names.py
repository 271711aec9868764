"""What a run has kept is read again, however its module is imported: as a script or by fwf."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli_support import environment, python

JOBS = """
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fwf import every_day, named, pure, run, task


@dataclass(frozen=True)
class Row:
    n: int


def doubled(rows: list[Row]) -> list[Row]:
    return [*rows, *rows]


@task(effect="read")
def rows(*, day: date) -> list[Row]:
    with Path("read").open("a") as file:
        file.write("once ")
    return [Row(1)]


@task(effect="idempotent")
def load(rows: list[Row]) -> int:
    if not Path("open").exists():
        raise ConnectionError("the target is closed")
    return len(rows)


workflow = named("jobs", rows >> pure(doubled) >> load)
daily = every_day(
    workflow, tz="UTC", param="day", start=date(2026, 1, 1), end=date(2026, 1, 1)
)
if __name__ == "__main__":
    print(run(workflow, params={"day": date(2026, 1, 1)}, journal=".fwf/runs.db"))
"""
FWF = ["-m", "fwf"]
DAY = ["--param", "day=2026-01-01"]
COMMANDS = {
    "script": ["jobs.py"],
    "module as script": ["-m", "jobs"],
    "file": [*FWF, "run", "jobs.py", *DAY],
    "module": [*FWF, "run", "jobs", *DAY],
    "due": [*FWF, "run", "jobs.py:daily", "--due"],
    "rerun": [*FWF, "rerun", "jobs", "--failed"],
}


def said(words: Sequence[str], folder: Path) -> str:
    """What Python writes in a folder that has a journal."""
    done = python(*words, cwd=folder, env=environment(FWF_JOURNAL=".fwf/runs.db"))
    return done.out + done.err


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("script", "file"),
        ("script", "due"),
        ("module as script", "module"),
        ("file", "script"),
        ("file", "rerun"),
        ("due", "module as script"),
        ("due", "rerun"),
    ],
)
def test_a_run_is_gone_on_with_whoever_began_it(first: str, second: str, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(JOBS)
    assert "the target is closed" in said(COMMANDS[first], tmp_path)
    (tmp_path / "open").touch()
    output = said(COMMANDS[second], tmp_path)
    assert re.search(r"^(<Success: |2026-01-01: )?2>?$", output, re.MULTILINE), output
    assert (tmp_path / "read").read_text() == "once "
