"""What stands on a fiber's stack while its parts run as fibers of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

from returns.result import Failure, Success

from fwf.algebra.evaluation import Undefined, items_or_error
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Graph, MapEach, Par
from fwf.analysis.canonical import Nameless, text_of_key
from fwf.faults import BadInput, Fault, both, then
from fwf.machine.causal_past import Tally, before_parts, join_tallies
from fwf.machine.fibers import ERR, INT, OK, WAIT, Fiber, Scope, Status
from fwf.machine.log import Beside, Item
from fwf.machine.memory import Mark, Memory
from fwf.machine.places import Place
from fwf.machine.uptakes import Uptake, Uptakes, meeting
from fwf.secrets import masked
from fwf.types.arrival import value_kind
from fwf.worlds.unknown import Unknown

if TYPE_CHECKING:
    from fwf.machine.machine import Machine

N = TypeVar("N", bound="Par[Any, Any] | MapEach[Any, Any] | Graph[Any, Any]")


class Fork(Generic[N]):
    """A frame whose parts are fibers of their own; it stands on the stack until all are done."""

    __slots__ = (
        "around", "at_first", "bad", "depth", "fail_fast", "fiber", "first", "follows", "jump",
        "logs", "node", "open_parts", "past", "place", "tallies", "tries", "uptakes", "values",
    )  # fmt: skip

    def __init__(
        self, machine: Machine, fiber: Fiber, node: N, count: int, *, fail_fast: bool
    ) -> None:
        self.fiber = fiber
        """The one that waits."""
        self.node: N = node
        self.place = fiber.place
        self.tries = fiber.tries
        around = fiber.around
        scope = around.scope
        self.around = around.in_scope(Scope(scope, scope.limit)) if fail_fast else around
        self.past = before_parts(fiber)
        self.tallies: list[Tally] = []
        self.uptakes: dict[int, Uptakes] = {}
        """What was taken up in parts that are fine, by their numbers."""
        self.values: list[Any] = [None] * count
        self.bad: dict[int, tuple[Status, Any]] = {}
        """How the parts ended that are not fine, by their numbers."""
        self.open_parts = 0
        self.fail_fast = fail_fast
        self.follows = False
        """Whether anything is to be done when a part has ended."""
        self.first: int | None = None
        """When the first part failed, under fail-fast, and which ones did just then."""
        self.at_first: list[int] = []
        self.logs: list[Item] = [None] * count if machine.recording else []
        self.depth = fiber.depth + 1
        far = fiber.jump
        even = fiber.depth - far.depth == far.depth - far.jump.depth
        self.jump: Fiber = far.jump if even else fiber
        """That of the parts; see `Fiber.__lt__`."""

    def child_ended(self, machine: Machine, child: Fiber) -> None:
        """A part has ended."""
        index, status = child.index, child.status
        self.open_parts -= 1
        if machine.recording:
            self.logs[index] = child.log
        if child.own:
            self.tallies.append(child.own)
        if status is OK:
            self.values[index] = child.value
            if child.uptakes is not None:
                self.uptakes[index] = child.uptakes
        else:
            self.bad[index] = status, child.value
            if self.fail_fast and status is ERR:
                self._on_failure(machine, index)
        child.value = None
        if self.follows:
            self.follow(machine, child)

    def follow(self, machine: Machine, child: Fiber) -> None:
        """What to do now that a part has ended."""

    def on_hold(self, machine: Machine, index: int) -> None:
        """A part can't go on before a person has decided something: others need not wait for it."""

    def _on_failure(self, machine: Machine, index: int) -> None:
        """The first failure cuts the other parts, once what ends at that instant has ended."""
        now = machine.now()
        if self.first is None:
            self.first = now
            scope = self.around.scope
            scope.shrink(now)
            machine.timers.strike(now, scope)
        if self.first == now:
            self.at_first.append(index)

    def fault(self) -> tuple[Status, Any] | None:
        """How the whole ended, unless all its parts are fine."""
        if self.fail_fast:
            self.around.scope.close()
        if not self.bad:
            return None
        ends = [self.bad[index] for index in sorted(self.bad)]
        cuts: list[Fault] = [value for status, value in ends if status is INT and value is not None]
        if self.at_first:
            fault = both(self.bad[index][1] for index in sorted(self.at_first))
            return ERR, then(fault, both(cuts)) if cuts else fault
        if any(status is INT for status, _ in ends):
            return INT, both(cuts) if cuts else None
        return ERR, both(value for _, value in ends)

    def output(self) -> Any:
        """The value of the whole, when all parts are fine."""
        raise NotImplementedError

    def log(self) -> Item:
        """What happened in the parts."""
        return Beside(self.logs)

    def resume(self, machine: Machine, fiber: Fiber) -> None:
        """All parts have ended."""
        fiber.place = self.place
        if machine.recording:
            fiber.note(self.log())
        join_tallies(fiber, self.tallies)
        bad = self.fault()
        if bad is None:
            fiber.uptakes = meeting(fiber.uptakes, self.uptakes)
            fiber.end(OK, self.output())
        else:
            fiber.end(*bad)


