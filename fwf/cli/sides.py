"""OLD and NEW of a comparison: targets, plans, targets at a revision ⟶ the workflows.

Errors, functions and extensions are known by the names of their modules, and two files have two
names. So what NEW's own module defines goes by the name of OLD's: `b.VendorDown` is the same as
`a.VendorDown`, as it would be if the one file had replaced the other.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import (
    Call,
    Const,
    Expr,
    Get,
    Input,
    Op,
    OrElse,
    Param,
    Present,
    calling,
    retagged,
)
from fwf.algebra.extensions import Arm, field_names, workflows_in
from fwf.algebra.nodes import Extension, Fallback, Node, Retry, WithParams
from fwf.algebra.traverse import children, fold, merged, rebuild
from fwf.algebra.workflow import AnyWorkflow
from fwf.cli.revisions import revision, target_at
from fwf.cli.targets import Target, load
from fwf.records import changed

_EXPRESSIONS = (Input, Const, Param, Get, Present, OrElse, Call, Op)


def sides(old: str, new: str) -> tuple[AnyWorkflow, AnyWorkflow]:
    """What was given ⟶ the workflows that it stands for."""
    before, after = _side(old), _side(new)
    if after.module == before.module or not (after.module and before.module):
        return before.workflow, after.workflow
    step = partial(_moved, after.module, before.module)
    return before.workflow, cast(AnyWorkflow, fold(step, after.workflow))


def _side(text: str) -> Target:
    place = revision(text)
    return load(text) if place is None else target_at(place)


def _moved(module: str, other: str, node: Node, parts: tuple[Node, ...]) -> Node:
    """A node as if what a module defines were defined in another; the node itself if it has none.

    An extension is one that has the same fields, and whose meaning are the parts.
    """
    if isinstance(node, Extension):
        return _extension(module, other, node, parts)
    if isinstance(node, Retry | Fallback):
        tags = tuple(_renamed(module, other, tag) for tag in node.on)
        node = node if tags == node.on else changed(node, on=tags)
    if isinstance(node, WithParams):
        pairs = [(name, _expression(module, other, expr)) for name, expr in node.computed]
        node = changed(node, params=merged(node.params, {k: v for k, v in pairs if v is not None}))
    names: tuple[str, ...] = cast(Any, node).__match_args__
    for name in names:
        value = getattr(node, name)
        if isinstance(value, _EXPRESSIONS) and (there := _expression(module, other, value)):
            node = changed(node, **{name: there})
    return rebuild(node, parts)


def _renamed(module: str, other: str, name: str) -> str:
    return f"{other}{name[len(module) :]}" if name.startswith(f"{module}.") else name


def _extension(module: str, other: str, node: Extension[Any, Any], parts: tuple[Node, ...]) -> Node:
    from fwf.interpreters.plan import stand_in_extension

    cls = type(node)
    if cls.__module__ != module and parts == children(node):
        return node
    home = other if cls.__module__ == module else cls.__module__
    names = field_names(cls)
    fields = {name: _field(module, other, getattr(node, name)) for name in names}
    if node.word and cls.__module__ != module:
        return cls(**fields)
    arms = _arms(node, fields)
    return stand_in_extension(f"{home}:{cls.__qualname__}", fields, parts[0], node.word, arms)


def _arms(node: Extension[Any, Any], fields: Mapping[str, Any]) -> tuple[Arm, ...]:
    """How people see its parts, which are now those in other fields."""
    names = field_names(type(node))
    old = [part for name in names for part in workflows_in(getattr(node, name))]
    new = [part for name in names for part in workflows_in(fields[name])]
    there = dict(zip(map(id, old), new, strict=True))
    arms = node.arms() if node.word else ()
    complete = all(arm.stands is None and id(arm.node) in there for arm in arms)
    return tuple(arm._replace(node=there[id(arm.node)]) for arm in arms) if complete else ()


def _field(module: str, other: str, value: Any) -> Any:
    """What an extension has in a field, as if what a module defines were defined in another."""
    step = partial(_moved, module, other)
    if several := workflows_in(value):
        moved = tuple(fold(step, each) for each in several)
        return moved if type(value) is tuple else moved[0]
    if isinstance(value, It):
        return It(_expression(module, other, expr_of(value)) or expr_of(value))
    return value


def _expression(module: str, other: str, expr: Expr) -> Expr | None:
    """The expression, calling what stands for the module's own functions; None if it calls none."""
    from fwf.interpreters.plan import stand_in_function

    functions: list[Callable[[Any], Any]] = []

    def moved(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
        if one.__module__ != module:
            return one
        functions.append(one)
        return stand_in_function(other, one.__qualname__)

    there = retagged(calling(expr, moved), partial(_renamed, module, other))
    return there if functions or there != expr else None
