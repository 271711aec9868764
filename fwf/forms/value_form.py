"""How plain values are written, with their types kept, and read back.

`null`, truth values, texts, whole numbers and fractions stand for themselves, and arrays for
lists; an object with one of the tags below is everything else.
"""

import enum
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from pyrsistent import PMap, pmap, pset, pvector

from fwf.algebra.instances import Instance
from fwf.algebra.plain_values import (
    MAX_DEPTH,
    Coded,
    Member,
    as_member,
    codec_of,
    encode,
    freeze,
    member_of,
)
from fwf.forms.duration_text import duration_text
from fwf.forms.json_schema import (
    DATE,
    DURATION,
    FLAG,
    HEX,
    HEX_WHOLE,
    NAME,
    TEXT,
    UUID_TEXT,
    array,
    described,
    either,
    members,
    pair,
    pattern,
    ref,
)
from fwf.forms.known_names import Names, resolved
from fwf.forms.refusal import Refused, refused, refusing, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_duration,
    read_flag,
    read_hex,
    read_list,
    read_name,
    read_text,
    read_whole,
    written_text,
    written_whole,
)

N = TypeVar("N", bound=Names)


# Written


def written(value: object) -> Json:
    """Frozen value ⟶ JSON that says it, types included."""
    write = _WRITERS.get(cast(Any, type(value)))
    return _written_other(value) if write is None else write(value)


def _written_other(value: Any) -> Json:
    """What isn't plain by its very type: enums, objects, paths and registered classes."""
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if isinstance(value, enum.Enum):
        return _written_member(member_of(value))
    if isinstance(value, Instance):
        return {"coded": value.place, "plain": written(value.fields)}
    codec = codec_of(cast(Any, type(value)))
    assert codec is not None, "freeze lets nothing else in"
    return {"coded": codec.name, "plain": written(freeze(codec.to_plain(value)))}


def written_float(value: float) -> Json:
    """Float ⟶ itself; tagged where it is whole, because many programs write 1.0 as 1."""
    return value if math.isfinite(value) and not value.is_integer() else {"float": repr(value)}


def _written_moment(value: datetime | time) -> Json:
    said: Json = {type(value).__name__: value.isoformat()}
    zone = getattr(value.tzinfo, "key", None)
    if zone is not None:
        said["zone"] = str(zone)
    if value.fold:
        said["fold"] = True
    return said


def _written_member(value: Member) -> Json:
    if value.name is None:
        return {"enum": value.enum, "value": written(freeze(value.value))}
    return {"enum": value.enum, "member": value.name}


def written_bindings(given: PMap[Any, Any], item: Callable[[Any], Json] | None = None) -> Json:
    """Frozen dictionary ⟶ an object if its keys can be an object's, else a list of pairs.

    item: how what the keys stand for is written, if not as a value.
    """
    said = item or written
    if all(type(key) is str and written_text(key) is key for key in given):
        return {key: said(given[key]) for key in sorted(given)}
    pairs = sorted(given.items(), key=lambda pair: encode(pair[0]))
    return [[written(key), said(value)] for key, value in pairs]


def _itself(value: Json) -> Json:
    return value


_WRITERS: dict[type, Callable[[Any], Json]] = {
    type(None): _itself,
    bool: _itself,
    str: written_text,
    int: written_whole,
    float: written_float,
    bytes: lambda value: {"bytes": value.hex()},
    Decimal: lambda value: {"decimal": str(value)},
    date: lambda value: {"date": value.isoformat()},
    datetime: _written_moment,
    time: _written_moment,
    timedelta: lambda value: {"duration": duration_text(value)},
    tuple: lambda value: {"tuple": [*map(written, value)]},
    type(pvector(())): lambda value: [*map(written, value)],
    type(pmap({"": None})): lambda value: {"dict": written_bindings(value)},
    type(pset(())): lambda value: {"set": [*map(written, sorted(value, key=encode))]},
    frozenset: lambda value: {"frozenset": [*map(written, sorted(value, key=encode))]},
    Member: _written_member,
    Coded: lambda value: {"coded": value.codec, "plain": written(value.plain)},
}


# Read


def read(given: Json, at: str, names: Names, depth: int = 0) -> object:
    """JSON ⟶ the frozen value that it says."""
    kind = cast(Any, type(given))
    if kind is str or kind is int or kind is float or kind is bool or given is None:
        return given
    if depth >= MAX_DEPTH:
        raise Refused(at, f"a value may nest {MAX_DEPTH} levels deep, not more")
    if kind is list:
        return pvector(_read_items(given, at, names, depth))
    tag = next((_TAGS[key] for key in given if key in _TAGS), None) if kind is dict else None
    if tag is not None and given.keys() <= tag.fields:
        return tag.read(given, at, names, depth)
    raise refused(at, given, _EXPECTED)


