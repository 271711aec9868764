"""What an expression's value is, for an input and the run's parameters; `Undefined` if none."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from fwf.algebra.expr import Call, Const, Expr, Get, Input, Key, Op, OrElse, Param, Present, show
from fwf.algebra.plain_values import is_frozen, thaw
from fwf.algebra.text_templates import fill, value_text
from fwf.faults import PredicateDefect, named_text, near, tag_of
from fwf.faults.tracebacks import traceback_of
from fwf.secrets import masked
from fwf.types.comparison import among, operated, plain, type_only
from fwf.types.single_use import read_once


class Undefined(Exception):
    """An expression has no value here; the message names the part and the reason."""


class Missing(Undefined):
    """It has none because a field or an item isn't there."""


def defect(path: str, error: BaseException, intro: str = "") -> PredicateDefect:
    """Why an expression has no value at a path: whatever somebody's code raised in it.

    To be called once the error is no longer handled.
    """
    traceback = traceback_of(error, sys.exception())
    if isinstance(error, Undefined):
        return PredicateDefect(path, f"{intro}{masked(str(error))}", traceback.cause)
    return PredicateDefect(path, f"{intro}{named_text(error)}", traceback)


def evaluate(expr: Expr, value: Any, params: Mapping[str, Any]) -> Any:
    """Expression, input, parameters ⟶ its value; raises `Undefined` where it has none."""
    match expr:
        case Input():
            return value
        case Const(constant):
            return constant if is_frozen(constant) else thaw(constant)
        case Op():
            return _operate(expr, value, params)
        case Param(name):
            if name not in params:
                raise Undefined(f"parameter {name!r} is not given")
            return params[name]
        case Get(of, key):
            return _get(evaluate(of, value, params), key, of)
        case Present():
            return plain(_or_none(expr.of, value, params)) is not None
        case OrElse(of, default):
            result = _or_none(of, value, params)
            return evaluate(default, value, params) if plain(result) is None else result
        case Call(function, of):
            return _call(function, evaluate(of, value, params))


def test(expr: Expr, value: Any, params: Mapping[str, Any]) -> bool:
    """Predicate, input, parameters ⟶ its truth value; raises `Undefined` where it has none."""
    answer = evaluate(expr, value, params)
    if answer is True or answer is False:
        return answer
    flag = plain(answer)
    if flag is True or flag is False:
        return flag
    raise Undefined(
        f"{show(expr)} is {type_only(answer)}, not True or False; compare it, or use .present()"
    )


def items_or_error(items: Sequence[Any]) -> list[Any] | BaseException:
    """The items of a list of whatever class, or why they can't be read."""
    try:
        return [*items]
    except BaseException as error:
        return error


def _or_none(expr: Expr, value: Any, params: Mapping[str, Any]) -> Any:
    """The value of a field that may be missing; what isn't a missing field still raises."""
    if not isinstance(expr, Get):
        return evaluate(expr, value, params)
    holder = _or_none(expr.of, value, params)
    if plain(holder) is None:
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever somebody's property raises
        raise Undefined(f"{show(of)}: reading {key!r} raised {tag_of(type(error))}") from error


def _missing(holder: Any, key: Key, of: Expr) -> str:
    kind = type(holder).__qualname__
    if isinstance(key, int):
        return f"{show(of)} is {type_only(holder)}: it has no item {key}"
    return f"{show(of)} is a {kind}: it has no field {key!r}{near(key, _names(holder))}"


def _names(holder: Any) -> list[str]:
    try:
        names = cast(Any, holder) if isinstance(holder, Mapping) else dir(holder)
        return [name for name in names if isinstance(name, str)]
    except Exception:  # whatever somebody's mapping raises when it is listed
        return []


def _call(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        result = function(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = function.__qualname__
        raise Undefined(f"{name} raised {named_text(error)}") from error
    once = read_once(result)
    if once:
        raise Undefined(f"{function.__qualname__} gives {once}")
    return result


def _operate(expr: Op, value: Any, params: Mapping[str, Any]) -> Any:
    match expr.symbol:
        case "and":
            return all(test(part, value, params) for part in expr.args)
        case "or":
            return any(test(part, value, params) for part in expr.args)
        case "not":
            return not test(expr.args[0], value, params)
        case "in":
            item = evaluate(expr.args[0], value, params)
            return _among(expr, item, evaluate(expr.args[1], value, params))
        case "length":
            return _length(expr, evaluate(expr.args[0], value, params))
        case "tuple":
            return tuple(evaluate(part, value, params) for part in expr.args)
        case "failed" | "value_of" | "fault_of" | "text":
            return _answer(expr, [evaluate(part, value, params) for part in expr.args])
        case symbol:
            left = evaluate(expr.args[0], value, params)
            right = evaluate(expr.args[1], value, params)
            return _apply(symbol, expr, left, right)


def _answer(expr: Op, operands: list[Any]) -> Any:
    """What is asked of a result, or a text."""
    from fwf.algebra.result_values import answer  # imports a library of 20 ms

    try:
        return (
            fill(operands[0], operands[1:])
            if expr.symbol == "text"
            else answer(expr.symbol, *operands)
        )
    except ValueError as error:
        raise Undefined(f"{show(expr)}: {error}") from None


def message(expr: Expr, value: Any, params: Mapping[str, Any]) -> str:
    """Expression, input, parameters ⟶ its value as a text tells it; raises as `evaluate` does."""
    result = evaluate(expr, value, params)
    try:
        return result if type(result) is str else value_text(result)
    except ValueError as error:
        raise Undefined(f"{show(expr)}: {error}") from None


def _among(expr: Op, item: Any, items: Any) -> bool:
    try:
        values = list(items)
    except Exception as error:  # it has none, or whatever somebody's iterator raises
        raise Undefined(f"{show(expr)}: {type_only(items)} can't be looked through") from error
    try:
        return among(item, values)
    except TypeError as error:
        raise Undefined(f"{show(expr)}: {error}") from None


def _length(expr: Op, value: Any) -> int:
    try:
        return len(plain(value))
    except Exception as error:  # it has none, or whatever somebody's `__len__` raises
        raise Undefined(f"{show(expr)}: {type_only(value)} has no length") from error


def _apply(symbol: str, expr: Expr, left: Any, right: Any) -> Any:
    try:
        return operated(symbol, left, right)
    except TypeError as error:
        raise Undefined(f"{show(expr)}: {error}") from None
