"""Does a value that arrives have the type that was declared, as far as a glance can tell?

For the results of tasks and the input of a run, of which a program makes thousands a second: a type
is read once, and a value is looked at with a few comparisons of classes.

**How far.** The outermost class always. The classes of the first `MOST_ITEMS` in a list, tuple or
dictionary, and of all in a set that has no more (it has no first ones, and what is told must not
depend on chance): what is wrong in a long list mostly is so from its first item on, and an item
costs 30 ns where a step of a chain takes 2 µs. The fields of a dataclass, a named tuple or a typed
dictionary; and, since rows of one source are alike, what is in the first `MOST_DEEP` items. That
makes two `LEVELS` below the value, as in `list[Order]`: what nests deeper is rarely what a source
made of its rows. Of a table the columns, where they are declared (`tables`).

**What is no alarm.** A false one stops a night's work; what is missed fails a step later. So a
value passes where nobody can be sure: `Any`, type variables, protocols, names that don't resolve,
classes that can't be asked, fields that are computed or hold their own default, keys that a typed
dictionary lacks. Numbers and truth values of other libraries are what they stand for
(`comparison.plain`), and an int is a float. As for parameters (`fitting`), a bool is no int and a
datetime no date; as between parts (`types.compatible`), a text is no `Sequence[str]`.
"""

from __future__ import annotations

import types as pytypes
import typing
from collections import OrderedDict, defaultdict, deque
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Reversible,
    Sequence,
    Set as AbstractSet,
)
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from itertools import islice
from numbers import Complex, Integral, Real
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast

from fwf.faults import counted
from fwf.secrets import masked
from fwf.types import hints as types, table_types
from fwf.types.aliases import bare
from fwf.types.comparison import plain
from fwf.types.fitting import Wrong
from fwf.types.single_use import FREE

MOST_ITEMS: Final = 5
"""So many items of a container are looked at."""
MOST_DEEP: Final = 2
"""So many of them are looked into."""
LEVELS: Final = 2
"""So deep a value is looked into: its items or fields, and theirs."""
MOST_TEXT: Final = 40
"""Characters of a text that is shown; of longer ones the length is told."""
Look: TypeAlias = Callable[[Any], Wrong | None]
"""Value ⟶ the first part of it that doesn't have its type, if any."""


class ValueShape(NamedTuple):
    """What is looked for in values of one type.

    free: classes whose very instances have the type.
    inside: for other classes whose very instances may have it, what is wrong inside of one.
    look: what is wrong with a value of any class; may raise what the value does.

    What is of a class in `free` or `inside` can be read again (`once.readable`).
    """

    free: frozenset[type]
    inside: Mapping[type, Look]
    look: Look


def wrong_in(value: Any, annotation: Any) -> Wrong | None:
    """Value, declared type ⟶ the first part of it that doesn't have its type, if a glance tells."""
    shape = shape_of(annotation)
    return None if type(value) in shape.free else glance(shape.look, value)


def glance(look: Look, value: Any) -> Wrong | None:
    """What is wrong with a value; nothing where looking at it fails."""
    try:
        return look(value)
    except Exception:  # whatever somebody's class raises, or a list that changes meanwhile
        return None


def shape_of(annotation: Any) -> ValueShape:
    """Type ⟶ what is looked for in its values."""
    for shape in (_remembered_shape, _shape):  # an annotation that can't be hashed isn't remembered
        try:
            return shape(annotation)
        except Exception:  # whatever evaluating somebody's annotation raises
            continue
    return ANYTHING


def _shape(annotation: Any, levels: int = LEVELS) -> ValueShape:
    kind = bare(annotation)
    origin = typing.get_origin(kind)
    if kind in (typing.Never, typing.NoReturn):
        return ValueShape(frozenset(), {}, partial(_never, kind))
    if origin in (typing.Union, pytypes.UnionType):
        return _of_union(kind, levels)
    if origin is Literal:
        return _of_literal(kind)
    cls = origin or kind
    if not isinstance(cls, type) or cls in _OPEN or getattr(cls, "_is_protocol", False):
        return ANYTHING
    return _of_class(annotation, kind, cls, levels)


def _never(kind: Any, value: Any) -> Wrong | None:
    return Wrong("", value, kind)


def _nothing(value: Any) -> Wrong | None:
    return None


ANYTHING: Final = ValueShape(FREE, {}, _nothing)
_OPEN: Final[tuple[Any, ...]] = (types.ANY, object, type)  # what is a `type[…]` needn't be a class


_remembered_shape = lru_cache(maxsize=4096)(_shape)


# Classes


