"""Columns of a task's SQL: what each is made of, and what is said where that isn't known."""

import builtins
from typing import Any

import pytest

from fwf import Task, task
from fwf.interpreters.lineage import lineage
from fwf.interpreters.lineage.column_lineage import Columns

pytest.importorskip("sqlglot")

READS = ("duckdb://w/orders", "postgres://h:5/shop.public.rates", "s3://lake/visits")


def sql(query: str, *, writes: tuple[str, ...] = ("duckdb://w/sales",), **more: Any) -> Any:
    @task(effect="idempotent", reads=READS, writes=writes, config={"sql": query, **more})
    def transform(hits: Any) -> None: ...

    return transform


def columns_of(one: Any) -> Columns:
    (told,) = lineage(one).tasks
    assert told.columns is not None
    return told.columns


def brief(found: Columns) -> str:
    """`name ← table.column kind`, one after another."""
    return "; ".join(
        f"{column.name} ← "
        + ", ".join(
            f"{one.dataset.rpartition('/')[2].rpartition('.')[2]}.{one.column} {one.kind[0]}"
            for one in column.origins
        )
        for column in found.columns
    )


KNOWN = [
    ("SELECT id FROM orders", "id ← orders.id I"),
    ("SELECT id AS key FROM orders", "key ← orders.id I"),
    ("SELECT ID FROM Orders", "id ← orders.id I"),
    ("SELECT a + b AS c FROM orders", "c ← orders.a T, orders.b T"),
    ("SELECT sum(a) AS s, count(*) AS n, 1 AS one FROM orders", "s ← orders.a A; n ← ; one ← "),
    ("SELECT lower(max(a)) AS m FROM orders", "m ← orders.a A"),
    ("SELECT o.id, r.usd FROM orders o, rates r", "id ← orders.id I; usd ← rates.usd I"),
    ("SELECT s.x FROM (SELECT a * 2 AS x FROM orders) AS s", "x ← orders.a T"),
    ("SELECT x FROM (SELECT sum(a) AS x FROM orders)", "x ← orders.a A"),
    ("WITH s AS (SELECT * FROM orders) SELECT s.id FROM s", "id ← orders.id I"),
    ("SELECT a FROM orders UNION ALL SELECT usd FROM rates", "a ← orders.a I, rates.usd I"),
    (
        "SELECT (SELECT max(r.usd) FROM rates r WHERE r.c = o.c) AS m FROM orders o",
        "m ← rates.usd A, rates.c T, orders.c T",
    ),
    (
        "WITH RECURSIVE t(a, b, c) AS (SELECT a, b, c FROM orders"
        " UNION ALL SELECT t.b, t.c, t.a FROM t) SELECT t.c FROM t",
        "c ← orders.a I, orders.b I, orders.c I",
    ),
    ("INSERT INTO sales (x, y) SELECT a, b FROM orders", "x ← orders.a I; y ← orders.b I"),
    ("INSERT INTO sales BY NAME SELECT a, b FROM orders", "a ← orders.a I; b ← orders.b I"),
    ("CREATE TABLE sales AS SELECT a FROM orders", "a ← orders.a I"),
    ("CREATE VIEW sales AS SELECT a FROM orders", "a ← orders.a I"),
    ("DELETE FROM sales; INSERT INTO sales (x) SELECT a FROM orders", "x ← orders.a I"),
    ("SELECT a FROM orders WHERE day = $day", "a ← orders.a I"),
    ("SELECT v.é FROM visits AS v", "é ← visits.é I"),
    (
        "SELECT a FROM orders UNION BY NAME SELECT b, a FROM rates",
        "a ← orders.a I, rates.a I; b ← rates.b I",
    ),
    (
        "SELECT x.b FROM (SELECT a AS b FROM orders UNION ALL BY NAME SELECT b FROM rates) AS x",
        "b ← orders.a I, rates.b I",
    ),
    ("SELECT a FROM orders EXCEPT SELECT b FROM rates", "a ← orders.a I, rates.b I"),
    ("SELECT sum(a) OVER (PARTITION BY c) AS s FROM orders", "s ← orders.a A, orders.c T"),
    ("SELECT CASE WHEN a > 1 THEN b END AS x FROM orders", "x ← orders.a T, orders.b T"),
    (
        "WITH s AS (SELECT a * 2 AS x FROM orders), t AS (SELECT max(x) AS y FROM s)"
        " SELECT y FROM t",
        "y ← orders.a A",
    ),
    ('SELECT "A b" AS "C d" FROM "Orders"', "c d ← orders.a b I"),
    (
        "SELECT coalesce(a, 0) AS x, coalesce(a, b) AS y FROM orders",
        "x ← orders.a T; y ← orders.a I, orders.b I",
    ),
    ("SELECT id FROM orders SEMI JOIN rates USING (id)", "id ← orders.id I"),
    ("", ""),
]


