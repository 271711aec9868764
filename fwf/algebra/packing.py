"""How frozen values pickle: without being looked up, since a NaN as a key isn't found again."""

from enum import Enum
from typing import Any, NamedTuple, cast

from pyrsistent import PMap, PSet, PVector, pmap, pset, pvector

from fwf.algebra.instances import Instance


class Packed(NamedTuple):
    """What a value is made of: a dictionary's pairs, an enum's class and the member's name."""

    kind: str
    parts: tuple[Any, ...]


def pack(value: Any) -> Any:
    """Frozen value ⟶ the same in a form that any pickler writes; the inverse is `unpack`."""
    parts: Any = value
    if isinstance(value, PMap):
        return Packed("dict", tuple((pack(key), pack(item)) for key, item in parts.items()))
    if isinstance(value, PVector | PSet):
        kind = "list" if isinstance(value, PVector) else "set"
        return Packed(kind, tuple(map(pack, cast("PVector[Any]", value))))
    if type(value) is tuple:
        return tuple(map(pack, parts))
    if isinstance(value, Instance):
        return Packed("instance", (value.cls, pack(value.fields)))
    if isinstance(value, Enum) and value.name in type(value).__members__:
        return Packed("enum", (type(value), value.name))
    return value


def unpack(value: Any) -> Any:
    """The inverse of `pack`."""
    parts: Any = value
    if type(value) is tuple:
        return tuple(map(unpack, parts))
    match value:
        case Packed("dict", pairs):
            return pmap({unpack(key): unpack(item) for key, item in pairs})
        case Packed("list", items):
            return pvector(map(unpack, items))
        case Packed("set", items):
            return pset(map(unpack, items))
        case Packed("instance", (cls, fields)):
            return Instance(cls, unpack(fields))
        case Packed("enum", (cls, name)):
            return cls[name]
        case _:
            return value
