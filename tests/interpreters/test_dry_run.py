"""What a dry run tells, on small workflows; the page itself is tested in test_dry_run_agrees."""

from datetime import timedelta
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Scenario,
    Workflow,
    always,
    branch,
    const,
    dry_run,
    fail,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    minutes,
    named,
    par,
    pure,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.algebra.nodes import Graph, Node, Par, Seq, Step
from fwf.faults import BadInput, Failed, TimedOut, leaves
from fwf.testing.generated_pieces import local
from fwf.worlds.scenario import ScenarioError, failing, normal
from fwf.worlds.trace import events
from tests.sizes import sizes


class VendorDown(ConnectionError): ...


@task
def a(n: int) -> int:
    raise AssertionError("a dry run calls no task")


@task
def b(n: int) -> int:
    raise AssertionError


@task(duration=seconds(7), example={"rows": 3})
def declared() -> dict[str, int]:
    raise AssertionError


@task
def sends(n: int) -> None:
    raise AssertionError


@task
def sized(*, size: int) -> int:
    raise AssertionError


def ran(w: Workflow[Any, Any], value: Any = 0, **given: Any) -> list[tuple[str, str, float, float]]:
    found = dry_run(w, value, **given)
    return [(e.path, e.ending, e.start / 1e6, e.end / 1e6) for e in found.events]


A2 = Scenario().task("a", gives=1, takes=seconds(2))
AB = A2.task("b", gives=5, takes=seconds(3))


def test_declarations_stand_in_for_a_scenario() -> None:
    found = dry_run(declared >> pure(it.rows))
    assert (found.result, found.took) == (Success(3), seconds(7))
    assert dry_run(sends, 1).result == Success(None)


def test_an_example_is_no_part_of_a_tasks_identity() -> None:
    def twin(**more: Any) -> Any:
        @task(name="twin", config={}, **more)
        def made() -> object: ...

        return made

    assert twin(example=object()) == twin()


def test_attempts_are_scripted_one_by_one() -> None:
    script = Scenario().task(
        "a", fails=["KeyError", None, "OSError"], gives_each=[1, 2], takes=[seconds(1), seconds(5)]
    )
    again = loop_until(retry(a, attempts=2) >> const(0), it > 0, limit=3, on_limit="stop")
    assert ran(again, scenario=script) == [
        ("loop_until[1] > a", "failed", 0, 1),
        ("loop_until[1] > a", "ok", 1, 6),
        ("loop_until[2] > a", "failed", 6, 11),
        ("loop_until[2] > a", "ok", 11, 16),
        ("loop_until[3] > a", "ok", 16, 21),
    ]
    polled = [event.result for event in dry_run(again, 0, scenario=script).events]
    assert polled[1] == 1
    assert polled[3:] == [2, 2]


def test_attempts_side_by_side_dont_count() -> None:
    script = Scenario().task("a", fails=["OSError"], gives=1)
    found = dry_run(
        par(retry(a, attempts=2), retry(a, attempts=2)) >> const(0) >> a, 0, scenario=script
    )
    assert [event.ending for event in found.events] == ["failed", "ok", "failed", "ok", "ok"]


def test_an_entry_for_a_path_counts_the_attempts_there() -> None:
    script = Scenario().task("a", gives=1).at("par > a#2", fails=["OSError"])
    assert [e[:2] for e in ran(par(a, retry(a, attempts=2)), scenario=script)] == [
        ("par > a", "ok"), ("par > a#2", "failed"), ("par > a#2", "ok"),
    ]  # fmt: skip


def test_an_entry_for_an_item_goes_before_that_of_its_task() -> None:
    script = A2.task("a", item="y", fails="OSError")
    each = const(["x", "y"]) >> map_each(const(0) >> a, key=it)
    assert ran(each, scenario=script) == [
        ("map_each[x] > a", "ok", 0, 2),
        ("map_each[y] > a", "failed", 0, 2),
    ]


