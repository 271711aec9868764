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


def written_text(text: str) -> Json:
    """Text ⟶ itself, or its bytes in hex if it has lone surrogates, which JSON can't say."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"text": text.encode("utf-8", "surrogatepass").hex()}
    return text


def written_whole(n: int) -> Json:
    """Whole number ⟶ itself, or in hex if it is too large for other readers of JSON."""
    return n if -EXACT <= n <= EXACT else {"int": hex(n)}


# Read


def is_object(given: Json) -> TypeGuard[dict[str, Json]]:
    """Whether JSON is an object."""
    return type(given) is dict


def read_text(given: Json, at: str) -> str:
    """JSON ⟶ the text that it says."""
    if type(given) is str:
        return given
    if is_object(given) and given.keys() == {"text"}:
        return _from_bytes(given["text"], f"{at}/text")
    raise refused(at, given, "a text")


def _from_bytes(given: Json, at: str) -> str:
    try:
        return read_hex(given, at).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise refused(at, given, "UTF-8, if with lone surrogates, in hexadecimal digits") from None


def read_hex(given: Json, at: str) -> bytes:
    """JSON ⟶ the bytes that a text of hexadecimal digits says."""
    try:
        found = bytes.fromhex(given)
        if found.hex() == given:
            return found
    except (TypeError, ValueError):
        pass
    raise refused(at, given, "bytes as lower-case hexadecimal digits")


def read_whole(given: Json, at: str, least: int | None = None) -> int:
    """JSON ⟶ the whole number that it says, if it is large enough."""
    n = given
    if is_object(given) and given.keys() == {"int"}:
        n = _from_hex(given["int"])
    if type(n) is int and (least is None or n >= least):
        return n
    raise refused(at, given, "a whole number" + ("" if least is None else f", {least} or more"))


def _from_hex(given: Json) -> int | None:
    try:
        n = int(given, 16)
    except (TypeError, ValueError):
        return None
    return n if hex(n) == given else None


def read_duration(given: Json, at: str, *, negative: bool = False) -> timedelta:
    """JSON ⟶ the duration whose text it is, 0 or more unless negative ones are allowed."""
    duration = _duration(given) if type(given) is str and len(given) < 100 else None
    if duration is None or (duration < ZERO and not negative):
        raise refused(at, given, 'a duration such as "1h 30m" or "250ms"')
    return duration


def _duration(text: str) -> timedelta | None:
    try:
        duration = duration_in(text)
    except (ValueError, OverflowError):
        return None
    return duration if duration_text(duration) == text else None


def read_flag(given: Json, at: str) -> bool:
    """JSON ⟶ the truth value that it is."""
    if type(given) is bool:
        return given
    raise refused(at, given, "true or false")


def read_list(given: Json, at: str) -> list[Json]:
    """JSON ⟶ the list that it is."""
    if _is_list(given):
        return given
    raise refused(at, given, "a list")


def _is_list(given: Json) -> TypeGuard[list[Json]]:
    return type(given) is list


def read_texts(given: Json, at: str) -> tuple[str, ...]:
    """JSON ⟶ the texts in the list that it is, none of them empty."""
    texts = tuple(read_text(each, under(at, i)) for i, each in enumerate(read_list(given, at)))
    if "" in texts:
        raise refused(under(at, texts.index("")), "", "a text that isn't empty")
    return texts


def read_choice(given: Json, at: str, known: tuple[str, ...]) -> Any:
    """JSON ⟶ itself, if it is one of the words known."""
    if type(given) is str and given in known:
        return given
    raise refused(at, given, " or ".join(f'"{each}"' for each in known))


def read_fields(given: Json, at: str, names: tuple[str, ...]) -> dict[str, Json]:
    """JSON ⟶ the object that it is, if it has these fields and no others."""
    if not is_object(given):
        raise refused(at, given, f"an object with {', '.join(names)}")
    if len(given) == len(names) and all(map(given.__contains__, names)):
        return given
    for name in names:
        if name not in given:
            raise Refused(at, f"there is no {name!r}; the fields {', '.join(names)} are expected")
    for name in given:
        if name not in names:
            expected = ", ".join(names)
            raise Refused(under(at, name), f"{as_json(name)} is no field here; {expected} are")
    return given


def read_name(given: Json, at: str, what: str) -> str:
    """JSON ⟶ a name: printable, not empty, not endless."""
    if type(given) is str and 0 < len(given) <= MAX_NAME and given.isprintable():
        return given
    raise refused(at, given, f"the name of {what}, in printable characters,")


def read_place(given: Json, at: str, what: str) -> str:
    """JSON ⟶ where something was defined, as `module:qualified.name`."""
    place = read_name(given, at, what)
    module, _, name = place.partition(":")
    parts = name.split(".")
    if _MODULE.fullmatch(module) and all(map(_is_part, parts)):
        return place
    raise refused(at, given, f"{what} as module:name")


def _is_part(part: str) -> bool:
    return part == "<locals>" or part.isidentifier()
