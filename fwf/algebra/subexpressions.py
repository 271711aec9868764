"""Which expressions does a node evaluate, and of which are these made?"""

from collections.abc import Iterator
from typing import Any, cast

from fwf.algebra.expr import Call, Expr, Get, Op, OrElse, Present
from fwf.algebra.nodes import Branch, Fail, LoopUntil, MapEach, Node, Pure, WithParams


def expressions_of(node: Node) -> tuple[Expr, ...]:
    """The expressions that a node evaluates."""
    match node:
        case Pure():
            return (node.expr,)
        case Branch():
            return (node.predicate,)
        case LoopUntil():
            return (node.done,)
        case MapEach():
            return () if node.key is None else (node.key,)
        case Fail():
            return () if isinstance(node.message, str) else (node.message,)
        case WithParams():
            return tuple(expr for _, expr in node.computed)
        case _:
            return ()


def parts_of(expr: Expr) -> tuple[Expr, ...]:
    """Expression ⟶ the expressions that it is made of."""
    match expr:
        case Get() | Present() | Call():
            return (expr.of,)
        case OrElse():
            return (expr.of, expr.default)
        case Op():
            return expr.args
        case _:
            return ()


def subexpressions(expr: Expr) -> Iterator[Expr]:
    """Expression ⟶ itself and every expression in it, outermost and leftmost first."""
    todo = [expr]
    while todo:
        top = todo.pop()
        yield top
        todo.extend(reversed(parts_of(top)))


def error_tags(node: Node) -> Iterator[str]:
    """Node ⟶ the tags of errors that its expressions ask results for."""
    for part in (each for expr in expressions_of(node) for each in subexpressions(expr)):
        if isinstance(part, Op) and part.symbol == "failed" and len(part.args) == 2:
            yield from cast("Any", part.args[1]).value
