"""A nightly job for cron: what is done is kept, what failed is done again in the morning.

`python -m examples.invoices down` has the billing service of this example fail, `up` mends it.
"""

import sys
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

from returns.result import Result, Success

from fwf import Fault, IdempotencyKey, it, map_each, named, retry, seconds, task

DOWN = Path(gettempdir(), "fwf-example-billing-is-down")


class Order(NamedTuple):
    customer: str
    amount: int


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date) -> list[Order]:
    return [Order("acme", 120), Order("globex", 80), Order("initech", day.day)]


@task(effect="idempotent", writes=["https://billing.example/invoices"])
def invoice(order: Order, *, key: IdempotencyKey) -> str:
    if order.customer == "initech" and DOWN.exists():
        raise LookupError("initech has no address")
    return f"invoice {key[:6]} over {order.amount} to {order.customer}"


@task(effect="idempotent", writes=["https://billing.example/days"])
def close_day(invoices: list[Result[str, Fault]], *, day: date, key: IdempotencyKey) -> str:
    if DOWN.exists():
        raise ConnectionError("billing.example doesn't answer")
    sent = sum(isinstance(each, Success) for each in invoices)
    return f"{day}: {sent} of {len(invoices)} invoices"


workflow = named(
    "invoices",
    orders
    >> map_each(invoice, key=it.customer, on_error="collect")
    >> retry(close_day, attempts=2, wait=seconds(1), on=ConnectionError),
)

if __name__ == "__main__":
    DOWN.touch() if sys.argv[1:] == ["down"] else DOWN.unlink(missing_ok=True)
