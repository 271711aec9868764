"""JSON as people write it ⟶ a value of the annotated type, down to its parts.

JSON's own types count: a text is no number, and `true` is no 1. What JSON has no type for (dates,
decimals, paths, enums) is a text, as on the command line itself, and so are an object's keys; a
list of pairs is a dictionary whose keys no text can say.
"""

import enum
import json
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeGuard, TypeVar, cast, final

from fwf.algebra.parameter_kinds import LISTS, MAPPINGS, SETS
from fwf.algebra.plain_values import MAX_DEPTH, codec_of, registered
from fwf.faults import near
from fwf.forms.by_type.scalars import NULL, Unreadable, float_in, member, scalar
from fwf.forms.documents import DocumentError, json_of
from fwf.printing import one_line
from fwf.types.aliases import ANY, UNIONS, bare, is_typeddict
from fwf.types.hints import full_name_of
from fwf.types.shapes import Field, Shape, class_of, is_named_tuple, shape_of

T = TypeVar("T")
_OPEN = {"[": "list", "{": "object"}
_WHOLE: tuple[Any, ...] = (int,)
_NUMBERS: tuple[Any, ...] = (*_WHOLE, float, Decimal)


@final
class Number(str):
    """A number as it is written, so that each type reads its own."""

    __slots__ = ()


def parsed(text: str, expected: str) -> Any:
    """Text ⟶ the JSON that it is, numbers as they are written; raises `Unreadable`."""
    start = text.lstrip()[:1]
    if start not in ("[", "{"):
        raise Unreadable(f"it is to be a JSON {expected}")
    try:
        data = json_of(text, "it", DocumentError, number=Number, whole=Number)
    except DocumentError as error:
        message = error.problems[0].removeprefix("isn't JSON: ")
        raise Unreadable(
            f"it starts with {start} but is no JSON {_OPEN[start]} ({message})"
        ) from None
    if _depth(data) > MAX_DEPTH:
        raise Unreadable(f"it nests deeper than {MAX_DEPTH} levels")
    return data


def _depth(data: Any) -> int:
    deepest = 0
    level: list[Any] = [data]
    while level := [part for each in level for part in _parts(each)]:
        deepest += 1
    return deepest


def _parts(data: Any) -> Iterable[Any]:
    return data.values() if _is_object(data) else data if _is_list(data) else ()


def _is_list(data: Any) -> TypeGuard[list[Any]]:
    return type(data) is list


def _is_object(data: Any) -> TypeGuard[dict[str, Any]]:
    return type(data) is dict


def of_json(data: Any, annotation: Any, place: str = "") -> Any:
    """JSON, type, its place in the whole ⟶ the value; raises `Unreadable`."""
    kind = bare(annotation)
    cls = class_of(kind)
    if kind in (ANY, object):
        return _plain(data)
    if typing.get_origin(kind) in UNIONS:
        parts = in_order(typing.get_args(kind))
        return closest(parts, lambda part: of_json(data, part, place), _wrong(data, kind, place))
    if cls in MAPPINGS:
        return _dictionary(data, kind, place)
    if cls in (tuple, *LISTS, *SETS):
        if not _is_list(data):
            raise _wrong(data, kind, place)
        return items_of(data, kind, place, of_json)
    shape = shape_of(kind)
    if shape is not None:
        return _record(data, kind, shape, place)
    if is_coded(kind):
        return _coded(data, kind, place)
    return _scalar(data, kind, place)


def in_order(kinds: Iterable[Any]) -> list[Any]:
    """A union's types in the order in which they are tried: text last, for everything fits it."""
    return sorted(kinds, key=lambda kind: (kind is not type(None), bare(kind) is str))


def closest(
    kinds: Iterable[Any], read: Callable[[Any], T], otherwise: Unreadable | None = None
) -> T:
    """What the first of the types that fits makes of it; raises for the one that came closest."""
    refused = otherwise
    for kind in kinds:
        try:
            return read(kind)
        except Unreadable as error:
            if refused is None or _depth_of(error) > _depth_of(refused):
                refused = error
    raise refused or Unreadable()


def _depth_of(error: Unreadable) -> tuple[int, bool]:
    return len(error.place or ""), bool(str(error))


def _wrong(data: Any, kind: Any, place: str) -> Unreadable:
    text = {list: "a list", dict: "an object"}.get(cast(Any, type(data)))
    text = text or one_line(data if isinstance(data, Number) else json.dumps(data), 40)
    return Unreadable(f"is {text}, not {full_name_of(kind)}", place)


# Collections


def items_of(
    items: Sequence[Any], kind: Any, place: str, read: Callable[[Any, Any, str], Any]
) -> Any:
    """Items, the type of a list, a tuple or a set ⟶ that of what each is read as."""
    cls, kinds = class_of(kind), typing.get_args(kind) or (ANY, ...)
    if Ellipsis in kinds or cls is not tuple:
        kinds = (kinds[0],) * len(items)
    if len(kinds) != len(items):
        raise Unreadable(f"is given {len(items)} items, but takes {len(kinds)}", place)
    make: Any = list if cls in LISTS else set if cls in SETS and cls is not frozenset else cls
    pairs = enumerate(zip(items, kinds, strict=True))
    read_items = [read(each, item_kind, f"{place}[{at}]") for at, (each, item_kind) in pairs]
    try:
        return make(read_items)
    except TypeError:  # it can't be hashed
        raise Unreadable(f"holds what can't be in a {make.__name__}", place) from None