def test_failures_carry_the_tags_of_known_classes() -> None:
    found = dry_run(
        fallback(a, const(-1), on=OSError),
        0,
        scenario=Scenario().task("a", fails="ConnectionError"),
    )
    assert found.result == Success(-1)
    found = dry_run(a, 0, scenario=Scenario().task("a", fails=failing(VendorDown, "gone")))
    assert isinstance(found.result, Failure)
    assert isinstance(found.result.failure(), Failed)
    assert "ConnectionError" in found.result.failure().tags


def test_retry_after_is_waited_for_up_to_the_cap() -> None:
    from fwf import backoff

    script = Scenario().task("a", fails=[failing("OSError", retry_after=minutes(1))], gives=1)
    assert dry_run(retry(a, attempts=2), 0, scenario=script).took == minutes(1)
    capped = retry(a, attempts=2, wait=backoff(seconds(1), cap=seconds(4)))
    assert dry_run(capped, 0, scenario=script).took == seconds(4)


def doubled(n: int) -> int:
    if n < 0:
        raise ValueError("below zero")
    return 2 * n


def slow(n: int) -> timedelta:
    return seconds(n)


def test_outputs_and_durations_may_depend_on_the_input() -> None:
    script = Scenario().task("a", gives_by=doubled, takes=slow)
    found = dry_run(a >> a, 3, scenario=script)
    assert (found.result, found.took) == (Success(12), seconds(9))
    failed = dry_run(a, -1, scenario=Scenario().task("a", gives_by=doubled)).result
    assert isinstance(failed, Failure)
    assert failed.failure().tags[0] == "ValueError"


def test_drawn_durations_differ_by_place_and_seed_and_nothing_else() -> None:
    script = Scenario().task("a", gives=1, takes=normal(seconds(10), seconds(2)))
    w = par(a, a) >> const(0) >> retry(a, attempts=2)
    one, two = dry_run(w, 0, scenario=script), dry_run(w, 0, scenario=script)
    assert one.events == two.events
    assert [e.end for e in one.events] == [e.end for e in two.events]
    assert len({e.end - e.start for e in one.events}) == 3
    assert dry_run(w, 0, scenario=script.seeded(1)).end != one.end


def test_missing_parameters_fail_the_run_and_resources_are_not_asked_for() -> None:
    found = dry_run(sized)
    assert isinstance(found.result, Failure)
    assert isinstance(found.result.failure(), BadInput)
    assert found.attempts == 0
    script = Scenario().task("sized", gives=1)
    assert dry_run(with_params(sized, size=3), scenario=script).result == Success(1)

    @task(name="reads", config={})
    def reads(*, db: object) -> int:
        raise AssertionError

    assert dry_run(reads, scenario=Scenario().task("reads", gives=1)).result == Success(1)


# Time


def test_a_deadline_is_inclusive() -> None:
    assert dry_run(timeout(a, seconds(2)), 0, scenario=A2).result == Success(1)
    cut = dry_run(timeout(a, seconds(1.999999)), 0, scenario=A2)
    assert cut.result == Failure(TimedOut("a", seconds(1.999999)))
    assert [(e.ending, e.end) for e in cut.events] == [("cut", 1_999_999)]


def test_a_finaliser_runs_to_its_end() -> None:
    found = dry_run(timeout(always(a, then=b), seconds(1)), 0, scenario=AB)
    assert [(e.task, e.ending, e.end) for e in found.events] == [
        ("a", "cut", 10**6),
        ("b", "ok", 4 * 10**6),
    ]
    assert isinstance(found.result, Failure)


def test_fail_fast_cuts_the_others_and_unites_ties() -> None:
    both = par(b, fallback(a, fail("X")) >> fail("Y"), a >> fail("Z"), fail_fast=True)
    found = dry_run(both, 0, scenario=AB)
    assert isinstance(found.result, Failure)
    assert [leaf.tags[0] for leaf in leaves(found.result.failure())] == ["Y", "Z"]
    assert (found.took, [e.ending for e in found.events]) == (seconds(2), ["cut", "ok", "ok"])


