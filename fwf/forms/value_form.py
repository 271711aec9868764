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
from fwf.forms.known_names import Names, resolve
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
    write_text,
    write_whole,
)

N = TypeVar("N", bound=Names)


# Written


def write(value: object) -> Json:
    """Frozen value ⟶ JSON that says it, types included."""
    writer = _WRITERS.get(cast(Any, type(value)))
    return _write_other(value) if writer is None else writer(value)


def _write_other(value: Any) -> Json:
    """What isn't plain by its very type: enums, objects, paths and registered classes."""
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if isinstance(value, enum.Enum):
        return _write_member(member_of(value))
    if isinstance(value, Instance):
        return {"coded": value.place, "plain": write(value.fields)}
    codec = codec_of(cast(Any, type(value)))
    assert codec is not None, "freeze lets nothing else in"
    return {"coded": codec.name, "plain": write(freeze(codec.to_plain(value)))}


def write_float(value: float) -> Json:
    """Float ⟶ itself; tagged where it is whole, because many programs write 1.0 as 1."""
    return value if math.isfinite(value) and not value.is_integer() else {"float": repr(value)}


def _write_moment(value: datetime | time) -> Json:
    json: Json = {type(value).__name__: value.isoformat()}
    zone = getattr(value.tzinfo, "key", None)
    if zone is not None:
        json["zone"] = str(zone)
    if value.fold:
        json["fold"] = True
    return json


def _write_member(value: Member) -> Json:
    if value.name is None:
        return {"enum": value.enum, "value": write(freeze(value.value))}
    return {"enum": value.enum, "member": value.name}


def write_bindings(bindings: PMap[Any, Any], item: Callable[[Any], Json] | None = None) -> Json:
    """Frozen dictionary ⟶ an object if its keys can be an object's, else a list of pairs.

    item: how what the keys stand for is written, if not as a value.
    """
    write_item = item or write
    if all(type(key) is str and write_text(key) is key for key in bindings):
        return {key: write_item(bindings[key]) for key in sorted(bindings)}
    pairs = sorted(bindings.items(), key=lambda pair: encode(pair[0]))
    return [[write(key), write_item(value)] for key, value in pairs]


def _itself(value: Json) -> Json:
    return value


_WRITERS: dict[type, Callable[[Any], Json]] = {
    type(None): _itself,
    bool: _itself,
    str: write_text,
    int: write_whole,
    float: write_float,
    bytes: lambda value: {"bytes": value.hex()},
    Decimal: lambda value: {"decimal": str(value)},
    date: lambda value: {"date": value.isoformat()},
    datetime: _write_moment,
    time: _write_moment,
    timedelta: lambda value: {"duration": duration_text(value)},
    tuple: lambda value: {"tuple": [*map(write, value)]},
    type(pvector(())): lambda value: [*map(write, value)],
    type(pmap({"": None})): lambda value: {"dict": write_bindings(value)},
    type(pset(())): lambda value: {"set": [*map(write, sorted(value, key=encode))]},
    frozenset: lambda value: {"frozenset": [*map(write, sorted(value, key=encode))]},
    Member: _write_member,
    Coded: lambda value: {"coded": value.codec, "plain": write(value.plain)},
}


# Read


def read(json: Json, at: str, names: Names, depth: int = 0) -> object:
    """JSON ⟶ the frozen value that it says."""
    kind = cast(Any, type(json))
    if kind is str or kind is int or kind is float or kind is bool or json is None:
        return json
    if depth >= MAX_DEPTH:
        raise Refused(at, f"a value may nest {MAX_DEPTH} levels deep, not more")
    if kind is list:
        return pvector(_read_items(json, at, names, depth))
    tag = next((_TAGS[key] for key in json if key in _TAGS), None) if kind is dict else None
    if tag is not None and json.keys() <= tag.fields:
        return tag.read(json, at, names, depth)
    raise refused(at, json, _EXPECTED)


def _read_items(json: Json, at: str, names: Names, depth: int) -> list[object]:
    items = read_list(json, at)
    return [read(each, under(at, i), names, depth + 1) for i, each in enumerate(items)]


def _read_text(json: Json, at: str, names: Names, depth: int) -> object:
    return read_text(json, at)


def _read_int(json: Json, at: str, names: Names, depth: int) -> object:
    return read_whole(json, at)


def _read_float(json: Json, at: str, names: Names, depth: int) -> object:
    return read_float(json, at)


def read_float(json: Json, at: str) -> float:
    """JSON ⟶ the float that it says."""
    if is_object(json) and json.keys() == {"float"}:
        return float(_exactly(float, repr, json["float"], f"{at}/float", "a float as text"))
    if type(json) is float:
        return json
    raise refused(at, json, "a number with a fraction")


