"""Columns along the edges of a workflow: from a source, through each combinator, to a load."""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fwf import (
    Extension,
    Ref,
    Workflow,
    always,
    apply,
    as_result,
    bracket,
    branch,
    const,
    delay,
    fallback,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    join,
    keep_input,
    loop_until,
    map_each,
    named,
    paginate,
    par,
    param,
    pick,
    poll,
    pure,
    recover,
    recursive,
    retry,
    seconds,
    seq,
    switch,
    task,
    timeout,
    value_of,
    when,
    with_params,
)
from fwf.interpreters.lineage import Lineage, dataflow as flow_of_values, lineage, vertices
from fwf.types.declared_columns import SameColumns
from tests.sizes import sizes

pytest.importorskip("sqlglot")

ORDERS = pa.schema([("id", pa.int64()), ("amount", pa.int64())])
FRAME = pl.Schema({"id": pl.Int64, "amount": pl.Int64})
Orders = Annotated[pa.Table, ORDERS]


class Lines(NamedTuple):
    """A table beside what is said of it."""

    table: Orders
    bad: int


class Staged(NamedTuple):
    """Where a table lies."""

    address: str
    rows: Any


class Page(NamedTuple):
    """Some of the rows."""

    items: list[Orders]
    next: int | None


@task(effect="read", reads=["pg://shop/orders"], config={"sql": "SELECT id, amount FROM orders"})
def orders() -> Orders: ...


@task(effect="read", reads=["pg://shop/refunds"])
def refunds() -> Orders: ...


@task(effect="read", reads=["s3://lake/lines"])
def lines() -> Lines: ...


@task(effect="read", reads=["s3://lake/lines"])
def some_lines(n: int) -> Orders: ...


@task(effect="read", reads=["s3://lake/pages"])
def page(cursor: int | None) -> Page: ...


@task(effect="pure", config={"sql": "SELECT id, amount * 2 AS amount FROM orders"})
def doubled(orders: Orders) -> Orders: ...


@task(effect="pure", config={"sql": "SELECT a.id, b.amount FROM a JOIN b USING (id)"})
def joined(a: Orders, b: Orders) -> Orders: ...


@task(effect="pure")
def newest(rows: Any) -> Annotated[Any, SameColumns]: ...


@task(effect="pure")
def newest_lines(lines: Lines) -> Annotated[Lines, SameColumns]: ...


@task(effect="pure")
def put_together(lines: list[Lines]) -> Annotated[Lines, SameColumns]: ...


@task(effect="pure")
def staged(table: Orders) -> Annotated[Staged, SameColumns]: ...


@task(effect="read", reads=["s3://lake/visits"])
def everything() -> Annotated[Any, SameColumns]: ...


@task(effect="read", reads=["pg://shop/orders"])
def maybe() -> Orders | None: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save_maybe(table: Orders | None) -> None: ...


@task(effect="read", reads=["pg://shop/orders"])
def in_pandas() -> Annotated[pd.DataFrame, {"id": "int64", "amount": "int64"}]: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save_pandas(table: Annotated[pd.DataFrame, {"id": "int64", "amount": "int64"}]) -> None: ...


@task(effect="pure")
def to_polars(table: Orders) -> Annotated[pl.DataFrame, FRAME, SameColumns]: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save_polars(table: Annotated[pl.DataFrame, FRAME]) -> None: ...


@task(effect="pure")
def hidden(rows: Any) -> Orders: ...


@task(effect="pure")
def fresh() -> Any: ...


@task(effect="pure")
def count(rows: Any) -> int: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save(table: Orders) -> None: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save_all(tables: list[Orders]) -> None: ...


@task(effect="idempotent", writes=["rs://dw/sales"])
def save_any(table: Any) -> None: ...


def first(tables: Any) -> Any:
    return tables[0]


class Padded(Extension[Any, Any]):
    __slots__ = ("workflow",)

    def __init__(self, workflow: Workflow[Any, Any]) -> None:
        object.__setattr__(self, "workflow", workflow)
        self.__post_init__()

    def desugar(self) -> Workflow[Any, Any]:
        return delay(seconds(1)) >> self.workflow