def test_the_pages_example_of_lost_slots() -> None:
    each = const(list(range(1000))) >> timeout(map_each(a, at_once=1), seconds(5))
    assert [e[1] for e in ran(each, scenario=A2)] == ["ok", "ok", "cut"]
    first = const(list(range(1000))) >> map_each(a, at_once=1, on_error="fail_fast")
    assert len(ran(first, scenario=Scenario().task("a", fails="OSError"))) == 1


# Workers and pools


def test_workers_take_who_was_ready_first_then_who_stands_leftmost() -> None:
    found = ran(par(a, b, a, b), scenario=AB, workers=2)
    assert found == [
        ("par > a", "ok", 0, 2), ("par > b", "ok", 0, 3), ("par > a#2", "ok", 2, 4),
        ("par > b#2", "ok", 3, 6),
    ]  # fmt: skip


def worker(name: str) -> Any:
    @task(name=name, config={})
    def made(n: int) -> int:
        raise AssertionError

    return made


def test_with_few_workers_a_barrier_less_may_take_longer() -> None:
    """Graham 1969. Stages of 0, 1, 1 and of 1, 0, 1 seconds on two workers."""
    p, q, r, x, y, z = map(worker, "pqrxyz")
    script = Scenario()
    for name, n in zip("pqrxyz", (0, 1, 1, 1, 0, 1), strict=True):
        script = script.task(name, gives=0, takes=seconds(n))
    barrier = par(p, q, r) >> const(0) >> par(x, y, z)
    fused = par(p >> x, q >> y, r >> z)
    assert dry_run(barrier, 0, scenario=script, workers=2).took == seconds(2)
    assert dry_run(fused, 0, scenario=script, workers=2).took == seconds(3)
    assert dry_run(fused, 0, scenario=script).took == seconds(2)


def test_a_pool_bounds_its_own_and_holds_up_nobody_else() -> None:
    w = par(in_pool(a, "vendor"), in_pool(a, "vendor"), b)
    assert ran(w, scenario=AB, pools={"vendor": 1}) == [
        ("par > a", "ok", 0, 2), ("par > b", "ok", 0, 3), ("par > a#2", "ok", 2, 4),
    ]  # fmt: skip


def test_waiting_counts_against_the_deadline_and_leaves_no_event() -> None:
    w = par(a, timeout(a, seconds(1)), timeout(b, seconds(4)))
    found = dry_run(w, 0, scenario=AB, workers=1)
    assert [(e.path, e.ending, e.end) for e in found.events] == [
        ("par > a", "ok", 2 * 10**6), ("par > b", "cut", 4 * 10**6),
    ]  # fmt: skip
    assert isinstance(found.result, Failure)


def test_who_starts_at_the_deadlines_instant_is_cut_at_once() -> None:
    found = ran(par(a, timeout(a, seconds(2))), scenario=A2, workers=1)
    assert found[1] == ("par > a#2", "cut", 2, 2)


