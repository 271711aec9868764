"""One text ⟶ a scalar, an enum's member, a path: a value without parts."""

import enum
import json
import math
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any, Final, Literal, cast
from uuid import UUID

from fwf.faults import near
from fwf.forms.duration_text import duration_in
from fwf.types.aliases import ANY

NULL: Final = "null"
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Unreadable(Exception):
    """What is given is no value of the type. Says more than that only where there is more to say.

    `place` is which part of it isn't, of which the message is told: `['eu'].day`, empty for the
    whole; None for a message that stands by itself.
    """

    def __init__(self, message: str = "", place: str | None = None) -> None:
        super().__init__(*([message] if message else []))
        self.place = place

    def told(self, name: str) -> str:
        """What is said of a parameter of this name."""
        return str(self) if self.place is None else f"{name}{self.place} {self}"


class NoText(Unreadable):
    """Values of the type have no text."""

    def __init__(self) -> None:
        super().__init__("no text says one: give it in Python, in run(…, params=)")


def scalar(text: str, kind: Any) -> Any:
    """Text, type seen through ⟶ the value; raises `Unreadable`."""
    if typing.get_origin(kind) is Literal:
        return _one_of(text, {spelled(each): each for each in typing.get_args(kind)})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return member(text, kind)
    reader = kind if isinstance(kind, type) and issubclass(kind, PurePath) else _READERS.get(kind)
    by_name = type(cast(object, kind)).__name__ == "NamedType"  # as a plan has it
    if reader is None and (by_name or kind in (str, ANY, object)):
        return text
    if reader is None:
        raise NoText
    try:
        return reader(text)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise Unreadable from error


def spelled(value: Any) -> str:
    """How a value of a `Literal` is written."""
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def member(text: str, kind: type[enum.Enum]) -> enum.Enum:
    """By name; by value only if no name is that."""
    values = {str(each.value): each for each in kind.__members__.values()}
    members: Mapping[str, enum.Enum] = kind.__members__
    if text not in members and text in values:
        return values[text]
    return cast(enum.Enum, _one_of(text, members))


def _one_of(text: str, values: Mapping[str, Any]) -> Any:
    if text not in values:
        raise Unreadable(f"it is one of {', '.join(values)}{near(text, values)}")
    return values[text]


def _bool(text: str) -> bool:
    word = text.lower()
    if word not in _YES + _NO:
        raise ValueError(text)
    return word in _YES


def float_in(text: str) -> float:
    """Text ⟶ the float; raises `ValueError`, and `Unreadable` for a number that is too large."""
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise Unreadable("it is too large for a float, which ends at 1.8e308")
    return value


_READERS: dict[Any, Callable[[str], Any]] = {
    bool: _bool,
    int: int,
    float: float_in,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    timedelta: duration_in,
    UUID: UUID,
    bytes: lambda text: text.encode("utf-8", "surrogateescape"),
}

EXAMPLES: dict[Any, str] = {
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
