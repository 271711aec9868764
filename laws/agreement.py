"""Does an interpreter do what the dry run says, in the same world?

A case is a workflow with a scenario that says of every place what happens there, so that all who
run it meet the same world, in whichever order they look at it. Agreed on are the outcome, and the
partial order of attempts with their places, endings and results; by who keeps virtual time, the
times too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, Literal, TypeAlias, final, get_args

from hypothesis import strategies as st
from returns.result import Result

from fwf.algebra.nodes import Task
from fwf.algebra.schedule import Schedule, every
from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import delay, fail, map_each, par, pure, retry, timeout
from fwf.faults import Fault
from fwf.interpreters.dry_run import dry_run
from fwf.records import record
from fwf.testing import sample_tasks, strategies as draw
from fwf.worlds.scenario import EMPTY, Scenario, failing
from fwf.worlds.trace import Event, events

from . import erased
from .around import around, placed
from .law import DRAWN, Interpreter, Run, outcome_text

Kind: TypeAlias = Literal["result", "trace", "times"]


@final
@record()
class Case:
    """What an interpreter is compared on."""

    w: AnyWorkflow
    value: int
    scenario: Scenario
    params: dict[str, object]


def reference(w: Any, value: Any, scenario: Scenario, params: Any) -> Run:
    """The dry run, in the form in which interpreters are called."""
    return dry_run(w, value, scenario=scenario, params=params)


# Cases

THEMES: tuple[tuple[draw.Part, ...], ...] = (
    (),
    ("delay", "fail_fast", "timeout"),
    ("always", "delay", "fail_fast", "timeout"),
    ("retry",),
    ("retry", "timeout"),
    ("fail_fast", "map_each"),
    ("map_each", "timeout"),
    ("loop_until",),
    ("delay", "loop_until", "timeout"),
    ("always", "graph", "timeout"),
    ("in_pool", "map_each", "retry"),
    ("param", "extension", "named", "retry"),
)
"""What workflows are made of beside `seq`, `par`, `branch` and `fallback`; () is all but jitter.

Few kinds at a time meet one another more often (swarm testing: Groce et al. 2012).
"""


@st.composite
def cases(draws: st.DrawFn, *, max_leaves: int = 6, expected: Interpreter = reference) -> Case:
    """A workflow, and a script for every place where it does something."""
    return draws(scripted(several_flows(max_leaves), expected))


@st.composite
def scripted(draws: st.DrawFn, ws: st.SearchStrategy[AnyWorkflow], expected: Interpreter) -> Case:
    """One of these workflows, and a script for every place where it does something.

    What looks up results of earlier runs finds none.
    """
    w = draws(ws)
    value, params = draws(draw.numbers()), draw.taken_by(w, draws(draw.params()))
    scenario, count = EMPTY, -1
    results = draw.results_in(w)
    while count < len(scenario.paths):
        count = len(scenario.paths)
        for event in events(expected(w, value, scenario, params).trace):
            if event.path not in scenario.paths:
                own = {"gives": results[event.task]} if event.task in results else None
                scenario = scenario.at(event.path, **(own or draws(scripts())))
    return Case(w, value, scenario, params)


@lru_cache
def several_flows(max_leaves: int) -> st.SearchStrategy[AnyWorkflow]:
    """Workflows side by side, since what each of them does can be seen; one stands alone."""
    one = st.sampled_from(THEMES).flatmap(partial(flows, max_leaves))
    others = overtaken(sample_tasks.PLAIN), spread()
    several = st.lists(st.one_of(one, one, one, *others), min_size=1, max_size=4)
    return several.map(_beside)


@lru_cache
def flows(max_leaves: int, kinds: tuple[draw.Part, ...]) -> st.SearchStrategy[AnyWorkflow]:
    """A workflow of these kinds of parts, in some context."""
    without = tuple(part for part in get_args(draw.Part) if part not in kinds) if kinds else DRAWN
    inner = draw.workflows(max_leaves=max_leaves, without=without)
    return st.builds(placed, inner, around("any", ()))


def overtaken(plain: Sequence[Task[Any, Any]]) -> st.SearchStrategy[AnyWorkflow]:
    """What is cut and tried again, often while the earlier attempts would still be at work.

    By chance alone, one case in a thousand is such. plain: the tasks that it is made of.
    """
    some = draw.workflows(max_leaves=2, without=("delay", "fail", "unfit"), plain=plain)
    cuts = st.one_of(
        st.builds(timeout, some, draw.durations(0, 2)),
        st.builds(_raced, some, draw.durations(0, 2)),
    )
    return st.builds(_again, cuts, st.integers(2, 3), draw.durations(0, 1))


@lru_cache
def spread() -> st.SearchStrategy[AnyWorkflow]:
    """What is tried again after a time that is drawn, once or for several items.

    It stands in no other workflows, since little happens at one instant then.
    """
    some = draw.workflows(max_leaves=2, without=("jitter", "unfit"))
    waits = st.builds(_drawn, draw.durations(1, 3), st.integers(0, 9))
    again = st.builds(_again, some, st.integers(2, 3), waits)
    return st.one_of(again, again.map(_for_each))


def _drawn(delay: timedelta, seed: int) -> Schedule:
    return every(delay).jitter(seed)


def _for_each(w: AnyWorkflow) -> AnyWorkflow:
    return pure(sample_tasks.several) >> map_each(w) >> pure(sample_tasks.total)


def _raced(w: AnyWorkflow, d: timedelta) -> AnyWorkflow:
    return par(w, delay(d) >> fail("ConnectionError"), fail_fast=True) >> pure(sample_tasks.total)


def _again(w: AnyWorkflow, n: int, wait: timedelta | Schedule) -> AnyWorkflow:
    return retry(w, attempts=n, wait=wait)


def _beside(ws: list[AnyWorkflow]) -> AnyWorkflow:
    return par(*ws) if len(ws) > 1 else ws[0]


@lru_cache
def scripts() -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments of `Scenario.at`: mostly what goes well, at once or in a while.

    What is cut stops or works on, or nothing is said of that.
    """
    failures = st.one_of(
        draw.errors(), st.builds(failing, draw.errors(), retry_after=draw.durations())
    )
    gives = st.one_of(
        draw.numbers().map(lambda n: {"gives": n}),
        st.lists(draw.numbers(), min_size=1, max_size=3).map(lambda n: {"gives_each": n}),
        st.sampled_from(WORKS).map(lambda by: {"gives_by": by}),
    )
    some = st.lists(st.none() | failures, min_size=1, max_size=3)
    takes = st.one_of(
        draw.durations(),
        st.lists(draw.durations(), min_size=2, max_size=3),
        st.sampled_from([sample_tasks.as_long, sample_tasks.half_as_long]),
    )
    fails = st.integers(0, 9).flatmap(lambda n: some if n > 6 else failures if n == 6 else NEVER)
    return st.builds(_script, gives, fails, takes, draw.when_cut())


