"""The README's first workflow: three sources, one join, three targets. Nothing real behind it."""

from datetime import date
from typing import NamedTuple

from fwf import backoff, branch, fallback, it, minutes, par, retry, seconds, task, timeout


class Sales(NamedTuple):
    day: date
    dollars: float
    visitors: int


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date) -> list[float]:
    return [] if day.weekday() == 6 else [12.5, 80.0, 7.25]


@task(effect="read", reads=["s3://logs/access"])
def visits(*, day: date) -> int:
    return 310


@task(effect="read", reads=["https://rates.example/latest"])
def rates() -> float:
    raise ConnectionError("the vendor is down")


@task(effect="read", reads=["s3://cache/rates"])
def last_known_rates() -> float:
    return 1.08


@task(effect="pure")
def enrich(orders: list[float], visits: int, rate: float, *, day: date) -> Sales:
    return Sales(day, round(sum(orders) * rate, 2), visits)


@task(effect="idempotent", writes=["redshift://dw/sales"])
def to_redshift(sales: Sales) -> str:
    return f"redshift: {sales.dollars} dollars"


@task(effect="idempotent", writes=["dynamodb://sales-by-day"])
def to_dynamodb(sales: Sales) -> str:
    return f"dynamodb: {sales.visitors} visitors"


@task(effect="idempotent", writes=["https://crm.example/days"])
def to_crm(sales: Sales) -> str:
    return f"crm: {sales.day}"


@task(effect="pure")
def empty_day(sales: Sales) -> str:
    return f"nothing was sold on {sales.day}"


workflow = (
    par(
        retry(orders, attempts=3, wait=backoff(seconds(5), cap=minutes(1))),
        timeout(visits, minutes(10)),
        fallback(rates, last_known_rates),
    )
    >> enrich  # par's three results are enrich's three arguments
    >> branch(
        it.dollars > 0,
        then=par(to_redshift, to_dynamodb, to_crm),
        otherwise=empty_day,
    )
)