def _of_class(annotation: Any, kind: Any, cls: Any, levels: int) -> ValueShape:
    parts = _columns(annotation) or _parts(kind, cls, levels)
    foreign = {str} if cls is Sequence and typing.get_args(kind) else set[type]()
    exact: set[type] = {each for each in FREE - foreign if _counts_as(each, cls)}
    if _read_again(cls):
        exact.add(cls)

    def look(value: Any) -> Wrong | None:
        if type(value) is not cls and (type(value) in foreign or not _is_a(value, cls)):
            return Wrong("", value, kind)
        return None if parts is None else parts(value)

    if parts is None:
        return ValueShape(frozenset(exact), {}, look)
    return ValueShape(frozenset(), dict.fromkeys(exact, parts), look)


_ALSO: dict[type, Any] = {
    int: Integral,
    float: (int, Real),
    complex: (int, float, Complex),
    bytes: (bytearray, memoryview),
}
"""What is taken for a class without being one of it, as type checkers do (PEP 484)."""
_NOT: dict[type, Any] = {int: bool, float: bool, complex: bool, date: datetime}
"""What isn't taken for a class, although it is one of it."""


def _counts_as(one: type, cls: Any) -> bool:
    """Whether instances of a class count as those of another."""
    if typing.is_typeddict(cls):
        return issubclass(one, Mapping)
    try:
        return issubclass(one, (cls, _ALSO.get(cls, ()))) and not issubclass(one, _NOT.get(cls, ()))
    except Exception:  # a class that can't be asked
        return False


def _is_a(value: Any, cls: Any) -> bool:
    """Whether a value, or what it stands for, counts as one of a class."""
    if typing.is_typeddict(cls):
        return isinstance(value, Mapping) or hasattr(cast(Any, type(value)), "keys")
    if isinstance(value, (cls, _ALSO.get(cls, ()))) and not isinstance(value, _NOT.get(cls, ())):
        return True
    stands_for = plain(value)
    return stands_for is not value and _is_a(stands_for, cls)


def _read_again(cls: Any) -> bool:
    """Whether instances of a class can be read more than once, by what the class has."""
    hasnt = not any(hasattr(cls, name) for name in ("__next__", "__anext__", "__await__"))
    return hasnt and cls is not tuple and not typing.is_typeddict(cls)


def _of_union(kind: Any, levels: int) -> ValueShape:
    shapes = [_shape(part, levels) for part in typing.get_args(kind)]
    if any(shape is ANYTHING for shape in shapes):
        return ANYTHING

    def look(value: Any) -> Wrong | None:
        cls, closest = cast(Any, type(value)), Wrong("", value, kind)
        for shape in shapes:
            wrong = None if cls in shape.free else shape.look(value)
            if wrong is None:
                return None
            closest = wrong if _tells_more(wrong, closest) else closest
        return closest

    free = frozenset[type]().union(*[shape.free for shape in shapes])
    inside: dict[type, Look] = {}
    for cls, within in (pair for shape in shapes for pair in shape.inside.items()):
        inside[cls] = look if cls in inside else within
    return ValueShape(free, {cls: inside[cls] for cls in inside.keys() - free}, look)


def _tells_more(one: Wrong, other: Wrong) -> bool:
    return (len(one.place), bool(one.difference)) > (len(other.place), bool(other.difference))


def _of_literal(kind: Any) -> ValueShape:
    values = typing.get_args(kind)

    def look(value: Any) -> Wrong | None:
        fit = any(_is_a(value, type(each)) and value == each for each in values)
        return None if fit else Wrong("", value, kind)

    return ValueShape(frozenset(), {}, look)


# What is in a value


def _parts(kind: Any, cls: Any, levels: int) -> Look | None:
    """Type ⟶ what is wrong inside of a value of it; None if nothing is looked at there."""
    arguments = typing.get_args(kind)
    if cls is tuple:
        return _of_tuple(kind, arguments, levels)
    if not levels:
        return None
    if cls in _MAPPINGS and len(arguments) == 2:
        return _of_pairs(*[_part(each, levels) for each in arguments])
    if cls in _COLLECTIONS and len(arguments) == 1:
        return _of_items(_part(arguments[0], levels))
    return _of_keys(cls, levels) if typing.is_typeddict(cls) else _of_fields(cls, levels)


def _columns(annotation: Any) -> Look | None:
    """Type ⟶ what is wrong with the columns of a table of it; None if it declares none."""
    table_type = table_types.table_type(annotation)
    if table_type is None:
        return None

    def look(value: Any) -> Wrong | None:
        complaint = table_type.wrong(value)
        return Wrong("", value, annotation, difference=complaint) if complaint else None

    return look


class ItemShapes(NamedTuple):
    """The shape of what is in a container: of what is looked into, and of the others."""

    deep: ValueShape
    flat: ValueShape


