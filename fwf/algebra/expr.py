"""Expressions and predicates as data: `it.total > 0`, printed, compared and exported.

An expression reads one value (`it`) and the run's parameters (`param`). It has no effects; where
it can't be evaluated it is a defect, never silently false.
"""

import enum
import operator
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast, final, overload

from fwf.algebra import types
from fwf.algebra.values import encode, freeze, is_frozen, is_name, source, thaw
from fwf.faults import tag_of
from fwf.records import record

if TYPE_CHECKING:
    from fwf.algebra.workflow import Workflow

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")
MAX_DEPTH = 100
MAX_SIZE = 10_000
Key: TypeAlias = str | int
Operator: TypeAlias = Literal[
    "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "and", "or", "not", "in", "length", "tuple"
]


class Undefined(Exception):
    """An expression has no value here; the message names the part and the reason."""


class Missing(Undefined):
    """It has none because a field or an item isn't there."""


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
        return Const, (self.value,)


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
    """An operator on expressions."""

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


# Evaluation


def evaluate(expr: Expr, value: Any, params: Mapping[str, Any]) -> Any:
    """Expression, input, parameters ⟶ its value; raises `Undefined` where it has none."""
    match expr:
        case Input():
            return value
        case Const(constant):
            return constant if is_frozen(constant) else thaw(constant)
        case Param(name):
            if name not in params:
                raise Undefined(f"parameter {name!r} is not given")
            return params[name]
        case Get(of, key):
            return _get(evaluate(of, value, params), key, of)
        case Present():
            return _or_none(expr.of, value, params) is not None
        case OrElse(of, default):
            found = _or_none(of, value, params)
            return evaluate(default, value, params) if found is None else found
        case Call(function, of):
            return _call(function, evaluate(of, value, params))
        case Op():
            return _operate(expr, value, params)


def test(expr: Expr, value: Any, params: Mapping[str, Any]) -> bool:
    """Predicate, input, parameters ⟶ its truth value; raises `Undefined` where it has none."""
    answer = evaluate(expr, value, params)
    if answer is True or answer is False:
        return answer
    raise Undefined(
        f"{show(expr)} is {_brief(answer)}, not True or False; compare it, or use .present()"
    )


def _or_none(expr: Expr, value: Any, params: Mapping[str, Any]) -> Any:
    """The value of a field that may be missing; what isn't a missing field still raises."""
    if not isinstance(expr, Get):
        return evaluate(expr, value, params)
    holder = _or_none(expr.of, value, params)
    if holder is None:
        return None
    try:
        return _get(holder, expr.key, expr.of)
    except Missing:
        return None


def _get(holder: Any, key: Key, of: Expr) -> Any:
    try:
        if isinstance(key, int) or isinstance(holder, Mapping):
            return cast(Any, holder)[key]
        return getattr(holder, key)
    except (KeyError, IndexError, AttributeError, TypeError):
        raise Missing(_missing(holder, key, of)) from None
    except Exception as error:  # whatever somebody's property raises
        raise Undefined(f"{show(of)}: reading {key!r} raised {tag_of(type(error))}") from error


def _missing(holder: Any, key: Key, of: Expr) -> str:
    kind = type(holder).__qualname__
    if isinstance(key, int):
        return f"{show(of)} is {_brief(holder)}: it has no item {key}"
    names = list(cast(Mapping[str, Any], holder)) if isinstance(holder, Mapping) else dir(holder)
    return f"{show(of)} is a {kind}: it has no field {key!r}{near(key, names)}"


