"""From a column in PostgreSQL to one in Redshift, through the connectors' own tasks."""

import json
import pickle
from datetime import UTC, datetime
from typing import Annotated, Any

import pyarrow as pa
import pytest

from fwf import Workflow, load, map_each, par, plan, registry, task
from fwf.connectors import postgres
from fwf.connectors.sql import schema_of, sql
from fwf.interpreters.lineage import lineage
from tests.interpreters.lineage.shop import ORDERS, RATES, in_usd, orders, sales

pytest.importorskip("sqlglot")

SALES = "redshift://dw/sales"
ORDER, RATE = "postgres://shop/orders", "https://rates.example/latest"
WANTED = {
    "id": {(ORDER, "id", "IDENTITY")},
    "Currency": {(ORDER, "currency", "TRANSFORMATION"), (RATE, "currency", "IDENTITY")},
    "amount_usd": {(ORDER, "amount", "TRANSFORMATION"), (RATE, "usd", "AGGREGATION")},
}


def columns_of(w: Workflow[Any, Any]) -> dict[str, set[tuple[str, str, str]]]:
    """Columns that are written ⟶ what they are made of."""
    return {
        column.name: {(one.dataset, one.column, one.kind) for one in column.origins}
        for each in lineage(w).tasks
        if each.columns
        for column in each.columns.columns
    }


def test_a_sale_is_made_of_orders_and_rates() -> None:
    assert columns_of(sales) == WANTED
    assert not [each for each in lineage(sales).tasks if each.columns and each.columns.problems]


def test_text_says_so() -> None:
    assert str(lineage(sales)).splitlines() == [
        f"{SALES}, written by sales > load > submit",
        f"  data from {ORDER}, {RATE}",
        "columns of sales > load > submit",
        f"  {SALES}: id from {ORDER}: id (identity)",
        f"  {SALES}: Currency from {ORDER}: currency (transformation), {RATE}: currency (identity)",
        f"  {SALES}: amount_usd from {ORDER}: amount (transformation), {RATE}: usd (aggregation)",
    ]


def test_json_says_so() -> None:
    told = json.loads(json.dumps(lineage(sales).to_json()))
    (submit,) = [each for each in told["tasks"] if each["writes"]]
    assert submit["columns"][-1] == {
        "dataset": SALES,
        "column": "amount_usd",
        "origins": [
            {"dataset": ORDER, "column": "amount", "kind": "TRANSFORMATION"},
            {"dataset": RATE, "column": "usd", "kind": "AGGREGATION"},
        ],
    }
    assert submit["columns_missing"] == []


def test_openlineage_says_so_of_the_whole_and_of_the_load() -> None:
    events = lineage(sales).openlineage(
        time=datetime(2026, 1, 1, tzinfo=UTC), namespace="n", producer="https://example.org"
    )
    by_name = {each["job"]["name"]: each for each in events}
    for name in ("sales", "sales > load > submit"):
        (sold,) = by_name[name]["outputs"]
        fields = sold["facets"]["columnLineage"]["fields"]
        assert fields["amount_usd"]["inputFields"] == [
            {
                "namespace": "postgres://shop",
                "name": "orders",
                "field": "amount",
                "transformations": [{"type": "DIRECT", "subtype": "TRANSFORMATION"}],
            },
            {
                "namespace": "https://rates.example",
                "name": "latest",
                "field": "usd",
                "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}],
            },
        ]
        assert [each["name"] for each in by_name[name]["inputs"]] == ["orders", "latest"]
    (read,) = by_name["sales > par > orders"]["inputs"]
    assert [each["name"] for each in read["facets"]["schema"]["fields"]] == ORDERS.names
    assert read["facets"]["schema"]["fields"][2]["type"] == "decimal128(10, 2)"


def test_a_plan_and_a_pickle_say_so_too() -> None:
    assert columns_of(load(plan(sales), registry(sales)).unwrap()) == WANTED
    assert columns_of(pickle.loads(pickle.dumps(sales))) == WANTED


