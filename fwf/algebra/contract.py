"""What a task asks for and gives: its inputs, its output, its injected names, its effect."""

import types as pytypes
import typing
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, TypeVar, final

from fwf.algebra.described import description
from fwf.algebra.functions import KWARGS, VARARGS, place_of
from fwf.algebra.parameter_kinds import by_type, marked
from fwf.algebra.plain_values import Coded, freeze
from fwf.algebra.wrapped import innermost, is_awaited
from fwf.annotations import annotations
from fwf.records import record
from fwf.secrets import Secret
from fwf.types import hints as types
from fwf.types.aliases import bare, lenient, without_none

MAX_INPUTS = 8
Effect: TypeAlias = Literal["pure", "read", "idempotent", "unrepeatable"]
EFFECTS: tuple[Effect, ...] = ("pure", "read", "idempotent", "unrepeatable")
Kind: TypeAlias = Literal["parameter", "resource", "secret", "fact", "unknown"]


class IdempotencyKey(str):
    """Names one step's work, the same on every attempt, so that a target sees repetition."""

    __slots__ = ()


class Attempt(int):
    """Which attempt this is, counted from 1."""

    __slots__ = ()


@final
@record()
class RunInfo:
    """The run that a task is part of.

    `run_id` tells it from every other, and later ones have greater ones. `run_key` is its name,
    the same when it is run again; None where its input can't name it and the caller didn't.
    """

    run_id: str
    path: str
    started: datetime
    run_key: str | None


_FACTS = (IdempotencyKey, Attempt, RunInfo)


@final
@record()
class InputOf:
    """A positional parameter: data from upstream."""

    name: str
    type: Any


@final
@record()
class Injected:
    """A keyword-only parameter: found by name when the task runs.

    `default` is what the definition says of its default, a frozen value; None without one too.
    """

    name: str
    type: Any
    kind: Kind
    optional: bool
    default: object = None

    @property
    def fact(self) -> str:
        """Which fact of the run it is, by the name of its type; read from a plan it has no more."""
        return types.name_of(bare(self.type)).removesuffix(" | None")


@final
class _NoExample:
    """Says that a task declares no example output; None would be one."""

    def __repr__(self) -> str:
        return "NO_EXAMPLE"

    def __reduce__(self) -> str:
        return "NO_EXAMPLE"


NO_EXAMPLE = _NoExample()


@final
@record(hidden=("example",))
class Contract:
    """A task's signature and what it declares about itself.

    `example` is an output for dry runs. Like the task's body it may be any object, and is no part
    of the task's identity.
    """

    inputs: tuple[InputOf, ...]
    output: Any
    injected: tuple[Injected, ...]
    is_async: bool
    effect: Effect | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    duration: timedelta | None = None
    isolate: bool = False
    example: Any = NO_EXAMPLE

    @property
    def accepts(self) -> Any:
        """The type of the input: that of the only one, a tuple of several, anything for none."""
        match self.inputs:
            case ():
                return object
            case (only,):
                return only.type
            case several:
                return types.tuple_of(each.type for each in several)

    @property
    def repeatable(self) -> bool:
        """Whether the task may be started again; undeclared counts as `unrepeatable`."""
        return self.effect in ("pure", "read", "idempotent")

    @property
    def keyed(self) -> bool:
        """Whether the task asks for its idempotency key."""
        facts = (each.fact for each in self.injected if each.kind == "fact")
        return IdempotencyKey.__name__ in facts

    @property
    def may_write(self) -> bool:
        """Whether two attempts of one step must not overlap; undeclared counts as if so."""
        return self.effect not in ("pure", "read")


def contract_of(function: Callable[..., Any], **fields: Any) -> Contract:
    """Function ⟶ its contract; raises `TypeError` naming the parameter that doesn't fit.

    The signature of one that wraps another is that of the other.
    """
    outer, function = function, innermost(function)
    name = function.__qualname__
    hints = resolve_hints(function)
    positional, keyword_only = _signature(function)
    if positional[:1] in (("self",), ("cls",)):
        raise TypeError(
            f"{name} is a method; a task is a function: take the object as a keyword-only resource"
        )
    for parameter in positional:
        _refuse_type_variable(name, parameter, hints)
        _refuse_marker(name, parameter, hints.get(parameter, types.ANY), positional=True)
    if function.__defaults__:
        first = positional[-len(function.__defaults__)]
        raise TypeError(
            f"{name}({first}=…): positional parameters are data from upstream and have no default; "
            f"to inject {first}, put it after *"
        )
    if len(positional) > MAX_INPUTS:
        raise TypeError(
            f"{name} takes {len(positional)} positional parameters; a task takes at most "
            f"{MAX_INPUTS}: group them in a dataclass"
        )
    defaults = function.__kwdefaults__ or {}
    for parameter in keyword_only:
        _refuse_type_variable(name, parameter, hints)
        _refuse_marker(name, parameter, hints.get(parameter, types.ANY), positional=False)
    return Contract(
        tuple(InputOf(each, hints.get(each, types.ANY)) for each in positional),
        unwrapped(hints.get("return", types.ANY)),
        tuple(_injected(each, hints, defaults) for each in keyword_only),
        is_awaited(outer),
        **fields,
    )


