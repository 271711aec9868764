"""How JSON is read strictly: within limits, every key once, nothing that isn't JSON."""

import json
import math
import re
from itertools import accumulate, pairwise
from typing import Any, NoReturn, cast, final

from fwf.forms.refusal import Refused, as_json, under

MAX_NESTING = 600
"""How deep brackets may nest: enough for an expression of 100 levels about a value of 100."""
MAX_DIGITS = 640
"""The least that Python may be told to read (`sys.int_info.str_digits_check_threshold`)."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_STEPS = [{"[": 1, "{": 1, "]": -1, "}": -1}.get(chr(byte), 0) for byte in range(256)]


class NotStrict(ValueError):
    """What Python's `json` reads, but isn't JSON, or has no one meaning.

    outline: what is wrong, without what the text says.
    """

    def __init__(self, message: str, outline: str) -> None:
        super().__init__(message)
        self.outline = outline


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys and values ⟶ the object that has each key once; raises `NotStrict`."""
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    keys = sorted(key for key, _ in pairs)
    again = next(key for key, other in pairwise(keys) if key == other)
    message = f"the key {as_json(again)} is given twice; every key once is expected"
    raise NotStrict(message, "an object has a name twice")


def refuse_constant(name: str) -> NoReturn:
    """Raises `NotStrict` for NaN and Infinity."""
    message = f"{name} is not JSON; a finite number is expected"
    raise NotStrict(message, message)


@final
class _Flaw:
    """Stands in what was read for what can't be read."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message


def parse(text: str | bytes, max_bytes: int) -> Any:
    """Text ⟶ the JSON value that it is; raises `Refused`, with the place, for what isn't one."""
    content, raw = _decoded(text, max_bytes)
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    depth = max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
    if depth > MAX_NESTING:
        raise Refused("", f"nests {depth:,} levels deep; at most {MAX_NESTING} are expected")
    value, flawed = _value_of(content)
    if flawed or _SURROGATE.search(content):
        _refuse_flaws(value)
    return value


def _decoded(text: str | bytes, max_bytes: int) -> tuple[str, bytes]:
    if len(text) > max_bytes:
        raise Refused("", f"is longer than {max_bytes:,} bytes")
    try:
        if isinstance(text, str):
            content, raw = text, text.encode()
        else:
            content, raw = text.decode(), text
    except (UnicodeEncodeError, UnicodeDecodeError) as error:
        raise Refused("", f"is not UTF-8 at position {error.start:,}") from None
    if len(raw) > max_bytes:
        raise Refused("", f"is longer than {max_bytes:,} bytes")
    return content, raw


def _value_of(content: str) -> tuple[Any, list[_Flaw]]:
    """Text ⟶ what it says, and the flaws that stand in it."""
    flaws: list[_Flaw] = []

    def flaw(message: str) -> _Flaw:
        flaws.append(_Flaw(message))
        return flaws[-1]

    def to_object(pairs: list[tuple[str, Any]]) -> Any:
        try:
            return members(pairs)
        except NotStrict as error:
            return flaw(str(error))

    def to_int(digits: str) -> Any:
        if len(digits) <= MAX_DIGITS:
            return int(digits)
        return flaw(f"a number has {len(digits):,} digits; at most {MAX_DIGITS} are expected")

    def to_float(digits: str) -> Any:
        value = float(digits)
        return (
            value if math.isfinite(value) else flaw(f"{as_json(digits)} is past what floats hold")
        )

    def to_constant(name: str) -> Any:
        try:
            refuse_constant(name)
        except NotStrict as error:
            return flaw(str(error))

    try:
        value = json.loads(
            content,
            object_pairs_hook=to_object,
            parse_int=to_int,
            parse_float=to_float,
            parse_constant=to_constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refused("", f"is not JSON: {error.msg} at {place}") from None
    return value, flaws


def _refuse_flaws(value: Any) -> None:
    """Raise for the first flaw, or lone surrogate, where it stands."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        at, part = todo.pop()
        if isinstance(part, _Flaw):
            raise Refused(at, part.message)
        if isinstance(part, str):
            _refuse_surrogates(at, part)
        elif isinstance(part, list):
            items: list[Any] = cast(Any, part)
            todo.extend((under(at, index), items[index]) for index in reversed(range(len(items))))
        elif isinstance(part, dict):
            fields = cast(dict[str, Any], part)
            for key in fields:
                _refuse_surrogates(at, key)
            todo.extend((under(at, key), fields[key]) for key in reversed(fields))


def _refuse_surrogates(at: str, text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused(
            at, f'{as_json(text)} has a lone surrogate; {{"text": "…"}} in hex is expected'
        )
