"""What Hypothesis draws: well-typed workflows of every node, and worlds for them to run in.

Sizes are small, values few and durations whole seconds, so that ties, deadlines and repeated
inputs happen, and what a failing test shows can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from hypothesis import strategies as st

from fwf.algebra.builder import It, apply, it, param, pick
from fwf.algebra.nodes import Graph, Node, OnError, OnLimit, Step, Task
from fwf.algebra.questions import failed, fault_of, value_of
from fwf.algebra.schedule import Schedule
from fwf.algebra.traverse import children
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.analysis.requirements import requirements
from fwf.analysis.wants import open_in
from fwf.combinators import (
    always,
    as_result,
    branch,
    const,
    delay,
    fail,
    fallback,
    from_result,
    in_pool,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    timeout,
    with_params,
)
from fwf.derived.caching import MISS, RESULTS
from fwf.durations import seconds
from fwf.records import changed
from fwf.testing import sample_tasks
from fwf.testing.generated_pieces import (
    UNFIT,
    A,
    Flow,
    Strategy,
    bindings,
    computed,
    durations,
    errors,
    evenly,
    filters,
    functions,
    functions_of_values,
    lists_of,
    numbers,
    outer,
    params,
    predicates,
    pures,
    renaming,
    schedules,
    sure_functions,
    sure_predicates,
    tests_of_values,
    words,
)
from fwf.testing.generated_words import extensions, tests_in
from fwf.testing.sample_tasks import ERRORS, PLAIN, SHIFT, VALUES
from fwf.worlds.scenario import EMPTY, Scenario

__all__ = [
    "UNFIT", "Flow", "Part", "Strategy", "bindings", "computed", "durations", "errors", "filters",
    "functions", "functions_of_values", "known_to", "numbers", "outer", "params", "pools_of",
    "predicates", "pures", "results_in", "scenarios", "scenarios_of", "schedules", "sure_functions",
    "sure_predicates", "taken_by", "tasks_in", "tests_of_values", "when_cut", "words", "workflows",
]  # fmt: skip

T = TypeVar("T")
Part: TypeAlias = Literal[
    "always", "as_result", "delay", "extension", "fail", "fail_fast", "graph", "in_pool",
    "jitter", "loop_until", "map_each", "named", "param", "retry", "timeout", "unfit",
]  # fmt: skip
"""What `workflows(without=…)` can leave out; "jitter" is drawn by the place where it stands, and
"unfit" are expressions that may have no value."""
POOLS: tuple[str, ...] = ("vendor", "warehouse")


# Workflows


def workflows(
    *,
    max_leaves: int = 5,
    without: Iterable[Part] = (),
    plain: Sequence[Task[Any, Any]] = PLAIN,
) -> Strategy[Flow]:
    """A workflow from a number to a number, of every node but those left out.

    plain: the tasks that stand in it. If given, the others that take a parameter, a pair or
        nothing don't, so that two workflows can be drawn that share no task.
    """
    return _flow(max_leaves, frozenset(without), tuple(plain))


@lru_cache(maxsize=512)
def _flow(size: int, without: frozenset[Part], plain: tuple[Task[Any, Any], ...]) -> Strategy[Flow]:
    leaf = _one_of([st.sampled_from(plain), *_leaves(without, plain)])
    if size <= 1:
        return leaf
    small = _flow(size // 2, without, plain)
    other = _flow(size - size // 2, without, plain)
    inner = _flow(size - 1, without, plain)
    kinds = {**_pairs(small, other, without), **_wrappers(inner, without)}
    if "extension" not in without:
        kinds["extension"] = _one_of(
            [kinds["extension"], *extensions(small, other, without, alone=plain != PLAIN)]
        )
    return _one_of([leaf, *(strategy for kind, strategy in kinds.items() if kind not in without)])


def _one_of(kinds: Sequence[Strategy[A]]) -> Strategy[A]:
    """One of them, each as likely; `st.one_of` counts the alternatives within each."""
    return st.integers(0, len(kinds) - 1).flatmap(kinds.__getitem__)


def _leaves(without: frozenset[Part], plain: tuple[Task[Any, Any], ...]) -> list[Strategy[Any]]:
    """Leaves, half of them tasks."""
    several: list[Flow] = [*plain]
    if plain == PLAIN:
        several += [sample_tasks.ping, par(sample_tasks.a, sample_tasks.b) >> sample_tasks.add]
        several += [sample_tasks.shifted] if "param" not in without else []
    leaves: list[Strategy[Any]] = [_pures(without)]
    if "delay" not in without:
        leaves.append(durations(1, 3).map(delay))
    if "fail" not in without:
        leaves.append(errors().map(fail))
    return [st.sampled_from(several)] * len(leaves) + leaves


def _pures(without: Iterable[Part]) -> Strategy[Flow]:
    """A pure workflow; one that has no value is rare, and may be left out."""
    kinds: list[Strategy[Any]] = [pures(), numbers().map(const)]
    if "param" in without:
        kinds = [st.sampled_from([pure(each) for each in SHIFT]), numbers().map(const)]
    if "unfit" not in without:
        kinds.append(st.just(pure(it.missing)))
    return st.one_of(kinds)


def _pairs(
    small: Strategy[Flow], other: Strategy[Flow], without: frozenset[Part]
) -> dict[str, Any]:
    """Nodes with several parts."""
    fast = st.just(False) if "fail_fast" in without else st.booleans()
    return {
        "seq": st.builds(_seq, small, other),
        "par": st.builds(_par, small, other, fast),
        "branch": st.builds(_branch, tests_in(without), small, other),
        "fallback": st.builds(_fallback, small, other, filters()),
        "always": st.builds(_always, small, other),
        "graph": st.builds(_graph, small, other, st.sampled_from(_SHAPES)),
    }


def _wrappers(inner: Strategy[Flow], without: frozenset[Part]) -> dict[str, Any]:
    """Nodes with one part."""
    few, maybe = st.integers(1, 3), st.none() | durations()
    modes: list[OnError] = ["settle", "collect", "fail_fast"]
    if "fail_fast" in without:
        modes.pop()
    ends: list[OnLimit] = ["fail", "stop"]
    waits = schedules(drawn="jitter" not in without)
    wide, kinds = (
        st.none() | st.integers(1, 2),
        st.sampled_from([sample_tasks.Twice, sample_tasks.Tolerant]),
    )
    return {
        "loop_until": st.builds(_loop, inner, tests_in(without), few, maybe, st.sampled_from(ends)),
        "map_each": st.builds(_map_each, inner, st.booleans(), wide, st.sampled_from(modes)),
        "retry": st.builds(_retry, inner, few, waits, filters()),
        "timeout": st.builds(_timeout, inner, durations()),
        "as_result": st.builds(_as_result, inner, st.sampled_from(_result_openers(without))),
        "param": st.builds(_with_params, inner, computed()),
        "in_pool": st.builds(_in_pool, inner, st.sampled_from(POOLS)),
        "named": st.builds(_named, inner),
        "extension": st.builds(_extension, inner, kinds),
    }


def _seq(a: Flow, b: Flow) -> Flow:
    return a >> b


def _par(a: Flow, b: Flow, fail_fast: bool) -> Flow:
    return par(a, b, fail_fast=fail_fast) >> pure(sample_tasks.total)


def _branch(p: It, a: Flow, b: Flow) -> Flow:
    return branch(p, then=a, otherwise=b)


def _fallback(a: Flow, b: Flow, on: tuple[str, ...]) -> Flow:
    return fallback(a, b, on=on)


def _always(a: Flow, b: Flow) -> Flow:
    return always(a, then=b)


def _loop(w: Flow, p: It, n: int, within: timedelta | None, end: OnLimit) -> Flow:
    return loop_until(w, p, limit=n, within=within, on_limit=end)


def _map_each(body: Flow, keyed: bool, at_once: int | None, on_error: OnError) -> Flow:
    mapped: Any = map_each(body, key=it if keyed else None, at_once=at_once, on_error=on_error)
    summed: Any = pure(sample_tasks.good if on_error == "collect" else sample_tasks.total)
    whole: Flow = pure(sample_tasks.several) >> mapped >> summed
    return whole


def _retry(w: Flow, n: int, wait: Schedule, on: tuple[str, ...]) -> Flow:
    return retry(w, attempts=n, wait=wait, on=on)


def _timeout(w: Flow, d: timedelta) -> Flow:
    return timeout(w, d)


def _as_result(w: Flow, then: Workflow[Any, int]) -> Flow:
    """A fault as a value, which is looked at, or is a fault again."""
    return as_result(w) >> then


_OPENED: tuple[Workflow[Any, int], ...] = (
    from_result,
    pure(sample_tasks.outcome),
    branch(failed(it), then=const(1), otherwise=pure(value_of(it))),
    branch(
        failed(it, on="OSError"),
        then=fail("KeyError", fault_of(it).tags[0]),
        otherwise=from_result,
    ),
)
"""What makes a number of a result; the last one may fail by itself."""


def _result_openers(without: frozenset[Part]) -> tuple[Workflow[Any, int], ...]:
    return _OPENED[:-1] if "fail" in without else _OPENED


def _with_params(w: Flow, computed: dict[str, object]) -> Flow:
    """Bound is what is taken; if nothing is, it is made to take an amount."""
    names = {want.name for want in open_in(w).values()}
    if not names:
        w, names = w >> _ADDED, {"amount"}
    return with_params(w, **{name: each for name, each in computed.items() if name in names})


_ADDED: Flow = pure(apply(sample_tasks.total, pick(it, param("amount", int))))


def _in_pool(w: Flow, pool: str) -> Flow:
    return in_pool(w, pool)


def _named(w: Flow) -> Flow:
    return renaming(named("part", w, owner="sales"), shop="shop_eu")


def _extension(w: Flow, kind: type[sample_tasks.Twice] | type[sample_tasks.Tolerant]) -> Flow:
    return kind(cast(Node, w))


Shape: TypeAlias = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
_SHAPES: tuple[Shape, ...] = (
    (((-1,), ()), ((0,), ()), ((0, 1), ())),  # a result used twice
    (((-1,), ()), ((-1,), ()), ((0,), ()), ((0, 1), ()), ((2, 3), ())),  # an N
    (((-1,), ()), ((-1,), (0,)), ((-1, 1), ())),  # an edge that only orders
    (((-1,), ()), ((-1,), ()), ((-1, 0), ())),  # a step that leads nowhere
)
"""Inputs and `after` of each step; the last one's result is the graph's."""


def _graph(left: Flow, right: Flow, shape: Shape) -> Flow:
    """A graph; steps with two inputs add them up first."""
    steps: list[Step] = []
    for at, (inputs, after) in enumerate(shape):
        body = right if at % 2 else left
        whole: Flow = pure(sample_tasks.total) >> body if len(inputs) > 1 else body
        steps.append(Step(cast(Node, whole), inputs, after))
    return Graph(tuple(steps), len(steps) - 1, 1)


# Worlds


def scenarios(*ws: AnyWorkflow, **kinds: bool) -> Strategy[Scenario]:
    """What the tasks of these workflows give, how they fail, and how long they take.

    by_attempt, by_input: whether that depends on the attempt, or on the input; fails: whether
    they fail. All if nothing is said. work_on: whether what may write may work on when it is cut.
    If not it stops there, as laws need it: the two sides of an equation differ in which attempts
    are one step's, and so in what has to wait for the end of what was cut.
    """
    tasks = [each for each in _tasks(*ws) if not _of_results(each)]
    readers = {each.name for each in tasks} - {
        each.name for each in tasks if each.contract.may_write
    }
    generated = scenarios_of(sorted({each.name for each in tasks}), readers=readers, **kinds)
    cached = {each.name for each in _tasks(*ws)} - {each.name for each in tasks}
    return st.builds(_without_results, generated) if cached else generated


def scenarios_of(
    names: Sequence[str],
    *,
    readers: Collection[str] = (),
    fails: bool = True,
    by_attempt: bool = True,
    by_input: bool = True,
    work_on: bool = False,
) -> Strategy[Scenario]:
    """As `scenarios`, for tasks by their names; `readers` are those that write nothing."""
    return _scenarios(
        tuple(names), frozenset(readers), _scripts(fails, by_attempt, by_input), work_on
    )


def results_in(w: AnyWorkflow) -> dict[str, Any]:
    """What the tasks of `cached` in a workflow give, by name, where no earlier run is known."""
    return {each.name: _RESULTS[each.name] for each in _tasks(w) if _of_results(each)}


def when_cut() -> Strategy[dict[str, Any]]:
    """Nothing, or the keyword argument of `Scenario.task` that says what is done when cut."""
    return st.sampled_from([{}, {"when_cut": "stops"}, {"when_cut": "works on"}])


@lru_cache(maxsize=512)
def _scenarios(
    names: tuple[str, ...],
    readers: frozenset[str],
    script: Strategy[dict[str, Any]],
    work_on: bool,
) -> Strategy[Scenario]:
    writing = st.builds(_both, script, when_cut() if work_on else st.just({"when_cut": "stops"}))
    each = {name: script if name in readers else writing for name in names}
    return st.fixed_dictionaries(each).map(_scripted)


def _both(script: dict[str, Any], cut: dict[str, Any]) -> dict[str, Any]:
    return {**script, **cut}


def _scripted(scripts: Mapping[str, Mapping[str, Any]]) -> Scenario:
    scenario = EMPTY
    for name, script in scripts.items():
        scenario = scenario.task(name, **script)
    return scenario


@lru_cache
def _scripts(fails: bool, by_attempt: bool, by_input: bool) -> Strategy[dict[str, Any]]:
    """Keyword arguments of `Scenario.task`."""
    values, times = range(VALUES), [seconds(n) for n in range(5)]
    gives: list[list[dict[str, Any]]] = [[{"gives": n} for n in values]]
    takes: list[list[Any]] = [times]
    never: list[list[Any]] = [[()]]
    if by_input:
        works = [*SHIFT, *([sample_tasks.unless_odd, sample_tasks.unless_even] if fails else [])]
        gives.append([{"gives_by": by} for by in works])
        takes.append([sample_tasks.as_long, sample_tasks.half_as_long])
    if by_attempt:
        gives.append([{"gives_each": each} for each in lists_of(values, least=1, most=3)])
        takes.append(lists_of(times, least=2, most=3))
    if fails:
        never.append([*ERRORS])
    if fails and by_attempt:
        never.append(lists_of([None, *ERRORS], most=3))
    return st.builds(_script, evenly(*gives), evenly(*never), evenly(*takes))


def _script(gives: dict[str, Any], fails: Any, takes: Any) -> dict[str, Any]:
    return {**gives, **({"fails": fails} if fails else {}), "takes": takes}


def tasks_in(*ws: AnyWorkflow) -> set[str]:
    """Workflows ⟶ the names of their tasks."""
    return {each.name for each in _tasks(*ws)}


def _tasks(*ws: AnyWorkflow) -> list[Task[Any, Any]]:
    tasks: list[Task[Any, Any]] = []
    todo = [cast(Node, w) for w in ws]
    while todo:
        node = todo.pop()
        if isinstance(node, Task):
            tasks.append(node)
        todo.extend(children(node))
    return tasks


_RESULTS: Final[dict[str, Any]] = {"look_up": dict(MISS), "remember": None}
"""What the tasks of `cached` give where nothing is known of earlier runs."""


def _of_results(task: Task[Any, Any]) -> bool:
    """Whether a task is what looks up a result of an earlier run, or keeps one: it finds none."""
    return any(each.name == RESULTS for each in task.contract.injected)


def _without_results(scenario: Scenario) -> Scenario:
    """The same, where nothing is known of earlier runs."""
    for name, value in _RESULTS.items():
        scenario = scenario.task(name, gives=value)
    return scenario


def known_to(w: AnyWorkflow, scenario: Scenario) -> Scenario:
    """Scenario ⟶ what it says of the tasks of one workflow; interpreters refuse the rest."""
    names = tasks_in(w)
    scripts = scenario.tasks
    for name in scenario.tasks:
        scripts = scripts if name in names else scripts.remove(name)
    return changed(scenario, tasks=scripts)


def pools_of(w: AnyWorkflow, sizes: Mapping[str, T]) -> dict[str, T]:
    """Sizes of pools ⟶ those of the pools that one workflow has; interpreters refuse the rest."""
    names = requirements(w).pools
    return {name: size for name, size in sizes.items() if name in names}


def taken_by(w: AnyWorkflow, values: Mapping[str, object]) -> dict[str, object]:
    """Parameters ⟶ those that one workflow takes; interpreters refuse the rest."""
    names = {each.name for each in requirements(w).parameters}
    return {name: value for name, value in values.items() if name in names}
