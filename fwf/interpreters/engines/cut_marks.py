"""Which parts of a workflow are an engine's tasks, for trees and pictures of it?"""

from typing import Any, cast, final

from fwf.algebra.extensions import Arm
from fwf.algebra.nodes import Extension, Node
from fwf.algebra.traverse import rebuild
from fwf.algebra.workflow import AnyWorkflow
from fwf.interpreters.engines.cut import Cut, EngineTask, Piece, fold_pieces
from fwf.interpreters.engines.gaps import foreign_features
from fwf.records import record


@final
@record(eq=False, repr=False)
class OneTask(Extension[Any, Any]):
    """A step that an engine runs as one of its tasks."""

    step: Node
    word = "task"

    def desugar(self) -> AnyWorkflow:
        return self.step

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.step, segment=""),)


@final
@record(eq=False, repr=False)
class Block(Extension[Any, Any]):
    """A part that an engine runs as one of its tasks, and why not as several."""

    body: Node
    why: str
    word = "block"

    def desugar(self) -> AnyWorkflow:
        return self.body

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, segment=""),)

    def arguments(self) -> tuple[str, ...]:
        return (self.why,)


def mark_cut(cut: Cut) -> AnyWorkflow:
    """Cut ⟶ its workflow, in which each engine task is `task` or `block` around what it does.

    A word such as `poll` is what it is made of, unless all of it is in a block.
    """

    def step(piece: Piece, parts: tuple[Node, ...]) -> Node:
        if not isinstance(piece, EngineTask):
            return rebuild(piece.node, parts)
        if not piece.is_block:
            return cast(Node, OneTask(piece.node))
        return cast(Node, Block(piece.node, ", ".join(foreign_features(piece, cut.table))))

    return fold_pieces(step, cut.piece)
