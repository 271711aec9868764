"""`Workflow[In, Out]`: an immutable value that describes work, and `>>`, which chains two.

Building one does nothing. A workflow is equal to another, and hashes alike, if both are written
alike; it prints as the source that makes it. Every node is a workflow, so what knows the nodes is
imported where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar, cast, final, overload

from pyrsistent import PVector, pvector

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Expr, type_of
from fwf.records import record
from fwf.types import hints, table_types
from fwf.types.hints import ANY, SAME

if TYPE_CHECKING:
    from returns.result import Result

    from fwf.algebra.graph_steps import Ref
    from fwf.algebra.nodes import Node
    from fwf.analysis.wants import Free
    from fwf.faults import Fault

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
R = TypeVar("R")
MAX_PROBES = 8


class Edge:
    """What is known of a part's ends: the type it accepts, the type it gives.

    `gives` is `SAME` for a part that passes its input on. `probes` are expressions over the
    input whose field names can be checked once the type upstream is known.
    """

    __slots__ = ("accepts", "gives", "probes")

    def __init__(self, accepts: Any, gives: Any, probes: tuple[Expr, ...] = ()) -> None:
        self.accepts = accepts
        self.gives = gives
        self.probes = probes

    @property
    def output(self) -> Any:
        """The type it gives when nothing is known of what comes in."""
        return self.accepts if self.gives is SAME else self.gives


class Workflow(Generic[In, Out]):
    """Work that turns an `In` into an `Out`, as a value."""

    __slots__ = ("_wants", "digest", "edge")
    digest: bytes
    edge: Edge

    @overload
    def __rshift__(self, other: Same, /) -> Workflow[In, Out]: ...
    @overload
    def __rshift__(self: Workflow[In, Result[B, Fault]], other: Opened, /) -> Workflow[In, B]: ...
    @overload
    def __rshift__(self, other: Workflow[Out, C], /) -> Workflow[In, C]: ...
    def __rshift__(self, other: Any, /) -> Any:
        """(A → B) >> (B → C) ⟶ A → C: run this, feed its output to the other (Hughes 2000)."""
        right: Any = other
        if not isinstance(other, Workflow):
            right = as_workflow(other, ">>")
        mine, theirs = self.edge, right.edge
        needed = theirs.accepts
        if theirs.probes or not (needed is mine.gives or needed is ANY or needed is object):
            theirs = _edge_after(self, mine, right, theirs)
        parts: Any = self.parts if type(self) is Seq else pvector((self,))
        parts = parts.extend(right.parts) if type(right) is Seq else parts.append(right)
        return chained(parts, mine, theirs)

    # fmt: off
    @overload
    def __call__(self: Workflow[object, R], /, *after: Ref[object]) -> Ref[R]: ...
    @overload
    def __call__(self: Workflow[A, R], a: Ref[A], /) -> Ref[R]: ...
    @overload
    def __call__(self: Workflow[tuple[A, B], R], a: Ref[A], b: Ref[B], /) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C], R], a: Ref[A], b: Ref[B], c: Ref[C], /
    ) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C, D], R], a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], /
    ) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C, D, E], R],
        a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], /,
    ) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C, D, E, F], R],
        a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], f: Ref[F], /,
    ) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C, D, E, F, G], R],
        a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], f: Ref[F], g: Ref[G], /,
    ) -> Ref[R]: ...
    @overload
    def __call__(
        self: Workflow[tuple[A, B, C, D, E, F, G, H], R],
        a: Ref[A], b: Ref[B], c: Ref[C], d: Ref[D], e: Ref[E], f: Ref[F], g: Ref[G], h: Ref[H], /,
    ) -> Ref[R]: ...
    # fmt: on
    def __call__(self, *refs: Any, **options: Any) -> Any:
        """Inside a `@graph` function: a step that feeds on the steps given."""
        from fwf.algebra.graph_steps import add_step

        return add_step(cast("Node", self), refs, options)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a workflow is neither true nor false before it runs: to choose by a value write "
            "branch(predicate, then=…, otherwise=…); for another way after a failure, fallback(…)"
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            "a workflow can't be iterated: for each item of its result write >> map_each(…); "
            "to repeat it, loop_until(…)"
        )

    if not TYPE_CHECKING:  # type checkers refuse these by themselves, and would be misled

        def __rrshift__(self, other):
            return as_workflow(other, ">>") >> self

        def __and__(self, other):
            raise TypeError("workflows have no &: to run both write par(a, b), one by one a >> b")

        def __or__(self, other):
            raise TypeError(
                "workflows have no |: for another way after a failure write fallback(a, b), "
                "to choose by a value branch(…)"
            )

        __rand__, __ror__ = __and__, __or__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Workflow):
            return NotImplemented
        from fwf.analysis.identity import digest_of

        return digest_of(self) == digest_of(cast(Any, other))

    def __hash__(self) -> int:
        from fwf.analysis.identity import digest_of

        return int.from_bytes(digest_of(self)[:8], "big", signed=True)

    def __repr__(self) -> str:
        from fwf.display.source import source_of

        return source_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from fwf.algebra.pickling import flattened, restored

        return restored, (flattened(self),)

    def __copy__(self) -> Workflow[In, Out]:
        return self

    def __deepcopy__(self, memo: object) -> Workflow[In, Out]:
        return self


if TYPE_CHECKING:

    class Same(Workflow[Any, Any]):
        """A workflow that gives what it gets, for type checkers: `identity`, `delay(…)`."""

        def __rshift__(self, other: Workflow[A, B], /) -> Workflow[A, B]: ...
        def __call__(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            self, ref: Ref[A], /
        ) -> Ref[A]: ...

    class Opened(Workflow["Result[Any, Fault]", Any]):
        """What gives the value of the result that it gets, for type checkers: `from_result`."""

        def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, ref: Ref[Result[A, Fault]], /
        ) -> Ref[A]: ...


get_edge = cast(Callable[[Any], Edge], Workflow.__dict__["edge"].__get__)
set_edge = cast(Callable[[Any, Edge], None], Workflow.__dict__["edge"].__set__)
set_digest = cast(Callable[[Any, bytes], None], Workflow.__dict__["digest"].__set__)
get_wants = cast("Callable[[Any], Free]", Workflow.__dict__["_wants"].__get__)
set_wants = cast("Callable[[Any, Free], None]", Workflow.__dict__["_wants"].__set__)


@final
@record(eq=False, repr=False)
class Seq(Workflow[In, Out]):
    """One after another, each fed the output of the one before; none at all is `identity`."""

    parts: PVector[Node]

    def __post_init__(self) -> None:
        if not isinstance(cast(object, self.parts), PVector):
            raise TypeError(f"seq: {self.parts!r} is not a vector of workflows; write seq(…)")
        edge = Edge(ANY, SAME)
        for part in self.parts:
            if not isinstance(cast(object, part), Workflow):
                as_workflow(part, "seq")  # raises
            edge = _edge_of_two(edge, part.edge)
        set_edge(self, edge)


_new = cast(Callable[[Any], "Seq[Any, Any]"], object.__new__)
_set_parts = cast(Callable[[Any, Any], None], Seq.__dict__["parts"].__set__)


def chained(parts: PVector[Node], first: Edge, last: Edge) -> Seq[Any, Any]:
    """A `Seq` of parts whose ends are already known to fit: no work per part."""
    seq = _new(Seq)
    _set_parts(seq, parts)
    set_edge(seq, _edge_of_two(first, last))
    return seq


def _edge_of_two(first: Edge, last: Edge) -> Edge:
    gives = last.gives
    if first.gives is not SAME:
        if gives is SAME or gives is first.gives:
            return first
        return Edge(first.accepts, gives, first.probes)
    accepts = last.accepts if first.accepts is hints.ANY else first.accepts
    return Edge(accepts, gives, (first.probes + last.probes)[:MAX_PROBES])


def as_workflow(value: object, where: str) -> Node:
    """A workflow, or the expression that stands for one; raises `TypeError` with the remedy."""
    if isinstance(value, Workflow):
        return cast("Node", value)
    if isinstance(value, It):
        from fwf.algebra.nodes import Pure

        return Pure(expr_of(value))
    from fwf.algebra.misuse import instead

    raise TypeError(f"{where}: {instead(value)}")


def _edge_after(left: Any, mine: Edge, right: Any, theirs: Edge) -> Edge:
    """The right part's edge, checked against what the left gives."""
    left_output = mine.output
    if not hints.compatible(left_output, theirs.accepts):
        raise TypeError(
            f"{_giver(left)} gives {hints.name_of(left_output)}, but "
            f"{_taker(right, left_output)} takes {hints.name_of(theirs.accepts)}"
            f"{table_types.in_brackets(left_output, theirs.accepts)}: "
            "put a step between them that turns the one into the other"
        )
    kinds = [_probe(probe, left_output, left) for probe in theirs.probes]
    from fwf.algebra.nodes import FromResult, Pure

    if isinstance(right, FromResult):
        return Edge(theirs.accepts, hints.value_of(left_output), theirs.probes)
    if isinstance(right, Pure) and kinds:
        return Edge(theirs.accepts, kinds[0], theirs.probes)
    return theirs


