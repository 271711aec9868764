"""What `fwf run` says of a failure: the line always, the traceback where it is asked for."""

import json
from pathlib import Path

import pytest

from tests.cli_support import fwf

SOURCE = """
from fwf import *
from fwf.interpreters.run import run
from returns.result import Failure

def reads(x):
    try:
        return {}["column"]
    except KeyError as error:
        again = ConnectionError("no route")
        again.add_note("a note of the vendor's")
        raise again from error  # line 12

@task(effect="pure")
def plain(x: int) -> int: return reads(x)

@task(effect="pure")
async def awaits(x: int) -> int: return reads(x)

@task(effect="pure", isolate=True)
def apart(x: int) -> int: return reads(x)

@task(effect="pure")
def nested(x: int) -> int: return run(plain, x).unwrap()

@task(effect="pure", isolate=True)
def nested_apart(x: int) -> int: return run(plain, x).unwrap()

@task(effect="pure")
def returned(x: int) -> int: return Failure(ConnectionError("no route"))  # line 30

inline = const(1) >> plain
thread = const(1) >> timeout(plain, seconds(60))
loop = const(1) >> awaits
process = const(1) >> apart
inner = const(1) >> nested
inner_process = const(1) >> nested_apart
expression = const(1) >> pure(reads)
lambdas = const([1]) >> map_each(identity, key=reads)
plainly = const(1) >> returned
"""
RAISED = {
    "inline": "plain: ConnectionError: no route",
    "thread": "plain: ConnectionError: no route",
    "loop": "awaits: ConnectionError: no route",
    "process": "apart: ConnectionError: no route",
    "inner": "nested: a run in it failed: plain: ConnectionError: no route",
    "inner_process": "nested_apart: a run in it failed: plain: ConnectionError: no route",
    "expression": "pure#2: PredicateDefect: reads raised ConnectionError: no route",
    "lambdas": "map_each: PredicateDefect: key of item 0: reads raised ConnectionError: no route",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize("target", RAISED)
def test_a_failure_is_told_with_its_line(folder: Path, target: str) -> None:
    done = fwf("run", f"jobs:{target}", cwd=folder)
    assert done.status == 1
    assert done.err.splitlines()[-1] == f"{RAISED[target]}, at jobs.py:12 in reads"
    assert "Traceback" not in done.err


@pytest.mark.parametrize("target", RAISED)
def test_debug_and_json_give_the_traceback_its_cause_and_its_notes(
    folder: Path, target: str
) -> None:
    told = fwf("run", f"jobs:{target}", "--debug", cwd=folder).err
    (leaf,) = json.loads(fwf("run", f"jobs:{target}", "--json", cwd=folder).out)["fault"]["leaves"]
    while leaf["cause"]:
        (leaf,) = leaf["cause"]["leaves"]
    assert leaf["at"] == {"file": str(folder / "jobs.py"), "line": 12, "function": "reads"}
    for text in (told, leaf["traceback"]):
        assert 'return {}["column"]' in text
        assert "KeyError: 'column'" in text
        assert "The above exception was the direct cause of the following exception:" in text
        assert "raise again from error  # line 12" in text
        assert "ConnectionError: no route\na note of the vendor's" in text


def test_a_failure_that_is_returned_is_told_with_the_task_s_line(folder: Path) -> None:
    err = fwf("run", "jobs:plainly", cwd=folder).err
    assert err.splitlines()[-1] == (
        "returned: ConnectionError: no route, at jobs.py:29 in returned"
    )
