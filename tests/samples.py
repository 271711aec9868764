"""Tasks, types and strategies that several tests share; imported by name, so that pickles work."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple, Protocol, TypedDict, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import reject, strategies as st
from returns.result import Failure, Success

from fwf import (
    Extension,
    Task,
    Workflow,
    always,
    apply,
    as_result,
    backoff,
    branch,
    const,
    delay,
    delays,
    every,
    fail,
    failed,
    fallback,
    fault_of,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    literal,
    loop_until,
    map_each,
    named,
    par,
    param,
    pick,
    pure,
    register_codec,
    retry,
    seconds,
    seq,
    task,
    text,
    timeout,
    using,
    value_of,
    with_params,
)
from fwf.algebra.nodes import Node
from fwf.faults import Both, Exhausted, Failed, Fault, Then, TimedOut
from fwf.records import record
from fwf.types.hints import compatible


@dataclass
class Orders:
    row_count: int
    day: date


class Visits(NamedTuple):
    row_count: int
    urls: list[str]


@dataclass(frozen=True)
class Limit:
    day: object
    least: int = field(default=0, kw_only=True)
    doubled: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "doubled", 2 * self.least)


class Rates(TypedDict):
    base: str


class Counted(Protocol):
    @property
    def row_count(self) -> int: ...


class Sales: ...


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mood(enum.StrEnum):
    CALM = "calm"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


register_codec(
    Money,
    name="tests.Money",
    to_plain=lambda money: [money.amount, money.currency],
    from_plain=lambda plain: Money(*plain),
)


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date) -> Orders:
    return Orders(1, day)


@task(effect="read")
def visits(*, day: date) -> Visits:
    return Visits(0, [])


@task(effect="read")
def rates() -> Rates:
    return {"base": "EUR"}


@task(effect="pure")
def enrich(orders: Orders, visits: Visits) -> Sales:
    return Sales()


@task(effect="idempotent", writes=["redshift://dw/sales"], version="2")
def load(sales: Sales, *, day: date) -> int:
    return 0


@task(effect="pure")
def to_text(n: int) -> str:
    return str(n)


@task(effect="pure")
def to_int(text: str) -> int:
    return int(text)


@task
def ping() -> None: ...


@task(effect="read")
def from_db(*, shop_db: Sales) -> None: ...


@task
def anything(value: object) -> object:
    return value


@task
def unannotated(value):
    return value


def reader(table: str, limit: int = 10) -> Task[object, list[int]]:
    @task(effect="read", config={"table": table, "limit": limit})
    def read() -> list[int]:
        return [len(table)] * limit

    return read


FAULT = Both(
    (
        Then((Failed("a", ("KeyError",), "'k'", not_before=1_500_000), TimedOut("a", seconds(5)))),
        Failed("b", ("Late",), "", cause=Exhausted("c", 3)),
    )
)


def is_big(value: Any) -> bool:
    return bool(value > 100)


@record(eq=False, repr=False)
class Twice(Extension[Any, Any]):
    """The body two times, one after the other."""

    body: Node

    def desugar(self) -> Workflow[Any, Any]:
        return seq(self.body, self.body)


@graph
def diamond() -> Any:
    found = orders()
    seen = visits()
    ping(seen)
    sales = enrich(found, seen)
    return load(sales), found


members = st.recursive(
    st.one_of(
        st.none(),
        st.integers(),
        st.text(max_size=3),
        st.decimals(allow_nan=False),
        st.dates(),
        st.sampled_from([*Colour, Access(0), Money(Decimal("3.50"), "EUR")]),
        st.sampled_from([Path("a/b"), PureWindowsPath("c:/d"), PurePosixPath("/e")]),
    ),
    lambda inner: st.one_of(
        st.frozensets(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Limit, inner, least=st.integers()),
    ),
    max_leaves=4,
)
"""What can be in a set, and a dictionary's key."""

plain_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.characters(categories=["Cs"]),
        st.binary(max_size=5),
        st.decimals(allow_nan=False),
        st.dates(),
        st.datetimes(timezones=st.sampled_from([None, UTC, ZoneInfo("Europe/Paris")])),
        st.times(timezones=st.sampled_from([None, UTC, ZoneInfo("Europe/Paris")])),
        st.datetimes(timezones=st.just(timezone(timedelta(hours=2)))),
        st.timedeltas(),
        st.uuids(),
        st.sampled_from([*Colour, *Level, *Mood, Access.READ | Access.WRITE, Access(0)]),
        st.sampled_from([Money(Decimal("3.50"), "EUR"), FAULT, Failure(FAULT)]),
        st.sampled_from([Path("a/b"), Path("ä"), PureWindowsPath("c:/d"), PurePosixPath("/e")]),
        st.sets(members, max_size=3),
        st.frozensets(members, max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        inner.map(Success),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(members, inner, max_size=2),
        st.builds(Limit, inner, least=st.integers()),
        st.builds(Orders, inner, inner),
        st.builds(Visits, inner, st.lists(inner, max_size=2)),
    ),
    max_leaves=8,
)
"""Plain data of every kind."""

