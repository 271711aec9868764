"""Which tasks has a workflow on Airflow, by its cut, and what does each go on from?

What costs nothing is done by whoever needs it: expressions, the tuple of a `par`, the input of a
graph's step. So a task is what Airflow should show as one: work, a choice between arms, a list of
items, and what several others would otherwise do again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias, cast, final

from fwf.algebra.nodes import (
    Branch,
    Graph,
    InPool,
    MapEach,
    Named,
    Node,
    Par,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.parts import children
from fwf.algebra.traverse import fold, trampoline, visit
from fwf.interpreters.engines.airflow.light import is_identity, is_light, outputs, readers_of
from fwf.interpreters.engines.airflow.steps import (
    GROUPS,
    LETTERS,
    Came,
    Either,
    Facts,
    Group,
    Had,
    Kind,
    Light,
    Mapped,
    Plan,
    Question,
    Retried,
    Source,
    Step,
    grouped,
    has_light,
    tasks_of,
)
from fwf.interpreters.engines.cut import Cut, EngineTask, Inner, PieceAt
from fwf.interpreters.engines.engine_names import Alphabet
from fwf.interpreters.engines.features import Contents, contents_of, task_in
from fwf.interpreters.engines.worker.call import Verb

MOST_ARMS: Final = 3
"""As many tasks of arms are looked at by each that goes on behind a branch; else one does it."""
MOST_GROUPS: Final = 12
"""Groups in groups, our choice: Airflow goes through them by recursion."""


@final
class Around(NamedTuple):
    """What is around a piece: the number of its group, how many there are around, its pool."""

    group: int = -1
    depth: int = 0
    pool: str | None = None


PieceEntry: TypeAlias = tuple[PieceAt, Source, Around]
Making: TypeAlias = Generator[PieceEntry, Source, Source]
"""Asks for what becomes of parts, and gives what goes on behind them."""


def planned(cut: Cut, target: str, *, limit: int | None = None) -> Plan:
    """Cut, the workflow as `module:attribute` ⟶ its tasks. O(size of what is written out).

    limit: so many bytes a value may take where it isn't put into the store.
    """
    return _Planner(cut, target, limit).plan()


@final
class _Planner:
    def __init__(self, cut: Cut, target: str, limit: int | None) -> None:
        self._cut = cut
        self._facts = Facts(target, limit, {})
        self._steps: list[Step] = []
        self._groups: list[Group] = []
        self._ids: set[str] = set()
        self._within: Contents = contents_of(cut.workflow)
        light: dict[Any, bool] = {}
        fold(is_light, cut.workflow, results=light)
        self._light = light
        self._root = PieceAt(cut.piece, visit(cut.workflow))

    def plan(self) -> Plan:
        root = self._root
        while isinstance(root.piece, Inner) and isinstance(root.piece.node, Named):
            root = root.parts()[0]  # a name of the whole is the DAG's
        within = self._within_whole(root)
        call = self._call("begin", self._root, timed=within is not None)
        begin = self._added("begin", self._root, call, None, Around(), "begin")
        result = self._made(root, begin)
        if has_light(result):
            result = self._pass_on(result, root, Around(), "end")
        groups, steps = grouped(self._groups, self._steps)
        return Plan(steps, groups, result, within)

    def _within_whole(self, root: PieceAt) -> timedelta | None:
        """The time that a timeout around the whole gives it, if it isn't that of a task."""
        node = root.piece.node
        timed = isinstance(root.piece, Inner) and isinstance(node, Timeout)
        return cast("Timeout[Any, Any]", node).within if timed and self._is_compound(root) else None

    def _made(self, root: PieceAt, source: Source) -> Source:
        """What goes on behind a piece. Explicit stack."""
        return trampoline(self._making, (root, source, Around()))

    def _making(self, entry: PieceEntry) -> Making:
        here, source, around = entry
        piece = here.piece
        if self._light[id(piece.node)]:
            return self._of_light(here, source)
        if isinstance(piece, EngineTask):
            return self._of_task(here, source, around)
        way = self._ways.get(type(piece.node), _Planner._of_word)
        return way(self, here, source, around)

    # Leaves

    def _of_light(self, here: PieceAt, source: Source) -> Making:
        yield from ()
        if is_identity(here.piece.node):
            return source
        return Light(self._call("run", here), source)

    def _of_task(self, here: PieceAt, source: Source, around: Around) -> Making:
        yield from ()
        return self._run(here, source, around)

    def _run(self, here: PieceAt, source: Source, around: Around) -> Came:
        node = here.piece.node
        within = node.within if isinstance(node, Timeout) else None
        pool = self._pool(node, around)
        return self._step("call", here, "run", source, around, pool=pool, within=within)

    def _pool(self, node: Node, around: Around) -> str | None:
        """The pool that a task is in: the one around it, or one that is in it."""
        return around.pool or min(self._within[id(node)].pools, default=None)

    # What is around one part

    def _of_name(self, here: PieceAt, source: Source, around: Around) -> Making:
        node = cast("Named[Any, Any]", here.piece.node)
        below = around
        if around.depth < MOST_GROUPS and not isinstance(here.piece, EngineTask):
            below = around._replace(group=len(self._groups), depth=around.depth + 1)
            id_ = self._id(here.path, "group", GROUPS)
            self._groups.append(Group(id_, node.name, around.group))
        return (yield here.parts()[0], source, below)

    def _of_word(self, here: PieceAt, source: Source, around: Around) -> Making:
        return (yield here.parts()[0], source, around)

    def _of_bindings(self, here: PieceAt, source: Source, around: Around) -> Making:
        if cast("WithParams[Any, Any]", here.piece.node).computed:
            source = Light(self._call("bind", here), source)
        return (yield here.parts()[0], source, around)

    def _of_pool(self, here: PieceAt, source: Source, around: Around) -> Making:
        pool = cast("InPool[Any, Any]", here.piece.node).pool
        return (yield here.parts()[0], source, around._replace(pool=pool))

    def _of_timeout(self, here: PieceAt, source: Source, around: Around) -> Making:
        if self._is_compound(here):
            return (yield here.parts()[0], source, around)
        return self._run(here, source, around)

    def _is_compound(self, here: PieceAt) -> bool:
        """Whether a timeout is around more than a task."""
        return task_in(children(here.piece.node)[0]) is None

    def _of_retry(self, here: PieceAt, source: Source, around: Around) -> Making:
        yield from ()
        return self._tried(here, source, around)

    def _tried(
        self, here: PieceAt, source: Source, around: Around, mapped: Mapped | None = None
    ) -> Came:
        """A task that Airflow tries again; all that the retry is around is done as one."""
        node = cast("Retry[Any, Any]", here.piece.node)
        inner = here.parts()[0]
        timed: Node = inner.piece.node
        while isinstance(timed, Named | WithParams | InPool):
            timed = timed.body
        return self._step(
            "call" if mapped is None else "item",
            inner,
            "run",
            source,
            around,
            retried=Retried(self._call("run", here), node.attempts),
            mapped=mapped,
            pool=self._pool(node, around),
            within=timed.within if isinstance(timed, Timeout) else None,
        )

    # Several parts

    def _of_seq(self, here: PieceAt, source: Source, around: Around) -> Making:
        for part in here.parts():
            source = yield part, source, around
        return source

    def _of_par(self, here: PieceAt, source: Source, around: Around) -> Making:
        source = self._single(source, here, around)
        parts: list[Source] = []
        for part in here.parts():
            parts.append((yield part, source, around))
        return Light(self._call("join", here), source, tuple(parts))

    def _of_branch(self, here: PieceAt, source: Source, around: Around) -> Making:
        choice = self._step("call", here, "choose", source, around, "choose")
        arms: list[Source] = []
        for part, word in zip(here.parts(), ("then", "otherwise"), strict=True):
            arms.append((yield part, Came(choice.task, word), around))
        return Either(tuple(arms))

    def _of_graph(self, here: PieceAt, source: Source, around: Around) -> Making:
        node = cast("Graph[Any, Any]", here.piece.node)
        source = self._single(source, here, around)
        readers, gave = readers_of(node), list[Source]()
        for at, (step, part) in enumerate(zip(node.steps, here.parts(), strict=True)):
            before = self._picked(here, at, source, gave)
            behind = [task for n in step.after if n >= 0 for task in tasks_of(gave[n])]
            if behind:
                before = self._pass_on(before, part, around, "input", tuple(dict.fromkeys(behind)))
            output = yield part, before, around
            gave.append(output if readers[at] <= 1 else self._single(output, part, around))
        ends = [
            Had() if isinstance(each, Light) and at not in outputs(node) and readers[at] else each
            for at, each in enumerate(gave)
        ]
        return Light(self._call("end", here), source, tuple(ends))

    def _picked(self, here: PieceAt, at: int, source: Source, gave: list[Source]) -> Source:
        """What a step of a graph goes on from."""
        node = cast("Graph[Any, Any]", here.piece.node)
        inputs = node.steps[at].inputs
        if len(inputs) == 1 and inputs[0] >= 0:
            return gave[inputs[0]]
        if inputs == (-1,) and node.arity == 1:
            return source
        parts = tuple([gave[n] for n in inputs if n >= 0])
        return Light(self._call("pick", here, step=at), source, parts)

    # Items

    def _of_map(self, here: PieceAt, source: Source, around: Around) -> Making:
        yield from ()
        node = cast("MapEach[Any, Any]", here.piece.node)
        items = self._step("spread", here, "spread", source, around, "items")
        mapped = Mapped(items.task, node.at_once, node.on_error == "collect")
        body = here.parts()[0]
        each = self._each(body, items, around, mapped)
        return self._step(
            "gather",
            here,
            "gather",
            items,
            around,
            "gather",
            whole=self._call("run", here),
            behind=(each.task,),
            pool=self._pool(node, around),
        )

    def _each(self, body: PieceAt, items: Came, around: Around, mapped: Mapped) -> Came:
        """The task that is done for each item: whatever is around a task in it is done with it."""
        inner = body
        while isinstance(inner.piece, Inner) and isinstance(inner.piece.node, Named | InPool):
            inner = inner.parts()[0]
        if isinstance(inner.piece, Inner) and isinstance(inner.piece.node, Retry):
            pool = min(self._within[id(body.piece.node)].pools, default=around.pool)
            return self._tried(inner, items, around._replace(pool=pool), mapped)
        pool = self._pool(body.piece.node, around)
        node = inner.piece.node
        within = node.within if isinstance(node, Timeout) else None
        return self._step(
            "item", body, "run", items, around, mapped=mapped, pool=pool, within=within
        )

    # Tasks, and their names

    def _single(self, source: Source, here: PieceAt, around: Around) -> Source:
        """A source that several may go on from: what is to be made of it is made once."""
        few = isinstance(source, Either) and len(source.arms) <= MOST_ARMS
        if isinstance(source, Came) or (
            few and all(isinstance(arm, Came) for arm in cast(Either, source).arms)
        ):
            return source
        return self._pass_on(source, here, around, "input")

    def _pass_on(
        self,
        source: Source,
        here: PieceAt,
        around: Around,
        what: str,
        behind: tuple[str, ...] = (),
    ) -> Came:
        """A task that hands on what it makes of a source."""
        return self._step("call", here, None, source, around, what, behind=behind)

    def _step(
        self,
        kind: Kind,
        here: PieceAt,
        do: Verb | None,
        source: Source | None,
        around: Around,
        what: str = "",
        **others: Any,
    ) -> Came:
        call = None if do is None else self._call(do, here)
        return self._added(kind, here, call, source, around, what, **others)

    def _added(
        self,
        kind: Kind,
        here: PieceAt,
        call: Question | None,
        source: Source | None,
        around: Around,
        what: str,
        **others: Any,
    ) -> Came:
        id_ = self._id(here.path, what)
        title = f"{here.path} ({what})" if what else here.path
        self._steps.append(Step(id_, kind, title, call, source, group=around.group, **others))
        return Came(id_)

    def _call(self, do: Verb, here: PieceAt, **others: Any) -> Question:
        return Question(do, here.visit, self._facts, others)

    def _id(self, path: str, what: str, letters: Alphabet = LETTERS) -> str:
        """A name that no other task has: of what is at a path, and there more than once."""
        text = f"{path} ({what})" if what else path
        name, n = letters.name(text), 1
        while name in self._ids:
            n += 1
            name = letters.name(f"{text} ({n})")
        self._ids.add(name)
        return name

    _ways: Final[dict[type[Any], Callable[..., Making]]] = {
        Named: _of_name,
        WithParams: _of_bindings,
        InPool: _of_pool,
        Timeout: _of_timeout,
        Retry: _of_retry,
        Seq: _of_seq,
        Par: _of_par,
        Branch: _of_branch,
        Graph: _of_graph,
        MapEach: _of_map,
    }
