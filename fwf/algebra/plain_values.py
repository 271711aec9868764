"""Plain values in a definition: kept immutable, encoded with their types, printed as source.

Plain are `None`, booleans, numbers, strings, bytes, dates, durations, UUIDs, enums, paths, lists,
tuples, sets, dictionaries, dataclasses and named tuples of them, and classes with a registered
codec.
"""

import enum
import math
import struct
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache, partial
from keyword import iskeyword
from typing import Any, TypeVar, cast, final

from pyrsistent import PMap, PSet, PVector, pmap, pset, pvector

from fwf.algebra import instances
from fwf.algebra.instances import Instance
from fwf.durations import duration_source
from fwf.records import record
from fwf.types.single_use import read_once

T = TypeVar("T")
MAX_DEPTH = 100
MAX_COLLECTIONS = 100_000
_SCALARS = (bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta)


@final
@record()
class Codec:
    """How a class is written down as plain data, and read back."""

    name: str
    to_plain: Callable[[Any], object]
    from_plain: Callable[[Any], object]


@final
@record(repr=False)
class Member:
    """What stands for an enum's member where its class isn't at hand: `name`, or else `value`."""

    enum: str
    name: str | None
    value: object

    def __repr__(self) -> str:
        return (
            f"{self.enum}({source(self.value)})"
            if self.name is None
            else f"{self.enum}.{self.name}"
        )


@final
@record(repr=False)
class Coded:
    """What stands for a value of a class that isn't at hand: its codec's name, its plain data."""

    codec: str
    plain: object

    def __repr__(self) -> str:
        return f"Coded(codec={self.codec!r}, plain={source(self.plain)})"


_EXACT = frozenset({type(None), *_SCALARS, Member, Coded})
_PVECTOR: type[Any] = type(pvector(()))
_PMAP: type[Any] = type(pmap({"": None}))
_PSET: type[Any] = type(pset(()))
_COLLECTIONS: dict[type, Callable[[Any], object]] = {
    list: pvector,
    tuple: tuple,
    set: pset,
    frozenset: frozenset,
    dict: pmap,
    _PVECTOR: pvector,
    _PSET: pset,
    _PMAP: pmap,
}
"""What a collection is frozen to."""
_PLAIN = frozenset({*_SCALARS, list, tuple, set, frozenset, dict})
_LIKE: dict[str, type] = {"bytearray": bytes, "memoryview": bytes, "deque": list, "range": list}
_MOMENTS = frozenset({datetime, time})
_OUTCOMES = frozenset({"returns.result", "fwf.faults"})
"""The modules of results and faults, whose codecs are fwf's own."""
_codecs: dict[type, Codec] = {}


def register_codec(
    cls: type[T], *, name: str, to_plain: Callable[[T], object], from_plain: Callable[[Any], T]
) -> None:
    """Let values of an immutable class stand in definitions: `const(Money("3.50", "EUR"))`.

    `name` identifies the class wherever a workflow is written down, so it must never change.
    """
    other = _codecs.get(cls)
    if other is not None and other.name != name:
        problem = f"already registered as {other.name!r}"
        raise ValueError(f"register_codec({cls.__qualname__}): {problem}")
    _codecs[cls] = Codec(name, to_plain, from_plain)


def registered(cls: Any) -> bool:
    """Whether somebody has registered a codec for a class."""
    return cls in _codecs


def registered_codecs() -> list[Codec]:
    """The codecs that have been registered."""
    return [*_codecs.values()]


def codec_of(cls: Any) -> Codec | None:
    """Class ⟶ how it is written down, if it is: as registered, by its fields, or as a path."""
    return _codecs.get(cls) or (Codec(*own) if (own := instances.own_codec(cls)) else None)


def freeze(value: object, *, exact: bool = True, objects: bool | None = None) -> object:
    """Plain value ⟶ an immutable copy: lists become `PVector`, dictionaries `PMap`, sets `PSet`.

    Raises `TypeError` for what isn't plain, `ValueError` past 100 levels, past 100,000 collections
    (which a value that holds itself in many places soon has) and for a signaling NaN. What is of a
    subclass of a plain class isn't plain, since `thaw` couldn't give it back; nor is a moment whose
    zone is neither an offset nor a key. Unless `exact`, such classes, such zones, and any number of
    collections will do. Objects of dataclasses and of named tuples, and paths, are plain if it is
    to be exact, or as `objects` says.
    """
    left = [MAX_COLLECTIONS if exact else math.inf]
    return _frozen(value, 0, left, exact=exact, objects=exact if objects is None else objects)


