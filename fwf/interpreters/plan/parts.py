"""What a node is made of: the workflows in it, and the expressions."""

from collections.abc import Iterator
from typing import Any, cast

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Extension, Node
from fwf.algebra.pickling import fields
from fwf.algebra.traverse import children
from fwf.algebra.wants import expression_of
from fwf.algebra.workflow import Workflow


def parts_of(node: Node) -> tuple[Node, ...]:
    """Node ⟶ its direct parts: an extension's are the workflows in its fields, and its meaning."""
    if not isinstance(node, Extension):
        return children(node)
    given = [each for value in fields(node) for each in workflows_in(value)]
    return (*given, node.meaning)


def workflows_in(value: Any) -> tuple[Node, ...]:
    """An extension's field ⟶ the workflows that it is or, as a tuple, has."""
    several: tuple[Any, ...] = cast(Any, value) if type(value) is tuple else (value,)
    is_flow = bool(several) and all(isinstance(each, Workflow) for each in several)
    return cast("tuple[Node, ...]", several) if is_flow else ()


def expressions_in(node: Node) -> Iterator[Expr]:
    """Node ⟶ its own expressions."""
    expr = expression_of(node)
    if expr is not None:
        yield expr
    for value in fields(node) if isinstance(node, Extension) else ():
        if isinstance(value, It):
            yield expr_of(value)
        elif isinstance(value, Expr):
            yield value
