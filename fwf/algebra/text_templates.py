"""How a text is put together from values: `no rows for {}`, with what stands in each place."""

from collections.abc import Mapping, Sequence, Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any, Final, cast

from fwf.algebra.plain_values import is_uuid
from fwf.faults import Fault, listed
from fwf.printing import elided
from fwf.secrets import masked
from fwf.types.comparison import plain, type_only

MOST_CHARACTERS: Final = 200
MOST_ITEMS: Final = 20
MAX_BITS: Final = 600
"""So much of a value is told, so many items of a list, and no integer that is longer."""
MAX_DEPTH: Final = 5


def pieces(template: str) -> list[str]:
    """A template ⟶ the texts between its places `{}`, where `{{` and `}}` are braces.

    Raises `ValueError` for anything else in braces, since what a place shows is data alone.
    """
    texts, at = [""], 0
    while at < len(template):
        two, one = template[at : at + 2], template[at]
        at += 2 if two in ("{{", "}}", "{}") else 1
        if two == "{}":
            texts.append("")
        elif two in ("{{", "}}"):
            texts[-1] += one
        elif one in "{}":
            raise ValueError(_misplaced(template, at - 1))
        else:
            texts[-1] += one
    return texts


def _misplaced(template: str, at: int) -> str:
    close = template.find("}", at)
    if template[at] == "}" or close < 0:
        return f"a {template[at]!r} stands alone: write {template[at] * 2} for the character itself"
    return (
        f"{template[at : close + 1]!r} is no place for a value: write {{}}, and the values in "
        "their order behind the text; {{ and }} are the characters themselves"
    )


def check_template(template: str, values: int) -> None:
    """Raise `ValueError` unless a template has as many places as there are values."""
    places = len(pieces(template)) - 1
    if places != values:
        raise ValueError(
            f"it has {places} {{}} for {values} {'value' if values == 1 else 'values'}: write one "
            "{} for each value"
        )


def fill(template: str, values: Sequence[Any]) -> str:
    """Template, values ⟶ the text; raises `ValueError` for a value that no text stands for."""
    first, *others = pieces(template)
    texts = [f"{value_text(value)}{piece}" for value, piece in zip(values, others, strict=True)]
    return masked(first + "".join(texts))


def value_text(value: Any) -> str:
    """Value ⟶ what stands for it in a text; raises `ValueError` where nothing does.

    Texts and numbers as they are, dates and times as ISO 8601 has them, enums by their names, what
    lists and dictionaries hold behind commas, faults as they are told. Whatever is long is cut.
    The `str` of other classes is code that nobody knows, so there is no text for them.
    """
    return elided(masked(_value_text(plain(value), 0)), MOST_CHARACTERS)


def _value_text(value: Any, depth: int) -> str:
    kind = cast(Any, type(value))
    if kind is int and value.bit_length() > MAX_BITS:
        return f"<int of {value.bit_length():,} bits>"
    if kind in (str, int, float, bool, Decimal, type(None), timedelta) or is_uuid(kind):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.name)
    if isinstance(value, Fault):
        return str(value)
    if depth < MAX_DEPTH and isinstance(value, list | tuple | AbstractSet | Mapping):
        return _several(value, depth)
    raise ValueError(
        f"{type_only(value)} has no text: name a field of it, or write a named function that gives "
        "the text, apply(f, …)"
    )


def _several(value: Any, depth: int) -> str:
    """The first items, and how many more there are; brackets only within others."""
    pairs = isinstance(value, Mapping)
    items = cast(Any, value).items() if pairs else value
    first: list[Any] = [*islice(items, MOST_ITEMS)]
    texts = [_pair(each, depth) if pairs else _value_text(plain(each), depth + 1) for each in first]
    if isinstance(value, AbstractSet):
        texts.sort()
    text = listed(texts, len(items), MOST_ITEMS)
    return f"[{text}]" if depth else text


def _pair(pair: tuple[Any, Any], depth: int) -> str:
    return ": ".join([_value_text(plain(each), depth + 1) for each in pair])
