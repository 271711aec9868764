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
from fwf.journal.values.objects import ObjectShape
from fwf.journal.values.unfit import MOST, Unfit

Read: TypeAlias = Callable[[Json, int], Any]
"""JSON, how deep it stands ⟶ the value."""
_RESULTS: Final[dict[str, Callable[[Any], Any]]] = {"fwf.Success": Success, "fwf.Failure": Failure}
_FLAT: Final = frozenset({str, int, bool, type(None)})
_quick: Final = json.JSONDecoder(
    object_pairs_hook=strict.members, parse_constant=strict.refuse_constant
).decode


def parse(text: str) -> Json:
    """Text ⟶ the JSON that it is; raises `Refused`, with the place, for what isn't."""
    if text.isascii() and "\\ud" not in text and "\\uD" not in text and len(text) <= MOST:
        try:
            return _quick(text)
        except (ValueError, RecursionError):
            pass
    return strict.parse(text, MOST)


@final
class ValueReader:
    """Reads values back."""

    def __init__(
        self,
        names: JournalNames,
        text_of: Callable[[Any], str],
        read_table: Callable[[str, str], Any],
    ) -> None:
        self._names = names
        self._text_of = text_of
        self._read_table = read_table
        self._shapes: dict[str, ObjectShape | None] = {}
        self._readers: dict[str, Read] = {
            "tuple": self._tuple,
            "set": self._set,
            "frozenset": self._frozenset,
            "dict": self._dict,
            "arrow": self._arrow,
        }

    def read(self, form: Json, depth: int = 0) -> Any:
        """JSON ⟶ the value that it says; raises `Refused`, with the place in the JSON."""
        kind = cast(Any, type(form))
        if kind is str or kind is int or kind is bool or form is None:
            return form
        if kind is float:
            if not math.isfinite(form):
                raise refused("", form, "a finite number")
            return form
        if kind is list:
            return self._items(form, depth)
        tag = next(iter(form), "")
        if tag == "coded":
            return self._coded(form, depth)
        reader = self._readers.get(tag)
        if reader is None:
            return forms.read(form, "", self._names)
        if len(form) != 1:
            raise refused("", form, f"nothing beside {tag!r}")
        return _under(tag, reader, form[tag], depth)

    def _items(self, form: Json, depth: int) -> list[Any]:
        inner = _deeper(depth)
        items = read_list(form, "")
        if _FLAT.issuperset(map(type, items)):
            return items
        values: list[Any] = []
        at = 0
        try:
            for at, item in enumerate(items):  # noqa: B007 (the message says it)
                values.append(self.read(item, inner))
        except Refused as error:
            raise Refused(under("", at) + error.pointer, error.message) from None
        return values

    def _tuple(self, form: Json, depth: int) -> Any:
        return tuple(self._items(form, depth))

    def _set(self, form: Json, depth: int) -> Any:
        return _collection(set, self._items(form, depth), "value")

    def _frozenset(self, form: Json, depth: int) -> Any:
        return _collection(frozenset, self._items(form, depth), "value")

    def _dict(self, form: Json, depth: int) -> Any:
        inner = _deeper(depth)
        if is_object(form):
            return self._fields(form, inner)
        pairs = [self._pair(pair, i, inner) for i, pair in enumerate(read_list(form, ""))]
        return _collection(dict, pairs, "key")

    def _pair(self, form: Json, at: int, depth: int) -> tuple[Any, Any]:
        if not _is_pair(form):
            raise refused(under("", at), form, "a key and a value")
        return (
            _under(f"{at}/0", self.read, form[0], depth),
            _under(f"{at}/1", self.read, form[1], depth),
        )

    def _fields(self, form: dict[str, Json], depth: int) -> dict[str, Any]:
        """The values of an object's fields."""
        values: dict[str, Any] = {}
        key = ""
        try:
            for key, item in form.items():
                values[key] = self.read(item, depth)
        except Refused as error:
            raise Refused(under("", key) + error.pointer, error.message) from None
        return values

    def _arrow(self, form: Json, depth: int) -> Any:
        return self._read_table(read_name(form, "", "a table"), "")

    # What has a codec

    def _coded(self, form: Json, depth: int) -> Any:
        if form.keys() != {"coded", "plain"}:
            raise refused("", form, "an object with coded, plain")
        name = read_name(form["coded"], "/coded", "a codec")
        inner = _deeper(depth)
        if name in _RESULTS:
            return _RESULTS[name](_under("plain", self.read, form["plain"], inner))
        if name.startswith("fwf.") and name in codecs():
            return self._decode(name, codecs()[name], form, inner)
        codec = self._names.codec(name) or path_codec(name)
        if codec is None:
            raise Refused("/coded", self._unknown(name))
        try:
            shape = self._shape(name, codec)
            if shape is None:
                return self._decode(name, codec, form, inner)
            return self._instance(shape, form["plain"], inner)
        except Unfit as unfit:
            raise Refused("", unfit.message) from None

    def _unknown(self, name: str) -> str:
        """How a message says that no class has this name, but perhaps one in another module."""
        message = f"no type that the workflow's tasks declare mentions {name!r} now"
        moved = self._names.elsewhere(name)
        if not moved:
            return message
        return (
            f"{message}, but {moved[0]!r}: start the run as it was started, or move the class back"
        )

    def _decode(self, name: str, codec: Codec, form: Json, depth: int) -> Any:
        """What a codec makes of plain data, if it would be written the same again."""
        plain = _under("plain", self.read, form["plain"], depth)
        before = self._text_of(plain)
        try:
            value = codec.from_plain(plain)
            after = self._text_of(codec.to_plain(value))
        except Exception as error:  # whatever somebody's codec raises
            cause = f"{type(error).__name__}: {error}"
            raise Refused("", f"the codec {name!r} can't read it any more ({cause})") from None
        if after != before:
            raise Refused("", f"the codec {name!r} reads it as another value now")
        return value

    def _shape(self, name: str, codec: Codec) -> ObjectShape | None:
        """The shape of the dataclass or named tuple of this name; None for other classes."""
        if name not in self._shapes:
            cls = self._names.instance_class(name)
            self._shapes[name] = None if cls is None else ObjectShape(cls, codec)
        return self._shapes[name]

    def _instance(self, shape: ObjectShape, plain: Json, depth: int) -> Any:
        fields = plain.get("dict") if is_object(plain) and len(plain) == 1 else None
        if not is_object(fields):
            raise refused("/plain", plain, "the fields of an object")
        if fields.keys() ^ {*shape.names} and not _has_grown(shape, fields):
            raise Refused("", _other_fields(shape, fields))
        parts = _under("plain/dict", self._fields, fields, depth)
        return shape.build(parts, self._text_of)


