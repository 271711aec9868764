"""How do Arrow tables become Parquet that every reader takes alike? With times in microseconds.

Redshift reads a time in nanoseconds as microseconds, without an error: 2023 is the year 161065. So
times of any unit are written as microseconds, and refused where that would lose digits.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from fwf.connectors.shared.errors import BadData

compute: Final[Any] = pyarrow.compute  # its stubs know few of the types that it takes

Batches: TypeAlias = pa.Table | pa.RecordBatchReader

GROUP_BYTES: Final = 32 << 20
"""Batches are gathered to row groups of about this size: small enough to hold several in memory."""
GROUP_ROWS: Final = 1 << 20


def parquet_bytes(table: Batches) -> bytes:
    """Table ⟶ the Parquet file that holds it."""
    sink = pa.BufferOutputStream()
    write_parquet(table, sink)
    return sink.getvalue().to_pybytes()


def write_parquet(batches: Batches, sink: Any) -> int:
    """Write a table, or what a reader gives, to a file that is open for writing; gives the rows.

    A reader is never in memory as a whole. Raises `BadData` naming the column and how many of its
    values can't be written; then what stands in the file is no Parquet.
    """
    counts: list[int] = []
    for chunk in parquet_chunks(batches, counts.append):
        sink.write(chunk)
    return sum(counts)


def parquet_chunks(batches: Batches, count: Callable[[int], object]) -> Iterator[bytes]:
    """The same, as the bytes of the file one after the other; `count` is told of rows."""
    schema = microseconds(batches.schema)
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, "w"), schema) as writer:
        for group in _groups(batches):
            writer.write_table(in_microseconds(group, schema))
            count(group.num_rows)
            yield from sink.take()
    yield from sink.take()


class _Sink(io.RawIOBase):
    """A file that is only written to, and gives what was written so far."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> Iterator[bytes]:
        parts, self._parts = self._parts[::-1], []
        while parts:
            yield parts.pop()


def _groups(batches: Batches) -> Iterator[pa.Table]:
    if isinstance(batches, pa.Table):
        for start in range(0, batches.num_rows, GROUP_ROWS):
            yield batches.slice(start, GROUP_ROWS)
        return
    yield from map(pa.Table.from_batches, _gather(batches))


def _gather(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in batches:
        group.append(batch)
        size, rows = size + batch.nbytes, rows + batch.num_rows
        if size >= GROUP_BYTES or rows >= GROUP_ROWS:
            yield group
            group, size, rows = [], 0, 0
    if group:
        yield group


def microseconds(schema: pa.Schema) -> pa.Schema:
    """Schema ⟶ the one that is written; raises `BadData` for a name that two columns have."""
    duplicates = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if duplicates:
        raise BadData(f"two columns have the name {', '.join(map(repr, duplicates))}: rename one")
    fields = [field.with_type(_written_type(field.type)) for field in schema]
    metadata: Any = schema.metadata
    return pa.schema(fields, metadata=metadata)


def _written_type(kind: pa.DataType) -> pa.DataType:
    """Arrow type ⟶ the one that is written in its place."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_time64(kind):
        return pa.time64("us")
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_written_type(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_written_type(kind.value_type)))
    if pa.types.is_dictionary(kind) and _written_type(kind.value_type) != kind.value_type:
        return _written_type(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([part.with_type(_written_type(part.type)) for part in kind])
    return kind


def in_microseconds(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Table ⟶ the same with the types of the schema that `microseconds` makes of its own."""
    if table.schema.equals(schema):
        return table
    columns = [
        column if column.type == field.type else _cast(column, field)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _cast(column: Any, field: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid:  # its message holds a value
        count = _count_lost(column, field.type)
    if not count:  # what a slice of lists leaves out
        return column.cast(field.type, safe=False)
    raise BadData(
        f"column {field.name!r}, {column.type}: {count} of {len(column)} "
        f"values can't be kept as {field.type}; round them, or write them as text"
    )


def _count_lost(column: Any, kind: pa.DataType) -> int:
    """How many values of a column would be others when they are written."""
    back = column.cast(kind, safe=False).cast(column.type, safe=False)
    if not pa.types.is_nested(column.type):
        return int(compute.sum(compute.not_equal(back, column)).as_py() or 0)
    return sum(not after.equals(value) for after, value in zip(back, column, strict=True))
