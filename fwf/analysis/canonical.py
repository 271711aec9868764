"""What a value is named by: bytes that are the same whenever the value is, on every machine.

Values that have such a name are plain data, values of classes with a registered codec, dataclasses
and named tuples of such, and paths; classes count by their names. Of other objects nobody can say
that they are the same again: a `repr` may show an address, a part, or something else tomorrow.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias, cast, final

from pyrsistent import pmap, pset, pvector

from fwf.algebra.plain_values import digest, encode, is_uuid, registered

MAX_DEPTH: Final = 100
"""So deep values may nest; what holds itself does so without end."""
ONCE_FROM: Final = 4
"""From this depth on, what is held in many places is gone through once. Rows, of which there may be
millions, don't stand so deep."""
FIELD: Final = ".{}"
MOST_SAID: Final = 60
"""So many characters of a place are said, the last ones."""
Place: TypeAlias = "tuple[Any, str, object] | None"
"""The place of what holds a part, how the part is reached from there, and by what."""

SCALARS: Final = frozenset(
    {type(None), bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta}
)
"""Classes of plain data that holds no other."""
_KINDS: Final[dict[type, bytes]] = {
    list: b"list",
    type(pvector(())): b"list",
    tuple: b"tuple",
    set: b"set",
    type(pset(())): b"set",
    frozenset: b"frozenset",
    dict: b"dict",
    type(pmap({"": None})): b"dict",
}


@final
class Nameless(ValueError):
    """A value has no canonical form; `place` is the part of it that has none, and `why`."""

    def __init__(self, place: Place, why: str) -> None:
        self.place = _place_text(place)
        self.why = why
        super().__init__(f"{self.place} {why}")


def canonical(value: object) -> bytes:
    """Value ⟶ 16 bytes that differ whenever type or value do; raises `Nameless` for some values.

    >>> canonical({"day": 1, "rows": [2]}) == canonical({"rows": [2], "day": 1})
    True
    >>> canonical([{"rows": object()}])
    Traceback (most recent call last):
    fwf.analysis.canonical.Nameless: [0]['rows'] is of the class object, which has no canonical form
    """
    try:
        return digest(_Naming().of(value, None, 0))
    except Nameless:
        raise
    except Exception as error:  # whatever somebody's class raises when it is looked into
        error_name = type(error).__qualname__
    raise Nameless(None, f"raises {error_name} when it is read")


@final
class _Naming:
    """Goes through one value. What holds others becomes a digest; plain data stays as it is."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[int, tuple[object, bytes]] = {}
        """By identity; with the value, so that it lasts."""

    def of(self, value: object, place: Place, depth: int) -> bytes:
        cls = cast(Any, type(cast(Any, value)))
        if cls in SCALARS or isinstance(value, Enum) or is_uuid(cls):
            return encode(value)
        if depth < ONCE_FROM:
            return self._of_parts(value, cls, place, depth + 1)
        entry = self._names.get(id(value))
        if entry is None:
            if depth >= MAX_DEPTH:
                raise Nameless(place, f"nests more than {MAX_DEPTH} levels deep")
            entry = value, self._of_parts(value, cls, place, depth + 1)
            self._names[id(value)] = entry
        return entry[1]

    def _of_parts(self, value: Any, cls: Any, place: Place, depth: int) -> bytes:
        kind = _KINDS.get(cls)
        if kind is None and cls.__module__ == "collections" and issubclass(cls, dict):
            kind = b"dict"
        if kind == b"dict":
            parts = sorted(
                self.of(key, (place, " key {}", key), depth)
                + self.of(each, (place, "[{}]", key), depth)
                for key, each in value.items()
            )
        elif kind in (b"set", b"frozenset"):
            parts = sorted(self.of(each, (place, " key {}", each), depth) for each in value)
        elif kind is not None:
            parts = self._items(value, place, depth)
        else:
            kind, parts = self._of_object(value, cls, place, depth)
        return b"%s* %s" % (kind, digest(*parts))

    def _items(self, values: Iterable[Any], place: Place, depth: int) -> list[bytes]:
        return [self.of(each, (place, "[{}]", at), depth) for at, each in enumerate(values)]

    def _of_object(
        self, value: Any, cls: Any, place: Place, depth: int
    ) -> tuple[bytes, list[bytes]]:
        name = encode(cls.__qualname__.rpartition("<locals>.")[2])
        if registered(cls):
            return b"codec", [_coded(value, cls, place)]
        fields: Any = getattr(cls, "__dataclass_fields__", None)
        if fields is None and issubclass(cls, tuple):
            fields = getattr(cast(Any, cls), "_fields", None)
        if fields is not None:
            return b"object", [name, *self._fields(value, fields, place, depth)]
        if cls.__module__.partition(".")[0] == "pathlib":
            return b"path", [encode(value.as_posix())]
        raise Nameless(place, f"is of the class {cls.__qualname__}, which has no canonical form")

    def _fields(self, value: Any, names: Iterable[str], place: Place, depth: int) -> list[bytes]:
        names_and_values: list[bytes] = []
        for name in names:
            there = place, FIELD, name
            if not hasattr(value, name):
                raise Nameless(there, "has no value")
            names_and_values += [encode(name), self.of(getattr(value, name), there, depth)]
        return names_and_values


def _coded(value: Any, cls: Any, place: Place) -> bytes:
    try:
        return encode(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever somebody's codec raises
        error_name = type(error).__qualname__
    raise Nameless(place, f"is of the class {cls.__qualname__}, whose codec raised {error_name}")


def _place_text(place: Place) -> str:
    """A place ⟶ `[3].frame`: how it is reached from the whole."""
    steps: list[str] = []
    while place is not None:
        place, how, by = place
        key = repr(by) if type(by) in SCALARS else "…"
        steps.append(how.format(by if how == FIELD else key))
    text = "".join(reversed(steps))
    return text if len(text) <= MOST_SAID else f"…{text[-MOST_SAID:]}"


def text_of_key(value: object) -> str:
    """The key of an item ⟶ its text, by which the item goes; raises `Nameless` where it has none.

    A key is a text or plain data that has one, or of a class that says how it is written.
    """
    if type(value) not in SCALARS and not isinstance(value, int):
        cls = cast(Any, type(cast(Any, value)))
        if cls.__str__ is object.__str__:
            canonical(value)
    return str(value)
