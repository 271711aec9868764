"""Pickling workflows of any depth: a flat list of nodes, each after its parts.

A task goes as the place of its function and its config; unpickling imports that module. Like
every pickle, only those that you trust may be loaded.
"""

from collections.abc import Iterator
from importlib import import_module
from pickle import PicklingError
from typing import Any, NamedTuple, cast

from pyrsistent import PVector, pvector

from fwf.algebra.extensions import field_names
from fwf.algebra.nodes import Extension, Node, Step, Task
from fwf.algebra.packing import Packed, pack, unpack
from fwf.algebra.plain_values import thaw
from fwf.algebra.workflow import AnyWorkflow, Workflow


class TaskAt(NamedTuple):
    """Where a task's function stands, and the config of the factory that makes it."""

    module: str
    qualname: str
    config: dict[str, Any]


class PartNumber(NamedTuple):
    """The number of a part."""

    number: int


Entry = TaskAt | tuple[type, tuple[Any, ...]]


def flattened(w: AnyWorkflow) -> list[Entry]:
    """Workflow ⟶ an entry for each distinct node, with numbers for its parts."""
    numbers: dict[int, int] = {}
    entries: list[Entry] = []
    todo: list[tuple[Node, bool]] = [(cast(Node, w), False)]
    while todo:
        node, parts_done = todo.pop()
        if id(node) in numbers:
            continue
        if not parts_done and not isinstance(node, Task):
            todo.append((node, True))
            todo.extend((part, False) for part in _parts(node))
            continue
        numbers[id(node)] = len(entries)
        entries.append(_entry(node, numbers))
    return entries


def restored(entries: list[Entry]) -> Node:
    """The inverse of `flattened`."""
    nodes: list[Any] = []
    for entry in entries:
        if isinstance(entry, TaskAt):
            nodes.append(_value_at(entry))
        else:
            cls, values = entry
            arguments = [_fill(value, nodes) for value in values]
            if issubclass(cls, Extension):  # whose fields may be keyword-only
                nodes.append(cls(**dict(zip(field_names(cls), arguments, strict=True))))
            else:
                nodes.append(cls(*arguments))
    return cast(Node, nodes[-1])


def fields(node: Node) -> list[Any]:
    """Node ⟶ the values that its class is called on to make it."""
    names = field_names(type(node)) if isinstance(node, Extension) else node.__match_args__
    return [getattr(node, name) for name in names]


def _parts(node: Node) -> Iterator[Node]:
    for value in fields(node):
        several = isinstance(value, tuple | PVector)
        for one in cast("tuple[Any, ...]", value) if several else (value,):
            if isinstance(one, Workflow):
                yield cast(Node, one)
            elif isinstance(one, Step):
                yield one.body


def _entry(node: Node, numbers: dict[int, int]) -> Entry:
    if isinstance(node, Task):
        return _task_at(node)
    return type(node), tuple(_flat(value, numbers) for value in fields(node))


def _flat(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, Workflow):
        return PartNumber(numbers[id(cast(Any, value))])
    if isinstance(value, Step):
        return Step(cast(Any, PartNumber(numbers[id(value.body)])), value.inputs, value.after)
    if isinstance(value, PVector):
        return pvector(_flat(one, numbers) for one in cast(Any, value))
    if type(value) is tuple:
        return tuple(_flat(one, numbers) for one in cast(Any, value))
    return pack(value)


def _fill(value: Any, nodes: list[Any]) -> Any:
    if isinstance(value, Packed):
        return unpack(value)
    if isinstance(value, PartNumber):
        return nodes[value.number]
    if isinstance(value, Step):
        return Step(_fill(value.body, nodes), value.inputs, value.after)
    if isinstance(value, PVector):
        return pvector(_fill(one, nodes) for one in cast(Any, value))
    if type(value) is tuple:
        return tuple(_fill(one, nodes) for one in cast(Any, value))
    return value


def _task_at(task: Task[Any, Any]) -> TaskAt:
    at = TaskAt(task.fn.__module__, task.fn.__qualname__, thaw(task.config))
    try:
        there = _value_at(at)
    except Exception as error:
        raise PicklingError(
            f"{task.described()} can't be pickled: {error}; define it at the top of a module or, "
            "in a factory, give config= the factory's arguments"
        ) from error
    if there is not task and there != task:
        raise PicklingError(
            f"{task.described()} can't be pickled: {at.module}.{at.qualname} is another task"
        )
    return at


def _value_at(at: TaskAt) -> Node:
    """Import the module, and take the task from it or have its factory make it."""
    value: Any = import_module(at.module)
    outer, local, _ = at.qualname.partition(".<locals>")
    for name in outer.split("."):
        value = getattr(value, name)
    if local and not isinstance(value, Task):
        value = value(**at.config)
    if not isinstance(value, Task):
        raise LookupError(f"{at.module}.{at.qualname} is not a task")
    return cast(Node, value)