Padded.__match_args__ = ("workflow",)  # type: ignore[attr-defined]


@graph
def woven() -> Ref[Any]:
    one = orders()
    other = refunds()
    return joined(one, doubled(other))


@graph
def taking(one: Ref[Any], other: Ref[Any]) -> Ref[Any]:
    return joined(other, one)


def restarted(again: Workflow[Any, Any]) -> Workflow[Any, Any]:
    return branch(it.done, then=identity, otherwise=doubled >> again)


def told(w: Workflow[Any, Any], name: str = "amount") -> str:
    """`orders.amount I, …` of the column that is written, and the problems in brackets."""
    known = lineage(w)
    found = dict[str, None]()
    for each in known.tasks:
        if each.columns is not None:
            for column in each.columns.columns:
                if column.name == name and column.dataset == "rs://dw/sales":
                    found.update(
                        {f"{one.dataset.rpartition('/')[2]}.{one.column} {one.kind[0]}": None
                         for one in column.origins}
                    )  # fmt: skip
            found.update({f"[{problem}]": None for problem in each.columns.problems})
    return ", ".join(sorted(found))


ONE = "orders.amount I"
TWICE = "orders.amount T"
BOTH = "orders.amount I, refunds.amount I"
LINES = "lines.amount I"
PYTHON = "columns aren't followed through Python: write SQL, or say SameColumns of its output"
NOTHING = "[columns 'id', 'amount': what input 'table' gets declares no columns: "
NOTHING += "let what gives it say Annotated[pa.Table, schema]]"
two = par(orders, refunds)

