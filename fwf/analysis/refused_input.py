"""Which part of a workflow would be given a run's input, but doesn't take it, so that it must fail?

Only what is certain counts: a branch may go the other way, and an alternative save the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

from fwf.algebra.nodes import (
    Always,
    Branch,
    Extension,
    Fallback,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import children, fold
from fwf.algebra.workflow import AnyWorkflow
from fwf.types.arrival import LEVELS, MOST_ITEMS, glance, shape_of, value_kind, whose, wrong_in
from fwf.types.hints import SAME, name_of
from fwf.worlds.unknown import unknown_in

INPUT = "input"
"""What a message calls it."""


class Refusal(NamedTuple):
    """A part that would be given what it doesn't take, and why."""

    node: Node
    message: str


def refusal(w: AnyWorkflow, value: Any) -> Refusal | None:
    """Workflow, input ⟶ the first part that can't take what it would be given, if there is one."""
    shape = shape_of(w.edge.accepts)  # at a glance; of a branch it is what both arms take
    if type(value) in shape.free or glance(shape.look, value) is None or unknown_in(value):
        return None
    return _refusal(w, value, INPUT, LEVELS)


def _refusal(w: AnyWorkflow, value: Any, name: str, levels: int) -> Refusal | None:
    """What refuses a value, which is the input or, by its name, a part of it."""

    def step(node: Node, parts: tuple[Refusal | None, ...]) -> Refusal | None:
        match node:
            case Task():
                return _by_task(node, value, name)
            case Branch() | Fallback():
                return parts[0] if all(parts) else None
            case MapEach():
                return next(_by_items(node, value, name, levels), None)
            case Graph() if node.arity > 1:
                return next(_by_steps(node, value, name, levels), None)
            case _:
                return next(filter(None, parts), None)

    return fold(step, w, parts_of=_parts_with_same_input)


def _parts_with_same_input(node: Node) -> tuple[Node, ...]:
    """The parts that are given a node's own input, and one of which sinks it; of two arms, both."""
    match node:
        case Seq():
            first = next((i for i, part in enumerate(node.parts) if part.edge.gives is not SAME), 0)
            return tuple(node.parts[: first + 1])
        case Graph():
            alone = node.arity == 1
            return tuple(step.body for step in node.steps if alone and step.inputs == (-1,))
        case Par() | Branch() | Fallback() | Always() | LoopUntil() | Retry() | Timeout():
            return children(node)
        case WithParams() | InPool() | Named() | Extension():
            return children(node)
        case _:
            return ()


def _by_task(task: Task[Any, Any], value: Any, name: str) -> Refusal | None:
    inputs = task.contract.inputs
    wrong = wrong_in(value, task.contract.accepts)
    if wrong is None:
        return None
    several = ", ".join(f"{each.name}: {name_of(each.type)}" for each in inputs)
    input_type = f"({several})" if len(inputs) > 1 else name_of(task.contract.accepts)
    message = f"{task.name} takes {input_type} but is given {value_kind(value)}{whose(name, wrong)}"
    return Refusal(task, message if name == INPUT or wrong.place else f"{message} as {name}")


def _by_items(
    node: MapEach[Any, Any], value: Any, name: str, levels: int
) -> Iterator[Refusal | None]:
    if not _is_list(value):
        message = f"map_each takes a list but is given {value_kind(value)}; make a list of it first"
        yield Refusal(node, message)
    elif levels and node.on_error != "collect":
        for index, item in enumerate(_first(value)):
            refusal = _refusal(node.body, item, f"{name}[{index}]", levels - 1)
            if refusal is not None:
                yield refusal


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | Mapping)


def _first(value: Any) -> list[Any]:
    """The first items, where nobody's code is called to get at them."""
    cls = cast(Any, type(value))
    return [*islice(value, MOST_ITEMS)] if cls in (list, tuple) else []


def _by_steps(
    graph: Graph[Any, Any], value: Any, name: str, levels: int
) -> Iterator[Refusal | None]:
    """What refuses one of several inputs; how many there must be, the graph itself tells."""
    arguments = cast("tuple[Any, ...]", value)
    if not levels or not isinstance(cast(object, value), tuple) or len(arguments) != graph.arity:
        return
    for step in graph.steps:
        places = [-1 - number for number in step.inputs]
        if len(places) == 1 and places[0] >= 0:
            at = places[0]
            refusal = _refusal(step.body, arguments[at], f"{name}[{at}]", levels - 1)
            if refusal is not None:
                yield refusal
