"""What stands on a fiber's stack while one part of a node is under way, its only one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, final

from fwf.algebra.nodes import Always, Fallback, LoopUntil, Node, Retry, Seq, Timeout
from fwf.algebra.schedule import cap_of, each
from fwf.faults import Exhausted, Failed, Fault, TimedOut, carries, leaves, then
from fwf.interpreters.dry_run.fibers import ERR, INT, OK, Around, Fiber, Next, Place

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.machine import Machine
MICROSECOND = timedelta(microseconds=1)


class Frame(Protocol):
    """What a stack holds."""

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        """The part has ended; the frame is off the stack."""
        ...


@final
class Chain:
    """`Seq`: a >> b is b from where a ended, unless a failed."""

    __slots__ = ("index", "node", "place", "rest")

    def __init__(self, node: Seq[Any, Any], place: Place) -> None:
        self.node = node
        self.place = place
        self.index = 0
        self.rest: Iterator[Node] = iter(node.parts)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        """The machine's loop does the same without a call."""
        part = next(self.rest, None) if signal == OK else None
        if part is None:
            return None, signal, value
        fiber.place = (self.place, self.node, self.index, None)
        self.index += 1
        fiber.frames.append(self)
        return part, OK, value


@final
class Restoring:
    """`WithParams`, `Limit`: what was around before holds again."""

    __slots__ = ("around",)

    def __init__(self, around: Around) -> None:
        self.around = around

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        fiber.around = self.around
        return None, signal, value


@final
class Retrying:
    """`Retry`: retry (d:ds) w = fallback(w, delay d >> retry ds w)."""

    __slots__ = ("around", "attempt", "delays", "input", "node", "place", "waiting")

    def __init__(self, node: Retry[Any, Any], fiber: Fiber, value: Any) -> None:
        self.node = node
        self.place = fiber.place
        self.input = value
        self.around = fiber.around
        self.attempt = 1
        self.waiting = False
        self.delays: Iterator[timedelta] | None = None
        fiber.around = self.around.attempt(1)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if self.waiting:
            self.waiting = False
            if signal == OK:
                fiber.place = self.place
                fiber.frames.append(self)
                return self.node.body, OK, self.input
        elif signal == ERR and matches(self.node.on, value, unless_told=False):
            if self.delays is None:
                self.delays = islice(each(self.node.wait), self.node.attempts - 1)
            delay = next(self.delays, None)
            if delay is not None:
                return self._again(machine, fiber, delay // MICROSECOND, value)
        fiber.around = self.around
        return None, signal, value

    def _again(self, machine: Machine, fiber: Fiber, delay: int, cause: Fault) -> Next:
        self.attempt += 1
        fiber.around = self.around.attempt(self.attempt)
        asked = [leaf.not_before for leaf in leaves(cause) if isinstance(leaf, Failed)]
        latest = max((at for at in asked if at is not None), default=None)
        if latest is not None:
            cap = cap_of(self.node.wait)
            left = latest - fiber.time
            delay = max(delay, round(left if cap is None else min(left, cap // MICROSECOND)))
        self.waiting = True
        fiber.frames.append(self)
        return machine.pause(fiber, delay, None)


def matches(on: tuple[str, ...], cause: Fault, *, unless_told: bool) -> bool:
    """Whether a filter takes a fault: whether it takes every leaf of it.

    Without tags it takes all or, if not `unless_told`, all but defects.
    """
    if on:
        return all(carries(leaf, on) for leaf in leaves(cause))
    return unless_told or all("Defect" not in leaf.tags for leaf in leaves(cause))


@final
class Timing:
    """`Timeout`: D' = min(D, s + d); a cut is its own if s + d ≤ D."""

    __slots__ = ("around", "deadline", "node", "place")

    def __init__(self, node: Timeout[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.around = fiber.around
        self.deadline = fiber.time + node.limit // MICROSECOND
        fiber.around = self.around.until(self.deadline)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        fiber.around = self.around
        if signal == INT and self.deadline <= self.around.limit():
            fault: Fault = TimedOut(machine.path(self.place), self.node.limit)
            return None, ERR, fault if value is None else then(fault, value)
        return None, signal, value


@final
class FallingBack:
    """`Fallback`: only on Err, from the same input; the last cause wins."""

    __slots__ = ("input", "node", "place")

    def __init__(self, node: Fallback[Any, Any], fiber: Fiber, value: Any) -> None:
        self.node = node
        self.place = fiber.place
        self.input = value

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if signal == ERR and matches(self.node.on, value, unless_told=True):
            fiber.place = (self.place, self.node, 1, None)
            return self.node.handler, OK, self.input
        return None, signal, value


@final
class Finishing:
    """`Always`: then the finaliser with D = ∞; both fail: Then(c₁, c₂)."""

    __slots__ = ("around", "ended", "input", "node", "place")

    def __init__(self, node: Always[Any, Any], fiber: Fiber, value: Any) -> None:
        self.node = node
        self.place = fiber.place
        self.input = value
        self.around = fiber.around
        self.ended: tuple[int, Any] | None = None

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if self.ended is None:
            self.ended = (signal, value)
            fiber.around = self.around.unbounded()
            fiber.place = (self.place, self.node, 1, None)
            fiber.frames.append(self)
            return self.node.finaliser, OK, self.input
        fiber.around = self.around
        before, first = self.ended
        if signal == OK:
            return None, before, first
        if before == OK:
            return None, signal, value
        return None, before, value if first is None else then(first, value)


@final
class Looping:
    """`LoopUntil`: w >> branch(p, id, loop_until(w, p, n - 1))."""

    __slots__ = ("node", "place", "round", "start")

    def __init__(self, node: LoopUntil[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.round = 1
        self.start = fiber.time

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if signal != OK:
            return None, signal, value
        node = self.node
        done = machine.holds(fiber, node.done, value, self.place, "the loop is done")
        if isinstance(done, BaseException):
            return None, ERR, machine.undefined(machine.path(self.place), done)
        if done:
            return None, OK, value
        within = node.within
        late = within is not None and fiber.time > self.start + within // MICROSECOND
        if self.round >= node.limit or late:
            if node.on_limit == "stop":
                return None, OK, value
            return None, ERR, Exhausted(machine.path(self.place), self.round)
        self.round += 1
        fiber.place = (self.place, node, 0, self.round)
        fiber.frames.append(self)
        return node.body, OK, value
