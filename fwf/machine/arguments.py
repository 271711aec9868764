"""Does an input fit what a task, or a graph, takes by position?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fwf.algebra.nodes import Task
from fwf.faults import BadInput
from fwf.types.arrival import value_kind
from fwf.types.hints import name_of
from fwf.worlds.unknown import Unknown


def misfit(task: Task[Any, Any], value: Any, path: Callable[[], str]) -> BadInput | None:
    """What is wrong with the input of a task that takes several."""
    inputs, arguments = task.contract.inputs, as_tuple(value)
    if isinstance(value, Unknown) or (arguments is not None and len(arguments) == len(inputs)):
        return None
    types = ", ".join(f"{each.name}: {name_of(each.type)}" for each in inputs)
    return BadInput(path(), f"{task.name} takes ({types}) but is given {value_kind(value)}")


def as_tuple(value: Any) -> tuple[Any, ...] | None:
    """The value if it is a tuple."""
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else None  # type: ignore[redundant-cast]
