"""Which expressions a node has."""

from collections.abc import Iterator

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Extension, Node
from fwf.algebra.pickling import fields
from fwf.algebra.wants import expressions_of


def expressions_in(node: Node) -> Iterator[Expr]:
    """Node ⟶ its own expressions."""
    yield from expressions_of(node)
    for value in fields(node) if isinstance(node, Extension) else ():
        if isinstance(value, It):
            yield expr_of(value)
        elif isinstance(value, Expr):
            yield value
