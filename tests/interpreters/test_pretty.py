from collections.abc import Callable
from datetime import date
from os import environ
from pathlib import Path
from typing import Any

import pytest

from fwf import (
    Extension,
    IdempotencyKey,
    Ref,
    Workflow,
    always,
    as_result,
    backoff,
    branch,
    const,
    delay,
    delays,
    fail,
    failed,
    fallback,
    fault_of,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    minutes,
    named,
    paginate,
    par,
    param,
    pick,
    poll,
    pure,
    retry,
    seconds,
    seq,
    switch,
    task,
    text,
    timeout,
)
from fwf.interpreters.pretty import pretty
from fwf.testing.generated_pieces import local, renaming
from tests.sizes import sizes

GOLDEN = Path(__file__).parents[1] / "golden"


class Table:
    row_count: int


class Database: ...


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date, shop_db: Database) -> Table: ...


@task(effect="read", reads=["s3://logs/visits"])
def visits(*, day: date, logs: Database) -> Table: ...


@task(effect="read", reads=["https://rates.example"])
def rates(*, day: date) -> Table: ...


@task(effect="read", reads=["s3://cache/rates"])
def last_known_rates() -> Table: ...


@task(effect="pure")
def enrich(orders: Table, visits: Table, rates: Table) -> Table: ...


@task(effect="idempotent", writes=["redshift://dw/sales"])
def to_redshift(sales: Table, *, day: date, key: IdempotencyKey) -> int: ...


@task(effect="idempotent", writes=["dynamodb://sales"])
def to_dynamodb(sales: Table) -> int: ...


@task(effect="idempotent", writes=["https://crm.example/sales"])
def to_crm(sales: Table) -> int: ...


@task(effect="unrepeatable")
def alert_empty_day(sales: Table) -> None: ...


@task(effect="pure")
def report(sales: Table, orders: Table) -> int: ...


@task
def undeclared(x: object) -> object: ...


@task(effect="read", version="2", config={"table": "orders", "columns": list(range(9))})
def load(x: object) -> object: ...


@task(effect="read")
def page(cursor: int | None) -> dict[str, Any]: ...


daily = (
    par(
        retry(orders, attempts=3, wait=backoff(seconds(5), cap=minutes(1))),
        timeout(visits, minutes(10)),
        fallback(rates, last_known_rates),
    )
    >> enrich
    >> branch(
        it.row_count > 0,
        then=par(to_redshift, to_dynamodb, to_crm),
        otherwise=alert_empty_day,
    )
)


@graph
def twice() -> Ref[int]:
    o = retry(orders, attempts=3)()
    v = visits()
    s = enrich(o, v, rates(v))
    kept = par(identity, identity)(s)
    undeclared(kept)
    return report(s, o)


class Once(Extension[Any, Any]):
    __slots__ = ("times", "workflow")

    def __init__(self, workflow: Workflow[Any, Any], times: int) -> None:
        object.__setattr__(self, "workflow", workflow)
        object.__setattr__(self, "times", times)
        self.__post_init__()

    def desugar(self) -> Workflow[Any, Any]:
        return retry(self.workflow, attempts=self.times)


Once.__match_args__ = ("workflow", "times")  # type: ignore[attr-defined]

sources = par(undeclared, load)
every_word = seq(
    const({"day": "today"}),
    named("sources", retry(sources, attempts=2, on=[TimeoutError, "shop.Busy"]), owner="sales"),
    par(timeout(sources, minutes(5)), named("again", sources), fail_fast=True),
    pick(0),
    switch(it.kind, {"a": sources, "b": load >> load}, otherwise=fail("Unknown", "no such kind")),
    always(undeclared >> load, then=timeout(load, seconds(90))),
    map_each(in_pool(load, "vendor"), key=it.id, at_once=4, on_error="collect"),
    loop_until(
        renaming(local(load, n=1), db="eu"), it.done, limit=100_000, within=minutes(2),
        on_limit="stop",
    ),
    fallback(delay(milliseconds(250)) >> pure(it * 2), const(0), on="fwf.Late"),
    retry(load, attempts=3, wait=delays(seconds(1), minutes(2)).jitter(7)),
    Once(load, 3),
    as_result(load) >> branch(
        failed(it, on="fwf.Late"),
        then=fail("Late", text("{} of {{}}", fault_of(it).message)),
        otherwise=from_result,
    ),
    param("day", date),
)  # fmt: skip

switched = branch(
    it.kind == "a", then=const(1), otherwise=branch(it.kind == "b", then=const(2), otherwise=load)
)


def sample(name: str) -> str:
    """The text that was reviewed; `FWF_GOLDEN=write pytest` writes it anew."""
    return (GOLDEN / f"pretty_{name}.txt").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize(
    ("name", "w", "width"),
    [
        ("daily_80", daily, 80),
        ("daily_100", named("daily", daily), 100),
        ("daily_48", daily, 48),
        ("graph", twice, 80),
        ("every_word", every_word, 90),
        ("paginate", paginate(retry(page, attempts=5), limit=100, on_error="stop"), 90),
        ("poll", poll(load, it > 3, every=seconds(5), limit=10), 80),
    ],
)
def test_it_prints_as_reviewed(name: str, w: Workflow[Any, Any], width: int) -> None:
    text = pretty(w, width=width)
    if environ.get("FWF_GOLDEN") == "write":
        (GOLDEN / f"pretty_{name}.txt").write_text(text + "\n", encoding="utf-8")
    assert text == sample(name)


