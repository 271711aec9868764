"""How does a table of Arrow become writes? Its rows are items, cut into batches for one request."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from fwf.connectors.dynamodb.items import (
    Delete,
    EncodedWrite,
    Item,
    Write,
    Written,
    encoded_writes,
    key_names,
)
from fwf.connectors.dynamodb.values import DIGITS

BATCH: Final = 25
REQUEST_BYTES: Final = 16 * 1024 * 1024
WRAPPING: Final = 64
"""Bytes of a request around each write in it, at most."""

_SIMPLE: Final[tuple[Callable[[Any], bool], ...]] = (
    pa.types.is_boolean, pa.types.is_integer, pa.types.is_string, pa.types.is_large_string,
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_date32, pa.types.is_null,
)  # fmt: skip
_KEYS: Final[tuple[Callable[[Any], bool], ...]] = (
    *_SIMPLE[1:7], pa.types.is_decimal, pa.types.is_timestamp,
)  # fmt: skip


def batches(writes: Iterable[Write], *, key: Sequence[str], size: int = BATCH) -> list[Written]:
    """Items and deletes ⟶ the same, cut into batches that a request can hold, for `map_each`.

    key: the names of the table's partition key and, if it has one, sort key.
    size: writes in a batch, at most 25; large items make smaller ones.

    All that `batch_write` checks is checked here, across batches too: of two writes of one key,
    nobody could say which one comes last.

    >>> batches([{"id": 1}, {"id": 2}, Delete({"id": 3})], key=["id"], size=2)
    [Written(written=0, unprocessed=[{'id': 1}, {'id': 2}]),
     Written(written=0, unprocessed=[Delete(key={'id': 3})])]
    """
    check_size(size, "batches")
    result = list[Written]()
    room, left = 0, 0
    for each in encoded_writes(writes, key_names(key, "batches"), "batches"):
        room, left = room - request_bytes(each), left - 1
        if left < 0 or room < 0:
            result.append(Written(0, []))
            room, left = REQUEST_BYTES - request_bytes(each), size - 1
        result[-1].unprocessed.append(each.write)
    return result


def check_size(size: int, where: str) -> None:
    """Raise for a number of writes that no request can hold."""
    if not 1 <= size <= BATCH:
        raise ValueError(f"{where}(size={size!r}): a batch holds 1 to {BATCH} writes")


def request_bytes(write: EncodedWrite) -> int:
    """The bytes that a write takes in a request."""
    return write.wire_size + WRAPPING


def gone(held: Iterable[Item], items: Iterable[Item], *, key: Sequence[str]) -> list[Delete]:
    """Keys that a table holds, items that it is to hold ⟶ a `Delete` of each key without an item.

    held: keys, or items, as a query gives them: the day that was written as a date is a text there.

    >>> gone([{"id": 1}, {"id": 2}], [{"id": 2, "name": "Ann"}], key=["id"])
    [Delete(key={'id': 1})]
    """
    names = key_names(key, "gone")
    identities = {each.identity for each in encoded_writes(items, names, "gone")}
    keys = [Delete({name: each.get(name) for name in names}) for each in held]
    return [
        Delete(each.write.key)
        for each in encoded_writes(keys, names, "gone")
        if each.identity not in identities and isinstance(each.write, Delete)
    ]


def items_of(table: pa.Table) -> list[Item]:
    """Table ⟶ an item for each row; a null is an attribute that isn't there.

    Raises `TypeError` for columns of a type that has no place in DynamoDB.

    >>> items_of(pa.table({"id": [1, 2], "name": ["Ann", None]}))
    [{'id': 1, 'name': 'Ann'}, {'id': 2}]
    """
    check_schema(table.schema, "items_of")
    rows: list[Item] = table.to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def check_schema(schema: pa.Schema, where: str, *, key: Sequence[str] = ()) -> None:
    """Raise `TypeError` naming the columns whose values have no place in DynamoDB.

    key: columns that are to be a key.
    """
    names = list(schema.names)
    wrong = [f"{name!r} stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
    wrong += [f"{name!r} is of the key, and no column" for name in key if name not in names]
    wrong += ["a column without a name"] if "" in names else []
    for field in schema:
        remedy = _remedy(field.type)
        if remedy is not None:
            wrong.append(f"{field.name!r} is {field.type}: {remedy}")
        elif field.name in key and not any(of(field.type) for of in _KEYS):
            wrong.append(f"{field.name!r} is {field.type}, but a key is a text, number or bytes")
    if wrong:
        raise TypeError(f"{where}: items can't be made of these columns: {'; '.join(wrong)}")


def _remedy(kind: Any) -> str | None:
    """What to do about a type that has no place in DynamoDB; None for one that has."""
    if any(of(kind) for of in _SIMPLE):
        return None
    if pa.types.is_decimal(kind):
        fits = kind.precision <= DIGITS
        return None if fits else f"DynamoDB has numbers of {DIGITS} digits"
    if pa.types.is_floating(kind):
        return "cast it to a decimal, rounded as you mean it"
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            return "give it a zone"
        return "cast it to timestamp[us]" if kind.unit == "ns" else None
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _remedy(kind.value_type)
    if pa.types.is_struct(kind):
        return next(filter(None, (_remedy(field.type) for field in kind)), None)
    return "cast it to a text or a number"


def key_value(value: object, name: str, where: str) -> Any:
    """The value of one attribute of a key as it is sent; raises `BadData` for what can't be one."""
    (write,) = encoded_writes([{name: value}], [name], where)
    return write.wire[name]
