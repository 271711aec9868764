"""The text after `--param name=` ⟶ a value of the annotated type, and an example of each type."""

import enum
import json
import re
import types as pytypes
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, cast
from uuid import UUID

from fwf.algebra.types import ANY
from fwf.faults import near

NULL: Final = "null"
_LISTS = (list, tuple, set, frozenset)
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Unreadable(Exception):
    """A text is no value of the type. Says more than that only where there is more to say."""


def read(texts: Sequence[str], annotation: Any) -> Any:
    """Texts given for one name, type ⟶ the value; raises `Unreadable`.

    A list is one option for each item, or a JSON list. `null` is None where the type allows it.
    """
    kind = _bare(annotation)
    if _is_union(kind):
        return _first_that_reads(texts, typing.get_args(kind))
    if kind is type(None):
        return _null(texts)
    if _origin(kind) in _LISTS:
        return _list(_items(texts), kind)
    if len(texts) > 1:
        raise Unreadable(f"it is given {len(texts)} times, but takes one value")
    return _scalar(texts[0], kind)


def example(annotation: Any) -> str:
    """Type ⟶ a text that is one of its values."""
    kind = _bare(annotation)
    if _is_union(kind):
        return example(next(part for part in typing.get_args(kind) if part is not type(None)))
    if typing.get_origin(kind) is Literal:
        return _spelled(typing.get_args(kind)[0])
    if _origin(kind) in _LISTS:
        return f"[{_in_json(_item_types(kind)[0])}]"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind.__members__), "")
    return _EXAMPLES.get(kind, "text")


def _in_json(kind: Any) -> str:
    text = example(kind)
    return text if _bare(kind) in (bool, int, float) or text[:1] == "[" else json.dumps(text)


def _bare(annotation: Any) -> Any:
    """Take off `Annotated` and `NewType`."""
    if isinstance(annotation, typing.NewType):
        return _bare(annotation.__supertype__)
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    return type(None) if annotation is None else annotation


def _null(texts: Sequence[str]) -> None:
    if list(texts) != [NULL]:
        raise Unreadable


def _is_union(kind: Any) -> bool:
    return typing.get_origin(kind) in (typing.Union, pytypes.UnionType)


def _origin(kind: Any) -> Any:
    return typing.get_origin(kind) or kind


def _first_that_reads(texts: Sequence[str], kinds: Sequence[Any]) -> Any:
    """The first type of a union that the texts fit; text last, for everything fits it."""
    said: list[str] = []
    for kind in sorted(kinds, key=lambda kind: (kind is not type(None), _bare(kind) is str)):
        try:
            return read(texts, kind)
        except Unreadable as error:
            said += [str(error)] if str(error) else []
    raise Unreadable(*said[:1])


# Lists


def _items(texts: Sequence[str]) -> list[Any]:
    """The items, each a text or, from JSON, a list in turn."""
    if len(texts) == 1 and texts[0].lstrip().startswith("["):
        try:
            # Numbers stay as written, so that each type reads its own.
            found = json.loads(texts[0], parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"it starts with [ but is no JSON list ({error})") from error
        return cast(list[Any], found)
    return list(texts)


def _list(items: list[Any], kind: Any) -> Any:
    kinds = _item_types(kind)
    if Ellipsis in kinds or _origin(kind) is not tuple:
        kinds = (kinds[0],) * len(items)
    if len(kinds) != len(items):
        raise Unreadable(f"it is given {len(items)} items, but takes {len(kinds)}")
    values: list[Any] = [_item(each, wanted) for each, wanted in zip(items, kinds, strict=True)]
    return _origin(kind)(values)


def _item_types(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) or (ANY, ...)


def _item(item: Any, kind: Any) -> Any:
    """One item of a list: a text, or what JSON made of it."""
    given = cast(Any, type(item))
    if given is list and _takes_list(kind):
        return _list(item, _bare(kind))
    if given in (list, dict):
        raise Unreadable(f"an item of it is a JSON {'list' if given is list else 'object'}")
    return read([item if given is str else json.dumps(item)], kind)


def _takes_list(kind: Any) -> bool:
    return _origin(_bare(kind)) in _LISTS


# One value


def _scalar(text: str, kind: Any) -> Any:
    if typing.get_origin(kind) is Literal:
        return _one_of(text, {_spelled(each): each for each in typing.get_args(kind)})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _member(text, kind)
    reader = _READERS.get(kind)
    if reader is None:
        return text
    try:
        return reader(text)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise Unreadable from error


def _spelled(value: Any) -> str:
    """How a value of a `Literal` is written."""
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def _member(text: str, kind: type[enum.Enum]) -> enum.Enum:
    """By name; by value only if no name is that."""
    values = {str(each.value): each for each in kind.__members__.values()}
    members: Mapping[str, enum.Enum] = kind.__members__
    if text not in members and text in values:
        return values[text]
    return cast(enum.Enum, _one_of(text, members))


def _one_of(text: str, known: Mapping[str, Any]) -> Any:
    if text not in known:
        raise Unreadable(f"it is one of {', '.join(known)}{near(text, known)}")
    return known[text]


def _bool(text: str) -> bool:
    word = text.lower()
    if word not in _YES + _NO:
        raise ValueError(text)
    return word in _YES


_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
_PART = r"(\d+(?:\.\d+)?)"
_SHORT = re.compile(rf"(?:{_PART}(w|d|h|min|ms|us|m|s))", re.ASCII)
_ISO = re.compile(
    rf"P(?:{_PART}W)?(?:{_PART}D)?(?:T(?=\d)(?:{_PART}H)?(?:{_PART}M)?(?:{_PART}S)?)?", re.ASCII
)


def _duration(text: str) -> timedelta:
    """`90s`, `1h30m`, or ISO 8601: `PT1H30M`. Years and months have no fixed length."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    iso = _ISO.fullmatch(rest.upper()) if rest[:1] in "pP" else None
    if iso is not None:
        parts = [(n, unit) for n, unit in zip(iso.groups(), "wdhms", strict=True) if n is not None]
    else:
        parts = cast(list[tuple[str, str]], _SHORT.findall(rest))
        if "".join(n + unit for n, unit in parts) != rest:
            raise ValueError(text)
    if not parts:
        raise ValueError(text)
    return sign * sum((float(n) * _UNITS[unit] for n, unit in parts), timedelta())


_READERS: dict[Any, Callable[[str], Any]] = {
    bool: _bool,
    int: int,
    float: float,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    timedelta: _duration,
    UUID: UUID,
    bytes: lambda text: text.encode("utf-8", "surrogateescape"),
}

_EXAMPLES: dict[Any, str] = {
    bool: "true",
    int: "10",
    float: "0.5",
    Decimal: "9.99",
    date: "2026-07-15",
    datetime: "2026-07-15T06:30:00+02:00",
    time: "06:30",
    timedelta: "1h30m",
    UUID: "123e4567-e89b-12d3-a456-426614174000",
    type(None): NULL,
}
