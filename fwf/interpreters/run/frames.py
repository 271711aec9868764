"""What stands on a fiber's stack while a part of a node runs, where the part is its only one.

`resume` is told how the part ended and answers with what comes next: another node to run, or how
the whole node ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

from fwf.algebra.evaluation import test
from fwf.algebra.nodes import (
    Always,
    Fallback,
    Limit,
    LoopUntil,
    Node,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.paths import Spot
from fwf.algebra.schedule import cap_of, each
from fwf.faults import Exhausted, Failed, Fault, TimedOut, carries, leaves, then
from fwf.interpreters.run.calls import ERR, INT, MICROSECOND, OK, WAIT
from fwf.interpreters.run.fibers import Fiber, Scope

if TYPE_CHECKING:
    from fwf.interpreters.run.machine import Machine
    from fwf.interpreters.run.timers import Timer

Next: TypeAlias = tuple[Node | None, int, Any]
"""A node and the value to run it on; or no node, and how the part ended."""

WAITING: Next = (None, WAIT, None)


class Frame(Protocol):
    """What a stack holds. `index` and `tag` say which part of the node is running."""

    node: Any
    index: int
    tag: Any
    spot: Spot | None

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        """A part has ended; the frame is off the stack."""
        ...


@final
class Chain:
    """`Seq`: the next part, fed the last one's output."""

    __slots__ = ("index", "node", "rest", "spot", "tag")

    def __init__(self, node: Seq[Any, Any]) -> None:
        self.node = node
        self.index = -1
        self.tag = None
        self.spot: Spot | None = None
        self.rest: Iterator[Node] = iter(node.parts)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if signal == OK:
            part = next(self.rest, None)
            if part is not None:
                self.index += 1
                fiber.frames.append(self)
                return part, OK, value
        return None, signal, value


@final
class Passing:
    """A name, an arm: nothing happens but that the place has another path."""

    __slots__ = ("index", "node", "spot", "tag")

    def __init__(self, node: Node, index: int = 0) -> None:
        self.node = node
        self.index = index
        self.tag = None
        self.spot: Spot | None = None

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        return None, signal, value


@final
class Binding:
    """`WithParams`, `Limit`: names or pools for a part."""

    __slots__ = ("env", "index", "node", "pools", "spot", "tag")

    def __init__(self, node: Node, fiber: Fiber) -> None:
        self.node = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.env = fiber.env
        self.pools = fiber.pools

    @staticmethod
    def begin(
        machine: Machine, fiber: Fiber, node: WithParams[Any, Any] | Limit[Any, Any], value: Any
    ) -> Next:
        fiber.frames.append(Binding(node, fiber))
        if isinstance(node, WithParams):
            fiber.env = fiber.env.within(node)
        elif node.pool in machine.pools and node.pool not in fiber.pools:
            fiber.pools = (*fiber.pools, node.pool)
        return node.body, OK, value

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        fiber.env, fiber.pools = self.env, self.pools
        return None, signal, value


def matches(on: tuple[str, ...], cause: Fault, *, otherwise_all: bool) -> bool:
    """Whether a filter catches a fault: all its single faults must carry one of the tags.

    Without tags everything is caught or, unless `otherwise_all`, everything but defects.
    """
    for leaf in leaves(cause):
        if on:
            if not carries(leaf, on):
                return False
        elif not otherwise_all and "Defect" in leaf.tags:
            return False
    return True


