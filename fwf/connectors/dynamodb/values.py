"""What is a value in DynamoDB? Python's, by a table of types; what has no exact place is refused.

| Python | DynamoDB |
|---|---|
| `str` | `S` |
| `int`, `Decimal` | `N`: 38 digits, 1E-130 to 9.99…E+125; the scale is lost, 1.50 is 1.5 |
| `bytes` | `B` |
| `bool`, `None` | `BOOL`, `NULL` |
| `date` | `S`: `2026-07-01` |
| `datetime` with a zone | `S`: in UTC, `2026-07-01T08:00:00.000000Z`, so texts sort as moments |
| `list`, `tuple` | `L` |
| `dict` by texts | `M` |
| `set`, `frozenset` of texts, numbers or bytes | `SS`, `NS`, `BS`; no empty set |

Refused are `float`, `datetime` without a zone, and all else. (Amazon DynamoDB Developer Guide,
"Constraints in Amazon DynamoDB" and "DynamoDB item sizes and formats".)
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, cast

Wire = dict[str, Any]
"""A value as DynamoDB's API has it: `{"N": "12"}`."""
SizedWire = tuple[Wire, int]
"""A value, and the bytes that it counts for in its item."""

DIGITS: Final = 38
LARGEST: Final = 125
SMALLEST: Final = -130
LEVELS: Final = 32
NAME_BYTES: Final = 65_535
_ALL_DIGITS: Final = 10**DIGITS
PLAIN: Final = 40
"""Characters up to which a number is written without an exponent."""


class Unfit(Exception):
    """Why a value has no place in DynamoDB, without the value."""


def encode(value: object, level: int = 1) -> SizedWire:
    """A value ⟶ the same for the API, and its size; raises `Unfit`."""
    write = _BY_TYPE.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, list | tuple | dict):
        if level >= LEVELS:
            raise Unfit(f"nested deeper than {LEVELS} levels")
        whole = cast(Any, value)
        return _map(whole, level) if isinstance(value, dict) else _list(whole, level)
    for kind, write in _BY_TYPE.items():  # of a class made from one that is known
        if isinstance(value, kind):
            return write(value)
    raise Unfit(f"a {type(value).__name__}{_REMEDIES.get(type(value), '')}")


def decode(wire: Mapping[str, Any]) -> Any:
    """A value of the API ⟶ Python's: an `int` where a number is whole, texts where dates went."""
    ((letter, value),) = wire.items()
    match letter:
        case "N":
            return _number(value)
        case "L":
            return [decode(each) for each in value]
        case "M":
            return {name: decode(each) for name, each in value.items()}
        case "SS" | "BS":
            return set(value)
        case "NS":
            return {_number(each) for each in value}
        case "NULL":
            return None
        case _:
            return value


def number(value: int | Decimal) -> str:
    """A number ⟶ the text that equal numbers share; raises `Unfit` for one that loses digits.

    >>> number(Decimal("1.50")), number(10**50), number(-7)
    ('1.5', '1E+50', '-7')
    """
    if isinstance(value, int):
        if -_ALL_DIGITS < value < _ALL_DIGITS:
            return str(int(value))
        if value.bit_length() > 419:  # 10 ** 126; writing out a really large one takes for ever
            raise Unfit("a number of 1E+126 or more")
        value = Decimal(value)
    if not value.is_finite():
        raise Unfit("NaN or Infinity")
    sign, digits, exponent = value.as_tuple()
    all_digits = "".join(map(str, digits)).lstrip("0")
    significant = all_digits.rstrip("0")
    if not significant:
        return "0"
    power = cast(int, exponent) + len(all_digits) - len(significant)
    if len(significant) > DIGITS:
        raise Unfit(f"a number of more than {DIGITS} digits")
    if power + len(significant) - 1 > LARGEST:
        raise Unfit("a number of 1E+126 or more")
    if power + len(significant) - 1 < SMALLEST:
        raise Unfit("a number nearer to 0 than 1E-130")
    exact = Decimal((sign, tuple(map(int, significant)), power))
    plain = format(exact, "f")
    return plain if len(plain) <= PLAIN else str(exact)


def name_size(name: object) -> int:
    """The bytes that an attribute's name counts for; raises `Unfit` for what can't be one."""
    if not isinstance(name, str):
        raise Unfit("a name that is no text")
    size = len(_utf8(name))
    if not 0 < size <= NAME_BYTES:
        raise Unfit("an empty name" if not size else "a name of more than 64 KB")
    return size


def _number(text: str) -> int | Decimal:
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else exact


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    raise Unfit("a text with half of a character (a lone surrogate)")


def _text(value: Any) -> SizedWire:
    text = str.__str__(value)  # an enum of texts shows its name otherwise
    return {"S": text}, len(_utf8(text))


def _numeric(value: Any) -> SizedWire:
    text = number(value)
    digits = text.partition("E")[0].replace(".", "").strip("-0")
    return {"N": text}, (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _day(value: Any) -> SizedWire:
    return _text(value.isoformat())


def _moment(value: Any) -> SizedWire:
    if value != value or getattr(value, "nanosecond", 0):  # as those of pandas may be
        raise Unfit("a datetime that is none (NaT), or has nanoseconds")
    if value.utcoffset() is None:
        raise Unfit("a datetime without a zone: give it one")
    try:
        utc = value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        pass
    else:
        return _text(f"{utc.isoformat(timespec='microseconds')}Z")
    raise Unfit("a datetime that is outside of the years 1 to 9999 in UTC")


def _list(values: Any, level: int) -> SizedWire:
    items = [encode(each, level + 1) for each in values]
    return {"L": [wire for wire, _ in items]}, 3 + sum(1 + size for _, size in items)


def _map(values: Any, level: int) -> SizedWire:
    entries = {
        name: (name_size(name), *encode(each, level + 1)) for name, each in values.items()
    }  # fmt: skip
    size = 3 + sum(1 + name_bytes + value_bytes for name_bytes, _, value_bytes in entries.values())
    return {"M": {name: wire for name, (_, wire, _) in entries.items()}}, size


def _set(values: Any) -> SizedWire:
    """Members in an order that depends on them alone, so that equal items are sent alike."""
    if not values:
        raise Unfit("an empty set: leave the attribute out")
    items = [encode(each) for each in values]
    letters = {next(iter(wire)) for wire, _ in items}
    if len(letters) > 1 or not letters <= {"S", "N", "B"}:
        raise Unfit("a set of anything but only texts, only numbers, or only bytes")
    (letter,) = letters
    members = sorted({wire[letter] for wire, _ in items})
    return {f"{letter}S": members}, sum(size for _, size in items)


_BY_TYPE: Final[Mapping[type, Callable[[Any], SizedWire]]] = {
    str: _text,
    bool: lambda value: ({"BOOL": bool(value)}, 1),
    int: _numeric,
    Decimal: _numeric,
    type(None): lambda value: ({"NULL": True}, 1),
    bytes: lambda value: ({"B": bytes(value)}, len(value)),
    datetime: _moment,
    date: _day,
    set: _set,
    frozenset: _set,
}
"""How the values of a type are written; a class stands before those that it is made from."""

_REMEDIES: Final[Mapping[type, str]] = {float: ": make a Decimal of it, rounded as you mean it"}
