"""`recursive`: a workflow that may start again, as its last step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, final

from pyrsistent import pmap, pvector

from fwf.algebra import checked_fields
from fwf.algebra.builder import expr_of, it, literal, pick
from fwf.algebra.extensions import Arm, as_piece
from fwf.algebra.nodes import Branch, Extension, Named, Node, Pure, WithParams
from fwf.algebra.traverse import rebuild, walk
from fwf.algebra.workflow import AnyWorkflow, Seq, Workflow, as_workflow
from fwf.combinators import loop_until, pure, seq
from fwf.derived.choosing import Switch, When
from fwf.derived.conditions import passing
from fwf.derived.deciding import DecidedBranch
from fwf.derived.limits import exhausted
from fwf.faults import Fault
from fwf.records import record

A = TypeVar("A")
B = TypeVar("B")


@final
@record(eq=False, repr=False)
class Again(Extension[Any, Any]):
    """Where a `recursive` starts again; by itself it gives what it gets."""

    word = "again"

    def desugar(self) -> AnyWorkflow:
        return passing()

    def written(self) -> list[Any]:
        return [self.word]


@final
@record(eq=False, repr=False)
class Recursive(Extension[Any, Any]):
    """`recursive`: a loop whose state says whether it is done, and with what."""

    body: Node
    limit: int
    word = "recursive"

    def desugar(self) -> AnyWorkflow:
        one: Seq[Any, Any] = Seq(pvector([Pure(expr_of(pick(1))), _tail(self.body)]))
        start: AnyWorkflow = Pure(expr_of(pick(literal(False), it)))
        return start >> loop_until(one, it[0], limit=self.limit) >> pure(pick(1))

    def arms(self) -> tuple[Arm, ...]:
        loop = cast(Any, self.meaning).parts[1]
        return (Arm(self.body, stands=loop.body.parts[1]),)

    def arguments(self) -> tuple[str, ...]:
        return (f"limit={self.limit:_}",)

    def written(self) -> list[Any]:
        body = ["lambda again: ", as_piece(self.body)]
        return ["recursive(", *body, f", limit={self.limit})"]

    def worded(self, fault: Fault) -> Fault:
        return exhausted(fault, self.body, "not done", self.limit, None)


def recursive(
    build: Callable[[Workflow[A, B]], Workflow[A, B]], /, *, limit: int
) -> Workflow[A, B]:
    """((A → B) ⟶ A → B) ⟶ A → B: a workflow that may start again, as its last step.

    `recursive(lambda again: branch(it.done, then=finish, otherwise=step >> again), limit=10)`
    means a `loop_until` of at most `limit` rounds. (For type checkers, write `build` as a function
    with annotations.) `again` may stand only last: in a tail of `>>`, in an arm of `branch`,
    `switch` or `when`, under `named` or `with_params`.
    """
    builder: Any = build
    if not callable(builder) or isinstance(builder, Workflow):
        raise TypeError(
            f"recursive({build!r}, …): needs a function that is given the workflow itself, such as "
            "lambda again: branch(it.done, then=finish, otherwise=step >> again)"
        )
    checked_fields.at_least(limit, 1, "recursive", "limit", "round")
    again: AnyWorkflow = Again()
    body = as_workflow(build(again), "recursive")
    if any(isinstance(here.node, Again) and here.node is not again for here in walk(body)):
        raise TypeError(
            "recursive: the `again` of another `recursive` stands in it; a part may only start "
            "again what it is the last step of"
        )
    left = [visit.path for visit in walk(_tail(body)) if isinstance(visit.node, Again)]
    if left:
        raise TypeError(
            f"recursive: `again` stands at {left[0]}, where more follows or a wrapper encloses it; "
            "it may only be the last step of a chain or of a branch's arm"
        )
    return Recursive(body, limit)


def _tail(node: Node) -> Node:
    """The node with its last step saying whether it is done, and with what."""
    match node:
        case Again():
            return Named(node.word, Pure(expr_of(pick(literal(False), it))), pmap({}))
        case Branch():
            return Branch(node.predicate, _tail(node.then), _tail(node.otherwise))
        case DecidedBranch():
            return DecidedBranch(node.decides, _tail(node.then), _tail(node.otherwise))
        case Switch():
            parts = tuple(map(_tail, node.parts))
            return Switch(node.selector, node.cases, parts, _tail(node.otherwise))
        case When():
            passing_on = _tail(cast(Node, passing()))
            if isinstance(node.test, Workflow):
                return DecidedBranch(node.test, _tail(node.body), passing_on)
            return Branch(node.test, _tail(node.body), passing_on)
        case Named() | WithParams():
            return rebuild(node, (_tail(node.body),))
        case Seq() if node.parts:
            return cast(Node, seq(*node.parts[:-1], _tail(node.parts[-1])))
        case _:
            return cast(Node, node >> Pure(expr_of(pick(literal(True), it))))
