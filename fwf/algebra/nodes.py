"""The nodes that workflows are made of. Data only: what they mean stands in the interpreters.

A node checks its own fields, whoever makes it: the combinators, a plan, a pickle or a program. That
parts which share one input fit one another is checked by the combinators, which put them together.
"""

from abc import abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Literal,
    Never,
    TypeAlias,
    Union,
    cast,
    final,
    get_args,
)

from pyrsistent import PMap

from fwf.algebra import checked_fields, wiring
from fwf.algebra.contract import Contract
from fwf.algebra.expr import IT, Const, Expr, type_of
from fwf.algebra.extensions import (
    Arm,
    Shape,
    call_of_class,
    check_class,
    check_fields,
    field_names,
    plain_fields,
    workflows_in,
)
from fwf.algebra.plain_values import keywords, thaw
from fwf.algebra.schedule import Schedule
from fwf.algebra.workflow import (
    MAX_PROBES,
    AnyWorkflow,
    Edge,
    In,
    Out,
    Seq as Seq,  # a node like the others, for who imports them
    Workflow,
    as_workflow,
    get_edge,
    set_edge,
)
from fwf.algebra.wrapped import innermost
from fwf.durations import checked_duration
from fwf.faults import Fault
from fwf.records import record
from fwf.types import hints
from fwf.types.hints import ANY, SAME

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Fn = TypeVar("Fn", covariant=True, default=Callable[..., Any])
else:
    from typing import TypeVar

    Fn = TypeVar("Fn", covariant=True)

OnLimit: TypeAlias = Literal["fail", "stop"]
OnError: TypeAlias = Literal["settle", "fail_fast", "collect"]


@final
@record(eq=False, repr=False)
class Task(Workflow[In, Out], Generic[In, Out, Fn]):
    """The only leaf that touches the world. Known by `name@version` and its `config`.

    `Task[A, B]` is a task of any function; of one that `@task` made the function's type is known.
    """

    name: str
    version: str
    config: PMap[str, object]
    contract: Contract
    fn: Fn

    if not TYPE_CHECKING:  # defaults of type variables came with Python 3.13

        def __class_getitem__(cls, ends):
            several = ends if isinstance(ends, tuple) else (ends,)
            default = (Callable[..., Any],) if len(several) == 2 else ()
            return super(Workflow, cls).__class_getitem__((*several, *default))

    def __post_init__(self) -> None:
        checked_fields.checked_name(self.name, "task(name=…)")
        set_edge(self, Edge(self.contract.accepts, self.contract.output))

    @property
    def place(self) -> str:
        """Where the function stands: `shop.py:12`."""
        code = innermost(cast(Any, self.fn)).__code__
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
        checked_fields.expression(self.expr, "pure")
        gives = SAME if self.expr is IT else type_of(self.expr, ANY)
        set_edge(self, Edge(ANY, gives, () if gives is SAME else (self.expr,)))


@final
@record(eq=False, repr=False)
class Fail(Workflow[In, Out]):
    """Fails with a declared error."""

    tag: str
    message: str | Expr

    def __post_init__(self) -> None:
        checked_fields.text(
            self.tag, f"fail({self.tag!r})", "an error's tag is a text that isn't empty"
        )
        message = self.message
        if isinstance(message, Expr):
            type_of(message, ANY)
        elif not isinstance(cast(object, message), str):
            raise TypeError(
                f"fail({self.tag!r}, {message!r}): an error's message is a text; write "
                "text('… {} …', it.day) for one that holds values"
            )
        set_edge(self, Edge(ANY, Never, () if isinstance(message, str) else (message,)))


@final
@record(eq=False, repr=False)
class Delay(Workflow[In, Out]):
    """Time passes, the value stays."""

    duration: timedelta

    def __post_init__(self) -> None:
        checked_duration(self.duration, "delay")
        set_edge(self, Edge(ANY, SAME))


@final
@record(eq=False, repr=False)
class Par(Workflow[In, Out]):
    """All at once on one input; a tuple of their results, in order."""

    parts: "tuple[Node, ...]"
    fail_fast: bool

    def __post_init__(self) -> None:
        checked_fields.parts(self.parts, "par")
        checked_fields.flag(self.fail_fast, "par", "fail_fast")
        edges = [part.edge for part in self.parts]
        accepts = hints.meet(edge.accepts for edge in edges)
        gives = hints.tuple_of(_resolved(edge, accepts) for edge in edges)
        set_edge(self, Edge(accepts, gives, _probes(edges)))


