"""How what was written of values is read back: texts, part by part, as they were."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeGuard, cast, final

from returns.result import Failure, Success

from fwf.algebra.plain_values import MAX_DEPTH, Codec
from fwf.algebra.result_values import codecs
from fwf.forms import strict, value_form as forms
from fwf.forms.known_names import path_codec
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import Json, is_object, read_list, read_name
from fwf.journal.values.journal_names import JournalNames
from fwf.journal.values.made import Shape
from fwf.journal.values.unfit import MOST, Unfit

Read: TypeAlias = Callable[[Json, int], Any]
"""JSON, how deep it stands ⟶ the value."""
_RESULTS: Final[dict[str, Callable[[Any], Any]]] = {"fwf.Success": Success, "fwf.Failure": Failure}
_FLAT: Final = frozenset({str, int, bool, type(None)})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is given twice")
    return made


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_quick: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse).decode


def parsed(text: str) -> Json:
    """Text ⟶ the JSON that it is; raises `Refused`, with the place, for what isn't."""
    if text.isascii() and "\\ud" not in text and "\\uD" not in text and len(text) <= MOST:
        try:
            return _quick(text)
        except (ValueError, RecursionError):
            pass
    return strict.parsed(text, MOST)


@final
class Reader:
    """Reads values back."""

    def __init__(
        self,
        names: JournalNames,
        said: Callable[[Any], str],
        read_table: Callable[[str, str], Any],
    ) -> None:
        self._names = names
        self._said = said
        self._read_table = read_table
        self._shapes: dict[str, Shape | None] = {}
        self._readers: dict[str, Read] = {
            "tuple": self._tuple,
            "set": self._set,
            "frozenset": self._frozenset,
            "dict": self._dict,
            "arrow": self._arrow,
        }

    def read(self, given: Json, depth: int = 0) -> Any:
        """JSON ⟶ the value that it says; raises `Refused`, with the place in the JSON."""
        kind = cast(Any, type(given))
        if kind is str or kind is int or kind is bool or given is None:
            return given
        if kind is float:
            if not math.isfinite(given):
                raise refused("", given, "a finite number")
            return given
        if kind is list:
            return self._items(given, depth)
        tag = next(iter(given), "")
        if tag == "coded":
            return self._coded(given, depth)
        reader = self._readers.get(tag)
        if reader is None:
            return forms.read(given, "", self._names)
        if len(given) != 1:
            raise refused("", given, f"nothing beside {tag!r}")
        return _under(tag, reader, given[tag], depth)

    def _items(self, given: Json, depth: int) -> list[Any]:
        inner = _deeper(depth)
        items = read_list(given, "")
        if _FLAT.issuperset(map(type, items)):
            return items
        made: list[Any] = []
        at = 0
        try:
            for at, item in enumerate(items):  # noqa: B007 (the message says it)
                made.append(self.read(item, inner))
        except Refused as error:
            raise Refused(under("", at) + error.pointer, error.message) from None
        return made

    def _tuple(self, given: Json, depth: int) -> Any:
        return tuple(self._items(given, depth))

    def _set(self, given: Json, depth: int) -> Any:
        return self._members(given, depth, set)

    def _frozenset(self, given: Json, depth: int) -> Any:
        return self._members(given, depth, frozenset)

    def _members(self, given: Json, depth: int, make: Any) -> Any:
        items = self._items(given, depth)
        try:
            made = make(items)
        except TypeError as error:
            raise Refused("", str(error)) from None
        if len(made) != len(items):
            raise Refused("", "holds a value twice; every value once is expected")
        return made

    def _dict(self, given: Json, depth: int) -> Any:
        inner = _deeper(depth)
        if is_object(given):
            return self._fields(given, inner)
        pairs = [self._pair(pair, i, inner) for i, pair in enumerate(read_list(given, ""))]
        try:
            made = dict(pairs)
        except TypeError as error:
            raise Refused("", str(error)) from None
        if len(made) != len(pairs):
            raise Refused("", "holds a key twice; every key once is expected")
        return made

    def _pair(self, given: Json, at: int, depth: int) -> tuple[Any, Any]:
        if not _is_pair(given):
            raise refused(under("", at), given, "a key and a value")
        return (
            _under(f"{at}/0", self.read, given[0], depth),
            _under(f"{at}/1", self.read, given[1], depth),
        )

    def _fields(self, given: dict[str, Json], depth: int) -> dict[str, Any]:
        """The values of an object's fields."""
        made: dict[str, Any] = {}
        key = ""
        try:
            for key, item in given.items():
                made[key] = self.read(item, depth)
        except Refused as error:
            raise Refused(under("", key) + error.pointer, error.message) from None
        return made

    def _arrow(self, given: Json, depth: int) -> Any:
        return self._read_table(read_name(given, "", "a table"), "")

    # What has a codec

    def _coded(self, given: Json, depth: int) -> Any:
        if given.keys() != {"coded", "plain"}:
            raise refused("", given, "an object with coded, plain")
        name = read_name(given["coded"], "/coded", "a codec")
        inner = _deeper(depth)
        if name in _RESULTS:
            return _RESULTS[name](_under("plain", self.read, given["plain"], inner))
        if name.startswith("fwf.") and name in codecs():
            return self._decoded(name, codecs()[name], given, inner)
        codec = self._names.codec(name) or path_codec(name)
        if codec is None:
            said = f"no type that the workflow's tasks declare mentions {name!r} now"
            raise Refused("/coded", said)
        try:
            shape = self._shape(name, codec)
            if shape is None:
                return self._decoded(name, codec, given, inner)
            return self._instance(shape, given["plain"], inner)
        except Unfit as unfit:
            raise Refused("", unfit.said) from None

    def _decoded(self, name: str, codec: Codec, given: Json, depth: int) -> Any:
        """What a codec makes of plain data, if it would be written the same again."""
        plain = _under("plain", self.read, given["plain"], depth)
        before = self._said(plain)
        try:
            made = codec.from_plain(plain)
            after = self._said(codec.to_plain(made))
        except Exception as error:  # whatever somebody's codec raises
            said = f"{type(error).__name__}: {error}"
            raise Refused("", f"the codec {name!r} can't read it any more ({said})") from None
        if after != before:
            raise Refused("", f"the codec {name!r} reads it as another value now")
        return made

    def _shape(self, name: str, codec: Codec) -> Shape | None:
        """The shape of the dataclass or named tuple of this name; None for other classes."""
        if name not in self._shapes:
            cls = self._names.instance_class(name)
            self._shapes[name] = None if cls is None else Shape(cls, codec)
        return self._shapes[name]

    def _instance(self, shape: Shape, plain: Json, depth: int) -> Any:
        fields = plain.get("dict") if is_object(plain) and len(plain) == 1 else None
        if not is_object(fields):
            raise refused("/plain", plain, "the fields of an object")
        if fields.keys() != set(shape.names):
            raise Refused("", _other_fields(shape, fields))
        parts = _under("plain/dict", self._fields, fields, depth)
        return shape.made(parts, self._said)


def _is_pair(given: Any) -> TypeGuard[list[Json]]:
    return isinstance(given, list) and len(given) == 2  # pyright: ignore[reportUnknownArgumentType]


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise Refused("", f"a value may nest {MAX_DEPTH} levels deep, not more")
    return depth + 1


def _under(at: str, read: Read, given: Json, depth: int) -> Any:
    """What is read of a part, whose place is this."""
    try:
        return read(given, depth)
    except Refused as error:
        raise Refused(f"/{at}{error.pointer}", error.message) from None


def _other_fields(shape: Shape, fields: dict[str, Json]) -> str:
    """How a message says that a class has other fields than an object of it was written with."""
    more = [f"has a new field {name!r}" for name in shape.names if name not in fields]
    gone = [f"has no field {name!r} any more" for name in fields if name not in shape.names]
    return f"the class {shape.cls.__qualname__} has changed: it {', and '.join([*more, *gone])}"
