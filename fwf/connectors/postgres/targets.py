"""Where does a load go, and how? A checked name of a table, with its key or partition."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fwf.connectors.postgres.connections import Session
from fwf.connectors.postgres.leaving import Landing
from fwf.connectors.shared.errors import Missing, Refused
from fwf.connectors.shared.identifiers import TableName, column_name, sql_name, table_parts
from fwf.connectors.shared.loads import check_way

_COLUMNS: Final = """
SELECT n.nspname::text, c.relname::text, a.attname::text,
       pg_catalog.format_type(a.atttypid, a.atttypmod), b.typname::text, b.typcategory::text,
       coalesce(e.typname, '')::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type AS b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = b.typelem AND b.typcategory = 'A'
WHERE c.oid = pg_catalog.to_regclass($1)
ORDER BY a.attnum
"""
_UNIQUE: Final = """
SELECT i.indexrelid::bigint, a.attname::text
FROM pg_catalog.pg_index AS i
CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS n
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
WHERE i.indrelid = pg_catalog.to_regclass($1) AND i.indisunique AND i.indimmediate
  AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
"""


class Target(NamedTuple):
    """A table, and how rows get into it: merged by key, in place of a partition, or added."""

    parts: tuple[str, ...]
    key: tuple[str, ...] = ()
    partition: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """As it is told to people, and kept in the ledger."""
        return ".".join(self.parts)


class Table(NamedTuple):
    """A table as the catalog has it: with its schema, so that no other comes before it."""

    parts: tuple[str, str]
    columns: dict[str, Landing]


def target_of(
    table: TableName,
    key: Sequence[str],
    partition: Mapping[str, Any],
    names: Sequence[str],
    where: str,
) -> Target:
    """Checked names of a table, its key and its partition, among the columns that are loaded."""
    parts = table_parts(table, where)
    for name in names:
        column_name(name, f"{where}(schema=…)")
    check_way(key, list(partition), names, where)
    return Target(parts, tuple(key), tuple(partition.items()))


def describe(session: Session, target: Target, what: str) -> Table:
    """A target as the catalog has it; raises `Missing`."""
    rows = session.rows(_COLUMNS, what, (sql_name(target.parts),))
    if not rows:
        raise Missing(f"{what}: there is no table {target.name}, or it isn't in the search path")
    columns = {row[2]: Landing(*row[2:]) for row in rows if row[2] is not None}
    return Table((rows[0][0], rows[0][1]), columns)


def check_unique(session: Session, target: Target, what: str) -> None:
    """Raise where nothing keeps rows of a key from being two: they couldn't be merged."""
    indexes: dict[int, set[str]] = {}
    for index, column in session.rows(_UNIQUE, what, (sql_name(target.parts),)):
        indexes.setdefault(index, set()).add(column)
    if set(target.key) not in indexes.values():
        raise Refused(
            f"{what}: the table has no primary key or unique index of exactly "
            f"{', '.join(target.key)}, by which rows could be merged"
        )