def _signature(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Function ⟶ the names of its positional and of its keyword-only parameters."""
    code = function.__code__
    names, n, m = code.co_varnames, code.co_argcount, code.co_kwonlyargcount
    if code.co_flags & VARARGS:
        raise TypeError(
            f"{function.__qualname__}(*{names[n + m]}): a task's signature is its contract: "
            "name each input, or take one list"
        )
    if code.co_flags & KWARGS:
        raise TypeError(
            f"{function.__qualname__}(**{names[n + m]}): a task's signature is its contract: "
            "name each parameter after *"
        )
    return names[:n], names[n : n + m]


def _injected(name: str, hints: dict[str, Any], defaults: dict[str, Any]) -> Injected:
    annotation, default = hints.get(name, types.ANY), defaults.get(name)
    kind = kind_of(annotation, default)
    hidden = kind == "secret" and default is not None
    default_value = Coded(place_of(Secret), None) if hidden else description(default)
    return Injected(name, annotation, kind, name in defaults, default_value)


def _refuse_type_variable(name: str, parameter: str, hints: dict[str, Any]) -> None:
    if _has_type_variable(hints.get(parameter)):
        raise TypeError(
            f"{name}({parameter}): a type variable says nothing about the data; "
            "write the type that this task takes"
        )


def _has_type_variable(annotation: Any) -> bool:
    return isinstance(annotation, TypeVar) or any(
        map(_has_type_variable, typing.get_args(annotation))
    )


def resolve_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Function ⟶ its annotations; those that can't be resolved are `Any`, marked or not."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # one name that exists only for type checkers; take the others singly
        hints = annotations(function)
        return {name: _resolve_hint(function, name, kind) for name, kind in hints.items()}


def _resolve_hint(function: Callable[..., Any], name: str, annotation: Any) -> Any:
    one = pytypes.SimpleNamespace(__annotations__={name: annotation})
    try:
        return typing.get_type_hints(one, function.__globals__, include_extras=True)[name]
    except Exception:  # whatever evaluating somebody's annotation raises
        partly = lenient(annotation, function.__globals__, {})
        return partly if marked(partly) else types.ANY


def unwrapped(output: Any) -> Any:
    """`Result[A, E]` ⟶ A, whatever is around it; other types stay. A `Failure` gives nothing."""
    origin, arguments = typing.get_origin(output), typing.get_args(output)
    if origin in (typing.Union, pytypes.UnionType):
        parts = [unwrapped(part) for part in arguments]
        same = all(new is old for new, old in zip(parts, arguments, strict=True))
        return output if same else types.union(parts)
    if origin is typing.Annotated:
        inner = unwrapped(arguments[0])
        return output if inner is arguments[0] else inner
    if type(output).__name__ == "TypeAliasType":  # of Python 3.12
        inner = unwrapped(output.__value__)
        return output if inner is output.__value__ else inner
    cls = origin or output
    if not isinstance(cls, type) or cls.__module__ != "returns.result":
        return output
    if cls.__name__ == "Failure":
        return typing.Never
    return arguments[0] if arguments else types.ANY


def kind_of(annotation: Any, default: object) -> Kind:
    """Annotation ⟶ what a keyword-only parameter is: parameter, resource, secret or fact."""
    own = _of_the_run(annotation)
    if own is not None:
        return own
    kind = marked(annotation) or by_type(annotation)
    if kind == "unknown" and without_none(annotation) is types.ANY and _is_data(default):
        return "parameter"
    return kind


def _of_the_run(annotation: Any) -> Kind | None:
    """The kind of what the run gives by its class, whatever else is said of it."""
    kind = without_none(annotation)
    if kind is Secret:
        return "secret"
    return "fact" if any(kind is fact for fact in _FACTS) else None


def _is_data(default: object) -> bool:
    try:
        return default is not None and freeze(default, objects=False) is not None
    except Exception:  # it isn't plain; whatever its `__repr__` raises then
        return False


def _refuse_marker(name: str, parameter: str, annotation: Any, *, positional: bool) -> None:
    """Raise for `Parameter` or `Resource` where the place, or the class, decides already."""
    kind, own = marked(annotation), _of_the_run(annotation)
    if kind is None or (own is None and not positional):
        return
    word = kind.capitalize()
    if positional:
        raise TypeError(
            f"{name}({parameter}: Annotated[…, {word}]): positional parameters are data from "
            f"upstream; to have {parameter} injected as a {kind}, put it after *"
        )
    raise TypeError(
        f"{name}({parameter}: Annotated[…, {word}]): {types.name_of(annotation)} is a {own} "
        f"by its class: take {word} off"
    )
