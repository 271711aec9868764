"""`fwf plan`: a workflow written down, and what other commands make of the file."""

import json
from pathlib import Path

import pytest

from tests.cli_support import ROOT, fwf

SHOP = """
from fwf import retry, task

@task(effect="read")
def orders() -> int: ...

workflow = retry(orders, attempts=3)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def test_a_plan_is_printed_or_written_whole_and_other_commands_take_it(folder: Path) -> None:
    printed = fwf("plan", "shop.py", cwd=folder)
    assert printed.status == 0
    assert printed.err == ""
    written = fwf("plan", "shop.py", "-o", "plan.json", cwd=folder)
    assert (written.status, written.out) == (0, "")
    assert written.err == f"wrote plan.json: {len(printed.out)} bytes\n"
    assert (folder / "plan.json").read_text() == printed.out
    assert sorted(each.name for each in folder.iterdir() if each.suffix) == ["plan.json", "shop.py"]
    shown, there = fwf("show", "plan.json", cwd=folder), fwf("show", "shop.py", cwd=folder)
    assert shown == there
    assert (
        fwf("check", "plan.json", cwd=folder).status == fwf("check", "shop.py", cwd=folder).status
    )
    assert fwf("needs", "plan.json", cwd=folder) == fwf("needs", "shop.py", cwd=folder)
    assert fwf("plan", "plan.json", cwd=folder).out == printed.out


def test_the_schema_is_printed_without_a_target(tmp_path: Path) -> None:
    done = fwf("plan", "--schema", cwd=tmp_path)
    assert done.status == 0
    assert done.out == (ROOT / "fwf/interpreters/plan/schema.json").read_text()
    assert json.loads(done.out)["$id"] == "urn:fwf:plan:1"


def test_a_plan_that_can_not_be_read_or_written_is_misuse_in_one_line(folder: Path) -> None:
    (folder / "bad.json").write_text('{"plan":1,"tasks":[],"nodes":[{"node":"delay"}]}')
    done = fwf("show", "bad.json", cwd=folder)
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "fwf: bad.json is no plan that can be read: /nodes/0: there is no 'duration'; the fields "
        "node, duration are expected\n"
    )
    done = fwf("show", "bda.json", cwd=folder)
    assert done.err == "fwf: there is no file bda.json; did you mean 'bad.json'?\n"
    done = fwf("run", "bad.json", cwd=folder)
    assert done.err.startswith("fwf: bad.json is a plan, which has only the names of tasks; to run")
    done = fwf("plan", "shop.py", "-o", "none/plan.json", cwd=folder)
    assert done.err == (
        "fwf: can't write none/plan.json: there is no folder none; make it, or name another place\n"
    )