def _dictionary(data: Any, kind: Any, place: str) -> dict[Any, Any]:
    keys, values = typing.get_args(kind) or (ANY, ANY)
    if _is_object(data):
        pairs = [(_key(key, keys, place), each) for key, each in data.items()]
    elif _is_list(data) and all(map(_is_pair, data)):
        pairs = [(of_json(key, keys, f"{place}{{…}}"), each) for key, each in data]
    else:
        raise _wrong(data, kind, place)
    dictionary: dict[Any, Any] = {}
    for key, each in pairs:
        try:
            twice = key in dictionary
        except TypeError:
            raise Unreadable("can't be a dictionary's key", f"{place}{{…}}") from None
        if twice:
            raise Unreadable(f"holds the key {key!r} twice", place)
        dictionary[key] = of_json(each, values, f"{place}[{key!r}]")
    return dictionary


def _is_pair(data: Any) -> bool:
    return _is_list(data) and len(data) == 2


def _key(text: str, annotation: Any, place: str) -> Any:
    """An object's key ⟶ the value of the type that it is, as on the command line."""
    kind = bare(annotation)
    if kind in (ANY, object):
        return text
    if typing.get_origin(kind) in UNIONS:
        return closest(in_order(typing.get_args(kind)), lambda part: _key(text, part, place))
    if kind is type(None) and text == NULL:
        return None
    try:
        return scalar(text, kind)
    except Unreadable as error:
        told_more = f"; {error}" if str(error) else ""
        quoted = one_line(json.dumps(text), 40)
        message = f"is {quoted}, not {full_name_of(kind)}{told_more}"
        raise Unreadable(message, f"{place}{{…}}") from None


def _plain(data: Any) -> Any:
    """JSON ⟶ what it says by itself."""
    if isinstance(data, Number):
        return int(data) if data.lstrip("-").isdecimal() else float_in(data)
    if _is_list(data):
        return [*map(_plain, data)]
    if _is_object(data):
        return {key: _plain(each) for key, each in data.items()}
    return data


# Classes of fields


def _record(data: Any, kind: Any, shape: Shape, place: str) -> Any:
    cls, fields = class_of(kind), {each.name: each for each in shape if each.argument}
    if is_named_tuple(cls) and _is_list(data):
        entries = dict(zip(fields, data, strict=False))
        if len(data) > len(fields):
            raise Unreadable(f"is given {len(data)} items, but takes {len(fields)}", place)
    elif _is_object(data):
        entries = data
    else:
        raise _wrong(data, kind, place)
    _refuse_names(entries, fields, kind, place)
    keyed = is_typeddict(cls)
    values = {
        name: of_json(each, fields[name].type, f"{place}[{name!r}]" if keyed else f"{place}.{name}")
        for name, each in entries.items()
    }
    try:
        return values if keyed else cls(**values)
    except Exception as error:  # whatever somebody's class raises
        reason = f"{type(error).__name__}: {one_line(str(error), 80)}"
        message = f"is refused by {full_name_of(kind)}: {reason}"
        raise Unreadable(message, place) from None


def _refuse_names(
    entries: Mapping[str, Any], fields: Mapping[str, Field], kind: Any, place: str
) -> None:
    for name in entries:
        if name not in fields:
            close = near(name, fields) or f"; it has {', '.join(fields) or 'no fields'}"
            quoted = one_line(repr(name), 40)
            raise Unreadable(f"has {quoted}, which {full_name_of(kind)} hasn't{close}", place)
    for name, each in fields.items():
        if each.required and name not in entries:
            raise Unreadable(f"has no {name!r}, which {full_name_of(kind)} needs", place)


# Classes with a codec of their own


def is_coded(annotation: Any) -> bool:
    """Whether only the codec that is registered for a class says how its values are written."""
    kind = bare(annotation)
    return registered(class_of(kind)) and shape_of(kind) is None


def _coded(data: Any, kind: Any, place: str) -> Any:
    cls = class_of(kind)
    codec = codec_of(cls)
    assert codec is not None, "a class that is registered has a codec"
    try:
        value = codec.from_plain(_plain(data))
    except Exception as error:  # whatever somebody's codec raises
        reason = f"{type(error).__name__}: {one_line(str(error), 80)}"
        raise Unreadable(f"is refused by the codec {codec.name!r}: {reason}", place) from None
    if not isinstance(value, cls):
        raise _wrong(data, kind, place)
    return value


# Without parts


def _scalar(data: Any, kind: Any, place: str) -> Any:
    """A text, a number, a truth value or null ⟶ the value of a type that it stands for."""
    if not _stands_for(data, kind):
        raise _wrong(data, kind, place)
    if data is None or isinstance(data, bool):
        return data
    try:
        if typing.get_origin(kind) is Literal:
            return _literal(data, kind)
        return member(data, kind) if _is_enum(kind) else scalar(data, kind)
    except Unreadable as error:
        wrong = _wrong(data, kind, place)
        raise Unreadable(f"{wrong}; {error}" if str(error) else str(wrong), wrong.place) from None


def _stands_for(data: Any, kind: Any) -> bool:
    """Whether a value of the type may be written as JSON of this type."""
    if isinstance(data, list | dict):
        return False
    if typing.get_origin(kind) is Literal:
        return not (data is None or isinstance(data, bool)) or any(
            each is data for each in typing.get_args(kind)
        )
    if data is None or isinstance(data, bool):
        return kind is type(data)
    if isinstance(data, Number):
        return kind in _NUMBERS or _is_enum(kind)
    return kind not in (*_WHOLE, float, bool, type(None))


def _literal(data: str, kind: Any) -> Any:
    types = int if isinstance(data, Number) else (str, bytes, enum.Enum)
    of_type = [each for each in typing.get_args(kind) if isinstance(each, cast(Any, types))]
    return scalar(data, Literal[tuple(of_type)]) if of_type else scalar(data, kind)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)
