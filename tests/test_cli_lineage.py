"""`fwf lineage`: as text, as JSON, as OpenLineage events."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fwf.cli import fwf

FIRST = str(Path(__file__).parents[1] / "examples" / "first.py")
SHOP = str(Path(__file__).parent / "interpreters" / "lineage" / "shop.py") + ":sales"
COLUMNS = """\
redshift://dw/sales, written by sales > load > submit
  data from postgres://shop/orders, https://rates.example/latest
columns of sales > load > submit
  redshift://dw/sales: id from postgres://shop/orders: id (identity)
  redshift://dw/sales: Currency from postgres://shop/orders: currency (transformation), \
https://rates.example/latest: currency (identity)
  redshift://dw/sales: amount_usd from postgres://shop/orders: amount (transformation), \
https://rates.example/latest: usd (aggregation)
"""


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


def test_columns_go_from_the_source_to_the_product() -> None:
    done = CliRunner().invoke(fwf, ["lineage", SHOP, "--columns"])
    assert (done.exit_code, done.stdout) == (0, COLUMNS)


def test_json_and_openlineage_have_columns_too() -> None:
    told = json.loads(CliRunner().invoke(fwf, ["lineage", SHOP, "--json"]).stdout)
    (columns,) = [each["columns"] for each in told["tasks"] if each["writes"]]
    assert [each["column"] for each in columns] == ["id", "Currency", "amount_usd"]
    origins = [(one["dataset"], one["column"], one["kind"]) for one in columns[2]["origins"]]
    assert origins[0] == ("postgres://shop/orders", "amount", "TRANSFORMATION")
    words = ["lineage", SHOP, "--openlineage"]
    whole = json.loads(CliRunner().invoke(fwf, words).stdout)[0]
    fields = whole["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert [one["field"] for one in fields["amount_usd"]["inputFields"]] == ["amount", "usd"]
