"""Which tasks does a cut become, and which depends on which?

A cut is gone through with an explicit stack. On the way a *flow* knows where it is: in which DAG,
behind which tasks, where the context is found, and which small things are still to be done before
the next step. These are done in its pod; where several go on from here, in one of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import partial
from typing import Any, cast, final

from fwf.algebra.nodes import (
    Always,
    Branch,
    Delay,
    Extension,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Par,
    Pure,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.paths import SEPARATOR
from fwf.durations import whole_seconds
from fwf.interpreters.engines.argo.dags import (
    AT,
    LATE,
    WHOLE,
    Dag,
    Dags,
    DagTask,
    Inner,
    Pod,
    Policy,
    Wait,
)
from fwf.interpreters.engines.argo.maps import Maps, is_expression, step_of
from fwf.interpreters.engines.argo.orders import Calls, Order
from fwf.interpreters.engines.argo.tasks import BEGIN, Flow, Tasks
from fwf.interpreters.engines.cut import Cut, EngineTask, PieceAt
from fwf.records import changed


@final
class Flows:
    """Makes the tasks of a manifest from a cut.

    most: so many items of a list are done each by itself. pools: how much each lets be at work.
    digests: those of nodes that are there already.
    """

    def __init__(
        self,
        cut: Cut,
        most: int,
        pools: dict[str, int],
        digests: dict[Hashable, bytes] | None = None,
    ) -> None:
        self._cut = cut
        self._calls = Calls({} if digests is None else digests)
        self._maps = Maps(self._calls, most, pools)
        self._tasks = Tasks()
        self._late: Flow | None = None
        self._within: timedelta | None = None
        self._todo: list[Callable[[], None]] = []

    def made(self) -> Dags:
        """All the tasks there are."""
        flow = Flow(self._tasks.dag(WHOLE), {"start": True})
        root = next(self._cut.places())
        self._tasks.pod(flow, BEGIN, [self._calls.call("begin", root.visit)], name=BEGIN)
        self._todo.append(partial(self._end, flow))
        self._go(root, flow)
        self._through()
        return Dags(tuple(self._tasks.dags), self._within, self._late is not None)

    def _through(self) -> None:
        while self._todo:
            self._todo.pop()()

    def _end(self, flow: Flow) -> None:
        """The pod that is last in the whole tells what came of it."""
        last = flow.dag.tasks[-1]
        if flow.ops or flow.source != last.name:
            self._tasks.pod(flow, "result", [])
            last = flow.dag.tasks[-1]
        pod = cast(Pod, last.does)
        last_pod = changed(pod, order=changed(pod.order, last=True))
        flow.dag.tasks[-1] = changed(last, does=last_pod)

    # What a piece becomes

    def _go(self, here: PieceAt, flow: Flow) -> None:
        node, calls = here.piece.node, self._calls
        if isinstance(here.piece, EngineTask):
            run = calls.call("run", here.visit)
            self._tasks.pod(flow, run["path"], [run])
            return
        match node:
            case Seq():
                self._each(here, flow)
            case Named() | Extension() | InPool():
                self._next(self._go, here.parts()[0], flow)
            case WithParams():
                if node.computed:
                    self._tasks.op(flow, here.path, calls.call("bind", here.visit))
                self._next(self._go, here.parts()[0], flow)
            case Pure() | FromResult():
                if is_expression(here):
                    self._tasks.op(flow, here.path, calls.call("run", here.visit))
            case _:
                self._construct(here, flow)

    def _construct(self, here: PieceAt, flow: Flow) -> None:
        match here.piece.node:
            case Delay():
                self._delay(here, flow)
            case Retry() | Timeout():
                self._tried(here, flow)
            case Always():
                self._always(here, flow)
            case Branch():
                self._branch(here, flow)
            case LoopUntil():
                self._loop(here, flow)
            case MapEach():
                self._map(here, flow)
            case Par():
                self._par(here, flow)
            case Graph():
                self._graph(here, flow)
            case _:  # which the table has as a block
                raise AssertionError(f"{here.path}: Argo has nothing for {here.piece.node!r}")

    def _next(self, do: Callable[..., None], *arguments: Any) -> None:
        self._todo.append(partial(do, *arguments))

    def _each(self, here: PieceAt, flow: Flow) -> None:
        for part in reversed(here.parts()):
            self._next(self._go, part, flow)

    def _delay(self, here: PieceAt, flow: Flow) -> None:
        duration: timedelta = cast("Delay[Any, Any]", here.piece.node).duration
        name = self._tasks.name(here.path)
        flow.dag.tasks.append(
            DagTask(name, here.path, Wait(whole_seconds(duration)), AT, flow.after)
        )
        flow.after, flow.several, flow.alone = f"{name}.Succeeded", False, False

    def _tried(self, here: PieceAt, flow: Flow) -> None:
        """A retry of a task, or a timeout around one; a timeout of the whole is the manifest's."""
        step = step_of(here, self._calls)
        if step is None or not step.runs:
            self._within = cast("Timeout[Any, Any]", here.piece.node).within
            self._next(self._go, here.parts()[0], flow)
            return
        policy = Policy(step.attempts, step.within)
        self._tasks.pod(flow, here.path, [*step.ops], policy, retry=step.retry)

    def _always(self, here: PieceAt, flow: Flow) -> None:
        """The finaliser goes on from what the whole was given, whatever became of that."""
        body, finaliser = here.parts()
        self._tasks.settled(flow, here.path)
        late = self._late = flow.fork(Dag(LATE))
        late.late = True
        self._next(self._finally, finaliser, late)
        self._next(self._go, body, flow)

    def _finally(self, here: PieceAt, late: Flow) -> None:
        self._tasks.dags.append(late.dag)
        self._next(self._ended, here, late)
        self._go(here, late)

    def _ended(self, here: PieceAt, flow: Flow) -> None:
        if flow.ops or not flow.dag.tasks:
            self._tasks.pod(flow, here.path, [])

    # Arms

    def _branch(self, here: PieceAt, flow: Flow) -> None:
        choose = self._calls.call("choose", here.visit)
        path = _branch_path(here)
        choice = self._tasks.telling(flow, path, choose)
        arms: list[Flow] = []
        for word in ("then", "otherwise"):
            arms.append(flow.inside(Dag(self._tasks.name(f"{path} {word}"))))
        self._next(self._joined, here, flow, choice, arms)
        for part, arm in zip(reversed(here.parts()), reversed(arms), strict=True):
            self._next(self._ended_arm, part, arm)
            self._next(self._go, part, arm)

    def _ended_arm(self, here: PieceAt, arm: Flow) -> None:
        self._tasks.settled(arm, here.path)

    def _joined(self, here: PieceAt, flow: Flow, choice: str, arms: list[Flow]) -> None:
        """The arms, each one task, of which one is done."""
        output = f"{{{{tasks.{choice}.outputs.parameters.word}}}}"
        names: list[str] = []
        for word, arm in zip(("then", "otherwise"), arms, strict=True):
            if arm.dag.tasks:
                task = self._as_one(here, arm.dag)
                when = f"'{output}' == '{word}'"
                flow.dag.tasks.append(changed(task, depends=flow.after, when=when))
                names.append(task.name)
        if not names:
            return
        states = [f"{names[0]}.Succeeded", f"{names[-1]}.Succeeded"]
        if len(names) == 1:
            states[1] = f"{names[0]}.Skipped"
        others = [arm.source for arm in arms if arm.source != choice]
        source = (
            {"any": [*others, *([choice] if len(others) < len(arms) else [])]} if others else choice
        )
        flow.behind(f"({states[0]} || {states[1]})", source, several=True)

    def _as_one(self, here: PieceAt, dag: Dag) -> DagTask:
        """A DAG as one task: the only one that it has, or one that is all of it."""
        if len(dag.tasks) == 1 and not dag.tasks[0].when:
            return dag.tasks[0]
        self._tasks.dags.append(dag)
        return DagTask(dag.name, here.path, Inner(dag.name))

    # Rounds

    def _loop(self, here: PieceAt, flow: Flow) -> None:
        slot = self._calls.slot(here.visit)
        if cast("LoopUntil[Any, Any]", here.piece.node).within is not None:
            self._tasks.op(flow, here.path, self._calls.call("loop", here.visit, enter=True))
            slot = ""  # which remembers when that was
        self._tasks.settled(flow, here.path)
        dag = self._tasks.dag(self._tasks.name(f"{here.path} round"), ("outer",))
        body, ends = here.parts()[0], self._tasks.name(f"{here.path} ends")
        source: dict[str, Any] = {"round": flow.source, "next": "", "slot": slot}
        inner = flow.inside(dag, source)
        self._next(self._around, here, flow, inner, ends)
        self._next(self._again, here, inner, ends, source)
        self._next(self._go, body, inner)

    def _again(self, here: PieceAt, inner: Flow, ends: str, source: dict[str, Any]) -> None:
        """Behind a round there is another one, or not."""
        loop = self._calls.call("loop", here.visit)
        last = self._tasks.telling(inner, here.path, loop, ends=ends)
        source["next"] = last
        outputs = f"{{{{tasks.{last}.outputs.parameters."
        name = self._tasks.name(f"{here.path} again")
        at = f"{{{{inputs.parameters.outer}}}}.{outputs}round}}}}"
        does = Inner(inner.dag.name, outer="{{inputs.parameters.outer}}")
        when = f"'{outputs}word}}}}' == 'again'"
        inner.dag.tasks.append(DagTask(name, here.path, does, at, inner.after, when))

    def _around(self, here: PieceAt, flow: Flow, inner: Flow, ends: str) -> None:
        name = self._tasks.name(f"{here.path} rounds")
        does = Inner(inner.dag.name, outer=AT)
        flow.dag.tasks.append(DagTask(name, here.path, does, f"{AT}.1", flow.after))
        flow.behind(f"{name}.Succeeded", ends)

    # Items

    def _map(self, here: PieceAt, flow: Flow) -> None:
        step = self._maps.step(here)
        if step is None:  # what is done for each item is no pod
            self._tasks.pod(flow, here.path, [self._calls.call("run", here.visit)])
            return
        spread = self._maps.spread(here)
        list_ = self._tasks.telling(flow, here.path, spread)
        body = here.parts()[0]
        name = self._tasks.name(f"{body.path} each" if body.path == here.path else body.path)
        collects = cast("MapEach[Any, Any]", here.piece.node).on_error == "collect"
        order = Order(
            name, {"item": list_}, step.ops, retry=step.retry, collects=collects, late=flow.late
        )
        items = f"{{{{tasks.{list_}.outputs.parameters.items}}}}"
        pod = Pod(order, Policy(step.attempts, step.within))
        each = DagTask(name, body.path, pod, f"{AT}.{{{{item}}}}", each=items)
        whole = self._whole(here, flow, list_)
        flow.dag.tasks.append(self._bounded(here, changed(each, depends=flow.after)))
        end = flow.dag.tasks[-1].name
        flow.dag.tasks.append(whole)
        gather = self._calls.call("gather", here.visit, items=name, block=whole.name)
        after = f"({end}.Succeeded || {end}.Skipped) && ({whole.name}.Succeeded || "
        flow.behind(f"{after}{whole.name}.Skipped)", list_, several=True)
        flow.ops.append(gather)

    def _whole(self, here: PieceAt, flow: Flow, list_: str) -> DagTask:
        """The map in one pod, for a list that is too long."""
        name = self._tasks.name(f"{here.path} as a whole")
        run = self._calls.call("run", here.visit)
        pod = Pod(Order(name, list_, (run,), late=flow.late), Policy())
        when = f"'{{{{tasks.{list_}.outputs.parameters.word}}}}' == 'block'"
        return DagTask(name, here.path, pod, AT, flow.after, when)

    def _bounded(self, here: PieceAt, each: DagTask) -> DagTask:
        """The task for each item; in a DAG of its own where only so many may be at work."""
        at_once = self._maps.at_once(here)
        if at_once is None:
            return each
        dag = self._tasks.dag(self._tasks.name(f"{here.path} items"), ("items",), at_once)
        dag.tasks.append(changed(each, depends="", each="{{inputs.parameters.items}}"))
        does = Inner(dag.name, items=each.each)
        return DagTask(
            self._tasks.name(f"{here.path} all items"), here.path, does, AT, each.depends
        )

    # Side by side

    def _par(self, here: PieceAt, flow: Flow) -> None:
        self._tasks.one(flow, here.path)
        ways = [(part, flow.fork()) for part in here.parts()]
        self._next(self._met, here, flow, [way for _, way in ways])
        for part, way in reversed(ways):
            self._next(self._ended_arm, part, way)
            self._next(self._go, part, way)

    def _met(self, here: PieceAt, flow: Flow, ways: list[Flow]) -> None:
        join = self._calls.call("join", here.visit, parts=[way.source for way in ways])
        after = _all(ways)
        flow.behind(after or flow.after, flow.source, several=True)
        flow.ops.append(join)

    def _graph(self, here: PieceAt, flow: Flow) -> None:
        self._tasks.one(flow, here.path)
        parts, ways = here.parts(), [flow.fork() for _ in here.parts()]
        self._next(self._all_met, here, flow, ways)
        for at in reversed(range(len(parts))):
            self._next(self._ended_arm, parts[at], ways[at])
            self._next(self._go, parts[at], ways[at])
            self._next(self._picked, here, at, ways)

    def _picked(self, here: PieceAt, at: int, ways: list[Flow]) -> None:
        """A step of a graph is behind those that it needs, and given what they gave."""
        step, way = cast("Graph[Any, Any]", here.piece.node).steps[at], ways[at]
        sources = [ways[i] for i in step.inputs if i >= 0]
        before = [*sources, *(ways[i] for i in step.after if i >= 0)]
        parts = [each.source for each in before]
        after = _all(before)
        if after:
            way.after, way.several = after, len(before) > 1
        way.ops.append(self._calls.call("pick", here.visit, step=at, parts=parts))

    def _all_met(self, here: PieceAt, flow: Flow, ways: list[Flow]) -> None:
        steps = cast("Graph[Any, Any]", here.piece.node).steps
        needed = {i for step in steps for i in (*step.inputs, *step.after)}
        ends = [way for at, way in enumerate(ways) if at not in needed]
        end = self._calls.call("end", here.visit, parts=[way.source for way in ways])
        after = _all(ends)
        flow.behind(after or flow.after, flow.source, several=True)
        flow.ops.append(end)


def _branch_path(here: PieceAt) -> str:
    """The path of a branch, which has none of its own."""
    around = here.visit.paths.enclosing(here.visit.spot)
    return f"{around}{SEPARATOR}branch" if around else "branch"


def _all(ways: list[Flow]) -> str:
    """The condition that all of several ways have come to their ends."""
    return " && ".join(dict.fromkeys(way.after for way in ways if way.after))
