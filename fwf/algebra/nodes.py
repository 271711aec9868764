"""The nodes that workflows are made of. Data only: what they mean stands in the interpreters."""

from abc import abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, Never, TypeAlias, Union, cast, final, get_args

from pyrsistent import PMap

from fwf.algebra import types
from fwf.algebra.contract import Contract
from fwf.algebra.expr import IT, Expr, type_of
from fwf.algebra.schedule import Schedule
from fwf.algebra.types import ANY, SAME
from fwf.algebra.values import keywords
from fwf.algebra.workflow import MAX_PROBES, Edge, In, Out, Workflow, set_edge
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
        gives = SAME if self.expr is IT else type_of(self.expr, ANY)
        set_edge(self, Edge(ANY, gives, () if gives is SAME else (self.expr,)))


@final
@record(eq=False, repr=False)
class Fail(Workflow[In, Out]):
    """Fails with a declared error."""

    tag: str
    message: str

    def __post_init__(self) -> None:
        set_edge(self, Edge(ANY, Never))


@final
@record(eq=False, repr=False)
class Delay(Workflow[In, Out]):
    """Time passes, the value stays."""

    duration: timedelta

    def __post_init__(self) -> None:
        set_edge(self, Edge(ANY, SAME))


@final
@record(eq=False, repr=False)
class Par(Workflow[In, Out]):
    """All at once on one input; a tuple of their results, in order."""

    parts: "tuple[Node, ...]"
    fail_fast: bool

    def __post_init__(self) -> None:
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
        accepts = _graph_accepts(self)
        if isinstance(self.outputs, tuple):
            gives = types.tuple_of(_graph_gives(self, each) for each in self.outputs)
        else:
            gives = _graph_gives(self, self.outputs)
        set_edge(self, Edge(accepts, gives))


@final
@record(eq=False, repr=False)
class Retry(Workflow[In, Out]):
    """Again from the same input when it fails with a matching error, after a wait."""

    body: "Node"
    attempts: int
    wait: Schedule
    on: tuple[str, ...]

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Timeout(Workflow[In, Out]):
    """Fails when it isn't done in time; the deadline goes down to every part."""

    body: "Node"
    limit: timedelta

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Fallback(Workflow[In, Out]):
    """Another way, from the same input, when the first fails with a matching error."""

    body: "Node"
    handler: "Node"
    on: tuple[str, ...]

    def __post_init__(self) -> None:
        set_edge(self, _either((self.body.edge, self.handler.edge), ()))


@final
@record(eq=False, repr=False)
class Always(Workflow[In, Out]):
    """A finaliser: after success, failure and interruption alike; can't be interrupted."""

    body: "Node"
    finaliser: "Node"

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class WithParams(Workflow[In, Out]):
    """Binds parameters, and renames resources, for a part."""

    body: "Node"
    params: PMap[str, object]
    resources: PMap[str, str]

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Limit(Workflow[In, Out]):
    """A named pool bounds how much of this runs at once, across the run."""

    body: "Node"
    pool: str

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Named(Workflow[In, Out]):
    """A stable segment of paths; `notes` are for display only."""

    name: str
    body: "Node"
    notes: PMap[str, object]

    def __post_init__(self) -> None:
        set_edge(self, self.body.edge)


class Extension(Workflow[In, Out]):
    """A node of your own: a frozen dataclass whose meaning is `desugar()`.

    Write `@dataclass(frozen=True, slots=True, eq=False, repr=False)` above it: a workflow knows
    how to compare and print itself at any depth. Every interpreter can run it through its
    desugaring; a native handler is optional, and must agree with it.
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
            object.__setattr__(self, "_meaning", cast("Node", self.desugar()))
            return self._meaning

    def __post_init__(self) -> None:
        cls, base = type(self), cast(Any, Workflow)
        if cls.__eq__ is not base.__eq__ or cls.__repr__ is not base.__repr__:
            raise TypeError(
                f"{cls.__qualname__}: an extension compares and prints as every workflow does: "
                "write @dataclass(frozen=True, slots=True, eq=False, repr=False)"
            )
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


def _graph_accepts(graph: Graph[Any, Any]) -> Any:
    if graph.arity > types.MAX_PARTS:
        return ANY
    taken: list[list[Any]] = [[] for _ in range(graph.arity)]
    for step in graph.steps:
        wanted = step_inputs(step)
        for place, index in enumerate(step.inputs):
            if index < 0:
                taken[-1 - index].append(wanted[place])
    if not graph.arity:
        return object
    accepts = [types.meet(each) for each in taken]
    return accepts[0] if graph.arity == 1 else types.tuple_of(accepts)


def _graph_gives(graph: Graph[Any, Any], index: int) -> Any:
    return ANY if index < 0 else graph.steps[index].body.edge.output


def step_inputs(step: Step) -> tuple[Any, ...]:
    """The type that a step takes from each of its inputs."""
    accepts = step.body.edge.accepts
    if len(step.inputs) == 1:
        return (accepts,)
    arguments = get_args(accepts)
    known = len(arguments) == len(step.inputs) and Ellipsis not in arguments
    return arguments if known else (ANY,) * len(step.inputs)


def config_source(task: Task[Any, Any]) -> str:
    """A task's config as keyword arguments of its factory: `table='orders', limit=10`."""
    return keywords(task.config)