def _frozen(value: object, depth: int, left: list[float], *, exact: bool, objects: bool) -> object:
    """The same at a depth, where so many collections are left."""
    kind = type(value)
    if kind is Decimal and cast(Decimal, value).is_snan():
        raise ValueError(
            f"{value!r} is a signaling NaN, which can't be compared or hashed: write Decimal('NaN')"
        )
    if kind in _MOMENTS and exact:
        return _zoned(cast(Any, value))
    if kind in _EXACT or isinstance(value, enum.Enum) or is_uuid(kind):
        return value
    own = kind.__module__ in _OUTCOMES
    if kind in _codecs and not own:
        return value
    is_collection = kind in _COLLECTIONS
    if objects and not is_collection and instances.path_place(kind):
        return value
    if depth >= MAX_DEPTH:
        raise ValueError(f"a value in a workflow may nest {MAX_DEPTH} levels deep, not more")
    inner = partial(_frozen, depth=depth + 1, left=left, exact=exact, objects=objects)
    if own:
        return _frozen_result(value, inner)
    if kind is Instance or (objects and not is_collection and instances.is_instance_class(kind)):
        return _instance(value, inner, left, exact=exact)
    base = kind if exact else next(filter(kind.__mro__.__contains__, _COLLECTIONS), kind)
    make = _COLLECTIONS.get(base)
    if make is None:
        raise TypeError(_not_plain(value))
    _count(left)
    if base in (dict, _PMAP):
        pairs = cast(dict[object, object], value).items()
        return pmap({as_member(inner(key)): inner(each) for key, each in pairs})
    items = [inner(each) for each in cast(Iterable[object], value)]
    return make(map(as_member, items) if make in (pset, frozenset) else items)


def _count(left: list[float]) -> None:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(
            f"a value in a workflow may hold {MAX_COLLECTIONS:,} lists, dictionaries and the like, "
            "not more: have a task read it from a file or a database"
        )


def _instance(
    value: Any, inner: Callable[[Any], object], left: list[float], *, exact: bool
) -> Instance:
    """An object of a dataclass or a named tuple, frozen, and made anew once to see that it can."""
    if type(value) is Instance:
        return value
    _count(left)
    instance = instances.frozen(value, inner)
    if exact:
        instances.check(value, instance, thaw, _encode_part)
    return instance


def _encode_part(part: object) -> bytes:
    return encode(freeze(part, exact=False, objects=True))


def _frozen_result(value: Any, inner: Callable[[object], object]) -> object:
    """A result with a copy of what is in it, which has to be plain; a fault is so already."""
    from fwf.algebra import result_values  # which registers their codecs, in 20 ms

    kind = cast(Any, type(value))
    if kind not in _codecs:
        raise TypeError(_not_plain(value))
    return result_values.copied(value, lambda part: thaw(inner(part)))


def _zoned(moment: Any) -> Any:
    """A moment whose zone any machine knows by its key or offset; raises `TypeError` for others.

    A name that an offset was given, as `astimezone()` does, is no part of the moment.
    """
    zone = moment.tzinfo
    if type(zone) is timezone:
        return moment.replace(tzinfo=timezone(zone.utcoffset(None)))
    if zone is None or isinstance(getattr(zone, "key", None), str):
        return moment
    raise TypeError(
        f"{moment}: its zone is a {type(zone).__qualname__}, which is no more than code: write "
        "zoneinfo.ZoneInfo('Europe/Paris'), or an offset as a datetime.timezone"
    )


def as_member(value: object) -> object:
    """A frozen value that can be in a set, or a dictionary's key; raises `TypeError` if it can't.

    Frozen lists can be hashed, but what they are thawed to can't.
    """
    if isinstance(value, PVector | PMap | PSet) or _can_change(value):
        raise TypeError(
            f"{source(cast(Any, value))} can change, so it can't be in a set or a dictionary's "
            "key: write a tuple or a frozenset"
        )
    kind: Any = type(value)
    several: Iterable[object] = cast(tuple[object, ...], value) if kind is tuple else ()
    for each in cast(Instance, value).fields.values() if kind is Instance else several:
        as_member(each)
    return value


