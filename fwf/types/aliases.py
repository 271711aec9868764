"""What does a type stand for, past the names and the notes that it has been given?

`NewType`, `type X = …` (of Python 3.12, or of `typing_extensions`), `Annotated`, and what is said
of a field alone (`Required`, `NotRequired`, `ReadOnly`, `Final`, `InitVar`) are seen through.
"""

import builtins
import sys
import types
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar, cast

ANY: Any = Any
"""Nothing is known, or nothing is asked."""
MAX_NAMES = 100
"""A name for a name for a name … may come back to itself."""
UNIONS: tuple[Any, ...] = (typing.Union, types.UnionType)
_QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly", "Final", "ClassVar"})


def bare(annotation: Any) -> Any:
    """Annotation ⟶ the type that it stands for; `Any` where it stands for nothing known."""
    kind = cast(Any, type(annotation))
    if kind is type or (kind is types.GenericAlias and type(annotation.__origin__) is type):
        return annotation
    for _ in range(MAX_NAMES):
        behind = _behind(annotation)
        if behind is annotation:
            return annotation
        annotation = behind
    return ANY


def _behind(annotation: Any) -> Any:
    """One name or note taken off; the annotation itself if there is none."""
    if annotation is None:
        return type(None)
    if isinstance(annotation, typing.NewType):
        return annotation.__supertype__
    if isinstance(annotation, str | typing.ForwardRef):
        return ANY
    if type(annotation).__name__ == "InitVar":  # of `dataclasses`, which isn't imported for this
        return annotation.type
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated or qualifier(annotation):
        return typing.get_args(annotation)[0]
    if is_alias(annotation) or is_alias(origin):
        return _value(annotation)
    return annotation


def qualifier(annotation: Any) -> str:
    """`Required[int]` ⟶ "Required": what is said of a field besides its type, if anything."""
    name = getattr(typing.get_origin(annotation), "_name", None)
    return name if name in _QUALIFIERS else ""


def is_alias(thing: Any) -> bool:
    """Whether it is what `type X = …` makes."""
    return type(thing).__name__ == "TypeAliasType"


def _value(annotation: Any) -> Any:
    """`type Pair[T] = tuple[T, T]`, `Pair[int]` ⟶ `tuple[int, int]`."""
    alias = typing.get_origin(annotation) or annotation
    try:
        value = _evaluated(alias)
    except Exception:  # whatever evaluating somebody's annotation raises
        return ANY
    return substituted(value, dict(zip(alias.__type_params__, typing.get_args(annotation))))  # noqa: B905 (the alias may stand without its arguments)


@lru_cache(maxsize=256)
def _evaluated(alias: Any) -> Any:
    """What an alias is a name for, with the names that stand in it as texts."""
    scope = vars(sys.modules.get(alias.__module__, typing))
    return typing.get_type_hints(_holder(alias.__value__), scope, include_extras=True)["one"]


def _holder(annotation: Any) -> Any:
    return type("Holder", (), {"__annotations__": {"one": annotation}})


def substituted(annotation: Any, arguments: dict[Any, Any]) -> Any:
    """Annotation, types for its type variables ⟶ the same of these; of others `Any`."""
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation.__bound__ or ANY)
    variables = getattr(annotation, "__parameters__", ())
    if not variables or isinstance(annotation, type):
        return annotation
    try:
        return annotation[tuple(substituted(each, arguments) for each in variables)]
    except TypeError:  # a ParamSpec, or a TypeVarTuple
        return ANY


def notes(annotation: Any) -> Iterator[Any]:
    """Annotation ⟶ what `Annotated` says in it, outermost first; None beside the type is none."""
    for _ in range(MAX_NAMES):
        if type(annotation) is type:
            return
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            yield from reversed(annotation.__metadata__)
        if origin in UNIONS:
            parts = [each for each in arguments if each is not type(None)]
            behind = parts[0] if len(parts) == 1 else annotation
        else:
            behind = _behind(annotation)
        if behind is annotation:
            return
        annotation = behind


def without_none(annotation: Any) -> Any:
    """`A | None` ⟶ the type that A stands for; other types as they are, seen through."""
    kind = bare(annotation)
    if type(kind) is type or typing.get_origin(kind) not in UNIONS:
        return kind
    parts = [each for each in typing.get_args(kind) if each is not type(None)]
    return without_none(parts[0]) if len(parts) == 1 else kind


def is_typeddict(cls: Any) -> bool:
    """Whether it is a `TypedDict`, of `typing` or of `typing_extensions`."""
    return typing.is_typeddict(cls) or type(cls).__name__ == "_TypedDictMeta"


def lenient(annotation: Any, scope: dict[str, Any], extra_names: dict[str, Any]) -> Any:
    """Annotation, names ⟶ it resolved, with `Any` for names that aren't known."""
    names: Any = _Names({**vars(builtins), **scope, **extra_names})
    try:
        return typing.get_type_hints(_holder(annotation), names, names, include_extras=True)["one"]
    except Exception:  # whatever evaluating somebody's annotation raises
        return ANY


class _Names(dict[str, Any]):
    """Names in which whatever isn't known is `Any`."""

    def __missing__(self, name: str) -> Any:
        return ANY
