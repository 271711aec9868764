"""Which shapes travel between the tasks? Arrow tables, and small tuples that name them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

MONEY: Final = pa.decimal128(15, 2)
RATE: Final = pa.decimal128(18, 8)
INSTANT: Final = pa.timestamp("us", "UTC")


def schema(**columns: pa.DataType) -> pa.Schema:
    """The columns of a table and their types."""
    return pa.schema(columns)


ORDERS: Final = schema(
    order_key=pa.int64(),
    customer_key=pa.int64(),
    name=pa.string(),
    country=pa.string(),
    currency=pa.string(),
    lines=pa.int64(),
    amount=MONEY,
)

HITS: Final = schema(
    host=pa.string(),
    customer_key=pa.int64(),
    time=INSTANT,
    method=pa.string(),
    target=pa.string(),
    status=pa.int16(),
    bytes=pa.int64(),
    agent=pa.string(),
)

RATES: Final = schema(
    currency=pa.string(),
    usd=RATE,
    as_of=pa.date32(),
)


class LogFile(NamedTuple):
    """One hour of the access log, by its name in the log folder: `1995-09-16/07.log.gz`."""

    name: str


class BadLine(NamedTuple):
    """A log line that could not be read, and why."""

    file: str
    line: int
    reason: str
    text: str


class ParsedLog(NamedTuple):
    """What one log file held."""

    name: str
    hits: pa.Table
    bad_lines: list[BadLine]


class Hits(NamedTuple):
    """The readable part of a day's log, and how many lines were not."""

    table: pa.Table
    quarantined: int


class Visits(NamedTuple):
    """One row for each session, and how many log lines were left out."""

    sessions: pa.Table
    quarantined: int


class Rate(NamedTuple):
    """What one unit of a currency is worth in US dollars."""

    currency: str
    usd: Decimal


class RatesPage(NamedTuple):
    """One page of the currency service; `next` is the cursor of the page after it."""

    items: list[Rate]
    next: int | None


class Sales(NamedTuple):
    """The day, joined: a row for each order kept, and a row for each customer of these orders."""

    orders: pa.Table
    customers: pa.Table
    orders_read: int
    quarantined: int


class Batch(NamedTuple):
    """A part of the summary for the CRM; the key is a digest of the body."""

    key: str
    body: str


class Loaded(NamedTuple):
    """What a target says after loading: how many rows it now holds for the day."""

    target: str
    rows: int


def table(rows: Iterable[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Rows in the order of the schema's fields, as an Arrow table."""
    records: list[dict[str, Any]] = [dict(zip(schema.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(records, schema=schema)


def query(
    sql: str, parameters: Mapping[str, object] | None = None, /, **tables: pa.Table
) -> pa.Table:
    """The answer to a SQL query over Arrow tables, each known by its keyword."""
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        for name, rows in tables.items():
            engine.register(name, rows)
        answer: pa.Table = engine.sql(sql, params=dict(parameters or {})).to_arrow_table()
        return answer
