"""Whether a task changed what it was given: `run(…, watch_inputs=True)`."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, NamedTuple, cast, final

from fwf.algebra.nodes import Task
from fwf.faults import counted
from fwf.interpreters.run.arriving_tables import with_table_checks

_SCALARS: Final = (type(None), bool, int, float, complex, str, bytes)
MOST_SAID: Final = 200


class InputChanged(AssertionError):
    """A task changed what it was given."""


def with_watch(task: Task[Any, Any]) -> Callable[..., Any]:
    """The task's function; it raises `InputChanged` if what it is given isn't as before."""
    fn = with_table_checks(task)
    names = [each.name for each in task.contract.inputs]
    params = [each.name for each in task.contract.injected if each.kind == "parameter"]

    def look(args: tuple[Any, ...], keywords: dict[str, Any]) -> InputSnapshot:
        values = dict(zip(names, args, strict=False))
        return InputSnapshot(values | {name: keywords[name] for name in params if name in keywords})

    @wraps(fn)
    def watching(*args: Any, **keywords: Any) -> Any:
        before = look(args, keywords)
        try:
            result = fn(*args, **keywords)
        except Exception:
            before.compare(task.name)
            raise
        before.compare(task.name)
        return result

    @wraps(fn)
    async def awaiting(*args: Any, **keywords: Any) -> Any:
        before = look(args, keywords)
        try:
            result = await fn(*args, **keywords)
        except Exception:
            before.compare(task.name)
            raise
        before.compare(task.name)
        return result

    return awaiting if task.contract.is_async else watching


class ValuePlace(NamedTuple):
    """Where a value is found: a name, or what holds it and under what."""

    at: Any
    inside: ValuePlace | None = None
    field: bool = False

    def __str__(self) -> str:
        parts: list[str] = []
        place = self
        while place.inside is not None:
            parts.append(f".{place.at}" if place.field else f"[{place.at!r}]")
            place = place.inside
        text = "".join([str(place.at), *reversed(parts)])
        return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"


@final
class InputSnapshot:
    """Values by name, and what each part of them held when it was looked at.

    It looks into lists, tuples, deques, dictionaries, sets, dataclasses, bytes, arrays (what has
    `tobytes`), and tables that have `copy` and `equals`, as those of pandas do. Of anything else
    it knows only that it is still the same object.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._contents: list[tuple[ValuePlace, Any, Any]] = []
        ids: set[int] = set()
        todo = [(ValuePlace(name), value) for name, value in values.items()]
        while todo:
            place, value = todo.pop()
            if isinstance(value, _SCALARS) or id(value) in ids:
                continue
            ids.add(id(value))
            parts = _parts(value)
            if parts is not None:
                self._contents.append((place, value, parts))
                field = dataclasses.is_dataclass(value)
                todo += [
                    (ValuePlace(at, place, field), each) for at, each in zip(*parts, strict=True)
                ]
            elif (content := _content(value)) is not None:
                self._contents.append((place, value, content))

    def compare(self, task: str) -> None:
        """Raise `InputChanged` if anything isn't as it was."""
        for place, value, before in self._contents:
            change = _change(place, value, before)
            if change is not None:
                raise InputChanged(
                    f"{change} while {task} ran; every attempt, and every part that is given it, "
                    f"gets this same object: let {task} change a copy of it, such as list(x), "
                    "dict(x), x.copy() or copy.deepcopy(x), and return that"
                )


def _change(place: ValuePlace, value: Any, before: Any) -> str | None:
    """What is no longer as it was, in words that tell no values."""
    parts = _parts(value)
    if parts is None:
        return None if _has(value, before) else f"{place} was changed"
    was, now = before.values, parts.values
    if len(was) != len(now):
        return f"{place} had {counted(len(was), 'item')} and has {len(now):,}"
    if not all(map(_same, before.places, parts.places)):
        return f"{place} got other keys"
    for at, old, new in zip(parts.places, was, now, strict=True):
        if not _same(old, new):
            return f"{ValuePlace(at, place, dataclasses.is_dataclass(value))} was replaced"
    return None


class _Parts(NamedTuple):
    """What a container holds: the places in it, and what is there."""

    places: Sequence[Any]
    values: list[Any]


def _parts(value: Any) -> _Parts | None:
    """What a container holds; None for what is none."""
    kind = cast(Any, type(value))
    if issubclass(kind, dict):
        return _Parts([*value], [*value.values()])
    if issubclass(kind, list | tuple | deque):
        each = [*value]
        return _Parts(range(len(each)), each)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(value)]
        return _Parts(names, [getattr(value, name, None) for name in names])
    return None


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    return type(one) is type(other) and isinstance(one, _SCALARS) and one == other


def _content(value: Any) -> Any:
    """Of what is no container but can be changed: a copy to compare it with; None of the rest."""
    kind = cast(Any, type(value))
    try:
        if issubclass(kind, set):
            return frozenset[Any](value)
        if issubclass(kind, bytearray):
            return bytes(value)
        if hasattr(kind, "tobytes"):
            return str(getattr(value, "dtype", "")), getattr(value, "shape", ()), value.tobytes()
        if hasattr(kind, "copy") and hasattr(kind, "equals"):
            return value.copy()
    except Exception:  # a memoryview that was released, a table that can't be copied
        return None
    return None


def _has(value: Any, before: Any) -> bool:
    """Whether a value has the content that it had."""
    try:
        if hasattr(cast(Any, type(value)), "equals"):
            return bool(value.equals(before))
        return bool(_content(value) == before)
    except Exception:  # what can't be compared isn't called changed
        return True
