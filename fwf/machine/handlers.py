"""What stands on a fiber's stack while a part runs of which a handler or a finaliser takes the end.

What a handler chose, what became a value, and what was given back are remembered, if the run is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from returns.result import Failure, Success

from fwf.algebra.nodes import Always, AsResult, Extension, Fallback
from fwf.faults import Failed, Fault, matches, then
from fwf.machine.fibers import ERR, OK, Fiber, Status
from fwf.machine.frames import mark_at
from fwf.machine.memory import Mark, Memory
from fwf.machine.uptakes import Uptake

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


@final
class FallingBack:
    """`Fallback`: the handler, on the same input, after a matching failure."""

    __slots__ = ("input", "mark", "node", "place", "uptakes")

    def __init__(self, machine: Machine, node: Fallback[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.uptakes = fiber.uptakes
        self.input = fiber.value
        self.mark = mark_at(machine, "caught", fiber)

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if fiber.status is ERR and matches(self.node.on, fiber.value, otherwise_all=True):
            if machine.tell is not None:
                machine.tell("caught", self.place, "", fiber.tries, machine.now(), fiber.value)
            if self.mark is not None:
                self.mark.catches(fiber.value, settled=False)
            self.fall_back(fiber, fiber.value)
        elif self.mark is not None:
            self.mark.leave()

    def fall_back(self, fiber: Fiber, fault: Fault) -> None:
        """Go on with the handler."""
        fiber.uptakes = Uptake(self.place, fault, self.uptakes)
        if self.mark is not None:
            fiber.frames.append(Settling(self.mark))
        fiber.place = (self.place, self.node, 1, None)
        fiber.status = OK
        fiber.run(self.node.handler, self.input)


@final
class Settling:
    """`Fallback` in a run that is remembered, while the handler runs: if that is fine, it stays."""

    __slots__ = ("mark",)

    def __init__(self, mark: Mark) -> None:
        self.mark = mark

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if fiber.status is OK:
            self.mark.settles()
        self.mark.leave()


@final
class Catching:
    """`AsResult`: how the part ended, as a value; what was cut stays cut."""

    __slots__ = ("mark", "node", "place", "uptakes")

    def __init__(self, machine: Machine, node: AsResult[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.uptakes = fiber.uptakes
        self.mark = mark_at(machine, "caught", fiber)

    def leave(self) -> None:
        """The part is over."""
        if self.mark is not None:
            self.mark.leave()

    def fails(self, fiber: Fiber, fault: Fault) -> None:
        """Give the fault as a value."""
        fiber.uptakes = Uptake(self.place, fault, self.uptakes)
        fiber.end(OK, Failure(fault))

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if fiber.status is OK:
            fiber.value = Success(fiber.value)
        elif fiber.status is ERR:
            if self.mark is not None:
                self.mark.catches(fiber.value, settled=True)
            if machine.tell is not None and not machine.is_joint(self.place, self.node):
                machine.tell("caught", self.place, "", fiber.tries, machine.now(), fiber.value)
            self.fails(fiber, fiber.value)
        self.leave()


@final
class Finishing:
    """`Always`: the finaliser, out of reach of every deadline; then how the body ended.

    In a run that is remembered it may have been done in an earlier try, together with the body.
    """

    __slots__ = ("around", "body_end", "input", "lent", "mark", "node", "place")

    def __init__(self, machine: Machine, node: Always[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.input = fiber.value
        self.around = fiber.around
        self.body_end: tuple[Status, Any] | None = None
        around = fiber.frames[-2] if len(fiber.frames) > 1 else None
        self.lent = isinstance(around, Borrowing)
        """Whether the finaliser gives back what the part before was lent."""
        self.mark = (
            around.mark if isinstance(around, Borrowing) else mark_at(machine, "done", fiber)
        )

    def give_back(self, fiber: Fiber) -> None:
        """Do the finaliser that an earlier try has begun; then borrow anew."""
        self._finish(fiber, ERR, AGAIN)

    def _finish(self, fiber: Fiber, status: Status, value: Any) -> None:
        """Do the finaliser now that the body has ended so."""
        self.body_end = status, value
        fiber.around = self.around.unbounded()
        fiber.place = (self.place, self.node, 1, None)
        fiber.frames.append(self)
        fiber.status = OK
        fiber.run(self.node.finaliser, self.input)
        self.input = None

    def _leave(self, fiber: Fiber) -> None:
        """Remember how it went."""
        if self.mark is not None and self.body_end is not None:
            gave_back = self.body_end[0] is not OK
            if fiber.status is OK and (self.lent or not gave_back):
                self.mark.finishes(gave_back=gave_back)
            self.leave()

    def leave(self) -> None:
        """The part is over; what was lent is so with the extension."""
        if self.mark is not None and not self.lent:
            self.mark.leave()

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        mark = self.mark
        if self.body_end is None:
            if mark is not None and mark.is_done and fiber.status is OK:
                self.leave()
                return
            if mark is not None and self.lent and fiber.status is not OK:
                mark.begins_to_give_back()
            self._finish(fiber, fiber.status, fiber.value)
            return
        self._leave(fiber)
        fiber.around = self.around
        before, first = self.body_end
        if fiber.status is OK:
            fiber.end(before, first)
        elif before is not OK:
            fiber.end(before, fiber.value if first is None else then(first, fiber.value))


AGAIN: Final = Failed("", ("Again",), "what a finaliser gave back is to be borrowed anew")
"""What ends a part of which only the finaliser was to be done; `Borrowing` takes it up."""


@final
class Borrowing:
    """An extension one part of which lends the others something that its finaliser gives back.

    What that part gave doesn't outlast the finaliser. If the process died in it, it is done first.
    """

    __slots__ = ("input", "mark", "node", "place")

    def __init__(self, memory: Memory, node: Extension[Any, Any], fiber: Fiber) -> None:
        self.node = node
        self.place = fiber.place
        self.input = fiber.value
        self.mark = memory.mark("done", fiber.place, fiber.tries, fiber.value)

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        if fiber.value is AGAIN:
            fiber.frames.append(self)
            fiber.place = (self.place, self.node, 0, None)
            fiber.status = OK
            fiber.run(self.node.meaning, self.input)
        else:
            self.mark.leave()
