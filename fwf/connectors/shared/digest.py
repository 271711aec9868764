"""Are these the same rows? A digest of a table's rows as a set, so that a retry can tell.

A query without ORDER BY may give the same rows in another order and in other batches: both are left
out. Rows that stand twice count twice. The names and types of columns count, in their order. How a
type lies in memory doesn't: `large_string`, `string_view` and a dictionary of texts are `string`.
Neither do nullability and metadata. All NaNs are one value; -0.0 is 0.0, as in SQL. The scale of a
decimal belongs to its type: 1.5 and 1.50 of one column are one value, in columns of
`decimal128(9, 1)` and `decimal128(9, 2)` they are two.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc

ROWS_AT_ONCE: Final = 65_536
BYTES_AT_ONCE: Final = 4_000_000
"""Rows are copied a few times on the way to their hashes."""
_BYTES: Final = pa.large_binary()
_MODULUS: Final = 1 << 256
_compute: Any = pc


@cache
def _scalar(value: bytes) -> Any:
    return pa.scalar(value, _BYTES)  # not at import: it imports pandas, where there is one


def digest(table: pa.Table) -> str:
    """Table ⟶ 64 hexadecimal digits that depend on the set of its rows, and on the types.

    >>> one = pa.table({"id": [1, 2], "name": ["a", None]})
    >>> digest(one) == digest(one.take([1, 0])) != digest(one.slice(1))
    True
    """
    running = Digest(table.schema)
    running.update(table.to_batches(max_chunksize=ROWS_AT_ONCE))
    return running.text


@final
class Digest:
    """The same in steps, for rows that never are in memory all at once.

    Each row has a hash of its own, and their sum stands for the set (Bellare and Micciancio 1997):
    good against accidents; somebody who may choose the rows can make two sets of one digest.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._sum = 0
        self.rows = 0

    def update(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Count rows in."""
        for batch in batches:
            few = BYTES_AT_ONCE * batch.num_rows // max(1, batch.nbytes)
            step = max(1, min(ROWS_AT_ONCE, few))
            for start in range(0, batch.num_rows, step):
                part = batch.slice(start, step)
                self._sum = (self._sum + _sum_of(part)) % _MODULUS
                self.rows += part.num_rows

    @property
    def text(self) -> str:
        """The digest of what was counted in so far."""
        hasher = blake2b(digest_size=32)
        for field in self._schema:
            hasher.update(
                repr((field.name, _type_name(field.type))).encode("utf-8", "surrogatepass")
            )
        hasher.update(b"%d rows, sum %d" % (self.rows, self._sum))
        return hasher.hexdigest()


def _sum_of(batch: pa.RecordBatch) -> int:
    if not batch.num_columns:
        return 0
    rows = _concat([part for column in batch.columns for part in _presence_and_bytes(column)])
    hashes = [blake2b(row, digest_size=32).digest() for row in rows.to_pylist()]
    return sum(map(int.from_bytes, hashes))  # the only loop over rows: a microsecond for each


def _type_name(kind: Any) -> str:
    """A type ⟶ its name, without how it lies in memory."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _type_name(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return f"{kind.extension_name}({_type_name(kind.storage_type)})"
    if pa.types.is_map(kind):
        return f"map({_type_name(kind.key_type)}, {_type_name(kind.item_type)})"
    if _is_list(kind):
        return f"list({_type_name(kind.value_type)})"
    if pa.types.is_struct(kind):
        parts = ", ".join(f"{field.name!r}: {_type_name(field.type)}" for field in kind)
        return f"struct({parts})"
    return str(kind).removeprefix("large_").removesuffix("_view")


def _is_list(kind: Any) -> bool:
    test: Any = pa.types
    return bool(
        test.is_list(kind)
        or test.is_large_list(kind)
        or test.is_fixed_size_list(kind)
        or test.is_list_view(kind)
        or test.is_large_list_view(kind)
    )


def _presence_and_bytes(array: Any) -> tuple[Any, Any]:
    """An array ⟶ for each value whether there is one, and its bytes, which say where they end."""
    if not array.null_count and not pa.types.is_run_end_encoded(array.type):
        return _scalar(b"\1"), _bytes(array)
    array = _plain(array)
    there = _compute.if_else(array.is_valid(), _scalar(b"\1"), _scalar(b"\0"))
    return there, _compute.fill_null(_bytes(array), _scalar(b""))


def _plain(array: Any) -> Any:
    """An array whose values are spelt out, each at its place."""
    if pa.types.is_dictionary(array.type):
        return _plain(array.dictionary_decode())
    if pa.types.is_run_end_encoded(array.type):
        return _plain(_compute.run_end_decode(array))
    if isinstance(array.type, pa.BaseExtensionType):
        return _plain(array.storage)
    return array


def _bytes(array: Any) -> Any:
    """An array ⟶ the bytes of its values, which say where they end; null where it is."""
    array = _plain(array)
    kind = array.type
    if pa.types.is_null(kind):
        return pa.nulls(len(array), _BYTES)
    if pa.types.is_struct(kind):
        return _of_struct(array)
    if pa.types.is_map(kind) or _is_list(kind):
        return _of_list(array)
    if pa.types.is_union(kind):
        raise TypeError(f"{kind}: rows with a union in them have no digest; give it a type")
    if _varies_in_length(kind):
        return _length_and_bytes(array.cast(_BYTES))
    return _fixed_bytes(_canonical(array))


def _varies_in_length(kind: Any) -> bool:
    test: Any = pa.types
    return bool(
        test.is_string(kind)
        or test.is_large_string(kind)
        or test.is_string_view(kind)
        or test.is_binary(kind)
        or test.is_large_binary(kind)
        or test.is_binary_view(kind)
    )


def _canonical(array: Any) -> Any:
    """An array of fixed width ⟶ one in which equal values have the same bits."""
    if pa.types.is_boolean(array.type):
        return array.cast(pa.uint8())
    if pa.types.is_floating(array.type):
        array = array.cast(pa.float64())
        array = _compute.if_else(_compute.is_nan(array), float("nan"), array)
        return _compute.add(array, 0.0)  # -0.0 + 0.0 is 0.0
    return array


def _fixed_bytes(array: Any) -> Any:
    """An array of fixed width ⟶ its bytes."""
    return array.view(pa.binary(array.type.byte_width)).cast(_BYTES)


def _length_and_bytes(array: Any) -> Any:
    """Bytes ⟶ the same behind their lengths."""
    lengths = _compute.binary_length(array).cast(pa.int64())
    return _concat([_fixed_bytes(lengths), array])


def _of_struct(array: Any) -> Any:
    parts = [part for field in array.flatten() for part in _presence_and_bytes(field)]
    values = _concat(parts) if parts else pa.array([b""] * len(array), _BYTES)
    return _compute.if_else(array.is_valid(), values, pa.scalar(None, _BYTES))


def _of_list(array: Any) -> Any:
    if pa.types.is_map(array.type):
        array = array.cast(pa.large_list(pa.struct([array.type.key_field, array.type.item_field])))
    lengths = _compute.list_value_length(array).cast(pa.int64())
    ends = _compute.cumulative_sum(_compute.if_else(array.is_valid(), lengths, 0))
    items = _concat([*_presence_and_bytes(_compute.list_flatten(array))])
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends])
    texts: Any = pa.LargeListArray.from_arrays(offsets, items)
    values = _concat([_fixed_bytes(lengths), _compute.binary_join(texts, _scalar(b""))])
    return _compute.if_else(array.is_valid(), values, pa.scalar(None, _BYTES))


def _concat(parts: list[Any]) -> Any:
    """Arrays of bytes ⟶ the bytes of each row behind one another; null where one is."""
    return _compute.binary_join_element_wise(*parts, _scalar(b""))
