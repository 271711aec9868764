"""`it`, `param`, `literal`, `pick`, `apply`: what expressions are built with."""

import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from fwf.algebra.expr import (
    IT,
    Call,
    Const,
    Expr,
    Get,
    Key,
    Op,
    Operator,
    OrElse,
    Param,
    Present,
    expression_source,
    operand,
    show,
)
from fwf.algebra.functions import of_one_value
from fwf.algebra.plain_values import freeze
from fwf.algebra.refused_operations import REFUSED, no_key, no_method, refusal
from fwf.types import hints
from fwf.types.comparison import plain

if TYPE_CHECKING:
    from fwf.algebra.workflow import Workflow

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class It:
    """Builds expressions: `it.total > 0`, `it["next"].present()`, `(it.n >= 3) & ~it.ok`."""

    __slots__ = ("_expr",)
    if not TYPE_CHECKING:  # as `==` builds an expression; a checker is told by `__eq__`
        __hash__ = None
        __array_ufunc__ = None  # numpy then leaves `number < it` to us

    def __init__(self, expr: Expr = IT) -> None:
        object.__setattr__(self, "_expr", expr)

    def __getattr__(self, name: str) -> "It":
        if name.startswith("_"):  # what notebooks and `copy` ask every object for
            raise AttributeError(f"it.{name}: for a field of that name write it[{name!r}]")
        return It(Get(expr_of(self), name))

    def __setattr__(self, name: str, value: object) -> None:
        raise _unchangeable(f"{operand(expr_of(self))}.{name}")

    def __delattr__(self, name: str) -> None:
        raise _unchangeable(f"{operand(expr_of(self))}.{name}")

    def __getitem__(self, key: Key) -> "It":
        if not isinstance(cast(object, key), str | int) or isinstance(key, bool):
            raise TypeError(no_key(key, expr_of(self)))
        return It(Get(expr_of(self), key))

    def __eq__(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self, other: object
    ) -> "It":
        return self._op("==", other)

    def __ne__(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        self, other: object
    ) -> "It":
        return self._op("!=", other)

    def __lt__(self, other: object) -> "It":
        return self._op("<", other)

    def __le__(self, other: object) -> "It":
        return self._op("<=", other)

    def __gt__(self, other: object) -> "It":
        return self._op(">", other)

    def __ge__(self, other: object) -> "It":
        return self._op(">=", other)

    def __add__(self, other: object) -> "It":
        return self._op("+", other)

    def __radd__(self, other: object) -> "It":
        return It(Op("+", (as_expr(other), expr_of(self))))

    def __sub__(self, other: object) -> "It":
        return self._op("-", other)

    def __rsub__(self, other: object) -> "It":
        return It(Op("-", (as_expr(other), expr_of(self))))

    def __mul__(self, other: object) -> "It":
        return self._op("*", other)

    def __rmul__(self, other: object) -> "It":
        return It(Op("*", (as_expr(other), expr_of(self))))

    def __and__(self, other: object) -> "It":
        return It(_flat("and", expr_of(self), as_expr(other)))

    def __or__(self, other: object) -> "It":
        return It(_flat("or", expr_of(self), as_expr(other)))

    def __invert__(self) -> "It":
        return It(Op("not", (expr_of(self),)))

    def is_in(self, among: typing.Iterable[object]) -> "It":
        """Whether the value equals one of these; a defect if it compares with none of them."""
        return It(Op("in", (expr_of(self), as_expr([plain(one) for one in among]))))

    def present(self) -> "It":
        """Whether the field is there and isn't None.

        No defect where it isn't there; one where reading it raises anything else.
        """
        return It(Present(expr_of(self)))

    def or_else(self, default: object) -> "It":
        """The value, or the default where the field is missing or None."""
        return It(OrElse(expr_of(self), as_expr(default)))

    def length(self) -> "It":
        """How many items there are."""
        return It(Op("length", (expr_of(self),)))

    def _op(self, symbol: Operator, other: object) -> "It":
        return It(Op(symbol, (expr_of(self), as_expr(other))))

    if not TYPE_CHECKING:

        def __rshift__(self, other):
            from fwf.algebra.workflow import as_workflow

            return as_workflow(self, ">>") >> other

        def __rrshift__(self, other):
            from fwf.algebra.workflow import as_workflow

            return as_workflow(other, ">>") >> self

        def __setitem__(self, key, value):
            raise _unchangeable(f"{operand(expr_of(self))}[{key!r}]")

        def __delitem__(self, key):
            raise _unchangeable(f"{operand(expr_of(self))}[{key!r}]")

    if TYPE_CHECKING:

        def __rshift__(self, other: "Workflow[Any, B]", /) -> "Workflow[Any, B]": ...
        def __rrshift__(self, other: "Workflow[A, object]", /) -> "Workflow[A, Any]": ...

    def __bool__(self) -> bool:
        raise TypeError(
            f"{show(expr_of(self))} is an expression, known only when the workflow runs: write & "
            "for and, | for or, ~ for not, .is_in(…) for in; to choose, write branch(…)"
        )

    def __call__(self, *args: object, **kwargs: object) -> "It":
        raise TypeError(no_method(expr_of(self)))

    def __repr__(self) -> str:
        return expression_source(expr_of(self))

    def __str__(self) -> str:
        raise TypeError(
            f"str of {self!r}: its value is known only when the workflow runs; for a text that "
            f"holds it write text('… {{}} …', {self!r}), for the expression itself repr(…)"
        )

    def __format__(self, spec: str) -> str:
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return It, (expr_of(self),)