def _can_change(value: object) -> bool:
    return isinstance(value, Instance) and value.cls.__hash__ is None


def _not_plain(value: object) -> str:
    from fwf.algebra.functions import uncalled  # expressions have plain values in them

    kind = type(value)
    once = read_once(value)
    if once:
        return f"{value!r} is {once}"
    base = next((base for base in kind.__mro__ if base in _PLAIN), _LIKE.get(kind.__qualname__))
    remedy = (
        "for other immutable classes call fwf.register_codec"
        if base is None
        else f"write {base.__name__}(…) of it, or call fwf.register_codec"
    )
    return (
        f"{value!r} is a {kind.__qualname__}; a value in a workflow is plain data (None, bool, "
        "int, float, str, bytes, Decimal, dates, durations, UUID, enums, paths, lists, tuples, "
        "sets, dictionaries, dataclasses and named tuples of them, no subclasses); "
        f"{uncalled(value) or remedy}"
    )


def thaw(value: object) -> Any:
    """Frozen value ⟶ a fresh ordinary one; dictionaries in the order of their encoded keys."""
    if isinstance(value, PVector):
        return [thaw(item) for item in cast(PVector[object], value)]
    if isinstance(value, PMap):
        return {thaw(key): thaw(item) for key, item in _items(cast(PMap[object, object], value))}
    if isinstance(value, PSet):
        return {thaw(item) for item in cast(PSet[object], value)}
    if type(value) is tuple:
        return tuple(thaw(item) for item in cast(tuple[object, ...], value))
    if isinstance(value, Instance):
        return value.rebuild(thaw)
    if is_frozen(value):
        return value
    return frozenset(map(thaw, cast(frozenset[object], value)))


def is_uuid(cls: type) -> bool:
    """Whether a class is `uuid.UUID`, without the 4 ms that importing it takes."""
    return cls.__module__ == "uuid" and cls.__qualname__ == "UUID"


def is_frozen(value: object) -> bool:
    """Whether `thaw` would return the value itself."""
    if type(value) in _EXACT:
        return True
    if type(value) is frozenset:
        return all(map(is_frozen, cast(frozenset[object], value)))
    return not isinstance(value, PVector | PMap | PSet | tuple | Instance)


def _items(value: PMap[object, object]) -> list[tuple[object, object]]:
    return sorted(value.items(), key=lambda item: encode(item[0]) + encode(item[1]))


def encode(value: object) -> bytes:
    """Frozen value ⟶ bytes that differ whenever type or value do, alike on every machine."""
    tag, write = _ENCODERS.get(type(value)) or _encoder(value)
    content = write(value)
    return b"%s %d:%s" % (tag, len(content), content)


def _encode_items(value: Any) -> bytes:
    return b"".join(map(encode, value))


def _encode_dict(value: Any) -> bytes:
    return b"".join(sorted([encode(key) + encode(item) for key, item in value.items()]))


def _encode_set(value: Any) -> bytes:
    return b"".join(sorted(map(encode, value)))


def _encode_float(value: Any) -> bytes:
    return b"nan" if math.isnan(value) else struct.pack(">d", value)


