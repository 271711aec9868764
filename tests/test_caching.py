"""`cached`: what it stands for, what its results are found by, and around what it isn't."""

import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import pytest

from fwf import (
    Attempt,
    IdempotencyKey,
    Resource,
    RunInfo,
    Scenario,
    Workflow,
    always,
    as_result,
    bracket,
    branch,
    cached,
    const,
    delay,
    dry_run,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    keep_input,
    load,
    loop_until,
    map_each,
    minutes,
    named,
    on_failure,
    optional,
    paginate,
    par,
    param,
    plan,
    poll,
    pretty,
    pure,
    recover,
    recursive,
    registry,
    retry,
    run,
    seconds,
    seq,
    state,
    switch,
    task,
    timeout,
    using,
    when,
    with_params,
)
from fwf.algebra.contract import Effect
from fwf.derived.caching import Cached, results_id
from fwf.interpreters.lineage import lineage


class Shop: ...


@task(effect="read", reads=["shop/rates"])
def rates(day: str) -> float: ...


@task(effect="read")
def today() -> float: ...


@task(effect="read")
def scaled(n: int, *, scale: int, by: int = 3, shop: Annotated[Shop, Resource]) -> int: ...


@task(effect="pure")
def one(n: int) -> int:
    return n


@task(effect="idempotent", writes=["dw/rates"])
def load_rates(n: Any) -> Any: ...


@task
def undeclared(n: Any) -> Any: ...


@task(effect="read")
def of_the_run(n: Any, *, where: RunInfo) -> Any: ...


@task(effect="read")
def keyed(n: Any, *, key: IdempotencyKey) -> Any: ...


@task(effect="read")
def tried(n: Any, *, attempt: Attempt) -> Any: ...


@task(effect="read")
def unknown(n: Any, *, client) -> Any: ...


def etag(file: Any) -> str:
    return str(file)


def by_of(w: Workflow[Any, Any]) -> str:
    assert isinstance(w, Cached)
    return repr(w.by)


def asks(w: Workflow[Any, Any]) -> dict[str, Any]:
    assert isinstance(w, Cached)
    return dict(w.look.config)  # type: ignore[union-attr]


# What it is


def test_it_prints_as_it_was_written() -> None:
    for made, text in [
        (cached(rates), "cached(rates)"),
        (cached(rates, by=it), "cached(rates)"),
        (cached(tried, by=it.etag), "cached(tried, by=it.etag)"),
        (cached(rates, by=etag), "cached(rates, by=etag)"),
        (cached(today), "cached(today)"),
        (cached(cached(rates)), "cached(cached(rates))"),
        (cached(const(1) >> one), "cached((const(1) >> one))"),
    ]:
        assert repr(made) == text
        assert eval(text, globals()) == made
        assert pickle.loads(pickle.dumps(made)) == made


def test_it_takes_and_gives_what_the_part_does() -> None:
    made = cached(rates)
    assert (made.edge.accepts, made.edge.output) == (str, float)
    with pytest.raises(TypeError, match="str"):
        _ = const(3) >> made


def test_it_is_shown_with_its_parts() -> None:
    made: Any = named("night", cached(tried, by=it.etag))
    told = pretty(made, width=120).splitlines()
    assert told[0] == "night ─ cached(by=it.etag)"
    assert [line.split()[1:2] for line in told[1:]] == [
        [f"look_up(of='{asks(cached(tried))['of']}')"], ["tried"], ["then:"],
    ]  # fmt: skip


def test_its_part_stands_where_it_would_without() -> None:
    w: Any = named("night", cached(tried) >> cached(one))
    assert [each.path for each in dry_run(w, 1).events] == [
        "night > cached > look_up", "night > tried", "night > cached > remember",
        "night > cached#2 > look_up", "night > one", "night > cached#2 > remember",
    ]  # fmt: skip


def test_a_run_without_a_journal_does_all_of_it() -> None:
    assert run(cached(one), 3).unwrap() == 3
    assert run(cached(cached(one)), 3).unwrap() == 3