@pytest.mark.parametrize("sizes", [{"workers": 0}, {"pools": {"p": 0}}, {"pools": {"p": "2"}}])
def test_sizes_are_one_or_more(sizes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1"):
        dry_run(a, 0, **sizes)


# What it tells


def test_the_critical_path_goes_through_graphs_and_waits() -> None:
    @graph
    def diamond() -> Any:
        first = const(0)()
        return named("join", pure(it))(a(first)), b(first)

    found = dry_run(diamond, scenario=AB)
    assert [e.task for e in found.critical_path] == ["b"]
    spread = const([1, 2, 3]) >> map_each(a, at_once=1)
    assert [e.start for e in dry_run(spread, scenario=A2).critical_path] == [
        0,
        2 * 10**6,
        4 * 10**6,
    ]


def test_totals_are_by_task() -> None:
    found = dry_run(par(a, timeout(b, seconds(1)), a), 0, scenario=AB)
    assert found.by_task["a"] == (2, 0, 0, seconds(4))
    assert found.by_task["b"] == (1, 0, 1, seconds(1))
    assert found.attempts == 3


# Scenarios that don't fit


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (Scenario().task("aa"), r"there is no task 'aa'; did you mean 'a'\?"),
        (Scenario().task("zzz", item="x"), "there is no task 'zzz'; there are a, b"),
        (Scenario().at("par > a#3"), r"there is no task at 'par > a#3'; did you mean 'par > a'\?"),
        (Scenario().task("a", fails="shop.VendrDown"), r"did you mean 'shop.VendorDown'\?"),
        (Scenario().task("a", fails="ConectionError"), r"did you mean 'ConnectionError'\?"),
    ],
)
def test_a_scenario_that_names_what_isnt_there_is_refused(scenario: Scenario, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        dry_run(retry(par(a, b), attempts=2, on="shop.VendorDown"), 0, scenario=scenario)


def test_keys_and_rounds_in_paths_may_be_any() -> None:
    script = (
        Scenario().task("a", gives=1).at("map_each[x > y] > loop_until[3] > a", takes=seconds(1))
    )
    w = map_each(const(0) >> loop_until(a, it > 5, limit=3, on_limit="stop"), key=it)
    assert dry_run(w, ["x > y"], scenario=script).took == seconds(1)


# Size


def nested(wrap: Any, core: Any, depth: int) -> Any:
    for _ in range(depth):
        core = wrap(core)
    return core


@sizes(deep=5_000)
@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: retry(w, attempts=2),
        lambda w: timeout(w, seconds(5)),
        lambda w: fallback(w, const(1)),
        lambda w: always(w, then=identity),
        lambda w: named("x", w),
        lambda w: in_pool(w, "p"),
        lambda w: local(w, x=1),
        lambda w: loop_until(w, it > -1, limit=2),
        lambda w: branch(it > -1, then=w, otherwise=const(1)),
        lambda w: par(w) >> pure(it[0]),
        lambda w: par(w, const(1), fail_fast=True) >> pure(it[0]),
    ],
)
def test_depth_is_no_trouble(wrap: Any, workers: int | None, size: int) -> None:
    found = dry_run(nested(wrap, a, size), 0, scenario=A2, workers=workers)
    assert (found.result, found.took) == (Success(1), seconds(2))
    assert len(list(events(found.trace))) == found.attempts == 1


@sizes(quick=10_000)
def test_size_is_no_trouble(size: int) -> None:
    from pyrsistent import pvector

    chain: Node = Seq(pvector([a] * size))
    assert dry_run(chain, 0, scenario=A2).took == 2 * size * seconds(1)
    for fail_fast in (False, True):
        fan: Node = Par((a,) * size, fail_fast)
        found = dry_run(fan, 0, scenario=A2)
        assert (found.attempts, found.took) == (size, seconds(2))
    loop = loop_until(a, it > 5, limit=size, on_limit="stop")
    assert dry_run(loop, 0, scenario=A2).attempts == size


def test_what_two_ways_of_a_graph_have_in_common_is_counted_once() -> None:
    """The second start of a task is its second attempt, whichever ways lead there."""
    again = Graph((Step(a, (-1,)), Step(b, (0,)), Step(b, (0,)), Step(a, (-1,), (1, 2))), 3, 1)
    for fails, ending in (([None, OSError, None], "failed"), ([None, None, OSError], "ok")):
        night = dry_run(again, 1, scenario=Scenario().task("a", fails=fails))
        assert [each.ending for each in night.events if each.task == "a"] == ["ok", ending]


UNDEFINED = branch(it.missing > 1, then=identity, otherwise=identity)


@pytest.mark.parametrize(
    ("w", "path"),
    [
        (UNDEFINED, ""),
        (named("daily", UNDEFINED), "daily"),
        (named("daily", par(identity, UNDEFINED)), "daily"),
        (par(identity, UNDEFINED), "par"),
        (par(named("part", UNDEFINED)), "par > part"),
        (named("daily", branch(it == 1, then=UNDEFINED, otherwise=identity)), "daily > then"),
    ],
)
def test_a_predicate_without_value_is_told_where_a_run_tells_it(w: Any, path: str) -> None:
    fault = run(w, 1).failure()
    assert dry_run(w, 1).result == Failure(fault)
    assert [each.path for each in leaves(fault)] == [path]