@pytest.mark.parametrize("w", [daily, twice, every_word])
@pytest.mark.parametrize("width", [1, 24, 40, 60, 79, 120, 400])
def test_no_line_is_wider_than_asked(w: Workflow[Any, Any], width: int) -> None:
    assert max(map(len, pretty(w, width=width).splitlines())) <= max(width, 24)


def test_it_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert pretty(daily) == pretty(daily, width=100)


def test_a_switch_lists_its_cases_side_by_side() -> None:
    assert pretty(switched, width=60) == (
        "branch\n"
        "├─ if it.kind == 'a': const(1)\n"
        "├─ if it.kind == 'b': const(2)\n"
        "└─ otherwise: load@2(columns=[0, 1, 2, 3, 4, … 4 more], tab…"
    )


def test_equal_parts_in_a_row_are_counted() -> None:
    assert pretty(seq(*[undeclared] * 1000)) == "1,000 × undeclared"
    assert pretty(par(orders, *[visits] * 3), width=60).splitlines()[2].startswith("└─ 3 × visits")


def test_a_shared_part_is_printed_once_and_referred_to() -> None:
    part = par(undeclared, identity)
    assert pretty(par(part, timeout(part, seconds(1)), retry(part, attempts=2))) == (
        "par\n"
        "├─ (1) par\n"
        "│  ├─ undeclared\n"
        "│  └─ identity\n"
        "├─ timeout(1s) ─ ↑ (1) par\n"
        "└─ retry(attempts=2) ─ ↑ (1) par"
    )


def test_equal_parts_are_shared_even_if_they_were_built_apart() -> None:
    def part() -> Workflow[Any, Any]:
        return par(undeclared, identity)

    assert "↑ (1) par" in pretty(par(part(), timeout(part(), seconds(1))))


def test_a_shared_part_with_a_name_of_its_own_goes_by_that() -> None:
    tenants = named("tenants", par(undeclared, identity))
    assert pretty(par(tenants, timeout(tenants, seconds(1)))).splitlines()[-1] == (
        "└─ timeout(1s) ─ ↑ tenants"
    )


def test_two_shared_parts_of_one_name_are_numbered() -> None:
    one, other = (named("x", par(undeclared, each)) for each in (identity, delay(seconds(1))))
    text = pretty(par(one, timeout(one, seconds(1)), other, timeout(other, seconds(1))))
    assert "├─ timeout(1s) ─ ↑ (1)" in text
    assert "└─ timeout(1s) ─ ↑ (2)" in text


def test_a_shared_chain_is_referred_to_by_its_ends() -> None:
    chain = undeclared >> identity >> load
    assert pretty(par(chain, timeout(chain, seconds(1)))).splitlines()[-1] == (
        "└─ timeout(1s) ─ ↑ (1) undeclared >> … >> load"
    )


def test_single_tasks_are_never_referred_to() -> None:
    assert "↑" not in pretty(par(orders, visits >> orders, retry(orders, attempts=2)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (list(range(1_000_000)), "const([0, 1, 2, 3, 4, … 999,995 more])"),
        ("x" * 1_000_000, f"const('{'x' * 40}…')"),
        (10**6000, "const(<int of 19,932 bits>)"),
        ([[[[1]]]], "const([[[…]]])"),
        ((1,), "const((1,))"),
        ({"a": {1}}, "const({'a': {1}})"),
    ],
    ids=["list", "text", "number", "nest", "tuple", "mapping"],
)
def test_large_values_are_elided(value: object, text: str) -> None:
    assert pretty(const(value), width=100) == text


def test_a_name_with_odd_characters_stays_on_its_line() -> None:
    @task(effect="read", reads=["odd\nname\x1b[31m"])
    def odd() -> None: ...

    assert pretty(odd) == r"odd  read  ← odd\nname\x1b[31m"


def test_nothing_at_all_prints_too() -> None:
    assert pretty(identity) == "identity"
    assert pretty(par()) == "par()"


def test_a_thousand_tasks_stay_readable() -> None:
    def tenant(i: int) -> Workflow[Any, Any]:
        return named(f"tenant {i}", retry(undeclared, attempts=2) >> load)

    lines = pretty(par(*(tenant(i) for i in range(500))), width=80).splitlines()
    assert lines[-1] == "└─ tenant 499 ─ ↑ (1) undeclared >> load"
    assert len(lines) == 504


NESTS: list[Callable[[Workflow[Any, Any], int], Workflow[Any, Any]]] = [
    lambda w, i: retry(w, attempts=2),
    lambda w, i: branch(it > i, then=undeclared, otherwise=w),
    lambda w, i: par(w, identity) >> undeclared,
]


@sizes()
@pytest.mark.parametrize("nest", NESTS)
def test_many_levels_print_within_the_width(
    nest: Callable[[Workflow[Any, Any], int], Workflow[Any, Any]], size: int
) -> None:
    w: Workflow[Any, Any] = undeclared
    for i in range(size):
        w = nest(w, i)
    assert max(map(len, pretty(w, width=60).splitlines())) <= 60


def test_what_stands_too_deep_is_printed_below() -> None:
    w: Workflow[Any, Any] = undeclared
    for _ in range(12):
        w = par(w, identity) >> undeclared
    text = pretty(w, width=40)
    assert text.count("↓ (1)") == 1
    assert "\n\n(1)" in text


def test_a_part_that_occurs_exponentially_often_is_printed_once() -> None:
    w: Workflow[Any, Any] = undeclared
    for i in range(200):
        w = par(w, timeout(w, seconds(i + 1))) >> undeclared
    assert len(pretty(w, width=80).splitlines()) < 1500