@pytest.mark.parametrize(("query", "expected"), KNOWN)
def test_columns_are_followed(query: str, expected: str) -> None:
    found = columns_of(sql(query))
    assert found.problems == ()
    made = {frozenset(each.split(", ")) for each in brief(found).replace("← ", ", ").split("; ")}
    want = {frozenset(each.split(", ")) for each in expected.replace("← ", ", ").split("; ")}
    assert made == want


PROBLEMS = [
    ("SELECT * FROM orders", "the columns behind * are not known: write their names"),
    ("SELECT id FROM orders, rates", "column 'id': 'id' may be of several tables"),
    ("SELECT id FROM elsewhere", "column 'id': table 'elsewhere' is none of the task's reads"),
    ("SELECT id FROM hits", "column 'id': what input 'hits' gets declares no columns"),
    ("SELECT n FROM read_csv('x.csv')", "is none of the task's reads"),
    ("SELECT z.id FROM orders", "table 'z' is none of the query's"),
    ("INSERT INTO sales SELECT a FROM orders", "the columns of 'sales' are not known"),
    ("INSERT INTO other (a) SELECT a FROM orders", "table 'other' is none of the task's writes"),
    ("UPDATE sales SET a = 1", "UPDATE is not followed to columns"),
    ("SELECT COLUMNS('a.*') FROM orders", "COLUMNS('a.*') is not followed to columns"),
    ("SELECT max(COLUMNS(*)) AS m FROM orders", "COLUMNS(*) is not followed to columns"),
    ("SELECT * FROM orders UNION ALL SELECT usd FROM rates", "the columns behind * are not known"),
    ("PIVOT orders ON c USING sum(a)", "PIVOT is not followed to columns"),
    ("SELECT c FROM orders PIVOT (sum(a) FOR b IN ('c'))", "PIVOT is not followed to columns"),
    ("SELEC a FRM orders", "the SQL can't be read as duckdb: "),
    ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "the SQL can't be read as duckdb: "),
]


@pytest.mark.parametrize(("query", "expected"), PROBLEMS)
def test_what_is_not_known_says_why(query: str, expected: str) -> None:
    found = columns_of(sql(query))
    assert found.columns == ()
    assert any(expected in problem for problem in found.problems)


def test_what_is_known_is_told_beside_what_is_not() -> None:
    found = columns_of(sql("SELECT o.a, z.b, lower(o.c || z.d) AS e FROM orders AS o"))
    assert brief(found) == "a ← orders.a I; e ← orders.c T"
    assert found.problems == ("columns 'b', 'e': table 'z' is none of the query's",)


def test_given_columns_decide() -> None:
    tables = {"orders": ["id", "a"], "rates": ["usd"], "sales": ["x", "y"]}
    assert brief(columns_of(sql("SELECT * FROM orders", columns=tables))) == (
        "id ← orders.id I; a ← orders.a I"
    )
    assert brief(columns_of(sql("SELECT id, usd FROM orders, rates", columns=tables))) == (
        "id ← orders.id I; usd ← rates.usd I"
    )
    assert brief(columns_of(sql("INSERT INTO sales SELECT id, a FROM orders", columns=tables))) == (
        "x ← orders.id I; y ← orders.a I"
    )


def test_the_dialect_is_the_tasks() -> None:
    query = "SELECT `a` FROM `orders`"
    assert brief(columns_of(sql(query, dialect="mysql"))) == "a ← orders.a I"
    (problem,) = columns_of(sql("SELECT a FROM orders", dialect="klingon")).problems
    assert problem.startswith("the SQL can't be read as klingon: ")


def test_tables_that_end_alike_are_both_told() -> None:
    @task(
        effect="idempotent",
        reads=["postgres://eu/orders", "postgres://us/orders"],
        writes=["dw/sales"],
        config={"sql": "SELECT id FROM orders"},
    )
    def merge() -> None: ...

    (column,) = columns_of(merge).columns
    assert [one.dataset for one in column.origins] == [
        "postgres://eu/orders",
        "postgres://us/orders",
    ]


def test_columns_are_printed_and_missing_ones_too() -> None:
    known = lineage(sql("SELECT o.a AS x, z.b FROM orders AS o"))
    assert str(known).splitlines()[-3:] == [
        "columns of transform",
        "  duckdb://w/sales: x from duckdb://w/orders: a (identity)",
        "  missing: column 'b': table 'z' is none of the query's",
    ]
    (told,) = known.to_json()["tasks"]
    assert told["columns"] == [
        {
            "dataset": "duckdb://w/sales",
            "column": "x",
            "origins": [{"dataset": "duckdb://w/orders", "column": "a", "kind": "IDENTITY"}],
        }
    ]


def test_without_sqlglot_the_rest_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def refusing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sqlglot"):
            raise ImportError(name)
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    w: Task[Any, Any] = sql("SELECT a FROM orders")
    (told,) = lineage(w).tasks
    assert told.columns == Columns(
        problems=("columns can't be followed without sqlglot: pip install 'fwf[lineage]'",)
    )
    assert lineage(w, columns=False).tasks[0].columns is None
    with pytest.raises(ImportError, match=r"pip install 'fwf\[lineage\]'"):
        lineage(w, columns=True)