def _encode_duration(value: Any) -> bytes:
    return b"%d" % (value // timedelta(microseconds=1))


def _encode_text(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


def _encode_int(value: Any) -> bytes:
    return b"%x" % value  # decimal digits stop at 4,300


def _encode_moment(value: Any) -> bytes:
    zone: str = getattr(getattr(value, "tzinfo", None), "key", "")
    fold = "1" if getattr(value, "fold", 0) else ""
    return f"{value.isoformat()} {zone}{fold}".rstrip().encode()


_ENCODERS: dict[type, tuple[bytes, Callable[[Any], bytes]]] = {
    type(None): (b"None", _encode_text),
    bool: (b"bool", _encode_text),
    int: (b"int", _encode_int),
    float: (b"float", _encode_float),
    str: (b"str", _encode_text),
    bytes: (b"bytes", bytes),
    Decimal: (b"Decimal", _encode_text),
    datetime: (b"datetime", _encode_moment),
    date: (b"date", _encode_moment),
    time: (b"time", _encode_moment),
    timedelta: (b"timedelta", _encode_duration),
    Member: (b"enum", lambda value: repr(value).encode()),
    tuple: (b"tuple", _encode_items),
    _PVECTOR: (b"list", _encode_items),
    _PMAP: (b"dict", _encode_dict),
    _PSET: (b"set", _encode_set),
    frozenset: (b"frozenset", _encode_set),
}


def _encoder(value: Any) -> tuple[bytes, Callable[[Any], bytes]]:
    """The encoder of what isn't plain by its very type: enums and registered classes."""
    cls: type = value.__class__
    if cls is Instance:
        return b"codec " + value.place.encode(), lambda value: encode(value.fields)
    if cls is Coded:
        return b"codec " + value.codec.encode(), lambda value: encode(value.plain)
    if is_uuid(cls):
        return b"UUID", _encode_text
    if isinstance(value, enum.Enum):
        return b"enum", lambda value: repr(member_of(value)).encode()
    codec = codec_of(cls)
    assert codec is not None, "freeze lets nothing else in"
    return b"codec " + codec.name.encode(), lambda value: encode(freeze(codec.to_plain(value)))


def source(value: object) -> str:
    """Frozen value ⟶ Python source that makes it."""
    match value:
        case float() if not math.isfinite(value):
            return f"float('{value}')"
        case timedelta():
            return duration_source(value)
        case PVector():
            return f"[{', '.join(map(source, cast(PVector[object], value)))}]"
        case PMap():
            pairs = _items(cast(PMap[object, object], value))
            return f"{{{', '.join(f'{source(key)}: {source(item)}' for key, item in pairs)}}}"
        case PSet():
            return _set_source(cast(PSet[object], value)) or "set()"
        case frozenset():
            return f"frozenset({_set_source(cast(frozenset[object], value))})"
        case tuple() if type(cast(object, value)) is tuple:
            inner = ", ".join(map(source, cast(tuple[object, ...], value)))
            return f"({inner},)" if len(cast(tuple[object, ...], value)) == 1 else f"({inner})"
        case enum.Enum():
            return repr(member_of(value))
        case Instance():
            arguments = [f"{name}={source(value.fields[name])}" for name in value.names()]
            return f"{short_name(value.cls)}({', '.join(arguments)})"
        case int() if type(value) is int and value.bit_length() > 10_000:
            return hex(value)  # decimal digits stop at 4,300
        case _ if type(value).__module__ in _OUTCOMES:
            from fwf.algebra.result_values import source_of  # which has plain values in it

            return source_of(value)
        case _:
            path = instances.path_place(cast(Any, type(value)))
            return instances.path_source(value) if path else repr(value)


def short_name(cls: Any) -> str:
    """Class ⟶ its name as it stands in source, without the function that it is defined in."""
    return str(cls.__qualname__).rpartition("<locals>.")[2]


def _set_source(items: Collection[object]) -> str:
    inner = ", ".join(map(source, sorted(items, key=encode)))
    return f"{{{inner}}}" if items else ""


def member_of(value: enum.Enum) -> Member:
    """Enum's member ⟶ what it is known by: `Colour.RED`; `Access(3)` for a combination of flags."""
    cls = type(value)
    name = short_name(cls)
    if value.name in cls.__members__:
        return Member(name, value.name, None)
    return Member(name, None, value.value)


def keywords(arguments: PMap[str, Any], source_of: Callable[[Any], str] = source) -> str:
    """Names and frozen values ⟶ source of keyword arguments: `table='orders', limit=10`.

    source_of: how a value reads as source.
    """
    sources = {name: source_of(arguments[name]) for name in sorted(arguments)}
    plain = [f"{name}={text}" for name, text in sources.items() if is_name(name)]
    others = [f"{name!r}: {text}" for name, text in sources.items() if not is_name(name)]
    return ", ".join([*plain, f"**{{{', '.join(others)}}}"] if others else plain)


def is_name(text: str) -> bool:
    """Whether a text can stand in source as a name, and mean itself."""
    if not text.isidentifier() or iskeyword(text):
        return False
    if text.isascii():
        return True
    from unicodedata import normalize  # Python reads names so; few aren't ASCII

    return normalize("NFKC", text) == text


def digest(*parts: bytes) -> bytes:
    """Byte strings ⟶ 16 bytes that identify their sequence (BLAKE2b)."""
    return cast(bytes, _blake2b()(b"".join(parts), digest_size=16).digest())


@cache
def _blake2b() -> Any:
    from hashlib import blake2b  # 3 ms that most programs never need

    return blake2b
