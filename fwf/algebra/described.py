"""What a definition says of any object: the same data on every machine, in every process.

Plain data says all of itself. Of other objects it is their class and what their `repr` shows of
them too: the items of collections, the fields of dataclasses and named tuples, what the standard
library's own values are made of; of functions and classes the place where they are defined. Never a
`repr`, which may show an address.
"""

from collections import deque
from copyreg import dispatch_table
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, cast

from pyrsistent import pmap

from fwf.algebra.functions import place_of
from fwf.algebra.instances import PATH
from fwf.algebra.plain_values import Coded, encode, freeze

MAX_DEPTH = 10
"""How deep objects in one another are looked into."""

_VALUES = frozenset(
    {"builtins", "collections", "datetime", "fractions", "ipaddress", "re", "zoneinfo"}
)
"""The modules whose objects are no more than the call that `pickle` makes them with."""


def description(value: object, depth: int = 0) -> object:
    """Object ⟶ a frozen value that stands for it: itself if it is plain, else a `Coded`."""
    try:
        return freeze(value, objects=False)
    except Exception:  # it isn't plain; whatever its `__repr__` raises then
        place = place_of(type(value))
    if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | type):
        return Coded(place, place_of(value))
    if depth >= MAX_DEPTH:
        return Coded(place, None)
    try:
        if hasattr(type(value), "as_posix"):
            return Coded(PATH, cast(Any, value).as_posix())
        return Coded(place, _contents(value, type(value), depth + 1))
    except Exception:  # whatever somebody's class raises when it is looked into
        return Coded(place, None)


def _contents(value: Any, cls: Any, depth: int) -> object:
    """What an object says besides its class; `None` for one that says no more."""
    fields: Any = getattr(cls, "__dataclass_fields__", None)
    if fields is not None:
        in_repr = [name for name, field in fields.items() if field.repr]
        return pmap({name: description(getattr(value, name, None), depth) for name in in_repr})
    shows = cls.__repr__
    if isinstance(shows, FunctionType) and shows.__module__ not in _VALUES:
        return None  # it may hide what is in it, as a URL does its password
    names: Any = getattr(cast(Any, cls), "_fields", ()) if issubclass(cls, tuple) else ()
    if names:
        return pmap({name: description(getattr(value, name), depth) for name in names})
    if issubclass(cls, dict) and all(type(key) is str for key in value):
        return pmap({key: description(each, depth) for key, each in value.items()})
    if issubclass(cls, dict):
        pairs = ((description(key, depth), description(each, depth)) for key, each in value.items())
        return tuple(sorted(pairs, key=encode))
    if issubclass(cls, set | frozenset):
        return tuple(sorted((description(each, depth) for each in value), key=encode))
    if issubclass(cls, list | tuple | deque):
        return tuple(description(each, depth) for each in value)
    return _constructor_arguments(value, cls, depth) if cls.__module__ in _VALUES else None


def _constructor_arguments(value: Any, cls: Any, depth: int) -> object:
    reduce = dispatch_table.get(cls)
    content: Any = value.__reduce_ex__(2) if reduce is None else cast(Any, reduce)(value)
    if isinstance(content, str):  # the name of a constant, such as `...`
        return None
    arguments = [each for each in content[1] if not isinstance(each, type)]
    return tuple(description(each, depth) for each in arguments) or None
