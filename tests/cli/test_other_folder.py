"""A run that is gone on with from another folder than that in which it was started."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli_support import ROOT, environment

JOBS = """
from pathlib import Path

from fwf import named, task


@task(effect="read")
def load() -> str:
    if not Path("/", *{place!r}, "open").exists():
        raise ConnectionError("it is closed")
    return "done by {who}"


workflow = named("jobs", load)
"""


def fwf(folder: Path, *words: str) -> str:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "fwf", *words],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), FWF_JOURNAL=str(folder.parent / "runs.db")),
        encoding="utf-8",
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The folder in which a run was started that failed."""
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "jobs.py").write_text(JOBS.format(place=tmp_path.parts[1:], who="first"))
    assert "it is closed" in fwf(folder, "run", "jobs.py")
    (tmp_path / "open").touch()
    return folder


@pytest.mark.parametrize("words", [("run", "--resume", "jobs"), ("rerun", "jobs", "--failed")])
def test_which_of_two_files_it_goes_on_with_is_told(first: Path, words: tuple[str, ...]) -> None:
    second = first.parent / "second"
    second.mkdir()
    source = (first / "jobs.py").read_text()
    (second / "jobs.py").write_text(source.replace("by first", "by second"))
    output = fwf(second, *words)
    assert f"was started in {first}; jobs.py is the one in {second}" in output
    assert "done by second" in output


def test_where_it_was_started_is_told_where_its_file_isnt_there(first: Path) -> None:
    output = fwf(first.parent / "third", "run", "--resume", "jobs")
    assert "there is no file jobs.py" in output
    assert f"was started in {first}: go there" in output


def test_nothing_is_told_where_it_was_started(first: Path) -> None:
    output = fwf(first, "run", "--resume", "jobs")
    assert "done by first" in output and "was started in" not in output
