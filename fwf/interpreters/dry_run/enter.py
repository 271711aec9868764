"""What each node means when it is entered: the one `match` over the algebra in this interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from fwf.algebra.nodes import (
    Always,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    Graph,
    Limit,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.faults import Failed
from fwf.interpreters.dry_run.fibers import ERR, OK, Fiber, Next
from fwf.interpreters.dry_run.forks import Joining, spread, weave
from fwf.interpreters.dry_run.frames import (
    MICROSECOND,
    Chain,
    FallingBack,
    Finishing,
    Looping,
    Restoring,
    Retrying,
    Timing,
)

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.machine import Machine


def enter(machine: Machine, fiber: Fiber, node: Node, value: Any) -> Next:
    """Node at the fiber's place, input ⟶ a part to run, how it ended already, or a wait."""
    match node:
        case Task():
            return machine.attempt(fiber, node, value)
        case Seq():
            fiber.frames.append(Chain(node, fiber.place))
            return None, OK, value
        case Pure():
            return _evaluated(machine, fiber, node, value)
        case Branch():
            return _branch(machine, fiber, node, value)
        case Named():
            return _part(fiber, node, node.body, value)
        case Retry():
            fiber.frames.append(Retrying(node, fiber, value))
            return node.body, OK, value
        case Timeout():
            fiber.frames.append(Timing(node, fiber))
            return node.body, OK, value
        case Fallback():
            fiber.frames.append(FallingBack(node, fiber, value))
            return _part(fiber, node, node.body, value)
        case Always():
            fiber.frames.append(Finishing(node, fiber, value))
            return _part(fiber, node, node.body, value)
        case LoopUntil():
            fiber.frames.append(Looping(node, fiber))
            return _part(fiber, node, node.body, value, 1)
        case Par():
            return (
                Joining(node, fiber, value).begin(machine, None) if node.parts else (None, OK, ())
            )
        case MapEach():
            return spread(machine, fiber, node, value)
        case Graph():
            return weave(machine, fiber, node, value)
        case WithParams():
            fiber.frames.append(Restoring(fiber.around))
            fiber.around = fiber.around.within(node)
            return node.body, OK, value
        case Limit():
            fiber.frames.append(Restoring(fiber.around))
            fiber.around = fiber.around.pool(node.pool)
            return node.body, OK, value
        case Fail():
            return None, ERR, Failed(machine.path(fiber.place), (node.tag,), node.message)
        case Delay():
            return machine.pause(fiber, node.duration // MICROSECOND, value)
        case Extension():
            return node.meaning, OK, value
        case _:
            assert_never(node)


def _part(fiber: Fiber, node: Node, body: Node, value: Any, tag: Any = None) -> Next:
    fiber.place = (fiber.place, node, 0, tag)
    return body, OK, value


def _evaluated(machine: Machine, fiber: Fiber, node: Pure[Any, Any], value: Any) -> Next:
    try:
        return None, OK, machine.evaluate(fiber, node.expr, value)
    except BaseException as error:
        caught = error
    return None, ERR, machine.undefined(machine.path(fiber.place), caught)


def _branch(machine: Machine, fiber: Fiber, node: Branch[Any, Any], value: Any) -> Next:
    place = fiber.place
    chosen = machine.holds(fiber, node.predicate, value, place, "the first arm is taken")
    if isinstance(chosen, BaseException):
        return None, ERR, machine.undefined(machine.enclosing(place), chosen)
    fiber.place = (place, node, 0 if chosen else 1, None)
    return (node.then if chosen else node.otherwise), OK, value
