"""`branch` and `loop_until` by a workflow that decides, where an expression can't say it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, final

from fwf.algebra.builder import It, expr_of, it, literal, pick
from fwf.algebra.extensions import Arm, as_piece, call
from fwf.algebra.nodes import Branch, Extension, LoopUntil, Node, OnLimit, Par, Pure
from fwf.algebra.workflow import AnyWorkflow
from fwf.derived.conditions import passing, retold
from fwf.derived.limits import exhausted, limit_words, limits_of, source_of_limits
from fwf.faults import Fault
from fwf.records import record


@final
@record(eq=False, repr=False)
class DecidedBranch(Extension[Any, Any]):
    """keep_input(decides) >> branch(it[1], then=it[0] >> then, otherwise=it[0] >> otherwise)."""

    decides: Node
    then: Node
    otherwise: Node
    word = "branch"

    def desugar(self) -> AnyWorkflow:
        arms: Any = [_pure(it[0]) >> arm for arm in (self.then, self.otherwise)]
        choice: AnyWorkflow = Branch(expr_of(pick(1)), *arms)
        return _beside(self.decides) >> choice

    def arms(self) -> tuple[Arm, ...]:
        then = Arm(self.then, "then", segment="then")
        otherwise = Arm(self.otherwise, "otherwise", segment="otherwise")
        return (Arm(self.decides, "if", segment=""), then, otherwise)

    def edges(self) -> tuple[tuple[int, int], ...]:
        return ((0, 1), (0, 2))

    def worded(self, fault: Fault) -> Fault:
        return retold(fault, it="it[1]")

    def written(self) -> list[Any]:
        then, otherwise = as_piece(self.then), as_piece(self.otherwise)
        return call(self.word, as_piece(self.decides), then=then, otherwise=otherwise)


@final
@record(eq=False, repr=False)
class DecidedLoop(Extension[Any, Any]):
    """A loop of body >> keep_input(decides): its state is the value, and whether it is done."""

    body: Node
    decides: Node
    limit: int
    within: timedelta | None
    on_limit: OnLimit
    word = "loop_until"

    def desugar(self) -> AnyWorkflow:
        one: Any = _pure(it[0]) >> self.body >> _beside(self.decides)
        loop: AnyWorkflow = LoopUntil(one, expr_of(pick(1)), **limits_of(self))
        return _pure(pick(it, literal(False))) >> loop >> _pure(it[0])

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, "do"), Arm(self.decides, "until"))

    def arguments(self) -> tuple[str, ...]:
        return limit_words(self)

    def written(self) -> list[Any]:
        parts = as_piece(self.body), as_piece(self.decides)
        return call(self.word, *parts, **source_of_limits(self))

    def worded(self, fault: Fault) -> Fault:
        return exhausted(
            retold(fault, it="it[1]"), self.decides, "not true", self.limit, self.within
        )


def _pure(expr: It) -> AnyWorkflow:
    return Pure(expr_of(expr))


def _beside(decides: Node) -> AnyWorkflow:
    """The value, and what is said of it."""
    both: Any = (passing(), decides)
    return Par(both, False)
