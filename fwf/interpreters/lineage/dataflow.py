"""What flows where in a workflow? Each combinator's way with values, followed without running."""

from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, assert_never, cast, final

from pyrsistent import pmap

from fwf.algebra.counts import total
from fwf.algebra.expr import IT, Get
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
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
from fwf.algebra.traverse import Visit, children, fold, merged, trampoline, visit
from fwf.algebra.workflow import AnyWorkflow
from fwf.interpreters.lineage.datasets import EMPTY, Datasets, DatasetUse
from fwf.interpreters.lineage.origins import (
    NOTHING,
    UNBOUND,
    Bound,
    Computed,
    Flow,
    Item,
    List,
    Value,
    evaluate,
    whole,
)
from fwf.records import record

MAX_PLACES = 2_000_000
"""Places of a workflow that are followed one by one. Where parts that are shared stand in more,
each of these is followed once, as if whatever goes into it anywhere went into it everywhere."""


@final
@record(eq=False)
class Stop:
    """A task where it stands, what goes into it, and the vertex of what it gives."""

    visit: Visit
    task: Task[Any, Any]
    value: Value
    vertex: int


class Answer(NamedTuple):
    """What a part gives, and which datasets it touches."""

    value: Value
    use: DatasetUse


class Ask(NamedTuple):
    """A part that is to be followed: its place, what goes into it, what decides that it runs.

    `bound` are the parameters that are computed around it.
    """

    visit: Visit
    value: Value
    control: int
    bound: Bound = UNBOUND

    def part(self, visit: Visit, value: Value, control: int | None = None) -> "Ask":
        """That of one of its parts, which runs if it does, unless something else decides."""
        return Ask(visit, value, self.control if control is None else control, self.bound)


class Shared(NamedTuple):
    """A part that was followed already: its entries, to be fed once more, and its answer."""

    value: int
    control: int
    fault: int
    bound: int
    answer: Answer


Rule: TypeAlias = Generator[Ask, Answer, Answer]


