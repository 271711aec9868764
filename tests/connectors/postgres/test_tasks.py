"""Are tasks of PostgreSQL plain data, and composed as their docstrings say?"""

import pickle
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa
import pytest
from returns.result import Failure, Success

from fwf import Task, backoff, map_each, pure, retry, run, seconds
from fwf.connectors.postgres import (
    Database,
    Loaded,
    Range,
    database,
    key_ranges,
    load,
    query,
    range_query,
)
from fwf.connectors.shared.errors import Transient
from fwf.faults import leaves
from fwf.interpreters.lineage import lineage
from fwf.interpreters.plan import load as from_plan, plan, registry
from tests.connectors.postgres.conftest import rows

DAY = date(2026, 7, 1)
KINDS: dict[str, Any] = {"id": pa.int64(), "amount": pa.decimal128(10, 2)}
ORDERS = pa.schema(KINDS)
SQL = "SELECT id, amount FROM orders WHERE day = $day"
RANGE_SQL = "SELECT id, amount FROM orders"
TASKS: list[Task[Any, Any]] = [
    query(RANGE_SQL, database="shop_db"),
    query(SQL, database="shop_db", name="orders", params={"day": date}, schema=ORDERS),
    query(sql=SQL, database="db", params={"day": "date"}, reads=["a://b"], infinity="null"),
    query(SQL, database="shop_db", params={"day": DAY}),
    key_ranges(table="shop.orders", column="id", parts=8, database="shop_db"),
    key_ranges(table=("shop", "a.b"), column="id", parts=1, database="shop_db", name="cuts"),
    range_query(RANGE_SQL, column="id", database="shop_db"),
    range_query(SQL, column="id", database="d", params={"day": date}, schema=ORDERS, name="part"),
    load(table="orders", schema=ORDERS, database="shop_db", key=["id"]),
    load(table="orders", schema=ORDERS, database="shop_db", partition={"id": int}, name="put"),
    load(table=("a.b",), schema=ORDERS, database="shop_db", writes=["x://y"]),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_is_made_again_from_what_it_was_made_of(task: Task[Any, Any]) -> None:
    again = pickle.loads(pickle.dumps(task))
    assert again == task
    assert again.contract == task.contract
    assert from_plan(plan(task), registry(task)).unwrap() == task


def test_what_a_task_was_not_given_leaves_no_trace_in_it() -> None:
    assert query(SQL, database="d", params={"day": date}, infinity="fail", reads=[]) == query(
        SQL, database="d", params={"day": "date"}
    )
    assert load(table="t", schema=ORDERS, database="d", key=[], partition={}) == load(
        table="t", schema=ORDERS, database="d"
    )


def test_each_says_what_it_does_to_the_world() -> None:
    assert [task.contract.effect for task in TASKS] == ["read"] * 8 + ["idempotent"] * 3
    assert TASKS[4].contract.reads == ("postgres://shop_db/shop.orders",)
    assert [task.contract.writes for task in TASKS[8:]] == [
        ("postgres://shop_db/orders",),
        ("postgres://shop_db/orders",),
        ("x://y",),
    ]


WRONG: Any = "no"
LOAD: dict[str, Any] = {"table": "t", "schema": ORDERS, "database": "d"}


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (partial(query, "", database="d"), ValueError, "needs a query"),
        (partial(query, SQL, database="d"), ValueError, r"\$day is not among params=\[\]"),
        (partial(query, "SELECT $1", database="d"), ValueError, r"write \$name"),
        (partial(query, "SELECT 1", database="d", params={"x": int}), ValueError, "'x' does not"),
        (partial(query, "SELECT $x", database="d", params={"x": list}), TypeError, "one of"),
        (partial(query, "SELECT $d", database="d", params={"d": int}), ValueError, "both named"),
        (partial(query, "SELECT 1", database="a-b"), ValueError, "name, 'a-b'"),
        (partial(query, "SELECT 1", database="d", infinity=WRONG), ValueError, "is none of"),
        (partial(query, "SELECT 1", database="d", dialect="duckdb"), ValueError, "'postgres'"),
        (partial(query, "SELECT 1", database="d", schema=WRONG), TypeError, "a pyarrow.Schema"),
        (
            partial(query, "SELECT 1", database="d", schema=pa.schema({"x": pa.struct([])})),
            ValueError,
            r"query\(schema=…\): column 'x'",
        ),
        (partial(key_ranges, table="t", column="", parts=1, database="d"), ValueError, "one char"),
        (partial(key_ranges, table="t", column="i", parts=0, database="d"), ValueError, "1 part"),
        (partial(range_query, "SELECT 1", column="a\0", database="d"), ValueError, "NUL"),
        (partial(load, **{**LOAD, "table": "a.b.c"}), ValueError, r"load\(table='a.b.c'\)"),
        (partial(load, **LOAD, key=["no"]), ValueError, "no column 'no'"),
        (partial(load, **LOAD, key="id"), TypeError, r"\['id'\]"),
        (partial(load, **LOAD, key=["id"], partition={"id": int}), ValueError, "one of them"),
        (partial(load, **LOAD, partition={"id": float}), TypeError, "one of str, int, date"),
        (partial(load, **{**LOAD, "schema": None}), TypeError, "a pyarrow.Schema"),
        (partial(load, **{**LOAD, "database": "id"}, partition={"id": int}), ValueError, "named"),
    ],
)  # fmt: skip
def test_what_no_task_can_be_made_of_is_refused_when_it_is_made(
    make: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        make()


@pytest.fixture
def orders(shop: Database) -> None:
    shop.execute(
        "CREATE TABLE orders AS SELECT i::bigint AS id, date '2026-07-01' + i % 2 AS day, "
        "i::numeric(10, 2) AS amount FROM generate_series(1, 100) AS i; "
        "CREATE TABLE kept (id bigint PRIMARY KEY, amount numeric(10, 2))"
    )


def done(w: Any, url: str, **params: Any) -> Any:
    return run(w, params=params, resources={"shop_db": lambda: database(url)})


@pytest.mark.usefixtures("orders")
def test_a_day_goes_from_one_table_to_another(shop_url: str) -> None:
    read = query(SQL, database="shop_db", params={"day": date}, schema=ORDERS, name="orders")
    keep = load(table="kept", schema=ORDERS, database="shop_db", key=["id"], name="keep")
    patient = retry(read >> keep, attempts=3, wait=backoff(seconds(1)), on=Transient)
    assert done(patient, shop_url, day=DAY) == Success(Loaded("kept", 50, False))
    found = rows(shop_url, "SELECT count(*), sum(amount) FROM kept")
    assert found == [(50, Decimal(sum(range(2, 101, 2))))]


@pytest.mark.usefixtures("orders")
def test_ranges_are_read_each_by_itself(shop_url: str) -> None:
    ranges = key_ranges(table="orders", column="id", parts=4, database="shop_db")
    one = range_query(
        SQL, column="id", database="shop_db", params={"day": date}, schema=ORDERS, name="one"
    )
    tables = done(ranges >> map_each(retry(one, attempts=3), at_once=2), shop_url, day=DAY)
    found = [table.column("id").to_pylist() for table in tables.unwrap()]
    assert len(found) == 4 and sorted(chain(*found)) == list(range(2, 101, 2))


@pytest.mark.usefixtures("orders")
def test_a_partition_is_told_by_the_run_parameter_of_its_name(shop_url: str) -> None:
    kinds: dict[str, Any] = {"day": pa.date32(), **KINDS}
    schema = pa.schema(kinds)
    read = query(
        "SELECT day, id + $by AS id, amount FROM orders WHERE day = $day",
        database="shop_db",
        params={"day": date, "by": 1000},
        schema=schema,
    )
    put = load(table="orders", schema=schema, database="shop_db", partition={"day": date})
    assert done(read >> put, shop_url, day=DAY) == Success(Loaded("orders", 50, False))
    sql = "SELECT count(*), min(id) FROM orders WHERE day = '2026-07-01'"
    assert rows(shop_url, sql) == [(50, 1002)]


@pytest.mark.usefixtures("orders")
def test_a_table_that_is_not_the_declared_one_is_not_loaded(shop_url: str) -> None:
    def other(_: Any) -> pa.Table:
        return pa.table({"id": [1]})

    keep = load(table="kept", schema=ORDERS, database="shop_db")
    outcome = done(pure(other) >> keep, shop_url)
    assert isinstance(outcome, Failure)
    assert any("amount" in fault.message for fault in leaves(outcome.failure()))
    assert rows(shop_url, "SELECT * FROM kept") == []


def test_columns_are_followed_from_a_query_to_a_table() -> None:
    read = query(RANGE_SQL, database="shop_db", schema=ORDERS, reads=["postgres://shop_db/orders"])
    put = load(table="kept", schema=ORDERS, database="shop_db")
    told = str(lineage(read >> put).to_json())
    assert "postgres://shop_db/orders" in told and "'column': 'amount'" in told


@pytest.mark.parametrize("parts", [1, 3, 20])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("SELECT NULL::int WHERE false", "int"),
        ("SELECT NULL::int", "int"),
        ("SELECT 5", "int"),
        ("SELECT generate_series(1, 3)", "int"),
        ("VALUES (-9223372036854775808), (9223372036854775807), (0), (NULL)", "bigint"),
        ("SELECT generate_series(-5, 50)", "smallint"),
        ("SELECT date '2026-07-01' + generate_series(0, 9)", "date"),
        ("SELECT timestamp '2026-07-01' + generate_series(0, 9) * interval '1 s'", "timestamp"),
        ("SELECT timestamp '2026-07-01' + generate_series(0, 9) * interval '1 h'", "timestamptz"),
    ],
)  # fmt: skip
def test_every_row_is_in_one_range(shop: Database, values: str, kind: str, parts: int) -> None:
    shop.execute(f"CREATE TABLE t AS SELECT x::{kind} AS x FROM ({values}) AS q (x)")
    ranges = shop.ranges("t", "x", parts=parts)
    assert 1 <= len(ranges) <= parts
    assert all(isinstance(each, Range) for each in ranges)
    found = [
        value
        for each in ranges
        for value in shop.read_range("SELECT x FROM t", "x", each).column("x").to_pylist()
    ]
    whole = shop.read("SELECT x FROM t").column("x").to_pylist()
    assert sorted(map(str, found)) == sorted(map(str, whole))