def wait_for(
    machine: Machine, fiber: Fiber, frame: Fork[Any], children: list[Fiber], *, eager: bool = True
) -> None:
    """Let a fiber wait for parts; `eager`: they are all there will ever be at this instant."""
    fiber.frames.append(frame)
    fiber.status, fiber.value = WAIT, None
    machine.live -= 1
    machine.fork(children, eager=eager)


@final
class Joining(Fork[Par[Any, Any]]):
    """`Par`: all parts at once on one input."""

    __slots__ = ()

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: Par[Any, Any]) -> None:
        parts, value = node.parts, fiber.value
        if not parts:
            fiber.value = ()
            return
        frame = Joining(machine, fiber, node, len(parts), fail_fast=node.fail_fast)
        frame.open_parts = len(parts)
        around, tries, place, past = frame.around, frame.tries, frame.place, frame.past
        children = [
            Fiber(frame, index, around, tries, part, (place, node, index, None), value, past)
            for index, part in enumerate(parts)
        ]
        wait_for(machine, fiber, frame, children)

    def output(self) -> Any:
        return tuple(self.values)


@final
class Spreading(Fork[MapEach[Any, Any]]):
    """`MapEach`: the body on each item, leftmost first, at most `at_once` at a time."""

    __slots__ = ("faults", "items", "marks", "memory", "names", "next", "without")

    def __init__(
        self,
        machine: Machine,
        fiber: Fiber,
        node: MapEach[Any, Any],
        items: list[Any],
        names: list[str] | None,
    ) -> None:
        fail_fast = node.on_error == "fail_fast"
        super().__init__(machine, fiber, node, len(items), fail_fast=fail_fast)
        self.items = items
        self.names = names
        self.next = 0
        self.without: set[int] = set()
        """Items that are held, and have given up their slots."""
        self.faults: dict[int, Fault] = {}
        """Faults that are part of the output, by the number of the item."""
        collects = node.on_error == "collect" and machine.memory is not None
        self.memory: Memory | None = machine.memory if collects else None
        self.marks: dict[int, Mark] | None = {} if collects else None
        """What is remembered of the items under way, if such faults are."""

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: MapEach[Any, Any]) -> None:
        value = fiber.value
        if isinstance(value, Unknown):
            machine.assume(fiber.place, "the list has one item")
            value = [value.item()]
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            message = (
                f"map_each takes a list but is given {value_kind(value)}; make a list of it first"
            )
            fiber.end(ERR, BadInput(machine.path(fiber.place), message))
            return
        items = items_or_error(cast("Sequence[Any]", value))  # type: ignore[redundant-cast]
        if isinstance(items, BaseException):
            machine.end_undefined(fiber, machine.path(fiber.place), items)
            return
        names = None
        if node.key is not None:
            names = _names(machine, fiber, node.key, items)
            if names is None:
                return
        if machine.memory is not None:
            keys = names if names is not None else [str(n) for n in range(len(items))]
            if not machine.memory.knows_items(fiber, keys):
                return
        if not items:
            fiber.value = []
            return
        frame = Spreading(machine, fiber, node, items, names)
        width = len(items) if node.at_once is None else min(node.at_once, len(items))
        frame.follows = width < len(items) or node.on_error == "collect"
        fibers = frame.begin_some(width)
        if fibers:
            wait_for(machine, fiber, frame, fibers)
        else:
            fiber.uptakes = meeting(fiber.uptakes, frame.uptakes)
            fiber.value = frame.output()

    def begin_some(self, width: int) -> list[Fiber]:
        """Fibers for items, so many if there are as many left."""
        fibers = self.begin_next(width)
        while len(fibers) < width and self.next < len(self.items):
            fibers += self.begin_next(1)
        return fibers

    def begin_next(self, width: int) -> list[Fiber]:
        """Fibers for the next items, so many, but for those whose fault is remembered."""
        first, self.next = self.next, self.next + width
        self.open_parts += width
        items, self.items[first : self.next] = self.items[first : self.next], [None] * width
        names = self.names[first : self.next] if self.names else range(first, self.next)
        node, body, around, tries = self.node, self.node.body, self.around, self.tries
        place, past = self.place, self.past
        fibers = [
            Fiber(self, index, around, tries, body, (place, node, 0, name), item, past)
            for index, (name, item) in enumerate(zip(names, items, strict=True), first)
        ]
        return fibers if self.marks is None else self._without_known_faults(fibers)

    def _without_known_faults(self, fibers: list[Fiber]) -> list[Fiber]:
        """Those whose fault isn't known from an earlier try."""
        fresh: list[Fiber] = []
        for fiber in fibers:
            mark = self._mark(fiber)
            fault = mark.fault
            if fault is None:
                fresh.append(fiber)
            else:
                self.open_parts -= 1
                self._collects(fiber.index, fault)
                mark.leave()
        return fresh

    def _mark(self, fiber: Fiber) -> Mark:
        """What is remembered of an item, from now on."""
        memory = self.memory
        assert memory is not None and self.marks is not None
        mark = memory.mark("caught", fiber.place, fiber.tries, fiber.value)
        self.marks[fiber.index] = mark
        return mark

    def follow(self, machine: Machine, child: Fiber) -> None:
        status = child.status
        if status is ERR and self.node.on_error == "collect":
            self._collect(machine, child)
        elif status is INT or (status is ERR and self.fail_fast):
            return  # its slot is lost
        if self.marks is not None:
            self.marks.pop(child.index).leave()
        self._begin_another(machine)

    def on_hold(self, machine: Machine, index: int) -> None:
        if index not in self.without:
            self.without.add(index)
            self._begin_another(machine)

    def _begin_another(self, machine: Machine) -> None:
        if self.next < len(self.items):
            fibers = self.begin_some(1)
            if fibers:
                machine.fork(fibers, eager=True, later=True)

    def _collect(self, machine: Machine, child: Fiber) -> None:
        _, cause = self.bad.pop(child.index)
        self._collects(child.index, cause)
        if self.marks is not None:
            self.marks[child.index].catches(cause, settled=True)
        if machine.tell is not None:
            place = self._item(child.index)
            machine.tell("caught", place, "", child.tries, machine.now(), cause)

    def _collects(self, index: int, fault: Fault) -> None:
        """A fault is part of the output."""
        self.faults[index] = fault
        self.uptakes[index] = Uptake(self._item(index), fault, None)

    def _item(self, index: int) -> Place:
        name = index if self.names is None else self.names[index]
        return self.place, self.node, 0, name

    def output(self) -> Any:
        if self.node.on_error != "collect":
            return self.values
        faults = self.faults
        return [
            Failure(faults[index]) if index in faults else Success(value)
            for index, value in enumerate(self.values)
        ]


def _names(machine: Machine, fiber: Fiber, key: Expr, items: list[Any]) -> list[str] | None:
    """The items' keys, which must differ; None if they don't, which then is the fiber's end.

    An unknown key goes by its number.
    """
    place = fiber.place
    names: dict[str, int] = {}
    for index, item in enumerate(items):
        name = _name(machine, fiber, key, index, item)
        if isinstance(name, BaseException):
            machine.end_undefined(fiber, machine.path(place), name, f"key of item {index}: ")
            return None
        if name in names:
            key_text = masked(repr(name))
            message = f"items {names[name]} and {index} have the same key {key_text}"
            fiber.end(ERR, BadInput(machine.path(place), message))
            return None
        names[name] = index
    return list(names)


_BY = "write key=it.id, or give the class a __str__"


def _name(machine: Machine, fiber: Fiber, key: Expr, index: int, item: Any) -> str | BaseException:
    """An item's key as it stands in paths, or why it has none."""
    try:
        name = machine.evaluate(fiber, key, item)
        return str(index) if isinstance(name, Unknown) else text_of_key(name)
    except Nameless as error:
        return Undefined(f"it{error}; an item goes by a text, a number or the like: {_BY}")
    except BaseException as error:
        return error