def _probe(probe: Expr, output: Any, left: Any) -> Any:
    try:
        return type_of(probe, output)
    except TypeError as error:
        raise TypeError(f"after {_giver(left)}: {error}") from None


def _giver(node: Any) -> str:
    """What gives a part's value: a task with its place in the source, or else what is written."""
    from fwf.algebra.nodes import Always, LoopUntil

    while True:
        inner = _body_of(node)
        if inner is not None:
            node = inner
        elif isinstance(node, Always | LoopUntil):
            node = node.body
        elif isinstance(node, Seq) and node.parts:  # the last that doesn't pass its input on
            giving = [part for part in node.parts if part.edge.gives is not SAME]
            node = (giving or node.parts)[-1]
        else:
            return _label(node)


def _taker(node: Any, output: Any) -> str:
    """What takes a part's input and can't take this type."""
    from fwf.algebra.nodes import Always, AsResult, Branch, Fallback, LoopUntil, Par
    from fwf.algebra.traverse import children

    while True:
        inner = node.body if isinstance(node, LoopUntil | AsResult) else _body_of(node)
        parts: tuple[Any, ...] = () if inner is None else (inner,)
        if isinstance(node, Seq | Par | Branch | Fallback | Always):
            parts = children(cast("Node", node))
        unfit = [part for part in parts if not hints.compatible(output, part.edge.accepts)]
        if not unfit:
            return _label(node)
        node = unfit[0]


def _body_of(node: Any) -> Any:
    """The part whose input and output are those of the wrapper around it; a graph has its name."""
    from fwf.algebra.nodes import Extension, Graph, InPool, Named, Retry, Timeout, WithParams

    if isinstance(node, Extension):
        return None if node.word else node.meaning
    if isinstance(node, Named) and isinstance(node.body, Graph):
        return None
    wrapper = isinstance(node, InPool | Named | Retry | Timeout | WithParams)
    return node.body if wrapper else None


def _label(node: Any) -> str:
    from fwf.algebra.nodes import Named, Task

    if isinstance(node, Task | Named):
        return node.described() if isinstance(node, Task) else node.name
    text = repr(node)
    return text if len(text) < 60 else text.partition("(")[0]


AnyWorkflow: TypeAlias = Workflow[Any, Any]
"""A workflow, whatever it takes and gives."""
