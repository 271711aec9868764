"""`moved_by`: a load that moves the mark of a state when it is done."""

from __future__ import annotations

from typing import Any, cast, final

from fwf.algebra.builder import pick
from fwf.algebra.expr import Expr, show
from fwf.algebra.extensions import Arm, as_piece
from fwf.algebra.nodes import Extension, Node, Pure, Task
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.combinators import par, pure
from fwf.records import record


@final
@record(eq=False, repr=False)
class MovedBy(Extension[Any, Any]):
    """`moved_by`: par(pure(to), load) >> par(pick(0) >> move, pick(1)) >> pick(1).

    Where the mark is to go is worked out first, so that the load's input can be let go.
    """

    load: Node
    to: Expr
    move: Node
    word = "moved_by"

    def desugar(self) -> AnyWorkflow:
        where: AnyWorkflow = Pure(self.to)
        loaded: AnyWorkflow = par(where, self.load)
        return loaded >> par(pick(0) >> self.move, pure(pick(1))) >> pure(pick(1))

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.load, segment=""), Arm(self.move, "then", segment=""))

    def arguments(self) -> tuple[str, ...]:
        return (f"to={show(self.to)}",)

    def written(self) -> list[Any]:
        return [f"{self._state}.moved_by(", as_piece(self.load), f", to={show(self.to)})"]

    @property
    def _state(self) -> str:
        return str(cast("Task[Any, Any]", self.move).config["state"])


def moved_by(move: Task[Any, Any], load: AnyWorkflow, to: Any) -> AnyWorkflow:
    """Task that moves a mark, (A → B), (A → T) ⟶ A → B; see `State.moved_by`."""
    part = as_workflow(load, "moved_by")
    where = cast("Pure[Any, Any]", pure(to)).expr
    return MovedBy(part, where, move)
