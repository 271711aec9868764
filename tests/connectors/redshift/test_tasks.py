"""The tasks as values: what they ask for, what they are called with, how they are written down."""

import pickle
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any

import pyarrow as pa
import pytest

from fwf import check, it, minutes, named, poll, pretty, seconds, task
from fwf.algebra.contract import IdempotencyKey
from fwf.connectors import redshift
from fwf.interpreters.lineage import lineage
from fwf.interpreters.needs import needs
from fwf.interpreters.plan import load, plan, registry
from tests.connectors.redshift.shop import SALES

LOAD: dict[str, Any] = {"warehouse": "dw", "table": "dw.sales", "schema": SALES}

TASKS: dict[str, Any] = {
    "stage": redshift.stage(warehouse="dw", schema=SALES),
    "stage, all": redshift.stage(
        warehouse="dw", schema=SALES, key=["id"], varchar={"name": 30}, name="put",
        writes=["s3://b/sales"],
    ),
    "submit": redshift.submit(**LOAD),
    "submit by key": redshift.submit(**LOAD, key=["id", "day"], name="merge", writes=["x://y/z"]),
    "submit by day": redshift.submit(
        warehouse="dw", table=("a.b", 'c"d'), schema=SALES, partition={"day": date, "id": "int"}
    ),
    "status": redshift.status(warehouse="dw"),
    "cancel": redshift.cancel(warehouse="dw", name="stop"),
    "loaded": redshift.loaded(warehouse="dw"),
    "query": redshift.query(sql="SELECT 1", warehouse="dw"),
    "query, all": redshift.query(
        sql="SELECT day FROM sales WHERE day > :since AND id < :most", warehouse="dw",
        params={"since": date, "most": 10}, reads=["redshift://dw/sales"], name="recent",
    ),
    "rows": redshift.rows(warehouse="dw"),
    "ledger": redshift.ledger(warehouse="dw"),
}  # fmt: skip
FACTORIES: dict[str, Callable[..., Any]] = {
    name: getattr(redshift, name.split()[0].rstrip(",")) for name in TASKS
}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_its_factory_called_with_its_config(name: str) -> None:
    made = TASKS[name]
    config = pickle.loads(pickle.dumps(made)).config
    assert config == made.config
    assert pickle.loads(pickle.dumps(made)) == made
    assert load(plan(made), registry(made)).unwrap() == made
    assert load(plan(made)).unwrap() == made


@pytest.mark.parametrize(
    "w",
    [
        redshift.load(**LOAD),
        redshift.load(**LOAD, key=["id"], varchar={"name": 30}, every=seconds(0.1)),
        redshift.load(**LOAD, partition={"day": "date"}, within=minutes(5), name="night"),
        redshift.prepare(warehouse="dw"),
    ],
    ids=["added", "by key", "by day", "prepare"],
)
def test_a_load_is_a_composition_that_plans_and_pickles_carry(w: Any) -> None:
    assert pickle.loads(pickle.dumps(w)) == w
    assert load(plan(w), registry(w)).unwrap() == w
    assert all(issue.severity != "error" for issue in check(w))
    text = pretty(w)
    assert "retry" not in text and "poll(it.ended" in text


def test_a_load_needs_a_warehouse_and_the_day_that_it_replaces() -> None:
    found = needs(redshift.load(**LOAD, partition={"day": date}))
    assert [(each.name, each.type) for each in found.parameters] == [("day", "date")]
    assert [(each.name, each.type) for each in found.resources] == [("dw", "Warehouse")]


def test_the_key_is_that_of_the_step() -> None:
    injected = TASKS["submit"].contract.injected
    assert [each.name for each in injected if each.type is IdempotencyKey] == ["idempotency_key"]
    assert TASKS["submit"].contract.effect == "idempotent"


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("submit", ("redshift://dw/dw.sales",)),
        ("submit by day", ('redshift://dw/a.b.c"d',)),
        ("submit by key", ("x://y/z",)),
        ("stage", ()),
        ("stage, all", ("s3://b/sales",)),
    ],
)
def test_a_load_names_the_dataset_that_it_writes(name: str, writes: tuple[str, ...]) -> None:
    assert tuple(TASKS[name].contract.writes) == writes