NEVER = st.just(())
WORKS = (*sample_tasks.SHIFT, sample_tasks.unless_odd)


def _script(gives: dict[str, Any], fails: Any, takes: Any, cut: dict[str, Any]) -> dict[str, Any]:
    return {**gives, **({"fails": fails} if fails else {}), "takes": takes, **cut}


# Whether they agree


def differences(
    case: Case, interpreter: Interpreter, expected: Interpreter, *, timed: bool = False
) -> list[Kind]:
    """Case, interpreter, whom to agree with ⟶ in what their runs differ."""
    one, other = ran(case, interpreter), ran(case, expected)
    kinds: list[Kind] = []
    if not same_result(one.result, other.result):
        kinds.append("result")
    if erased.trace(one.trace, placed=True) != erased.trace(other.trace, placed=True):
        kinds.append("trace")
    elif timed and _times(one) != _times(other):
        kinds.append("times")
    return kinds


def ran(case: Case, interpreter: Interpreter) -> Run:
    """Run a case."""
    return interpreter(case.w, case.value, case.scenario, case.params)


def same_result(one: Result[Any, Fault], other: Result[Any, Fault]) -> bool:
    """Whether two runs end just alike: values with their types, faults with their paths."""
    return one == other and erased.same_result(one, other)


def _times(run: Run) -> Any:
    return run.end, erased.trace(run.trace, placed=True, timed=True)


def explained(
    case: Case, interpreter: Interpreter, expected: Interpreter, *, timed: bool = False
) -> str:
    """What a disagreement shows: the case as source, and both runs as timelines."""
    differ = differences(case, interpreter, expected, timed=timed)
    lines = [f"the run is not as expected: another {', another '.join(differ)}", repr(case.w)]
    lines.append(f"on {case.value!r}, params {case.params!r}, {case.scenario!r}")
    for name, one in (("expected", expected), ("found", interpreter)):
        run = ran(case, one)
        lines.append(f"{name}: {outcome_text(run.result)} at {run.end}")
        lines += map(_line, sorted(events(run.trace), key=_start))
    return "\n".join(lines)


def _start(event: Event) -> int:
    return event.start


def _line(event: Event) -> str:
    what = f"= {event.result!r}" if event.ending == "ok" else event.result or ""
    tries = f" {event.tries}" if event.tries else ""
    return f"    {event.start}–{event.end}  {event.path}{tries}: {event.ending} {what}"
