"""The task made of SQL: it runs, and its columns are known."""

from datetime import date

import pytest

from fwf.interpreters.lineage import lineage

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")

from examples.sql_transform import warehouse, workflow


def test_the_query_runs() -> None:
    with warehouse() as connection:
        assert workflow.fn(warehouse=connection) == 2
        rows = connection.execute("FROM revenue").fetchall()
    assert rows == [(date(2026, 7, 14), "FR", 45.0, 2), (date(2026, 7, 14), "US", 5.0, 1)]


def test_its_columns_are_known() -> None:
    (told,) = lineage(workflow).tasks
    assert told.columns is not None and told.columns.problems == ()
    assert {
        column.name: [(one.dataset[-6:], one.column, one.kind) for one in column.origins]
        for column in told.columns.columns
    } == {
        "day": [("orders", "day", "IDENTITY")],
        "country": [("orders", "country", "TRANSFORMATION")],
        "dollars": [("orders", "amount", "AGGREGATION"), ("/rates", "usd", "AGGREGATION")],
        "orders": [],
    }
