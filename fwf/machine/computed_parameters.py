"""What are the parameters worth that a `with_params` computes from what comes in?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwf.algebra.expr import argument
from fwf.algebra.nodes import WithParams
from fwf.analysis.bindings import unfit, wanted_of
from fwf.faults import BadInput
from fwf.machine.fibers import ERR, Fiber

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


def computed(machine: Machine, fiber: Fiber, node: WithParams[Any, Any]) -> dict[str, Any] | None:
    """The values of a node's expressions, by name.

    None if one has no value, or isn't what the parts inside want, which then is the fiber's end.
    """
    wanted = machine.wanted.get(id(node))
    if wanted is None:
        wanted = machine.wanted[id(node)] = wanted_of(node)
    values: dict[str, Any] = {}
    for name, expr in node.computed:
        try:
            values[name] = machine.evaluate(fiber, expr, fiber.value)
            continue
        except BaseException as error:
            caught = error
        said = f"with_params({name}={argument(expr)}): "
        machine.undefined(fiber, machine.path(fiber.place), caught, said)
        return None
    wrong = unfit(node, values, wanted)
    if wrong:
        fiber.end(ERR, BadInput(machine.path(fiber.place), wrong))
        return None
    return values
