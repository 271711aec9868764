"""What a query gives is what was declared, in the same order, or an error that holds no value."""

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from fwf import Permanent, run
from fwf.connectors.shared.errors import BadData
from fwf.connectors.sql import schema_of, select, sql

# What it gives


NESTED = "SELECT {'a': [1, 2], 'b': 'x'} AS s, map {'k': 1.5} AS m, [[1], []] AS l, ['ä'] AS t"
SCHEMAS: list[tuple[str, dict[str, pa.DataType]]] = [
    ("SELECT 1 AS a, 2::BIGINT AS b, 3::UTINYINT AS c",
     {"a": pa.int32(), "b": pa.int64(), "c": pa.uint8()}),
    ("SELECT 1.50 AS a, 0.5::DOUBLE AS b, 1.5::DECIMAL(38,37) AS c",
     {"a": pa.decimal128(3, 2), "b": pa.float64(), "c": pa.decimal128(38, 37)}),
    ("SELECT '2026-07-01 10:00:00+02'::TIMESTAMPTZ AS a, TIMESTAMP '2026-07-01 10:00:00' AS b",
     {"a": pa.timestamp("us", "UTC"), "b": pa.timestamp("us")}),
    ("SELECT DATE '2026-07-01' AS a, TIME '10:00:00' AS b, 'x'::BLOB AS c",
     {"a": pa.date32(), "b": pa.time64("us"), "c": pa.binary()}),
    ("SELECT sum(n) AS n FROM range(3) t(n)", {"n": pa.decimal128(38, 0)}),
    ("SELECT NULL AS n", {"n": pa.null()}),
    (NESTED, {
        "s": pa.struct({"a": pa.list_(pa.int32()), "b": pa.string()}),
        "m": pa.map_(pa.string(), pa.decimal128(2, 1)),
        "l": pa.list_(pa.list_(pa.int32())),
        "t": pa.list_(pa.string()),
    }),
    ("VALUES (1, 'a'), (2, 'b')", {"col0": pa.int32(), "col1": pa.string()}),
    ("FROM range(3)", {"range": pa.int64()}),
    ("WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT x + 1 FROM a", {"x": pa.int32()}),
    ("(SELECT 1 AS x) ORDER BY 1 LIMIT 1 ;  -- done", {"x": pa.int32()}),
    ("SELECT 'a;b' AS x; /* ; */", {"x": pa.string()}),
    ('SELECT $$;$$ AS ";" -- ;', {";": pa.string()}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "columns"), SCHEMAS, ids=[query[:30] for query, _ in SCHEMAS])
def test_the_declared_columns_are_those_of_the_answer(
    query: str, columns: dict[str, pa.DataType]
) -> None:
    made = sql(query, name="q")
    assert schema_of(made) == pa.schema(columns)
    assert run(made).unwrap().schema == pa.schema(columns)


