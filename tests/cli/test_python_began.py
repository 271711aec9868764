"""Decisions about runs that Python code began: the journal doesn't say where their workflow is."""

from pathlib import Path

import pytest

from tests.cli_support import environment, python

JOBS = """
import os
from pathlib import Path

from fwf import named, run, task


@task(effect="unrepeatable")
def pay() -> str:
    if not Path("open").exists():
        os.kill(os.getpid(), 9)
    return "paid"


@task(effect="idempotent")
def book(receipt: str) -> str:
    if not Path("open").exists():
        raise ConnectionError("the books are closed")
    return f"booked {receipt}"


workflow = named("bills", pay >> book)
if __name__ == "__main__":
    print(run(workflow, journal=".fwf/runs.db"))
"""


def said(folder: Path, *words: str) -> str:
    """What Python writes in a folder that has a journal."""
    done = python(*words, cwd=folder, env=environment(FWF_JOURNAL=".fwf/runs.db"))
    return done.out + done.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a run is in doubt that a script began."""
    (tmp_path / "jobs.py").write_text(JOBS)
    said(tmp_path, "jobs.py")
    assert "InDoubt" in said(tmp_path, "jobs.py")
    return tmp_path


def test_what_is_to_be_done_next_says_where_a_target_is_needed(folder: Path) -> None:
    advice = said(folder, "-m", "fwf", "runs", "bills")
    assert "'bills > pay' --value VALUE --target TARGET" in advice
    assert "fwf run TARGET --resume" in advice


@pytest.mark.parametrize(
    "words", [("resolve", "bills", "bills > pay", "--again"), ("rerun", "bills", "--failed")]
)
def test_without_a_target_it_is_said_how_to_give_one(folder: Path, words: tuple[str, ...]) -> None:
    message = said(folder, "-m", "fwf", *words)
    assert "wasn't started by fwf run" in message and "--target TARGET" in message


def test_with_a_target_it_is_decided_and_gone_on_with(folder: Path) -> None:
    target = "--target", "jobs.py"
    decided = said(folder, "-m", "fwf", "resolve", "bills", "pay", "--value", "slip", *target)
    assert "fwf run jobs.py --resume" in decided
    assert "the books are closed" in said(folder, "-m", "fwf", "run", "jobs.py")
    (folder / "open").touch()
    again = said(folder, "-m", "fwf", "rerun", "bills", "--failed", *target)
    assert "booked slip" in again
