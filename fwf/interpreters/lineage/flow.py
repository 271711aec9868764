"""What flows where in a workflow? Each combinator's way with values, followed without running."""

from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, assert_never, cast, final

from fwf.algebra.counts import total
from fwf.algebra.expr import IT, Get
from fwf.algebra.nodes import (
    Always,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    Graph,
    Limit,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import Visit, children, fold, visit
from fwf.algebra.workflow import Workflow
from fwf.interpreters.lineage.datasets import EMPTY, Datasets, Touched
from fwf.interpreters.lineage.values import NOTHING, Flow, Value, evaluated, whole
from fwf.records import record

MAX_PLACES = 2_000_000
"""Places of a workflow that are followed one by one. Where parts that are shared stand in more,
each of these is followed once, as if whatever goes into it anywhere went into it everywhere."""


@final
@record(eq=False)
class Stop:
    """A task where it stands, and its vertex."""

    visit: Visit
    task: Task[Any, Any]
    vertex: int


class Answer(NamedTuple):
    """What a part gives, and which datasets it touches."""

    value: Value
    touched: Touched


class Ask(NamedTuple):
    """A part that is to be followed: its place, what goes into it, what decides that it runs."""

    visit: Visit
    value: Value
    control: int


class Shared(NamedTuple):
    """A part that was followed already: its entries, to be fed once more, and its answer."""

    value: int
    control: int
    answer: Answer


Rule: TypeAlias = Generator[Ask, Answer, Answer]


@final
class Follower:
    """Follows the values of one workflow from task to task."""

    __slots__ = ("_shared", "datasets", "flow", "known", "stops")

    def __init__(self) -> None:
        self.flow = Flow()
        self.datasets = Datasets(self.flow)
        self.stops: list[Stop] = []
        self.known: dict[int, Shared] = {}
        self._shared: frozenset[int] = frozenset()

    def follow(self, w: Workflow[Any, Any]) -> Touched:
        """Workflow ⟶ the datasets that it touches. Explicit stack."""
        if fold(_places, w) > MAX_PLACES:
            self._shared = _repeated(w)
        rules = [self._rule(Ask(visit(w), NOTHING, NOTHING))]
        answer: Answer | None = None
        while True:
            try:
                ask = next(rules[-1]) if answer is None else rules[-1].send(answer)
            except StopIteration as end:
                rules.pop()
                answer = cast(Answer, end.value)
                if not rules:
                    return answer.touched
            else:
                answer = self._leaf(ask)
                if answer is None:
                    rules.append(self._rule(ask))

    def _rule(self, ask: Ask) -> Rule:
        if id(ask.visit.node) in self._shared:
            return self._once(ask)
        return self._inside(ask)

    def _once(self, ask: Ask) -> Rule:
        """Whatever goes into a shared part later can still be added to what goes in now."""
        value, control = self.flow.blank(whole(ask.value)), self.flow.blank(ask.control)
        answer = yield from self._inside(Ask(ask.visit, value, control))
        touched = answer.touched
        kept = touched if touched is EMPTY else touched.copy()
        self.known[id(ask.visit.node)] = Shared(value, control, Answer(answer.value, kept))
        return answer

    def _leaf(self, ask: Ask) -> Answer | None:
        """The answer of what has no parts, or was followed before; None for others."""
        node = ask.visit.node
        if id(node) in self.known:
            value, control, answer = self.known[id(node)]
            self.flow.data[value].append(whole(ask.value))
            self.flow.data[control].append(ask.control)
            kept = answer.touched
            return Answer(answer.value, kept if kept is EMPTY else kept.copy())
        return None if id(node) in self._shared else self._alone(ask)

    def _alone(self, ask: Ask) -> Answer | None:
        node = ask.visit.node
        match node:
            case Task():
                return self._task(ask, node)
            case Pure():
                return Answer(evaluated(node.expr, ask.value, self.flow), EMPTY)
            case Fail():
                return Answer(NOTHING, EMPTY)
            case Delay():
                return Answer(ask.value, EMPTY)
            case _:
                return None

    def _task(self, ask: Ask, task: Task[Any, Any]) -> Answer:
        """A task that takes no input makes nothing of it."""
        data = whole(ask.value) if task.contract.inputs else NOTHING
        vertex = self.flow.blank(data, control=ask.control)
        self.stops.append(Stop(ask.visit, task, vertex))
        return Answer(vertex, self.datasets.of_task(task, vertex))

    def _inside(self, ask: Ask) -> Rule:
        node = ask.visit.node
        match node:
            case Seq():
                return self._seq(ask)
            case Par():
                return self._par(ask)
            case Branch():
                return self._branch(ask, node)
            case LoopUntil():
                return self._loop_until(ask, node)
            case MapEach():
                return self._map_each(ask)
            case Graph():
                return self._graph(ask, node)
            case Fallback():
                return self._fallback(ask)
            case Always():
                return self._always(ask)
            case Retry():
                return self._retry(ask)
            case Timeout() | WithParams() | Limit() | Named() | Extension():
                return self._through(ask)
            case Task() | Pure() | Fail() | Delay():
                return self._only(ask)
            case _:
                assert_never(node)

    def _only(self, ask: Ask) -> Rule:
        """A whole workflow, or a shared part, that has no parts."""
        yield from ()
        return cast(Answer, self._alone(ask))

    def _through(self, ask: Ask) -> Rule:
        (part,) = ask.visit.parts()
        return (yield Ask(part, ask.value, ask.control))

    def _retry(self, ask: Ask) -> Rule:
        """A later attempt reads what an earlier one wrote."""
        value, touched = yield from self._through(ask)
        return Answer(value, self.datasets.again(touched))

    def _seq(self, ask: Ask) -> Rule:
        value, touched = ask.value, EMPTY
        for part in ask.visit.parts():
            value, more = yield Ask(part, value, ask.control)
            touched = self.datasets.after(touched, more)
        return Answer(value, touched)

    def _par(self, ask: Ask) -> Rule:
        values, touched = list[Value](), EMPTY
        for part in ask.visit.parts():
            value, more = yield Ask(part, ask.value, ask.control)
            values.append(value)
            touched = self.datasets.beside(touched, more)
        return Answer(self.flow.several(values), touched)

    def _branch(self, ask: Ask, node: Branch[Any, Any]) -> Rule:
        test = whole(evaluated(node.predicate, ask.value, self.flow))
        control = self.flow.vertex(ask.control, test)
        then, otherwise = ask.visit.parts()
        one, touched = yield Ask(then, ask.value, control)
        other, more = yield Ask(otherwise, ask.value, control)
        value = self.flow.decided(self.flow.either(one, other), test)
        return Answer(value, self.datasets.apart(touched, more))

    def _loop_until(self, ask: Ask, node: LoopUntil[Any, Any]) -> Rule:
        """The test decides whether there is another round, and so which value comes out."""
        (part,) = ask.visit.parts()
        entry, again = self.flow.entry(ask.value), self.flow.blank(ask.control)
        value, touched = yield Ask(part, entry, again)
        self.flow.feed(entry, value)
        test = whole(evaluated(node.done, value, self.flow))
        self.flow.data[again].append(test)
        return Answer(self.flow.decided(value, test), self.datasets.again(touched))

    def _map_each(self, ask: Ask) -> Rule:
        """The list decides how often the body runs, and how long the result is."""
        (part,) = ask.visit.parts()
        items = whole(ask.value)
        value, touched = yield Ask(part, items, self.flow.vertex(ask.control, items))
        made = self.flow.vertex(whole(value), control=items)
        return Answer(made, self.datasets.for_each(touched))

    def _fallback(self, ask: Ask) -> Rule:
        """The handler gets what went into the part that failed, not what came of it."""
        body, handler = ask.visit.parts()
        one, touched = yield Ask(body, ask.value, ask.control)
        other, more = yield Ask(handler, ask.value, ask.control)
        return Answer(self.flow.either(one, other), self.datasets.instead(touched, more))

    def _always(self, ask: Ask) -> Rule:
        """The finaliser gets the input too; what it gives is dropped."""
        body, finaliser = ask.visit.parts()
        value, touched = yield Ask(body, ask.value, ask.control)
        _, more = yield Ask(finaliser, ask.value, ask.control)
        return Answer(value, self.datasets.at_last(touched, more))

    def _graph(self, ask: Ask, node: Graph[Any, Any]) -> Rule:
        values, touched = list[Value](), list[Touched]()

        def result(at: int) -> Value:
            if at >= 0:
                return values[at]
            return (
                evaluated(Get(IT, -1 - at), ask.value, self.flow) if node.arity > 1 else ask.value
            )

        for step, part in zip(node.steps, ask.visit.parts(), strict=True):
            given = [result(at) for at in step.inputs]
            entry = given[0] if len(given) == 1 else self.flow.several(given)
            value, more = yield Ask(part, entry, ask.control)
            values.append(value)
            touched.append(more)
        outputs = node.outputs
        if isinstance(outputs, int):
            gives = result(outputs)
        else:
            gives = self.flow.several(map(result, outputs))
        return Answer(gives, self.datasets.woven(node, touched))


def _places(node: Node, parts: tuple[int, ...]) -> int:
    return total(parts, own=1)


def _repeated(w: Workflow[Any, Any]) -> frozenset[int]:
    """The nodes that occur more than once as the same object."""
    uses: dict[int, int] = {}

    def count(node: Node, parts: tuple[None, ...]) -> None:
        for part in children(node):
            uses[id(part)] = uses.get(id(part), 0) + 1

    fold(count, w)
    return frozenset(at for at, n in uses.items() if n > 1)
