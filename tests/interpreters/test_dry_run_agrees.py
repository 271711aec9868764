"""`dry_run` against the page: the same outcome, trace and end as the recursive denotation."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
from returns.result import Success

from fwf import (
    Graph,
    Step,
    Workflow,
    always,
    as_result,
    branch,
    const,
    delay,
    dry_run,
    fail,
    failed,
    fallback,
    from_result,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    on_failure,
    optional,
    par,
    param,
    poll,
    pure,
    recover,
    retry,
    seconds,
    seq,
    task,
    timeout,
    value_of,
)
from fwf.algebra.nodes import Task
from fwf.algebra.schedule import Schedule, backoff, delays
from fwf.algebra.traverse import walk
from fwf.analysis.requirements import requirements
from fwf.testing.generated_pieces import local
from fwf.worlds.scenario import Scenario, WhenCut, failing
from fwf.worlds.trace import Event, events
from laws.denotation import meaning, result_of
from laws.model import model

DEEP = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@task
def a(n: int) -> int:
    raise AssertionError("a dry run calls no task")


@task
def b(n: int) -> int:
    raise AssertionError


@task
def c(n: int, *, size: int) -> int:
    raise AssertionError


@task
def both_of(left: int, right: int) -> int:
    raise AssertionError


@task
def nothing() -> int:
    raise AssertionError


def total(parts: Any) -> int:
    return int(sum(parts) % 7)


def some(n: int) -> list[int]:
    return [(n + i) % 5 for i in range(n % 5)]


def same(n: int) -> list[int]:
    return [n % 5] * (n % 4)


def held(results: list[Any]) -> int:
    return sum(1 for each in results if type(each).__name__ == "Success")


def grown(x: Any) -> int:
    return (sum(x) if isinstance(x, tuple) else (x or 0)) * 2 + 1


def or_zero(n: int | None) -> int:
    return n or 0


def is_even(n: int) -> bool:
    return n % 2 == 0


TAGS: tuple[Any, ...] = ((), OSError, ConnectionError, "Declared", "Timeout", ("Timeout", OSError))
durations = st.integers(0, 4).map(seconds)
predicates: st.SearchStrategy[Any] = st.one_of(
    st.integers(0, 6).map(lambda n: it > n),
    st.just(is_even),
    st.just(param("size", int) > 2),
    st.just(it.nope > 1),
)
waits: st.SearchStrategy[timedelta | Schedule] = st.one_of(
    durations,
    st.lists(durations, max_size=3).map(lambda each: delays(*each)),
    durations.map(lambda d: backoff(d, cap=seconds(3))),
)


def dag(draw: st.DrawFn, size: int) -> Workflow[Any, Any]:
    steps: list[Step] = []
    for index in range(draw(st.integers(1, 5))):
        sources = st.integers(-1, index - 1)
        after = tuple(draw(st.lists(sources, max_size=1)))
        match draw(st.sampled_from(["one", "one", "two", "none"])):
            case "one":
                steps.append(Step(workflow(draw, size // 3), (draw(sources),), after))
            case "two":
                steps.append(Step(both_of, (draw(sources), draw(sources)), after))
            case _:
                steps.append(Step(nothing, (), after))
    return Graph(tuple(steps), draw(st.integers(0, len(steps) - 1)), 1)


def workflow(draw: st.DrawFn, size: int) -> Any:
    """A workflow from int to int of about so many nodes."""

    def inner(parts: int = 1) -> Any:
        return workflow(draw, (size - 1) // parts)

    if size <= 1:
        leaf: Any = draw(st.sampled_from(LEAVES))
        return delay(draw(durations)) if leaf is None else leaf
    match draw(st.sampled_from(SHAPES)):
        case "seq":
            n = draw(st.integers(2, 3))
            return seq(*(inner(n) for _ in range(n)))
        case "par":
            n, fast = draw(st.integers(2, 4)), draw(st.booleans())
            return par(*(inner(n) for _ in range(n)), fail_fast=fast) >> pure(total)
        case "join":
            return par(inner(2), inner(2)) >> both_of
        case "branch":
            return branch(draw(predicates), then=inner(2), otherwise=inner(2))
        case "loop":
            within = draw(st.one_of(st.none(), durations))
            on_limit: Any = draw(st.sampled_from(["fail", "stop"]))
            n, done = draw(st.integers(1, 3)), draw(predicates)
            return loop_until(inner(), done, limit=n, within=within, on_limit=on_limit)
        case "map":
            at_once = draw(st.one_of(st.none(), st.integers(1, 3)))
            items = pure(draw(st.sampled_from([some, same])))
            on_error: Any = draw(st.sampled_from(["settle", "fail_fast", "collect"]))
            key = draw(st.sampled_from([None, None, it]))
            each = map_each(inner(), at_once=at_once, on_error=on_error, key=key)
            return items >> each >> pure(held if on_error == "collect" else total)
        case "retry":
            n, on = draw(st.integers(1, 3)), draw(st.sampled_from(TAGS))
            return retry(inner(), attempts=n, wait=draw(waits), on=on)
        case "again":  # while what was cut may still be at work
            within = timeout(inner(), draw(st.integers(0, 3).map(seconds)))
            return retry(within, attempts=draw(st.integers(2, 3)), wait=draw(durations))
        case "timeout":
            return timeout(inner(), draw(st.integers(0, 3)) * draw(durations))
        case "fallback":
            return fallback(inner(2), inner(2), on=draw(st.sampled_from(TAGS)))
        case "tolerated":
            kept: Any = as_result(inner(2))
            again: list[Any] = [
                lambda: recover(inner(), draw(st.integers(0, 6)), on=draw(st.sampled_from(TAGS))),
                lambda: optional(inner()) >> pure(or_zero),
                lambda: branch(failed(it), then=const(3), otherwise=pure(value_of(it))),
                lambda: from_result,
                lambda: optional(from_result) >> pure(or_zero),
                lambda: fallback(from_result, const(1) >> inner(2)),
                lambda: on_failure(from_result, then=const(1) >> inner(2)),
            ]
            at = draw(st.integers(0, len(again) - 1))
            return again[at]() if at < 2 else kept >> again[at]()
        case "poll":
            n, least = draw(st.integers(1, 3)), draw(st.integers(0, 6))
            return poll(inner(), it > least, every=draw(durations), limit=n, on_limit="stop")
        case "always":
            return always(inner(2), then=inner(2))
        case "around":
            around: list[Any] = [
                lambda w: local(w, size=draw(st.integers(0, 4) | st.just(it))),
                lambda w: named("part", w),
                lambda w: in_pool(w, "vendor"),
            ]
            return draw(st.sampled_from(around))(inner())
        case _:
            return dag(draw, size)


LEAVES = [a, b, c, a, b, c, a, b, nothing, pure(it + 1), identity, fail("Declared", "so"), None]
SHAPES = [
    "seq", "par", "par", "join", "branch", "loop", "map", "retry", "timeout", "timeout", "fallback",
    "always", "around", "dag", "again", "tolerated", "tolerated", "poll",
]  # fmt: skip
WHEN_CUT: tuple[WhenCut | None, ...] = (None, "stops", "works on")
failures = st.one_of(
    st.none(),
    st.sampled_from(
        [
            failing(ConnectionError, "down"),
            failing(["Declared", "Trouble"]),
            failing(TypeError),
            failing(TimeoutError, retry_after=seconds(2)),
        ]
    ),
)


def tasks_in(w: Workflow[Any, Any]) -> list[Task[Any, Any]]:
    return list(
        {id(here.node): here.node for here in walk(w) if isinstance(here.node, Task)}.values()
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Workflow[Any, Any], int, Scenario]:
    """A workflow, its input, and a scenario for its tasks."""
    w, n = workflow(draw, draw(st.integers(1, 30))), draw(st.integers(0, 6))
    made = Scenario()
    for each in tasks_in(w):
        fails = draw(st.lists(failures, max_size=3))
        takes = draw(st.lists(durations, min_size=1, max_size=3))
        when_cut = draw(st.sampled_from(WHEN_CUT))
        if draw(st.booleans()):
            gives: dict[str, Any] = {"gives_by": grown}
        else:
            gives = {"gives_each": draw(st.lists(st.integers(0, 6), min_size=1, max_size=3))}
        made = made.task(each.name, fails=fails, takes=takes, when_cut=when_cut, **gives)
    return w, n, made


def times(trace: Any) -> list[tuple[Event, int, int]]:
    return [(event, event.start, event.end) for event in events(trace)]


def assert_agrees(w: Workflow[Any, Any], n: int, scenario: Scenario) -> None:
    params = {each.name: 3 for each in requirements(w).parameters}
    found = dry_run(w, n, scenario=scenario, params=params)
    expected = meaning(model(scenario), w, n, params)
    assert (found.result, found.end) == (result_of(expected.o), expected.e)
    assert found.degraded == expected.degraded
    assert found.trace == expected.t
    assert times(found.trace) == times(expected.t)
    with_enough = dry_run(w, n, scenario=scenario, params=params, workers=10**6)
    assert (with_enough.result, with_enough.end) == (found.result, found.end)
    assert times(with_enough.trace) == times(found.trace)


def test_outputs_are_counted_without_the_attempts_that_failed() -> None:
    script = Scenario().task(
        "a", fails=[failing(ConnectionError)], gives_each=[1, 2], takes=seconds(1)
    )
    w = par(retry(a, attempts=2)) >> const(4) >> a
    assert_agrees(w, 4, script)
    assert dry_run(w, 4, scenario=script).result == Success(2)


@DEEP
@given(cases())
def test_a_dry_run_means_what_the_page_says(case: tuple[Workflow[Any, Any], int, Scenario]) -> None:
    assert_agrees(*case)
