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


def misfit(value: Any, declared: Any, place: str = "it") -> str:
    """Value, declared type ⟶ what is wrong with the one for the other; empty if nothing is."""
    wanted, declared = table_types.declared(declared), bare(declared)
    if isinstance(value, Unknown) or declared in (hints.ANY, object):
        return ""
    if wanted is not None and isinstance(value, cast(type, declared)):
        said = wanted.wrong(value)
        return f"{place}: {said}" if said else ""
    origin = typing.get_origin(declared) or declared
    if origin in (typing.Union, UnionType):
        return _of_union(value, declared, place)
    fields = hints.fields_of(declared)
    if fields is not None and (given := _fields(value)) is not None:
        return _of_fields(given, fields, declared, place)
    if is_typeddict(origin):
        return _wrong(value, declared, place)
    if not isinstance(origin, type):
        return "" if fits(value, declared) else _wrong(value, declared, place)
    return _of_class(value, declared, origin, place)


def _of_union(value: Any, declared: Any, place: str) -> str:
    told = [misfit(value, part, place) for part in typing.get_args(declared)]
    if not all(told):
        return ""
    deep = [each for each in told if not each.startswith(f"{place} is ")]
    return deep[0] if deep else _wrong(value, declared, place)


def _of_class(value: Any, declared: Any, cls: Any, place: str) -> str:
    if issubclass(cls, Mapping):
        return _of_mapping(value, declared, place)
    if issubclass(cls, Collection) and not issubclass(cls, str | bytes):
        return _of_items(value, declared, cast(type, cls), place)
    if issubclass(cls, _SCALARS) or isinstance(value, _SCALARS):
        return "" if _is_a(value, cls) or _counts_as(value, cls) else _wrong(value, declared, place)
    wrong = wrong_in(value, declared)
    if wrong is None or not wrong.place or isinstance(wrong.value, Unknown):
        return ""  # an object for an object: whatever a test likes to use
    return _wrong(wrong.value, wrong.type, place + wrong.place)


def _counts_as(value: Any, cls: type) -> bool:
    """Whether a number can stand for another kind: not a fraction for a count."""
    numbers = issubclass(cls, Number) and isinstance(value, Number)
    return numbers and not issubclass(cls, int) and not isinstance(value, bool)


def _of_mapping(value: Any, declared: Any, place: str) -> str:
    if not isinstance(value, Mapping):
        return _wrong(value, declared, place)
    kinds, items = typing.get_args(declared), cast("Mapping[object, Any]", value).items()
    kind = kinds[1] if len(kinds) == 2 else hints.ANY
    return _first(misfit(item, kind, f"{place}[{key!r}]") for key, item in items)


def _of_items(value: Any, declared: Any, cls: type, place: str) -> str:
    if _is_a(value, cls) and not isinstance(value, Sequence | Set):
        return ""
    if not isinstance(value, Sequence | Set) or isinstance(value, str | bytes):
        plain = isinstance(value, (*_SCALARS, Mapping))
        return _wrong(value, declared, place) if plain else ""
    kinds, given = typing.get_args(declared), list(cast("Collection[Any]", value))
    if cls is tuple and kinds and Ellipsis not in kinds:
        if len(given) != len(kinds):
            return f"{place} has {len(given)} items, not {len(kinds)}"
    else:
        kinds = (kinds[0] if kinds else hints.ANY,) * len(given)
    pairs = enumerate(zip(given, kinds, strict=True))
    return _first(misfit(one, kind, f"{place}[{at}]") for at, (one, kind) in pairs)


def _of_fields(given: dict[str, Any], fields: dict[str, Any], declared: Any, place: str) -> str:
    for name, value in given.items():
        if name not in fields:
            said = f"{place} has a field {name!r}, {hints.name_of(declared)} hasn't"
            return said + near(name, fields)
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


def _first(told: typing.Iterable[str]) -> str:
    return next(filter(None, told), "")


def _is_a(value: Any, cls: type) -> bool:
    try:
        return fits(value, cls)
    except TypeError:  # a protocol that doesn't answer
        return True


def _wrong(value: Any, declared: Any, place: str) -> str:
    kind = "None" if value is None else type(value).__qualname__
    return f"{place} is {kind}, not {hints.name_of(declared)}"