def test_a_dry_run_may_find_what_a_scenario_says() -> None:
    hit = {"found": True, "value": 7, "key": "", "seen": 1}
    found = dry_run(cached(one), 3, scenario=Scenario().task("look_up", gives=hit))
    assert found.result.unwrap() == 7
    assert [each.task for each in found.events] == ["look_up"]


def test_a_plan_has_it_and_is_read_back() -> None:
    w = named("night", cached(retry(tried, attempts=2), by=it.etag))
    from fwf.derived import caching

    known = registry(w, look_up=caching.look_up, remember=caching.remember)
    assert load(plan(w), known).unwrap() == w


def test_lineage_goes_through_it() -> None:
    w: Any = named("night", cached(rates) >> load_rates)
    assert "shop/rates" in str(lineage(w)) and "dw/rates" in str(lineage(w))


# What tells results apart


SAME: list[tuple[str, Any, Any]] = [
    ("a retry", retry(rates, attempts=3), rates),
    ("a deadline", timeout(rates, minutes(1)), rates),
    ("a pool", in_pool(rates, "vendor"), rates),
    ("a name", named("rates", rates, owner="ops"), rates),
    ("at once", map_each(rates, at_once=2, key=it), map_each(rates)),
    ("fail fast", par(rates, rates, fail_fast=True), par(rates, rates, fail_fast=False)),
    ("itself", cached(rates), rates),
    ("a word and what it means", keep_input(rates), par(pure(it), rates)),
]
OTHER: list[tuple[str, Any, Any]] = [
    ("another task", one, rates),
    ("more of it", one >> one, one),
    ("an expression", pure(it + 1) >> one, pure(it + 2) >> one),
    ("an order", par(one, today), par(today, one)),
    ("a binding", with_params(scaled, scale=1), with_params(scaled, scale=2)),
    ("a resource", using(scaled, shop="other"), scaled),
    ("a loop", loop_until(one, it > 3, limit=9), loop_until(one, it > 4, limit=9)),
    ("a test", when(it > 1, one), when(it > 2, one)),
    ("a constant", const(1) >> one, const(2) >> one),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one_way", "other"), SAME, ids=[each[0] for each in SAME])
def test_what_doesnt_change_a_result_doesnt_count(name: str, one_way: Any, other: Any) -> None:
    assert results_id(one_way) == results_id(other)


@pytest.mark.parametrize(("name", "one_way", "other"), OTHER, ids=[each[0] for each in OTHER])
def test_what_changes_a_result_counts(name: str, one_way: Any, other: Any) -> None:
    assert results_id(one_way) != results_id(other)


def made(
    version: str = "1", config: dict[str, Any] | None = None, gives: Any = int, limit: int = 1,
    effect: Effect = "read", duration: timedelta | None = None,
) -> Any:  # fmt: skip
    def step(n: int, *, limit: int = limit) -> Any: ...

    step.__annotations__["return"] = gives
    return task(
        name="step", version=version, config=config or {}, effect=effect, duration=duration
    )(step)


def test_a_tasks_version_config_types_and_defaults_count_and_what_it_declares_doesnt() -> None:
    usual = results_id(made())
    for other in (made("2"), made(config={"a": 1}), made(gives=str), made(limit=2)):
        assert results_id(other) != usual
    for same in (made(effect="pure"), made(duration=seconds(3))):
        assert results_id(same) == usual


def test_parameters_and_resources_are_those_that_it_reads() -> None:
    w: Any = pure(param("day", str)) >> rates
    assert asks(cached(par(using(scaled, shop="other"), with_params(scaled, scale=1)))) == {
        "of": results_id(par(using(scaled, shop="other"), with_params(scaled, scale=1))),
        "params": asks(cached(scaled))["params"],
        "resources": ["other", "shop"],
    }
    assert list(asks(cached(scaled))["params"]) == [["by", 3], "scale"]
    assert list(asks(cached(w))["params"]) == ["day"]
    assert set(asks(cached(rates))) == {"of"}


def test_what_ignores_its_input_is_the_same_for_all() -> None:
    assert by_of(cached(rates)) == by_of(cached(pure(it) >> rates)) == "Input()"
    for w in (today, retry(today, attempts=2), named("t", today) >> tried, const(3) >> one):
        assert by_of(cached(w)) == "Const(value=None)"


# What it isn't around


STAND_IN = "would be kept as well: put cached inside of it"
REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("a write", lambda: cached(load_rates), r"load_rates writes \(dw/rates\)"),
    ("a write inside", lambda: cached(rates >> map_each(load_rates)), "load_rates writes"),
    ("an undeclared effect", lambda: cached(undeclared), "undeclared doesn't say that it only"),
    ("the run", lambda: cached(of_the_run), "of_the_run takes the RunInfo"),
    ("a key", lambda: cached(keyed), "keyed takes the IdempotencyKey"),
    ("a nameless kind", lambda: cached(unknown), "'client' has no type"),
    ("a state", lambda: cached(state("seen", int, first=0).read), "it uses the state 'seen'"),
    ("a fallback", lambda: cached(fallback(rates, today)), STAND_IN),
    ("recover", lambda: cached(recover(rates, 1.0)), STAND_IN),
    ("optional", lambda: cached(optional(rates)), STAND_IN),
    ("as_result", lambda: cached(as_result(rates)), STAND_IN),
    ("on_failure", lambda: cached(on_failure(rates, then=tried)), STAND_IN),
    ("collect", lambda: cached(map_each(rates, on_error="collect")), STAND_IN),
    ("pages so far", lambda: cached(paginate(rates, limit=2, on_error="stop")), STAND_IN),
    ("no workflow", lambda: cached(3), "cached"),  # type: ignore[arg-type]
    ("by a workflow", lambda: cached(rates, by=today), r"by=today\): needs an expression"),
]


