"""Where may a load go, and how? Checked names of a table, its key and its partition."""

from collections.abc import Mapping, Sequence
from datetime import date

from fwf.connectors.redshift.columns import LONGEST_TEXT, MOST_BYTES
from fwf.connectors.redshift.statements import Target, Value
from fwf.connectors.redshift.values import Staged
from fwf.connectors.shared.identifiers import TableName, table_parts
from fwf.connectors.shared.loads import check_way


def target_of(
    source: Staged, table: TableName, key: Sequence[str], partition: Mapping[str, Value]
) -> Target:
    """What is staged, a table and how to load it ⟶ the same, checked."""
    names = [column.name for column in source.columns]
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
    check_way(key, partition, names, where)
    return parts


def _value(value: Value) -> Value:
    """What tells a partition, if it can stand in SQL as what it is."""
    if type(value) not in (str, int, date):
        raise TypeError(f"a partition is told by a str, int or date, not {type(value).__name__}")
    if isinstance(value, str) and ("\0" in value or len(value.encode()) > LONGEST_TEXT):
        raise ValueError("a partition's text holds a NUL, or is longer than 65,535 bytes")
    return value
