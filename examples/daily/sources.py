"""What does the job read? Orders from the shop, hits from the access log, rates from a service."""

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

import pyarrow as pa

from examples.daily.tables import ORDERS, RATES
from fwf import Pages, SameColumns, it, task
from fwf.connectors import http, objects, postgres
from fwf.connectors.objects import Store

KEPT_RATES: Final = "last_rates.json"
Rates: TypeAlias = Annotated[pa.Table, RATES]


class NoRates(Exception):
    """Neither the currency service nor the object of last known rates has any rates."""


orders = postgres.query(
    """
    SELECT o.order_key, o.customer_key, c.name, c.country, c.currency,
           count(l.line_number) AS lines, o.amount
    FROM orders o JOIN customers c USING (customer_key) LEFT JOIN line_items l USING (order_key)
    WHERE o.day = $day
    GROUP BY o.order_key, o.customer_key, c.name, c.country, c.currency, o.amount
    ORDER BY o.order_key
    """,
    name="orders",
    database="shop_db",
    params={"day": date},
    schema=ORDERS,
    reads=["postgres://shop/orders", "postgres://shop/customers", "postgres://shop/line_items"],
)
"""The orders of a day, each in its customer's currency."""

log_files = objects.listing("{day}/", name="log_files", store="logs", params={"day": date})
read_log = objects.read_access_log(name="read_log", store="logs", at_most=(1_000, 0.1))

keep_bad_lines = objects.write_json_lines(
    "{day}.jsonl", name="keep_bad_lines", store="quarantine", params={"day": date}
)

rates_page = http.get_page(
    "/rates",
    name="rates_page",
    client="rates_api",
    style=http.by_cursor("next", items=it.items),
    params={"day": date},
    query={"day": "{day}"},
)


@task(effect="pure")
def together(tables: list[pa.Table]) -> Annotated[pa.Table, SameColumns]:
    """The tables of several files as one."""
    return pa.concat_tables(tables)


@task(effect="idempotent", reads=["s3://shop/rates"], writes=["s3://shop/rates"])
def fresh_rates(pages: Pages[Any], *, day: date, kept_rates: Store) -> Rates:
    """The day's rates. All pages: keep them for bad days. Some: the last known fill the gaps.

    `as_of` says of each rate how old it is. A currency that two pages list counts once, the later.
    """
    fresh = usd_of(pages.items)
    if not fresh:
        raise NoRates("the currency service gave no rates")
    known, since = read_rates(kept_rates)
    if pages.complete:
        if since is None or since <= day:
            write_rates(kept_rates, fresh, day)
        return rates_table(fresh, day)
    older = {currency: usd for currency, usd in known.items() if currency not in fresh}
    return pa.concat_tables([rates_table(fresh, day), rates_table(older, since or day)])


@task(effect="read", reads=["s3://shop/rates"])
def last_known_rates(*, kept_rates: Store) -> Rates:
    """The rates of the last day on which all were known."""
    known, since = read_rates(kept_rates)
    if since is None:
        raise NoRates(f"the currency service gave no rates, and {kept_rates.url} holds none")
    return rates_table(known, since)


def usd_of(items: list[dict[str, str]]) -> dict[str, Decimal]:
    """What one unit of each currency is worth, from texts, so that no digit is lost."""
    return {item["currency"]: Decimal(item["usd"]) for item in items}


def rates_table(rates: dict[str, Decimal], as_of: date) -> pa.Table:
    """Rates of one day as a table."""
    rows = [{"currency": code, "usd": usd, "as_of": as_of} for code, usd in rates.items()]
    return pa.Table.from_pylist(rows, schema=RATES)


def read_rates(store: Store) -> tuple[dict[str, Decimal], date | None]:
    """The rates that are kept and their day; no rates where nothing is kept."""
    if not store.exists(KEPT_RATES):
        return {}, None
    try:
        kept = json.loads(store.get(KEPT_RATES))
        return usd_of(kept["rates"]), date.fromisoformat(kept["as_of"])
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise NoRates(f"{store.where(KEPT_RATES)}: {type(error).__name__}: {error}") from error


def write_rates(store: Store, rates: dict[str, Decimal], as_of: date) -> None:
    """Keep rates in place of those that were kept."""
    items = [{"currency": currency, "usd": str(usd)} for currency, usd in rates.items()]
    store.put(KEPT_RATES, json.dumps({"as_of": str(as_of), "rates": items}, indent=1).encode())
