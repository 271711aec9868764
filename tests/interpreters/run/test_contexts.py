"""Every attempt, wherever it runs, has a copy of its own of the caller's context."""

import asyncio
import decimal
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from returns.result import Failure

from fwf import (
    Workflow,
    always,
    fail,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.interpreters.run import run
from fwf.testing.strategies import pools_of
from tests.interpreters.run.isolated import precision
from tests.interpreters.run.support import doing

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
seen: list[Any] = []


def look() -> None:
    """Note what is seen, and change it."""
    decimals = decimal.getcontext()
    seen.append((tenant.get(), decimals.prec, bool(decimals.flags[decimal.Inexact])))
    tenant.set("changed")
    decimals.prec = 3
    assert decimal.Decimal(1) / 3


@task(effect="pure")
async def looks_async(x: Any) -> Any:
    look()
    await asyncio.sleep(0)
    assert tenant.get() == "changed" and decimal.getcontext().prec == 3
    return x


def body(x: Any) -> Any:
    look()
    return x


def failing(x: Any) -> Any:
    look()
    return Failure("X")


looks, fails = doing("looks", body), doing("fails", failing)


@graph
def twice(x: Any) -> Any:
    return looks(x), looks(x)


PLACES: dict[str, Callable[[Any], Workflow[Any, Any]]] = {
    "plain": lambda w: w >> w,
    "timeout": lambda w: timeout(w >> w, seconds(60)),
    "par": lambda w: par(w, w),
    "fail_fast": lambda w: par(w, w, fail_fast=True),
    "map_each": lambda w: pure(it) >> doing("list", lambda x: [1, 2, 3]) >> map_each(w),
    "one at a time": lambda w: doing("list", lambda x: [1, 2, 3]) >> map_each(w, at_once=1),
    "loop": lambda w: loop_until(w, it == -1, limit=3, on_limit="stop"),
    "finaliser": lambda w: always(w, then=w),
    "handler": lambda w: fallback(w >> fail("X"), w),
    "pool": lambda w: in_pool(named("n", w), "p"),
    "graph": lambda w: twice >> w,
    "attempts": lambda w: fallback(retry(fails, attempts=3), w),
}  # fmt: skip


@pytest.mark.parametrize("workers", [None, 1, 2])
@pytest.mark.parametrize("leaf", [looks, looks_async], ids=["def", "async def"])
@pytest.mark.parametrize("place", PLACES)
def test_every_attempt_sees_the_caller_s_context_and_changes_only_its_own(
    place: str, leaf: Workflow[Any, Any], workers: int | None
) -> None:
    def calls() -> None:
        tenant.set("acme")
        decimal.setcontext(decimal.Context(prec=17))
        seen.clear()
        w = PLACES[place](leaf)
        run(w, 0, workers=workers, pools=pools_of(w, {"p": 1})).unwrap()
        assert set(seen) == {("acme", 17, False)}
        assert (tenant.get(), decimal.getcontext().prec) == ("acme", 17)
        assert not decimal.getcontext().flags[decimal.Inexact]

    copy_context().run(calls)


def test_functions_in_expressions_and_observers_change_nothing_for_the_caller() -> None:
    def calls() -> None:
        tenant.set("acme")
        decimal.setcontext(decimal.Context(prec=17))
        seen.clear()
        run(pure(body) >> looks, 0, observe=lambda note: tenant.set("observed")).unwrap()
        assert [each[0] for each in seen] == ["acme", "acme"]
        assert (tenant.get(), decimal.getcontext().prec) == ("acme", 17)

    copy_context().run(calls)


def test_an_isolated_task_has_the_caller_s_decimals() -> None:
    def calls() -> None:
        decimal.setcontext(decimal.Context(prec=17))
        assert run(precision, 0).unwrap() == 17

    copy_context().run(calls)
    assert run(identity >> precision, 0).unwrap() == decimal.getcontext().prec
