"""`fwf lineage`: as text, as JSON, as OpenLineage events."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fwf.cli import fwf

FIRST = str(Path(__file__).parents[1] / "examples" / "first.py")


def test_text_names_products_and_their_sources() -> None:
    done = CliRunner().invoke(fwf, ["lineage", FIRST])
    assert done.exit_code == 0
    assert "redshift://dw/sales, written by then > par > to_redshift\n  data from p" in done.stdout


def test_json_names_target_and_workflow() -> None:
    told = json.loads(CliRunner().invoke(fwf, ["lineage", FIRST, "--json"]).stdout)
    assert list(told)[:3] == ["target", "workflow", "sources"]
    assert told["products"][0]["sources"]["data"][0] == "postgres://shop/orders"


def test_openlineage_is_a_list_of_job_events() -> None:
    words = ["lineage", FIRST, "--openlineage", "--namespace", "prod"]
    events = json.loads(CliRunner().invoke(fwf, words).stdout)
    assert len(events) == 10
    assert {event["job"]["namespace"] for event in events} == {"prod"}


def test_columns_without_sqlglot_are_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sqlglot", None)
    done = CliRunner().invoke(fwf, ["lineage", FIRST, "--columns"])
    assert done.exit_code == 2
    assert "pip install 'fwf[lineage]'" in done.stderr
