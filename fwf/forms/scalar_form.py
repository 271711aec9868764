"""How texts, whole numbers, durations and names are written and read, wherever they stand."""

import re
from datetime import timedelta
from typing import Any, TypeAlias, TypeGuard

from fwf.durations import ZERO
from fwf.forms.duration_text import duration_in, duration_text
from fwf.forms.refusal import Refused, as_json, refused, under

Json: TypeAlias = Any
"""What `json` reads and writes."""
EXACT = 2**53
"""Past it JSON numbers aren't exact everywhere (RFC 7493 §2.2)."""
MAX_NAME = 100_000
_MODULE = re.compile(r"[\w-]+(\.[\w-]+)*")


# Written


def write_text(text: str) -> Json:
    """Text ⟶ itself, or its bytes in hex if it has lone surrogates, which JSON can't say."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"text": text.encode("utf-8", "surrogatepass").hex()}
    return text


def write_whole(n: int) -> Json:
    """Whole number ⟶ itself, or in hex if it is too large for other readers of JSON."""
    return n if -EXACT <= n <= EXACT else {"int": hex(n)}


# Read


def is_object(json: Json) -> TypeGuard[dict[str, Json]]:
    """Whether JSON is an object."""
    return type(json) is dict


def read_text(json: Json, at: str) -> str:
    """JSON ⟶ the text that it says."""
    if type(json) is str:
        return json
    if is_object(json) and json.keys() == {"text"}:
        return _from_bytes(json["text"], f"{at}/text")
    raise refused(at, json, "a text")


def _from_bytes(json: Json, at: str) -> str:
    try:
        return read_hex(json, at).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise refused(at, json, "UTF-8, if with lone surrogates, in hexadecimal digits") from None


def read_hex(json: Json, at: str) -> bytes:
    """JSON ⟶ the bytes that a text of hexadecimal digits says."""
    try:
        content = bytes.fromhex(json)
        if content.hex() == json:
            return content
    except (TypeError, ValueError):
        pass
    raise refused(at, json, "bytes as lower-case hexadecimal digits")


def read_whole(json: Json, at: str, least: int | None = None) -> int:
    """JSON ⟶ the whole number that it says, if it is large enough."""
    n = json
    if is_object(json) and json.keys() == {"int"}:
        n = _from_hex(json["int"])
    if type(n) is int and (least is None or n >= least):
        return n
    raise refused(at, json, "a whole number" + ("" if least is None else f", {least} or more"))


def _from_hex(json: Json) -> int | None:
    try:
        n = int(json, 16)
    except (TypeError, ValueError):
        return None
    return n if hex(n) == json else None


def read_duration(json: Json, at: str, *, negative: bool = False) -> timedelta:
    """JSON ⟶ the duration whose text it is, 0 or more unless negative ones are allowed."""
    duration = _duration(json) if type(json) is str and len(json) < 100 else None
    if duration is None or (duration < ZERO and not negative):
        raise refused(at, json, 'a duration such as "1h 30m" or "250ms"')
    return duration


def _duration(text: str) -> timedelta | None:
    try:
        duration = duration_in(text)
    except (ValueError, OverflowError):
        return None
    return duration if duration_text(duration) == text else None


def read_flag(json: Json, at: str) -> bool:
    """JSON ⟶ the truth value that it is."""
    if type(json) is bool:
        return json
    raise refused(at, json, "true or false")


def read_list(json: Json, at: str) -> list[Json]:
    """JSON ⟶ the list that it is."""
    if _is_list(json):
        return json
    raise refused(at, json, "a list")


def _is_list(json: Json) -> TypeGuard[list[Json]]:
    return type(json) is list


def read_texts(json: Json, at: str) -> tuple[str, ...]:
    """JSON ⟶ the texts in the list that it is, none of them empty."""
    texts = tuple(read_text(each, under(at, i)) for i, each in enumerate(read_list(json, at)))
    if "" in texts:
        raise refused(under(at, texts.index("")), "", "a text that isn't empty")
    return texts


def read_choice(json: Json, at: str, words: tuple[str, ...]) -> Any:
    """JSON ⟶ itself, if it is one of the words known."""
    if type(json) is str and json in words:
        return json
    raise refused(at, json, " or ".join(f'"{each}"' for each in words))


def read_fields(json: Json, at: str, names: tuple[str, ...]) -> dict[str, Json]:
    """JSON ⟶ the object that it is, if it has these fields and no others."""
    if not is_object(json):
        raise refused(at, json, f"an object with {', '.join(names)}")
    if len(json) == len(names) and all(map(json.__contains__, names)):
        return json
    for name in names:
        if name not in json:
            raise Refused(at, f"there is no {name!r}; the fields {', '.join(names)} are expected")
    for name in json:
        if name not in names:
            expected = ", ".join(names)
            raise Refused(under(at, name), f"{as_json(name)} is no field here; {expected} are")
    return json


def read_name(json: Json, at: str, what: str) -> str:
    """JSON ⟶ a name: printable, not empty, not endless."""
    if type(json) is str and 0 < len(json) <= MAX_NAME and json.isprintable():
        return json
    raise refused(at, json, f"the name of {what}, in printable characters,")


def read_place(json: Json, at: str, what: str) -> str:
    """JSON ⟶ where something was defined, as `module:qualified.name`."""
    place = read_name(json, at, what)
    module, _, name = place.partition(":")
    parts = name.split(".")
    if _MODULE.fullmatch(module) and all(map(_is_part, parts)):
        return place
    raise refused(at, json, f"{what} as module:name")


def _is_part(part: str) -> bool:
    return part == "<locals>" or part.isidentifier()
