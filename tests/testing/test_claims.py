"""What tests claim of dry runs: where it holds, and what is said where it doesn't."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import (
    Ref,
    Scenario,
    const,
    dry_run,
    fallback,
    graph,
    identity,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.interpreters.dry_run import DryRun
from fwf.testing import BrokenClaim, Claim, assert_never_ran, assert_ran
from fwf.testing.attempt_orders import orders_of
from fwf.worlds.scenario import ScenarioError
from fwf.worlds.trace import Event, Parallel, Partial, Trace, events, parallel, series
from tests.sizes import sizes


@task
def orders() -> int: ...


@task
def rates() -> float: ...


@task
def last_rates() -> float: ...


@task
def visits() -> int: ...


@task
def enrich(orders: int, rates: float, visits: int) -> int: ...


@task
def load(sales: int) -> str: ...


@task
def check(item: int) -> int: ...


@task
def store(item: int) -> int: ...


DAILY = named(
    "daily",
    par(
        retry(orders, attempts=3, wait=seconds(5)),
        fallback(rates, last_rates),
        timeout(visits, seconds(9)),
    )
    >> enrich
    >> load,
)
NIGHT = (
    Scenario()
    .task("orders", fails=["ConnectionError", "ConnectionError"], gives=3, takes=seconds(2))
    .task("rates", gives=1.1, takes=seconds(1))
    .task("visits", gives=7, takes=seconds(4))
    .task("enrich", gives=21)
    .task("load", takes=milliseconds(1500))
)
EACH = const([1, 2, 3]) >> map_each(check >> store, key=it)


def broken(claim: Callable[[], object]) -> str:
    """What a claim that doesn't hold says, without the timeline."""
    with pytest.raises(BrokenClaim) as told:
        claim()
    said, timeline = str(told.value).split("\n\n", 1)
    assert timeline == str(told.value.run)
    return said


@pytest.fixture
def night() -> DryRun:
    return dry_run(DAILY, scenario=NIGHT)


def test_a_task_alone_is_a_claim_that_it_ran(night: DryRun) -> None:
    assert_ran(night, "orders")
    assert broken(lambda: assert_ran(night, "last_rates")) == (
        "last_rates never ran (to claim just that: assert_never_ran)"
    )


def test_that_a_task_never_runs_is_a_claim_of_its_own(night: DryRun) -> None:
    assert_never_ran(night, "last_rates")
    assert broken(lambda: assert_never_ran(night, "orders")) == "orders ran 3 times, not never"


def test_claims_chain_and_change_nothing(night: DryRun) -> None:
    claim = assert_ran(night, "orders")
    assert claim.attempts(3).before("enrich").failed("ConnectionError").gave(3) is claim
    with pytest.raises(AttributeError, match="immutable"):
        claim.name = "visits"  # type: ignore[misc]


def test_attempts_are_counted_over_places_items_and_rounds(night: DryRun) -> None:
    assert (
        broken(lambda: assert_ran(night, "orders").attempts(2)) == "orders ran 3 times, not 2 times"
    )
    assert broken(lambda: assert_ran(night, "load").attempts(2)) == "load ran once, not 2 times"
    assert_ran(dry_run(EACH), "check").attempts(3)
    rounds = Scenario().task("check", gives_by=add)
    assert_ran(dry_run(loop_until(check, it > 2, limit=5), 0, scenario=rounds), "check").attempts(3)


def add(n: int) -> int:
    return n + 1


@pytest.mark.parametrize("n", [0, -1, True, 1.0])
def test_a_number_of_attempts_that_can_not_be_is_misuse(night: DryRun, n: Any) -> None:
    with pytest.raises(ValueError, match="for none, use assert_never_ran"):
        assert_ran(night, "orders").attempts(n)


