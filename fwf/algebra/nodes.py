"""The nodes that workflows are made of. Data only: what they mean stands in the interpreters.

A node checks its own fields, whoever makes it: the combinators, a plan, a pickle or a program. That
parts which share one input fit one another is checked by the combinators, which put them together.
"""

from abc import abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Never, TypeAlias, Union, cast, final, get_args

from pyrsistent import PMap

from fwf.algebra import checked, types, wiring
from fwf.algebra.contract import Contract
from fwf.algebra.expr import IT, Expr, type_of
from fwf.algebra.extensions import check_class, check_fields
from fwf.algebra.schedule import Schedule
from fwf.algebra.types import ANY, SAME
from fwf.algebra.values import keywords
from fwf.algebra.workflow import (
    MAX_PROBES,
    Edge,
    In,
    Out,
    Workflow,
    as_workflow,
    get_edge,
    set_edge,
)
from fwf.algebra.workflow import Seq as Seq  # a node like the others, for who imports them
from fwf.records import record

OnLimit: TypeAlias = Literal["fail", "stop"]
OnError: TypeAlias = Literal["settle", "fail_fast", "collect"]


@final
@record(eq=False, repr=False)
class Task(Workflow[In, Out]):
    """The only leaf that touches the world. Known by `name@version` and its `config`."""

    name: str
    version: str
    config: PMap[str, object]
    contract: Contract
    fn: Callable[..., Any]

    def __post_init__(self) -> None:
        checked.checked_name(self.name, "task(name=…)")
        set_edge(self, Edge(self.contract.accepts, self.contract.output))

    @property
    def place(self) -> str:
        """Where the function stands: `shop.py:12`."""
        code = self.fn.__code__
        return f"{code.co_filename.rpartition('/')[2]}:{code.co_firstlineno}"

    def described(self) -> str:
        """The name and the place, for messages."""
        return f"{self.name} ({self.place})"


@final
@record(eq=False, repr=False)
class Pure(Workflow[In, Out]):
    """An expression over the input: no effect, no time."""

    expr: Expr

    def __post_init__(self) -> None:
        checked.expression(self.expr, "pure")
        gives = SAME if self.expr is IT else type_of(self.expr, ANY)
        set_edge(self, Edge(ANY, gives, () if gives is SAME else (self.expr,)))


@final
@record(eq=False, repr=False)
class Fail(Workflow[In, Out]):
    """Fails with a declared error."""

    tag: str
    message: str

    def __post_init__(self) -> None:
        checked.text(self.tag, f"fail({self.tag!r})", "an error's tag is a text that isn't empty")
        if not isinstance(cast(object, self.message), str):
            raise TypeError(f"fail({self.tag!r}, {self.message!r}): an error's message is a text")
        set_edge(self, Edge(ANY, Never))


@final
@record(eq=False, repr=False)
class Delay(Workflow[In, Out]):
    """Time passes, the value stays."""

    duration: timedelta

    def __post_init__(self) -> None:
        checked.duration(self.duration, "delay")
        set_edge(self, Edge(ANY, SAME))


@final
@record(eq=False, repr=False)
class Par(Workflow[In, Out]):
    """All at once on one input; a tuple of their results, in order."""

    parts: "tuple[Node, ...]"
    fail_fast: bool

    def __post_init__(self) -> None:
        checked.parts(self.parts, "par")
        checked.flag(self.fail_fast, "par", "fail_fast")
        edges = [part.edge for part in self.parts]
        accepts = types.meet(edge.accepts for edge in edges)
        gives = types.tuple_of(_resolved(edge, accepts) for edge in edges)
        set_edge(self, Edge(accepts, gives, _probes(edges)))


@final
@record(eq=False, repr=False)
class Branch(Workflow[In, Out]):
    """One arm or the other, by a predicate on the current value; both are visible."""

    predicate: Expr
    then: "Node"
    otherwise: "Node"

    def __post_init__(self) -> None:
        checked.expression(self.predicate, "branch")
        checked.parts((self.then, self.otherwise), "branch")
        edges = (self.then.edge, self.otherwise.edge)
        set_edge(self, _either(edges, (self.predicate,)))


