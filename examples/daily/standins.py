"""What stands in for the systems? Files of one folder, asked by the methods of the real clients.

So the job runs anywhere, and is the same value as on the real systems, which `fwf.toml` names.
"""

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self, final

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet

from examples.daily.places import here
from fwf.connectors import http, objects
from fwf.connectors.dynamodb import Delete, Item, Page, Write, Written
from fwf.connectors.redshift import Loaded, Staged, Statement, Status
from fwf.connectors.shared.digest import digest
from fwf.connectors.shared.errors import OTHER_KEY, KeyReused, Unreachable

SALES: Final = """
    CREATE TABLE IF NOT EXISTS sales (
        day DATE NOT NULL, order_key BIGINT NOT NULL, customer_key BIGINT NOT NULL,
        name VARCHAR(100) NOT NULL, country VARCHAR(100) NOT NULL, lines BIGINT NOT NULL,
        amount DECIMAL(15, 2) NOT NULL, currency VARCHAR(3) NOT NULL,
        rate DECIMAL(18, 8) NOT NULL, rate_as_of DATE NOT NULL, amount_usd DECIMAL(15, 2) NOT NULL,
        sessions BIGINT NOT NULL, hits BIGINT NOT NULL
    )
"""
"""The warehouse's table, in words that DuckDB, PostgreSQL and Redshift share."""

LEDGER: Final = "CREATE TABLE IF NOT EXISTS ledger (key TEXT PRIMARY KEY, digest TEXT, rows BIGINT)"
ITEMS: Final = """
    CREATE TABLE IF NOT EXISTS items (
        day TEXT, customer_key INTEGER, item TEXT NOT NULL, PRIMARY KEY (day, customer_key)
    ) WITHOUT ROWID
"""


class _Opened:
    """A context manager that is opened once per run."""

    per_run = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def opened(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB file; one that is locked away, or no database, is told in a line."""
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        raise Unreachable(f"{path}: {error}") from error


@final
class Shop(_Opened):
    """A DuckDB file in place of PostgreSQL, for reading only."""

    def read(
        self, sql: str, params: Mapping[str, object], *, schema: pa.Schema, **_: Any
    ) -> pa.Table:
        """As `postgres.Database.read`."""
        if not self.path.exists():
            raise Unreachable(
                f"there is no shop database {self.path}; "
                "make it with `python -m examples.daily.seed`"
            )
        with opened(self.path, read_only=True) as shop:
            rows: Any = shop.sql(sql, params=dict(params)).to_arrow_table()
        table: pa.Table = rows.cast(schema)
        return table


@final
class Warehouse(_Opened):
    """A DuckDB file in place of Redshift: the same steps, each of them done at once."""

    def stage(self, table: pa.Table, *, schema: pa.Schema, **_: Any) -> Staged:
        """As `redshift.Warehouse.stage`: one Parquet file, by the digest of its rows."""
        rows = table.select(schema.names).cast(schema)
        own = digest(rows)
        file = self.path.parent / "staging" / f"{own}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(rows, file)
        return Staged(str(file), (), rows.num_rows, own)

    def submit(
        self,
        staged: Staged,
        *,
        table: Sequence[str],
        partition: Mapping[str, object],
        idempotency_key: str,
        **_: Any,
    ) -> Statement:
        """As `redshift.Warehouse.submit`: replace the day's rows, unless this key did it before."""
        with self._connected() as warehouse:
            warehouse.begin()
            known = warehouse.execute(
                "SELECT digest FROM ledger WHERE key = ?", [idempotency_key]
            ).fetchone()
            if known is not None and known != (staged.digest,):
                raise KeyReused(
                    f"load of {table[-1]}: its idempotency key was used for other data; {OTHER_KEY}"
                )
            if known is None:
                warehouse.execute("DELETE FROM sales WHERE day = $day", dict(partition))
                warehouse.execute(
                    "INSERT INTO sales BY NAME FROM read_parquet(?)", [staged.manifest]
                )
                row = [idempotency_key, staged.digest, staged.rows]
                warehouse.execute("INSERT INTO ledger VALUES (?, ?, ?)", row)
            warehouse.commit()
        return Statement(str(idempotency_key), ("repeated",) if known else (), table[-1])

    def status(self, statement: Statement) -> Status:
        """As `redshift.Warehouse.status`."""
        return Status(statement, "FINISHED", ended=True)

    def cancel(self, statement: Statement) -> Statement:
        """As `redshift.Warehouse.cancel`: too late."""
        return statement

    def loaded(self, statement: Statement) -> Loaded:
        """As `redshift.Warehouse.loaded`."""
        with self._connected() as warehouse:
            found: Any = warehouse.execute("SELECT rows FROM ledger WHERE key = ?", [statement.id])
            (rows,) = found.fetchone()
        return Loaded(statement.table, rows, bool(statement.steps))

    def _connected(self) -> duckdb.DuckDBPyConnection:
        warehouse = opened(self.path)
        warehouse.execute(SALES)
        warehouse.execute(LEDGER)
        return warehouse


@final
class Profiles(_Opened):
    """A SQLite file in place of DynamoDB."""

    def write(self, table: str, writes: Sequence[Write], *, key: Sequence[str]) -> Written:
        """As `dynamodb.Tables.write`."""
        with self._connected() as database, database:
            for each in writes:
                if isinstance(each, Delete):
                    database.execute(
                        "DELETE FROM items WHERE day = ? AND customer_key = ?",
                        [str(each.key[name]) for name in key],
                    )
                else:
                    database.execute(
                        "INSERT OR REPLACE INTO items VALUES (?, ?, ?)",
                        [*(str(each[name]) for name in key), json.dumps(each, default=str)],
                    )
        return Written(len(writes), [])

    def page(self, table: str, partition: object, *, key: Sequence[str], **_: Any) -> Page:
        """As `dynamodb.Tables.page`: one page of keys, however many there are."""
        with self._connected() as database:
            rows = database.execute(
                "SELECT day, customer_key FROM items WHERE day = ?", [str(partition)]
            ).fetchall()
        items: list[Item] = [dict(zip(key, row, strict=True)) for row in rows]
        return Page(items, None)

    def _connected(self) -> "closing[sqlite3.Connection]":
        try:
            database = sqlite3.connect(self.path)
            database.execute(ITEMS)
        except sqlite3.Error as error:
            raise Unreachable(f"customer items {self.path}: {error}") from error
        return closing(database)


def folder(path: Path) -> objects.Store:
    """A folder in place of a bucket."""
    return objects.store(path.resolve().as_uri(), make_folder=True)


def service(name: str) -> http.Client:
    """A service on this machine, at DAILY_RATES_URL, DAILY_CRM_URL, or where running ones wrote."""
    variable = f"DAILY_{name.upper()}_URL"
    address = os.environ.get(variable)
    path = here().addresses
    if not address:
        try:
            address = json.loads(path.read_bytes())[name]
        except (OSError, ValueError, KeyError):
            raise Unreachable(
                f"{name} service: start the services with `python -m examples.daily.services`, or "
                f"set {variable}: no address in {path}"
            ) from None
    return http.client(str(address), allow_private=True)


resources: Final = {
    "shop_db": lambda: Shop(here().shop),
    "logs": lambda: folder(here().logs),
    "quarantine": lambda: folder(here().quarantine),
    "kept_rates": lambda: folder(here().folder),
    "rates_api": lambda: service("rates"),
    "warehouse": lambda: Warehouse(here().warehouse),
    "profiles": lambda: Profiles(here().profiles),
    "crm": lambda: service("crm"),
}
