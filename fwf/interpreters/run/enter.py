"""What happens when a node is entered: the one `match` over the algebra in this interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from fwf.algebra.evaluation import evaluate, test
from fwf.algebra.expr import Expr
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
from fwf.interpreters.run.calls import ERR, MICROSECOND, OK
from fwf.interpreters.run.fibers import Fiber
from fwf.interpreters.run.forks import Joining, Ordering, Spreading
from fwf.interpreters.run.frames import (
    Binding,
    Chain,
    FallingBack,
    Finishing,
    Looping,
    Next,
    Passing,
    Retrying,
    Timing,
)

if TYPE_CHECKING:
    from fwf.interpreters.run.machine import Machine


def enter(machine: Machine, fiber: Fiber, node: Node, value: Any) -> Next:
    """Node, value ⟶ what comes next: a part to run, how it ended already, or a wait."""
    match node:
        case Task():
            return machine.leaf(fiber, node, value)
        case Seq():
            fiber.frames.append(Chain(node))
            return None, OK, value
        case Pure():
            return evaluated(machine, fiber, node.expr, value)
        case Branch():
            return _branch(machine, fiber, node, value)
        case Named():
            fiber.frames.append(Passing(node))
            return node.body, OK, value
        case Retry():
            fiber.frames.append(Retrying(node, value, fiber))
            return node.body, OK, value
        case Timeout():
            return Timing.begin(machine, fiber, node, value)
        case Fallback():
            fiber.frames.append(FallingBack(node, value))
            return node.body, OK, value
        case Always():
            fiber.frames.append(Finishing(node, value))
            return node.body, OK, value
        case LoopUntil():
            fiber.frames.append(Looping(node, machine.now()))
            return node.body, OK, value
        case Par():
            return Joining.begin(machine, fiber, node, value)
        case MapEach():
            return Spreading.begin(machine, fiber, node, value)
        case Graph():
            return Ordering.begin(machine, fiber, node, value)
        case WithParams() | Limit():
            return Binding.begin(machine, fiber, node, value)
        case Fail():
            return None, ERR, Failed(machine.path(fiber), (node.tag,), node.message)
        case Delay():
            return machine.delay(fiber, node.duration // MICROSECOND, value)
        case Extension():
            fiber.frames.append(Passing(node))
            return node.meaning, OK, value
        case _:
            assert_never(node)


def evaluated(machine: Machine, fiber: Fiber, expression: Expr, value: Any) -> Next:
    """An expression's value at the fiber's place."""
    try:
        return None, OK, evaluate(expression, value, fiber.env.params)
    except BaseException as error:
        caught = error
    return machine.undefined(machine.path(fiber), caught)


def _branch(machine: Machine, fiber: Fiber, node: Branch[Any, Any], value: Any) -> Next:
    try:
        chosen = test(node.predicate, value, fiber.env.params)
    except BaseException as error:
        caught = error
    else:
        fiber.frames.append(Passing(node, 0 if chosen else 1))
        return (node.then if chosen else node.otherwise), OK, value
    return machine.undefined(machine.region(fiber), caught)