TYPES = [
    pa.bool_(), pa.int8(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.string(),
    pa.large_string(), pa.binary(), pa.large_binary(), pa.date32(), pa.date64(), pa.time32("s"),
    pa.time64("us"), pa.time64("ns"), pa.timestamp("s"), pa.timestamp("ns"),
    pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/Berlin"), pa.timestamp("ns", "+02:00"),
    pa.decimal128(38, 10), pa.duration("us"), pa.null(), pa.list_(pa.string()),
    pa.list_(pa.list_(pa.decimal128(5, 2))), pa.list_(pa.struct({"a b": pa.date32()})),
    pa.struct({"a": pa.int8(), "b": pa.list_(pa.string())}), pa.map_(pa.string(), pa.int8()),
    pa.list_(pa.int8(), 3), pa.dictionary(pa.int8(), pa.string()), pa.month_day_nano_interval(),
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_a_column_of_each_type_that_can_be_declared_goes_through(kind: pa.DataType) -> None:
    made = sql("SELECT x FROM t", name="same", t=pa.schema({"x": kind}))
    empty = pa.schema({"x": kind}).empty_table()
    nulls = pa.table([pa.nulls(3, kind)], schema=empty.schema)
    for table in (empty, nulls):
        found = run(made, table).unwrap()
        assert (found.num_rows, found.schema) == (table.num_rows, schema_of(made))
    assert pickle.loads(pickle.dumps(made)) == made
    sql("SELECT x FROM t", name="again", t=made)


def test_moments_are_those_of_utc_whatever_zone_they_come_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    late = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    given = pa.table({"at": pa.array([late], pa.timestamp("us", "Europe/Berlin"))})
    found = select("SELECT t.at, t.at::DATE AS day, hour(t.at) AS hour FROM t", {"t": given})
    assert found.schema.field("at").type == pa.timestamp("us", "UTC")
    assert found.to_pylist() == [{"at": late.astimezone(UTC), "day": date(2026, 6, 30), "hour": 23}]


@pytest.mark.parametrize("n", [10**38 - 1, -(10**38) + 1, 10**38, 2**127 - 1])
def test_a_sum_of_more_than_38_digits_is_no_other_number(n: int) -> None:
    half = n // 2
    query = f"SELECT sum(x) AS n FROM (VALUES ({half}::HUGEINT), ({n - half}::HUGEINT)) t(x)"
    if abs(n) < 10**38:
        assert select(query)["n"].to_pylist() == [Decimal(n)]
    else:
        with pytest.raises(
            BadData, match=r"column 'n' \(1 row\) holds a whole number of more than"
        ):
            select(query)


@pytest.mark.parametrize("least", [-1.0, 0.0, 5.0, float("inf"), float("nan")])
def test_a_filter_on_numbers_that_are_none_is_the_same_on_arrow_as_on_values(least: float) -> None:
    values = [1.0, float("nan"), float("-inf"), float("inf"), None, -0.0, 7.5]
    given = pa.table({"x": pa.array(values, pa.float64())})
    query = "SELECT x, x > $least AS is_more FROM t"
    params = {"least": least}
    every = select(query, {"t": given}, params)
    few = select(f"{query} WHERE x > $least", {"t": given}, params)
    assert few.num_rows == sum(each is True for each in every["is_more"].to_pylist())


# Order


def chunked(table: pa.Table, at: list[int]) -> pa.Table:
    """The same rows, in other batches."""
    cuts = sorted({0, table.num_rows, *(n % (table.num_rows + 1) for n in at)})
    parts = [table.slice(a, b - a) for a, b in pairwise(cuts)]
    return pa.concat_tables(parts) if parts else table


ORDERLESS = [
    "SELECT * FROM t",
    "SELECT k, sum(x) AS x, count(*) AS n FROM t GROUP BY k",
    "SELECT DISTINCT k FROM t",
    "SELECT a.k, b.x FROM t a JOIN t b ON a.k = b.k",
    "SELECT k FROM t UNION SELECT k + 1 FROM t",
    "SELECT first(x) AS x, any_value(k) AS k, list(k) AS l FROM t",
    "SELECT k, x FROM t LIMIT 3",
    "SELECT k, row_number() OVER () AS n FROM t",
]


@pytest.mark.parametrize("query", ORDERLESS)
@settings(max_examples=20)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.floats(-1e9, 1e9)), max_size=40),
    cuts=st.lists(st.integers(0, 100), max_size=4),
)
def test_the_same_rows_give_the_same_rows_in_the_same_order(
    query: str, rows: list[tuple[int, float]], cuts: list[int]
) -> None:
    schema = pa.schema({"k": pa.int64(), "x": pa.float64()})
    given = pa.table([[k for k, _ in rows], [x for _, x in rows]], schema=schema)
    made = sql(query, name="q", t=schema)
    once = made.fn(given)
    assert made.fn(given).equals(once)
    other = made.fn(chunked(given, cuts))
    assert sorted(map(str, other.to_pylist())) == sorted(map(str, once.to_pylist()))


