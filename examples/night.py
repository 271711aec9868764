"""A night: a file that comes late, thirty tenants of whom two fail, and an alert that knows why."""

from datetime import date
from typing import NamedTuple

from returns.result import Failure, Result

from fwf import (
    Fault,
    IdempotencyKey,
    always,
    as_result,
    branch,
    fail,
    it,
    keep_input,
    map_each,
    minutes,
    named,
    param,
    poll,
    retry,
    seconds,
    task,
    text,
    timeout,
    with_params,
)


class Tenant(NamedTuple):
    name: str
    schema: str
    closed: bool = False


@task(effect="read", reads=["s3://drop/prices"])
def prices_there(*, day: date) -> bool:
    return day.year > 2000


@task(effect="read", reads=["postgres://shop/tenants"])
def tenants() -> list[Tenant]:
    return [Tenant(f"T{n:02}", f"shop_{n:02}", closed=n == 7) for n in range(1, 31)]


@task(effect="read", reads=["postgres://shop/orders"])
def orders(tenant: Tenant, *, day: date) -> list[int]:
    if tenant.closed:
        raise ConnectionError(f"{tenant.name} is closed on {day}")
    return [] if tenant.name == "T19" else [day.day, 20]


@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(orders: list[int], *, schema: str, key: IdempotencyKey) -> str:
    return f"{len(orders)} orders into {schema}"


@task(effect="unrepeatable", writes=["https://chat.example/on-call"])
def alert(loaded: list[tuple[Tenant, Result[str, Fault]]]) -> list[str]:
    failed = [(tenant, one) for tenant, one in loaded if isinstance(one, Failure)]
    return [f"{tenant.name}: {one.failure().message}" for tenant, one in failed]


@task(effect="idempotent", writes=["redshift://dw/staging"])
async def drop_staging() -> None:
    return None


no_orders = fail(
    "NoOrders", text("no orders in {} on {}", param("schema", str), param("day", date))
)
tenant = with_params(
    retry(orders, attempts=3, wait=seconds(10), on=ConnectionError)
    >> branch(it.length() > 0, then=load, otherwise=no_orders),
    schema=it.schema,  # each tenant has its own
)
night = (
    poll(prices_there, it, every=minutes(5), limit=24)
    >> tenants
    >> map_each(keep_input(as_result(tenant)), key=it.name, at_once=8)
    >> alert
)
workflow = named("night", always(night, then=timeout(drop_staging, minutes(1))), owner="data")
