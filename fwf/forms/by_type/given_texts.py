"""The texts given for a name ⟶ a value of the annotated type, and an example of each type."""

import enum
import json
import typing
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Literal

from fwf.algebra.parameter_kinds import LISTS, MAPPINGS, SETS
from fwf.forms.by_type.json_values import (
    closest,
    in_order,
    is_coded,
    items_of,
    of_json,
    parsed,
)
from fwf.forms.by_type.scalars import EXAMPLES, NULL, NoText, Unreadable, scalar, spelled
from fwf.types.aliases import ANY, UNIONS, bare
from fwf.types.shapes import class_of, is_named_tuple, shape_of

__all__ = ["NoText", "Unreadable", "example", "read"]
_SEVERAL: tuple[Any, ...] = (tuple, *LISTS, *SETS)


def read(texts: Sequence[str], annotation: Any, *, item: bool = False) -> Any:
    """Texts given for one name, type ⟶ the value; raises `Unreadable`.

    A list is one option for each item, or a JSON list, as which an `item` of an option is written.
    Dictionaries and classes of fields are JSON objects. `null` is None where the type allows it.
    """
    kind = bare(annotation)
    if typing.get_origin(kind) in UNIONS:
        if len(texts) == 1 and _is_json(texts[0]) and any(map(_shaped, typing.get_args(kind))):
            return of_json(parsed(texts[0], "list or object"), kind)
        return closest(in_order(typing.get_args(kind)), lambda part: read(texts, part, item=item))
    if kind is type(None):
        if list(texts) != [NULL]:
            raise Unreadable
        return None
    several = class_of(kind) in _SEVERAL
    if several and not item and not (len(texts) == 1 and texts[0].lstrip().startswith("[")):
        return items_of(texts, kind, "", _option)
    if len(texts) > 1:
        raise Unreadable(f"it is given {len(texts)} times, but takes one value")
    if is_coded(kind) and not texts[0].lstrip().startswith(("[", "{")):
        return of_json(texts[0], kind)
    if _shaped(kind):
        return of_json(parsed(texts[0], _shapes(kind)), kind)
    return scalar(texts[0], kind)


def _option(text: str, kind: Any, place: str) -> Any:
    """An item that is an option of its own."""
    return read([text], kind, item=True)


def _shaped(annotation: Any) -> bool:
    """Whether values of the type have parts, as JSON's lists and objects have."""
    kind = bare(annotation)
    if typing.get_origin(kind) in UNIONS:
        return any(map(_shaped, typing.get_args(kind)))
    has_parts = class_of(kind) in (*_SEVERAL, *MAPPINGS) or shape_of(kind) is not None
    return has_parts or is_coded(kind)


def _is_json(text: str) -> bool:
    """Whether it is a list or an object, so that in a union it isn't taken for any other text."""
    try:
        parsed(text, "list or object")
    except Unreadable:
        return False
    return True


def _shapes(kind: Any) -> str:
    """The brackets that a value of the type is written with."""
    if is_named_tuple(class_of(kind)):
        return "object or list"
    return "list" if class_of(kind) in _SEVERAL else "object"


# Examples


def example(annotation: Any) -> str:
    """Type ⟶ a text that is one of its values."""
    kind = _one(annotation)
    if is_coded(kind):
        return "{…}"
    if _shaped(kind):
        return json.dumps(_data(kind, ()), ensure_ascii=False)
    if typing.get_origin(kind) is Literal:
        return spelled(typing.get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind.__members__), "")
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return "data/orders.csv"
    return EXAMPLES.get(kind, "text")


def _one(annotation: Any) -> Any:
    """Of a union the first type that isn't None's."""
    kind = bare(annotation)
    if typing.get_origin(kind) not in UNIONS:
        return kind
    return _one(next(part for part in typing.get_args(kind) if part is not type(None)))


def _data(annotation: Any, above: tuple[Any, ...]) -> Any:
    """A value of a type, as JSON; empty where it would hold its like again, and again."""
    kind = _one(annotation)
    cls, shape = class_of(kind), shape_of(kind)
    within = (*above, kind)
    if kind in above:
        return None
    if cls in _SEVERAL:
        items = [each for each in typing.get_args(kind) if each is not Ellipsis]
        return [_data(each, within) for each in items if _one(each) not in above]
    if cls in MAPPINGS:
        key, value = typing.get_args(kind) or (str, ANY)
        if _one(value) in above:
            return {}
        is_text = class_of(_one(key)) is not tuple and shape_of(_one(key)) is None
        made = _data(value, within)
        return {example(key): made} if is_text else [[_data(key, within), made]]
    if shape is not None:
        needed = [each for each in shape if each.required] or [*shape[:1]]
        return {each.name: _data(each.type, within) for each in needed if each.argument}
    text = example(kind)
    plain = kind in (bool, int, float, type(None)) or _is_plain_literal(kind)
    return json.loads(text) if plain else text


def _is_plain_literal(kind: Any) -> bool:
    first = next(iter(typing.get_args(kind)), "")
    return typing.get_origin(kind) is Literal and (first is None or isinstance(first, bool | int))
