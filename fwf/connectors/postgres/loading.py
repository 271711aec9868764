"""How do rows get into a table once? In one transaction of one connection, with a row of a ledger.

A lock on the idempotency key comes first, then the ledger is looked at: whoever comes second waits,
and then sees what the first has done. Staging is temporary, of this connection: what is cut in the
middle leaves nothing, not even a table.
"""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import pyarrow as pa

from fwf.connectors.postgres.connections import Session
from fwf.connectors.postgres.leaving import (
    Landing,
    StagedColumn,
    cast_in_sql,
    may_lose,
    refusal,
    round_trip_sql,
    staging_columns,
)
from fwf.connectors.postgres.parameters import checked_values
from fwf.connectors.postgres.targets import Table, Target, check_unique, describe
from fwf.connectors.postgres.values import Loaded
from fwf.connectors.shared.digest import Digest
from fwf.connectors.shared.errors import OTHER_KEY, BadData, KeyReused, Transient
from fwf.connectors.shared.identifiers import sql_name, sql_names
from fwf.connectors.shared.supply import Supply
from fwf.faults import counted, near

LEDGER: Final = "fwf_ledger"
STAGING: Final = "fwf_staged"
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_LOCK: Final = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))::text"
_FIND: Final = f'SELECT "digest", "row_count" FROM {sql_name(LEDGER)} WHERE "key" = $1'
_NOTE: Final = (
    f'INSERT INTO {sql_name(LEDGER)} ("key", "target", "digest", "row_count") '
    "VALUES ($1, $2, $3, $4)"
)
_CREATE: Final = (
    f"CREATE TABLE IF NOT EXISTS {sql_name(LEDGER)} "
    '("key" text PRIMARY KEY, "target" text NOT NULL, "digest" text NOT NULL, '
    '"row_count" bigint NOT NULL, "loaded_at" timestamptz NOT NULL DEFAULT now())'
)


class DoubtfulLoad(NamedTuple):
    """A load whose COMMIT was not answered."""

    target: str
    own_key: str
    digest: str
    rows: int


class _LedgerEntry(NamedTuple):
    """What the ledger has of a load."""

    digest: str
    rows: int


class _CountedRows:
    """Rows as they pass: counted, and digested."""

    def __init__(self, rows: pa.Table | pa.RecordBatchReader, target: Target) -> None:
        self.schema = rows.schema
        self._batches: Any = rows.to_batches() if isinstance(rows, pa.Table) else rows
        self._digest = Digest(rows.schema)
        self._target = target

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self._digest.update([batch])
            yield batch

    @property
    def rows(self) -> int:
        return self._digest.rows

    @property
    def digest(self) -> str:
        """Of the rows, and of where they go."""
        place = repr((self._target.name, self._target.key, self._target.partition))
        return blake2b(f"{self._digest.text} {place}".encode(), digest_size=32).hexdigest()


def run_load(
    session: Session, rows: pa.Table | pa.RecordBatchReader, target: Target, own_key: str
) -> Loaded | DoubtfulLoad:
    """Rows ⟶ what a load of them has done, or that nobody knows whether it has."""
    checked_values(dict(target.partition))
    what = f"load of {target.name}"
    _make_ledger(session, what)
    counted_rows = _CountedRows(rows, target)
    try:
        session.rows(_BEGIN, what)
        entry = _ledger_entry(session, own_key, what)
        if entry is None:
            _put(session, counted_rows, target, what)
            note = (own_key, target.name, counted_rows.digest, counted_rows.rows)
            session.rows(_NOTE, f"{what}: the ledger", note)
            session.rows(f"DROP TABLE {sql_name(('pg_temp', STAGING))}", what)
    except BaseException:
        _undo(session, what)
        raise
    if entry is not None:
        for _ in counted_rows:
            pass
        session.rows("ROLLBACK", what)
        return _earlier_load(entry, target.name, own_key, counted_rows.digest)
    try:
        session.rows("COMMIT", what)
    except Transient:
        if not session.answers():
            return DoubtfulLoad(target.name, own_key, counted_rows.digest, counted_rows.rows)
        raise
    return Loaded(target.name, counted_rows.rows, False)


