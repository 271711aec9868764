"""A fan-out as wide as the data: some items fail, the others are done, and both are told."""

from typing import NamedTuple

from returns.result import Result, Success

from fwf import Fault, it, map_each, run, task, with_params


class Shop(NamedTuple):
    name: str
    currency: str


@task(effect="read", reads=["postgres://hq/shops"])
def shops() -> list[Shop]:
    return [Shop("paris", "EUR"), Shop("tokyo", "JPY"), Shop("utopia", "")]


@task(effect="read", reads=["https://tills.example"])
def takings(shop: Shop, *, currency: str) -> str:
    if not currency:
        raise LookupError(f"{shop.name} has no currency")
    return f"{shop.name}: 120 {currency}"


@task(effect="pure")
def told(results: list[Result[str, Fault]]) -> list[str]:
    return [one.unwrap() if isinstance(one, Success) else str(one.failure()) for one in results]


each = with_params(takings, currency=it.currency)  # a parameter that each item sets
workflow = shops >> map_each(each, key=it.name, at_once=2, on_error="collect") >> told

if __name__ == "__main__":
    print("\n".join(run(workflow).unwrap()))
