"""Workflows that the tests of pictures draw."""

from typing import Any

from fwf import (
    branch,
    const,
    fail,
    fallback,
    graph,
    in_pool,
    it,
    named,
    par,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.algebra.workflow import Workflow


@task(effect="read", reads=["postgres://shop/orders"])
def orders() -> object: ...


@task(effect="read", reads=["s3://logs/visits"])
def visits() -> object: ...


@task(effect="pure")
def enrich(orders: object, visits: object) -> object: ...


@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(sales: object) -> object: ...


@task
def step(n: object) -> object: ...


@graph
def daily() -> Any:
    found = retry(orders, attempts=3)()
    seen = visits()
    sales = enrich(found, seen)
    return enrich(load(sales), found)


HOSTILE = (
    "\"'`<b>&amp;&lt;#35;#quot;\\n\\N\\", "a\nb\r\t\0\x1b", "]]})\"];", "</script><!--", "]]>",
    "שלום عربى", "👩‍👩‍👧 \u202ertl", "$$x$$ **b**", "1. one", "- x", "--> |x|", "%% c", "end",
    "\ud800\ufffe\x85\u2028", "{x}", "w" * 300,
)  # fmt: skip

hostile: Workflow[Any, Any] = par(
    *[const(text) for text in HOSTILE],
    *[fail(text, text) for text in HOSTILE],
    *[in_pool(step, text) for text in HOSTILE],
    branch(it['a"b]`</title>'] > 0, then=const(1), otherwise=const(2)),
    fallback(step, step, on=("a<b", 'c"d')),
)


def oddly_named(text: str) -> Workflow[Any, Any]:
    """A task whose name is as odd as a name may be, and whose dataset is odder."""

    def work(value: object) -> object: ...

    name = "".join("W" if char in ">[]#" or not char.isprintable() else char for char in text)
    return task(effect="unrepeatable", reads=[text], name=name)(work)


def fan(chains: int, steps: int) -> Workflow[Any, Any]:
    """Chains side by side: so many, each of so many tasks."""
    return par(*[seq(*[step] * steps) for _ in range(chains)])


def doubled(times: int) -> Workflow[Any, Any]:
    """A part that occurs twice in a part that occurs twice …"""
    w: Workflow[Any, Any] = seq(*[step] * 4)
    for _ in range(times):
        w = par(w, w) >> step
    return w


def wrapped(times: int) -> Workflow[Any, Any]:
    """A task in so many wrappers, of three kinds."""
    w: Workflow[Any, Any] = step
    for at in range(times):
        w = (retry(w, attempts=2), timeout(w, seconds(9)), named(f"n{at}", w))[at % 3]
    return w


def nested(times: int) -> Workflow[Any, Any]:
    """Parts in parts, so deep."""
    w: Workflow[Any, Any] = step
    for _ in range(times):
        w = par(w, step)
    return w
