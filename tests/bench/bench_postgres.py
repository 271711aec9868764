"""A million rows of six columns out of PostgreSQL, beside ADBC alone; and a copy of a gigabyte."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from examples.services import postgres
from fwf.connectors.postgres import Database, database
from fwf.connectors.shared.extras import library

from .measure import best, bytes_of_process, report

adbc: Any = library("adbc_driver_postgresql.dbapi", "postgres")  # it has no types
ROWS = 1_000_000
SQL = "SELECT id, customer, day, amount, note, at FROM orders"
MADE = """
    CREATE TABLE orders AS
    SELECT i::bigint AS id, (i % 1000)::int AS customer, date '2026-07-01' + (i % 365)::int AS day,
           (i % 100000 / 100.0)::numeric(10, 2) AS amount, 'note number ' || i AS note,
           timestamptz '2026-07-01' + i * interval '1 s' AS at
    FROM generate_series(1, {rows}) AS i
"""
WIDE = """
    CREATE UNLOGGED TABLE wide AS
    SELECT i::bigint AS id, repeat(md5(i::text), 30) AS text FROM generate_series(1, {rows}) AS i;
    CREATE UNLOGGED TABLE copied (LIKE wide)
"""
COPY = """
from fwf.connectors.postgres import database
with database({url!r}) as source, database({url!r}) as target:
    with source.stream("SELECT * FROM wide") as rows:
        target.load(rows, table="copied", idempotency_key="copy")
before, told = 0, peak()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.serving() as server, postgres.database(server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            made: Any = MADE.format(rows=ROWS)
            connection.execute(made)
            connection.execute("VACUUM ANALYZE orders")
        yield url


def plain(connection: Any) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        table: pa.Table = cursor.fetch_arrow_table()
    return table


def test_read(url: str) -> None:
    with (
        database(url) as shop,
        closing(adbc.connect(url, autocommit=True)) as connection,
    ):
        by_hand = best(partial(plain, connection), repeats=5)
        report(
            f"read {ROWS:,} rows x 6", best(partial(shop.read, SQL), repeats=5), by_hand, unit="s"
        )
        bound = partial(shop.read, f"{SQL} WHERE id > $least", {"least": 0})
        report("the same with a bound value", best(bound, repeats=5), by_hand, unit="s")


def merged(shop: Database, table: pa.Table, numbers: Iterator[int]) -> None:
    shop.load(table, table="kept", key=["id"], idempotency_key=f"merge {next(numbers)}")


def ingested(connection: Any, table: pa.Table) -> None:
    with connection.cursor() as cursor:
        cursor.adbc_ingest("bare", table, mode="replace")


def test_merge(url: str) -> None:
    with (
        database(url) as shop,
        closing(adbc.connect(url, autocommit=True)) as connection,
    ):
        table = shop.read(f"{SQL} LIMIT 100000")
        shop.execute("CREATE TABLE kept (LIKE orders); ALTER TABLE kept ADD PRIMARY KEY (id)")
        numbers = iter(range(100))
        report(
            "merge 100,000 rows, beside a bare ingest",
            best(partial(merged, shop, table, numbers), repeats=3),
            best(partial(ingested, connection, table), repeats=3),
            unit="s",
        )


def test_copy_of_a_gigabyte(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        made: Any = WIDE.format(rows=ROWS)
        connection.execute(made)
    grown = bytes_of_process(COPY.format(url=url))
    with psycopg.connect(url, autocommit=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM copied").fetchone() or (0,)
    print(f"\na copy of {count:,} rows, 1 GB, in {grown / 2**20:,.0f} MiB in all", end="")
    assert grown < 300_000_000
