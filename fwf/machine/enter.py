"""What happens when a node is entered: a function for each kind, found by the one `match`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from returns.result import Failure

from fwf.algebra.evaluation import message
from fwf.algebra.expr import IT, Expr, show
from fwf.algebra.extension_layout import layout
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
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
from fwf.algebra.result_values import misfit
from fwf.durations import MICROSECOND
from fwf.faults import BadInput, Failed
from fwf.machine.computed_parameters import computed_values
from fwf.machine.fibers import ERR, Fiber
from fwf.machine.forks import Joining, Spreading
from fwf.machine.frames import Chaining, Looping, Restoring, Retrying, Timing
from fwf.machine.graphs import Ordering
from fwf.machine.handlers import Borrowing, Catching, FallingBack, Finishing
from fwf.types import hints
from fwf.worlds.unknown import Unknown

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
        case AsResult():
            return _as_result
        case FromResult():
            return _from_result
        case LoopUntil():
            return _loop_until
        case WithParams():
            return _with_params
        case InPool():
            return _in_pool
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
    fiber.frames.append(Chaining(node, fiber.place))


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
        exception = error
    machine.end_undefined(fiber, machine.path(fiber.place), exception)


def _branch(machine: Machine, fiber: Fiber, node: Branch[Any, Any]) -> None:
    place = fiber.place
    answer = machine.holds(fiber, node.predicate, place, "the first arm is taken")
    if isinstance(answer, BaseException):
        machine.end_undefined(fiber, machine.enclosing(place), answer)
        return
    fiber.place = (place, node, 0 if answer else 1, None)
    fiber.node = node.then if answer else node.otherwise


def _named(machine: Machine, fiber: Fiber, node: Named[Any, Any]) -> None:
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _retry(machine: Machine, fiber: Fiber, node: Retry[Any, Any]) -> None:
    frame = Retrying(node, fiber)
    wait = 0 if machine.memory is None else frame.recall(machine.memory, fiber)
    fiber.frames.append(frame)
    if wait:
        frame.waiting = True
        machine.pause(fiber, wait)
    else:
        fiber.node = node.body


def _timeout(machine: Machine, fiber: Fiber, node: Timeout[Any, Any]) -> None:
    fiber.frames.append(Timing(machine, node, fiber))
    fiber.node = node.body


def _fallback(machine: Machine, fiber: Fiber, node: Fallback[Any, Any]) -> None:
    frame = FallingBack(machine, node, fiber)
    fault = None if frame.mark is None else frame.mark.fault
    if fault is not None:
        frame.fall_back(fiber, fault)
        return
    fiber.frames.append(frame)
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _always(machine: Machine, fiber: Fiber, node: Always[Any, Any]) -> None:
    frame = Finishing(machine, node, fiber)
    if frame.mark is not None and frame.mark.gives_back:
        frame.give_back(fiber)
        return
    fiber.frames.append(frame)
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.body


def _as_result(machine: Machine, fiber: Fiber, node: AsResult[Any, Any]) -> None:
    frame = Catching(machine, node, fiber)
    fault = None if frame.mark is None else frame.mark.fault
    if fault is None:
        fiber.frames.append(frame)
        fiber.node = node.body
    else:
        frame.leave()
        frame.fails(fiber, fault)


def _from_result(machine: Machine, fiber: Fiber, node: FromResult[Any, Any]) -> None:
    value = fiber.value
    if isinstance(value, Unknown):
        machine.assume(fiber.place, "the result is a success")
        fiber.value = value.as_type(hints.value_of(value.type))
        return
    wrong = misfit(value)
    if wrong:
        fiber.end(ERR, BadInput(machine.path(fiber.place), f"from_result: {wrong}"))
    elif isinstance(value, Failure):
        fiber.end(ERR, value.failure())
    else:
        fiber.value = value.unwrap()


def _loop_until(machine: Machine, fiber: Fiber, node: LoopUntil[Any, Any]) -> None:
    fiber.frames.append(Looping(machine, node, fiber))
    fiber.place = (fiber.place, node, 0, 1)
    fiber.node = node.body


def _with_params(machine: Machine, fiber: Fiber, node: WithParams[Any, Any]) -> None:
    around = fiber.around
    env = around.env.within(node)
    if node.computed:
        values = computed_values(machine, fiber, node)
        if values is None:
            return
        env = env.binding(values)
    fiber.frames.append(Restoring(around))
    fiber.around = around.within(env)
    fiber.node = node.body


def _in_pool(machine: Machine, fiber: Fiber, node: InPool[Any, Any]) -> None:
    around = fiber.around
    if node.pool in machine.pools and node.pool not in around.pools:
        fiber.frames.append(Restoring(around))
        fiber.around = around.in_pool(node.pool)
    fiber.node = node.body


def _delay(machine: Machine, fiber: Fiber, node: Delay[Any, Any]) -> None:
    duration = node.duration // MICROSECOND
    if machine.memory is not None:
        mark = machine.memory.mark("delay", fiber.place, fiber.tries, None)
        duration = mark.time_left(duration)
        mark.leave()
    machine.pause(fiber, duration)


def _fail(machine: Machine, fiber: Fiber, node: Fail[Any, Any]) -> None:
    source = node.message
    text = source if isinstance(source, str) else _message(machine, fiber, source)
    if isinstance(text, str):
        fault = Failed(machine.path(fiber.place), (node.tag,), text)
        fiber.end(ERR, machine.reword(fiber.place, fault))
    else:
        machine.end_undefined(fiber, machine.path(fiber.place), text)


def _message(machine: Machine, fiber: Fiber, expr: Expr) -> str | BaseException:
    """An error's message, or why it has none; the expression itself while a value is unknown."""
    try:
        value = machine.evaluate(fiber, expr, fiber.value)
        return show(expr) if isinstance(value, Unknown) else message(IT, value, {})
    except BaseException as error:
        return error


def _extension(machine: Machine, fiber: Fiber, node: Extension[Any, Any]) -> None:
    if machine.memory is not None:
        of = layout(node)
        if of is not None and of.lends:
            fiber.frames.append(Borrowing(machine.memory, node, fiber))
    fiber.place = (fiber.place, node, 0, None)
    fiber.node = node.meaning
