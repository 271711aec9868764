"""Do the numbers of a graph's steps fit together, and what they feed one another?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast, get_args

from fwf.algebra.checked_fields import instance
from fwf.algebra.workflow import Workflow
from fwf.types import hints, table_types
from fwf.types.hints import ANY

if TYPE_CHECKING:
    from fwf.algebra.nodes import Graph, Step

Numbers = tuple[int, ...]


def is_place(number: object, before: int, arity: int) -> bool:
    """Whether it is the number of one of so many steps, or of a graph's inputs."""
    return type(number) is int and -arity <= number < before


def places(before: int, arity: int) -> str:
    """The numbers that there are, for messages."""
    steps = f"the number of a step before, from 0 to {before - 1}" if before else "none"
    return steps + (f", or of one of the graph's inputs, from -1 to {-arity}" if arity else "")


def check(graph: Graph[Any, Any]) -> None:
    """Raise `ValueError` for a number that names nothing, `TypeError` for what doesn't fit."""
    arity: object = graph.arity
    if not is_place(arity, _MANY, 0):
        raise ValueError(f"Graph: its arity is {arity!r}; needs a number of inputs, 0 or more")
    if type(graph.steps) is not tuple:
        raise TypeError(f"Graph: {graph.steps!r} is not a tuple of steps, (Step(task, ()), …)")
    for at, step in enumerate(graph.steps):
        _check_step(graph, at, step)
    outputs: Any = graph.outputs
    each = cast("tuple[object, ...]", outputs if isinstance(outputs, tuple) else (outputs,))
    for number in each:
        if not is_place(number, len(graph.steps), graph.arity):
            raise ValueError(
                f"Graph: its outputs have {number!r}; needs {places(len(graph.steps), graph.arity)}"
            )


_MANY = 2**63


def _check_step(graph: Graph[Any, Any], at: int, step: Step) -> None:
    where = f"Graph: step {at}"
    if not hasattr(step, "inputs"):
        raise TypeError(f"{where} is {step!r}; write Step(task, (0, 1)), or a function with @graph")
    instance(step.body, Workflow, where, "a workflow; to give a plain value write const(…)")
    for name, numbers in (("inputs", step.inputs), ("after", step.after)):
        if type(numbers) is not tuple:
            raise TypeError(f"{where}: {name}={numbers!r} is not a tuple of the numbers of steps")
        for number in numbers:
            if not is_place(number, at, graph.arity):
                raise ValueError(
                    f"{where}: {name} has {number!r}; needs {places(at, graph.arity)}: put it "
                    "behind the steps that it waits for"
                )
    _check_fit(graph, step, where)


def _check_fit(graph: Graph[Any, Any], step: Step, where: str) -> None:
    """Raise unless a step can take what those that it feeds on give."""
    needed = step.body.edge.accepts
    if needed is ANY or needed is object:
        return
    n, several = len(step.inputs), hints.length_of(needed)
    if several is not None and n not in (1, several):
        raise ValueError(f"{where}: has {n} inputs, but takes {several}: name one step for each")
    kinds = [_gives(graph, number) for number in step.inputs]
    input_type = kinds[0] if n == 1 else hints.tuple_of(kinds)
    if not hints.compatible(input_type, needed):
        complaint = f"takes {hints.name_of(needed)}, but is given {hints.name_of(input_type)}"
        complaint += table_types.in_brackets(input_type, needed)
        raise TypeError(f"{where}: {complaint if n else f'{complaint}: it has no inputs'}")


def _gives(graph: Graph[Any, Any], number: int) -> Any:
    return ANY if number < 0 else graph.steps[number].body.edge.output


# Types


def gives(graph: Graph[Any, Any]) -> Any:
    """The type of what a graph gives."""
    outputs = graph.outputs
    if isinstance(outputs, tuple):
        return hints.tuple_of(_gives(graph, each) for each in outputs)
    return _gives(graph, outputs)


def accepts(graph: Graph[Any, Any]) -> Any:
    """The type of what a graph takes."""
    if graph.arity > hints.MAX_PARTS:
        return ANY
    if not graph.arity:
        return object
    kinds_by_input: list[list[Any]] = [[] for _ in range(graph.arity)]
    for kind, number in _types_taken(graph):
        kinds_by_input[-1 - number].append(kind)
    each = [hints.meet(kinds) for kinds in kinds_by_input]
    return each[0] if graph.arity == 1 else hints.tuple_of(each)


def _types_taken(graph: Graph[Any, Any]) -> Iterator[tuple[Any, int]]:
    """The type that a step wants from each of the graph's inputs, and the input's number."""
    for step in graph.steps:
        accepts = step_inputs(step)
        for place, number in enumerate(step.inputs):
            if number < 0:
                yield accepts[place], number


def step_inputs(step: Step) -> tuple[Any, ...]:
    """The type that a step takes from each of its inputs."""
    accepts = step.body.edge.accepts
    if len(step.inputs) == 1:
        return (accepts,)
    arguments = get_args(accepts)
    is_tuple = len(arguments) == len(step.inputs) and Ellipsis not in arguments
    return arguments if is_tuple else (ANY,) * len(step.inputs)
