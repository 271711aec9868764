"""Which expressions surely have a value, and when one may be put into another.

Laws that drop, repeat or exchange an expression hold where no defect appears or disappears, so
they ask here. What is answered is on the safe side: fields never count as sure, not even those of
a declared type, since nothing checks at run time that a value has the type its task declares, and
not even where they are read leniently: `.present()` forgives a field that isn't there, but what a
property or a mapping raises (a lost connection) is a defect there too, never "not there".
Parameters do count, since they are checked before anything runs.
"""

from collections.abc import Collection
from typing import Any, cast

from pyrsistent import PSet, PVector

from fwf.algebra.expr import (
    MAX_SIZE,
    Call,
    Const,
    Expr,
    Get,
    Input,
    Op,
    OrElse,
    Param,
    Present,
    substitute,
)

_NUMBER = (int, float)


def is_total(expr: Expr) -> bool:
    """Whether an expression has a value for every input: no defect, whatever comes."""
    return _kind(expr) is not None


def decides(predicate: Expr) -> bool:
    """Whether a predicate is true or false for every input (*total*, semantics.md §1)."""
    return _kind(predicate) is bool


def _kind(expr: Expr) -> type | None:
    """What the value surely is, as far as comparisons care; `object`: any; None: maybe nothing.

    Numbers count as `float`, but True and False as `bool`: they don't compare with numbers.
    """
    match expr:
        case Input():
            return object
        case Const(value):
            return _kind_of(value)
        case Param(_, param_type):
            return (
                param_type
                if param_type in (bool, str)
                else float
                if param_type in _NUMBER
                else object
            )
        case Get() | Call():
            return None
        case Present(of):
            return None if _kind(of) is None else bool
        case OrElse(of, default):
            return _kind_of_either(of, default)
        case Op():
            return _kind_of_operation(expr)


def _kind_of(value: object) -> type:
    if value is None:
        return type(None)
    kind = type(value)  # an enum's member of these may compare in a way of its own
    return kind if kind in (bool, str) else float if kind in _NUMBER else object


def _kind_of_either(of: Expr, default: Expr) -> type | None:
    kind, other = _kind(of), _kind(default)
    if kind is None or other is None:
        return None
    return other if kind in (other, type(None)) else object


def _kind_of_operation(expr: Op) -> type | None:
    kinds = [_kind(part) for part in expr.args]
    if None in kinds:
        return None
    match expr.symbol:
        case "tuple":
            return object
        case "and" | "or" | "not":
            return bool if all(kind is bool for kind in kinds) else None
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            is_sure = kinds[0] is kinds[1] and kinds[0] in (bool, float, str)
            return (
                bool if is_sure or (expr.symbol in ("==", "!=") and type(None) in kinds) else None
            )
        case "in":
            return bool if _comparable(kinds[0], expr.args[1]) else None
        case "text":
            return str if all(kind in (bool, float, str, type(None)) for kind in kinds) else None
        case _:  # arithmetic, length: whatever the operands' types make of it
            return None


def _comparable(kind: type | None, among: Expr) -> bool:
    """Whether a value of a kind compares with every item of a constant list."""
    items: Any = among.value if isinstance(among, Const) else None
    if not isinstance(items, PVector | PSet | frozenset | tuple):
        return False
    comparable_kinds = (kind, type(None)) if kind in (bool, float, str) else (type(None),)
    return all(_kind_of(item) in comparable_kinds for item in cast(Collection[Any], items))


# Composition


def composed(first: Expr, then: Expr) -> Expr | None:
    """`pure f >> pure g = pure(g∘f)`: g with f for `it`; None where a defect would come or go.

    The two steps evaluate f once, first and strictly. So g must read `it` on every way (else a
    defect of f would be lost, unless f is total), must not read it leniently if f is a field
    (`.present()` would forgive the missing field), and may read it twice only if f gives equal
    values twice: no function and no arithmetic (NaN, `==` by identity).
    """
    uses = _uses(then)
    if uses == 1 and isinstance(then, Input):
        return first
    if uses > 1 and not _gives_the_same_twice(first):
        return None
    if isinstance(first, Get) and _lenient(then):
        return None
    if not (_reads_input(then) or is_total(first)):
        return None
    if _size(then) + uses * (_size(first) - 1) > MAX_SIZE:
        return None
    try:
        return substitute(then, first)
    except ValueError:  # deeper than expressions may be
        return None


def _size(expr: Expr) -> int:
    return getattr(expr, "size", 1)


def _uses(expr: Expr) -> int:
    """How often `it` stands in an expression."""
    return isinstance(expr, Input) + sum(map(_uses, _parts(expr)))


def _parts(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Get(of) | Present(of) | Call(_, of):
            return (of,)
        case OrElse(of, default):
            return (of, default)
        case Op(_, args):
            return args
        case _:
            return ()


def _reads_input(expr: Expr) -> bool:
    """Whether evaluating it evaluates `it`, or comes to a defect before."""
    match expr:
        case Input():
            return True
        case Const() | Param():
            return False
        case Get(of) | Call(_, of):
            return _reads_input(of)
        case Present(of) | OrElse(of):
            return _reads_input(_base(of))
        case Op("and" | "or", args):
            return bool(args) and _reads_input(args[0])
        case Op(_, args):
            return any(map(_reads_input, args))


def _base(of: Expr) -> Expr:
    """What `.present()` and `.or_else(…)` read leniently goes down to this, which they don't."""
    while isinstance(of, Get):
        of = of.of
    return of


def _lenient(expr: Expr) -> bool:
    """Whether some `.present()` or `.or_else(…)` goes down to `it` through fields alone."""
    if isinstance(expr, Present | OrElse) and isinstance(_base(expr.of), Input):
        return True
    return any(map(_lenient, _parts(expr)))


def _gives_the_same_twice(expr: Expr) -> bool:
    if isinstance(expr, Call) or (isinstance(expr, Op) and expr.symbol in ("+", "-", "*")):
        return False
    return all(map(_gives_the_same_twice, _parts(expr)))
