"""How expressions are written, and read back."""

from collections.abc import Callable
from typing import Any, assert_never, cast

from fwf.algebra import text_templates
from fwf.algebra.error_filters import tags
from fwf.algebra.expr import (
    IT,
    MAX_DEPTH,
    Call,
    Const,
    Expr,
    Get,
    Input,
    Op,
    Operator,
    OrElse,
    Param,
    Present,
)
from fwf.algebra.functions import place_of
from fwf.forms import value_form
from fwf.forms.known_names import resolved
from fwf.forms.refusal import Refused, refused, refusing, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_list,
    read_name,
    read_place,
    read_text,
    read_whole,
    written_text,
    written_whole,
)
from fwf.interpreters.plan.plan_names import Names
from fwf.types.hints import name_of

TWO = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "in")
"""Operators of two parts."""


def written(expr: Expr) -> Json:
    """Expression ⟶ JSON that says it."""
    match expr:
        case Input():
            return "it"
        case Const(value):
            return {"const": value_form.written(value)}
        case Param(name, kind):
            return {"param": written_text(name), "type": name_of(kind)}
        case Get(of, key):
            said = written_text(key) if isinstance(key, str) else written_whole(key)
            return {"get": said, "of": written(of)}
        case Present(of):
            return {"present": written(of)}
        case OrElse(of, default):
            return {"or_else": written(default), "of": written(of)}
        case Call(function, of):
            return {"call": place_of(function), "of": written(of)}
        case Op(symbol, args):
            return {"op": symbol, "args": [*map(written, args)]}
        case _:
            assert_never(expr)


def written_argument(expr: Expr) -> Json:
    """Expression that may be a plain value too ⟶ JSON; a constant is written as the value."""
    return value_form.written(expr.value) if isinstance(expr, Const) else {"expr": written(expr)}


def read_argument(given: Json, at: str, names: Names, depth: int = 1) -> Expr:
    """JSON ⟶ the expression that it says, or the constant for a plain value."""
    if not (is_object(given) and given.keys() == {"expr"}):
        return Const(value_form.read(given, at, names, depth))
    there = under(at, "expr")
    made = read(given["expr"], there, names)
    if isinstance(made, Const):
        raise refused(there, given["expr"], "no constant, which is written as the plain value,")
    return made


def read(given: Json, at: str, names: Names, depth: int = 1) -> Expr:
    """JSON ⟶ the expression that it says."""
    if given == "it":
        return IT
    if depth > MAX_DEPTH:
        raise Refused(at, f"an expression may nest {MAX_DEPTH} levels deep, not more")
    reader = _READERS.get(frozenset(given)) if is_object(given) else None
    if reader is None:
        raise refused(at, given, f'"it", or an object with {_FORMS},')
    try:
        return reader(given, at, names, depth)
    except ValueError as error:  # too deep, or too large
        raise Refused(at, str(error)) from None


def _of(given: Json, at: str, names: Names, depth: int) -> Expr:
    return read(given["of"], f"{at}/of", names, depth + 1)


def _read_const(given: Json, at: str, names: Names, depth: int) -> Expr:
    return Const(value_form.read(given["const"], f"{at}/const", names))


def _read_param(given: Json, at: str, names: Names, depth: int) -> Expr:
    name = read_text(given["param"], f"{at}/param")
    if not name.isidentifier():
        raise refused(f"{at}/param", name, "an identifier")
    kind = read_name(given["type"], f"{at}/type", "a type")
    return Param(name, resolved(names.type, f"{at}/type", kind))


def _read_get(given: Json, at: str, names: Names, depth: int) -> Expr:
    key, there = given["get"], f"{at}/get"
    is_whole = type(key) is int or (is_object(key) and "int" in key)
    return Get(
        _of(given, at, names, depth), read_whole(key, there) if is_whole else read_text(key, there)
    )


def _read_present(given: Json, at: str, names: Names, depth: int) -> Expr:
    return Present(read(given["present"], f"{at}/present", names, depth + 1))


def _read_or_else(given: Json, at: str, names: Names, depth: int) -> Expr:
    default = read(given["or_else"], f"{at}/or_else", names, depth + 1)
    return OrElse(_of(given, at, names, depth), default)


def _read_call(given: Json, at: str, names: Names, depth: int) -> Expr:
    place = read_place(given["call"], f"{at}/call", "a function")
    function = resolved(names.function, f"{at}/call", place)
    return Call(function, _of(given, at, names, depth))


def _read_op(given: Json, at: str, names: Names, depth: int) -> Expr:
    symbol = given["op"]
    there = f"{at}/args"
    parts = read_list(given["args"], there)
    count = _PARTS.get(symbol) if isinstance(symbol, str) else None
    if count is None:
        raise refused(f"{at}/op", symbol, f"one of {' '.join(_PARTS)}")
    if not count[0] <= len(parts) <= count[1]:
        raise refused(there, parts, f"a list of the parts that {symbol!r} takes")
    args = [read(part, under(there, i), names, depth + 1) for i, part in enumerate(parts)]
    _check_constants(symbol, args, there)
    return Op(cast(Operator, symbol), tuple(args))


def _check_constants(symbol: Json, args: list[Expr], at: str) -> None:
    """Raise unless the words of a text, and the errors asked for, are as they are built."""
    if symbol == "text":
        words = args[0].value if isinstance(args[0], Const) else None
        if not isinstance(words, str):
            raise refused(under(at, 0), None, "the constant text of 'text'")
        refusing(under(at, 0), text_templates.check_template, words, len(args) - 1)
    if symbol == "failed" and len(args) == 2:
        on = args[1].value if isinstance(args[1], Const) else None
        if not (isinstance(on, tuple) and on and tags(cast(Any, on), "failed") == on):
            raise Refused(under(at, 1), "the tags of errors are expected in order, each once")


_MANY = 10**9
_PARTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(TWO, (2, 2)),
    **dict.fromkeys(("not", "length"), (1, 1)),
    **dict.fromkeys(("and", "or"), (1, _MANY)),
    "tuple": (0, _MANY),
    "failed": (1, 2),
    **dict.fromkeys(("value_of", "fault_of"), (1, 1)),
    "text": (1, _MANY),
}
"""How many parts an operator takes, at least and at most."""
_READERS: dict[frozenset[str], Callable[[Json, str, Names, int], Expr]] = {
    frozenset({"const"}): _read_const,
    frozenset({"param", "type"}): _read_param,
    frozenset({"get", "of"}): _read_get,
    frozenset({"present"}): _read_present,
    frozenset({"or_else", "of"}): _read_or_else,
    frozenset({"call", "of"}): _read_call,
    frozenset({"op", "args"}): _read_op,
}
"""By the fields that an object has."""
_FORMS = ", or ".join(" and ".join(sorted(fields, reverse=True)) for fields in _READERS)
