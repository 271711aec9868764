"""How expressions are written and read back: of each kind the fields that say it."""

from typing import Any, NamedTuple, cast

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
    OrElse,
    Param,
    Present,
)
from fwf.algebra.functions import place_of
from fwf.forms import value_form
from fwf.forms.json_schema import NAME, described, either, members
from fwf.forms.known_names import resolve
from fwf.forms.refusal import Refused, refused, refusing, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_name,
    read_text,
    read_whole,
    write_text,
    write_whole,
)
from fwf.interpreters.plan.form import Form, ObjectForm, itself, scalar, several
from fwf.interpreters.plan.plain_forms import TAGS, TEXT, VALUE, WHOLE, identifier, place
from fwf.interpreters.plan.plan_names import Names
from fwf.types.hints import name_of


def write(expr: Expr) -> Json:
    """Expression ⟶ JSON that says it."""
    return "it" if isinstance(expr, Input) else _BY_CLASS[type(expr)].write(expr)


def read(json: Json, at: str, names: Names, depth: int = 1) -> Expr:
    """JSON ⟶ the expression that it says."""
    if json == "it":
        return IT
    if depth > MAX_DEPTH:
        raise Refused(at, f"an expression may nest {MAX_DEPTH} levels deep, not more")
    kind = _BY_FIELDS.get(frozenset(json)) if is_object(json) else None
    if kind is None:
        raise refused(at, json, f'"it", or an object with {_EXPECTED},')
    try:
        expr: Expr = kind.read(json, at, names, depth)
    except ValueError as error:  # too deep, or too large
        raise Refused(at, str(error)) from None
    return expr


# The kinds

_PART = Form(
    lambda json, at, names, depth: read(json, at, names, depth + 1),
    lambda expr, _: write(expr),
    {},
    "expression",
)
_TYPE = Form(
    lambda json, at, names, _: resolve(names.type, at, read_name(json, at, "a type")),
    lambda kind, _: name_of(kind),
    NAME,
)
_PLACE = place("a function")
_FUNCTION = Form(
    lambda json, at, names, depth: resolve(names.function, at, _PLACE.read(json, at, names, depth)),
    lambda function, _: place_of(function),
    _PLACE.schema,
    _PLACE.name,
)


def _read_key(json: Json, at: str) -> str | int:
    is_whole = type(json) is int or (is_object(json) and "int" in json)
    return read_whole(json, at) if is_whole else read_text(json, at)


_KEY = scalar(
    _read_key,
    lambda key: write_text(key) if isinstance(key, str) else write_whole(key),
    either(TEXT.used, WHOLE.used),
)


def _check_operator(at: str, symbol: Json, args: tuple[Expr, ...]) -> None:
    """Raise unless there is such an operator, and takes such parts."""
    there = f"{at}/args"
    operator = _BY_SYMBOL.get(symbol) if isinstance(symbol, str) else None
    if operator is None:
        raise refused(f"{at}/op", symbol, f"one of {' '.join(_BY_SYMBOL)}")
    if not operator.least <= len(args) <= operator.most:
        raise refused(there, [*args], f"a list of the parts that {symbol!r} takes")
    if symbol == "text":  # as expressions are built
        words = args[0].value if isinstance(args[0], Const) else None
        if not isinstance(words, str):
            raise refused(under(there, 0), None, "the constant text of 'text'")
        refusing(under(there, 0), text_templates.check_template, words, len(args) - 1)
    if symbol == "failed" and len(args) == 2:
        on = args[1].value if isinstance(args[1], Const) else None
        if not (isinstance(on, tuple) and on and tags(cast(Any, on), "failed") == on):
            raise Refused(under(there, 1), "the tags of errors are expected in order, each once")


