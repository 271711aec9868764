"""Which operations of Python does an expression not have, and what is written instead?"""

from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from fwf.algebra.expr import Expr, Get, expression_source, operand, show
from fwf.printing import elided

MAX_OPERAND = 40
_SIGNS: Final = {
    "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@", "lshift": "<<",
    "xor": "^",
}  # fmt: skip
_OPERATORS: Final = {
    **{f"__{name}__": f"{{it}} {sign} {{}}" for name, sign in _SIGNS.items()},
    **{f"__r{name}__": f"{{}} {sign} {{it}}" for name, sign in _SIGNS.items()},
    "__rand__": "{} & {it}",
    "__ror__": "{} | {it}",
    "__contains__": "{} in {it}",
    "__rdivmod__": "divmod({}, {it})",
    "__neg__": "-{it}",
    "__pos__": "+{it}",
    "__index__": "{it} as an index",
}
_FUNCTIONS: Final = {
    **{f"__{name}__": name for name in (
        "abs", "round", "divmod", "int", "float", "complex", "bytes", "len", "iter", "reversed",
    )},
    **{f"__{name}__": f"math.{name}" for name in ("trunc", "floor", "ceil")},
}  # fmt: skip
REFUSED: Final = (*_OPERATORS, *_FUNCTIONS)
"""The methods by which Python asks for what an expression doesn't have."""

_FOR_ITEMS: Final = "for each of its items write map_each(…)"
_OF_TESTS: Final = ("__rand__", "__ror__")
"""`&` and `|` are `and` and `or`: with anything but True and False they have no other way round."""
_REMEDIES: Final = {
    "__rand__": "write the expression first: {it} & {}",
    "__ror__": "write the expression first: {it} | {}",
    "__len__": "write {it}.length()",
    "__neg__": "write 0 - {it}, or timedelta() - {it} for a length of time",
    "__iter__": _FOR_ITEMS,
    "__reversed__": _FOR_ITEMS,
    "__contains__": (
        "whether it is one of several values is {it}.is_in([…]), whether it holds one is for a "
        "named function, apply(function, {it})"
    ),
}
_ANY_REMEDY: Final = "write a named function, apply(function, {it}), or a task"


def refusal(method: str, expr_of: Callable[[Any], Expr]) -> Callable[..., NoReturn]:
    """A method of Python's data model ⟶ one that raises what to write instead."""

    def refuse(built: Any, *operands: object) -> NoReturn:
        raise TypeError(without(method, expr_of(built), operands))

    return refuse


def without(method: str, expr: Expr, operands: tuple[object, ...] = ()) -> str:
    """What was written, that expressions don't have it, and what to write instead."""
    others = [*map(_shown, operands)]
    if method in _FUNCTIONS:
        attempt = f"{_FUNCTIONS[method]}({', '.join([expression_source(expr), *others])})"
    else:
        attempt = _OPERATORS[method].format(*others, it=operand(expr))
    wordless = method in _OF_TESTS and not isinstance(operands[0], bool)
    remedy = _ANY_REMEDY if wordless else _REMEDIES.get(method, _ANY_REMEDY)
    remedy = remedy.format(*others, it=operand(expr))
    return f"{attempt}: expressions have no such operation; {remedy}"


def no_key(key: object, of: Expr) -> str:
    """What is said of a key that is neither a field's name nor an item's number."""
    it = operand(of)
    shown = _slice_source(cast(Any, key)) if isinstance(key, slice) else _shown(key)
    return f"{it}[{shown}]: a key is a string or a number; for others {_ANY_REMEDY.format(it=it)}"


def no_method(expr: Expr) -> str:
    """What is said of a call of an expression, which is most often that of a method."""
    it = expression_source(expr.of if isinstance(expr, Get) else expr)
    remedy = _ANY_REMEDY.format(it=it)
    return f"{show(expr)}(…): an expression calls no methods; {remedy}"


def _slice_source(key: Any) -> str:
    ends = (key.start, key.stop) if key.step is None else (key.start, key.stop, key.step)
    return ":".join("" if end is None else _shown(end) for end in ends)


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # whatever somebody's class raises when it is printed
        text = f"a {type(value).__qualname__}"
    return elided(text, MAX_OPERAND)
