"""A test in the field of a word: an expression, or a workflow that decides."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import IT, Expr, moved, show
from fwf.algebra.extensions import Arm, as_piece
from fwf.algebra.nodes import Node, Pure
from fwf.algebra.workflow import Workflow

Condition: TypeAlias = Expr | Node


def as_condition(test: Condition) -> Any:
    """What the combinators take for a test."""
    return cast(Any, test) if isinstance(test, Workflow) else It(test)


def at(test: Condition, place: It) -> Any:
    """The same test at another place than the input itself."""
    if isinstance(test, Workflow):
        here: Workflow[Any, Any] = Pure(expr_of(place))
        return here >> cast(Workflow[Any, Any], test)
    return It(moved(test, expr_of(place)))


def asked(test: Condition, label: str = "if") -> tuple[Arm, ...]:
    """A workflow that decides, as a part of its own; an expression is said behind the word."""
    return (Arm(test, label),) if isinstance(test, Workflow) else ()


def source_of(test: Condition) -> Any:
    """The test as a piece of source."""
    return as_piece(test) if isinstance(test, Workflow) else show(test)


def said_of(test: Condition) -> tuple[str, ...]:
    """An expression as people read it; nothing of a workflow, which is a part of its own."""
    from fwf.algebra.heads import predicate  # which pictures and texts need, and nobody else

    return () if isinstance(test, Workflow) else (predicate(test),)


def passing() -> Workflow[Any, Any]:
    """`identity`, as a node of its own: what joins parts must not be one of them."""
    return Pure(IT)