_OPERATION = ObjectForm(
    Op, "", Op, _check_operator, op=Form(itself, itself, {}).of("symbol"), args=several(_PART)
)
_KINDS = (
    ObjectForm(Const, "A plain value.", const=VALUE.of("value")),
    ObjectForm(
        Param, "A parameter of the run.", param=TEXT.then(identifier).of("name"), type=_TYPE
    ),
    ObjectForm(Get, "A field, or by a number an item.", get=_KEY.of("key"), of=_PART),
    ObjectForm(Present, "Whether a value is there and isn't null.", present=_PART.of("of")),
    ObjectForm(
        OrElse,
        "A value, or another where it is missing or null.",
        or_else=_PART.of("default"),
        of=_PART,
    ),
    ObjectForm(Call, "A named pure function of a value.", call=_FUNCTION.of("function"), of=_PART),
    _OPERATION,
)
_BY_CLASS = {kind.cls: kind for kind in _KINDS}
_BY_FIELDS = {frozenset(kind.names): kind for kind in _KINDS}
_EXPECTED = ", or ".join(" and ".join(kind.names) for kind in _KINDS)


# The operators


class _Operator(NamedTuple):
    """Operators that take as many parts; parts: what the schema says of these, if not that."""

    description: str
    symbols: tuple[str, ...]
    least: int
    most: int
    parts: Json = None

    def schema(self) -> Json:
        one = len(self.symbols) == 1
        symbol = {"const": self.symbols[0]} if one else {"enum": [*self.symbols]}
        bounds = {"minItems": self.least} if self.least else {}
        bounds |= {"maxItems": self.most} if self.most < _MANY else {}
        parts = self.parts or {"items": _PART.used}
        args = {"type": "array", **parts, **bounds}
        return members(self.description, {"op": symbol, "args": args})


_MANY = 10**9
_COMPARED = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "in")
_CONSTANT_TAGS = members("", {"const": members("", {"tuple": TAGS.used})})
_CONSTANT_TEXT = members("", {"const": TEXT.used})
_OPERATORS = (
    _Operator("An operator on two values.", _COMPARED, 2, 2),
    _Operator("An operator on one value.", ("not", "length"), 1, 1),
    _Operator("A connective.", ("and", "or"), 1, _MANY),
    _Operator("The tuple of values.", ("tuple",), 0, _MANY),
    _Operator("What is asked of a result.", ("value_of", "fault_of"), 1, 1),
    _Operator(
        "Whether a result is a failure, of one of these errors if any are named.",
        ("failed",),
        1,
        2,
        {"prefixItems": [_PART.used, _CONSTANT_TAGS]},
    ),
    _Operator(
        "A text with a value in each place of it that reads {}.",
        ("text",),
        1,
        _MANY,
        {"prefixItems": [_CONSTANT_TEXT], "items": _PART.used},
    ),
)
_BY_SYMBOL = {symbol: operator for operator in _OPERATORS for symbol in operator.symbols}


# As a field

EXPRESSION = Form(
    lambda json, at, names, _: read(json, at, names),
    _PART.write,
    {
        "description": "An expression over the value that comes in.",
        "oneOf": [
            described("The value that comes in.", {"const": "it"}),
            *(kind.schema for kind in _KINDS if kind is not _OPERATION),
            *(operator.schema() for operator in _OPERATORS),
        ],
    },
    "expression",
)


def _read_argument(json: Json, at: str, names: Names, depth: int = 1) -> Expr:
    """JSON ⟶ the expression that it says, or the constant for a plain value."""
    if not (is_object(json) and json.keys() == {"expr"}):
        return Const(value_form.read(json, at, names, depth))
    there = under(at, "expr")
    expr = read(json["expr"], there, names)
    if isinstance(expr, Const):
        raise refused(there, json["expr"], "no constant, which is written as the plain value,")
    return expr


def _write_argument(expr: Expr) -> Json:
    """Expression that may be a plain value too ⟶ JSON; a constant is written as the value."""
    return value_form.write(expr.value) if isinstance(expr, Const) else {"expr": write(expr)}


ARGUMENT = Form(
    _read_argument,
    lambda expr, _: _write_argument(expr),
    described(
        "A plain value, or an expression that is evaluated where the part is entered.",
        either(VALUE.used, members("", {"expr": EXPRESSION.used})),
    ),
    "argument",
)
PARAMETERS = Form(
    lambda json, at, names, _: value_form.read_bindings(json, at, names, item=_read_argument),
    lambda bindings, _: value_form.write_bindings(bindings, _write_argument),
    described(
        "Names and what they are bound to; pairs if a name can't be the key of an object.",
        value_form.schema_of_bindings(ARGUMENT.used),
    ),
    "parameters",
)