PASSES: list[tuple[str, Workflow[Any, Any], str]] = [
    ("a chain", orders >> save, ONE),
    ("the strongest step of a chain", orders >> doubled >> newest >> save, TWICE),
    ("a source without SQL gives what it declares", refunds >> save, "refunds.amount I"),
    ("an item of a tuple", two >> pick(1) >> save, "refunds.amount I"),
    ("an item from the end", two >> pure(it[-2]) >> save, ONE),
    ("swapped items", two >> pick(1, 0) >> pick(1) >> save, ONE),
    ("nested tuples", par(two, const(1)) >> pure(it[0][1]) >> save, "refunds.amount I"),
    ("inputs in their order", two >> joined >> save, "refunds.amount I"),
    ("inputs swapped", two >> pick(1, 0) >> joined >> save, ONE),
    ("a record's field", lines >> pure(it.table) >> save, LINES),
    ("a record's field by its place", lines >> pure(it[0]) >> save, LINES),
    ("another field of a record has none", lines >> pure(it.bad) >> save_any, ""),
    ("a record of which the table is loaded", lines >> save_any, LINES),
    ("a default", two >> pure(it[0].or_else(it[1])) >> save, BOTH),
    ("a constant has none", orders >> const(1) >> save_any, ""),
    ("a value of which nothing is known", fresh >> save, NOTHING),
    ("a parameter has none", orders >> pure(param("n", int)) >> save_any, ""),
    ("a parameter that is computed", orders >> with_params(pure(param("t", Any)) >> save, t=it),
     ONE),
    ("a delay", orders >> delay(seconds(1)) >> save, ONE),
    ("both arms", orders >> branch(it.x, then=doubled, otherwise=refunds) >> save,
     "orders.amount T, refunds.amount I"),
    ("one origin by two ways is the stronger", orders >> branch(it.x, then=doubled,
     otherwise=identity) >> save, TWICE),
    ("what only decides is not told", two >> branch(it[1].x, then=pick(0), otherwise=pick(0))
     >> save, ONE),
    ("an arm that loads", orders >> branch(it.x, then=save, otherwise=identity), ONE),
    ("a switch", orders >> switch(it.x, {1: doubled, 2: refunds}, otherwise=lines >> pure(it.table))
     >> save, "lines.amount I, orders.amount T, refunds.amount I"),
    ("when", orders >> when(it.x, doubled) >> save, TWICE),
    ("a list's items", const([1, 2]) >> map_each(some_lines) >> save_all, LINES),
    ("an item of a list", const([1, 2]) >> map_each(some_lines) >> pure(it[0]) >> save, LINES),
    ("a body for each table", const([1]) >> map_each(some_lines) >> map_each(save), LINES),
    ("a body for each item of a tuple", two >> map_each(newest) >> save_all, BOTH),
    ("lists that are joined", par(const([1]) >> map_each(some_lines), const([1])
     >> map_each(orders)) >> pure(it[0] + it[1]) >> save_all, f"{LINES}, {ONE}"),
    ("lists that are joined by the word", par(const([1]) >> map_each(some_lines), const([1])
     >> map_each(orders)) >> pure(it[0] + it[1]) >> pure(it[0]) >> save, f"{LINES}, {ONE}"),
    ("what is collected", const([1]) >> map_each(some_lines, on_error="collect")
     >> map_each(pure(value_of(it))) >> save_all, LINES),
    ("a loop", orders >> loop_until(newest, it.x, limit=3) >> save, ONE),
    ("a loop that makes something of it", orders >> loop_until(doubled, it.x, limit=3) >> save,
     TWICE),
    ("a loop that swaps", two >> loop_until(pick(1, 0), it[0].x, limit=3) >> pick(0) >> save, BOTH),
    ("a loop that keeps apart", two >> loop_until(identity, it[1].x, limit=3) >> pick(0) >> save,
     ONE),
    ("a loop in a loop", orders >> loop_until(loop_until(newest, it.x, limit=3), it.x, limit=2)
     >> save, ONE),
    ("a loop that loads", orders >> loop_until(keep_input(save) >> pick(0), it.x, limit=2), ONE),
    ("a poll", poll(lines, it.bad == 0, every=seconds(1), limit=3) >> pure(it.table) >> save,
     LINES),
    ("pages", paginate(page, limit=3) >> pure(it.items) >> save_all, "pages.amount I"),
    ("a retry", retry(orders, attempts=2) >> save, ONE),
    ("wrappers", named("n", retry(timeout(in_pool(orders, "p"), seconds(1)), attempts=2)) >> save,
     ONE),
    ("a fallback", orders >> fallback(doubled, newest) >> save, TWICE),
    ("a fallback to another source", fallback(orders, refunds) >> save, BOTH),
    ("a recovery", recover(orders, None) >> save_any, ONE),
    ("what may start again", orders >> recursive(restarted, limit=9) >> save, TWICE),
    ("what is opened", bracket(orders, pick(1) >> save, pick(1) >> count), ONE),
    ("inputs by name", join(joined, b=refunds, a=orders) >> save, "refunds.amount I"),
    ("a finaliser's output is dropped", always(orders, then=refunds) >> save, ONE),
    ("a finaliser gets the input", orders >> always(count, then=save), ONE),
    ("a result", as_result(orders) >> from_result >> save, ONE),
    ("what is in a result", as_result(orders) >> pure(value_of(it)) >> save, ONE),
    ("an extension", orders >> Padded(doubled) >> save, TWICE),
    ("a graph", woven >> save, "refunds.amount T"),
    ("a graph's inputs", two >> taking >> save, ONE),
    ("an input that is kept", orders >> keep_input(count) >> pick(0) >> save, ONE),
    ("one task in two places", par(orders >> newest, refunds >> newest) >> pick(1) >> save,
     "refunds.amount I"),
    ("two loads of one dataset", par(orders >> save, refunds >> save), BOTH),
    ("what is not the task's to give", orders >> hidden >> save,
     f"[columns 'id', 'amount': hidden: {PYTHON}]"),
    ("what a function makes", par(orders, refunds) >> pure(apply(first, it)) >> save,
     "[columns 'id', 'amount': what first makes is not followed to columns]"),
    ("known beside what is not", par(orders, orders >> hidden) >> pure(it[0].or_else(it[1]))
     >> save, f"[columns 'id', 'amount': par > hidden: {PYTHON}], {ONE}"),
    ("an untyped load of what is known", orders >> save_any, ONE),
    ("a record that is given back", lines >> newest_lines >> pure(it.table) >> save, LINES),
    ("records that are put together", const([1, 2]) >> map_each(lines) >> put_together
     >> pure(it.table) >> save, LINES),
    ("what a record says of another", orders >> staged >> save_any, ONE),
    ("a field of what says so", orders >> staged >> pure(it.rows) >> save_any, ONE),
    ("a table or none", maybe >> save_maybe, ONE),
    ("a table of pandas", in_pandas >> save_pandas, ONE),
    ("a table of Polars", orders >> to_polars >> save_polars, ONE),
    ("all that is read", everything >> save, "visits.amount I"),
]  # fmt: skip
WAYS = [each[0] for each in PASSES]


