"""What stands for a value that nobody knows before the run, and what expressions make of it."""

from collections.abc import Callable, Mapping
from typing import Any, assert_never, cast, final

from fwf.algebra.evaluation import Undefined, evaluate, test
from fwf.algebra.expr import (
    IT,
    Call,
    Const,
    Expr,
    Get,
    Input,
    Key,
    Op,
    OrElse,
    Param,
    Present,
    type_of,
)
from fwf.annotations import returned_by
from fwf.faults import Fault
from fwf.types import hints


@final
class Unknown:
    """A value of which only the type is known, and the path of the task that would make it."""

    __slots__ = ("_where", "type")

    def __init__(self, type: Any, path: str | Callable[[], str]) -> None:
        self.type = type
        self._where = path

    @property
    def path(self) -> str:
        """The path of the task that would make it; worked out when first asked for."""
        if not isinstance(self._where, str):
            self._where = self._where()
        return self._where

    def field(self, key: Key) -> "Unknown":
        """The unknown value of a field, or of an item."""
        return self.as_type(_type_of_part(self.type, key))

    def item(self) -> "Unknown":
        """The unknown item of a list."""
        return self.as_type(hints.item_of(self.type))

    def as_type(self, type: Any) -> "Unknown":
        """An unknown of another type that comes from the same task."""
        return Unknown(type, self._where)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Unknown):
            return NotImplemented
        return self.type == other.type and self.path == other.path

    def __hash__(self) -> int:
        return hash((Unknown, self.path))

    def __repr__(self) -> str:
        return f"Unknown({hints.name_of(self.type)}, {self.path!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unknown, (self.type, self.path)


def _type_of_part(holder: Any, key: Key) -> Any:
    try:
        return type_of(Get(IT, key), holder)
    except TypeError:  # a field that the declared type doesn't have
        return hints.ANY


def guess(expr: Expr, value: Any, params: Mapping[str, Any]) -> Any:
    """Expression, input that may hold unknowns, parameters ⟶ its value, unknown if it must be.

    Without unknowns it is `evaluate`, defects included.
    """
    match expr:
        case Input():
            return value
        case Const() | Param():
            return evaluate(expr, value, params)
        case Get(of, key):
            holder = guess(of, value, params)
            if isinstance(holder, Unknown):
                return holder.field(key)
            return evaluate(Get(IT, key), holder, params)
        case Present(of):
            return _of_one(expr, of, bool, value, params)
        case OrElse(of):
            return _of_one(expr, of, hints.ANY, value, params)
        case Call(function, of):
            argument = guess(of, value, params)
            unknown = unknown_in(argument)
            if unknown is None:
                return evaluate(Call(function, IT), argument, params)
            return unknown.as_type(returned_by(function))
        case Op():
            return _operate(expr, value, params)
        case _:
            assert_never(expr)


def _of_one(expr: Expr, of: Expr, kind: Any, value: Any, params: Mapping[str, Any]) -> Any:
    """A lenient form: unknown if what it asks about is, missing fields included."""
    try:
        unknown = unknown_in(guess(of, value, params))
    except Undefined:
        unknown = None
    return evaluate(expr, value, params) if unknown is None else unknown.as_type(kind)


_KINDS: dict[str, Any] = {
    "+": hints.ANY, "-": hints.ANY, "*": hints.ANY, "length": int, "text": str, "fault_of": Fault,
}  # fmt: skip


def _operate(expr: Op, value: Any, params: Mapping[str, Any]) -> Any:
    symbol = expr.symbol
    if symbol in ("and", "or"):
        return _connected(expr, value, params)
    parts = tuple([guess(part, value, params) for part in expr.args])
    if symbol == "tuple":
        return parts
    unknown = next((at for at in map(unknown_in, parts) if at is not None), None)
    if symbol in ("failed", "value_of", "fault_of") and not isinstance(parts[0], Unknown):
        unknown = None
    if symbol == "length" and not isinstance(parts[0], Unknown):
        unknown = None
    if unknown is not None and symbol == "value_of":
        return unknown.as_type(hints.value_of(unknown.type))
    if unknown is not None:
        return unknown.as_type(_KINDS.get(symbol, bool))
    places = tuple([Get(IT, index) for index in range(len(parts))])
    return evaluate(Op(symbol, places), parts, params)


def _connected(expr: Op, value: Any, params: Mapping[str, Any]) -> Any:
    """`&`, `|`: decided by the first part that decides; unknown if an unknown part might."""
    decides, unknown = expr.symbol == "or", None
    for part in expr.args:
        answer = guess(part, value, params)
        if isinstance(answer, Unknown):
            unknown = unknown or answer
        elif test(IT, answer, params) is decides:
            return decides
    return unknown if unknown is not None else not decides


def unknown_in(value: Any) -> Unknown | None:
    """The first unknown in a value, or in the tuples, lists and dictionaries it is made of."""
    todo = [value]
    while todo:
        top = todo.pop()
        if isinstance(top, Unknown):
            return top
        if isinstance(top, tuple | list):
            todo.extend(reversed(cast(list[Any], top)))
        elif isinstance(top, dict):
            todo.extend(cast(dict[object, object], top).values())
    return None