def _part(kind: Any, levels: int) -> ItemShapes:
    return ItemShapes(_shape(kind, levels - 1), _shape(kind, 0))


_MAPPINGS: Final[tuple[Any, ...]] = (dict, defaultdict, OrderedDict, Mapping, MutableMapping)
_COLLECTIONS: Final[tuple[Any, ...]] = (
    list, set, frozenset, deque, Sequence, MutableSequence, AbstractSet, MutableSet, Collection,
    Iterable, Reversible,
)  # fmt: skip
_IN_ORDER: Final = frozenset({list, tuple, deque})
_SETS: Final = frozenset({set, frozenset})
_TEXTS: Final = frozenset({str, bytes})
_DICTIONARIES: Final = frozenset({dict, defaultdict, OrderedDict})
"""Classes whose items can be looked at without anybody's code: of others only the class is."""


def _of_items(part: ItemShapes) -> Look | None:
    deep, flat = part
    if flat is ANYTHING:
        return None
    free, usual, into = flat.free, _usual(flat), flat.free != deep.free

    def look(value: Any) -> Wrong | None:
        some: Any = value
        if type(value) is not list:
            some = _first(value)
        elif len(some) > MOST_ITEMS:
            some = some[:MOST_ITEMS]
        for each in some:
            if type(each) is not usual and type(each) not in free:
                return _wrong_item(value, some, part)
        return _wrong_item(value, some[:MOST_DEEP], part) if into else None

    return look


def _usual(shape: ValueShape) -> type | None:
    """The class that most values of a shape have: one is quicker to compare with than several."""
    return float if float in shape.free else next(iter(shape.free), None)


def _first(value: Any) -> Sequence[Any]:
    """The first items of a value; none where it isn't certain how to get at them."""
    cls = cast(Any, type(value))
    if cls in _IN_ORDER or (cls in _SETS and len(value) <= MOST_ITEMS):
        return [*islice(value, MOST_ITEMS)]
    return value[:1] if cls in _TEXTS else ()


def _wrong_item(value: Any, some: Sequence[Any], part: ItemShapes) -> Wrong | None:
    for index, each in enumerate(some):
        shape = part.deep if index < MOST_DEEP else part.flat
        wrong = None if type(each) in shape.free else shape.look(each)
        if wrong is not None:
            place = "{…}" if type(value) in _SETS else f"[{index}]"
            return wrong._replace(place=place + wrong.place)
    return None


def _of_tuple(kind: Any, arguments: tuple[Any, ...], levels: int) -> Look | None:
    """`tuple[A, B]` has so many items, whatever the depth; `tuple[A, ...]` any number of them."""
    length = types.length_of(kind)
    if len(arguments) == 2 and arguments[1] is ...:
        return _of_items(_part(arguments[0], levels)) if levels else None
    if length is None:
        return None
    shapes = [_shape(each, levels - 1) if levels else ANYTHING for each in arguments]

    def look(value: Any) -> Wrong | None:
        if len(value) != length:
            return Wrong("", value, kind)
        for index, (each, shape) in enumerate(zip(value, shapes, strict=True)):
            wrong = None if type(each) in shape.free else shape.look(each)
            if wrong is not None:
                return wrong._replace(place=f"[{index}]{wrong.place}")
        return None

    return look


def _of_pairs(key: ItemShapes, item: ItemShapes) -> Look | None:
    if key.flat is ANYTHING and item.flat is ANYTHING:
        return None
    keys, items = key.flat.free, item.flat.free
    name_is, item_is = _usual(key.flat), _usual(item.flat)
    into = keys != key.deep.free or items != item.deep.free

    def look(value: Any) -> Wrong | None:
        if type(value) not in _DICTIONARIES:
            return None
        pairs = value.items()
        some = pairs if len(value) <= MOST_ITEMS else islice(pairs, MOST_ITEMS)
        for name, each in some:
            if (type(each) is not item_is and type(each) not in items) or (
                type(name) is not name_is and type(name) not in keys
            ):
                return _wrong_pair(islice(pairs, MOST_ITEMS), key, item)
        return _wrong_pair(islice(pairs, MOST_DEEP), key, item) if into else None

    return look


def _wrong_pair(
    pairs: Iterable[tuple[Any, Any]], key: ItemShapes, item: ItemShapes
) -> Wrong | None:
    for index, (name, each) in enumerate(pairs):
        for part, kinds, place in ((name, key, "{…}"), (each, item, f"[{_name(name)}]")):
            shape = kinds.deep if index < MOST_DEEP else kinds.flat
            wrong = None if type(part) in shape.free else shape.look(part)
            if wrong is not None:
                return wrong._replace(place=place + wrong.place)
    return None


