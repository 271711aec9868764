"""Do tables become Parquet that says the same to every reader?"""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fwf.connectors.shared import parquet
from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.parquet import parquet_bytes, write_parquet

ROUND, ODD = 1_688_169_600_000_000_000, 1_688_169_600_000_000_001
NS = pa.timestamp("ns")


def there_and_back(table):
    return pq.read_table(io.BytesIO(parquet_bytes(table)))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_times_of_every_unit_are_microseconds_in_the_file(unit, zone):
    at = datetime(2023, 7, 1, tzinfo=UTC)
    table = pa.table({"at": pa.array([at, None]).cast(pa.timestamp(unit, zone))})
    back = there_and_back(table)
    assert back.schema.field("at").type == pa.timestamp("us", zone)
    assert back["at"].to_pylist() == table["at"].cast(pa.timestamp("us", zone)).to_pylist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([ROUND, ODD, None, ODD], pa.timestamp("ns")),
        pa.array([[ROUND], [ODD, ROUND], None, [ODD]], pa.list_(pa.timestamp("ns"))),
        pa.array([{"x": ROUND}, {"x": ODD}, None, {"x": ODD}], pa.struct([("x", NS)])),
        pa.array([ROUND, ODD, None, ODD], pa.timestamp("ns")).dictionary_encode(),
        pa.array([2**60, 1, None, -(2**60)], pa.timestamp("s")),
        pa.array([1000, 1, None, 2], pa.time64("ns")),
    ],
    ids=lambda column: str(column.type),
)  # fmt: skip
def test_what_would_lose_digits_is_refused_with_column_and_count_and_no_value(column):
    with pytest.raises(BadData, match=r"column 'at', .*: 2 of 4 values can't be kept") as raised:
        parquet_bytes(pa.table({"at": column}))
    assert raised.value.__context__ is None
    assert not {str(ODD), str(2**60)} & set(str(raised.value).split())


def test_a_value_that_a_slice_leaves_out_does_not_count():
    table = pa.table({"at": pa.array([[ROUND], [ODD]], pa.list_(pa.timestamp("ns")))})
    assert there_and_back(table.slice(0, 1)).num_rows == 1


@pytest.mark.parametrize(
    "table",
    [
        pa.table({}),
        pa.table({"at": pa.array([], pa.timestamp("ns"))}),
        pa.table({"n": pa.nulls(2), "u": pa.array([2**64 - 1, None], pa.uint64())}),
        pa.table({"t": ["\0", "Ünïcode ✓"], "": [1, 2]}),
        pa.table({"d": pa.array(["0.10", None]).cast(pa.decimal128(38, 2))}),
    ],
    ids=lambda table: table.schema.to_string(),
)
def test_awkward_tables_come_back_as_they_were(table):
    back = there_and_back(table)
    assert back.to_pylist() == table.to_pylist()
    assert back.schema.names == table.schema.names


def test_a_name_of_two_columns_is_refused():
    with pytest.raises(BadData, match="two columns have the name 'a'"):
        parquet_bytes(pa.table([[1], [2]], names=["a", "a"]))


def test_small_batches_of_a_reader_are_gathered_and_never_held_as_a_whole(monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_BYTES", 8 * 100)
    batch = pa.record_batch({"n": pa.array(range(10), pa.int64())})
    reader = pa.RecordBatchReader.from_batches(batch.schema, iter([batch] * 35))
    sink = io.BytesIO()
    assert write_parquet(reader, sink) == 350
    file = pq.ParquetFile(io.BytesIO(sink.getvalue()))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [
        *[100] * 3,
        50,
    ]
    assert file.read()["n"].to_pylist() == list(range(10)) * 35