names = st.sampled_from(
    ["total", "n", "class", "größe", "ﬁ", "length", "present", "_x", "a b", "items", "", "é", "é"]
)

filters = st.sampled_from([(), "Timeout", OSError, (KeyError, "Timeout")])

expressions = st.recursive(
    st.one_of(
        st.just(it),
        st.builds(lambda name: it[name], names),
        st.builds(lambda name: param(name), st.sampled_from(["day", "n"])),
        st.just(param("day", date)),
        st.builds(literal, plain_values),
    ),
    lambda inner: st.one_of(
        st.builds(lambda of, name: of[name], inner, names),
        st.builds(lambda of, at: of[at], inner, st.integers(-3, 3)),
        st.builds(lambda of: of.present(), inner),
        st.builds(lambda of: of.length(), inner),
        st.builds(lambda of: value_of(of), inner),
        st.builds(lambda of: fault_of(of).message, inner),
        st.builds(lambda of, on: failed(of, on=on), inner, filters),
        st.builds(lambda a, b: text("{{}} {}: {}", a, b), inner, inner | plain_values),
        st.builds(lambda of: ~of, inner),
        st.builds(lambda of: apply(is_big, of), inner),
        st.builds(lambda of, value: of.or_else(value), inner, inner | plain_values),
        st.builds(lambda of, among: of.is_in(among), inner, st.lists(plain_values, max_size=3)),
        st.builds(lambda a, b: a & b, inner, inner | st.booleans()),
        st.builds(lambda a, b: a | b, inner, inner | st.booleans()),
        *(
            st.builds(operator, inner, inner | plain_values)
            for operator in (
                lambda a, b: a == b,
                lambda a, b: a != b,
                lambda a, b: a < b,
                lambda a, b: a <= b,
                lambda a, b: a > b,
                lambda a, b: a >= b,
                lambda a, b: a + b,
                lambda a, b: a - b,
                lambda a, b: a * b,
            )
        ),
        st.builds(lambda a, b: 3 - a + b, inner, inner),
        st.builds(lambda a: [1] + a, inner),  # noqa: RUF005
        st.builds(lambda a: "x" * a, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: pick(*parts)),
    ),
    max_leaves=6,
)
"""Expressions of every kind; few of them can be evaluated."""

durations = st.one_of(
    st.sampled_from([timedelta(0), timedelta.max, seconds(90), timedelta(hours=5)]),
    st.timedeltas(min_value=timedelta(0)),
)

schedules = st.recursive(
    st.one_of(
        st.builds(every, durations),
        st.lists(durations, max_size=4).map(lambda each: delays(*each)),
        st.builds(
            lambda first, factor, cap: backoff(first, factor=factor, cap=cap),
            durations,
            st.floats(1, 10) | st.integers(1, 10),
            st.none() | durations,
        ),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a, b, gap: a.then(b, gap=gap), inner, inner, durations),
        st.builds(lambda a, b: a.nest(b), inner, inner),
        st.builds(lambda a, n: a.times(n), inner, st.integers(0, 5)),
        st.builds(lambda a, total: a.within(total), inner, durations),
        st.builds(lambda a, seed: a.jitter(seed), inner, st.integers()),
        st.builds(lambda a, seed: a.jitter(seed, 0, 2), inner, st.integers()),
    ),
    max_leaves=4,
)

keywords = st.dictionaries(
    st.sampled_from(["day", "n", "class", "größe", "a b", "ﬁ", "_x"]), plain_values, max_size=2
)
bindings = st.dictionaries(
    st.sampled_from(["day", "n", "class", "größe", "ﬁ", "_x"]),
    plain_values | expressions,
    max_size=2,
)


def bound(w: Workflow[Any, Any], **given: object) -> Workflow[Any, Any]:
    """The same with parameters bound, and taken: by a finaliser."""
    taken = pure(pick(*map(param, given))) if given else identity
    return with_params(always(w, then=taken), **given)