def _read_items(given: Json, at: str, names: Names, depth: int) -> list[object]:
    items = read_list(given, at)
    return [read(each, under(at, i), names, depth + 1) for i, each in enumerate(items)]


def _read_text(given: Json, at: str, names: Names, depth: int) -> object:
    return read_text(given, at)


def _read_int(given: Json, at: str, names: Names, depth: int) -> object:
    return read_whole(given, at)


def _read_float(given: Json, at: str, names: Names, depth: int) -> object:
    return read_float(given, at)


def read_float(given: Json, at: str) -> float:
    """JSON ⟶ the float that it says."""
    if is_object(given) and given.keys() == {"float"}:
        return float(_exactly(float, repr, given["float"], f"{at}/float", "a float as text"))
    if type(given) is float:
        return given
    raise refused(at, given, "a number with a fraction")


def _read_bytes(given: Json, at: str, names: Names, depth: int) -> object:
    return read_hex(given["bytes"], under(at, "bytes"))


def _read_decimal(given: Json, at: str, names: Names, depth: int) -> object:
    there = under(at, "decimal")
    made: Decimal = _exactly(Decimal, str, given["decimal"], there, "a decimal number")
    if made.is_snan():
        raise refused(there, given["decimal"], "a decimal number, or NaN that isn't signaling,")
    return made


def _read_uuid(given: Json, at: str, names: Names, depth: int) -> object:
    return _exactly(UUID, str, given["uuid"], under(at, "uuid"), "a UUID")


def _read_date(given: Json, at: str, names: Names, depth: int) -> object:
    there = under(at, "date")
    return _exactly(date.fromisoformat, date.isoformat, given["date"], there, "a date")


def _read_duration(given: Json, at: str, names: Names, depth: int) -> object:
    return read_duration(given["duration"], under(at, "duration"), negative=True)


def _exactly(
    make: Callable[[Any], Any], say: Callable[[Any], str], given: Json, at: str, expected: str
) -> Any:
    """What a text makes, if it is just as that would be written."""
    if type(given) is str:
        try:
            made = make(given)
            if say(made) == given:
                return made
        except (ValueError, ArithmeticError):
            pass
    raise refused(at, given, expected)


def _read_moment(given: Json, at: str, names: Names, depth: int) -> object:
    kind, tag = (datetime, "datetime") if "datetime" in given else (time, "time")
    there = under(at, tag)
    made: Any = _exactly(kind.fromisoformat, kind.isoformat, given[tag], there, f"a {tag}")
    fold = read_flag(given.get("fold", False), under(at, "fold"))
    if "zone" not in given:
        return made.replace(fold=int(fold))
    key = read_name(given["zone"], under(at, "zone"), "a time zone")
    zone = resolved(names.zone, under(at, "zone"), key, made.utcoffset())
    found = made.replace(tzinfo=zone, fold=int(fold))
    if found.isoformat() != given[tag]:
        raise Refused(there, f"in {key} as known here that is {found.isoformat()}")
    return found


def _read_tuple(given: Json, at: str, names: Names, depth: int) -> object:
    return tuple(_read_items(given["tuple"], under(at, "tuple"), names, depth))


def _read_set(given: Json, at: str, names: Names, depth: int) -> object:
    make: Any = pset if "set" in given else frozenset
    tag = "set" if "set" in given else "frozenset"
    there = under(at, tag)
    items = _read_items(given[tag], there, names, depth)
    found: Any = make(_member(each, under(there, i)) for i, each in enumerate(items))
    if len(found) != len(items):
        raise Refused(there, "holds a value twice; every value once is expected")
    return found


def _member(value: object, at: str) -> object:
    """What was read in a set, or as a dictionary's key."""
    return refusing(at, as_member, value)


def _read_dict(given: Json, at: str, names: Names, depth: int) -> object:
    return read_bindings(given["dict"], under(at, "dict"), names, depth + 1)


