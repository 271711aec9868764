"""What stands on a fiber's stack while a part of a node runs, where the part is its only one.

`resume` finds in the fiber's registers how the part ended, and leaves there what comes next:
another node to run, a wait, or how the whole node ended. Where that is the same, it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, final

from fwf.algebra.nodes import (
    LoopUntil,
    Node,
    Retry,
    Seq,
    Timeout,
)
from fwf.algebra.schedule import Jitter, cap_of, draw, each
from fwf.durations import MICROSECOND
from fwf.faults import Exhausted, Failed, Fault, TimedOut, leaves, matches, then
from fwf.machine.fibers import ERR, INT, OK, Around, Fiber, Scope
from fwf.machine.memory import About, Mark, Memory
from fwf.machine.places import Place

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


class Frame(Protocol):
    """What a stack holds."""

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        """The part has ended; the frame is off the stack."""
        ...


def mark_at(machine: Machine, about: About, fiber: Fiber) -> Mark | None:
    """What is remembered of the place that a fiber is at, if the run is."""
    if machine.memory is None:
        return None
    return machine.memory.mark(about, fiber.place, fiber.tries, fiber.value)


@final
class Chaining:
    """`Seq`: a >> b is b, fed what a gave, unless a failed."""

    __slots__ = ("index", "node", "place", "rest")

    def __init__(self, node: Seq[Any, Any], place: Place) -> None:
        self.node = node
        self.place = place
        self.index = 0
        self.rest: Iterator[Node] = iter(node.parts)

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        """A part has failed or was cut; from one that is fine the machine's loop goes on itself."""


@final
class Restoring:
    """`WithParams`, `InPool`: what was around before holds again."""

    __slots__ = ("around",)

    def __init__(self, around: Around) -> None:
        self.around = around

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        fiber.around = self.around