@final
@record(eq=False, repr=False)
class LoopUntil(Workflow[In, Out]):
    """The body at least once, each round fed the last round's output, until `done`."""

    body: "Node"
    done: Expr
    limit: int
    within: timedelta | None
    on_limit: OnLimit

    def __post_init__(self) -> None:
        checked.parts((self.body,), "loop_until")
        checked.expression(self.done, "loop_until")
        checked.at_least(self.limit, 1, "loop_until", "limit", "round")
        checked.one_of(self.on_limit, ("fail", "stop"), "loop_until(on_limit=…)")
        if self.within is not None:
            checked.duration(self.within, "loop_until(within=…)")
        edge = self.body.edge
        set_edge(self, Edge(edge.accepts, edge.gives, edge.probes))


@final
@record(eq=False, repr=False)
class MapEach(Workflow[In, Out]):
    """The body on each item of a list; width known at run time."""

    body: "Node"
    key: Expr | None
    at_once: int | None
    on_error: OnError

    def __post_init__(self) -> None:
        checked.parts((self.body,), "map_each")
        if self.key is not None:
            checked.expression(self.key, "map_each(key=…)")
        if self.at_once is not None:
            checked.at_least(self.at_once, 1, "map_each", "at_once", "item")
        checked.one_of(self.on_error, get_args(OnError), "map_each(on_error=…)")
        edge = self.body.edge
        item = ANY if self.on_error == "collect" else edge.output
        accepts = ANY if edge.accepts is ANY else types.sequence_of(edge.accepts)
        set_edge(self, Edge(accepts, types.list_of(item)))


@final
@record()
class Step:
    """One step of a graph: it starts when the steps in `inputs` and `after` are done.

    Steps are numbered from 0; -1 - i is the graph's own i-th input.
    """

    body: "Node"
    inputs: tuple[int, ...]
    after: tuple[int, ...] = ()


@final
@record(eq=False, repr=False)
class Graph(Workflow[In, Out]):
    """A directed acyclic graph of workflows, its steps in an order that respects the edges.

    `outputs` are the steps whose results the graph gives: one number, or a tuple of them.
    """

    steps: tuple[Step, ...]
    outputs: int | tuple[int, ...]
    arity: int

    def __post_init__(self) -> None:
        wiring.check(self)
        set_edge(self, Edge(wiring.accepts(self), wiring.gives(self)))


@final
@record(eq=False, repr=False)
class Retry(Workflow[In, Out]):
    """Again from the same input when it fails with a matching error, after a wait."""

    body: "Node"
    attempts: int
    wait: Schedule
    on: tuple[str, ...]

    def __post_init__(self) -> None:
        checked.parts((self.body,), "retry")
        checked.at_least(
            self.attempts, 1, "retry", "attempts", "attempt", "; to skip a step, remove it"
        )
        checked.instance(self.wait, Schedule, "retry(wait=…)", "a schedule; write backoff(…)")
        checked.texts(self.on, "retry")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Timeout(Workflow[In, Out]):
    """Fails when it isn't done in time; the deadline goes down to every part."""

    body: "Node"
    limit: timedelta

    def __post_init__(self) -> None:
        checked.parts((self.body,), "timeout")
        checked.duration(self.limit, "timeout")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Fallback(Workflow[In, Out]):
    """Another way, from the same input, when the first fails with a matching error."""

    body: "Node"
    handler: "Node"
    on: tuple[str, ...]

    def __post_init__(self) -> None:
        checked.parts((self.body, self.handler), "fallback")
        checked.texts(self.on, "fallback")
        set_edge(self, _either((self.body.edge, self.handler.edge), ()))


@final
@record(eq=False, repr=False)
class Always(Workflow[In, Out]):
    """A finaliser: after success, failure and interruption alike; can't be interrupted."""

    body: "Node"
    finaliser: "Node"

    def __post_init__(self) -> None:
        checked.parts((self.body, self.finaliser), "always")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class WithParams(Workflow[In, Out]):
    """Binds parameters, and renames resources, for a part."""

    body: "Node"
    params: PMap[str, object]
    resources: PMap[str, str]

    def __post_init__(self) -> None:
        checked.parts((self.body,), "with_params")
        _check_bindings(self)
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Limit(Workflow[In, Out]):
    """A named pool bounds how much of this runs at once, across the run."""

    body: "Node"
    pool: str

    def __post_init__(self) -> None:
        checked.parts((self.body,), "limit")
        checked.text(self.pool, f"limit(pool={self.pool!r})", "needs the name of a pool")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Named(Workflow[In, Out]):
    """A stable segment of paths; `notes` are for display only."""

    name: str
    body: "Node"
    notes: PMap[str, object]

    def __post_init__(self) -> None:
        checked.parts((self.body,), "named")
        checked.checked_name(self.name, "named")
        checked.instance(self.notes, PMap, "named", "a dictionary of notes, as pmap(…)")
        set_edge(self, self.body.edge)


