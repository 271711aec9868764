"""What does the job load? A warehouse table, an item for each customer, a summary in the CRM.

Each load replaces what its target holds for the day, all of it or nothing. So the job can run
again, with other parameters too, and nothing of the run before stays behind.
"""

import hashlib
import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import duckdb

from examples.daily.api import Api
from examples.daily.tables import Batch, Loaded, Sales
from fwf import task

SALES: Final = """
    CREATE TABLE IF NOT EXISTS sales (
        day DATE NOT NULL, order_key BIGINT NOT NULL, customer_key BIGINT NOT NULL,
        name VARCHAR NOT NULL, country VARCHAR NOT NULL, lines BIGINT NOT NULL,
        amount DECIMAL(15, 2) NOT NULL, currency VARCHAR NOT NULL,
        rate DECIMAL(18, 8) NOT NULL, rate_as_of DATE NOT NULL, amount_usd DECIMAL(15, 2) NOT NULL,
        sessions BIGINT NOT NULL, hits BIGINT NOT NULL
    )
"""

ITEMS: Final = """
    CREATE TABLE IF NOT EXISTS items (
        customer_key INTEGER, day TEXT, item TEXT NOT NULL, PRIMARY KEY (customer_key, day)
    ) WITHOUT ROWID
"""


class Report(NamedTuple):
    """What the job did for a day."""

    day: date
    orders_read: int
    orders_kept: int
    amount_usd: Decimal
    at_older_rates: int
    bad_log_lines: int
    loaded: tuple[Loaded, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.day}: {self.orders_kept} of {self.orders_read} orders, {self.amount_usd} USD",
            f"orders at an earlier day's rate: {self.at_older_rates}",
            f"log lines set aside: {self.bad_log_lines}",
            *(f"loaded into {target}: {rows}" for target, rows in self.loaded),
        ]
        return "\n".join(lines if self.loaded else [*lines, "nothing to load"])


@task(effect="idempotent", writes=["duckdb://warehouse/sales"])
def to_warehouse(sales: Sales, *, day: date, warehouse: duckdb.DuckDBPyConnection) -> Loaded:
    """Replace the day's rows of the table `sales`, in one transaction."""
    with transaction(warehouse):
        warehouse.execute(SALES)
        warehouse.execute("DELETE FROM sales WHERE day = ?", [day])
        warehouse.register("orders_of_the_day", sales.orders)
        warehouse.execute("INSERT INTO sales BY NAME FROM orders_of_the_day")
    return Loaded("warehouse", sales.orders.num_rows)


@task(effect="idempotent", writes=["sqlite://profiles/items"])
def to_profiles(sales: Sales, *, day: date, profiles: sqlite3.Connection) -> Loaded:
    """Replace the day's items, one for each customer, in one transaction."""
    customers: list[dict[str, Any]] = sales.customers.to_pylist()
    items = [(row["customer_key"], day.isoformat(), json_text(row)) for row in customers]
    with profiles:
        profiles.execute("BEGIN IMMEDIATE")
        profiles.execute(ITEMS)
        profiles.execute("DELETE FROM items WHERE day = ?", (day.isoformat(),))
        profiles.executemany("INSERT INTO items VALUES (?, ?, ?)", items)
    return Loaded("profiles", len(items))


@task(effect="pure")
def crm_batches(sales: Sales, *, day: date, batch_size: int = 10) -> list[Batch]:
    """The summary for the CRM, a contact for each customer, cut into batches."""
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: a batch holds at least 1 customer")
    contacts: list[dict[str, Any]] = sales.customers.to_pylist()
    return [
        batch(day, contacts[first : first + batch_size])
        for first in range(0, len(contacts), batch_size)
    ]


@task(effect="idempotent", writes=["http://crm/batches"])
def post_batch(batch: Batch, *, crm: Api) -> str:
    """Leave a batch with the CRM, where nobody sees it yet; its key comes back."""
    return str(crm.post("/batches", batch.body, key=batch.key)["key"])


@task(effect="idempotent", writes=["http://crm/days"])
def publish(keys: list[str], *, day: date, crm: Api) -> Loaded:
    """Let these batches, and only these, be the day's summary in the CRM."""
    answer = crm.post(f"/days/{day}", json_text({"batches": keys}))
    return Loaded("CRM", answer["contacts"])


@task(effect="pure")
def report(sales: Sales, loaded: tuple[Loaded, Loaded, Loaded], *, day: date) -> Report:
    """What was loaded, and what a reader of the numbers should know."""
    rows: list[dict[str, Any]] = sales.orders.to_pylist()
    return Report(
        day=day,
        orders_read=sales.orders_read,
        orders_kept=len(rows),
        amount_usd=sum((row["amount_usd"] for row in rows), Decimal("0.00")),
        at_older_rates=sum(row["rate_as_of"] < day for row in rows),
        bad_log_lines=sales.quarantined,
        loaded=loaded,
    )


@task(effect="pure")
def empty_day(sales: Sales, *, day: date) -> Report:
    """A day without a single order: load nothing, and say so."""
    return Report(day, 0, 0, Decimal("0.00"), 0, sales.quarantined, loaded=())


def batch(day: date, contacts: list[dict[str, Any]]) -> Batch:
    """A batch under the digest of its content: the same contacts always get the same key."""
    body = json_text({"day": day, "contacts": contacts})
    return Batch(hashlib.sha256(body.encode()).hexdigest()[:32], body)


def json_text(value: object) -> str:
    """JSON with its fields in order, so that equal values are equal texts; amounts as strings."""
    return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)


@contextmanager
def transaction(warehouse: duckdb.DuckDBPyConnection) -> Generator[None]:
    """All that happens inside, or nothing."""
    warehouse.begin()
    try:
        yield
    except BaseException:
        warehouse.rollback()
        raise
    warehouse.commit()
