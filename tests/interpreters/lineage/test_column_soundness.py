"""Nothing gets into a column that isn't told of it: workflows are run, on tables that know.

Each cell of a source is the name of its column, and what SQL makes of cells puts them one behind
another. So a cell that is loaded has the columns that it was really made of.
"""

from typing import Annotated, Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from hypothesis.strategies import SearchStrategy

from fwf import (
    SameColumns,
    Workflow,
    as_result,
    branch,
    fail,
    fallback,
    from_result,
    graph,
    identity,
    it,
    keep_input,
    loop_until,
    map_each,
    named,
    par,
    pick,
    pure,
    retry,
    run,
    switch,
    task,
    when,
)
from fwf.connectors.sql import sql
from fwf.interpreters.lineage import dataflow, lineage

pytest.importorskip("sqlglot")

COLUMNS = pa.schema({"a": pa.string(), "b": pa.string()})
Cells = Annotated[pa.Table, COLUMNS]
LOADED: list[tuple[str, pa.Table]] = []
"""What the last run has loaded."""


class Held(NamedTuple):
    """A table in a record."""

    n: int
    table: Cells


def source(name: str) -> Workflow[Any, Any]:
    """A source whose cells are its columns' names."""

    @task(effect="read", reads=[f"db://x/{name}"], config={"name": name})
    def read() -> Cells:
        return pa.table({"a": [f"db://x/{name}.a"], "b": [f"db://x/{name}.b"]}, COLUMNS)

    return read


def target(name: str) -> Workflow[Any, Any]:
    """A load that remembers what it got."""

    @task(effect="idempotent", writes=[f"db://y/{name}"], config={"name": name})
    def load(table: Cells) -> None:
        LOADED.append((f"db://y/{name}", table))

    return keep_input(load) >> pick(0)


@task(effect="pure")
def kept(table: Any) -> Annotated[Any, SameColumns]:
    return table


@task(effect="pure")
def crossed(table: Cells) -> Cells:
    return pa.table({"a": table["b"], "b": table["a"]}, COLUMNS)


@task(effect="pure")
def held(table: Cells) -> Annotated[Held, SameColumns]:
    return Held(1, table)


@task(effect="pure")
def opened(held: Held) -> Annotated[Cells, SameColumns]:
    return held.table


def one(name: str, query: str) -> Workflow[Any, Any]:
    """A query of one table."""
    return sql(query, name=name, t=COLUMNS)


def two(name: str, query: str) -> Workflow[Any, Any]:
    """A query of two tables."""
    return sql(query, name=name, t=COLUMNS, u=COLUMNS)


STEPS = [
    *map(source, "pq"),
    *map(target, "xy"),
    identity,
    kept,
    crossed,
    held >> opened,
    one("all", "FROM t"),
    one("swapped", "SELECT b AS a, a AS b FROM t"),
    one("both", "SELECT a, a || ' ' || b AS b FROM t"),
    one("summed", "SELECT string_agg(a, ' ') AS a, max(b) AS b FROM t"),
    one("nested", "WITH s AS (SELECT b AS x, a FROM t) SELECT upper(lower(x)) AS a, a AS b FROM s"),
]
PAIRS = [
    pick(0),
    pick(1),
    pick(1, 0) >> pick(0),
    two("crossed_join", "SELECT t.a, u.b FROM t, u"),
    two("united", "SELECT a, b FROM t UNION ALL SELECT b, a FROM u"),
    two("united_by_name", "SELECT a, b FROM t UNION ALL BY NAME SELECT b, a FROM u"),
    two("scalar", "SELECT (SELECT string_agg(u.a, ' ') FROM u) AS a, t.b FROM t"),
    map_each(kept) >> pure(it[1]),
    map_each(one("each", "SELECT b AS a, b FROM t")) >> pure(it[0]),
]
TESTS = st.sampled_from([it.num_rows > 0, it.num_rows > 1, it.num_rows > 2])


def woven(x: Workflow[Any, Any], y: Workflow[Any, Any], z: Workflow[Any, Any]) -> Any:
    """A graph of three steps, one of which is used twice."""

    @graph
    def built(given: Any) -> Any:
        first = x(given)
        return z(first, y(first))

    return built


def combined(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    pairs = st.sampled_from(PAIRS)
    return st.one_of(
        pair.map(lambda p: p[0] >> p[1]),
        st.builds(lambda p, join: par(*p) >> join, pair, pairs),
        st.builds(lambda p, test: branch(test, then=p[0], otherwise=p[1]), pair, TESTS),
        st.builds(lambda w, test: when(test, w), inner, TESTS),
        pair.map(lambda p: switch(it.num_rows, {1: p[0]}, otherwise=p[1])),
        pair.map(lambda p: fallback(p[0], p[1])),
        pair.map(lambda p: fallback(p[0] >> fail("Empty"), p[1])),
        st.builds(lambda w, test: loop_until(w, test, limit=3, on_limit="stop"), inner, TESTS),
        st.builds(woven, inner, inner, st.sampled_from(PAIRS[3:7])),
        inner.map(lambda w: named("n", retry(w, attempts=2))),
        inner.map(lambda w: as_result(w) >> from_result),
        inner.map(lambda w: keep_input(w) >> pick(1)),
        inner.map(lambda w: pure(pick(it, it)) >> map_each(w) >> pure(it[0])),
    )


steps = st.recursive(st.sampled_from(STEPS), combined, max_leaves=8)


Told = tuple[dict[tuple[str, str], set[str]], dict[str, list[str]]]


def told_of(w: Workflow[Any, Any]) -> Told:
    """The columns of datasets with what they are made of, and the problems of datasets."""
    told, problems = dict[tuple[str, str], set[str]](), dict[str, list[str]]()
    for each in lineage(w).tasks:
        if each.columns and each.writes:
            problems.setdefault(each.writes[0], []).extend(each.columns.problems)
            for column in each.columns.columns:
                known = told.setdefault((column.dataset, column.name), set())
                known.update(f"{one.dataset}.{one.column}" for one in column.origins)
    return told, problems


@given(w=steps, first=st.sampled_from(STEPS[:2]), last=st.sampled_from(STEPS[2:4]))
def test_what_is_in_a_column_is_told(w: Any, first: Any, last: Any) -> None:
    whole = first >> w >> last
    LOADED.clear()
    run(whole).unwrap()
    exact = told_of(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataflow, "MAX_PLACES", 0)
        rough = told_of(whole)
    assert LOADED
    for dataset, table in LOADED:
        assert all("through Python" in each for each in exact[1][dataset])
        for name in table.column_names:
            really = {word.lower() for cell in table[name].to_pylist() for word in cell.split()}
            for told, problems in (exact, rough):
                unknown = any(f"'{name}'" in each for each in problems[dataset])
                assert unknown or really <= told[dataset, name]
