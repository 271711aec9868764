"""How long a run keeps a value: until the last task that reads it is done, without a collector."""

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, final

import pytest
from returns.result import Failure, Success

from fwf import (
    Extension,
    Ref,
    Task,
    Workflow,
    always,
    branch,
    delay,
    fallback,
    graph,
    hours,
    in_pool,
    it,
    loop_until,
    map_each,
    microseconds,
    named,
    par,
    retry,
    task,
    timeout,
    with_params,
)
from fwf.cli.running import run_target
from fwf.cli.targets import Target
from fwf.interpreters.run import execute, run
from fwf.records import record
from fwf.worlds.trace import events

REFS: list[weakref.ref[Any]] = []
SEEN: list[tuple[str, int]] = []
CALLS: dict[str, int] = {}


@final
class Big:
    """A value whose life is watched; `n` counts the tasks that it has come through."""

    def __init__(self, n: int = 0) -> None:
        self.n = n
        REFS.append(weakref.ref(self))

    def __reduce__(self) -> Any:
        return Big, (self.n,)


def alive() -> int:
    return sum(ref() is not None for ref in REFS)


def settled(most: int) -> int:
    """How many are alive; waits a while for another thread to let go of what it had."""
    end = time.monotonic() + 1
    while alive() > most and time.monotonic() < end:
        time.sleep(0.001)
    return alive()


@pytest.fixture(autouse=True)
def without_a_collector() -> Iterator[None]:
    REFS.clear()
    SEEN.clear()
    CALLS.clear()
    gc.disable()
    yield
    gc.enable()


Step = Callable[..., Task[Any, Any]]


def inline(name: str, most: int, *, fails: int = 0, gives: Callable[[int], Any] = Big) -> Any:
    """A task that says how many values are alive when it runs; fails the first few times."""

    @task(name=name, effect="pure", config={"most": most, "fails": fails})
    def step(x: Any) -> Any:
        return counted(name, most, fails, gives, x)

    return step


def asynchronous(name: str, most: int, *, fails: int = 0, gives: Callable[[int], Any] = Big) -> Any:
    @task(name=name, effect="pure", config={"most": most, "fails": fails})
    async def step(x: Any) -> Any:
        return counted(name, most, fails, gives, x)

    return step


def counted(name: str, most: int, fails: int, gives: Callable[[int], Any], x: Any) -> Any:
    SEEN.append((name, settled(most)))
    CALLS[name] = CALLS.get(name, 0) + 1
    if CALLS[name] <= fails:
        raise ConnectionError(name)
    return gives(getattr(x, "n", 0) + 1)


def three(n: int) -> list[Big]:
    return [Big(), Big(), Big()]


@record(eq=False, repr=False)
class Twice(Extension[Any, Any]):
    """A part, and then another."""

    first: Workflow[Any, Any]
    second: Workflow[Any, Any]

    def desugar(self) -> Workflow[Any, Any]:
        return self.first >> self.second


@task(effect="pure")
def pair(x: Any, y: Any) -> Any:
    return x, y


def diamond(s: Step) -> Workflow[Any, Any]:
    @graph
    def drawn(x: Ref[Any]) -> Ref[Any]:
        left = s("left", 1)(x)
        further = s("further", 2)(left)  # x is still to be read
        right = s("right", 2)(x)
        return s("last", 1)(s("join", 2)(pair(further, right)))

    return drawn


def chained(s: Step) -> Workflow[Any, Any]:
    @graph
    def drawn(x: Ref[Any]) -> Ref[Any]:
        for n in range(10):
            x = s(f"step{n}", 1)(x)
        return x

    return drawn


def output_kept(s: Step) -> Workflow[Any, Any]:
    @graph
    def drawn(x: Ref[Any]) -> tuple[Ref[Any], Ref[Any]]:
        kept = s("kept", 1)(x)
        return kept, s("b", 2)(s("a", 1)(kept))

    return drawn


def skipped(s: Step) -> Workflow[Any, Any]:
    @graph
    def drawn(x: Ref[Any]) -> Ref[Any]:
        big = s("big", 1)(x)
        bad = s("bad", 1, fails=1)(big)
        never = pair(big, bad)  # which nobody will read, now that `bad` has failed
        return pair(never, s("c", 1)(s("b", 1)(s("a", 1)(big))))

    return drawn