def test_order_is_who_waited_for_whom_and_not_who_happened_to_end_first(night: DryRun) -> None:
    assert_ran(night, "orders").before("enrich").before("load").beside("visits").beside("rates")
    assert_ran(night, "load").after("enrich").after("visits")
    said = broken(lambda: assert_ran(night, "rates").before("visits"))
    assert said == (
        "rates isn't before visits: daily > par > rates ran beside daily > par > visits"
    )
    assert "ran before" in broken(lambda: assert_ran(night, "enrich").after("load"))
    assert "ran after" in broken(lambda: assert_ran(night, "load").beside("enrich"))


def test_an_order_with_what_never_ran_does_not_hold(night: DryRun) -> None:
    for how in ("before", "after", "beside"):
        said = broken(lambda how=how: getattr(assert_ran(night, "orders"), how)("last_rates"))
        assert said == f"last_rates never ran, so orders isn't {how} it"


def test_an_order_of_a_task_and_itself_is_misuse(night: DryRun) -> None:
    with pytest.raises(ValueError, match="share attempts"):
        assert_ran(night, "orders").before("daily > par > orders")


def test_orders_within_one_item_are_claimed_by_its_path() -> None:
    run = dry_run(EACH)
    assert_ran(run, "map_each[2] > check").attempts(1).before("map_each[2] > store")
    said = broken(lambda: assert_ran(run, "check").before("store"))
    assert said == ("check isn't before store: map_each[1] > check ran beside map_each[2] > store")


def test_a_path_without_items_stands_for_all_of_them() -> None:
    run = dry_run(EACH)
    assert_ran(run, "map_each > check").attempts(3)
    assert_never_ran(run, "map_each[9] > check")


def test_the_steps_of_a_graph_are_ordered_by_their_edges() -> None:
    @graph
    def woven() -> Ref[str]:
        o = orders()
        v = visits()
        return load(enrich(o, rates(), v))

    run = dry_run(woven)
    assert_ran(run, "orders").before("enrich").beside("visits").before("load")
    assert_ran(run, "load").after("enrich").after("rates")
    assert "ran beside" in broken(lambda: assert_ran(run, "rates").after("orders"))


def test_failures_are_told_by_any_of_their_tags(night: DryRun) -> None:
    claim = assert_ran(night, "orders")
    claim.failed("ConnectionError").failed("OSError").failed(OSError)
    assert broken(lambda: claim.failed("TimeoutError")) == (
        "orders failed with ConnectionError, not TimeoutError"
    )
    assert broken(lambda: claim.failed("ConectionError")).endswith(
        "did you mean 'ConnectionError'?"
    )
    assert broken(lambda: assert_ran(night, "visits").failed("OSError")) == (
        "visits never failed, so not with OSError"
    )


def test_all_failures_must_be_the_one_claimed() -> None:
    script = Scenario().task("orders", fails=["ConnectionError", "KeyError"], gives=3)
    run = dry_run(retry(orders, attempts=3, on=(Exception,)), scenario=script)
    said = broken(lambda: assert_ran(run, "orders").failed("ConnectionError"))
    assert said == "orders failed with KeyError, not ConnectionError"


def test_a_tag_of_a_module_may_be_told_by_its_last_word() -> None:
    script = Scenario().task("orders", fails=["shop.api.VendorDown"])
    run = dry_run(fallback(orders, const(0), on="shop.api.VendorDown"), scenario=script)
    assert_ran(run, "orders").failed("VendorDown").failed("shop.api.VendorDown")


def test_what_a_deadline_cuts_was_cut(night: DryRun) -> None:
    slow = dry_run(DAILY, scenario=NIGHT.task("visits", takes=seconds(10)))
    assert_ran(slow, "visits").cut().took(seconds(9))
    assert broken(lambda: assert_ran(night, "visits").cut()) == "visits was never cut"


def test_a_value_is_compared_and_shown(night: DryRun) -> None:
    assert_ran(night, "enrich").gave(21)
    assert broken(lambda: assert_ran(night, "enrich").gave(20)) == "enrich gave 21, not 20"
    assert broken(lambda: assert_ran(night, "load").gave("x")) == "load gave some str, not 'x'"
    failing = dry_run(DAILY, scenario=NIGHT.task("orders", fails="OSError"))
    assert broken(lambda: assert_ran(failing, "orders").gave(3)) == (
        "orders never ended well, so it didn't give 3"
    )