def outcome_of(session: Session, load: DoubtfulLoad) -> Loaded | None:
    """What became of a load whose COMMIT was not answered, as the ledger says; None if nothing.

    The lock on its key is waited for: where the server is still at it, it holds that.
    """
    what = f"load of {load.target}"
    session.rows(_BEGIN, what)
    entry = _ledger_entry(session, load.own_key, what)
    session.rows("ROLLBACK", what)
    if entry is None:
        return None
    _earlier_load(entry, load.target, load.own_key, load.digest)
    return Loaded(load.target, load.rows, False)


def _undo(session: Session, what: str) -> None:
    with suppress(Exception):  # a lost connection is undone by the server
        session.rows("ROLLBACK", what)


def _make_ledger(session: Session, what: str) -> None:
    """Make the ledger unless it's there; by one at a time, which `IF NOT EXISTS` isn't."""
    step = f"{what}: the ledger"
    if session.rows(f"SELECT pg_catalog.to_regclass('{LEDGER}')::text", step) != [(None,)]:
        return
    try:
        session.rows(_BEGIN, step)
        session.rows(_LOCK, step, (LEDGER,))
        session.rows(_CREATE, step)
        session.rows("COMMIT", step)
    except BaseException:
        _undo(session, step)
        raise


def _ledger_entry(session: Session, own_key: str, what: str) -> _LedgerEntry | None:
    """Lock a key ⟶ the entry of the load that it was used for."""
    session.rows(_LOCK, f"{what}: the lock of its key", (f"{LEDGER} key {own_key}",))
    rows = session.rows(_FIND, f"{what}: the ledger", (own_key,))
    return _LedgerEntry(*rows[0]) if rows else None


def _earlier_load(entry: _LedgerEntry, target: str, own_key: str, digest: str) -> Loaded:
    if entry.digest != digest:
        raise KeyReused(
            f"load of {target}: its key {own_key!r} was used for other data before; {OTHER_KEY}"
        )
    return Loaded(target, entry.rows, True)


def _put(session: Session, rows: _CountedRows, target: Target, what: str) -> None:
    """Stage rows, look at them, and change the target."""
    table = describe(session, target, what)
    columns = staging_columns(rows.schema)
    landings = _landings(columns, table, what)
    if target.key:
        check_unique(session, target, what)
    if target.partition:
        place = f"{LEDGER} partition {table.parts!r} {target.partition!r}"
        session.rows(_LOCK, f"{what}: the lock of its partition", (place,))
    _stage(session, rows, columns, what)
    casts = {
        each.name: cast_in_sql(each, f's."c{n}"', landings[each.name])
        for n, each in enumerate(columns)
    }
    _check_losses(session, columns, landings, casts, what)
    _check_keys(session, target.key, casts, what)
    if target.partition:
        _replace(session, table, target, casts, what)
    session.rows(_insert(table.parts, target.key, casts), what)


def _landings(columns: tuple[StagedColumn, ...], table: Table, what: str) -> dict[str, Landing]:
    wrong: list[str] = []
    for column in columns:
        landing = table.columns.get(column.name)
        if landing is None:
            wrong.append(
                f"the table has no column {column.name!r}{near(column.name, table.columns)}"
            )
        elif reason := refusal(column, landing):
            wrong.append(reason)
    if wrong:
        raise BadData(f"{what}: {'; '.join(wrong)}")
    return table.columns


