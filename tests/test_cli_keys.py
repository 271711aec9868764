"""`--key` and `--param`: which runs have one name from the command line, and so the same keys."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf

SOURCE = """
from datetime import date
from fwf import IdempotencyKey, Scenario, every, named, retry, seconds, task

@task(effect="idempotent")
def load(*, day: date, only: str = "all", key: IdempotencyKey) -> str:
    return key

@task(effect="read")
def asks() -> int: ...

workflow = named("daily", retry(load, attempts=2))
flaky = named("flaky", retry(asks, attempts=3, wait=every(seconds(60)).jitter(1)))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "keyed_flow.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "down.toml").write_text(
        '[tasks.asks]\nfails = ["OSError", "OSError"]\ngives = 1\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("keyed_flow", None)


def done(*words: str) -> Result:
    return CliRunner().invoke(fwf, words)


def key(*more: str, day: str = "2026-06-01") -> str:
    ran = done("run", "keyed_flow", "--param", f"day={day}", *more)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_an_optional_parameter_repeats_the_same_work() -> None:
    assert key() == key("--param", "only=T07") == key("--param", "only=all")
    assert key() != key(day="2026-06-02")


def test_a_key_of_the_caller_names_the_run() -> None:
    assert key("--key", "june") == key("--key", "june", day="2026-06-02") != key()
    assert key("--key", "june") != key("--key", "july")


def test_a_dry_run_waits_as_long_as_the_run_of_that_key() -> None:
    def took(*more: str) -> str:
        return done("dry-run", "keyed_flow:flaky", "--scenario", "down.toml", *more).stdout

    assert took("--key", "a") == took("--key", "a") != took("--key", "b")


@pytest.mark.parametrize("command", ["run", "dry-run"])
def test_a_key_that_says_nothing_is_misuse(command: str) -> None:
    refused = done(command, "keyed_flow", "--param", "day=2026-06-01", "--key", " ")
    assert refused.exit_code == 2 and refused.stdout == ""
    assert refused.stderr.startswith("fwf: Invalid value for '--key': it names no run; see")
