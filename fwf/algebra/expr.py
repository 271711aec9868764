"""Expressions and predicates as data: `it.total > 0`, printed, compared and exported.

An expression reads one value (`it`) and the run's parameters (`param`). It has no effects; where
it can't be evaluated it is a defect, never silently false. `fwf.algebra.builder` builds them,
`fwf.algebra.evaluation` evaluates them.
"""

import typing
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast, final

from fwf.algebra.plain_values import encode, is_name, source, thaw
from fwf.annotations import returned_by
from fwf.faults import Fault, near
from fwf.records import record
from fwf.types import hints

MAX_DEPTH = 100
MAX_SIZE = 10_000
Key: TypeAlias = str | int
Operator: TypeAlias = Literal[
    "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "and", "or", "not", "in", "length", "tuple",
    "failed", "value_of", "fault_of", "text",
]  # fmt: skip


@final
@record()
class Input:
    """The value that comes in: `it`."""


@final
@record(eq=False)
class Const:
    """A plain value, frozen; 1, 1.0 and True are three."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and encode(self.value) == encode(other.value)

    def __hash__(self) -> int:
        return hash(encode(self.value))

    def __reduce__(self) -> tuple[Any, ...]:
        from fwf.algebra.packing import pack  # which few programs need

        return _constant, (pack(self.value),)


def _constant(value: object) -> Const:
    from fwf.algebra.packing import unpack

    return Const(unpack(value))


@final
@record()
class Param:
    """A parameter of the run, or of the `with_params` around the place."""

    name: str
    type: Any


@final
@record(derived=("depth", "size"))
class Get:
    """A field (on mappings a key, else an attribute) or, by a number, an item."""

    of: "Expr"
    key: Key

    def __post_init__(self) -> None:
        _nest(self, (self.of,))


@final
@record(derived=("depth", "size"))
class Present:
    """Whether an expression has a value that isn't None."""

    of: "Expr"

    def __post_init__(self) -> None:
        _nest(self, (self.of,))


@final
@record(derived=("depth", "size"))
class OrElse:
    """An expression's value, or another's where the first has none or is None."""

    of: "Expr"
    default: "Expr"

    def __post_init__(self) -> None:
        _nest(self, (self.of, self.default))


@final
@record(derived=("depth", "size"))
class Call:
    """A named pure function of an expression. Known by its module and qualified name."""

    function: Callable[[Any], Any]
    of: "Expr"

    def __post_init__(self) -> None:
        _nest(self, (self.of,))


@final
@record(derived=("depth", "size"))
class Op:
    """An operator on expressions; the errors of `failed` and the words of `text` are constants."""

    symbol: Operator
    args: tuple["Expr", ...]

    def __post_init__(self) -> None:
        _nest(self, self.args)


Expr: TypeAlias = Input | Const | Param | Get | Present | OrElse | Call | Op
"""An expression. Closed: match on the classes."""

IT = Input()


def _nest(expr: Any, parts: tuple["Expr", ...]) -> None:
    depth = 1 + max((getattr(part, "depth", 0) for part in parts), default=0)
    size = 1 + sum(getattr(part, "size", 1) for part in parts)
    if depth > MAX_DEPTH:
        raise ValueError(f"an expression may nest {MAX_DEPTH} levels deep, not more")
    if size > MAX_SIZE:
        raise ValueError(f"an expression may have {MAX_SIZE:,} parts, not more")
    object.__setattr__(expr, "depth", depth)
    object.__setattr__(expr, "size", size)


# Printing

_SIGN = {"and": "&", "or": "|"}
RESERVED = frozenset({"present", "or_else", "is_in", "length"})


def show(expr: Expr) -> str:
    """Expression ⟶ Python source that builds it, in terms of `it` and `param`.

    A function of the value itself is shown by its name, which is how combinators take it.
    """
    if isinstance(expr, Call) and isinstance(expr.of, Input):
        return name_of_function(expr.function)
    return expression_source(expr)


def expression_source(expr: Expr) -> str:
    """Expression ⟶ source of the builder that holds it: a function of the value as `apply(f)`."""
    return _show(expr, 9 if isinstance(expr, Const) else 0)


def argument(expr: Expr) -> str:
    """Expression ⟶ source of an argument that it is; a constant as the plain value."""
    return _show(expr, 0)


def operand(expr: Expr) -> str:
    """Expression ⟶ source of the builder that holds it, where an operator or a dot follows."""
    return _show(expr, 9)


def name_of_function(function: Callable[..., Any]) -> str:
    """Function ⟶ the name that it goes by where it was defined."""
    return function.__qualname__.rpartition("<locals>.")[2]


def _show(expr: Expr, outer: int) -> str:
    """The source where `outer` binds: 0 loosely, 8 as an operand, 9 as what a method is called on.

    At 9 a plain value is made an expression, since it has no methods and operators of ours.
    """
    match expr:
        case Input():
            return "it"
        case Const(value):
            return f"literal({source(value)})" if outer == 9 else source(value)
        case Param(name, kind):
            return f"param({name!r}{'' if kind is hints.ANY else f', {hints.name_of(kind)}'})"
        case Get(of, key):
            plain = isinstance(key, str) and is_name(key) and not key.startswith("_")
            as_attribute = plain and key not in RESERVED
            return f"{_show(of, 9)}.{key}" if as_attribute else f"{_show(of, 9)}[{key!r}]"
        case Present(of):
            return f"{_show(of, 9)}.present()"
        case OrElse(of, default):
            return f"{_show(of, 9)}.or_else({_show(default, 0)})"
        case Call(function, of):
            call = name_of_function(function)
            return f"apply({call}{'' if isinstance(of, Input) else f', {_show(of, 0)}'})"
        case Op():
            return _show_operator(expr, outer)


