"""Which items has a map to do, and how does each travel?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from pyrsistent import PMap, pmap

from fwf.algebra.evaluation import Undefined, defect, evaluate, items_or_error
from fwf.algebra.nodes import MapEach
from fwf.analysis.canonical import Nameless, text_of_key
from fwf.faults import Fault
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.called_part import Here, counted_items
from fwf.interpreters.engines.worker.context import Context, Item, item_to_text
from fwf.interpreters.engines.worker.unwind import unwind
from fwf.journal.values import Unwritable
from fwf.records import changed
from fwf.secrets import masked
from fwf.types.arrival import value_kind

SMALL: Final = 64
"""Bytes of a value that takes no more room by itself than by reference."""
_BY: Final = "write key=it.id, or give the class a __str__"


def spread(here: Here) -> Context:
    """The items of the list that a map is given, or that it is better done as one block."""
    node = here.part.node
    if not isinstance(node, MapEach):
        raise Refused("/do", "spread is for a map_each")
    values = _items(here)
    if not isinstance(values, list):
        return unwind(here, here.in_words(values))
    names = _names(here, node, values)
    if not isinstance(names, list):
        return unwind(here, here.in_words(names))
    whole = here.context.out
    if here.call.most is not None and len(values) > here.call.most:
        return here.context.giving(changed(whole, word="block"))
    items = _pack(here, values, names)
    if items is None:
        return here.context.giving(changed(whole, word="block"))
    return here.context.giving(changed(whole, word="items", items=items))


def _items(here: Here) -> list[Any] | Fault:
    """The items of what is given, or what is wrong with it."""
    value = here.value
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        message = f"map_each takes a list but is given {value_kind(value)}; make a list of it first"
        return here.bad_input(message)
    items = items_or_error(cast("Sequence[Any]", value))  # type: ignore[redundant-cast]
    return defect(here.path(), items) if isinstance(items, BaseException) else items


def _names(here: Here, node: MapEach[Any, Any], items: list[Any]) -> list[str | None] | Fault:
    """The items' keys, which must differ, or what is wrong with them; None of items without."""
    if node.key is None:
        return [None for _ in items]
    names: dict[str | None, int] = {}
    for index, item in enumerate(items):
        name = _name(here, node, item)
        if isinstance(name, BaseException):
            return defect(here.path(), name, f"key of item {index}: ")
        if name in names:
            key = masked(repr(name))
            return here.bad_input(f"items {names[name]} and {index} have the same key {key}")
        names[name] = index
    return [*names]


def _name(here: Here, node: MapEach[Any, Any], item: Any) -> str | BaseException:
    assert node.key is not None
    try:
        return text_of_key(evaluate(node.key, item, here.params))
    except Nameless as error:
        return Undefined(f"it{error}; an item goes by a text, a number or the like: {_BY}")
    except BaseException as error:  # whatever somebody's class raises
        return error


def _pack(here: Here, items: list[Any], names: list[str | None]) -> tuple[Item, ...] | None:
    """The items as they travel; None if they take more room than there is."""
    of = here.slot()
    room = here.call.room
    counts = {} if room is None else _begun_by_item(here)
    try:
        small = None if room is None else SMALL
        travelling = tuple(
            Item(
                of,
                at,
                name,
                here.pack(item, small),
                None if room is None else counts.get(at if name is None else name, pmap()),
            )
            for at, (item, name) in enumerate(zip(items, names, strict=True))
        )
    except Unwritable:
        return None  # the block tells what is wrong with it, or needs no text of it
    if room is not None and sum(len(item_to_text(each)) for each in travelling) > room:
        return None
    return travelling


def _begun_by_item(here: Here) -> dict[str | int, PMap[str, int]]:
    """What the context counts of each item, by its name: of all it would be too much for one."""
    depth, counts = len(here.part.items), dict[str | int, PMap[str, int]]()
    for entry, number in here.context.begun.items():
        items = counted_items(entry)
        if items[:depth] == here.part.items and len(items) > depth:
            name = items[depth]
            counts[name] = counts.get(name, pmap()).set(entry, number)
    return counts
