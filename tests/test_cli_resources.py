"""What couldn't be opened is known before anything starts: openers, and variables of secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_support import Done, environment, fwf

SOURCE = """
from contextlib import contextmanager
from functools import partial
from typing import Annotated
from fwf import Resource, Secret, named, recover, task

Db = Annotated[object, Resource]

@contextmanager
def open_shop(url, *, retries, timeout=3):
    yield url

@task(effect="read")
def orders(*, shop: Db, token: Secret) -> int:
    print("started")
    return len(token.reveal())

@task(effect="read")
def visits() -> int:
    return 1

workflow = named("daily", recover(orders, 0))
others = named("others", visits)
resources = {"shop": open_shop, "token": Secret.env("SHOP_TOKEN"), "other": open_shop}
"""
OPENER = (
    "daily: resource 'shop' is given open_shop, which needs url, retries, but an "
    "opener is called without arguments: write functools.partial(open_shop, url=…, retries=…)"
)
UNSET = (
    "daily: secret 'token' is read from the environment variable SHOP_TOKEN, "
    "which is not set: set it, or name where it is kept in a profile (--profile)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(SOURCE)
    return tmp_path


def mended(folder: Path) -> None:
    text = SOURCE.replace('"shop": open_shop', '"shop": partial(open_shop, "x", retries=1)')
    (folder / "jobs.py").write_text(text)


def run(folder: Path, *words: str, **variables: str) -> Done:
    command = ("run", "jobs.py", "--journal", "off", *words)
    return fwf(*command, cwd=folder, env=environment(**variables))


def test_a_run_that_could_only_come_to_a_fallback_is_not_started(folder: Path) -> None:
    done = run(folder)
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [f"fwf: {OPENER}", f"fwf: {UNSET}"]
    mended(folder)
    assert run(folder).err.splitlines() == [f"fwf: {UNSET}"]
    assert run(folder, SHOP_TOKEN="a-word").out.splitlines() == ["started", "6"]


def test_only_what_the_workflow_needs_counts(folder: Path) -> None:
    done = fwf("run", "jobs.py:others", "--journal", "off", cwd=folder)
    assert (done.status, done.out) == (0, "1\n"), done.err
    assert fwf("check", "jobs.py:others", cwd=folder).status == 0
    assert fwf("dry-run", "jobs.py", cwd=folder).status == 0


def test_where_tasks_are_called_elsewhere_the_variable_is_theirs(folder: Path) -> None:
    mended(folder)
    done = run(folder, "--on", "nowhere")
    assert done.status == 2 and "SHOP_TOKEN" not in done.err


def test_check_looks_at_the_resources_beside_a_workflow(folder: Path) -> None:
    done = fwf("check", "jobs.py", cwd=folder)
    assert done.status == 1
    assert done.out.splitlines() == [
        f"error: {OPENER} [resource-type]",
        f"warning: {UNSET} [unset-variable]",
        "daily: 1 error, 1 warning",
    ]
    mended(folder)
    assert fwf("check", "jobs.py", "--json", cwd=folder).status == 0
    quiet = ("--silence", "unset-variable", "--silence", "resource-type")
    (folder / "jobs.py").write_text(SOURCE)
    assert fwf("check", "jobs.py", *quiet, cwd=folder).out == "daily: no issues\n"


def test_check_tells_it_in_json(folder: Path) -> None:
    issues = json.loads(fwf("check", "jobs.py", "--json", cwd=folder).out)["issues"]
    assert [(each["rule"], each["severity"]) for each in issues] == [
        ("resource-type", "error"),
        ("unset-variable", "warning"),
    ]
