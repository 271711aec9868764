"""What a task asks for and gives: its inputs, its output, its injected names, its effect."""

import enum
import types as pytypes
import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias, TypeVar, cast, final

from fwf.algebra import types
from fwf.algebra.described import described
from fwf.algebra.functions import COROUTINE, KWARGS, VARARGS, place_of
from fwf.algebra.values import Coded, is_uuid
from fwf.annotations import annotations
from fwf.records import record
from fwf.secrets import Secret

MAX_INPUTS = 8
Effect: TypeAlias = Literal["pure", "read", "idempotent", "unrepeatable"]
EFFECTS: tuple[Effect, ...] = ("pure", "read", "idempotent", "unrepeatable")
Kind: TypeAlias = Literal["parameter", "resource", "secret", "fact", "unknown"]
_SCALARS = (bool, int, float, str, bytes, Decimal, date, datetime, time, timedelta)


class IdempotencyKey(str):
    """Names one step's work, the same on every attempt, so that a target sees repetition."""

    __slots__ = ()


class Attempt(int):
    """Which attempt this is, counted from 1."""

    __slots__ = ()


@final
@record()
class RunInfo:
    """The run that a task is part of."""

    run_id: str
    path: str
    started: datetime


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
    def may_write(self) -> bool:
        """Whether two attempts of one step must not overlap; undeclared counts as if so."""
        return self.effect not in ("pure", "read")


def contract_of(function: Callable[..., Any], **declared: Any) -> Contract:
    """Function ⟶ its contract; raises `TypeError` naming the parameter that doesn't fit."""
    name = function.__qualname__
    hints = resolved_hints(function)
    positional, keyword_only = _signature(function)
    if positional[:1] in (("self",), ("cls",)):
        raise TypeError(
            f"{name} is a method; a task is a function: take the object as a keyword-only resource"
        )
    for parameter in positional:
        _refuse_type_variable(name, parameter, hints)
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
    return Contract(
        tuple(InputOf(each, hints.get(each, types.ANY)) for each in positional),
        unwrapped(hints.get("return", types.ANY)),
        tuple(_injected(each, hints, defaults) for each in keyword_only),
        bool(function.__code__.co_flags & COROUTINE),
        **declared,
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
    said = Coded(place_of(Secret), None) if hidden else described(default)
    return Injected(name, annotation, kind, name in defaults, said)


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


def resolved_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Function ⟶ its annotations; those that can't be resolved are `Any`."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # one name that exists only for type checkers; take the others singly
        named = annotations(function)
        return {name: _resolved(function, name, kind) for name, kind in named.items()}


def _resolved(function: Callable[..., Any], name: str, annotation: Any) -> Any:
    one = pytypes.SimpleNamespace(__annotations__={name: annotation})
    try:
        return typing.get_type_hints(one, function.__globals__, include_extras=True)[name]
    except Exception:  # whatever evaluating somebody's annotation raises
        return types.ANY


def unwrapped(output: Any) -> Any:
    """`Result[A, E]` ⟶ A; other types stay."""
    origin = typing.get_origin(output)
    if getattr(origin, "__module__", "") == "returns.result":
        return typing.get_args(output)[0]
    return output


def kind_of(annotation: Any, default: object) -> Kind:
    """Annotation ⟶ what a keyword-only parameter is: parameter, resource, secret or fact."""
    bare = _bare(annotation)
    if bare is types.ANY:
        return "parameter" if isinstance(default, _SCALARS) else "unknown"
    if bare in _FACTS:
        return "fact"
    if bare is Secret:
        return "secret"
    return "parameter" if is_parameter(annotation) else "resource"


def _bare(annotation: Any) -> Any:
    """Take off `Annotated`, `NewType` and `| None`."""
    origin = typing.get_origin(annotation)
    if isinstance(annotation, typing.NewType):
        return _bare(annotation.__supertype__)
    if origin is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    if origin in (typing.Union, pytypes.UnionType):
        parts = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _bare(parts[0]) if len(parts) == 1 else annotation
    return annotation


def is_parameter(annotation: Any) -> bool:
    """Whether values of the type can be given on a command line: scalars, and lists of them."""
    bare = _bare(annotation)
    origin = typing.get_origin(bare)
    if origin is Literal:
        return True
    if origin in (typing.Union, pytypes.UnionType, list, tuple, set, frozenset):
        parts = [part for part in typing.get_args(bare) if part not in (type(None), Ellipsis)]
        return all(map(is_parameter, parts))
    return isinstance(bare, type) and (
        bare in _SCALARS or issubclass(bare, enum.Enum) or is_uuid(cast(Any, bare))
    )