def test_ranges_of_a_table_are_joined() -> None:
    def joined(tables: list[Annotated[pa.Table, ORDERS]]) -> None: ...

    keep = task(effect="idempotent", writes=[SALES])(joined)
    ranges = postgres.key_ranges(table="orders", column="id", parts=4, database="shop_db")
    one = postgres.range_query(
        'SELECT id, currency AS "Currency", amount FROM orders',
        column="id", database="shop_db", schema=ORDERS, reads=[ORDER],
    )  # fmt: skip
    assert columns_of(ranges >> map_each(one) >> keep)["amount"] == {(ORDER, "amount", "IDENTITY")}


Table = Annotated[pa.Table, ORDERS]


@task(effect="read", reads=[RATE])
def rates() -> Annotated[pa.Table, RATES]: ...


@task(effect="idempotent", writes=[SALES])
def keep(table: Any) -> None: ...


SAME, MADE, TOTAL = "IDENTITY", "TRANSFORMATION", "AGGREGATION"
QUERIES = [
    ("SELECT * FROM orders JOIN rates USING (currency)", "amount", {(ORDER, "amount", SAME)}),
    ("SELECT rates.*, id FROM orders, rates", "usd", {(RATE, "usd", SAME)}),
    ("SELECT * EXCLUDE (usd) FROM orders JOIN rates USING (currency)", "usd", None),
    ("SELECT * REPLACE (-amount AS amount) FROM orders JOIN rates USING (currency)", "amount",
     {(ORDER, "amount", MADE)}),
    ("SELECT * RENAME (amount AS x) FROM orders JOIN rates USING (currency)", "x",
     {(ORDER, "amount", SAME)}),
    ("SELECT AMOUNT AS x FROM Orders, Rates", "x", {(ORDER, "amount", SAME)}),
    ('SELECT "AMOUNT" AS "Ä b" FROM "ORDERS", rates', "Ä b", {(ORDER, "amount", SAME)}),
    ("SELECT o.id AS x FROM orders AS o JOIN rates AS r ON o.currency = r.currency", "x",
     {(ORDER, "id", SAME)}),
    ("SELECT amount AS x FROM orders UNION ALL SELECT usd FROM rates", "x",
     {(ORDER, "amount", SAME), (RATE, "usd", SAME)}),
    ("SELECT amount AS x FROM orders UNION ALL BY NAME SELECT sum(usd) AS x FROM rates", "x",
     {(ORDER, "amount", SAME), (RATE, "usd", TOTAL)}),
    ("WITH o AS (FROM orders), r AS (SELECT max(usd) AS m FROM rates) SELECT amount * m AS x"
     " FROM o, r", "x", {(ORDER, "amount", MADE), (RATE, "usd", TOTAL)}),
    ("SELECT (SELECT max(usd) FROM rates) AS x FROM orders", "x", {(RATE, "usd", TOTAL)}),
    ("SELECT amount AS x, x + 1 AS y FROM orders, rates", "y", {(ORDER, "amount", MADE)}),
    ("SELECT count(*) AS n FROM orders, rates", "n", set()),
    ("SELECT COLUMNS('am.*') FROM orders, rates", "amount", None),
    ("SELECT orders AS x FROM orders, rates", "x", None),
    ("SELECT x FROM (SELECT {'a': amount, 'b': usd} AS x FROM orders, rates)", "x",
     {(ORDER, "amount", MADE), (RATE, "usd", MADE)}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "column", "expected"), QUERIES, ids=[q[0] for q in QUERIES])
def test_queries_over_tables_that_arrive(query: str, column: str, expected: Any) -> None:
    made = sql(query, name="made", orders=orders, rates=RATES)
    found = columns_of(par(orders, rates) >> made >> keep)
    assert found.get(column) == expected
    lower = {each.casefold() for each in schema_of(made).names}
    assert {each.casefold() for each in found} <= lower


def test_a_query_of_a_query_is_followed() -> None:
    twice = sql("SELECT max(amount_usd) AS most FROM sales", name="twice", sales=in_usd)
    w = par(orders, rates) >> in_usd >> twice >> keep
    assert columns_of(w) == {"most": {(ORDER, "amount", TOTAL), (RATE, "usd", TOTAL)}}


def test_a_source_that_says_no_columns_passes_all_that_it_reads() -> None:
    everything = postgres.query("SELECT * FROM orders", database="db", reads=[ORDER])
    assert columns_of(par(everything, rates) >> in_usd >> keep)["amount_usd"] == {
        (ORDER, "amount", MADE),
        (RATE, "usd", TOTAL),
    }
