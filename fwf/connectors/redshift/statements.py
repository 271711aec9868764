"""What is the SQL of one load? A batch that is one transaction, and never asks what is the case.

The Data API's batches have no branches, so each statement holds its own condition:

- the ledger is locked before anything is read: whoever comes second waits, and then sees the row of
  who came first (at Redshift's SNAPSHOT isolation a lock after the first reading is too late);
- a temporary table holds what the ledger says of the key *before* the load: one row if it was done;
- what must not be is inserted as NULL into a column that takes none, which ends the transaction;
- where the load was done, staging is emptied, so that merging it changes nothing.

The text is in the grammar that Redshift shares with PostgreSQL 15, but for COPY. In MERGE that
means: no alias of the target, no `WHEN … AND`, equality only, both clauses (Redshift, MERGE). Every
list of columns is written out: COPY of Parquet goes by position.
"""

from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from fwf.connectors.redshift.columns import Column
from fwf.connectors.redshift.values import Staged
from fwf.connectors.shared.identifiers import sql_name, sql_names

LEDGER: Final = "fwf_ledger"
PREPARE: Final = (
    f"CREATE TABLE IF NOT EXISTS {sql_name(LEDGER)} "
    '("key" VARCHAR(256) NOT NULL, "target" VARCHAR(512) NOT NULL, "digest" VARCHAR(64) NOT NULL, '
    '"row_count" BIGINT NOT NULL, "loaded_at" TIMESTAMP NOT NULL DEFAULT SYSDATE)'
)
"""Made once, beside the targets: within a load it would come before the lock."""

LOCK: Final = "lock the ledger"
REUSED: Final = "refuse a key of other data"
COPY: Final = "copy to staging"
COUNT: Final = "count the rows"
KEYS: Final = "refuse keys that stand twice or hold NULL"
PARTITION: Final = "refuse rows of other partitions"
READ_LEDGER: Final = "read the ledger"
"""What the steps do whose failure, or whose result, says something of its own."""

Value: TypeAlias = str | int | date
"""What a partition is told by."""


class Step(NamedTuple):
    """A statement of a load, and what it does, in words."""

    does: str
    sql: str


class Target(NamedTuple):
    """Where a load goes and how: merged by key, in place of a partition, or added."""

    table: tuple[str, ...]
    key: tuple[str, ...] = ()
    partition: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        """As people write it."""
        return ".".join(self.table)

    def digest(self, source: Staged) -> str:
        """What is one load: these rows, going there in this way."""
        return sha256(f"{self}\0{source.digest}".encode()).hexdigest()


class _TemporaryTables(NamedTuple):
    """The temporary tables of a load, which no other load has the names of."""

    before: str
    refused: str
    staging: str


def steps_of(target: Target, source: Staged, *, key: str, iam_role: str) -> tuple[Step, ...]:
    """One load ⟶ its statements, in order; the same load always gives the same text."""
    own = sha256(f"{key}\0{target}\0{source}".encode()).hexdigest()[:16]
    tables = _TemporaryTables(*(sql_name(f"fwf_{part}_{own}") for part in _TemporaryTables._fields))
    return (
        Step(LOCK, f"LOCK TABLE {sql_name(LEDGER)}"),
        *_look_up(target, source, tables, key),
        *_fill(source, tables, iam_role),
        *_check(target, source, tables),
        Step(
            "skip what was loaded before",
            f"DELETE FROM {tables.staging} WHERE EXISTS (SELECT 1 FROM {tables.before})",
        ),
        *(_merge(target, source, tables) if target.key else _replace(target, source, tables)),
        *_conclude(target, source, tables, key),
    )


def _look_up(
    target: Target, source: Staged, tables: _TemporaryTables, key: str
) -> tuple[Step, ...]:
    return (
        Step(
            "look the key up",
            f'CREATE TEMP TABLE {tables.before} AS SELECT "digest" '
            f'FROM {sql_name(LEDGER)} WHERE "key" = {literal(key)}',
        ),
        Step(
            "make the table that refuses",
            f'CREATE TEMP TABLE {tables.refused} ("refused" SMALLINT NOT NULL)',
        ),
        Step(
            REUSED,
            _refuse(
                tables,
                f'{tables.before} WHERE "digest" <> {literal(target.digest(source))}',
            ),
        ),
    )


def _fill(source: Staged, tables: _TemporaryTables, iam_role: str) -> list[Step]:
    columns = ", ".join(f"{sql_name(column.name)} {column.type}" for column in source.columns)
    steps = [Step("make staging", f"CREATE TEMP TABLE {tables.staging} ({columns})")]
    if source.manifest is not None:
        role = "default" if iam_role == "default" else literal(iam_role)
        names = sql_names([column.name for column in source.columns])
        steps.append(
            Step(
                COPY,
                f"COPY {tables.staging} ({names}) FROM {literal(source.manifest)} "
                f"IAM_ROLE {role} FORMAT AS PARQUET MANIFEST",
            )
        )
    return steps


