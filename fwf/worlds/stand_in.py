"""Can a value of a scenario stand for what a task declares that it gives?

A scenario is often plain data, from a file: a dictionary stands for an object with some of its
fields, a list for any sequence, a float for a Decimal. What no reading can make of the declared
type is told, down to the field.
"""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Number
from types import SimpleNamespace, UnionType
from typing import Any, cast

from fwf.faults import near
from fwf.types import hints, table_types
from fwf.types.aliases import bare, is_typeddict
from fwf.types.arrival import wrong_in
from fwf.types.fitting import fits
from fwf.worlds.unknown import Unknown

_SCALARS = (
    bool, int, float, complex, Decimal, str, bytes, date, time, timedelta, Enum, type(None),
)  # fmt: skip


def misfit(value: Any, annotation: Any, place: str = "it") -> str:
    """Value, declared type ⟶ what is wrong with the one for the other; empty if nothing is."""
    table, annotation = table_types.table_type(annotation), bare(annotation)
    if isinstance(value, Unknown) or annotation in (hints.ANY, object):
        return ""
    if table is not None and isinstance(value, cast(type, annotation)):
        complaint = table.wrong(value)
        return f"{place}: {complaint}" if complaint else ""
    origin = typing.get_origin(annotation) or annotation
    if origin in (typing.Union, UnionType):
        return _of_union(value, annotation, place)
    fields = hints.fields_of(annotation)
    if fields is not None and (field_values := _fields(value)) is not None:
        return _of_fields(field_values, fields, annotation, place)
    if is_typeddict(origin):
        return _wrong(value, annotation, place)
    if not isinstance(origin, type):
        return "" if fits(value, annotation) else _wrong(value, annotation, place)
    return _of_class(value, annotation, origin, place)


def _of_union(value: Any, annotation: Any, place: str) -> str:
    complaints = [misfit(value, part, place) for part in typing.get_args(annotation)]
    if not all(complaints):
        return ""
    deep = [each for each in complaints if not each.startswith(f"{place} is ")]
    return deep[0] if deep else _wrong(value, annotation, place)


def _of_class(value: Any, annotation: Any, cls: Any, place: str) -> str:
    if issubclass(cls, Mapping):
        return _of_mapping(value, annotation, place)
    if issubclass(cls, Collection) and not issubclass(cls, str | bytes):
        return _of_items(value, annotation, cast(type, cls), place)
    if issubclass(cls, _SCALARS) or isinstance(value, _SCALARS):
        return (
            "" if _is_a(value, cls) or _counts_as(value, cls) else _wrong(value, annotation, place)
        )
    wrong = wrong_in(value, annotation)
    if wrong is None or not wrong.place or isinstance(wrong.value, Unknown):
        return ""  # an object for an object: whatever a test likes to use
    return _wrong(wrong.value, wrong.type, place + wrong.place)


def _counts_as(value: Any, cls: type) -> bool:
    """Whether a number can stand for another kind: not a fraction for a count."""
    numbers = issubclass(cls, Number) and isinstance(value, Number)
    return numbers and not issubclass(cls, int) and not isinstance(value, bool)


def _of_mapping(value: Any, annotation: Any, place: str) -> str:
    if not isinstance(value, Mapping):
        return _wrong(value, annotation, place)
    kinds, items = typing.get_args(annotation), cast("Mapping[object, Any]", value).items()
    kind = kinds[1] if len(kinds) == 2 else hints.ANY
    return _first(misfit(item, kind, f"{place}[{key!r}]") for key, item in items)


def _of_items(value: Any, annotation: Any, cls: type, place: str) -> str:
    if _is_a(value, cls) and not isinstance(value, Sequence | Set):
        return ""
    if not isinstance(value, Sequence | Set) or isinstance(value, str | bytes):
        plain = isinstance(value, (*_SCALARS, Mapping))
        return _wrong(value, annotation, place) if plain else ""
    kinds, contents = typing.get_args(annotation), list(cast("Collection[Any]", value))
    if cls is tuple and kinds and Ellipsis not in kinds:
        if len(contents) != len(kinds):
            return f"{place} has {len(contents)} items, not {len(kinds)}"
    else:
        kinds = (kinds[0] if kinds else hints.ANY,) * len(contents)
    pairs = enumerate(zip(contents, kinds, strict=True))
    return _first(misfit(one, kind, f"{place}[{at}]") for at, (one, kind) in pairs)


def _of_fields(
    field_values: dict[str, Any], fields: dict[str, Any], annotation: Any, place: str
) -> str:
    for name, value in field_values.items():
        if name not in fields:
            complaint = f"{place} has a field {name!r}, {hints.name_of(annotation)} hasn't"
            return complaint + near(name, fields)
        wrong = misfit(value, fields[name], f"{place}.{name}")
        if wrong:
            return wrong
    return ""


def _fields(value: Any) -> dict[str, Any] | None:
    """The fields of a value that stands for an object; None if it isn't plain data that does."""
    if isinstance(value, SimpleNamespace):
        return vars(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in cast(Any, value)):
        return dict(cast("Mapping[str, Any]", value))
    return None


def _first(complaints: typing.Iterable[str]) -> str:
    return next(filter(None, complaints), "")


def _is_a(value: Any, cls: type) -> bool:
    try:
        return fits(value, cls)
    except TypeError:  # a protocol that doesn't answer
        return True


def _wrong(value: Any, annotation: Any, place: str) -> str:
    kind = "None" if value is None else type(value).__qualname__
    return f"{place} is {kind}, not {hints.name_of(annotation)}"
