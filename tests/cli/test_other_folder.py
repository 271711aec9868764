"""A run that is gone on with from another folder than that in which it was started."""

import json
from pathlib import Path

import pytest

from tests.cli_support import environment, fwf

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


def said(folder: Path, *words: str) -> str:
    """What a command writes in a folder, beside which there is a journal."""
    folder.mkdir(exist_ok=True)
    done = fwf(*words, cwd=folder, env=environment(FWF_JOURNAL=str(folder.parent / "runs.db")))
    return done.out + done.err


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The folder in which a run was started that failed."""
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "jobs.py").write_text(JOBS.format(place=tmp_path.parts[1:], who="first"))
    assert "it is closed" in said(folder, "run", "jobs.py")
    (tmp_path / "open").touch()
    return folder


@pytest.mark.parametrize("words", [("run", "--resume", "jobs"), ("rerun", "jobs", "--failed")])
def test_which_of_two_files_it_goes_on_with_is_told(first: Path, words: tuple[str, ...]) -> None:
    second = first.parent / "second"
    second.mkdir()
    source = (first / "jobs.py").read_text()
    (second / "jobs.py").write_text(source.replace("by first", "by second"))
    output = said(second, *words)
    assert output.count(f"was started in {first}; jobs.py is the one in {second}") == 1
    assert "done by second" in output


def test_where_it_was_started_is_told_where_its_file_isnt_there(first: Path) -> None:
    output = said(first.parent / "third", "run", "--resume", "jobs")
    assert "there is no file jobs.py" in output
    assert f"was started in {first}: go there" in output


def test_nothing_is_told_where_it_was_started(first: Path) -> None:
    output = said(first, "run", "--resume", "jobs")
    assert "done by first" in output and "was started in" not in output


def test_what_its_module_prints_stays_out_of_the_json(first: Path) -> None:
    jobs = first / "jobs.py"
    jobs.write_text(f'print("imported")\n{jobs.read_text()}')
    env = environment(FWF_JOURNAL=str(first.parent / "runs.db"))
    done = fwf("rerun", "jobs", "--failed", "--json", cwd=first, env=env)
    assert json.loads(done.out)["outcome"] == "ok"