def _show_operator(expr: Op, outer: int) -> str:
    args = expr.args
    match expr.symbol:
        case "not":
            text = f"~{_show(args[0], 9)}"
            return f"({text})" if outer == 9 else text
        case "in":
            return f"{_show(args[0], 9)}.is_in({_show(args[1], 0)})"
        case "length":
            return f"{_show(args[0], 9)}.length()"
        case "tuple":
            return f"pick({', '.join(_show(part, 9) for part in args)})"
        case "failed" | "value_of" | "fault_of" | "text" as word:
            sources = [_show(part, 0) for part in args]
            if word == "failed" and len(args) == 2:
                sources[1] = f"on={_filter_source(args[1])}"
            return f"{word}({', '.join(sources)})"
        case "and" | "or":
            sources = [_show(args[0], 9), *(_show(part, 8) for part in args[1:])]
            return f"({f' {_SIGN[expr.symbol]} '.join(sources)})"
        case symbol:
            turns = symbol not in ("+", "-", "*") or isinstance(args[1], Const)
            left = _show(args[0], 9 if turns and isinstance(args[0], Const) else 8)
            text = f"{left} {symbol} {_show(args[1], 8)}"
            return f"({text})" if outer else text


def _filter_source(on: Expr) -> str:
    names = cast("tuple[object, ...]", getattr(on, "value", None))
    one = type(names) is tuple and len(names) == 1
    return source(names[0]) if one else _show(on, 0)


# Types


def type_of(expr: Expr, input_type: Any) -> Any:
    """Expression, type of `it` ⟶ type of its value, `Any` if unknown.

    Raises `TypeError` for a field that a declared type doesn't have.
    """
    match expr:
        case Input():
            return input_type
        case Const(value):
            return cast(Any, type(thaw(value)))
        case Param(_, kind):
            return kind
        case Get(of, key):
            return _type_of_field(type_of(of, input_type), key, of)
        case Present():
            return bool
        case OrElse():
            return hints.ANY
        case Call(function, of):
            type_of(of, input_type)
            return returned_by(function)
        case Op(symbol, args):
            return _type_of_operation(symbol, args, [type_of(part, input_type) for part in args])


def _type_of_operation(symbol: Operator, args: tuple[Expr, ...], parts: list[Any]) -> Any:
    match symbol:
        case "tuple":
            return hints.tuple_of(parts)
        case "+" | "-" | "*":
            return hints.ANY
        case "length":
            return int
        case "text":
            return str
        case "failed" | "value_of" | "fault_of":
            return _type_of_question(symbol, parts[0], args[0])
        case _:
            return bool


def _type_of_question(word: str, holder: Any, of: Expr) -> Any:
    may_be_result = holder is hints.ANY or hints.compatible(holder, hints.result_of(hints.ANY))
    if not may_be_result:
        raise TypeError(
            f"{show(of)} is {hints.name_of(holder)}: it is no result, so {word}(…) can't be asked "
            "of it; put as_result(…) around what makes it"
        )
    return {"failed": bool, "fault_of": Fault}.get(word) or hints.value_of(holder)


def _type_of_field(holder: Any, key: Key, of: Expr) -> Any:
    if isinstance(key, int):
        items = typing.get_args(holder)
        is_tuple = typing.get_origin(holder) is tuple and Ellipsis not in items
        if is_tuple and not -len(items) <= key < len(items):
            raise TypeError(f"{show(of)} is {hints.name_of(holder)}: it has no item {key}")
        return items[key] if is_tuple else hints.item_of(holder)
    fields = _FAULT if holder is Fault else hints.fields_of(holder)
    if fields is None:
        return hints.ANY
    if key not in fields:
        kind = hints.name_of(holder)
        raise TypeError(f"{show(of)} is {kind}: it has no field {key!r}{near(key, fields)}")
    return fields[key]


_FAULT: dict[str, Any] = {"tags": tuple[str, ...], "message": str, "path": str}
"""The fields that every fault has."""


def substitute(expr: Expr, place: Expr) -> Expr:
    """An expression over `it` ⟶ the same over what `place` gives."""
    return (
        place if isinstance(expr, Input) else _rebuild(expr, lambda part: substitute(part, place))
    )


def calling(expr: Expr, other: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> Expr:
    """An expression, function ⟶ function ⟶ the same expression, which calls those."""
    expr_of_parts = _rebuild(expr, lambda part: calling(part, other))
    return (
        Call(other(expr_of_parts.function), expr_of_parts.of)
        if isinstance(expr_of_parts, Call)
        else expr_of_parts
    )


def retagged(expr: Expr, other: Callable[[str], str]) -> Expr:
    """An expression, tag ⟶ tag ⟶ the same expression, which asks results for those errors."""
    expr_of_parts = _rebuild(expr, lambda part: retagged(part, other))
    match expr_of_parts:
        case Op("failed", (of, Const(names))):
            tags = sorted(map(other, cast("tuple[str, ...]", names)))
            return Op("failed", (of, Const(tuple(tags))))
        case _:
            return expr_of_parts


def _rebuild(expr: Expr, part: Callable[[Expr], Expr]) -> Expr:
    """An expression, part ⟶ part ⟶ the same expression of those."""
    match expr:
        case Input() | Const() | Param():
            return expr
        case Get(of, key):
            return Get(part(of), key)
        case Present(of):
            return Present(part(of))
        case OrElse(of, default):
            return OrElse(part(of), part(default))
        case Call(function, of):
            return Call(function, part(of))
        case Op(symbol, args):
            return Op(symbol, tuple(map(part, args)))
