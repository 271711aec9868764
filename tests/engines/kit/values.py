"""What the tasks of generated workflows give: functions that take whatever there is, and values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from returns.result import Failure, Result, Success

from fwf.faults import Fault

NUMBERS = 7
"""Numbers stay below it, so that branches are taken either way, and loops end at times."""


@dataclass(frozen=True)
class Sale:
    """A value of a class of its own, which has no codec but that of dataclasses."""

    shop: str
    day: date
    total: Decimal


class VendorDown(ConnectionError):
    """An error of a class of one's own, whose bases filters name."""


RICH: tuple[Any, ...] = (
    Sale('Zoë\'s "shop"', date(2026, 6, 1), Decimal("1.10")),
    [Sale("a", date(2026, 6, 2), Decimal(0))],
    datetime(2026, 6, 1, 2, 30, tzinfo=UTC),
    1.0,
    2**70,
    "Ünï ${code} {{ x }} $.y 'z' \"q\"\n",
    "",
    {"total.$": 1, "a.b": [None, True], "": {}},
    (1, (2, [3])),
    b"\x00\xff",
    False,
    [],
)
"""What tells whether a value's type survives the way."""


def number(value: Any) -> int:
    """Whatever a task or an expression gave ⟶ a number."""
    match value:
        case bool() | int() | float() | Decimal():
            return int(value) % NUMBERS
        case None:
            return 0
        case str() | bytes():
            return len(value) % NUMBERS
        case Sale():
            return len(value.shop) % NUMBERS
        case Success():
            return number(value.unwrap())
        case Failure():
            return number(tagged(cast("Result[Any, Fault]", value).failure()))
        case Mapping():
            return number([*cast("Mapping[str, Any]", value).values()])
        case Sequence():
            return sum([number(each) for each in value], 0) % NUMBERS
        case _:
            return 3


def tagged(fault: Fault) -> list[int]:
    """A fault ⟶ numbers that its tags come to."""
    return [len(tag) for tag in fault.tags]


def increased(value: Any) -> int:
    return (number(value) + 1) % NUMBERS


def doubled(value: Any) -> int:
    return 2 * number(value) % NUMBERS


def turned(value: Any) -> int:
    return NUMBERS - 1 - number(value)


def unless_odd(value: Any) -> int:
    if number(value) % 2:
        raise VendorDown("odd")
    return number(value)


def unless_even(value: Any) -> int:
    if number(value) % 2 == 0:
        raise KeyError("even")
    return number(value)


def unless_middle(value: Any) -> int:
    """Fails for the item in the middle of `three`."""
    if number(value) == 2:
        raise PermissionError("the one in the middle")
    return number(value)


def is_odd(value: Any) -> bool:
    return number(value) % 2 == 1


def is_large(value: Any) -> bool:
    return number(value) >= NUMBERS // 2


def several(value: Any) -> list[int]:
    """A number ⟶ a list of up to three, all different."""
    first = number(value)
    return [first + at for at in range(first % 4)]


def three(value: Any) -> list[int]:
    return [1, 2, 3]


def no_items(value: Any) -> list[int]:
    return []


def named_items(value: Any) -> list[dict[str, Any]]:
    """Items whose keys have in them what separates paths and items."""
    return [{"id": f"k > {at}] [é", "n": at} for at in range(1 + number(value) % 3)]


def nested(value: Any) -> list[list[int]]:
    return [several(number(value) + at) for at in range(number(value) % 3)]


def page(value: Any) -> dict[str, Any]:
    """A number ⟶ a page that holds it, and that another comes after if it is odd."""
    n = number(value)
    return {"items": [n], "next": n // 2 if n % 2 else None}