class Extension(Workflow[In, Out]):
    """A node of your own: a frozen dataclass whose meaning is `desugar()`.

    Write `@dataclass(frozen=True, slots=True, eq=False, repr=False)` above it: a workflow knows
    how to compare and print itself at any depth. Every interpreter can run it through its
    desugaring; a native handler is optional, and must agree with it.

    Fields are workflows and tuples of them, expressions, schedules and plain data. All of them
    count: two extensions with one meaning and different fields differ.
    """

    __slots__ = ("_meaning",)
    _meaning: "Node"

    @abstractmethod
    def desugar(self) -> "Workflow[Any, Any]":
        """The same work in terms of other workflows; the same value on every call."""

    @property
    def meaning(self) -> "Node":
        """The desugaring, made once."""
        try:
            return self._meaning
        except AttributeError:
            where = f"{type(self).__qualname__}.desugar()"
            made = cast(object, self.desugar())
            if made is self:
                raise TypeError(f"{where}: gives itself; say it in terms of others") from None
            object.__setattr__(self, "_meaning", as_workflow(made, where))
            return self._meaning

    if not TYPE_CHECKING:

        def __init__(self) -> None:  # that of a dataclass takes its place
            check_class(type(self))

        @property
        def edge(self):
            """What it takes and gives; unknown until here if a `__post_init__` skipped ours."""
            try:
                return get_edge(self)
            except AttributeError:
                Extension.__post_init__(self)
                return get_edge(self)

    def __post_init__(self) -> None:
        check_class(type(self))
        check_fields(self)
        set_edge(self, self.meaning.edge)


Node: TypeAlias = Union[  # noqa: UP007 (17 times | takes a millisecond at import)
    Task[Any, Any],
    Pure[Any, Any],
    Fail[Any, Any],
    Delay[Any, Any],
    Seq[Any, Any],
    Par[Any, Any],
    Branch[Any, Any],
    LoopUntil[Any, Any],
    MapEach[Any, Any],
    Graph[Any, Any],
    Retry[Any, Any],
    Timeout[Any, Any],
    Fallback[Any, Any],
    Always[Any, Any],
    WithParams[Any, Any],
    Limit[Any, Any],
    Named[Any, Any],
    Extension[Any, Any],
]
"""Any workflow. Closed: match on the classes, `assert_never` last."""


def _resolved(edge: Edge, accepts: Any) -> Any:
    return accepts if edge.gives is SAME else edge.gives


def _probes(edges: list[Edge]) -> tuple[Expr, ...]:
    probes: list[Expr] = []
    for edge in edges:
        probes.extend(edge.probes)
        if len(probes) >= MAX_PROBES:
            break
    return tuple(probes[:MAX_PROBES])


def _either(edges: tuple[Edge, Edge], predicates: tuple[Expr, ...]) -> Edge:
    """The edge of a part that does the one or the other."""
    probes = (predicates + edges[0].probes + edges[1].probes)[:MAX_PROBES]
    accepts = types.meet(edge.accepts for edge in edges)
    if all(edge.gives is SAME for edge in edges):
        return Edge(accepts, SAME, probes)
    return Edge(accepts, types.union(_resolved(edge, accepts) for edge in edges), probes)


def _check_bindings(node: WithParams[Any, Any]) -> None:
    for given in (node.params, node.resources):
        checked.instance(given, PMap, "with_params", "a dictionary, as pmap(…)")
    for name, other in node.resources.items():
        if not isinstance(cast(object, other), str) or not other.isidentifier():
            raise TypeError(f"using({name}={other!r}): needs the name of another resource")


def config_source(task: Task[Any, Any]) -> str:
    """A task's config as keyword arguments of its factory: `table='orders', limit=10`."""
    return keywords(task.config)