def read_bindings(
    given: Json,
    at: str,
    names: N,
    depth: int = 1,
    item: Callable[[Json, str, N, int], Any] = read,
) -> PMap[Any, Any]:
    """JSON ⟶ the frozen dictionary that an object or a list of pairs says.

    item: how what the keys stand for is read.
    """
    if is_object(given):
        return pmap({key: item(given[key], under(at, key), names, depth) for key in given})
    made: dict[object, object] = {}
    for i, each in enumerate(read_list(given, at)):
        there = under(at, i)
        if len(read_list(each, there)) != 2:
            raise refused(there, each, "a key and a value")
        key = _member(read(each[0], under(there, 0), names, depth), under(there, 0))
        made[key] = item(each[1], under(there, 1), names, depth)
    if len(made) != len(given):
        raise Refused(at, "holds a key twice; every key once is expected")
    return pmap(made)


def _read_member(given: Json, at: str, names: Names, depth: int) -> object:
    cls = read_name(given["enum"], under(at, "enum"), "an enum")
    if "member" in given:
        recorded = Member(cls, read_name(given["member"], under(at, "member"), "a member"), None)
    else:
        value = read(given.get("value"), under(at, "value"), names, depth + 1)
        recorded = Member(cls, None, value)
    return resolved(names.member, at, recorded)


def _read_coded(given: Json, at: str, names: Names, depth: int) -> object:
    codec = read_name(given["coded"], under(at, "coded"), "a codec")
    plain = read(given.get("plain"), under(at, "plain"), names, depth + 1)
    return resolved(names.coded, at, Coded(codec, plain))


class _Tag(NamedTuple):
    """An object with a tag: how it is read, which fields it may have, what a schema says of it."""

    read: Callable[[Json, str, Names, int], object]
    fields: frozenset[str]
    schemas: tuple[Json, ...]


def _tag(read: Callable[[Json, str, Names, int], object], *schemas: Json) -> _Tag:
    return _Tag(read, frozenset().union(*(each["properties"] for each in schemas)), schemas)


_VALUE, _VALUES = ref("value"), array(ref("value"))
_MOMENT: Json = {"zone": NAME, "fold": FLAG}
_TAGS: dict[str, _Tag] = {
    "text": _tag(
        _read_text,
        members("A text with lone surrogates, as UTF-8 in hexadecimal.", {"text": HEX}),
    ),
    "int": _tag(_read_int, members("A whole number past 2^53.", {"int": HEX_WHOLE})),
    "float": _tag(
        _read_float, members("A float that is whole, infinite or not a number.", {"float": TEXT})
    ),
    "bytes": _tag(_read_bytes, members("Bytes, in hexadecimal.", {"bytes": HEX})),
    "decimal": _tag(_read_decimal, members("A decimal number.", {"decimal": TEXT})),
    "uuid": _tag(_read_uuid, members("A UUID.", {"uuid": UUID_TEXT})),
    "date": _tag(_read_date, members("A date, ISO 8601.", {"date": DATE})),
    "datetime": _tag(
        _read_moment,
        members(
            "A moment, ISO 8601; its time zone by name; fold if it is the later of two that read "
            "alike.",
            {"datetime": TEXT},
            _MOMENT,
        ),
    ),
    "time": _tag(_read_moment, members("A time of day, ISO 8601.", {"time": TEXT}, _MOMENT)),
    "duration": _tag(
        _read_duration,
        members("A duration, which may be negative.", {"duration": pattern(f"^-?{DURATION}")}),
    ),
    "tuple": _tag(_read_tuple, members("A tuple.", {"tuple": _VALUES})),
    "set": _tag(_read_set, members("A set, in the order of its encoded values.", {"set": _VALUES})),
    "frozenset": _tag(
        _read_set,
        members("A frozen set, in the order of its encoded values.", {"frozenset": _VALUES}),
    ),
    "dict": _tag(_read_dict, members("A dictionary.", {"dict": ref("bindings")})),
    "enum": _tag(
        _read_member,
        members("A member of an enum, by its name.", {"enum": NAME, "member": NAME}),
        members("A combination of an enum's flags, by its value.", {"enum": NAME, "value": _VALUE}),
    ),
    "coded": _tag(
        _read_coded,
        members("A value of a class with a registered codec.", {"coded": NAME, "plain": _VALUE}),
    ),
}
_EXPECTED = f"a plain value, or an object with {' or '.join(_TAGS)},"
SCHEMA: Json = described(
    "A plain value with its type: an array is a list, an object is what its tag says.",
    either(
        {"type": ["null", "boolean", "string", "number"]},
        _VALUES,
        *(schema for tag in _TAGS.values() for schema in tag.schemas),
    ),
)
"""What a schema says of values, which it calls `value`."""


def schema_of_bindings(item: Json) -> Json:
    """What a schema says of names, and of what they stand for."""
    return either({"type": "object", "additionalProperties": item}, array(pair(_VALUE, item)))
