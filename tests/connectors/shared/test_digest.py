from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.shared.digest import Digest, digest

NESTED = pa.table(
    {
        "list": pa.array([[1, 2], None, [], [None, 3]]),
        "view": pa.array([[1, 2], None, [], [None, 3]], pa.list_view(pa.int8())),
        "pair": pa.array([[1, 2], [3, 4], None, [None, 5]], pa.list_(pa.int8(), 2)),
        "deep": pa.array([[[b"a"], None], [], None, [[b"", None]]]),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}, {"a": 2, "b": ""}]),
        "empty": pa.array([{}, {}, None, {}], pa.struct([])),
        "map": pa.array([[("a", 1)], None, [], [("b", None)]], pa.map_(pa.string(), pa.int64())),
        "coded": pa.array(["a", "b", None, "a"]).dictionary_encode(),
        "half": pa.array([1.0, -0.0, None, float("nan")], pa.float16()),
        "wide": pa.array([Decimal("1.5"), None, None, None], pa.decimal256(50, 2)),
        "fixed": pa.array([b"ab", None, b"cd", b"ef"], pa.binary(2)),
        "interval": pa.nulls(4, pa.month_day_nano_interval()),
        "duration": pa.array([1, 2, None, 3], pa.duration("s")),
        "nothing": pa.nulls(4),
    }
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.integers(-(2**63), 2**63 - 1),
            "name": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
            "share": st.none() | st.floats(),
            "tags": st.none() | st.lists(st.none() | st.integers(0, 3), max_size=3),
        }
    ),
    max_size=8,
)
SCHEMA = pa.schema(
    {"id": pa.int64(), "name": pa.string(), "share": pa.float64(), "tags": pa.list_(pa.int64())}
)


def column(values: list[Any], kind: Any = None) -> str:
    return digest(pa.table({"x": pa.array(values, kind)}))


def as_values(table: pa.Table) -> list[str]:
    """The rows in an order of their own, NaN and -0.0 as the digest takes them."""
    return sorted(repr(row).replace("-0.0", "0.0") for row in table.to_pylist())


@given(ROWS, st.randoms(), st.integers(1, 4))
def test_order_and_chunks_make_no_difference(rows: list[Any], random: Any, size: int) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    random.shuffle(rows)
    other = pa.Table.from_pylist(rows, schema=SCHEMA)
    pieces = Digest(SCHEMA)
    pieces.update(other.to_batches(max_chunksize=size))
    assert digest(table) == digest(other) == pieces.text


@given(ROWS, ROWS)
def test_other_rows_have_another_digest(some: list[Any], others: list[Any]) -> None:
    one = pa.Table.from_pylist(some, schema=SCHEMA)
    other = pa.Table.from_pylist(others, schema=SCHEMA)
    assert (digest(one) == digest(other)) == (as_values(one) == as_values(other))


@pytest.mark.parametrize("name", NESTED.column_names)
def test_every_kind_of_column_counts(name: str) -> None:
    one = NESTED.select([name])
    values = one.column(0).to_pylist()
    for i in range(4):
        for j in range(4):
            same = repr(values[i]) == repr(values[j])
            assert (digest(one.slice(i, 1)) == digest(one.slice(j, 1))) == same
    moved = pa.concat_tables([one.slice(2), one.slice(0, 2)])
    assert digest(moved) == digest(one)


def test_a_row_twice_is_not_a_row_once() -> None:
    assert column([1, 1, 2]) != column([1, 2]) != column([1, 2, 2])


def test_values_do_not_run_into_one_another() -> None:
    one, other = ({"a": [a], "b": [b]} for a, b in (("xy", "z"), ("x", "yz")))
    assert digest(pa.table(one)) != digest(pa.table(other))
    assert column([["a", "b"]]) != column([["ab"]]) != column([["ab", ""]])
    assert column([None], pa.string()) != column([""], pa.string())


def test_nans_are_one_value_and_minus_zero_is_zero() -> None:
    bits = pa.array([0x7FF8000000000001, 0x7FF8000000000000], pa.int64()).view(pa.float64())
    assert column([bits[0]]) == column([bits[1]]) == column([float("nan")])
    assert column([-0.0]) == column([0.0])
    assert column([0.0, None], pa.float32()) == column([-0.0, None], pa.float32())


@pytest.mark.parametrize(
    ("values", "one", "other"),
    [
        ([1], pa.int32(), pa.int64()),
        ([Decimal("1.5")], pa.decimal128(9, 1), pa.decimal128(9, 2)),
        ([datetime(2026, 7, 1)], pa.timestamp("us"), pa.timestamp("ms")),
        ([datetime(2026, 7, 1, tzinfo=UTC)], pa.timestamp("us"), pa.timestamp("us", "UTC")),
        ([timedelta(1)], pa.duration("s"), pa.duration("ms")),
        ([None], pa.string(), pa.binary()),
        ([], pa.string(), pa.int64()),
        ([[1]], pa.list_(pa.int8()), pa.list_(pa.int16())),
    ],
)
def test_types_count(values: list[Any], one: Any, other: Any) -> None:
    assert column(values, one) != column(values, other)


@pytest.mark.parametrize(
    ("values", "one", "other"),
    [
        (["a", None, "long enough for a view"], pa.string(), pa.large_string()),
        (["a", None, "long enough for a view"], pa.string(), pa.string_view()),
        (["a", None, "a"], pa.string(), pa.dictionary(pa.int8(), pa.string())),
        ([b"a", None], pa.binary(), pa.large_binary()),
        ([[1], None, []], pa.list_(pa.int8()), pa.large_list(pa.int8())),
        ([[1], None, []], pa.list_(pa.int8()), pa.list_view(pa.int8())),
        ([Decimal(1), Decimal("1.0")], pa.decimal128(9, 1), pa.decimal128(9, 1)),
    ],
)
def test_how_it_lies_in_memory_makes_no_difference(values: list[Any], one: Any, other: Any) -> None:
    assert column(values, one) == column(values, other)


def test_runs_are_their_values() -> None:
    runs = pa.RunEndEncodedArray.from_arrays([2, 4], ["a", None])
    assert digest(pa.table({"x": runs})) == column(["a", "a", None, None])


def test_names_of_columns_and_their_order_count() -> None:
    one = pa.table({"a": [1], "b": [2]})
    assert digest(one) != digest(one.rename_columns(["b", "a"])) != digest(one.select(["b", "a"]))


def test_no_rows_and_no_columns_have_digests() -> None:
    none = pa.table({"a": pa.array([], pa.int64())})
    assert len({digest(none), digest(none.select([])), column([None], pa.int64())}) == 3


def test_what_lies_under_a_null_makes_no_difference() -> None:
    one, other = (
        pa.Array.from_buffers(pa.int64(), 2, [pa.py_buffer(b"\1"), pa.py_buffer(data)])
        for data in (bytes(16), bytes(8) + b"\7" * 8)
    )
    assert digest(pa.table({"x": one})) == digest(pa.table({"x": other}))


def test_a_union_has_no_digest() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(TypeError, match="union"):
        digest(pa.table({"x": union}))
