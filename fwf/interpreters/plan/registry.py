"""What the names in a plan stand for: tasks, functions, types and classes that are at hand."""

import enum
from collections.abc import Callable, Mapping
from datetime import timedelta, tzinfo
from types import ModuleType
from typing import Any, TypeGuard, TypeVar, cast, final

from pyrsistent import PMap, pmap

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Call, Const, Expr, Param
from fwf.algebra.functions import named_function, place_of
from fwf.algebra.instances import Instance
from fwf.algebra.nodes import Extension, Node, Task
from fwf.algebra.pickling import fields
from fwf.algebra.plain_values import (
    Codec,
    Coded,
    Member,
    encode,
    keywords,
    thaw,
)
from fwf.algebra.subexpressions import subexpressions
from fwf.algebra.traverse import parts_of
from fwf.algebra.workflow import Workflow
from fwf.algebra.wrapped import same_functions
from fwf.forms.known_names import coded_among, look_up, member_among, unknown_message
from fwf.forms.mentioned import (
    by_class,
    by_types,
    by_zone,
    expressions_in,
    inside,
    types_in,
    unambiguous,
)
from fwf.interpreters.plan.plan_names import build_extension
from fwf.interpreters.plan.task_form import differences
from fwf.records import ready, record
from fwf.types import hints as types

T = TypeVar("T")
Identity = tuple[str, str, bytes]
"""What a task is known by: its name, its version, its config encoded."""
WHO = "the registry"
_LONGEST = 100
"""Half of how much of a task's config a message says."""


@final
@record()
class Registry:
    """What names stand for. Made by `registry(…)`; nothing is ever imported for one."""

    tasks: PMap[Identity, Task[Any, Any]]
    factories: PMap[str, Callable[..., Any]]
    functions: PMap[str, Callable[[Any], Any]]
    types: PMap[str, Any]
    enums: PMap[str, type[enum.Enum]]
    codecs: PMap[str, Codec]
    zones: PMap[str, tzinfo]
    extensions: PMap[str, type[Extension[Any, Any]]]

    def task(self, entry: Task[Any, Any]) -> Task[Any, Any]:
        """The task of this name, version and config; raises if its contract is another."""
        task = self.tasks.get(_identity_of(entry))
        if task is None:
            task = self._from_factory(entry)
        if task is None:
            raise LookupError(self._unknown_task(entry))
        other = differences(entry, task)
        if other:
            raise LookupError(
                f"{_text_of(entry)} in the registry, {task.described()}, differs from the plan's "
                f"in {', '.join(other)}: write the plan anew, or give the task another version"
            )
        return task

    def _from_factory(self, entry: Task[Any, Any]) -> Task[Any, Any] | None:
        """What a factory makes of the config."""
        factory = self.factories.get(entry.name)
        if factory is None:
            return None
        try:
            task: object = factory(**thaw(entry.config))
        except Exception as error:  # whatever somebody's factory raises
            reason = f"{type(error).__qualname__}: {error}"
            raise LookupError(f"the factory of {_text_of(entry)} raises {reason}") from error
        if _is_task(task) and _identity_of(task) == _identity_of(entry):
            return task
        raise LookupError(f"the factory of {_text_of(entry)} makes {task!r} of it")

    def _unknown_task(self, entry: Task[Any, Any]) -> str:
        versions = sorted(identity[1] for identity in self.tasks if identity[0] == entry.name)
        if versions:
            there = f"; it has {entry.name} with version {', '.join(versions)}"
            return f"the registry has no {_text_of(entry)}{there}, and no factory of that name"
        return unknown_message("task", entry.name, (name for name, *_ in self.tasks), WHO)

    def function(self, place: str) -> Callable[[Any], Any]:
        """The function that is defined there."""
        return look_up(self.functions, "function", place, WHO)

    def type(self, name: str) -> Any:
        """The type of this name."""
        return types.ANY if name == "Any" else look_up(self.types, "type", name, WHO)

    def member(self, entry: Member) -> object:
        """The member of the enum of this name."""
        return member_among(self.enums, entry, WHO)

    def coded(self, entry: Coded) -> object:
        """The value that the codec of this name makes of the plain data."""
        return coded_among(self.codecs, entry, WHO)

    def zone(self, key: str, offset: timedelta | None) -> tzinfo:
        """The time zone of this name."""
        return look_up(self.zones, "time zone", key, WHO)

    def extension(self, entry: Extension[Any, Any]) -> Extension[Any, Any]:
        """The class of this place, called on the fields; raises if that has another meaning."""
        place = place_of(type(entry))
        cls = look_up(self.extensions, "extension", place, WHO)
        return build_extension(cls, entry)


def _is_task(thing: object) -> TypeGuard[Task[Any, Any]]:
    return isinstance(thing, Task)


def _identity_of(task: Task[Any, Any]) -> Identity:
    return task.name, task.version, encode(task.config)