@final
class Retrying:
    """`Retry`: the next attempt, after the schedule's delay."""

    __slots__ = ("delays", "index", "input", "node", "outer", "spot", "tag")

    def __init__(self, node: Retry[Any, Any], value: Any, fiber: Fiber) -> None:
        self.node = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.input = value if node.attempts > 1 else None
        self.outer = fiber.tries
        self.delays: Iterator[timedelta] | None = None
        fiber.tries = self.outer, 1

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        node = self.node
        if signal == WAIT:  # the delay is over
            fiber.frames.append(self)
            given = self.input
            if fiber.tries is not None and fiber.tries[1] >= node.attempts:
                self.input = None  # nobody else will read it
            return node.body, OK, given
        if signal == ERR and matches(node.on, value, otherwise_all=False):
            if self.delays is None:
                self.delays = islice(each(node.wait), node.attempts - 1)
            delay = next(self.delays, None)
            if delay is not None:
                return self._again(machine, fiber, delay // MICROSECOND, value)
        fiber.tries = self.outer
        return None, signal, value

    def _again(self, machine: Machine, fiber: Fiber, delay: int, cause: Fault) -> Next:
        assert fiber.tries is not None
        fiber.tries = self.outer, fiber.tries[1] + 1
        hints = [leaf.not_before for leaf in leaves(cause) if isinstance(leaf, Failed)]
        asked = max((hint for hint in hints if hint is not None), default=None)
        if asked is not None:
            cap = cap_of(self.node.wait)
            left = asked - machine.now()
            delay = max(delay, round(left if cap is None else min(left, cap // MICROSECOND)))
        machine.retries(fiber, delay, cause)
        fiber.frames.append(Resuming(self))
        return machine.delay(fiber, delay, None)


@final
class Resuming:
    """Between two attempts: tells the retry below it that its delay is over, or was cut."""

    __slots__ = ("index", "node", "retrying", "spot", "tag")

    def __init__(self, retrying: Retrying) -> None:
        self.retrying = retrying
        self.node = retrying.node
        self.index = 0
        self.tag = None
        self.spot = retrying.spot

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        return self.retrying.resume(machine, fiber, WAIT if signal == OK else signal, value)


@final
class Timing:
    """`Timeout`: a deadline of its own; catches the cut that it caused."""

    __slots__ = ("deadline", "index", "node", "outer", "scope", "spot", "tag", "timer")

    def __init__(self, node: Timeout[Any, Any], outer: Scope, deadline: int) -> None:
        self.node = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.outer = outer
        self.deadline = deadline
        self.scope = Scope(outer, min(deadline, outer.limit))
        self.timer: Timer | None = None

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: Timeout[Any, Any], value: Any) -> Next:
        deadline = machine.now() + node.limit // MICROSECOND
        frame = Timing(node, fiber.scope, deadline)
        if deadline <= fiber.scope.limit:
            frame.timer = machine.strike_at(deadline, frame.scope)
        fiber.frames.append(frame)
        fiber.scope = frame.scope
        return node.body, OK, value

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if self.timer is not None:
            machine.timers.drop(self.timer)
        self.scope.close()
        fiber.scope = self.outer
        if signal == INT and self.deadline <= self.outer.limit:
            fault: Fault = TimedOut(machine.path(fiber), self.node.limit)
            return None, ERR, fault if value is None else then(fault, value)
        return None, signal, value


@final
class FallingBack:
    """`Fallback`: the handler, on the same input, after a matching failure."""

    __slots__ = ("index", "input", "node", "spot", "tag")

    def __init__(self, node: Fallback[Any, Any], value: Any) -> None:
        self.node = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.input = value

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if signal == ERR and matches(self.node.on, value, otherwise_all=True):
            machine.caught(fiber, value)
            fiber.frames.append(Passing(self.node, 1))
            return self.node.handler, OK, self.input
        return None, signal, value


@final
class Finishing:
    """`Always`: the finaliser, out of reach of every deadline; then how the body ended."""

    __slots__ = ("ended", "index", "input", "node", "outer", "spot", "tag")

    def __init__(self, node: Always[Any, Any], value: Any) -> None:
        self.node = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.input = value
        self.ended: tuple[int, Any] | None = None
        self.outer: Scope | None = None

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if self.ended is None:
            self.ended, self.outer = (signal, value), fiber.scope
            self.index = 1
            fiber.scope = Scope(None, float("inf"), cuttable=False)
            fiber.frames.append(self)
            given, self.input = self.input, None
            return self.node.finaliser, OK, given
        assert self.outer is not None
        fiber.scope = self.outer
        before, first = self.ended
        if signal == OK:
            return None, before, first
        if before == OK:
            return None, signal, value
        return None, before, value if first is None else then(first, value)


@final
class Looping:
    """`LoopUntil`: another round, fed the last one's output, until the condition or a bound."""

    __slots__ = ("index", "node", "spot", "start", "tag")

    def __init__(self, node: LoopUntil[Any, Any], now: int) -> None:
        self.node = node
        self.index = 0
        self.tag = 1
        """The round, counted from 1."""
        self.spot: Spot | None = None
        self.start = now

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if signal != OK:
            return None, signal, value
        try:
            done = test(self.node.done, value, fiber.env.params)
        except BaseException as error:
            caught = error
        else:
            return (None, OK, value) if done else self._again(machine, fiber, value)
        return machine.undefined(machine.path(fiber), caught)

    def _again(self, machine: Machine, fiber: Fiber, value: Any) -> Next:
        node = self.node
        within = node.within
        late = within is not None and machine.now() > self.start + within // MICROSECOND
        if self.tag >= node.limit or late:
            if node.on_limit == "stop":
                return None, OK, value
            return None, ERR, Exhausted(machine.path(fiber), self.tag)
        if machine.stopping and machine.stopped(fiber):
            return None, INT, None
        self.tag += 1
        fiber.frames.append(self)
        return node.body, OK, value