@pytest.mark.parametrize(("name", "make", "said"), REFUSED, ids=[each[0] for each in REFUSED])
def test_it_is_refused_with_the_reason(name: str, make: Callable[[], Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        make()


def test_all_reasons_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"undeclared .*; load_rates .*handler"):
        cached(par(undeclared, load_rates, recover(rates, 1)))


@graph
def joined(n):
    return par(one, one)(n)


again_or_one = recursive(lambda again: branch(it >= 0, then=one, otherwise=again), limit=2)
READING: list[tuple[str, Any]] = [
    ("pure", pure(it + 1)),
    ("seq", seq(one, one)),
    ("par", par(one, one)),
    ("delay", delay(seconds(0)) >> one),
    ("branch", branch(it > 1, then=one, otherwise=const(0))),
    ("map_each", const([1, 2]) >> map_each(one)),
    ("loop_until", loop_until(one, it >= 0, limit=2)),
    ("graph", joined),
    ("retry", retry(one, attempts=2)),
    ("timeout", timeout(one, minutes(1))),
    ("always", always(one, then=one)),
    ("named", named("n", one)),
    ("in_pool", in_pool(one, "p")),
    ("with_params", with_params(pure(it + param("n", int)), n=1)),
    ("when", when(it > 1, one)),
    ("switch", switch(it, {1: one}, otherwise=identity)),
    ("keep_input", keep_input(one)),
    ("bracket", bracket(one, pure(it[1]), pure(it[0]))),
    ("poll", poll(one, it >= 0, every=seconds(0), limit=2)),
    ("cached", cached(one)),
    ("recursive", again_or_one),
    ("attempt", tried),
]


@pytest.mark.parametrize(("name", "w"), READING, ids=[each[0] for each in READING])
def test_every_node_that_only_reads_may_be_cached(name: str, w: Any) -> None:
    if name not in ("graph", "recursive"):
        assert eval(repr(cached(w)), globals()) == cached(w)
    if name != "attempt":
        assert run(cached(w), 1).unwrap() == run(w, 1).unwrap()
