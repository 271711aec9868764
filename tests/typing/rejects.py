"""Each line is wrong and must stay so: an unused ignore is an error under both checkers."""

# pyright: reportUnusedExpression=false
from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from fwf import (
    Ref,
    always,
    as_result,
    backoff,
    bracket,
    branch,
    const,
    cron,
    delay,
    every_day,
    every_hour,
    execute,
    fail,
    failed,
    fallback,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    join,
    keep_input,
    loop_until,
    map_each,
    named,
    on_failure,
    paginate,
    par,
    param,
    poll,
    recursive,
    retry,
    run,
    seconds,
    seq,
    state,
    switch,
    task,
    text,
    timeout,
    using,
    when,
)
from fwf.arrows import split


class Orders: ...


class Visits: ...


class Sales: ...


@task
def orders(*, day: date) -> Orders:
    return Orders()


@task
async def visits(*, day: date) -> Visits:
    return Visits()


@task
def visits_on(day: date) -> Visits:
    return Visits()


@task
def enrich(orders: Orders, visits: Visits) -> Sales:
    return Sales()


@task
def load(sales: Sales, *, key: str) -> int:
    return 0


@task
def to_text(n: int) -> str:
    return ""


@task
def to_int(text: str) -> int:
    return 0


class NoItems(NamedTuple):
    rows: list[int]
    next: str | None


@task
def no_items(cursor: str | None) -> NoItems:
    return NoItems([], None)


class Numbered(NamedTuple):
    items: list[int]
    next: int | None


@task
def wrong_cursor(cursor: str | None) -> Numbered:
    return Numbered([], None)


@task
def use(n: int, text: str) -> None:
    return None


def positive(n: int) -> bool:
    return n > 0


def build(again: int) -> int:
    return again


# >>
par(visits, orders) >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
par(visits_on, orders) >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
par(orders, visits, visits) >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
to_text >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> delay(seconds(5)) >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> identity >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
delay(seconds(5)) >> to_text >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
retry(orders, attempts=3) >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
fallback(orders, visits) >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> positive  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> 3  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
param("day", date) >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders | visits  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders & visits  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]

# combinators
seq(orders, load)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
seq(orders, visits, load)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
const(3) >> par(to_text, to_int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
par(orders, 3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
par(orders, visits, fail_fast="yes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
branch(positive, then=to_int, otherwise=orders)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
branch(to_text, then=to_text, otherwise=orders)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
branch(it.n > 0, then=to_text)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
branch(it.n > 0, then=to_text, otherwise=to_text) >> load  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
switch(it.kind, [to_text], otherwise=to_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
when(positive, to_int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
loop_until(to_text, it.done, limit=3)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
loop_until(to_text >> to_int, it.done)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
loop_until(to_text >> to_int, it.done, limit=3, on_limit="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
poll(to_text, positive, every=seconds(1), limit=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
paginate(no_items, limit=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
paginate(wrong_cursor, limit=3)  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue]
paginate(to_text, limit=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
recursive(build, limit=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
orders >> from_result  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
as_result(to_int) >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
as_result(to_int) >> from_result >> to_int  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
on_failure(to_int, then=to_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
fail("NoRows", 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
text(it.day)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
failed(it, on=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
orders >> map_each(to_int)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
map_each(to_int) >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
map_each(to_int, on_error="collect") >> map_each(to_text)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]
map_each(to_int, on_error="skip")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
retry(orders)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
retry(orders, 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
retry(orders, attempts=3, wait=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
retry(orders, attempts=3, on=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
timeout(orders, 10)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
const("3") >> fallback(to_int, to_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
const("3") >> always(to_int, then=to_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
bracket(to_int, use, use)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
to_text >> state("n", int, first=0).move  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
keep_input(to_text) >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
join(enrich, orders=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
in_pool(orders, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
named(orders, "orders")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
using(orders, shop_db=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
split(to_int, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
backoff(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
delay(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
run(to_int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
execute(to_int, 3)  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue]
run(to_int, 3)  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue]
task(effect="writes")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
task(duration=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
it.n > 3 and orders >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]


# @graph

every_day(to_int, tz="UTC", param="day")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
every_day(orders, param="day")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
every_day(orders, "02:00", tz="UTC", param="day")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
every_day(orders, tz="UTC", param="day", start="2026-06-01")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
every_day(orders, tz="UTC", param="day", missed="lats")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
every_hour(orders, minute="5", tz="UTC", param="day")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cron(orders, tz="UTC", param="day")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@graph
def unwrapped() -> Ref[Sales]:
    o, v = orders(), visits()
    enrich(v, o)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    enrich(o)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    enrich(o, v, v)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    load(o)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    load()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    load(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    delay(timedelta(1))(o, v)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    return o  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


@graph  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
def plain_result(n: Ref[int]) -> str:
    return ""


@graph  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
def plain_input(n: int) -> Ref[str]:
    raise NotImplementedError


@graph
def text_of(n: Ref[int]) -> Ref[str]:
    return to_text(n)


orders >> text_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
text_of >> to_text  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
