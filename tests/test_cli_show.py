"""`fwf show --as … -o …`: pictures from the command line."""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fwf.cli.program import fwf

JOB = """
from fwf import it, named, par, task

@task(effect="read", reads=["s3://größe"])
def first() -> int: ...

workflow = named("job", par(first, first) >> it[0])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "drawn_job.py").write_text(JOB, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("drawn_job", None)


def call(*words: str) -> Result:
    return CliRunner().invoke(fwf, ["show", "drawn_job", *words])


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("text", "job\n"),
        ("mermaid", "flowchart TB\n"),
        ("dot", "digraph workflow {\n"),
        ("svg", "<svg "),
        ("html", "<!doctype html>\n"),
    ],
)
def test_each_form_goes_to_stdout(folder: Path, form: str, start: str) -> None:
    done = call("--as", form)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(start)
    assert done.stdout.endswith("\n") and not done.stdout.endswith("\n\n")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.txt", "job"), ("a.mmd", "flowchart"), ("a.mermaid", "flowchart"), ("a.dot", "digraph"),
        ("a.gv", "digraph"), ("a.svg", "<svg"), ("A.SVG", "<svg"), ("a.html", "<!doctype"),
    ],
)  # fmt: skip
def test_a_file_is_in_the_form_that_its_name_says(folder: Path, name: str, start: str) -> None:
    done = call("-o", name)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"wrote {name}\n")
    assert (folder / name).read_text("utf-8").startswith(start)


def test_as_wins_over_the_name(folder: Path) -> None:
    assert call("-o", "a.txt", "--as", "svg").exit_code == 0
    assert ET.parse(folder / "a.txt").getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["-o", "picture"],
            "fwf: -o picture: its ending doesn't say what to make; end it in ",
        ),
        (["-o", "a.pdf"], "fwf: -o a.pdf: its ending doesn't say what to make; end it in "),
        (["-o", "no/a.svg"], "fwf: can't write no/a.svg: there is no folder no; make it, "),
        (["--as", "svg", "-o", "."], "fwf: can't write .: it is a folder; name a file in it"),
        (["--json", "--as", "svg"], "fwf: --as svg and --json: JSON goes to stdout"),
        (["--json", "-o", "a.svg"], "fwf: -o and --json: JSON goes to stdout"),
    ],
)
def test_misuse_is_one_line_and_writes_nothing(folder: Path, words: list[str], told: str) -> None:
    done = call(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
    assert [each.name for each in folder.iterdir() if not each.is_dir()] == ["drawn_job.py"]