@pytest.mark.parametrize(("w", "expected"), [each[1:] for each in PASSES], ids=WAYS)
def test_columns_travel_along_edges(w: Workflow[Any, Any], expected: str) -> None:
    assert told(w) == expected


# Shared parts, and size


@pytest.mark.parametrize("w", [each[1] for each in PASSES], ids=WAYS)
def test_following_shared_parts_once_loses_no_origin(
    w: Workflow[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = origins(lineage(w))
    monkeypatch.setattr(flow_of_values, "MAX_PLACES", 0)
    assert origins(lineage(w)) >= exact
    assert origins(lineage(par(w, w))) >= exact


def origins(known: Lineage) -> set[tuple[str, str, str]]:
    """Columns with the columns that they are made of, and with None where not all are known."""
    return {
        (column.name, one.dataset, one.column)
        for each in known.tasks
        if each.columns
        for column in each.columns.columns
        for one in column.origins
    }


NESTS: dict[str, Callable[[Workflow[Any, Any], int], Workflow[Any, Any]]] = {
    "a chain": lambda w, i: w >> (newest if i % 2 else doubled),
    "wrappers": lambda w, i: retry(timeout(w, seconds(i + 1)), attempts=2),
    "arms": lambda w, i: branch(it.x, then=w >> newest, otherwise=orders),
    "loops": lambda w, i: loop_until(w, it.x, limit=2),
    "tuples": lambda w, i: par(w, orders) >> pick(0),
    "items": lambda w, i: w >> par(identity, newest) >> map_each(identity) >> pure(it[i % 2]),
}


@sizes()
@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_many_levels_of_columns_are_followed(
    nest: Callable[[Workflow[Any, Any], int], Workflow[Any, Any]], size: int
) -> None:
    w: Workflow[Any, Any] = orders
    for i in range(size):
        w = nest(w, i)
    assert told(w >> save).startswith("orders.amount")


@sizes(deep=20_000)
def test_what_is_in_tuples_in_tuples_is_mixed_from_some_depth_on(size: int) -> None:
    w: Workflow[Any, Any] = orders
    for _ in range(size):
        w = par(w, refunds)
    assert told(seq(w, *(pick(0) for _ in range(20)), save)) == BOTH


@sizes(deep=20_000)
def test_a_column_of_thousands(size: int) -> None:
    def source(i: int) -> Workflow[Any, Any]:
        @task(effect="read", reads=[f"pg://shop/orders{i}"], config={"i": i})
        def some() -> Orders: ...

        return some

    known = lineage(par(*map(source, range(size))) >> map_each(newest) >> save_all)
    (told,) = [each.columns for each in known.tasks if each.columns]
    assert {column.name: len(column.origins) for column in told.columns} == {
        "id": size,
        "amount": size,
    }


def test_a_part_that_stands_in_exponentially_many_places_is_followed_once() -> None:
    w: Workflow[Any, Any] = newest
    for i in range(100):
        w = par(w, timeout(w, seconds(i + 1))) >> pick(0)
    assert told(orders >> w >> save) == ONE


def test_too_many_columns_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertices, "MAX_CELLS", 100)
    w = seq(orders, *(doubled for _ in range(100)), save)
    assert told(w) == "[too many columns to follow them all]"