def _text_of(task: Task[Any, Any]) -> str:
    config = f" with {keywords(task.config)}" if task.config else ""
    text = f"{task.name}@{task.version}{config}"
    return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST]}…"


# Made from things


def registry(*things: object, **factories: Callable[..., Any]) -> Registry:
    """Workflows, modules, functions, classes ⟶ what the names that they mention stand for.

    things: a workflow gives all that it mentions, a module all that its workflows do; functions
        of expressions, types of parameters, enums and extensions may be given themselves.
    factories: by the name of the tasks that they make, what makes one of its config:
        `registry(daily, read=reader)` where `reader(table="orders")` is a task named `read`.

    Raises `ValueError` for two things of one name.

    >>> from fwf import pure
    >>> sorted(registry(pure(len)).functions)
    ['builtins:len']
    """
    mentions = _Mentions()
    for thing in things:
        mentions.add(thing)
    for name, factory in factories.items():
        if not callable(factory):
            raise TypeError(f"registry({name}={factory!r}): needs a function that makes tasks")
    return mentions.registry(factories)


class _Mentions:
    """What has been mentioned so far, by kind and name."""

    def __init__(self) -> None:
        self.by_kind: dict[str, dict[Any, Any]] = {name: {} for name in Registry.__match_args__}
        self.nodes: dict[int, Node] = {}
        self.parameters: list[Any] = []

    def registry(self, factories: Mapping[str, Any]) -> Registry:
        self.by_kind["factories"] = dict(factories)
        self.add_classes_of_parameters()
        return Registry(*(pmap(self.by_kind[name]) for name in Registry.__match_args__))

    def add(self, thing: object) -> None:
        if isinstance(thing, Workflow):
            self.add_workflow(cast(Any, thing))
        elif isinstance(thing, It):
            self.add_expression(expr_of(thing))
        elif isinstance(thing, ModuleType):
            for each in vars(thing).values():
                if isinstance(each, Workflow):
                    self.add_workflow(cast(Any, each))
        elif isinstance(thing, type):
            self.add_class(cast(Any, thing))
        elif callable(thing):
            function = named_function(thing, "registry")
            self.put("functions", place_of(function), function)
        else:
            raise TypeError(f"registry({thing!r}): needs workflows, modules, functions or classes")

    def put(self, kind: str, name: Any, thing: Any) -> None:
        other = self.by_kind[kind].setdefault(name, thing)
        if other is not thing and other != thing:
            raise ValueError(
                f"registry(…): {name!r} is {other!r} and {thing!r}; a name stands for one thing: "
                "leave out one of them, or rename it"
            )

    def add_class(self, cls: Any) -> None:
        if issubclass(cls, Extension):
            self.put("extensions", place_of(cls), cls)
            ready(cast(Any, cls))
        for mention in by_class(cls):
            self.put(*mention)
        self.put("types", types.name_of(cls), cls)

    def add_classes_of_parameters(self) -> None:
        """The enums, and the classes of fields, that values of tasks' parameters may be of.

        Nobody mentioned them, so what has their names already stays, and of two neither comes in.
        """
        for kind, name, thing in unambiguous(by_types(self.parameters)):
            self.by_kind[kind].setdefault(name, thing)

    def add_workflow(self, w: Node) -> None:
        """All that a workflow mentions, once for each distinct node."""
        todo = [w]
        while todo:
            node = todo.pop()
            if id(node) in self.nodes:
                continue
            self.nodes[id(node)] = node
            todo.extend(parts_of(node))
            if isinstance(node, Task):
                self.add_task(cast(Any, node))
            elif isinstance(node, Extension):
                self.add_class(type(cast(Any, node)))
            for value in fields(node):
                self.add_value(value)
            for expr in expressions_in(node):
                self.add_expression(expr)

    def add_task(self, task: Task[Any, Any]) -> None:
        other = self.by_kind["tasks"].setdefault(_identity_of(task), task)
        if not same_functions(other.fn, task.fn):
            raise ValueError(
                f"registry(…): {_text_of(task)} is two functions, at {other.place} and "
                f"{task.place}: a name and version stand for one; give one of them another name= "
                "or version="
            )
        contract = task.contract
        for each in contract.injected:
            if each.kind in ("parameter", "unknown"):
                self.parameters.append(each.type)
        types_in([contract.output, *(each.type for each in contract.inputs)])

    def add_expression(self, expr: Expr) -> None:
        for part in subexpressions(expr):
            match part:
                case Const(value):
                    self.add_value(value)
                case Param(_, kind) if kind is not types.ANY:
                    self.put("types", types.name_of(kind), kind)
                    self.parameters.append(kind)
                case Call(function, _):
                    self.put("functions", place_of(function), function)
                case _:
                    pass

    def add_value(self, value: Any) -> None:
        """The enums, codecs and time zones in a frozen value."""
        for each in inside(value):
            cls = each.cls if isinstance(each, Instance) else each.__class__
            if any(by_class(cls)):
                self.add_class(cls)
            for mention in by_zone(each):
                self.put(*mention)