TABLE: dict[str, Callable[[Step], Workflow[Any, Any]]] = {
    "seq": lambda s: s("a", 1) >> s("b", 1) >> s("c", 1),
    "named": lambda s: named("n", s("a", 1) >> s("b", 1)) >> s("c", 1),
    "with_params": lambda s: with_params(s("a", 1) >> s("b", 1)) >> s("c", 1),
    "in_pool": lambda s: in_pool(s("a", 1) >> s("b", 1), "p") >> s("c", 1),
    "timeout": lambda s: timeout(s("a", 1) >> s("b", 1), hours(1)) >> s("c", 1),
    "extension": lambda s: Twice(s("a", 1), s("b", 1)) >> s("c", 1),
    "delay": lambda s: s("a", 1) >> delay(microseconds(50)) >> s("b", 1),
    "branch": lambda s: branch(it.n > 0, then=s("a", 1) >> s("b", 1), otherwise=s("c", 0)),
    "loop_until": lambda s: loop_until(s("a", 1) >> s("b", 1), it.n > 7, limit=9) >> s("c", 1),
    "par": lambda s: par(s("a", 1) >> s("b", 2), s("c", 2) >> s("d", 2)) >> s("e", 2) >> s("f", 1),
    "par that fails": lambda s: par(s("a", 1) >> s("b", 2, fails=1), s("c", 2) >> s("d", 1)),
    "map_each": lambda s: s("l", 1, gives=three) >> map_each(s("a", 3) >> s("b", 3)) >> s("c", 3),
    "map_each, one by one": lambda s: (
        s("l", 1, gives=three) >> map_each(s("a", 3) >> s("b", 3), at_once=1) >> s("c", 3)
    ),
    "map_each that collects": lambda s: (
        s("l", 1, gives=three)
        >> map_each(s("a", 3, fails=9), on_error="collect", at_once=1)
        >> s("c", 0)
    ),
    "graph": chained,
    "graph with a diamond": diamond,
    "graph that gives two": output_kept,
    "graph that fails": skipped,
    "retry": lambda s: retry(s("a", 1) >> s("b", 2, fails=2) >> s("c", 2), attempts=4) >> s("d", 1),
    "retry, last attempt": lambda s: (
        retry(s("a", 1, fails=1) >> s("b", 1), attempts=2) >> s("c", 1)
    ),
    "retry, once": lambda s: retry(s("a", 1) >> s("b", 1), attempts=1) >> s("c", 1),
    "fallback": lambda s: (
        fallback(s("a", 1) >> s("b", 2, fails=1), s("c", 1) >> s("d", 1)) >> s("e", 1)
    ),
    "always": lambda s: (
        always(s("a", 1) >> s("b", 2), then=s("f", 2) >> s("g", 2)) >> s("c", 1)
    ),
}  # fmt: skip
"""Workflows of steps: each with the most values that may be alive while it runs."""


def under_run(w: Workflow[Any, Any]) -> None:
    run(w, workers=1)


def under_execute(w: Workflow[Any, Any]) -> None:
    execute(w, workers=1, keep_results=False)


def under_the_command(w: Workflow[Any, Any]) -> None:
    run_target(Target("w", w, {}, {}), {}, {}, 1)


@pytest.mark.parametrize("way", [under_run, under_execute, under_the_command])
@pytest.mark.parametrize("worker", ["inline", "thread", "async"])
@pytest.mark.parametrize("node", TABLE)
def test_no_value_outlives_its_last_reader(node: str, worker: str, way: Any) -> None:
    s = asynchronous if worker == "async" else inline
    most: dict[str, int] = {}

    def step(name: str, at_most: int, **more: Any) -> Any:
        most[name] = at_most
        return s(name, at_most, **more)

    w = step("source", 0) >> TABLE[node](step)
    way(timeout(w, hours(1)) if worker == "thread" else w)
    assert len(SEEN) > 2
    assert [(name, n) for name, n in SEEN if n > most[name]] == []
    assert settled(0) == 0


def test_the_table_is_tight(capsys: pytest.CaptureFixture[str]) -> None:
    """What a step may keep alive, some step does: a bound that is too high would prove nothing."""
    slack: list[tuple[str, str, int]] = []
    for node, made in TABLE.items():
        SEEN.clear()
        CALLS.clear()
        most: dict[str, int] = {}

        def step(name: str, at_most: int, most: dict[str, int] = most, **more: Any) -> Any:
            most[name] = at_most
            return inline(name, at_most, **more)

        run(step("source", 0) >> made(step), workers=1)
        reached = {name: max(n for each, n in SEEN if each == name) for name, _ in SEEN}
        slack += [(node, name, n) for name, n in reached.items() if n < most[name]]
    assert slack == []


def test_an_isolated_task_leaves_nothing_behind() -> None:
    from tests.interpreters.run.isolated import takes

    run(inline("a", 0) >> takes >> inline("b", 1) >> inline("c", 1))
    assert SEEN == [("a", 0), ("b", 1), ("c", 1)]


def test_a_trace_keeps_results_unless_told_otherwise() -> None:
    w = inline("a", 0, gives=lambda n: n)
    for keep, result in ((True, 1), (False, None)):
        (event,) = events(execute(w, keep_results=keep).trace)
        assert event.result == result


def test_faults_stay_in_a_trace_without_results() -> None:
    ran = execute(inline("a", 0, fails=1), keep_results=False)
    (event,) = events(ran.trace)
    assert isinstance(ran.result, Failure) and event.result == ran.result.failure()


def test_a_failed_graph_gives_its_faults_and_runs_what_does_not_wait_for_them() -> None:
    outcome = run(inline("source", 0) >> skipped(inline))
    assert isinstance(outcome, Failure) and outcome.failure().path.endswith("bad")
    assert {name for name, _ in SEEN} == {"source", "big", "bad", "a", "b", "c"}


def test_a_graph_may_read_one_value_twice_in_one_step_and_give_its_input() -> None:
    @task(effect="pure")
    def both(x: int, y: int) -> int:
        return x + y

    @graph
    def doubled(x: Ref[int]) -> tuple[Ref[int], Ref[int], Ref[int]]:
        sum_ = both(x, x)
        return x, sum_, sum_

    assert execute(doubled, 4).result == Success((4, 8, 8))