def _stage(
    session: Session, rows: _CountedRows, columns: tuple[StagedColumn, ...], what: str
) -> None:
    schema = pa.schema([(f"c{n}", each.kind) for n, each in enumerate(columns)])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            pairs = zip(columns, batch.columns, strict=True)
            arrays = [column.to_driver(array) for column, array in pairs]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    supply = Supply(batches())
    try:
        session.ingest(STAGING, pa.RecordBatchReader.from_batches(schema, supply), what)
    except Exception as error:
        trouble = supply.trouble or error
    else:
        return
    raise trouble


def _check_losses(
    session: Session,
    columns: tuple[StagedColumn, ...],
    landings: dict[str, Landing],
    casts: dict[str, str],
    what: str,
) -> None:
    """Raise where a cast changes a value: one that is cast back has to be what it was."""
    for n, column in enumerate(columns):
        landing = landings[column.name]
        if not may_lose(column, landing):
            continue
        step = f"{what}: column {column.name!r}, from {column.source} to {landing.sql}"
        back = f"CAST({casts[column.name]} AS {column.sql})"
        before = round_trip_sql(column, f's."c{n}"', landing)
        sql = f"SELECT count(*) {_FROM_STAGED} WHERE {back} IS DISTINCT FROM {before}"
        ((count,),) = session.rows(sql, step)
        if count:
            raise BadData(f"{step}: {counted(count, 'value')} would be changed; cast it before")


_FROM_STAGED: Final = f"FROM {sql_name(('pg_temp', STAGING))} AS s"


def _check_keys(session: Session, key: tuple[str, ...], casts: dict[str, str], what: str) -> None:
    """Raise where keys hold NULL, or stand twice."""
    if not key:
        return
    nulls = ", ".join(f"count(*) FILTER (WHERE {casts[name]} IS NULL)" for name in key)
    (counts,) = session.rows(f"SELECT {nulls} {_FROM_STAGED}", what)
    for name, count in zip(key, counts, strict=True):
        if count:
            raise BadData(f"{what}: {counted(count, 'row')} with NULL in the key's column {name!r}")
    keys = ", ".join(casts[name] for name in key)
    twice = f"SELECT count(*) AS n {_FROM_STAGED} GROUP BY {keys} HAVING count(*) > 1"
    ((count, most),) = session.rows(f"SELECT count(*), max(n) FROM ({twice}) AS q", what)
    if count:
        raise BadData(
            f"{what}: {counted(count, 'key')} of {', '.join(key)} stand twice or more, up to "
            f"{most} times; say before which of the rows counts"
        )


def _replace(
    session: Session, table: Table, target: Target, casts: dict[str, str], what: str
) -> None:
    """Delete a partition's rows, where all rows that come belong to it."""
    values = tuple(value for _, value in target.partition)
    others = " OR ".join(
        f"{casts[name]} IS DISTINCT FROM CAST(${n} AS {table.columns[name].sql})"
        for n, (name, _) in enumerate(target.partition, 1)
    )
    ((count,),) = session.rows(f"SELECT count(*) {_FROM_STAGED} WHERE {others}", what, values)
    names = ", ".join(name for name, _ in target.partition)
    if count:
        raise BadData(f"{what}: {counted(count, 'row')} of another {names} than the one replaced")
    same = " AND ".join(
        f"{sql_name(name)} = CAST(${n} AS {table.columns[name].sql})"
        for n, (name, _) in enumerate(target.partition, 1)
    )
    session.rows(f"DELETE FROM {sql_name(table.parts)} WHERE {same}", what, values)


def _insert(parts: tuple[str, str], key: tuple[str, ...], casts: dict[str, str]) -> str:
    names = list(casts)
    sql = (
        f"INSERT INTO {sql_name(parts)} ({sql_names(names)}) "
        f"SELECT {', '.join(casts.values())} {_FROM_STAGED}"
    )
    if not key:
        return sql
    rest = [sql_name(name) for name in names if name not in key]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in rest)
    action = f"DO UPDATE SET {changes}" if rest else "DO NOTHING"
    return f"{sql} ON CONFLICT ({sql_names(key)}) {action}"
