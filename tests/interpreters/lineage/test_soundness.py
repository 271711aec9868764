"""What really flows is among what lineage tells: against a machine that carries sets of sources."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, strategies as st
from pyrsistent import pvector

from fwf import (
    Task,
    Workflow,
    always,
    as_result,
    branch,
    const,
    fail,
    fallback,
    from_result,
    identity,
    it,
    map_each,
    par,
    pick,
    pure,
    retry,
    task,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.expr import Const, Expr, Get, Input
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Fail,
    Fallback,
    FromResult,
    Graph,
    LoopUntil,
    MapEach,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Step,
)
from fwf.interpreters.lineage import lineage

NAMES = ("p", "q", "r")


def task_of(number: int, takes: bool, reads: set[str], writes: set[str]) -> Task[Any, Any]:
    declared = {"name": f"t{number}", "config": {"takes": takes}}
    if takes:

        @task(effect="idempotent", reads=sorted(reads), writes=sorted(writes), **declared)
        def taking(x: Any) -> Any: ...

        return taking

    @task(effect="idempotent", reads=sorted(reads), writes=sorted(writes), **declared)
    def ignoring() -> Any: ...

    return ignoring


subsets = st.sets(st.sampled_from(NAMES), max_size=2)
tasks = st.builds(task_of, st.integers(0, 9), st.booleans(), subsets, subsets)
pures = st.sampled_from(
    [
        identity,
        const(0),
        pure(it[0]),
        pure(it[1]),
        pure(pick(1, 0)),
        pure(it[0][1]),
        fail("No"),
        from_result,
    ]
)


def a_graph(bodies: list[Workflow[Any, Any]], draws: list[int], ordered: bool) -> Any:
    """A graph whose steps take the step before last, or its own input; some only wait."""
    steps = []
    for at, (body, draw) in enumerate(zip(bodies, draws, strict=False)):
        inputs = tuple(range(-1, at))[-1 - draw % 2 :] if draw < 3 else (-1,)
        steps.append(Step(body, inputs, (at - 1,) if ordered and at else ()))
    return Graph(tuple(steps), len(steps) - 1, 1)


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda ws: Seq(pvector(ws))),
        two.map(lambda ws: par(*ws)),
        two.map(lambda ws: par(*ws)),
        two.map(lambda ws: branch(it[0] == 1, then=ws[0], otherwise=ws[1])),
        two.map(lambda ws: fallback(*ws)),
        two.map(lambda ws: always(ws[0], then=ws[1])),
        inner.map(lambda w: retry(w, attempts=2)),
        inner.map(lambda w: LoopUntil(w, expr_of(it == 1), 2, None, "fail")),
        inner.map(map_each),
        inner.map(lambda w: map_each(w, on_error="collect")),
        inner.map(as_result),
        st.builds(
            a_graph,
            st.lists(inner, min_size=2, max_size=3),
            st.lists(st.integers(0, 5), min_size=3, max_size=3),
            st.booleans(),
        ),
    )


workflows = st.recursive(st.one_of(tasks, tasks, pures), larger, max_leaves=10)


class Failed(Exception):
    """A part of the workflow failed, with a fault that tells of these sources."""

    def __init__(self, told: frozenset[str] = frozenset()) -> None:
        self.told = told


class Machine:
    """Runs a workflow whose values are sets of sources, or tuples of values.

    What is left open is `choose`: which way a branch goes, what fails, which of two concurrent
    parts comes first.
    """

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose
        self.held: dict[str, frozenset[str]] = {}
        self.wrote: dict[str, frozenset[str]] = {}

    def run(self, node: Node, value: Any) -> Any:
        """Its value, at once: used where nothing is concurrent."""
        running = self.start(node, value)
        while True:
            try:
                next(running)
            except StopIteration as end:
                return end.value

    def start(self, node: Any, value: Any) -> Iterator[None]:
        """Runs it step by step, a task being a step; ends with the value."""
        match node:
            case Task():
                yield
                return self.task(node, value)
            case Pure():
                return evaluate(node.expr, value)
            case Fail():
                raise Failed
            case Seq():
                for part in node.parts:
                    value = yield from self.start(part, value)
                return value
            case Par():
                return (yield from self.together([(part, value) for part in node.parts]))
            case Branch():
                arm = node.then if self.choose(2) else node.otherwise
                return (yield from self.start(arm, value))
            case Fallback():
                try:
                    return (yield from self.start(node.body, value))
                except Failed:
                    return (yield from self.start(node.handler, value))
            case Always():
                try:
                    made = yield from self.start(node.body, value)
                except Failed:
                    yield from self.start(node.finaliser, value)
                    raise
                yield from self.start(node.finaliser, value)
                return made
            case Retry():
                try:
                    return (yield from self.start(node.body, value))
                except Failed:
                    return (yield from self.start(node.body, value))
            case AsResult():
                try:
                    return flat((yield from self.start(node.body, value)))
                except Failed as failed:
                    return failed.told
            case FromResult():
                if self.choose(2):
                    raise Failed(flat(value))
                return flat(value)
            case LoopUntil():
                for _ in range(1 + self.choose(2)):
                    value = yield from self.start(node.body, value)
                return value
            case MapEach():
                collect = node.on_error == "collect"
                items = [(node.body, flat(value))] * self.choose(3)
                return flat((yield from self.together(items, collect)))
            case Graph():
                return (yield from self.graph(node, value))
            case _:
                raise AssertionError(node)

    def task(self, task: Task[Any, Any], value: Any) -> Any:
        data = flat(value) if task.contract.inputs else frozenset()
        if not self.choose(6):
            raise Failed(data)
        for name in task.contract.reads:
            data |= self.held.get(name, frozenset([name]))
        for name in task.contract.writes:
            self.held[name] = data
            self.wrote[name] = self.wrote.get(name, frozenset()) | data
        if not self.choose(6):
            raise Failed(data)
        return data

    def together(self, parts: list[tuple[Any, Any]], collect: bool = False) -> Iterator[None]:
        """Parts side by side, their steps in any order; all are run before a failure counts."""
        running = {at: self.start(part, value) for at, (part, value) in enumerate(parts)}
        values: list[Any] = [frozenset()] * len(parts)
        told: list[frozenset[str]] = []
        while running:
            at = list(running)[self.choose(len(running))]
            try:
                next(running[at])
                yield
            except StopIteration as end:
                values[at] = end.value
                del running[at]
            except Failed as failed:
                told.append(failed.told)
                values[at] = failed.told
                del running[at]
        if told and not collect:
            raise Failed(frozenset().union(*told))
        return tuple(values)

    def graph(self, node: Graph[Any, Any], value: Any) -> Iterator[None]:
        values: dict[int, Any] = {-1: value}
        running: dict[int, Any] = {}
        waiting = dict(enumerate(node.steps))
        told: list[frozenset[str]] = []
        while waiting or running:
            for at, step in list(waiting.items()):
                if all(i in values for i in (*step.inputs, *step.after)):
                    given = tuple(values[i] for i in step.inputs)
                    running[at] = self.start(step.body, given[0] if len(given) == 1 else given)
                    del waiting[at]
            if not running:
                break
            at = list(running)[self.choose(len(running))]
            try:
                next(running[at])
                yield
            except StopIteration as end:
                values[at] = end.value
                del running[at]
            except Failed as failed:
                told.append(failed.told)
                del running[at]
        if told:
            raise Failed(frozenset().union(*told))
        return values[node.outputs]


def flat(value: Any) -> frozenset[str]:
    """All that is in a value."""
    if isinstance(value, tuple):
        return frozenset().union(*map(flat, value))
    return value


def evaluate(expr: Expr, value: Any) -> Any:
    match expr:
        case Input():
            return value
        case Const():
            return frozenset()
        case Get(of, key):
            holder = evaluate(of, value)
            if isinstance(holder, tuple):
                if key >= len(holder):
                    raise Failed
                return holder[key]
            return holder
        case _:  # pick of several
            return tuple(evaluate(part, value) for part in expr.args)


@given(w=workflows, choices=st.data())
def test_what_flows_is_told(w: Workflow[Any, Any], choices: st.DataObject) -> None:
    known = lineage(w)
    machine = Machine(lambda n: choices.draw(st.integers(0, n - 1)) if n > 1 else 0)
    with suppress(Failed):
        machine.run(w, frozenset())
    for product, sources in machine.wrote.items():
        assert sources <= {*known.reach(product).data}


@given(w=workflows)
def test_sources_are_read_and_products_are_written(w: Workflow[Any, Any]) -> None:
    known = lineage(w)
    read = {name for each in known.tasks for name in each.reads}
    written = {name for each in known.tasks for name in each.writes}
    assert read >= {*known.sources} and written == {*known.products}
    assert read & written >= {*known.intermediates}
    assert read <= {*known.sources, *known.intermediates}
    for product in known.products:
        reach = known.reach(product)
        assert {*known.sources} >= {*reach.data, *reach.control}
        assert not {*reach.data} & {*reach.control}