@final
@record(eq=False, repr=False)
class Branch(Workflow[In, Out]):
    """One arm or the other, by a predicate on the current value; both are visible."""

    predicate: Expr
    then: "Node"
    otherwise: "Node"

    def __post_init__(self) -> None:
        checked_fields.expression(self.predicate, "branch")
        checked_fields.parts((self.then, self.otherwise), "branch")
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
        checked_fields.parts((self.body,), "loop_until")
        checked_fields.expression(self.done, "loop_until")
        checked_fields.at_least(self.limit, 1, "loop_until", "limit", "round")
        checked_fields.one_of(self.on_limit, ("fail", "stop"), "loop_until(on_limit=…)")
        if self.within is not None:
            checked_duration(self.within, "loop_until(within=…)")
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
        checked_fields.parts((self.body,), "map_each")
        if self.key is not None:
            checked_fields.expression(self.key, "map_each(key=…)")
        if self.at_once is not None:
            checked_fields.at_least(self.at_once, 1, "map_each", "at_once", "item")
        checked_fields.one_of(self.on_error, get_args(OnError), "map_each(on_error=…)")
        edge = self.body.edge
        item = hints.result_of(edge.output) if self.on_error == "collect" else edge.output
        accepts = ANY if edge.accepts is ANY else hints.sequence_of(edge.accepts)
        set_edge(self, Edge(accepts, hints.list_of(item)))


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
        checked_fields.parts((self.body,), "retry")
        checked_fields.at_least(
            self.attempts, 1, "retry", "attempts", "attempt", "; to skip a step, remove it"
        )
        checked_fields.instance(
            self.wait, Schedule, "retry(wait=…)", "a schedule; write backoff(…)"
        )
        checked_fields.texts(self.on, "retry")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Timeout(Workflow[In, Out]):
    """Fails when it isn't done in time; the deadline goes down to every part."""

    body: "Node"
    within: timedelta

    def __post_init__(self) -> None:
        checked_fields.parts((self.body,), "timeout")
        checked_duration(self.within, "timeout")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Fallback(Workflow[In, Out]):
    """Another way, from the same input, when the first fails with a matching error."""

    body: "Node"
    handler: "Node"
    on: tuple[str, ...]

    def __post_init__(self) -> None:
        checked_fields.parts((self.body, self.handler), "fallback")
        checked_fields.texts(self.on, "fallback")
        set_edge(self, _either((self.body.edge, self.handler.edge), ()))


@final
@record(eq=False, repr=False)
class Always(Workflow[In, Out]):
    """A finaliser: after success, failure and interruption alike; can't be interrupted."""

    body: "Node"
    finaliser: "Node"

    def __post_init__(self) -> None:
        checked_fields.parts((self.body, self.finaliser), "always")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class AsResult(Workflow[In, Out]):
    """Never fails: gives `Success` of the value or `Failure` of the fault."""

    body: "Node"

    def __post_init__(self) -> None:
        checked_fields.parts((self.body,), "as_result")
        edge = self.body.edge
        set_edge(self, Edge(edge.accepts, hints.result_of(edge.output), edge.probes))


@final
@record(eq=False, repr=False)
class FromResult(Workflow[In, Out]):
    """The value of a result, or its fault as it was: undoes `as_result`."""

    def __post_init__(self) -> None:
        set_edge(self, Edge(hints.result_of(ANY), ANY))


@final
@record(eq=False, repr=False, derived=("computed",))
class WithParams(Workflow[In, Out]):
    """Binds parameters, and renames resources, for a part.

    A parameter is bound to an expression over the part's input and the parameters outside; a plain
    value is a constant. `computed` are those that are no constants, by name.
    """

    body: "Node"
    params: PMap[str, Expr]
    resources: PMap[str, str]

    if TYPE_CHECKING:

        @property
        def computed(self) -> tuple[tuple[str, Expr], ...]: ...

    def __post_init__(self) -> None:
        checked_fields.parts((self.body,), "with_params")
        _check_bindings(self)
        pairs = [(name, self.params[name]) for name in sorted(self.params)]
        computed = tuple(pair for pair in pairs if not isinstance(pair[1], Const))
        object.__setattr__(self, "computed", computed)
        edge = self.body.edge
        if computed:
            probes = tuple(expr for _, expr in computed)
            edge = Edge(edge.accepts, edge.gives, (probes + edge.probes)[:MAX_PROBES])
        set_edge(self, edge)


@final
@record(eq=False, repr=False)
class InPool(Workflow[In, Out]):
    """A named pool bounds how much of this runs at once, across the run."""

    body: "Node"
    pool: str

    def __post_init__(self) -> None:
        checked_fields.parts((self.body,), "in_pool")
        checked_fields.text(self.pool, f"in_pool({self.pool!r})", "needs the name of a pool")
        set_edge(self, self.body.edge)


