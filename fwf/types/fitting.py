"""Whether a given value has the annotated type, at any depth; and if not, where in it."""

import typing
from collections.abc import Collection, Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime
from reprlib import repr as brief
from typing import Any, Literal, NamedTuple, cast

from fwf.types import hints
from fwf.types.aliases import UNIONS, bare, is_typeddict
from fwf.types.shapes import shape_of

MAX_DEPTH = 100
"""What nests deeper isn't looked at: types and values may both go round in circles."""


class Wrong(NamedTuple):
    """A part of a value that doesn't have its type: the place in the value, the part, the type.

    The place is what is written behind the value's name: `[1][0]`, `['eu'].limit`, `{…}` for what
    is in a set or a dictionary's key; empty for the value itself. `missing` is the key that a
    typed dictionary should have, and which this one hasn't; `difference`: how columns differ.
    """

    place: str
    value: Any
    type: Any
    missing: str | None = None
    difference: str = ""


def fits(value: Any, annotation: Any) -> bool:
    """Whether a given value has the annotated type; unknown types accept anything."""
    return wrong_part(value, annotation) is None


def wrong_part(value: Any, annotation: Any, depth: int = 0) -> Wrong | None:
    """Value, type ⟶ the first part of it that doesn't fit, if any."""
    annotation = bare(annotation)
    if annotation is hints.ANY or annotation is object or depth > MAX_DEPTH:
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in UNIONS:
        return _of_union(value, annotation, depth)
    if origin is Literal:
        fit = any(value == one and type(value) is type(one) for one in arguments)
        return None if fit else Wrong("", value, annotation)
    cls = origin or annotation
    if not isinstance(cls, type) or getattr(cls, "_is_protocol", False):
        return None
    length = hints.length_of(annotation)
    if not _is_a(value, cls) or (length is not None and len(value) != length):
        return Wrong("", value, annotation)
    if is_typeddict(cls):
        missing = _missing(value, annotation)
        if missing is not None:
            return Wrong("", value, annotation, missing)
    for place, part, kind in _parts(value, annotation, cls):
        wrong = wrong_part(part, kind, depth + 1)
        if wrong is not None:
            return wrong._replace(place=place + wrong.place)
    return None


def _of_union(value: Any, annotation: Any, depth: int) -> Wrong | None:
    """What is wrong by the type of the union that the value comes closest to."""
    closest = Wrong("", value, annotation)
    for part in typing.get_args(annotation):
        wrong = wrong_part(value, part, depth)
        if wrong is None:
            return None
        if len(wrong.place) > len(closest.place) or (wrong.missing and not closest.place):
            closest = wrong
    return closest


def _is_a(value: Any, cls: Any) -> bool:
    if is_typeddict(cls):
        return isinstance(value, Mapping)
    if cls is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    if cls is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if cls is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    try:
        return isinstance(value, cls)
    except TypeError:  # a class that can't be asked
        return True


_Parts = Iterable[tuple[str, Any, Any]]


def _parts(value: Any, annotation: Any, cls: type) -> _Parts:
    """A value of a type ⟶ its parts: the place of each, the part, its type."""
    arguments = typing.get_args(annotation)
    if cls is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _items(value, (arguments[0],) * len(value))
        return _items(value, arguments) if hints.length_of(annotation) is not None else ()
    if issubclass(cls, Mapping) and len(arguments) == 2:
        return _pairs(value, arguments)
    if issubclass(cls, AbstractSet) and len(arguments) == 1:
        return (("{…}", each, arguments[0]) for each in value)
    if cls in _SEQUENCES and len(arguments) == 1 and isinstance(value, Sequence):
        return _items(cast(Any, value), (arguments[0],) * len(cast(Any, value)))
    return _fields(value, annotation, cls)


_SEQUENCES: tuple[Any, ...] = (list, Sequence, Collection, Iterable)


def _items(value: Sequence[Any], kinds: Sequence[Any]) -> _Parts:
    for i, (part, kind) in enumerate(zip(value, kinds, strict=False)):
        yield f"[{i}]", part, kind


def _pairs(value: Mapping[Any, Any], kinds: tuple[Any, ...]) -> _Parts:
    for key, part in value.items():
        yield "{…}", key, kinds[0]
        yield f"[{brief(key)}]", part, kinds[1]


def _missing(value: Mapping[Any, Any], annotation: Any) -> str | None:
    """The first key that a typed dictionary must have, and that this one hasn't."""
    shape = shape_of(annotation) or ()
    return next((each.name for each in shape if each.required and each.name not in value), None)


def _fields(value: Any, annotation: Any, cls: Any) -> _Parts:
    """The fields of a dataclass, a named tuple or a typed dictionary that have been given."""
    keyed = is_typeddict(cls)
    for each in shape_of(annotation) or ():
        if keyed and each.name in value:
            yield f"[{each.name!r}]", value[each.name], each.type
        elif not keyed and each.stored and hasattr(value, each.name):
            yield f".{each.name}", getattr(value, each.name), each.type
