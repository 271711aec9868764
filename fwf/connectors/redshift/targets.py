"""Where may a load go, and how? Checked names of a table, its key and its partition."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from fwf.connectors.redshift.columns import LONGEST_TEXT, MOST_BYTES, known
from fwf.connectors.redshift.statements import Target, Value
from fwf.connectors.redshift.values import Staged
from fwf.connectors.shared.identifiers import TableName, table_parts

MOST_KEY: Final = 256
PARTITIONED_BY: Final[Mapping[str, type]] = {"str": str, "int": int, "date": date}
"""The types of run parameters that tell which partition is replaced, by name."""


def target_of(
    staged: Staged, table: TableName, key: Sequence[str], partition: Mapping[str, Value]
) -> Target:
    """What is staged, a table and how to load it ⟶ the same, checked."""
    names = [column.name for column in staged.columns]
    parts = check_target("submit", table, key, list(partition), names)
    return Target(parts, tuple(key), tuple((name, _value(partition[name])) for name in partition))


def check_target(
    where: str,
    table: TableName,
    key: Sequence[str],
    partition: Sequence[str],
    names: Sequence[str],
) -> tuple[str, ...]:
    """Raise for what a load can't be told, with the columns' names ⟶ the parts of the table's."""
    parts = table_parts(table, where, most_bytes=MOST_BYTES)
    known(key, names, f"{where}(key=…)")
    known(partition, names, f"{where}(partition=…)")
    if key and partition:
        raise ValueError(
            f"{where}: rows are merged by key=, or take the place of a partition=; give one of them"
        )
    return parts


def checked_key(key: str) -> str:
    """An idempotency key; raises `ValueError` where the ledger couldn't hold it."""
    if not key.isprintable() or not 1 <= len(key.encode()) <= MOST_KEY:
        raise ValueError(f"idempotency_key: needs 1 to {MOST_KEY} bytes that can be printed")
    return key


def partition_types(given: Mapping[str, Any], where: str) -> dict[str, type]:
    """Columns, and the types of the run parameters of their names ⟶ the types.

    >>> partition_types({"day": date}, "load") == partition_types({"day": "date"}, "load")
    True
    """
    types: dict[str, type] = {}
    for name, kind in sorted(given.items()):  # a config keeps no order
        said = kind if isinstance(kind, str) else getattr(kind, "__name__", repr(kind))
        if said not in PARTITIONED_BY or (
            not isinstance(kind, str) and kind is not PARTITIONED_BY[said]
        ):
            raise TypeError(
                f"{where}(partition={{{name!r}: {said}}}): the run parameter of this name tells "
                f"the partition: its type is one of {', '.join(PARTITIONED_BY)}"
            )
        if not name.isidentifier():
            raise ValueError(
                f"{where}(partition={{{name!r}: …}}): needs a name that Python can write, since "
                "the run parameter has it too"
            )
        types[name] = PARTITIONED_BY[said]
    return types


def _value(value: Value) -> Value:
    """What tells a partition, if it can stand in SQL as what it is."""
    if type(value) not in (str, int, date):
        raise TypeError(f"a partition is told by a str, int or date, not {type(value).__name__}")
    if isinstance(value, str) and ("\0" in value or len(value.encode()) > LONGEST_TEXT):
        raise ValueError("a partition's text holds a NUL, or is longer than 65,535 bytes")
    return value
