"""A program that a test kills in the middle: it puts an order, two lines of it, and 60 profiles."""

import sys
from functools import partial

from returns.result import Success

from fwf import Workflow, map_each, named, run, task
from fwf.connectors.dynamodb import (
    Item,
    Write,
    Written,
    batch_write,
    batches,
    put,
    tables,
    transact,
)
from fwf.secrets import Secret

KEY = ["id"]


@task
def order() -> Item:
    return {"id": "order"}


@task
def lines() -> list[Write]:
    return [{"id": "line 1"}, {"id": "line 2"}]


@task
def profiles() -> list[Written]:
    return batches([{"id": f"profile {n}"} for n in range(60)], key=KEY)


def daily(table: str) -> Workflow[None, list[Written]]:
    kept: Workflow[None, object] = order >> put(table=table, key=KEY, name="keep")
    written = map_each(batch_write(table=table, key=KEY, name="write"), at_once=1)
    all_kept = lines >> transact(table=table, key=KEY, name="keep_lines")
    return named("daily", kept >> all_kept >> profiles >> written)


if __name__ == "__main__":
    endpoint, table = sys.argv[1:]
    key = Secret.env("DYNAMODB_KEY")
    opener = partial(
        tables, region="eu-central-1", endpoint=endpoint, access_key=key, secret_key=key
    )
    assert isinstance(run(daily(table), key="monday", resources={"tables": opener}), Success)
