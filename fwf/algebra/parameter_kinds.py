"""Is a keyword-only parameter data, or something to be opened, by what its annotation says?

A type is a parameter's if it is data all through: scalars, paths, enums and literals; unions and
collections of such; dataclasses, named tuples and typed dictionaries all of whose fields are. What
is unknown counts as data inside of a collection, which nobody opens; a dataclass with such a field
may be either, and so may what isn't annotated. All else is a resource. `Annotated[T, Parameter]`
and `Annotated[T, Resource]` decide for any T.
"""

from __future__ import annotations

import collections.abc as abc
import enum
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast, final

from fwf.algebra.instances import is_path
from fwf.algebra.plain_values import is_uuid
from fwf.records import record
from fwf.types.aliases import ANY, UNIONS, bare, notes, without_none
from fwf.types.shapes import is_dataclass, shape_of

ByType: TypeAlias = Literal["parameter", "resource", "unknown"]
SCALARS = (bool, int, float, str, bytes, Decimal, date, datetime, time, timedelta, type(None))
LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection)
SETS = (set, frozenset, abc.Set, abc.MutableSet)
MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_COLLECTIONS: frozenset[Any] = frozenset({tuple, *LISTS, *SETS, *MAPPINGS})
MAX_DEPTH = 100
"""A type may grow whenever it is looked into: `next: Page[list[T]]`."""


@final
@record()
class Parameter:
    """`Annotated[T, Parameter]`: the keyword-only parameter is one of the run's parameters.

    Whatever T is: an object that only Python code can make is given in `run(…, params=)`.

    >>> from typing import Annotated
    >>> from fwf import needs, task
    >>> @task(effect="read")
    ... def rows(*, settings: Annotated[object, Parameter]) -> int: ...
    >>> print(needs(rows))
    parameters
      settings  object  rows
    """


@final
@record()
class Resource:
    """`Annotated[T, Resource]`: the keyword-only parameter is a resource, which an opener gives.

    Also where T is data by its type, as a client may be that is a small dataclass.

    >>> from dataclasses import dataclass
    >>> from typing import Annotated
    >>> from fwf import needs, task
    >>> @dataclass
    ... class Client:
    ...     url: str
    >>> @task(effect="read")
    ... def rows(*, client: Annotated[Client, Resource], other: Client) -> int: ...
    >>> print(needs(rows))
    parameters
      other  Client  rows
    <BLANKLINE>
    resources
      client  Client  rows
    """


def marked(annotation: Any) -> ByType | None:
    """Annotation ⟶ the kind that its outermost marker says; None without one."""
    for note in notes(annotation):
        if note is Parameter or isinstance(note, Parameter):
            return "parameter"
        if note is Resource or isinstance(note, Resource):
            return "resource"
    return None


def by_type(annotation: Any) -> ByType:
    """Annotation ⟶ the kind that its type says, with `None` beside it or without."""
    kind = without_none(annotation)
    return "unknown" if kind is ANY else _sort(kind, ())


def is_parameter(annotation: Any) -> bool:
    """Whether values of the type are data all through."""
    return by_type(annotation) == "parameter"


def is_scalar(annotation: Any) -> bool:
    """Whether values of the type have no parts, or are enums or literals."""
    kind = without_none(annotation)
    if kind in SCALARS or typing.get_origin(kind) is Literal:
        return True
    if not isinstance(kind, type):
        return False
    cls = cast(Any, kind)
    return issubclass(cls, enum.Enum) or is_path(cls) or is_uuid(cls)


def _sort(annotation: Any, above: tuple[Any, ...]) -> ByType:
    """The same for a type within those above it, of which it may be one again."""
    kind = bare(annotation)
    if kind is ANY:
        return "unknown"
    if is_scalar(kind) or kind in above:
        return "parameter"
    if len(above) >= MAX_DEPTH:
        return "unknown"
    origin, arguments, within = typing.get_origin(kind), typing.get_args(kind), (*above, kind)
    if origin in UNIONS:
        return _all(_sort(each, within) for each in arguments)
    cls = origin or kind
    if cls in _COLLECTIONS:
        return _data(_sort(each, within) for each in arguments if each is not Ellipsis)
    shape = shape_of(kind)
    if shape is None:
        return "resource"
    of_fields: list[ByType] = [_sort(each.type, within) for each in shape]
    return _all(of_fields) if is_dataclass(cls) else _data(of_fields)


def _all(kinds: abc.Iterable[ByType]) -> ByType:
    """What is made of parts of these kinds, one of which may be what isn't known."""
    kinds_there = set(kinds)
    return (
        "resource"
        if "resource" in kinds_there
        else "unknown"
        if "unknown" in kinds_there
        else "parameter"
    )


def _data(kinds: abc.Iterable[ByType]) -> ByType:
    """The same of a collection, in which what isn't known counts as data."""
    return "resource" if "resource" in kinds else "parameter"
