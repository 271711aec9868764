"""What users may write with HTTP services, with the types that both checkers infer for it."""

from datetime import date
from typing import Any, assert_type

from fwf import Pages, Secret, Task, Workflow, backoff, it, paginate, pure, retry, seconds, task
from fwf.connectors import http
from fwf.connectors.shared.errors import Transient


@task(effect="pure")
def count(orders: list[Any]) -> int:
    return len(orders)


@task(effect="read")
def own(*, shop: http.Client) -> list[Any]:
    found = shop.get("/orders", {"day": date(2026, 7, 15)})
    assert_type(found, http.Answer)
    orders: list[Any] = found.content
    return orders


rates = http.get("/rates/{day}", name="rates", client="bank", params={"day": date})
assert_type(rates, Task[object, Any])

style = http.by_cursor(it.meta.next, items=it.data, total="total")
assert_type(style, http.Style)
page = http.get_page("/orders", name="page", client="shop", style=style)
assert_type(page, Task[http.Cursor | None, http.Page])
patient = retry(page, attempts=5, wait=backoff(seconds(1)), on=Transient)
every = paginate(patient, limit=100)
assert_type(every, Workflow[object, Pages[Any]])
counted = every >> pure(it.items) >> http.distinct(it.id, name="orders") >> count
assert_type(counted, Workflow[object, int])

order = http.post("/orders", name="order", client="crm")
assert_type(order, Task[Any, Any])
assert_type(http.distinct("id", name="orders"), Task[list[Any], list[Any]])

opened = http.client(
    "https://api.example",
    auth=http.client_credentials("https://login.example/token", "me", Secret.env("SHOP_SECRET")),
    within=seconds(20),
)
assert_type(opened, http.Client)