def test_all_values_must_be_the_one_claimed() -> None:
    run = dry_run(EACH, scenario=Scenario().task("check", gives=1).task("check", item="3", gives=2))
    assert broken(lambda: assert_ran(run, "check").gave(1)) == "check gave 2, not 1"
    assert_ran(run, "map_each[3] > check").gave(2)


def test_how_long_a_task_took_includes_the_waits_between_its_attempts(night: DryRun) -> None:
    assert_ran(night, "orders").took(seconds(16))
    assert_ran(night, "load").took(milliseconds(1500))
    assert (
        broken(lambda: assert_ran(night, "orders").took(seconds(6))) == "orders took 16 s, not 6 s"
    )
    close = seconds(16) + milliseconds(1) / 1000
    assert broken(lambda: assert_ran(night, "orders").took(close)) == (
        "orders took 16 s, not 16,000,001 µs (16,000,000 µs)"
    )
    with pytest.raises(TypeError, match=re.escape("took(16): needs a duration")):
        assert_ran(night, "orders").took(16)  # type: ignore[arg-type]


@pytest.mark.parametrize("claim", [assert_ran, assert_never_ran])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ordres", "there is no task 'ordres' in daily; did you mean 'orders'?"),
        ("daily > par > visit", "there is no task 'daily > par > visit' in daily; did you mean "
         "'daily > par > visits'?"),
        ("xyz", "there is no task 'xyz' in daily; there are orders, rates, last_rates, visits, "
         "enrich, …"),
        ("daily > par", "there is no task 'daily > par' in daily; did you mean"),
    ],
)  # fmt: skip
def test_a_name_that_the_workflow_lacks_is_an_error_and_no_pass(
    night: DryRun, claim: Any, name: str, said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        claim(night, name)


def test_a_workflow_without_tasks_says_so() -> None:
    with pytest.raises(ValueError, match="it has no tasks"):
        assert_never_ran(dry_run(const(1)), "orders")


def test_swapped_arguments_are_told(night: DryRun) -> None:
    with pytest.raises(TypeError, match="needs what dry_run"):
        assert_ran("orders", night)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [orders, None, 3, ["orders"]])
def test_what_is_no_name_is_told(night: DryRun, wrong: Any) -> None:
    one = assert_ran(night, "orders")
    claims = (one.before, one.after, one.beside, partial(assert_ran, night))
    for claim in (*claims, partial(assert_never_ran, night)):
        with pytest.raises(TypeError, match=f"{re.escape(repr(wrong))} is no name of a task"):
            claim(wrong)
    with pytest.raises(TypeError, match=r"failed\(.*\): needs an error's tag or class"):
        one.failed(wrong)


@sizes()
def test_claims_work_at_any_depth(size: int) -> None:
    w: Any = orders
    for _ in range(size):
        w = retry(w, attempts=1)
    run = dry_run(fallback(w, w) >> load)
    claim: Claim = assert_ran(run, "orders")
    assert claim.before("load").attempts(1)
    assert_never_ran(run, "fallback > orders")


# The order of two sets of attempts, against all pairs of them


def event(n: int) -> Event:
    return Event(f"t{n}", f"t{n}", (), "ok", None, 0, 0)


def traces() -> st.SearchStrategy[Trace]:
    leaf = st.integers(0, 2).map(event)

    def bigger(inner: st.SearchStrategy[Trace]) -> st.SearchStrategy[Trace]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(several.map(series), several.map(parallel), several.flatmap(woven))

    return st.recursive(leaf, bigger, max_leaves=8)


def woven(parts: list[Trace]) -> st.SearchStrategy[Trace]:
    waits = [st.sets(st.integers(0, n - 1)) if n else st.just(set()) for n in range(len(parts))]
    return st.tuples(*waits).map(
        lambda each: Partial(tuple(zip(parts, map(tuple, each), strict=True)))
    )