@final
class Retrying:
    """`Retry`: retry (d:ds) w = fallback(w, delay d >> retry ds w)."""

    __slots__ = ("delays", "input", "mark", "node", "place", "uptakes", "used", "waiting")

    def __init__(self, node: Retry[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.input = fiber.value if node.attempts > 1 else None
        self.waiting = False
        """Whether it is the time between two attempts."""
        self.used = 1
        """How many attempts of its budget were begun: fewer than the attempt's number where an
        earlier try of the run had a budget of its own."""
        self.delays: Iterator[timedelta] | None = None
        self.mark: Mark | None = None
        self.uptakes = fiber.uptakes
        fiber.tries = fiber.tries, 1

    def recall(self, memory: Memory, fiber: Fiber) -> int:
        """Go on where an earlier try was ⟶ how long to wait before that, in µs."""
        assert fiber.tries is not None
        outer, _ = fiber.tries
        self.mark = memory.mark("retry", self.place, outer, fiber.value)
        state = self.mark.retry_state
        if state is None:
            return 0
        fiber.tries = outer, state.number
        self.used = state.used
        return state.wait

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        status = fiber.status
        if self.waiting:
            self.waiting = False
            if status is OK:
                self._begin(fiber)
                return
        elif status is ERR and matches(self.node.on, fiber.value, otherwise_all=False):
            if self.delays is None:
                delays = each(self.node.wait, partial(_factor, machine, self.place))
                self.delays = islice(delays, self.used - 1, self.node.attempts - 1)
            delay = next(self.delays, None)
            if delay is not None:
                self._wait(machine, fiber, delay // MICROSECOND, fiber.value)
                return
        assert fiber.tries is not None
        fiber.tries = fiber.tries[0]
        if self.mark is not None:
            self.mark.leave()

    def _begin(self, fiber: Fiber) -> None:
        """The next attempt."""
        fiber.frames.append(self)
        fiber.place = self.place
        fiber.run(self.node.body, self.input)
        if self.used >= self.node.attempts:
            self.input = None  # nobody else will read it

    def _wait(self, machine: Machine, fiber: Fiber, delay: int, cause: Fault) -> None:
        assert fiber.tries is not None
        outer, number = fiber.tries
        fiber.tries = outer, number + 1
        self.used += 1
        hints = [leaf.not_before for leaf in leaves(cause) if isinstance(leaf, Failed)]
        not_before = max((hint for hint in hints if hint is not None), default=None)
        if not_before is not None:
            cap = cap_of(self.node.wait)
            wait = not_before - machine.now()
            delay = max(delay, round(wait if cap is None else min(wait, cap // MICROSECOND)))
        if self.mark is not None:
            self.mark.retries(number + 1, self.used, delay, cause)
        if machine.tell is not None:
            at = machine.now() + delay
            machine.tell("retry", self.place, "", fiber.tries, at, cause)
        self.waiting = True
        fiber.uptakes = self.uptakes
        fiber.frames.append(self)
        fiber.end(OK, None)
        machine.pause(fiber, delay)


def _factor(machine: Machine, place: Place, jitter: Jitter, index: int) -> float:
    """What a jitter draws at a place of this run, for one of its delays."""
    return draw(jitter, index, machine.name.spread, machine.path(place))


@final
class Timing:
    """`Timeout`: a deadline of its own; catches the cut that it caused."""

    __slots__ = ("around", "deadline", "mark", "node", "place", "scope", "strikes")

    def __init__(self, machine: Machine, node: Timeout[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.around = fiber.around
        outer = self.around.scope
        within = node.within // MICROSECOND
        self.mark: Mark | None = None
        if machine.memory is not None:
            self.mark = machine.memory.mark("deadline", fiber.place, fiber.tries, fiber.value)
            within = self.mark.time_left(within)
        self.deadline = machine.now() + within
        self.scope = Scope(outer, min(self.deadline, outer.limit))
        self.strikes = self.deadline <= outer.limit
        if self.strikes:
            machine.timers.strike(self.deadline, self.scope)
        fiber.around = self.around.in_scope(self.scope)

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if self.strikes:
            machine.timers.spare(self.deadline, self.scope)
        self.scope.close()
        fiber.around = self.around
        if self.mark is not None:
            self.mark.leave()
        if machine.at_a_hold:
            return
        if fiber.status is INT and self.deadline <= self.around.scope.limit:
            path = machine.path(self.place)
            fault = machine.reword(self.place, TimedOut(path, self.node.within))
            fiber.end(ERR, fault if fiber.value is None else then(fault, fiber.value))


@final
class Looping:
    """`LoopUntil`: another round, fed the last one's output, until the condition or a bound."""

    __slots__ = ("earlier", "limit", "mark", "node", "place", "round", "start", "uptakes")

    def __init__(self, machine: Machine, node: LoopUntil[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.round = 1
        self.limit = node.limit
        self.uptakes = fiber.uptakes
        self.start = 0 if node.within is None else machine.now()
        self.mark: Mark | None = None
        self.earlier = 0, 0
        """What an earlier try had decided by the time."""
        if node.within is not None and machine.memory is not None:
            self.mark = machine.memory.mark("deadline", self.place, fiber.tries, fiber.value)
            within = node.within // MICROSECOND
            self.start -= within - self.mark.time_left(within)
            self.earlier = self.mark.rounds

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if fiber.status is OK:
            answer = machine.holds(fiber, self.node.done, self.place, "the loop is done")
            if isinstance(answer, BaseException):
                machine.end_undefined(fiber, machine.path(self.place), answer)
            elif not answer:
                self._again(machine, fiber)
        if self.mark is not None and fiber.node is None:
            self.mark.leave()

    def _again(self, machine: Machine, fiber: Fiber) -> None:
        node = self.node
        spent = self.round >= self.limit and not self._has_more(machine, fiber)
        if spent or self._is_late(machine):
            if node.on_limit != "stop":
                fault = Exhausted(machine.path(self.place), self.round)
                fiber.end(ERR, machine.reword(self.place, fault))
            return
        if machine.stopping and machine.is_stopped(fiber):
            fiber.end(INT, None)
            return
        if fiber.uptakes is not self.uptakes and machine.forgets(self.place):
            fiber.uptakes = self.uptakes
        self.round += 1
        if self.mark is not None and self.round > self.earlier[0]:
            self.mark.goes_on(self.round)
        fiber.place = (self.place, node, 0, self.round)
        fiber.frames.append(self)
        fiber.node = node.body

    def _has_more(self, machine: Machine, fiber: Fiber) -> bool:
        """Whether an earlier try failed for the limit here, so that this one has as many again."""
        if machine.memory is None or self.node.on_limit == "stop":
            return False
        mark = machine.memory.mark("loop", self.place, fiber.tries, fiber.value)
        gave_up = mark.gave_up(self.round)
        mark.leave()
        self.limit += self.node.limit if gave_up else 0
        return gave_up

    def _is_late(self, machine: Machine) -> bool:
        """Whether its time is over, or was in an earlier try."""
        if self.node.within is None:
            return False
        on, over = self.earlier
        if self.round < on or self.round == over:
            return self.round == over
        late = machine.now() > self.start + self.node.within // MICROSECOND
        if late and self.mark is not None:
            self.mark.is_over(self.round, settled=self.node.on_limit == "stop")
        return late
