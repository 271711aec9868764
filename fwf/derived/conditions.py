"""A test in the field of a word: an expression, or a workflow that decides."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import IT, Expr, show, substitute, type_of
from fwf.algebra.extensions import Arm, as_piece
from fwf.algebra.nodes import Node, Pure
from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.faults import Fault, PredicateDefect
from fwf.records import changed
from fwf.types import hints

Condition: TypeAlias = Expr | Node


def as_condition(test: Condition) -> Any:
    """What the combinators take for a test."""
    return cast(Any, test) if isinstance(test, Workflow) else It(test)


def at(test: Condition, place: It) -> Any:
    """The same test at another place than the input itself."""
    if isinstance(test, Workflow):
        here: AnyWorkflow = Pure(expr_of(place))
        return here >> cast(AnyWorkflow, test)
    return It(substitute(test, expr_of(place)))


def check_takes(test: Condition, input_type: Any, where: str) -> None:
    """Raise `TypeError` for a test that certainly can't be asked of values of a type."""
    if isinstance(test, Workflow):
        needed = test.edge.accepts
        if not hints.compatible(input_type, needed):
            raise TypeError(
                f"{where}: what decides takes {hints.name_of(needed)}, but is given "
                f"{hints.name_of(input_type)}"
            )
        return
    try:
        type_of(test, input_type)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def arms_of_test(test: Condition, label: str = "if") -> tuple[Arm, ...]:
    """A workflow that decides, as a part of its own; an expression is said behind the word."""
    return (Arm(test, label),) if isinstance(test, Workflow) else ()


def source_of(test: Condition) -> Any:
    """The test as a piece of source."""
    return as_piece(test) if isinstance(test, Workflow) else show(test)


def words_of_test(test: Condition) -> tuple[str, ...]:
    """An expression as people read it; nothing of a workflow, which is a part of its own."""
    from fwf.display.heads import predicate  # which pictures and texts need, and nobody else

    return () if isinstance(test, Workflow) else (predicate(test),)


def retold(fault: Fault, **names: str) -> Fault:
    """A defect of an expression that a word moved, with what the author wrote: `it` for `it[1]`."""
    if not isinstance(fault, PredicateDefect):
        return fault
    message = fault.message
    for name, place in names.items():
        message = message.replace(place, name)
    return changed(fault, message=message)


def passing() -> AnyWorkflow:
    """`identity`, as a node of its own: what joins parts must not be one of them."""
    return Pure(IT)
