"""What does the job work out? Sessions, from the log alone; then all three sources joined, in SQL.

Each is a pure task of a query. Which columns it gives is known, and checked, when it is made.
"""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from examples.daily.sources import orders
from examples.daily.tables import RATES
from fwf import task
from fwf.connectors.objects import ACCESS_LOG
from fwf.connectors.sql import sql


class UnknownCurrency(Exception):
    """An order is in a currency for which there is no rate."""


sessions = sql(
    """
    WITH hits AS (
        SELECT *, CASE WHEN regexp_full_match("user", '[0-9]{1,18}') THEN "user"::BIGINT END
                  AS customer_key
        FROM log
    ), visits AS (
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
    """,
    name="sessions",
    log=ACCESS_LOG,
)
"""One row for each session: a visitor's hits, no two neighbours more than 30 minutes apart.

A visitor is a customer, or for strangers an address with a browser. A visit that goes on past
midnight is in two days' logs, and counts on both days.
"""

in_dollars = sql(
    """
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
    """,
    name="in_dollars",
    params={"day": date},
    orders=orders,
    sessions=sessions,
    rates=RATES,
)
"""Each order with its worth in dollars, its rate and its customer's sessions."""

without_rate = sql(
    "SELECT DISTINCT currency FROM orders WHERE rate IS NULL ORDER BY currency",
    name="without_rate",
    orders=in_dollars,
)
"""The currencies of orders for which there is no rate."""

large_enough = sql(
    "FROM orders WHERE amount_usd >= $min_amount ORDER BY order_key",
    name="large_enough",
    params={"min_amount": Decimal(0)},
    orders=in_dollars,
)
"""Orders of fewer dollars are left out."""

customers = sql(
    """
    SELECT $day::DATE AS day, customer_key, any_value(name) AS name, any_value(country) AS country,
           count(*) AS orders, sum(amount_usd)::DECIMAL(15, 2) AS amount_usd,
           any_value(sessions) AS sessions
    FROM sales GROUP BY customer_key ORDER BY customer_key
    """,
    name="customers",
    params={"day": date},
    sales=large_enough,
)
"""One row for each customer of the orders that are kept."""


@task(effect="pure")
def unknown_currency(currencies: pa.Table, *, day: date) -> pa.Table:
    """No load goes without a part of the orders."""
    codes = ", ".join(map(str, currencies.column("currency").to_pylist()))
    raise UnknownCurrency(f"orders of {day}: no rate for {codes}")
