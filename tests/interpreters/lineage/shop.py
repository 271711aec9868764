"""Orders in PostgreSQL, rates of a service, sales in Redshift: a workflow to follow columns in."""

from datetime import date
from typing import Annotated, NamedTuple

import pyarrow as pa

from fwf import it, keep_input, named, par, pick, pure, retry, task
from fwf.connectors import postgres, redshift
from fwf.connectors.sql import schema_of, sql

ORDERS = pa.schema({"id": pa.int64(), "Currency": pa.string(), "amount": pa.decimal128(10, 2)})
RATES = pa.schema({"currency": pa.string(), "usd": pa.decimal128(10, 6)})


class Rates(NamedTuple):
    """Rates, and how many the service left out."""

    table: Annotated[pa.Table, RATES]
    missing: int


@task(effect="read", reads=["https://rates.example/latest"])
def rates() -> Rates:
    """The rates of today."""


@task(effect="pure")
def report(table: pa.Table) -> str:
    """What is sent around."""


orders = postgres.query(
    'SELECT id, amount, upper(currency) AS "Currency" FROM public.orders WHERE day = $day',
    database="shop_db",
    name="orders",
    params={"day": date},
    schema=ORDERS,
    reads=["postgres://shop/orders"],
)
in_usd = sql(
    """
    WITH known AS (SELECT currency, max(usd) AS usd FROM rates GROUP BY currency)
    SELECT id, currency, round(amount * usd, 2) AS amount_usd
    FROM orders JOIN known USING (currency)
    """,
    name="in_usd",
    orders=ORDERS,
    rates=RATES,
)
load = redshift.load(table="sales", schema=schema_of(in_usd), warehouse="dw", key=["id"])
sales = named(
    "sales",
    par(retry(orders, attempts=3), rates >> pure(it.table))
    >> in_usd
    >> keep_input(report)
    >> pick(0)
    >> load,
)
