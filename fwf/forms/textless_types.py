"""What surely can't be written down, in a journal or for an engine, as its type says."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from inspect import isabstract
from typing import Any, Final, get_args, get_origin

from fwf.algebra.instances import path_place
from fwf.algebra.plain_values import codec_of, is_uuid
from fwf.types.aliases import UNIONS, bare, is_typeddict

_CONTAINERS: Final = (list, tuple, dict, set, frozenset)
_STANDARD: Final = frozenset({"decimal", "fwf", "pyarrow", "returns", "typing"})
"""Modules whose classes have a text, or are too general for their values to be known."""
_PLAIN: Final = frozenset(
    {object, type, type(None), bool, int, float, str, bytes, list, tuple, dict, set, frozenset,
     date, datetime, time, timedelta}
)  # fmt: skip
"""The same among those that Python itself has: neither a `complex` nor a `range` has a text."""
MOST: Final = 100
"""As many types are looked into: one may grow whenever it is looked into."""


def textless(annotation: Any) -> type | None:
    """Type ⟶ the first class in it that no value has a text of, as far as that is certain.

    Of a union all have to be such, except None; what is abstract, or may be of a class with a text,
    isn't told.
    """
    todo = [annotation]
    for _ in range(MOST):
        if not todo:
            break
        kind = bare(todo.pop())
        origin = get_origin(kind)
        if origin in UNIONS:
            parts = [part for part in get_args(kind) if part is not type(None)]
            if all(textless(part) is not None for part in parts):
                todo.extend(parts[:1])
        elif origin in _CONTAINERS:
            todo.extend(part for part in reversed(get_args(kind)) if part is not Ellipsis)
        elif isinstance(kind, type) and _is_textless(kind):
            return kind
    return None


def _is_textless(cls: type) -> bool:
    """Whether neither objects of a class nor of one that is made from it have a text."""
    return not any(map(_may_have, _below(cls)))


def _below(cls: type) -> Iterator[type]:
    """A class, and all that are made from it."""
    todo = [cls]
    while todo:
        top = todo.pop()
        yield top
        todo.extend(type.__subclasses__(top))


def _may_have(cls: type) -> bool:
    general = isabstract(cls) or bool(getattr(cls, "_is_protocol", False)) or is_typeddict(cls)
    plain = cls in _PLAIN or cls.__module__.partition(".")[0] in _STANDARD
    plain = plain or is_uuid(cls) or path_place(cls) != ""
    return general or plain or issubclass(cls, enum.Enum) or codec_of(cls) is not None