def near(name: str, names: typing.Iterable[object]) -> str:
    """A name, the names there are ⟶ "; did you mean 'x'?" where one is close."""
    from difflib import get_close_matches  # 2 ms that only mistakes need

    known = [other for other in names if isinstance(other, str) and not other.startswith("_")]
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _call(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except Exception as error:
        name = function.__qualname__
        raise Undefined(f"{name} raised {type(error).__qualname__}: {error}") from error


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def _operate(expr: Op, value: Any, params: Mapping[str, Any]) -> Any:
    match expr.symbol:
        case "and":
            return all(test(part, value, params) for part in expr.args)
        case "or":
            return any(test(part, value, params) for part in expr.args)
        case "not":
            return not test(expr.args[0], value, params)
        case "in":
            sought = evaluate(expr.args[0], value, params)
            among = evaluate(expr.args[1], value, params)
            return any(_apply("==", expr, sought, one) for one in among)
        case "length":
            return _length(expr, evaluate(expr.args[0], value, params))
        case "tuple":
            return tuple(evaluate(part, value, params) for part in expr.args)
        case symbol:
            left, right = (evaluate(part, value, params) for part in expr.args)
            return _apply(symbol, expr, left, right)


def _length(expr: Op, value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        raise Undefined(f"{show(expr)}: {_brief(value)} has no length") from None


def _apply(symbol: str, expr: Expr, left: Any, right: Any) -> Any:
    if symbol in ("==", "!=") and (left is None or right is None):
        return (left is right) == (symbol == "==")
    comparable = _kind(left) == _kind(right) or symbol in "*-+"
    if comparable:
        try:
            return _COMPARE[symbol](left, right)
        except Exception:  # whatever somebody's operator raises
            pass
    raise Undefined(f"{show(expr)}: {_brief(left)} {symbol} {_brief(right)} doesn't fit")


_KINDS: tuple[type | tuple[type, ...], ...] = (bool, (int, float, Decimal), str)
_OWN_KIND = (date, timedelta, bytes, list, tuple, dict, enum.Enum)


def _kind(value: Any) -> object:
    """What a value can be compared with: values of the same kind."""
    for kind in _KINDS:
        if isinstance(value, kind):
            return kind
    if isinstance(value, datetime | time):  # with a time zone or without; never both
        return isinstance(value, datetime), value.utcoffset() is None
    return cast(Any, value).__class__ if isinstance(value, _OWN_KIND) else object


def _brief(value: object) -> str:
    """A value in a message: its type alone, since values may be somebody's data."""
    return "None" if value is None else f"a {type(value).__qualname__}"


# Printing

_SIGN = {"and": "&", "or": "|"}
RESERVED = frozenset({"present", "or_else", "is_in", "length"})


def show(expr: Expr) -> str:
    """Expression ⟶ Python source that builds it, in terms of `it` and `param`.

    A function of the value itself is shown by its name, which is how combinators take it.
    """
    if isinstance(expr, Call) and isinstance(expr.of, Input):
        return name_of_function(expr.function)
    return _show(expr, 9 if isinstance(expr, Const) else 0)


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
            return f"param({name!r}{'' if kind is types.ANY else f', {types.name_of(kind)}'})"
        case Get(of, key):
            plain = isinstance(key, str) and is_name(key) and not key.startswith("_")
            named = plain and key not in RESERVED
            return f"{_show(of, 9)}.{key}" if named else f"{_show(of, 9)}[{key!r}]"
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
        case "and" | "or":
            shown = [_show(args[0], 9), *(_show(part, 8) for part in args[1:])]
            return f"({f' {_SIGN[expr.symbol]} '.join(shown)})"
        case symbol:
            turns = symbol not in ("+", "-", "*") or isinstance(args[1], Const)
            left = _show(args[0], 9 if turns and isinstance(args[0], Const) else 8)
            text = f"{left} {symbol} {_show(args[1], 8)}"
            return f"({text})" if outer else text


# Types


def type_of(expr: Expr, given: Any) -> Any:
    """Expression, type of `it` ⟶ type of its value, `Any` if unknown.

    Raises `TypeError` for a field that a declared type doesn't have.
    """
    match expr:
        case Input():
            return given
        case Const(value):
            return cast(Any, type(thaw(value)))
        case Param(_, kind):
            return kind
        case Get(of, key):
            return _type_of_field(type_of(of, given), key, of)
        case Present():
            return bool
        case OrElse():
            return types.ANY
        case Call(function, of):
            type_of(of, given)
            hints = getattr(function, "__annotations__", {})
            kind = hints.get("return", types.ANY)
            return types.ANY if isinstance(kind, str) else kind
        case Op(symbol, args):
            parts = [type_of(part, given) for part in args]
            if symbol == "tuple":
                return types.tuple_of(parts)
            if symbol in ("+", "-", "*"):
                return types.ANY
            return int if symbol == "length" else bool


def _type_of_field(holder: Any, key: Key, of: Expr) -> Any:
    if isinstance(key, int):
        items = typing.get_args(holder)
        is_tuple = typing.get_origin(holder) is tuple and Ellipsis not in items
        if is_tuple and not -len(items) <= key < len(items):
            raise TypeError(f"{show(of)} is {types.name_of(holder)}: it has no item {key}")
        return items[key] if is_tuple else types.item_of(holder)
    fields = types.fields_of(holder)
    if fields is None:
        return types.ANY
    if key not in fields:
        kind = types.name_of(holder)
        raise TypeError(f"{show(of)} is {kind}: it has no field {key!r}{near(key, fields)}")
    return fields[key]


def moved(expr: Expr, place: Expr) -> Expr:
    """An expression over `it` ⟶ the same over what `place` gives."""
    match expr:
        case Input():
            return place
        case Const() | Param():
            return expr
        case Get(of, key):
            return Get(moved(of, place), key)
        case Present(of):
            return Present(moved(of, place))
        case OrElse(of, default):
            return OrElse(moved(of, place), moved(default, place))
        case Call(function, of):
            return Call(function, moved(of, place))
        case Op(symbol, args):
            return Op(symbol, tuple(moved(part, place) for part in args))


# The builder


class It:
    """Builds expressions: `it.total > 0`, `it["next"].present()`, `(it.n >= 3) & ~it.ok`."""

    __slots__ = ("_expr",)
    if not TYPE_CHECKING:  # as `==` builds an expression; a checker is told by `__eq__`
        __hash__ = None

    def __init__(self, expr: Expr = IT) -> None:
        object.__setattr__(self, "_expr", expr)

    def __getattr__(self, name: str) -> "It":
        if name.startswith("_"):  # what notebooks and `copy` ask every object for
            raise AttributeError(f"it.{name}: for a field of that name write it[{name!r}]")
        return It(Get(expr_of(self), name))

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(f"it.{name} = …: an expression reads values and can't change them")

    def __getitem__(self, key: Key) -> "It":
        return It(Get(expr_of(self), _checked_key(key)))

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
        """Whether the value equals one of these."""
        return It(Op("in", (expr_of(self), as_expr(list(among)))))

    def present(self) -> "It":
        """Whether the field is there and isn't None; never a defect."""
        return It(Present(expr_of(self)))

    def or_else(self, default: object) -> "It":
        """The value, or the default where the field is missing or None."""
        return It(OrElse(expr_of(self), as_expr(default)))

    def length(self) -> "It":
        """How many items there are."""
        return It(Op("length", (expr_of(self),)))

    def _op(self, symbol: Operator, other: object) -> "It":
        return It(Op(symbol, (expr_of(self), as_expr(other))))

    if TYPE_CHECKING:  # at run time the workflow on the other side takes it in

        def __rshift__(self, other: "Workflow[Any, B]", /) -> "Workflow[Any, B]": ...
        def __rrshift__(self, other: "Workflow[A, object]", /) -> "Workflow[A, Any]": ...

    def __bool__(self) -> bool:
        raise TypeError(
            f"{show(expr_of(self))} is an expression, known only when the workflow runs: write & "
            "for and, | for or, ~ for not, .is_in(…) for in; to choose, write branch(…)"
        )

    def __iter__(self) -> typing.Iterator["It"]:
        raise TypeError(
            f"{show(expr_of(self))} is an expression and can't be iterated; "
            "for each of its items write map_each(…)"
        )

    def __contains__(self, item: object) -> bool:
        raise TypeError("`x in it…` can't be written down; write it….is_in([…]), or param(…).is_in")

    def __call__(self, *args: object, **kwargs: object) -> "It":
        raise TypeError(
            f"{show(expr_of(self))}(…): an expression calls no methods; write a named function"
        )

    def __repr__(self) -> str:
        expr = expr_of(self)
        return _show(expr, 9 if isinstance(expr, Const) else 0)

    def __reduce__(self) -> tuple[Any, ...]:
        return It, (expr_of(self),)


if TYPE_CHECKING:

    class ParamIt(It, Generic[T]):
        """The builder of a parameter whose type is known, for type checkers."""

        def __rshift__(self, other: "Workflow[T, B]", /) -> "Workflow[object, B]": ...


it = It()


def expr_of(built: It) -> Expr:
    """The expression that a builder holds."""
    return cast(Expr, object.__getattribute__(built, "_expr"))


def as_expr(value: object) -> Expr:
    """A builder's expression, or a plain value as a constant."""
    return expr_of(value) if isinstance(value, It) else Const(freeze(value))


@overload
def param(name: str) -> "ParamIt[Any]": ...
@overload
def param(name: str, type: type[T]) -> "ParamIt[T]": ...
def param(name: str, type: Any = types.ANY) -> "ParamIt[Any]":
    """name ⟶ the value of a parameter of the run: `param("day", date) < date(2026, 7, 15)`."""
    if not name.isidentifier():
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
    picked = [_part(part) for part in parts]
    return It(picked[0] if len(picked) == 1 else Op("tuple", tuple(picked)))


def _part(part: object) -> Expr:
    if isinstance(part, It):
        return expr_of(part)
    if isinstance(part, str | int) and not isinstance(part, bool):
        return Get(IT, part)
    raise TypeError(f"pick({part!r}): needs field names, item numbers or expressions")


def _checked_key(key: object) -> Key:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return key
    raise TypeError(f"it[{key!r}]: a key is a string or a number")


def apply(function: Callable[[Any], Any], of: object = it) -> It:
    """A named pure function, an expression ⟶ its value there."""
    return It(Call(named_function(function, "apply"), as_expr(of)))


def named_function(function: object, where: str) -> Callable[[Any], Any]:
    """The function itself; raises `TypeError` for lambdas and closures, which have no identity."""
    name = getattr(function, "__qualname__", None)
    if not callable(function) or name is None or isinstance(function, type):
        raise TypeError(f"{where}: {function!r} is not an expression, a workflow or a function")
    if "<lambda>" in name:
        raise TypeError(
            f"{where}: a lambda has no name, so it can't be printed, compared or exported; "
            "write an expression such as it.total > 0, or a function with def"
        )
    if getattr(function, "__closure__", None):
        raise TypeError(
            f"{where}: {name} is a closure, so its name doesn't say what it does; "
            "define it at the top of a module, or write an expression with param(…)"
        )
    return function


def _flat(symbol: Literal["and", "or"], left: Expr, right: Expr) -> Op:
    parts: list[Expr] = []
    for part in (left, right):
        parts.extend(part.args if isinstance(part, Op) and part.symbol == symbol else (part,))
    return Op(symbol, tuple(parts))
