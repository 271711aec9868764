"""What is new since the last run: a mark says how far that had come, and moves when it is loaded.

    fwf run examples/watermark.py --param hour=2026-06-01T14
    fwf state show

Three things keep rows from being lost. Up to where a run reads is said by the source's clock, not
by this machine's, and lags behind it, so that transactions that are still open are committed when
it is reached. The mark itself is read again by the next run, in [mark, upper), and what was there
already is written over by its key. And the mark is kept as the source has it, to the microsecond.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fwf import it, named, par, pure, state, task

LAG = timedelta(minutes=5)
"""No transaction of the shop's takes longer."""
orders_watermark = state("orders_watermark", datetime, first=datetime(2026, 6, 1, tzinfo=UTC))


class Stretch(NamedTuple):
    """Orders that were changed in [low, high)."""

    low: datetime
    high: datetime


class Order(NamedTuple):
    """An order as the shop has it."""

    id: int
    amount: int
    changed: datetime


@task(effect="read", reads=["sqlite://shop/orders"], example=datetime(2026, 6, 1, 14, tzinfo=UTC))
def settled(*, shop: sqlite3.Connection) -> datetime:
    """Up to when all that will ever be there is there, by the clock of the shop."""
    ((now,),) = shop.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')")
    return datetime.fromisoformat(now) - LAG


def stretch(ends: tuple[datetime, datetime]) -> Stretch:
    """The mark, up to when ⟶ what is to be read; nothing, if the clock has gone back."""
    low, high = ends
    return Stretch(low, max(low, high))


@task(effect="read", reads=["sqlite://shop/orders"])
def changed_orders(within: Stretch, *, shop: sqlite3.Connection) -> list[Order]:
    """The orders that were changed in a stretch of time."""
    said = "SELECT id, amount, changed FROM orders WHERE changed >= ? AND changed < ?"
    found = shop.execute(said, [each.isoformat(timespec="microseconds") for each in within])
    return [Order(id, amount, datetime.fromisoformat(changed)) for id, amount, changed in found]


@task(effect="idempotent", writes=["sqlite://warehouse/orders"])
def upsert(orders: list[Order], *, hour: str, warehouse: sqlite3.Connection) -> int:
    """Write orders by their key: to do it twice is to do it once."""
    rows = [(id, amount, changed.isoformat(), hour) for id, amount, changed in orders]
    with warehouse:
        warehouse.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", rows)
    return len(rows)


load = changed_orders >> upsert
workflow = named(
    "orders",
    par(orders_watermark.read, settled)
    >> pure(stretch)
    >> orders_watermark.moved_by(load, to=it.high),
)


@contextmanager
def shop() -> Generator[sqlite3.Connection]:
    """A shop in memory, with an order every hour of June 2026."""
    first = datetime(2026, 6, 1, tzinfo=UTC)
    hours = [(n, 10 * n, first + timedelta(hours=n)) for n in range(720)]
    with sqlite3.connect(":memory:", check_same_thread=False) as db:
        db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, changed TEXT)")
        rows = [(n, amount, at.isoformat(timespec="microseconds")) for n, amount, at in hours]
        db.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        yield db
    db.close()


@contextmanager
def warehouse() -> Generator[sqlite3.Connection]:
    """A warehouse in memory."""
    with sqlite3.connect(":memory:", check_same_thread=False) as db:
        db.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, changed TEXT, hour TEXT)"
        )
        yield db
    db.close()


resources = {"shop": shop, "warehouse": warehouse}
