"""A table made by SQL: the task declares its text, so lineage goes down to the columns.

fwf lineage examples.sql_transform
fwf run examples.sql_transform
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import duckdb

from fwf import Task, task

REVENUE = """
    CREATE OR REPLACE TABLE revenue AS
    WITH priced AS (
        SELECT o.day, upper(o.country) AS country, o.amount * r.usd AS dollars
        FROM orders AS o JOIN rates AS r ON o.currency = r.currency
    )
    SELECT day, country, sum(dollars) AS dollars, count(*) AS orders
    FROM priced GROUP BY day, country ORDER BY day, country
"""


def sql(name: str, query: str, *, reads: Sequence[str], writes: Sequence[str]) -> Task[object, int]:
    """A task that runs one statement in the warehouse, and gives the number of rows written."""

    @task(
        effect="idempotent", name=name, reads=reads, writes=writes,
        config={"sql": query, "dialect": "duckdb"},
    )  # fmt: skip
    def run_query(*, warehouse: duckdb.DuckDBPyConnection) -> int:
        written = warehouse.execute(query).fetchone()
        return int(written[0]) if written else 0

    return run_query


workflow = sql(
    "revenue",
    REVENUE,
    reads=["duckdb://warehouse/orders", "duckdb://warehouse/rates"],
    writes=["duckdb://warehouse/revenue"],
)


@contextmanager
def warehouse() -> Generator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory with a handful of orders."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rates (currency VARCHAR, usd DOUBLE)")
        connection.execute("INSERT INTO rates VALUES ('EUR', 1.5), ('USD', 1.0)")
        connection.execute(
            "CREATE TABLE orders (day DATE, country VARCHAR, currency VARCHAR, amount DOUBLE)"
        )
        connection.execute(
            "INSERT INTO orders VALUES ('2026-07-14', 'fr', 'EUR', 10), "
            "('2026-07-14', 'fr', 'EUR', 20), ('2026-07-14', 'us', 'USD', 5)"
        )
        yield connection


resources = {"warehouse": warehouse}