def test_a_large_answer_has_the_same_order_and_the_same_sums_each_time() -> None:
    n = 300_000
    given = pa.table(
        {"k": [i * 7919 % 1009 for i in range(n)], "x": [1 / (i + 1) for i in range(n)]}
    )
    for query in (
        "SELECT k, x FROM t WHERE k > 3",
        "SELECT k, sum(x) AS x FROM t GROUP BY k",
        "SELECT DISTINCT k FROM t",
        "SELECT sum(x) AS x FROM t",
    ):
        once, again = select(query, {"t": given}), select(query, {"t": given})
        assert once.equals(again)
    assert select("SELECT k, x FROM t", {"t": given}).equals(given)


# Errors when it runs


SECRET = "hunter2@example"
FAILING = [
    ("SELECT x::INT AS n FROM t", "ConversionException in line 1, at '::INT'"),
    ("SELECT\n  CAST(x AS DATE) AS n\nFROM t", "ConversionException in line 2, at"),
    ("SELECT error(x) AS n FROM t", "InvalidInputException"),
    ("SELECT (length(x) + 2147483640)::INT * 2 AS n FROM t", ""),
    ("SELECT strptime(x, '%Y') AS n FROM t", ""),
    ("SELECT (SELECT x FROM t) AS n FROM t", ""),
    ("SELECT x::JSON AS n FROM t", ""),
    ("SELECT decode(x::BLOB || '\\xFF'::BLOB) AS n FROM t", ""),
    ("SELECT x::UUID AS n FROM t", ""),
    ("SELECT x::ENUM('a') AS n FROM t", ""),
    ("SELECT regexp_matches(x, x || '(') AS n FROM t", ""),
    ("SELECT map([x, x], [1, 2]) AS n FROM t", ""),
    ("SELECT chr((2000000000 + length(x))::INT) AS n FROM t", ""),
]


@pytest.mark.parametrize(("query", "said"), FAILING, ids=[query[:40] for query, _ in FAILING])
def test_an_error_says_where_and_of_which_kind_and_holds_no_value(query: str, said: str) -> None:
    made = sql(query, name="q", t=pa.schema({"x": pa.string()}))
    with pytest.raises(Permanent) as raised:
        made.fn(pa.table({"x": [SECRET, SECRET]}))
    error = raised.value
    assert said in str(error)
    assert str(error).startswith("sql(name='q'): ")
    assert error.__cause__ is None and error.__suppress_context__
    assert "hunter2" not in str(error)
    fault = run(made, pa.table({"x": [SECRET, SECRET]})).failure()
    assert "hunter2" not in str(fault) + repr(fault)


def test_a_value_far_down_is_told_of_no_more_than_one_at_the_top() -> None:
    made = sql("SELECT x::BIGINT AS n FROM t", name="q", t=pa.schema({"x": pa.string()}))
    with pytest.raises(BadData, match="ConversionException in line 1") as raised:
        made.fn(pa.table({"x": [*map(str, range(300_000)), SECRET]}))
    assert "hunter2" not in str(raised.value)


def test_what_is_larger_than_memory_is_an_error_and_no_other_answer() -> None:
    query = "SELECT list(n::VARCHAR || repeat('x', 1000)) AS l FROM range(100_000_000_000) t(n)"
    assert schema_of(sql(query, name="q")) == pa.schema({"l": pa.list_(pa.string())})


def test_columns_that_come_from_the_rows_are_compared_with_those_that_were_promised() -> None:
    from fwf.connectors.sql.engine import AnswerColumns, answer

    promised = AnswerColumns(pa.schema({"n": pa.int64()}))
    with pytest.raises(BadData, match="n int32, not n int64; write out the types"):
        answer("SELECT 1 AS n", {}, {}, promised, "q")
