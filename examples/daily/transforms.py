"""What does the job work out? Sessions, from the log alone; then all three sources joined."""

from datetime import date
from decimal import Decimal
from typing import Final

import pyarrow as pa

from examples.daily.tables import Hits, Sales, Visits, query
from fwf import task

SESSIONS: Final = """
    WITH visits AS (
        SELECT *, coalesce('customer ' || customer_key, host || ' ' || agent) AS visitor FROM hits
    ), marked AS (
        SELECT *, time - lag(time) OVER so_far > INTERVAL 30 MINUTE AS returns
        FROM visits
        WINDOW so_far AS (PARTITION BY visitor ORDER BY time)
    ), numbered AS (
        SELECT *, count(*) FILTER (returns) OVER so_far AS session
        FROM marked
        WINDOW so_far AS (PARTITION BY visitor ORDER BY time)
    )
    SELECT visitor, any_value(customer_key) AS customer_key,
           min(time) AS started, max(time) AS ended, count(*) AS hits
    FROM numbered
    GROUP BY visitor, session
    ORDER BY started, visitor
"""

ORDERS_IN_DOLLARS: Final = """
    WITH visits AS (
        SELECT customer_key, count(*) AS sessions, sum(hits)::BIGINT AS hits
        FROM sessions GROUP BY customer_key
    )
    SELECT $day::DATE AS day, order_key, customer_key, name, country, lines, amount, currency,
           usd AS rate, as_of AS rate_as_of,
           round(amount * usd, 2)::DECIMAL(15, 2) AS amount_usd,
           coalesce(sessions, 0) AS sessions, coalesce(hits, 0) AS hits
    FROM orders LEFT JOIN rates USING (currency) LEFT JOIN visits USING (customer_key)
    ORDER BY order_key
"""

LARGE_ENOUGH: Final = "FROM orders WHERE amount_usd >= $min_amount ORDER BY order_key"

CUSTOMERS: Final = """
    SELECT customer_key, any_value(name) AS name, any_value(country) AS country,
           count(*) AS orders, sum(amount_usd)::DECIMAL(15, 2) AS amount_usd,
           any_value(sessions) AS sessions
    FROM orders GROUP BY customer_key ORDER BY customer_key
"""


class UnknownCurrency(Exception):
    """An order is in a currency for which there is no rate."""


@task(effect="pure")
def sessions(hits: Hits) -> Visits:
    """One row for each session: a visitor's hits, no two neighbours more than 30 minutes apart.

    A visitor is a customer, or for strangers an address with a browser. A visit that goes on past
    midnight is in two days' logs, and counts on both days.
    """
    return Visits(query(SESSIONS, hits=hits.table), hits.quarantined)


@task(effect="pure")
def enrich(
    orders: pa.Table,
    visits: Visits,
    rates: pa.Table,
    *,
    day: date,
    min_amount: Decimal = Decimal(0),
) -> Sales:
    """Each order in dollars, with its customer's sessions; orders under `min_amount` dollars go."""
    joined = query(
        ORDERS_IN_DOLLARS, {"day": day}, orders=orders, sessions=visits.sessions, rates=rates
    )
    priceless = query("SELECT DISTINCT currency FROM o WHERE rate IS NULL ORDER BY 1", o=joined)
    if priceless.num_rows:
        codes = ", ".join(row["currency"] for row in priceless.to_pylist())
        raise UnknownCurrency(f"orders of {day}: no rate for {codes}")
    kept = query(LARGE_ENOUGH, {"min_amount": min_amount}, orders=joined)
    return Sales(kept, query(CUSTOMERS, orders=kept), orders.num_rows, visits.quarantined)
