"""The first hour's pipeline: wait for a file, tell every shop its stock, and whom it concerns.

`python -m examples.stock` is the warehouse, which exports the stock of a day, and the shop that
opens late: `open` opens it. What the names of its resources stand for is said by stock.toml.
"""

import csv
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from returns.result import Failure, Result

from fwf import (
    Alert,
    Fault,
    IdempotencyKey,
    Secret,
    every_day,
    it,
    map_each,
    minutes,
    named,
    notify,
    poll,
    retry,
    seconds,
    task,
)

DROP = Path(gettempdir(), "fwf-example-stock")


class Stock(NamedTuple):
    shop: str
    pieces: int


class Shops:
    """A client of the shops' service; a real one would speak HTTP (fwf.connectors.http)."""

    def put(self, stock: Stock, token: str, key: str) -> str:
        if stock.shop == "lima" and not (DROP / "lima-is-open").exists():
            raise LookupError("lima isn't open yet")
        return f"{stock.shop} has {stock.pieces}"


@task(effect="read", reads=["s3://warehouse/exports"])
def is_exported(*, day: date) -> bool:
    return (DROP / f"{day}.csv").exists()


@task(effect="read", reads=["s3://warehouse/exports"])
def stock(*, day: date) -> list[Stock]:
    with (DROP / f"{day}.csv").open(encoding="utf-8") as file:
        return [Stock(row["shop"], int(row["pieces"])) for row in csv.DictReader(file)]


@task(effect="idempotent", writes=["https://shops.example"])
def put(stock: Stock, *, shops: Shops, token: Secret, key: IdempotencyKey) -> str:
    return shops.put(stock, token.reveal(), key)


@task(effect="pure")
def summary(results: list[Result[str, Fault]]) -> str:
    late = [str(each.failure().message) for each in results if isinstance(each, Failure)]
    return f"{len(results) - len(late)} of {len(results)} shops" + "".join(f"; {x}" for x in late)


@task(effect="idempotent", writes=["https://chat.example/on-call"])
def tell(alert: Alert) -> None:
    print(f"to the chat: {alert}")


exported = poll(is_exported, it, every=minutes(5), limit=24)  # a sensor: for two hours
each = retry(put, attempts=3, wait=seconds(1), on=ConnectionError)
workflow = named(
    "stock",
    exported >> stock >> map_each(each, key=it.shop, at_once=8, on_error="collect") >> summary,
)
nightly = every_day(
    workflow,
    at="03:00",
    tz="Europe/Berlin",
    param="day",
    start=date(2025, 6, 2),
    end=date(2025, 6, 2),
    notify=notify(on_failure=tell, on_degraded=tell, on_recovery=tell, late_by="07:00"),
)


@contextmanager
def open_shops() -> Generator[Shops]:
    yield Shops()


if __name__ == "__main__":
    DROP.mkdir(exist_ok=True)
    (DROP / "2025-06-02.csv").write_text("shop,pieces\nparis,40\nlima,7\ntokyo,12\n")
    if sys.argv[1:] == ["open"]:
        (DROP / "lima-is-open").touch()