def _built(build: Callable[..., Any], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What a combinator builds of parts that fit together."""

    def made(*given: Any) -> Any:
        try:
            return build(*given)
        except TypeError as error:
            unfit = ("takes", "binds", "it has no", "it is no result")
            if any(said in str(error) for said in unfit):
                reject()
            raise

    return st.builds(made, *parts)


def _deciding(w: Workflow[Any, Any]) -> Workflow[Any, Any]:
    """A workflow that may decide: one that certainly gives no bool has a step after it."""
    return w if compatible(w.edge.output, bool) else w >> pure(is_big)


def _wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    limits = st.integers(1, 9)
    return st.one_of(
        _built(lambda parts: seq(*parts), st.lists(inner, min_size=2, max_size=3)),
        _built(
            lambda parts, fast: par(*parts, fail_fast=fast),
            st.lists(inner, max_size=3),
            st.booleans(),
        ),
        _built(
            lambda p, a, b: branch(p, then=a, otherwise=b),
            expressions | inner.map(_deciding) | st.just(is_big),
            inner,
            inner,
        ),
        _built(
            lambda w, p, n, t, end: loop_until(w, p, limit=n, within=t, on_limit=end),
            inner,
            expressions | inner.map(_deciding) | st.just(is_big),
            limits,
            st.none() | durations,
            st.sampled_from(["fail", "stop"]),
        ),
        _built(
            lambda w, key, n, mode: map_each(w, key=key, at_once=n, on_error=mode),
            inner,
            st.none() | expressions | st.just(is_big),
            st.none() | limits,
            st.sampled_from(["settle", "fail_fast", "collect"]),
        ),
        _built(
            lambda w, n, wait, on: retry(w, attempts=n, wait=wait, on=on),
            inner,
            limits,
            schedules | durations,
            filters,
        ),
        _built(timeout, inner, durations),
        _built(lambda a, b, on: fallback(a, b, on=on), inner, inner, filters),
        _built(lambda a, b: always(a, then=b), inner, inner),
        _built(as_result, inner),
        _built(lambda w, given: bound(w, **given), inner, bindings),
        _built(lambda w: using(always(w, then=from_db), shop_db="shop_eu"), inner),
        _built(lambda w, pool: in_pool(w, pool), inner, st.text(min_size=1)),
        _built(
            lambda name, w, notes: named(name, w, **notes),
            st.sampled_from(["daily", "o'brien", "a-b/c"]),
            inner,
            keywords,
        ),
        _built(Twice, inner),
    )


workflows: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.sampled_from([identity, from_result, ping, anything, unannotated, reader("t"), diamond]),
        st.builds(const, plain_values),
        _built(pure, expressions),
        st.just(pure(is_big)),
        st.builds(fail, st.text(min_size=1), st.text()),
        _built(fail, st.text(min_size=1), expressions),
        st.builds(delay, durations),
    ),
    _wrapped,
    max_leaves=8,
)
"""Workflows of every node, whose edges always fit."""


def namespace() -> dict[str, Any]:
    """What `repr` speaks of: the names of fwf, those here, and those of plain values."""
    import datetime as datetime_module
    import zoneinfo

    import fwf
    from fwf.algebra.nodes import Graph, Step

    found: dict[str, Any] = {name: getattr(fwf, name) for name in fwf.__all__ if _ready(name)}
    found |= {key: value for key, value in globals().items() if not key.startswith("__")}
    found |= {"Graph": Graph, "Step": Step, "zoneinfo": zoneinfo, "datetime": datetime_module}
    found |= {cls.__name__: cls for cls in get_args(Fault)}
    return found | {"date": date, "time": time, "Decimal": Decimal, "UUID": UUID}


def _ready(name: str) -> bool:
    return name not in (
        "check", "diff", "lineage", "load", "needs", "plan", "pretty", "registry", "run",
    )  # fmt: skip


KNOWN: tuple[Workflow[Any, Any], ...] = (
    Twice(anything) >> const([None, True, 1.0, b"x", Colour.RED, Access.READ | Access.WRITE]),
    const({1: (Money(Decimal("3.50"), "EUR"), {UUID(int=1)}), "moment": time(1, tzinfo=UTC)}),
    const(datetime(2026, 7, 15, tzinfo=ZoneInfo("Europe/Paris"))) >> pure(is_big),
    branch(
        (it.total > 0) & ~it["a b"].present() | param("day", date).is_in([date(2026, 7, 15)]),
        then=retry(anything, attempts=3, wait=backoff(seconds(5)).jitter(7).times(4), on=OSError),
        otherwise=fallback(timeout(reader("t"), seconds(1)), fail("Empty", "no rows")),
    ),
    loop_until(pure(it * 2), it.length() > 100, limit=9, within=seconds(9), on_limit="stop"),
    always(map_each(anything, key=it.id, at_once=2, on_error="collect"), then=delay(seconds(1))),
    using(
        bound(in_pool(named("part", always(anything, then=from_db), owner="me"), "p"), n=1),
        shop_db="eu",
    ),
    as_result(anything)
    >> branch(
        failed(it, on="Timeout"),
        then=fail("Late", text("{} on {{}} {}", fault_of(it).message, param("day", date))),
        otherwise=pure(value_of(it)),
    ),
    const([Success(1), Failure(FAULT)]) >> map_each(from_result),
    map_each(bound(anything, n=it.n, day=param("start", date), size=[1])),
    const({"b": 1, "a": {"d", "c", "e"}, "größe": 2}),
)
"""Workflows that together have every node, and values of every kind."""