def _name(key: Any) -> str:
    """A key as it stands in a place; what isn't short is left out."""
    short = type(key) is int or (type(key) is str and len(key) <= MOST_TEXT)
    return masked(repr(key)) if short else "…"


# Fields


def _of_fields(cls: Any, levels: int) -> Look | None:
    defaults = _defaults(cls)
    hints = types.fields_of(cls) if defaults is not None else None
    if defaults is None or hints is None or isinstance(cls.__getattribute__, _FUNCTION):
        return None
    shapes = [
        (name, shape, shape.free)
        for name in defaults
        if _is_stored(cls, name)
        and (shape := _shape(hints.get(name, Any), levels - 1)) is not ANYTHING
    ]
    if not shapes:
        return None

    def look(value: Any) -> Wrong | None:
        if type(value) is not cls:
            return None
        for name, shape, free in shapes:
            each = getattr(value, name, _ABSENT)
            if type(each) in free or each is _ABSENT or each is defaults[name]:
                continue
            wrong = shape.look(each)
            if wrong is not None:
                return wrong._replace(place=f".{name}{wrong.place}")
        return None

    return look


_ABSENT: Final = object()
_FUNCTION: Final = pytypes.FunctionType


def _defaults(cls: Any) -> dict[str, Any] | None:
    """The fields of a dataclass or a named tuple, and the default of each that has one."""
    fields = getattr(cls, "__dataclass_fields__", None)
    if fields is not None:
        return {name: each.default for name, each in fields.items()}
    names: Any = getattr(cls, "_fields", None) if tuple in cls.__mro__ else None
    if names is None:
        return None
    defaults = getattr(cls, "_field_defaults", {})
    return {name: defaults.get(name, _ABSENT) for name in names}


def _is_stored(cls: Any, name: str) -> bool:
    """Whether an instance simply has a field: nothing is computed or fetched when it is read."""
    spaces: list[Mapping[str, Any]] = [vars(each) for each in cls.__mro__]
    member: Any = next((each[name] for each in spaces if name in each), None)
    slot: bool = (
        isinstance(member, pytypes.MemberDescriptorType) or type(member).__name__ == "_tuplegetter"
    )
    return slot or not hasattr(cast(Any, type(member)), "__get__")


def _of_keys(cls: Any, levels: int) -> Look | None:
    hints = types.fields_of(cls) or {}
    shapes = {
        name: shape
        for name, kind in hints.items()
        if (shape := _shape(kind, levels - 1)) is not ANYTHING
    }

    def look(value: Any) -> Wrong | None:
        if type(value) is not dict:
            return None
        for name, shape in shapes.items():
            each: Any = cast(Any, value).get(name, _ABSENT)
            if type(each) in shape.free or each is _ABSENT:
                continue
            wrong = shape.look(each)
            if wrong is not None:
                return wrong._replace(place=f"[{name!r}]{wrong.place}")
        return None

    return look


# What is told


_SHOWN: Final = (bool, int, float, Decimal, date, datetime, time, timedelta)
_COUNTED: Final = (list, tuple, dict, set, frozenset)


def value_kind(value: Any) -> str:
    """A value for people, never long: `a str ('abc')`, `a list of 3 items`, `an Orders`."""
    cls = cast(Any, type(value))
    if value is None:
        return "None"
    name = types.name_of(cls)
    noun = f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
    if cls is str:
        long = len(value) > MOST_TEXT
        return f"{noun} of {len(value):,} characters" if long else f"{noun} ({masked(value)!r})"
    if cls is int and value.bit_length() > 256:
        return f"{noun} of {value.bit_length():,} bits"
    if cls in _SHOWN:
        return f"{noun} ({masked(str(value))})"
    return f"{noun} of {counted(len(value), 'item')}" if cls in _COUNTED else noun


def whose(root: str, wrong: Wrong) -> str:
    """Which part of a value it is that doesn't fit, if it isn't the value itself."""
    if wrong.difference:
        rows = table_types.rows_of(wrong.value)
        return f": {root}{wrong.place}{f' ({rows})' if rows else ''}: {wrong.difference}"
    if not wrong.place:
        return ""
    return f": {root}{wrong.place} is {value_kind(wrong.value)}, not {types.name_of(wrong.type)}"


def misgiven(name: str, annotation: Any, value: Any, where: str) -> str:
    """Task, its declared output, what it gave, and where that is wrong ⟶ what to tell."""
    return (
        f"{name} says that it gives {types.name_of(annotation)}, but gave {value_kind(value)}"
        f"{where}; correct what it returns, or its annotation"
    )
