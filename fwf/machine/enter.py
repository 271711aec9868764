"""What happens when a node is entered: a function for each kind, found by the one `match`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

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
from fwf.machine.fibers import ERR, Fiber
from fwf.machine.forks import Joining, Spreading
from fwf.machine.frames import (
    Chain,
    FallingBack,
    Finishing,
    Looping,
    Restoring,
    Retrying,
    Timing,
)
from fwf.machine.graphs import Ordering
from fwf.machine.timers import MICROSECOND

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


Enter: TypeAlias = "Callable[[Machine, Fiber, Any], None]"
"""Node at the fiber's place, on its value ⟶ what comes next, in the fiber's registers: a part to
run, how the node ended already, or a wait."""


def enter_of(node: Node) -> Enter:
    """Node ⟶ what it means to enter one of its kind. The machine asks once for each kind."""
    match node:
        case Task():
            return _task
        case Seq():
            return _seq
        case Par():
            return _par
        case MapEach():
            return _map_each
        case Graph():
            return _graph
        case Pure():
            return _pure
        case Branch():
            return _branch
        case Named():
            return _named
        case Retry():
            return _retry
        case Timeout():
            return _timeout
        case Fallback():
            return _fallback
        case Always():
            return _always
        case LoopUntil():
            return _loop_until
        case WithParams():
            return _with_params
        case Limit():
            return _limit
        case Delay():
            return _delay
        case Fail():
            return _fail
        case Extension():
            return _extension
        case _:
            assert_never(node)


def _task(machine: Machine, fiber: Fiber, node: Task[Any, Any]) -> None:
    machine.leaf(fiber, node)


def _seq(machine: Machine, fiber: Fiber, node: Seq[Any, Any]) -> None:
    fiber.frames.append(Chain(node, fiber.place))


def _par(machine: Machine, fiber: Fiber, node: Par[Any, Any]) -> None:
    if not machine.catches_up(fiber, node):
        Joining.begin(machine, fiber, node)


def _map_each(machine: Machine, fiber: Fiber, node: MapEach[Any, Any]) -> None:
    if not machine.catches_up(fiber, node):
        Spreading.begin(machine, fiber, node)


def _graph(machine: Machine, fiber: Fiber, node: Graph[Any, Any]) -> None:
    if not machine.catches_up(fiber, node):
        Ordering.begin(machine, fiber, node)


def _pure(machine: Machine, fiber: Fiber, node: Pure[Any, Any]) -> None:
    try:
        fiber.value = machine.evaluate(fiber, node.expr, fiber.value)
        return
    except BaseException as error:
        caught = error
    machine.undefined(fiber, machine.path(fiber.place), caught)


def _branch(machine: Machine, fiber: Fiber, node: Branch[Any, Any]) -> None:
    place = fiber.place
    chosen = machine.holds(fiber, node.predicate, place, "the first arm is taken")
    if isinstance(chosen, BaseException):
        machine.undefined(fiber, machine.enclosing(place), chosen)
        return
    fiber.place = (place, node, 0 if chosen else 1, None)
    fiber.node = node.then if chosen else node.otherwise


def _named(machine: Machine, fiber: Fiber, node: Named[Any, Any]) -> None:
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _retry(machine: Machine, fiber: Fiber, node: Retry[Any, Any]) -> None:
    fiber.frames.append(Retrying(node, fiber))
    fiber.node = node.body


def _timeout(machine: Machine, fiber: Fiber, node: Timeout[Any, Any]) -> None:
    fiber.frames.append(Timing(machine, node, fiber))
    fiber.node = node.body


def _fallback(machine: Machine, fiber: Fiber, node: Fallback[Any, Any]) -> None:
    fiber.frames.append(FallingBack(node, fiber))
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _always(machine: Machine, fiber: Fiber, node: Always[Any, Any]) -> None:
    fiber.frames.append(Finishing(node, fiber))
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _loop_until(machine: Machine, fiber: Fiber, node: LoopUntil[Any, Any]) -> None:
    fiber.frames.append(Looping(machine, node, fiber))
    fiber.place = (fiber.place, node, 0, 1)
    fiber.node = node.body


def _with_params(machine: Machine, fiber: Fiber, node: WithParams[Any, Any]) -> None:
    fiber.frames.append(Restoring(fiber.around))
    fiber.around = fiber.around.within(node)
    fiber.node = node.body


def _limit(machine: Machine, fiber: Fiber, node: Limit[Any, Any]) -> None:
    around = fiber.around
    if node.pool in machine.pools and node.pool not in around.pools:
        fiber.frames.append(Restoring(around))
        fiber.around = around.pooled(node.pool)
    fiber.node = node.body


def _delay(machine: Machine, fiber: Fiber, node: Delay[Any, Any]) -> None:
    machine.pause(fiber, node.duration // MICROSECOND)


def _fail(machine: Machine, fiber: Fiber, node: Fail[Any, Any]) -> None:
    fiber.end(ERR, Failed(machine.path(fiber.place), (node.tag,), node.message))


def _extension(machine: Machine, fiber: Fiber, node: Extension[Any, Any]) -> None:
    fiber.node = node.meaning
