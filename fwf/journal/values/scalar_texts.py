"""How scalars, and flat lists of them, are written as text: numbers, dates, paths, members …"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from fwf.algebra.plain_values import Member
from fwf.forms import value_form as forms
from fwf.forms.scalar_form import EXACT
from fwf.journal.values.unfit import MOST, Unfit

TextAndCopy: TypeAlias = tuple[str, Any]
"""A value's text, and what that reads as."""
Write: TypeAlias = Callable[[Any, int], TextAndCopy]
"""Value, how deep it stands ⟶ its text, and what that reads as."""

to_json: Final = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False, check_circular=False
).encode
quote: Final = json.encoder.encode_basestring_ascii


def write_int(value: int, depth: int) -> TextAndCopy:
    """A whole number; in hex where JSON readers would round it."""
    if -EXACT <= value <= EXACT:
        return repr(value), value
    return f'{{"int":"{value:#x}"}}', value


def write_float(value: float, depth: int) -> TextAndCopy:
    """A float; as text where JSON has none, or would take it for a whole number."""
    if math.isfinite(value) and not value.is_integer():
        return repr(value), value
    return f'{{"float":"{value!r}"}}', value


def write_str(value: str, depth: int) -> TextAndCopy:
    """A text, lone surrogates and all."""
    text = quote(value)
    if "\\ud" in text:  # half a pair, or a whole one
        text = to_json(forms.write(value))
    return text, value


def write_scalar(value: Any, depth: int) -> TextAndCopy:
    """What has a form by its class alone: bytes, dates, UUIDs."""
    return to_json(forms.write(value)), value


def write_decimal(value: Decimal, depth: int) -> TextAndCopy:
    """A decimal; raises `Unfit` for one that can't be compared."""
    if value.is_snan():
        raise Unfit("is a signaling NaN, which can't be compared: write Decimal('NaN')")
    return to_json(forms.write(value)), value


def path_writer(place: str) -> Write:
    """What writes paths of the class of this place."""
    head = f'{{"coded":{to_json(place)},"plain":'

    def write(value: Any, depth: int) -> TextAndCopy:
        return f"{head}{write_str(value.as_posix(), 0)[0]}}}", value

    return write


def member_text(member: Member) -> str:
    """The text of an enum's member; raises `Unfit` where its value isn't plain."""
    try:
        return to_json(forms.write(member))
    except (TypeError, ValueError) as error:
        raise Unfit(f"is {member.enum}(…), of which the value isn't plain: {error}") from None


def flat_text(value: list[Any]) -> str | None:
    """The text of a list of small whole numbers, or of texts, alone; None for any other."""
    kinds = set(map(type, value))
    if len(kinds) != 1 or len(value) > MOST // 2:
        return None if kinds else "[]"
    (kind,) = kinds
    if kind is int:
        if min(value) >= -EXACT and max(value) <= EXACT:
            return str(value).replace(" ", "")
    elif kind is str and sum(map(len, value)) <= MOST:
        text = to_json(value)
        return None if "\\ud" in text else text
    return None