def pairs(trace: Trace) -> list[tuple[str, str, str]]:
    """Every pair of a t0 and a t1, and how they stand: the definition, written out."""
    if isinstance(trace, Event):
        return []
    parts = [part for part, _ in trace.parts] if isinstance(trace, Partial) else trace.parts
    found = [pair for part in parts for pair in pairs(part)]
    for n, one in enumerate(parts):
        for m, two in enumerate(parts):
            if n != m:
                how = stands(trace, n, m)
                mine = [each.task for each in events(one) if each.task == "t0"]
                theirs = [each.task for each in events(two) if each.task == "t1"]
                found += [(how, a, b) for a in mine for b in theirs]
    return found


def stands(trace: Any, n: int, m: int) -> str:
    if isinstance(trace, Parallel):
        return "beside"
    if not isinstance(trace, Partial):
        return "before" if n < m else "after"
    return "before" if reaches(trace, n, m) else "after" if reaches(trace, m, n) else "beside"


def reaches(trace: Partial, n: int, m: int) -> bool:
    waits = trace.parts[m][1]
    return n in waits or any(reaches(trace, n, other) for other in waits)


@given(traces())
def test_orders_are_those_of_all_pairs(trace: Trace) -> None:
    found = orders_of(trace, lambda each: each.task == "t0", lambda each: each.task == "t1")
    assert set(found) == {how for how, _, _ in pairs(trace)}
    assert all((one.task, two.task) == ("t0", "t1") for one, two in found.values())


@pytest.mark.parametrize("waits", [(1,), (0,), (-1,), (7,)])
def test_a_trace_with_a_cycle_can_not_be_made(waits: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a trace has no cycles"):
        Partial(((event(0), waits), (event(1), (0,))))


@task
def download(tenant: str) -> int: ...


NIGHTLY = named(
    "nightly",
    map_each(par(download, identity) >> it[0], key=it)
    >> par(named("eu", par(visits) >> it[0] >> check), named("us", par(visits) >> it[0] >> store)),
)
TENANTS = dry_run(
    NIGHTLY,
    ["T01", "T02 > b"],
    scenario=Scenario().task("download", gives=1).task("visits", gives=2),
)


def test_a_tail_of_a_path_will_do_where_it_is_one_place() -> None:
    assert_ran(TENANTS, "map_each[T01] > par > download").attempts(1)
    assert_ran(TENANTS, "map_each[T02 > b] > par > download").attempts(1)
    assert_ran(TENANTS, "map_each > par > download").attempts(2).before("eu > par > visits")
    assert_ran(TENANTS, "par > download").attempts(2).before("check")
    assert_ran(TENANTS, "us > par > visits").beside("eu > par > visits")
    assert_never_ran(TENANTS, "map_each[T03] > par > download")


@pytest.mark.parametrize("run", [TENANTS, dry_run(DAILY, scenario=NIGHT)], ids=["tenants", "daily"])
def test_every_tail_that_one_place_has_is_that_place(run: DryRun) -> None:
    for event in run.events:
        segments = re.split(r" > (?![^\[]*\])", event.path)
        for at in range(len(segments)):
            tail = " > ".join(segments[at:])
            if tail == event.task:
                continue
            if tail == "par > visits" and run is TENANTS:  # of which there are two
                continue
            found = assert_ran(run, tail).found
            assert event in found
            assert len({re.sub(r"\[.*\]", "", each.path) for each in found}) == 1


def test_there_is_no_task_only_where_there_is_none() -> None:
    for claim in (assert_ran, assert_never_ran):
        with pytest.raises(ValueError, match="'par > visits' stands for several places of nightly"):
            claim(TENANTS, "par > visits")
        with pytest.raises(ValueError, match="did you mean 'nightly > map_each > par > download'"):
            claim(TENANTS, "map_each[T01] > par > dowload")


def test_a_scenario_for_a_place_wants_its_whole_path() -> None:
    script = Scenario().at("par > download", gives=1)
    with pytest.raises(ScenarioError, match="needed: 'nightly > map_each > par > download'"):
        dry_run(NIGHTLY, ["T01"], scenario=script)
