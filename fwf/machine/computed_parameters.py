"""What are the parameters worth that a `with_params` computes from what comes in?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwf.algebra.expr import argument
from fwf.algebra.nodes import WithParams
from fwf.analysis.bindings import expected_types, unfit
from fwf.faults import BadInput
from fwf.machine.fibers import ERR, Fiber

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


def computed_values(
    machine: Machine, fiber: Fiber, node: WithParams[Any, Any]
) -> dict[str, Any] | None:
    """The values of a node's expressions, by name.

    None if one has no value, or isn't what the parts inside want, which then is the fiber's end.
    """
    wants = machine.wants.get(id(node))
    if wants is None:
        wants = machine.wants[id(node)] = expected_types(node)
    values: dict[str, Any] = {}
    for name, expr in node.computed:
        try:
            values[name] = machine.evaluate(fiber, expr, fiber.value)
            continue
        except BaseException as error:
            exception = error
        label = f"with_params({name}={argument(expr)}): "
        machine.end_undefined(fiber, machine.path(fiber.place), exception, label)
        return None
    wrong = unfit(node, values, wants)
    if wrong:
        fiber.end(ERR, BadInput(machine.path(fiber.place), wrong))
        return None
    return values