if TYPE_CHECKING:

    class ParamIt(It, Generic[T]):
        """The builder of a parameter whose type is known, for type checkers."""

        def __rshift__(self, other: "Workflow[T, B]", /) -> "Workflow[object, B]": ...


it = It()


def expr_of(builder: It) -> Expr:
    """The expression that a builder holds."""
    return cast(Expr, object.__getattribute__(builder, "_expr"))


def _unchangeable(place: str) -> TypeError:
    return TypeError(f"{place} = …: an expression reads values and can't change them")


for _method in REFUSED:
    setattr(It, _method, refusal(_method, expr_of))


def as_expr(value: object) -> Expr:
    """A builder's expression, or a plain value as a constant."""
    return expr_of(value) if isinstance(value, It) else Const(freeze(plain(value)))


@overload
def param(name: str) -> "ParamIt[Any]": ...
@overload
def param(name: str, type: type[T]) -> "ParamIt[T]": ...
def param(name: str, type: Any = hints.ANY) -> "ParamIt[Any]":
    """name ⟶ the value of a parameter of the run: `param("day", date) < date(2026, 7, 15)`."""
    if not isinstance(cast(object, name), str) or not name.isidentifier():
        raise ValueError(f"param({name!r}): a parameter's name is an identifier")
    return cast("ParamIt[Any]", It(Param(name, type)))


def literal(value: object) -> It:
    """Plain value ⟶ the expression that is always this value, where `it` must be built upon."""
    return It(Const(freeze(value)))


def pick(*parts: object) -> It:
    """Expressions, keys or constants ⟶ the tuple of them; of a single one, its value.

    `pick(1)` is `it[1]`, `pick("a", "b")` is `(it.a, it.b)`.
    """
    if not parts:
        raise TypeError("pick() needs at least one field, item number or expression")
    exprs = [_part(part) for part in parts]
    return It(exprs[0] if len(exprs) == 1 else Op("tuple", tuple(exprs)))


def _part(part: object) -> Expr:
    if isinstance(part, It):
        return expr_of(part)
    if isinstance(part, str | int) and not isinstance(part, bool):
        return Get(IT, part)
    raise TypeError(f"pick({part!r}): needs field names, item numbers or expressions")


def apply(function: Callable[[Any], Any], of: object = it) -> It:
    """A named pure function, an expression ⟶ its value there."""
    return It(Call(of_one_value(function, "apply"), as_expr(of)))


def _flat(symbol: Literal["and", "or"], left: Expr, right: Expr) -> Op:
    parts: list[Expr] = []
    for part in (left, right):
        parts.extend(part.args if isinstance(part, Op) and part.symbol == symbol else (part,))
    return Op(symbol, tuple(parts))
