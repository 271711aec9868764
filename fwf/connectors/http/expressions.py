"""How do expressions on a body stand in a definition? As plain data that builds them again."""

from typing import Any, TypeAlias, final

from fwf.algebra.builder import It, expr_of
from fwf.algebra.evaluation import Undefined, evaluate
from fwf.algebra.expr import (
    IT,
    Call,
    Const,
    Expr,
    Get,
    Input,
    Op,
    OrElse,
    Param,
    Present,
    argument,
)
from fwf.algebra.plain_values import freeze, register_codec, thaw
from fwf.records import record


@final
@record(repr=False)
class Expression:
    """An expression on an answer's body: `it.errors.present()`."""

    expr: Expr

    def __repr__(self) -> str:
        return argument(self.expr)

    def of(self, body: object) -> Any:
        """Its value; raises `NoValue` where it has none, which says nothing of the body."""
        try:
            return evaluate(self.expr, body, {})
        except Undefined:
            problem = NoValue(f"{self!r} has no value there")
        raise problem


class NoValue(ValueError):
    """An expression has no value for a body."""


Selector: TypeAlias = It | Expression | str
"""An expression, or a field's name."""


def expression(selector: object, where: str) -> Expression:
    """`it.data.orders`, or the name of a field ⟶ the expression; raises for other things."""
    if isinstance(selector, Expression):
        return selector
    if isinstance(selector, str):
        return Expression(Get(IT, selector))
    if not isinstance(selector, It):
        raise TypeError(
            f"{where}: {selector!r} is no expression: write it.errors.present(), or have a task of "
            "effect pure look at what this one gives"
        )
    try:
        to_plain(expr_of(selector))
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None
    return Expression(expr_of(selector))


def to_plain(expr: Expr) -> list[Any]:
    """An expression ⟶ lists and values; raises `TypeError` for what needs more than a body."""
    match expr:
        case Input():
            return ["it"]
        case Const(value):
            return ["const", thaw(value)]
        case Get(of, key):
            return ["get", to_plain(of), key]
        case Present(of):
            return ["present", to_plain(of)]
        case OrElse(of, default):
            return ["or_else", to_plain(of), to_plain(default)]
        case Op(symbol, args):
            return ["op", symbol, *map(to_plain, args)]
        case Param() | Call():
            raise TypeError(
                f"{argument(expr)}: an expression on a body has neither parameters nor functions: "
                "have a task of effect pure look at what this one gives"
            )


def from_plain(plain: Any) -> Expr:
    """What `to_plain` made ⟶ the expression."""
    match plain:
        case ["it"]:
            return IT
        case ["const", value]:
            return Const(freeze(value))
        case ["get", of, str() | int() as key]:
            return Get(from_plain(of), key)
        case ["present", of]:
            return Present(from_plain(of))
        case ["or_else", of, default]:
            return OrElse(from_plain(of), from_plain(default))
        case ["op", symbol, *args]:
            return Op(symbol, tuple(map(from_plain, args)))
        case _:
            raise ValueError("not an expression")


register_codec(
    Expression,
    name="http:Expression",
    to_plain=lambda each: to_plain(each.expr),
    from_plain=lambda plain: Expression(from_plain(plain)),
)
