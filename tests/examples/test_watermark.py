"""The watermark: no order is lost at a boundary, by a late transaction or by another clock."""

import sqlite3
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from examples import watermark
from fwf import MemoryMark, run

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def tables() -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """A shop without orders, and a warehouse, which stay open."""
    shop, warehouse = (sqlite3.connect(":memory:", check_same_thread=False) for _ in range(2))
    shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, changed TEXT)")
    warehouse.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, changed TEXT, hour TEXT)"
    )
    return shop, warehouse


def order(shop: sqlite3.Connection, id: int, amount: int, changed: datetime) -> None:
    said = changed.isoformat(timespec="microseconds")
    shop.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", [id, amount, said])


def test_orders_at_the_boundary_and_late_ones_arrive_once() -> None:
    shop, warehouse = tables()
    mark = MemoryMark[datetime]()
    given: Any = {
        "shop": lambda: nullcontext(shop),
        "warehouse": lambda: nullcontext(warehouse),
        "orders_watermark": mark,
    }

    def hour(now: datetime) -> int:
        said = now.isoformat(timespec="microseconds")
        shop.create_function("strftime", 2, lambda *_: said)
        params = {"hour": f"{now:%Y-%m-%dT%H}"}
        return run(watermark.workflow, params=params, resources=given).unwrap()

    edge = NOON - watermark.LAG
    order(shop, 1, 10, edge - timedelta(microseconds=1))
    order(shop, 2, 20, edge)  # the mark's own time: it's of the next stretch
    assert hour(NOON) == 1
    assert mark.values == [edge]
    order(shop, 3, 30, NOON - timedelta(minutes=4))  # committed late, after the run has read
    assert hour(NOON - timedelta(hours=1)) == 0  # the shop's clock was put back
    assert mark.values[-1] == edge
    order(shop, 1, 11, NOON)
    assert hour(NOON + timedelta(hours=1)) == 3
    assert warehouse.execute("SELECT id, amount FROM orders").fetchall() == [
        (1, 11), (2, 20), (3, 30),
    ]  # fmt: skip
    assert hour(NOON + timedelta(hours=2)) == 0
    shop.close()
    warehouse.close()
