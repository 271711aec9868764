"""What a table may hold: types, texts and keys, told by column and count beforehand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors.redshift.columns import (
    Column,
    check_key,
    check_texts,
    columns_of,
    parquet_table,
)
from fwf.connectors.shared.errors import BadData

_pa: Any = pa

TAKEN: list[tuple[Any, str, Any]] = [
    (pa.bool_(), "BOOLEAN", pa.bool_()),
    (pa.int8(), "SMALLINT", pa.int16()),
    (pa.int16(), "SMALLINT", pa.int16()),
    (pa.int32(), "INTEGER", pa.int32()),
    (pa.int64(), "BIGINT", pa.int64()),
    (pa.uint8(), "SMALLINT", pa.int16()),
    (pa.uint16(), "INTEGER", pa.int32()),
    (pa.uint32(), "BIGINT", pa.int64()),
    (pa.float32(), "REAL", pa.float32()),
    (pa.float64(), "DOUBLE PRECISION", pa.float64()),
    (pa.decimal128(10, 2), "DECIMAL(10, 2)", pa.decimal128(10, 2)),
    (pa.decimal128(38, 37), "DECIMAL(38, 37)", pa.decimal128(38, 37)),
    (pa.string(), "VARCHAR(65535)", pa.string()),
    (pa.large_string(), "VARCHAR(65535)", pa.string()),
    (pa.date32(), "DATE", pa.date32()),
    (pa.timestamp("s"), "TIMESTAMP", pa.timestamp("us")),
    (pa.timestamp("ns"), "TIMESTAMP", pa.timestamp("us")),
]


@pytest.mark.parametrize(("kind", "type", "written"), TAKEN, ids=[str(row[0]) for row in TAKEN])
def test_every_type_has_its_own_in_staging_and_in_the_file(
    kind: Any, type: str, written: Any
) -> None:
    schema = _pa.schema({"a": kind})
    assert columns_of(schema, {}, "stage") == (Column("a", type),)
    assert parquet_table(schema.empty_table()).schema.field("a").type == written


def test_a_moment_is_written_in_utc_and_known_as_one() -> None:
    schema = _pa.schema({"at": pa.timestamp("ms", "Europe/Berlin")})
    assert columns_of(schema, {}, "stage") == (Column("at", "TIMESTAMP", zoned=True),)
    noon = datetime(2026, 7, 15, 12, tzinfo=UTC)
    written = parquet_table(pa.table({"at": [noon]}, schema=schema))
    assert written.column("at").to_pylist() == [noon.replace(tzinfo=None)]


@pytest.mark.parametrize(
    "kind",
    [pa.uint64(), pa.float16(), pa.binary(), pa.time64("us"), pa.duration("us"), pa.date64(),
     pa.null(), pa.decimal128(5, -2), pa.decimal128(38, 38), pa.decimal256(10, 2),
     pa.list_(pa.int64()), pa.struct([pa.field("a", pa.int64())]),
     pa.dictionary(pa.int8(), pa.string())],
    ids=str,
)  # fmt: skip
def test_other_types_are_refused_where_the_task_is_made(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"stage\(schema=…\): column 'a' is .*: cast it before"):
        columns_of(_pa.schema({"a": kind}), {}, "stage")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "0 columns; a table of Redshift has 1 to 1600"),
        ([f"c{n}" for n in range(1601)], "1,601 columns"),
        (["Id", "id"], "'Id' and 'id' are one name to Redshift"),
        ([""], "at least one character"),
        (["a\0"], "NUL"),
        (["ä" * 64], "128 bytes long"),
    ],
)
def test_names_that_cannot_be_are_refused(names: list[str], said: str) -> None:
    schema = pa.schema([pa.field(each, pa.int64()) for each in names])
    with pytest.raises(ValueError, match=said):
        columns_of(schema, {}, "stage")


@pytest.mark.parametrize(
    ("varchar", "kind", "said"),
    [
        ({"nme": 3}, ValueError, "no column 'nme', did you mean 'name'|did you mean"),
        ({"id": 3}, TypeError, "the column is int64, not string"),
        ({"name": 0}, ValueError, "1 to 65535"),
        ({"name": 65_536}, ValueError, "1 to 65535"),
        ({"name": True}, ValueError, "a number of bytes"),
    ],
)
def test_lengths_are_those_of_texts(varchar: Any, kind: type[Exception], said: str) -> None:
    schema = _pa.schema({"id": pa.int64(), "name": pa.string()})
    with pytest.raises(kind, match=said):
        columns_of(schema, varchar, "stage")
    assert columns_of(schema, {"name": 30}, "stage")[1].type == "VARCHAR(30)"


def test_a_text_is_as_long_as_its_bytes() -> None:
    fits, too_long = "a" * 30, "a" * 29 + "á"
    check_texts(pa.table({"name": [fits, None, ""]}), {"name": 30})
    with pytest.raises(BadData) as caught:
        check_texts(pa.table({"name": [fits, too_long, "é" * 20]}), {"name": 30})
    said = str(caught.value)
    assert "column 'name': 2 of 3 texts are longer than 30 bytes, the longest has 40" in said
    assert too_long not in said


def test_a_text_without_a_width_has_that_of_redshift() -> None:
    check_texts(pa.table({"name": ["a" * 65_535]}), {})
    with pytest.raises(BadData, match="longer than 65535 bytes, the longest has 65536"):
        check_texts(pa.table({"name": ["a" * 65_536]}), {})


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_what_no_text_may_hold_is_counted(kind: Any) -> None:
    with pytest.raises(BadData, match=r"column 'name': 1 of 2 texts hold a NUL"):
        check_texts(pa.table({"name": pa.array(["a\0b", "c"], kind)}), {})
    broken = pa.array([b"\xff", b"a"], pa.large_binary() if "large" in str(kind) else pa.binary())
    with pytest.raises(BadData, match="column 'name' holds bytes that are not UTF-8"):
        check_texts(pa.table({"name": broken.view(kind)}), {})


def test_a_slice_is_looked_at_alone() -> None:
    table = pa.table({"name": ["a\0", "b", "c" * 99]}).slice(1, 1)
    check_texts(table, {"name": 1})


@pytest.mark.parametrize(
    ("rows", "key", "said"),
    [
        ({"a": [1, None, None]}, ["a"], "key column 'a': 2 of 3 rows have no value"),
        ({"a": [1, 1], "b": [None, 2]}, ["a", "b"], "key column 'b': 1 of 2 rows have no value"),
        ({"a": [1, 1, 2, 1]}, ["a"], r"2 of 4 rows have the key of another row \(a\)"),
        ({"a": [1, 1, 1], "b": ["x", "y", "x"]}, ["a", "b"], r"1 of 3 rows .* \(a, b\)"),
    ],
)
def test_keys_are_looked_at_before_anything_is_sent(
    rows: dict[str, list[Any]], key: list[str], said: str
) -> None:
    with pytest.raises(BadData, match=said):
        check_key(pa.table(rows), key)


def test_keys_that_differ_pass() -> None:
    check_key(pa.table({"a": [1, 1], "b": ["x", "X"]}), ["a", "b"])
    check_key(pa.table({"a": [1, 1]}), [])
    check_key(pa.table({"a": pa.array([], pa.int64())}), ["a"])


def test_nanoseconds_that_would_be_lost_are_refused_with_column_and_count() -> None:
    table = pa.table({"at": pa.array([1, 1_000, 1_001], pa.timestamp("ns"))})
    with pytest.raises(BadData, match=r"column 'at'.*: 2 of 3 values"):
        parquet_table(table)


def test_decimals_and_dates_stay_what_they_are() -> None:
    table = pa.table(
        {"d": pa.array([Decimal("0.10")], pa.decimal128(5, 2)), "day": [date(2026, 1, 1)]}
    )
    assert parquet_table(table).equals(table)
