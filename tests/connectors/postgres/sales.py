"""A table to load, and what stands in its database."""

import time as clock
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.connectors.postgres.conftest import rows

DAY = date(2026, 7, 1)
SALES = "CREATE TABLE sales (id bigint PRIMARY KEY, day date, cents numeric(12, 2), note text)"


def sales(*ids: int, day: date = DAY, note: str = "ü") -> pa.Table:
    kinds: dict[str, Any] = {
        "id": pa.int64(),
        "day": pa.date32(),
        "cents": pa.decimal128(12, 2),
        "note": pa.string(),
    }
    schema = pa.schema(kinds)
    lines = [{"id": n, "day": day, "cents": Decimal(n) / 4, "note": note} for n in ids]
    return pa.Table.from_pylist(lines, schema=schema)


def ids(url: str) -> list[int]:
    return [n for (n,) in rows(url, "SELECT id FROM sales ORDER BY id")]


def tables_left(url: str) -> set[str]:
    """The names of all tables, temporary ones too."""
    sql = "SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE "
    sql += "relkind = 'r' AND nspname !~ '^(pg_catalog|pg_toast|information_schema)'"
    found: set[str] = set()
    for _ in range(100):  # a server takes a moment to clear up behind a connection
        found = {name for (name,) in rows(url, sql)}
        if "fwf_staged" not in found:
            break
        clock.sleep(0.05)
    return found