@final
class Follower:
    """Follows the values of one workflow from task to task."""

    __slots__ = ("_computed", "_failing", "_shared", "answers", "datasets", "flow", "stops")

    def __init__(self) -> None:
        self.flow = Flow()
        self._failing: list[int] = []
        """What may be in a fault that nothing has caught: the vertices of what may have failed."""
        self.datasets = Datasets(self.flow)
        self.stops: list[Stop] = []
        self.answers: dict[int, Shared] = {}
        self._shared: frozenset[int] = frozenset()
        self._computed: frozenset[str] = frozenset()
        """Where some are shared, all names of parameters that are computed anywhere."""

    def follow(self, w: AnyWorkflow) -> DatasetUse:
        """Workflow ⟶ the datasets that it touches. Explicit stack."""
        if fold(_places, w) > MAX_PLACES:
            self._shared, self._computed = _shared_nodes(w), _computed_names(w)
        first = Ask(visit(w), NOTHING, NOTHING)
        return trampoline(self._rule, first, at_once=self._leaf).use

    def _rule(self, ask: Ask) -> Rule:
        if id(ask.visit.node) in self._shared:
            return self._once(ask)
        return self._inside(ask)

    def _once(self, ask: Ask) -> Rule:
        """Whatever goes into a shared part later can still be added to what goes in now."""
        value, control = self.flow.blank(whole(ask.value)), self.flow.blank(ask.control)
        bound = self.flow.blank(*ask.bound.values())
        names = pmap(dict.fromkeys(self._computed, bound))
        before = len(self._failing)
        answer = yield from self._inside(Ask(ask.visit, value, control, names))
        use = answer.use
        copy = Answer(answer.value, use if use is EMPTY else use.copy())
        fault = self._fault(before)
        self._failing.append(fault)
        self.answers[id(ask.visit.node)] = Shared(value, control, fault, bound, copy)
        return answer

    def _leaf(self, ask: Ask) -> Answer | None:
        """The answer of what has no parts, or was followed before; None for others."""
        node = ask.visit.node
        if id(node) in self.answers:
            value, control, fault, bound, answer = self.answers[id(node)]
            self._failing.append(fault)
            self.flow.data[value].append(whole(ask.value))
            self.flow.data[control].append(ask.control)
            self.flow.data[bound].extend(ask.bound.values())
            use = answer.use
            return Answer(answer.value, use if use is EMPTY else use.copy())
        return None if id(node) in self._shared else self._alone(ask)

    def _alone(self, ask: Ask) -> Answer | None:
        node = ask.visit.node
        match node:
            case Task():
                return self._task(ask, node)
            case Pure():
                return Answer(evaluate(node.expr, ask.value, self.flow, ask.bound), EMPTY)
            case Fail():
                if not isinstance(node.message, str):
                    message = evaluate(node.message, ask.value, self.flow, ask.bound)
                    self._failing.append(whole(message))
                return Answer(NOTHING, EMPTY)
            case Delay():
                return Answer(ask.value, EMPTY)
            case FromResult():
                self._failing.append(whole(ask.value))
                return Answer(whole(ask.value), EMPTY)
            case _:
                return None

    def _task(self, ask: Ask, task: Task[Any, Any]) -> Answer:
        """A task that takes no input makes nothing of it; of parameters it has those it takes."""
        data = whole(ask.value) if task.contract.inputs else NOTHING
        params = [ask.bound.get(each.name, NOTHING) for each in task.contract.injected]
        vertex = self.flow.blank(data, *params, control=ask.control)
        self.stops.append(Stop(ask.visit, task, ask.value, vertex))
        self._failing.append(vertex)
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
                return self._map_each(ask, node)
            case Graph():
                return self._graph(ask, node)
            case Fallback():
                return self._fallback(ask, node)
            case Always():
                return self._always(ask)
            case Retry():
                return self._retry(ask)
            case AsResult():
                return self._as_result(ask)
            case WithParams():
                return self._with_params(ask, node)
            case Timeout() | InPool() | Named() | Extension():
                return self._through(ask)
            case Task() | Pure() | Fail() | Delay() | FromResult():
                return self._only(ask)
            case _:
                assert_never(node)

    def _only(self, ask: Ask) -> Rule:
        """A whole workflow, or a shared part, that has no parts."""
        yield from ()
        return cast(Answer, self._alone(ask))

    def _through(self, ask: Ask) -> Rule:
        (part,) = ask.visit.parts()
        return (yield ask.part(part, ask.value))

    def _with_params(self, ask: Ask, node: WithParams[Any, Any]) -> Rule:
        """What a parameter is computed from is in it, wherever that is taken."""
        computed = {
            name: whole(evaluate(expr, ask.value, self.flow, ask.bound))
            for name, expr in node.params.items()
        }
        return (yield from self._through(ask._replace(bound=merged(ask.bound, computed))))

    def _retry(self, ask: Ask) -> Rule:
        """A later attempt reads what an earlier one wrote."""
        value, use = yield from self._through(ask)
        return Answer(value, self.datasets.again(use))

    def _as_result(self, ask: Ask) -> Rule:
        """What failed in it is in the result as well, in its place."""
        before = len(self._failing)
        value, use = yield from self._through(ask)
        return Answer(self.flow.vertex(whole(value), self._fault(before)), use)

    def _fault(self, before: int) -> int:
        """One vertex for all that may have failed since there were so many."""
        failing = self._failing[before:]
        del self._failing[before:]
        return self.flow.vertex_of(Computed(self.flow.vertex(*failing)))

    def _seq(self, ask: Ask) -> Rule:
        value, use = ask.value, EMPTY
        for part in ask.visit.parts():
            value, more = yield ask.part(part, value)
            use = self.datasets.after(use, more)
        return Answer(value, use)

    def _par(self, ask: Ask) -> Rule:
        values, use = list[Value](), EMPTY
        for part in ask.visit.parts():
            value, more = yield ask.part(part, ask.value)
            values.append(value)
            use = self.datasets.beside(use, more)
        return Answer(self.flow.several(values), use)

    def _branch(self, ask: Ask, node: Branch[Any, Any]) -> Rule:
        test = whole(evaluate(node.predicate, ask.value, self.flow, ask.bound))
        control = self.flow.vertex(ask.control, test)
        then, otherwise = ask.visit.parts()
        one, use = yield ask.part(then, ask.value, control)
        other, more = yield ask.part(otherwise, ask.value, control)
        value = self.flow.choice(self.flow.either(one, other), test)
        return Answer(value, self.datasets.apart(use, more))

    def _loop_until(self, ask: Ask, node: LoopUntil[Any, Any]) -> Rule:
        """The test decides whether there is another round, and so which value comes out."""
        (part,) = ask.visit.parts()
        entry, again = self.flow.entry(ask.value), self.flow.blank(ask.control)
        value, use = yield ask.part(part, entry, again)
        self.flow.feed(entry, value)
        test = whole(evaluate(node.done, value, self.flow, ask.bound))
        self.flow.data[again].append(test)
        return Answer(self.flow.choice(value, test), self.datasets.again(use))

    def _map_each(self, ask: Ask, node: MapEach[Any, Any]) -> Rule:
        """The list decides how often the body runs, and how long the result is."""
        (part,) = ask.visit.parts()
        items, before = whole(ask.value), len(self._failing)
        item = self.flow.vertex_of(Item(items))
        value, use = yield ask.part(part, item, self.flow.vertex(ask.control, items))
        faults = self._fault(before) if node.on_error == "collect" else NOTHING
        results = self.flow.vertex_of(List(self.flow.vertex(whole(value), faults)), control=items)
        return Answer(results, self.datasets.for_each(use))

    def _fallback(self, ask: Ask, node: Fallback[Any, Any]) -> Rule:
        """The handler gets what went into the part that failed, not what came of it."""
        body, handler = ask.visit.parts()
        before = len(self._failing)
        one, use = yield ask.part(body, ask.value)
        if not node.on:
            del self._failing[before:]
        other, more = yield ask.part(handler, ask.value)
        return Answer(self.flow.either(one, other), self.datasets.instead(use, more))

    def _always(self, ask: Ask) -> Rule:
        """The finaliser gets the input too; what it gives is dropped."""
        body, finaliser = ask.visit.parts()
        value, use = yield ask.part(body, ask.value)
        _, more = yield ask.part(finaliser, ask.value)
        return Answer(value, self.datasets.at_last(use, more))

    def _graph(self, ask: Ask, node: Graph[Any, Any]) -> Rule:
        values, uses = list[Value](), list[DatasetUse]()

        def result(at: int) -> Value:
            if at >= 0:
                return values[at]
            return evaluate(Get(IT, -1 - at), ask.value, self.flow) if node.arity > 1 else ask.value

        for step, part in zip(node.steps, ask.visit.parts(), strict=True):
            inputs = [result(at) for at in step.inputs]
            entry = inputs[0] if len(inputs) == 1 else self.flow.several(inputs)
            value, more = yield ask.part(part, entry)
            values.append(value)
            uses.append(more)
        outputs = node.outputs
        if isinstance(outputs, int):
            gives = result(outputs)
        else:
            gives = self.flow.several(map(result, outputs))
        return Answer(gives, self.datasets.woven(node, uses))


def _places(node: Node, parts: tuple[int, ...]) -> int:
    return total(parts, own=1)


def _shared_nodes(w: AnyWorkflow) -> frozenset[int]:
    """The nodes that occur more than once as the same object."""
    uses: dict[int, int] = {}

    def count(node: Node, parts: tuple[None, ...]) -> None:
        for part in children(node):
            uses[id(part)] = uses.get(id(part), 0) + 1

    fold(count, w)
    return frozenset(at for at, n in uses.items() if n > 1)


def _computed_names(w: AnyWorkflow) -> frozenset[str]:
    """The names of the parameters that are computed anywhere in a workflow."""
    names = set[str]()

    def collect(node: Node, parts: tuple[None, ...]) -> None:
        if isinstance(node, WithParams):
            names.update(name for name, _ in node.computed)

    fold(collect, w)
    return frozenset(names)
