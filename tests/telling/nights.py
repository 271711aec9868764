"""Nightly jobs that go wrong in the ways that a report must tell."""

from typing import Any

from fwf import (
    fallback,
    it,
    map_each,
    minutes,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)

HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x1b[2J‮"
BROKEN = {"c", "ü ]>["}


@task(effect="read", reads=["postgres://shop/orders"])
def orders() -> list[str]:
    return ["a", "b", "c", "Grüße", "ü ]>[", "日本"]


@task(effect="read", reads=["s3://lake/visits"])
def visits() -> list[str]:
    raise ConnectionError(f"no route to {HOSTILE}")


@task(effect="pure")
def last_known() -> list[str]:
    return ["a"]


@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(item: str) -> int:
    if item in BROKEN:
        raise ValueError(f"amount of {item!r} is negative\nand that on two lines")
    return len(item)


@task(effect="idempotent", writes=["redshift://dw/totals"])
def total(loaded: Any) -> int:
    raise KeyError("sum")


@task(effect="unrepeatable")
def mail(count: int) -> None: ...


@task(effect="pure")
def halves(given: Any) -> list[str]:
    return given[0]


night = named(
    "night",
    par(
        retry(orders, attempts=3, wait=seconds(5)),
        fallback(retry(visits, attempts=3, wait=seconds(90)), last_known),
    )
    >> halves
    >> named("loads", map_each(timeout(load, minutes(1)), key=it, on_error="collect"))
    >> total
    >> mail,
    owner=HOSTILE,
)
