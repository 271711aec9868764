"""What does the job load? A warehouse table, an item for each customer, a summary in the CRM.

Each load replaces what its target holds for the day. So the job can run again, after a crash or
with other parameters, and nothing of the run before stays behind.
"""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa

from examples.daily.transforms import customers, large_enough
from fwf import task
from fwf.connectors import dynamodb, http, redshift
from fwf.connectors.dynamodb import Written
from fwf.connectors.sql import schema_of

to_warehouse = redshift.load(
    name="to_warehouse",
    table="sales",
    warehouse="warehouse",
    schema=schema_of(large_enough),
    partition={"day": date},
    writes=["redshift://shop/sales"],
)
"""Replace the day's rows of the table `sales`, in one transaction of the warehouse's own."""

ITEMS: Final = "customers"
KEY: Final = ("day", "customer_key")
held_items = dynamodb.query_keys(
    name="held_items", tables="profiles", table=ITEMS, key=KEY, params={"day": date}
)
item_batches = dynamodb.replacement(name="item_batches", schema=schema_of(customers), key=KEY)
write_items = dynamodb.batch_write(name="write_items", tables="profiles", table=ITEMS, key=KEY)

post_batch = http.post("/batches", name="post_batch", client="crm")
publish = http.post("/days/{day}", name="publish", client="crm", params={"day": date})


@task(effect="pure")
def crm_batches(customers: pa.Table, *, day: date, batch_size: int = 10) -> list[dict[str, Any]]:
    """The summary for the CRM, a contact for each customer, cut into batches.

    The key of a batch is a digest of its content: the same contacts always get the same key.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: a batch holds at least 1 customer")
    contacts = [
        {**row, "day": str(day), "amount_usd": str(row["amount_usd"])}
        for row in customers.to_pylist()
    ]
    batches = [contacts[at : at + batch_size] for at in range(0, len(contacts), batch_size)]
    return [{"key": digest(batch), "contacts": batch} for batch in batches]


def digest(value: object) -> str:
    """A name for a value that JSON can say: equal values have equal ones."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Report(NamedTuple):
    """What the job did for a day; `loaded` is empty where there was nothing to load."""

    day: date
    orders_read: int
    orders_kept: int
    amount_usd: Decimal
    at_older_rates: int
    bad_log_lines: int
    loaded: dict[str, int]

    def __str__(self) -> str:
        lines = [
            f"{self.day}: {self.orders_kept} of {self.orders_read} orders, {self.amount_usd} USD",
            f"orders at an earlier day's rate: {self.at_older_rates}",
            f"log lines set aside: {self.bad_log_lines}",
            *(f"loaded into {target}: {rows}" for target, rows in self.loaded.items()),
        ]
        return "\n".join(lines if self.loaded else [*lines, "nothing to load"])


NOTHING: Final[dict[str, int]] = {}


@task(effect="pure")
def loads(
    warehouse: redshift.Loaded, profiles: list[Written], crm: dict[str, Any]
) -> dict[str, int]:
    """How much each target was given."""
    items = sum(each.written for each in profiles)
    return {"warehouse": warehouse.rows, "profiles": items, "CRM": crm["contacts"]}


@task(effect="pure")
def report(
    orders: pa.Table, bad: pa.Table, sales: pa.Table, loaded: dict[str, int], *, day: date
) -> Report:
    """What was loaded, and what a reader of the numbers should know."""
    rows: list[dict[str, Any]] = sales.to_pylist()
    return Report(
        day=day,
        orders_read=orders.num_rows,
        orders_kept=len(rows),
        amount_usd=sum((row["amount_usd"] for row in rows), Decimal("0.00")),
        at_older_rates=sum(row["rate_as_of"] < day for row in rows),
        bad_log_lines=bad.num_rows,
        loaded=loaded,
    )