def test_columns_are_followed_to_the_warehouse() -> None:
    @task(effect="read", reads=["postgres://shop/orders"])
    def orders() -> Annotated[pa.Table, SALES]:
        return SALES.empty_table()

    told = str(lineage(named("night", orders >> redshift.load(**LOAD, key=["id"]))))
    for column in SALES.names:
        assert f"redshift://dw/dw.sales: {column} from postgres://shop/orders: {column}" in told


def test_the_rows_of_a_query_are_its_own_composition() -> None:
    asked = TASKS["query, all"]
    waited = poll(TASKS["status"], it.ended, every=seconds(2), limit=9, within=minutes(1))
    w = asked >> waited >> TASKS["rows"]
    found = {each.name: each.optional for each in needs(w).parameters}
    assert found == {"since": False, "most": True}


WRONG: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("stage", {"schema": "id: int"}, TypeError, r"stage\(schema='id: int'\): needs a pyarrow"),
    ("stage", {"schema": SALES, "key": ["idd"]}, ValueError, "no column 'idd'.*did you mean 'id'"),
    ("stage", {"schema": SALES, "key": ["id", "id"]}, ValueError, "a column stands twice"),
    ("stage", {"schema": SALES, "warehouse": "my dw"}, ValueError, "that Python can write"),
    ("submit", LOAD | {"table": "a.b.c"}, ValueError, "by itself or by schema and table"),
    ("submit", LOAD | {"table": ""}, ValueError, "at least one character"),
    ("submit", LOAD | {"table": "a\0"}, ValueError, "NUL"),
    ("submit", LOAD | {"table": "ä" * 64}, ValueError, "128 bytes long"),
    ("submit", LOAD | {"table": 7}, TypeError, "needs 'table', 'schema.table'"),
    ("submit", LOAD | {"key": ["nme"]}, ValueError, "did you mean 'name'"),
    ("submit", LOAD | {"key": ["id"], "partition": {"day": date}}, ValueError, "one of them"),
    ("submit", LOAD | {"partition": {"dy": date}}, ValueError, "no column 'dy'"),
    ("submit", LOAD | {"partition": {"day": float}}, TypeError, "one of str, int, date"),
    ("submit", LOAD | {"partition": {"day": "dat"}}, TypeError, "str, int, date"),
    ("submit", LOAD | {"partition": {"day": date}, "warehouse": "day"}, ValueError, "both named"),
    ("query", {"sql": "DELETE FROM t"}, ValueError, "needs a SELECT"),
    ("query", {"sql": "SELECT 1", "dialect": "duckdb"}, ValueError, "needs 'redshift'"),
    ("query", {"sql": "SELECT 1", "params": {"x": list}}, TypeError, "a run parameter is one of"),
    ("query", {"sql": "SELECT :dw", "params": {"dw": int}}, ValueError, "both named 'dw'"),
    ("query", {"sql": "SELECT :dya", "params": {"day": date}}, ValueError, "did you mean 'day'"),
    ("query", {"sql": "SELECT ':day' -- :day", "params": {"day": date}}, ValueError, "write :day"),
    ("query", {"sql": "SELECT a::date, b[1:2], :c FROM t"}, ValueError, ":c is not among"),
    ("load", LOAD | {"every": timedelta(0)}, ValueError, "needs more than no time"),
    ("load", LOAD | {"every": 2}, TypeError, "every"),
    ("load", LOAD | {"within": timedelta(-1)}, ValueError, "within"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("factory", "given", "kind", "said"), WRONG, ids=[f"{row[0]}: {row[3][:30]}" for row in WRONG]
)
def test_what_cannot_be_is_refused_where_the_task_is_made(
    factory: str, given: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        getattr(redshift, factory)(**{"warehouse": "dw", **given})