def _collection(make: Any, items: list[Any], what: str) -> Any:
    """A set or dictionary of items, each of which is there once."""
    try:
        collection = make(items)
    except TypeError as error:
        raise Refused("", str(error)) from None
    if len(collection) != len(items):
        raise Refused("", f"holds a {what} twice; every {what} once is expected")
    return collection


def _is_pair(form: Any) -> TypeGuard[list[Json]]:
    return isinstance(form, list) and len(form) == 2  # pyright: ignore[reportUnknownArgumentType]


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise Refused("", f"a value may nest {MAX_DEPTH} levels deep, not more")
    return depth + 1


def _under(at: str, read: Read, form: Json, depth: int) -> Any:
    """What is read of a part, whose place is this."""
    try:
        return read(form, depth)
    except Refused as error:
        raise Refused(f"/{at}{error.pointer}", error.message) from None


def _has_grown(shape: ObjectShape, fields: dict[str, Json]) -> bool:
    """Whether a class only has more fields than it had, with defaults, which count then."""
    new = {*shape.names} - fields.keys()
    return fields.keys() <= {*shape.names} and new <= shape.optional_names


def _other_fields(shape: ObjectShape, fields: dict[str, Json]) -> str:
    """How a message says that a class has other fields than an object of it was written with."""
    more = [f"has a new field {name!r}" for name in shape.names if name not in fields]
    fewer = [f"has no field {name!r} any more" for name in fields if name not in shape.names]
    return f"the class {shape.cls.__qualname__} has changed: it {', and '.join([*more, *fewer])}"