@final
@record(eq=False, repr=False)
class Named(Workflow[In, Out]):
    """A stable segment of paths; `notes` are for display only."""

    name: str
    body: "Node"
    notes: PMap[str, object]

    def __post_init__(self) -> None:
        checked_fields.parts((self.body,), "named")
        checked_fields.checked_name(self.name, "named")
        checked_fields.instance(self.notes, PMap, "named", "a dictionary of notes, as pmap(…)")
        set_edge(self, self.body.edge)


class Extension(Workflow[In, Out]):
    """A node of your own: a frozen dataclass whose meaning is `desugar()`.

    Write `@dataclass(frozen=True, slots=True, eq=False, repr=False)` above it: a workflow knows
    how to compare and print itself at any depth. Every interpreter can run it through its
    desugaring; a native handler is optional, and must agree with it.

    Fields are workflows and tuples of them, expressions, schedules and plain data. All of them
    count: two extensions with one meaning and different fields differ.

    One that has a `word` speaks it in all that people see: in texts and pictures, in paths, and in
    faults; what its meaning is made of stays out of sight. `arms` are its parts as people see
    them, `arguments` and `written` how it is said and written down, `worded` what it makes of a
    fault of its own. One without a word is shown, and named in paths, by its meaning.
    """

    __slots__ = ("_layout", "_meaning")
    _meaning: "Node"
    _layout: "Any"
    """Where its parts stand in the meaning, once that is known."""
    word: ClassVar[str] = ""
    """What it is called."""
    forgets: ClassVar[bool] = False
    """Whether of the rounds of its own loop nobody sees any but the last."""

    @abstractmethod
    def desugar(self) -> "AnyWorkflow":
        """The same work in terms of other workflows; the same value on every call."""

    @property
    def meaning(self) -> "Node":
        """The desugaring, made once."""
        try:
            return self._meaning
        except AttributeError:
            where = f"{type(self).__qualname__}.desugar()"
            workflow = cast(object, self.desugar())
            if workflow is self:
                raise TypeError(f"{where}: gives itself; say it in terms of others") from None
            object.__setattr__(self, "_meaning", as_workflow(workflow, where))
            return self._meaning

    def arms(self) -> tuple[Arm, ...]:
        """Its parts as people see them, in order: by default the workflows in its fields."""
        fields = [(name, workflows_in(getattr(self, name))) for name in field_names(type(self))]
        parts = [(name, part) for name, several in fields for part in several]
        return tuple(Arm(part, name if len(parts) > 1 else "") for name, part in parts)

    @property
    def shape(self) -> Shape:
        """How pictures put its parts together."""
        return "steps"

    def edges(self) -> tuple[tuple[int, int], ...]:
        """Which of these feed on which, by their numbers: by default each on the one before."""
        return tuple((at - 1, at) for at in range(1, len(self.arms())))

    def arguments(self) -> tuple[str, ...]:
        """What is said of it behind its word, without its parts: by default its plain fields."""
        return plain_fields(self)

    def written(self) -> "list[str | AnyWorkflow]":
        """Its source in pieces, its parts where theirs goes: by default a call of its class."""
        return call_of_class(self)

    def typed(self) -> Edge | None:
        """What it takes and gives, where that is lost on the way through its meaning."""
        return None

    def worded(self, fault: Fault) -> Fault:
        """A fault of what its meaning is made of, but for its parts, in its own words."""
        return fault

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
        meaning = self.meaning.edge  # which is looked at in any case
        set_edge(self, self.typed() or meaning)


Node: TypeAlias = Union[  # noqa: UP007 (19 times | takes a millisecond at import)
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
    AsResult[Any, Any],
    FromResult[Any, Any],
    WithParams[Any, Any],
    InPool[Any, Any],
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
    accepts = hints.meet(edge.accepts for edge in edges)
    if all(edge.gives is SAME for edge in edges):
        return Edge(accepts, SAME, probes)
    return Edge(accepts, hints.union(_resolved(edge, accepts) for edge in edges), probes)


def _check_bindings(node: WithParams[Any, Any]) -> None:
    for bindings in (node.params, node.resources):
        checked_fields.instance(bindings, PMap, "with_params", "a dictionary, as pmap(…)")
    for name, expr in node.params.items():
        checked_fields.expression(expr, f"with_params({name}=…)")
    for name, other in node.resources.items():
        if not isinstance(cast(object, other), str) or not other.isidentifier():
            raise TypeError(f"using({name}={other!r}): needs the name of another resource")


def constants_of(node: WithParams[Any, Any]) -> dict[str, Any]:
    """The plain values that a node binds, by name, each made anew."""
    params = node.params.items()
    return {name: thaw(expr.value) for name, expr in params if isinstance(expr, Const)}


def config_source(task: Task[Any, Any]) -> str:
    """A task's config as keyword arguments of its factory: `table='orders', limit=10`."""
    return keywords(task.config)
