"""Which values compare with which, what comes of it, and which of them are true or false.

Only values of one kind compare: what Python finds unequal although nobody can compare it (1 and
"1", True and 1, a time with a zone and one without) has no answer, so that a wrong type is never
silently false. Numbers are one kind, and all that say so are numbers (`numbers.Number`: int, float,
Decimal, Fraction, those of other libraries).

A scalar of another library stands for the Python value that it gives itself: by `as_py()` (Arrow),
or by `item()` where it has a `dtype` and the shape `()` (numpy's protocol). So a null of Arrow, a
NaT of numpy and, like them, the NA and NaT of pandas are None: what is missing. An array has no one
answer. No library is imported for this.
"""

import builtins
import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Number
from typing import Any, cast

_PYTHON = frozenset({
    type(None), bool, int, float, complex, Decimal, str, bytes, datetime, date, time, timedelta,
    list, tuple, dict, set, frozenset,
})  # fmt: skip
"""Values of exactly these classes stand for themselves."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def plain(value: Any) -> Any:
    """Value ⟶ the Python value that it stands for, which mostly is itself; never raises."""
    cls: type = type(cast(object, value))
    if cls in _PYTHON:
        return value
    try:
        return _converted(value, cls)
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever somebody's class raises when it is asked
        return value


def _converted(value: Any, cls: type) -> Any:
    if hasattr(cls, "as_py"):
        return value.as_py()
    if cls.__name__ in ("NAType", "NaTType") and cls.__module__.partition(".")[0] == "pandas":
        return None
    if not (hasattr(cls, "item") and hasattr(cls, "dtype") and value.shape == ()):
        return value
    item = value.item()
    # numpy gives times that are finer than Python's as a count of nanoseconds
    return value if type(item) is int and getattr(value.dtype, "kind", "") in ("m", "M") else item


def operated(symbol: str, left: Any, right: Any) -> Any:
    """Operator, operands ⟶ what it makes of them; raises `TypeError` where they don't fit."""
    if symbol in _CALCULATE:
        return _calculated(symbol, left, right)
    one = left if type(left) in _PYTHON else plain(left)
    other = right if type(right) in _PYTHON else plain(right)
    if symbol in ("==", "!=") and (one is None or other is None):
        return (one is other) == (symbol == "==")
    try:
        answer = _compared(symbol, one, other)
    except Exception:  # whatever somebody's operator raises
        answer = None
    if answer is True or answer is False:
        return answer
    flag = plain(answer)
    if flag is True or flag is False:
        return flag
    raise TypeError(_unfit(symbol, left, right, answer))


def among(value: Any, items: list[Any]) -> bool:
    """Whether a value equals one of the items; raises `TypeError` if it compares with none."""
    unfit: TypeError | None = None
    compared = False
    for item in items:
        try:
            if operated("==", value, item):
                return True
            compared = compared or plain(item) is not None  # with None everything compares
        except TypeError as error:
            unfit = unfit or error
    if unfit is not None and not compared:
        raise unfit
    return False


def _calculated(symbol: str, left: Any, right: Any) -> Any:
    """As Python does it; where the operands can't, with the Python values that they stand for."""
    calculate = _CALCULATE[symbol]
    try:
        return calculate(left, right)
    except Exception:  # whatever somebody's operator raises
        pass
    one, other = plain(left), plain(right)
    if one is not left or other is not right:
        try:
            return calculate(one, other)
        except Exception:
            pass
    raise TypeError(_unfit(symbol, left, right, None))


def _compared(symbol: str, left: Any, right: Any) -> Any:
    """What the operator answers for two values of one kind; None for those of two."""
    kind = kind_of(left)
    if kind != kind_of(right) or (kind is object and not _know_each_other(left, right)):
        return None
    return _COMPARE[symbol](left, right)


def _know_each_other(left: Any, right: Any) -> bool:
    """Whether `==` of two values says more than that their classes are strangers."""
    if isinstance(left, type(right)) or isinstance(right, type(left)):
        return True
    mine, theirs = cast(Any, type(left)), cast(Any, type(right))
    answers = mine.__eq__(left, right), theirs.__eq__(right, left)
    return any(answer is not NotImplemented for answer in answers)


_KINDS: dict[type, object] = {bool: bool, int: Number, float: Number, Decimal: Number, str: str}
_BASES = (bool, Number, str, Enum, date, timedelta, bytes, list, tuple, dict)


def kind_of(value: Any) -> object:
    """Plain value ⟶ what it can be compared with: values of the same kind."""
    kind = _KINDS.get(type(cast(object, value)))
    if kind is not None:
        return kind
    if isinstance(value, datetime | time):  # with a time zone or without; never both
        return isinstance(value, datetime), value.utcoffset() is None
    base = next((base for base in _BASES if isinstance(value, base)), object)
    return cast(object, type(cast(object, value))) if base is Enum else base


# Words


def _unfit(symbol: str, left: Any, right: Any, answer: Any) -> str:
    if answer is None:
        complaint = f"{_both(left, symbol, right)} doesn't fit"
    else:
        complaint = f"{_both(left, symbol, right)} is {type_only(answer)}, not True or False"
    many = _is_array(left) or _is_array(right)
    remedy = "; an array has no one answer: ask for one item, or decide in a named function"
    return complaint + remedy if many else complaint


def _is_array(value: object) -> bool:
    cls: type = type(value)
    many = hasattr(cls, "__len__") and not issubclass(cls, str | bytes)
    return many and any(hasattr(cls, name) for name in ("dtype", "dtypes", "to_pylist"))


def _both(left: Any, symbol: str, right: Any) -> str:
    alike = type(left) is not type(right) and type(left).__qualname__ == type(right).__qualname__
    return f"{type_only(left, full=alike)} {symbol} {type_only(right, full=alike)}"


def type_only(value: object, *, full: bool = False) -> str:
    """A value in a message: its type alone, since values may be somebody's data.

    With its module where asked, and where the name alone would pass for one of Python's own.
    """
    cls = type(value)
    own = getattr(builtins, cls.__qualname__, cls)
    name = f"{cls.__module__}.{cls.__qualname__}" if full or own is not cls else cls.__qualname__
    return "None" if value is None else f"a {name.removeprefix('builtins.')}"