def _check(target: Target, source: Staged, tables: _TemporaryTables) -> list[Step]:
    """What the database made of the file is looked at once more, by its own rules."""
    count = f"(SELECT COUNT(*) AS n FROM {tables.staging}) AS c WHERE n <> {source.rows}"
    steps = [Step(COUNT, _refuse(tables, count))]
    if target.key:
        empty = " OR ".join(f"{sql_name(name)} IS NULL" for name in target.key)
        keys = (
            f"(SELECT 1 AS n FROM {tables.staging} GROUP BY {sql_names(target.key)} "
            f"HAVING COUNT(*) > 1 OR {empty}) AS c"
        )
        steps.append(Step(KEYS, _refuse(tables, keys)))
    if target.partition:
        others = " OR ".join(
            f"{sql_name(name)} IS NULL OR {sql_name(name)} <> {literal(value)}"
            for name, value in target.partition
        )
        steps.append(Step(PARTITION, _refuse(tables, f"{tables.staging} WHERE {others}")))
    return steps


def _merge(target: Target, source: Staged, tables: _TemporaryTables) -> list[Step]:
    own = sql_name(target.table[-1])
    names = [column.name for column in source.columns]
    on = " AND ".join(
        f"{own}.{sql_name(column.name)} = {_target_value(column, tables)}"
        for column in source.columns
        if column.name in target.key
    )
    rest = [column for column in source.columns if column.name not in target.key]
    changes = ", ".join(
        f"{sql_name(column.name)} = {_target_value(column, tables)}"
        for column in rest or source.columns
    )
    values = ", ".join(_target_value(column, tables) for column in source.columns)
    return [
        Step(
            "merge into the target",
            f"MERGE INTO {sql_name(target.table)} USING {tables.staging} ON {on} "
            f"WHEN MATCHED THEN UPDATE SET {changes} "
            f"WHEN NOT MATCHED THEN INSERT ({sql_names(names)}) VALUES ({values})",
        )
    ]


def _replace(target: Target, source: Staged, tables: _TemporaryTables) -> list[Step]:
    names = sql_names([column.name for column in source.columns])
    values = ", ".join(_target_value(column, tables) for column in source.columns)
    insert = f"INSERT INTO {sql_name(target.table)} ({names}) SELECT {values} FROM {tables.staging}"
    if not target.partition:
        return [Step("insert into the target", insert)]
    day = " AND ".join(f"{sql_name(name)} = {literal(v)}" for name, v in target.partition)
    delete = (
        f"DELETE FROM {sql_name(target.table)} WHERE {day} "
        f"AND NOT EXISTS (SELECT 1 FROM {tables.before})"
    )
    return [Step("delete the partition", delete), Step("insert into the target", insert)]


def _conclude(
    target: Target, source: Staged, tables: _TemporaryTables, key: str
) -> tuple[Step, ...]:
    digest = literal(target.digest(source))
    row = ", ".join([literal(key), literal(target.name), digest, str(source.rows)])
    return (
        Step(
            "write the ledger",
            f'INSERT INTO {sql_name(LEDGER)} ("key", "target", "digest", "row_count") '
            f"SELECT {row} WHERE NOT EXISTS (SELECT 1 FROM {tables.before})",
        ),
        Step(
            READ_LEDGER,
            f'SELECT "row_count", (SELECT COUNT(*) FROM {tables.before}) AS "before" '
            f'FROM {sql_name(LEDGER)} WHERE "key" = {literal(key)}',
        ),
        *(Step("drop a temporary table", f"DROP TABLE {table}") for table in tables),
    )


def _refuse(tables: _TemporaryTables, rows: str) -> str:
    """Rows that must not be ⟶ the statement that fails if there are any."""
    return f'INSERT INTO {tables.refused} ("refused") SELECT CAST(NULL AS SMALLINT) FROM {rows}'


def _target_value(column: Column, tables: _TemporaryTables) -> str:
    """A column of staging ⟶ the expression that goes to the target."""
    text = f"{tables.staging}.{sql_name(column.name)}"
    return f"({text} AT TIME ZONE 'UTC')" if column.zoned else text


def literal(value: Value) -> str:
    """A value ⟶ the literal that means it in Redshift and in PostgreSQL, which differ in `\\\\`.

    >>> print(literal("it's"), literal("a\\\\b"), literal(date(2026, 7, 15)), literal(-1))
    'it''s' ('a' || CHR(92) || 'b') DATE '2026-07-15' (-1)
    """
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    pieces = ["'{}'".format(piece.replace("'", "''")) for piece in value.split("\\")]
    return pieces[0] if len(pieces) == 1 else f"({' || CHR(92) || '.join(pieces)})"