def _read_bytes(json: Json, at: str, names: Names, depth: int) -> object:
    return read_hex(json["bytes"], under(at, "bytes"))


def _read_decimal(json: Json, at: str, names: Names, depth: int) -> object:
    there = under(at, "decimal")
    number: Decimal = _exactly(Decimal, str, json["decimal"], there, "a decimal number")
    if number.is_snan():
        raise refused(there, json["decimal"], "a decimal number, or NaN that isn't signaling,")
    return number


def _read_uuid(json: Json, at: str, names: Names, depth: int) -> object:
    return _exactly(UUID, str, json["uuid"], under(at, "uuid"), "a UUID")


def _read_date(json: Json, at: str, names: Names, depth: int) -> object:
    there = under(at, "date")
    return _exactly(date.fromisoformat, date.isoformat, json["date"], there, "a date")


def _read_duration(json: Json, at: str, names: Names, depth: int) -> object:
    return read_duration(json["duration"], under(at, "duration"), negative=True)


def _exactly(
    make: Callable[[Any], Any], text_of: Callable[[Any], str], json: Json, at: str, expected: str
) -> Any:
    """What a text makes, if it is just as that would be written."""
    if type(json) is str:
        try:
            value = make(json)
            if text_of(value) == json:
                return value
        except (ValueError, ArithmeticError):
            pass
    raise refused(at, json, expected)


def _read_moment(json: Json, at: str, names: Names, depth: int) -> object:
    kind, tag = (datetime, "datetime") if "datetime" in json else (time, "time")
    there = under(at, tag)
    moment: Any = _exactly(kind.fromisoformat, kind.isoformat, json[tag], there, f"a {tag}")
    fold = read_flag(json.get("fold", False), under(at, "fold"))
    if "zone" not in json:
        return moment.replace(fold=int(fold))
    key = read_name(json["zone"], under(at, "zone"), "a time zone")
    zone = resolve(names.zone, under(at, "zone"), key, moment.utcoffset())
    zoned = moment.replace(tzinfo=zone, fold=int(fold))
    if zoned.isoformat() != json[tag]:
        raise Refused(there, f"in {key} as known here that is {zoned.isoformat()}")
    return zoned


def _read_tuple(json: Json, at: str, names: Names, depth: int) -> object:
    return tuple(_read_items(json["tuple"], under(at, "tuple"), names, depth))


def _read_set(json: Json, at: str, names: Names, depth: int) -> object:
    make: Any = pset if "set" in json else frozenset
    tag = "set" if "set" in json else "frozenset"
    there = under(at, tag)
    items = _read_items(json[tag], there, names, depth)
    values: Any = make(_member(each, under(there, i)) for i, each in enumerate(items))
    if len(values) != len(items):
        raise Refused(there, "holds a value twice; every value once is expected")
    return values


def _member(value: object, at: str) -> object:
    """What was read in a set, or as a dictionary's key."""
    return refusing(at, as_member, value)


def _read_dict(json: Json, at: str, names: Names, depth: int) -> object:
    return read_bindings(json["dict"], under(at, "dict"), names, depth + 1)


def read_bindings(
    json: Json,
    at: str,
    names: N,
    depth: int = 1,
    item: Callable[[Json, str, N, int], Any] = read,
) -> PMap[Any, Any]:
    """JSON ⟶ the frozen dictionary that an object or a list of pairs says.

    item: how what the keys stand for is read.
    """
    if is_object(json):
        return pmap({key: item(json[key], under(at, key), names, depth) for key in json})
    bindings: dict[object, object] = {}
    for i, each in enumerate(read_list(json, at)):
        there = under(at, i)
        if len(read_list(each, there)) != 2:
            raise refused(there, each, "a key and a value")
        key = _member(read(each[0], under(there, 0), names, depth), under(there, 0))
        bindings[key] = item(each[1], under(there, 1), names, depth)
    if len(bindings) != len(json):
        raise Refused(at, "holds a key twice; every key once is expected")
    return pmap(bindings)


def _read_member(json: Json, at: str, names: Names, depth: int) -> object:
    cls = read_name(json["enum"], under(at, "enum"), "an enum")
    if "member" in json:
        member = Member(cls, read_name(json["member"], under(at, "member"), "a member"), None)
    else:
        value = read(json.get("value"), under(at, "value"), names, depth + 1)
        member = Member(cls, None, value)
    return resolve(names.member, at, member)


def _read_coded(json: Json, at: str, names: Names, depth: int) -> object:
    codec = read_name(json["coded"], under(at, "coded"), "a codec")
    plain = read(json.get("plain"), under(at, "plain"), names, depth + 1)
    return resolve(names.coded, at, Coded(codec, plain))


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
