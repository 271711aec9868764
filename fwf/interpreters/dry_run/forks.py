"""What stands on a fiber's stack while several parts of a node are under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast, final

from returns.result import Failure, Success

from fwf.algebra.evaluation import listed
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Graph, MapEach, Node, Par
from fwf.algebra.unknown import Unknown
from fwf.faults import BadInput, Fault, both, then
from fwf.interpreters.dry_run.fibers import ERR, INT, OK, WAIT, Fiber, Next, Place, Position, Scope
from fwf.interpreters.dry_run.history import Past, Tally, before_parts, joined
from fwf.interpreters.dry_run.log import Beside, Woven
from fwf.interpreters.dry_run.scripts import kind_of
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.machine import Machine

WAITING: Next = (None, WAIT, None)


class Fork:
    """A node whose parts are fibers of their own; it stands on the stack until all have ended."""

    __slots__ = (
        "around",
        "causes",
        "children",
        "cuts",
        "end",
        "fiber",
        "first",
        "interrupted",
        "left",
        "logs",
        "node",
        "past",
        "place",
        "position",
        "scope",
        "start",
        "tallies",
        "values",
    )

    def __init__(
        self, node: Node, fiber: Fiber, count: int, fail_fast: bool, ordered: bool
    ) -> None:
        around = fiber.around
        self.node = node
        self.fiber = fiber
        self.place = fiber.place
        self.start = self.end = fiber.time
        self.scope = Scope(around.limit()) if fail_fast else None
        self.around = around.scoped(self.scope, ordered or around.ordered)
        self.past: Past | None = before_parts(fiber)
        self.left = 0
        self.values: list[Any] = [None] * count
        self.logs: list[Any] = [None] * count
        self.causes: list[Fault] = []
        self.cuts: list[Fault] = []
        self.tallies: list[Tally] = []
        self.interrupted = False
        self.position: Position | None = None
        self.first: int | None = None
        """When the first part failed, under fail-fast."""
        self.children: dict[int, Fiber] = {}
        """The parts under way, by index; kept only where the order matters."""

    def started(self, child: Fiber) -> Fiber:
        """Wait for a part from now on."""
        self.left += 1
        if self.around.ordered:
            self.children[child.index] = child
        return child

    def child_ended(self, machine: Machine, child: Fiber, signal: int, value: Any) -> None:
        """A part has ended."""
        index = child.index
        self.left -= 1
        if self.around.ordered:
            del self.children[index]
        if child.time > self.end:
            self.end = child.time
        log = child.log
        self.logs[index] = log[0] if len(log) == 1 else log
        if child.own:
            self.tallies.append(child.own)
        if signal == OK:
            self.values[index] = value
        elif signal == INT:
            self.interrupted = True
            if value is not None:
                self.cuts.append(value)
        elif self.scope is None:
            self.failed(index, value)
        elif self.first is None or self.first == child.time:
            if self.first is None:
                self.first = child.time
                machine.strike(self, child.time)
            self.causes.append(value)
        self.follow(machine, child, signal)

    def failed(self, index: int, cause: Fault) -> None:
        """A part has failed where the others go on."""
        self.causes.append(cause)

    def follow(self, machine: Machine, child: Fiber, signal: int) -> None:
        """What to start next, now that a part has ended."""

    def output(self) -> Any:
        """The value of the whole, when all parts are fine."""
        raise NotImplementedError

    def trace(self) -> Any:
        """What happened, for the log."""
        return Beside(self.logs)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        """All parts have ended."""
        fiber.time = self.end
        fiber.log.append(self.trace())
        joined(fiber, self.tallies)
        if self.first is not None:
            fault = both(self.causes)
            return None, ERR, then(fault, both(self.cuts)) if self.cuts else fault
        if self.interrupted:
            return None, INT, both(self.cuts) if self.cuts else None
        if self.causes:
            return None, ERR, both(self.causes)
        return None, OK, self.output()


class Rows(Fork):
    """Parts that don't wait for one another, started leftmost first, so many at a time.

    Where nobody sees the order, one starts when the one before it has been followed to its end,
    so that a million parts take no room.
    """

    __slots__ = ("next",)

    def begin(self, machine: Machine, at_once: int | None) -> Next:
        """Start the first of them."""
        width = len(self.values)
        if at_once is not None and at_once < width:
            width = at_once
        self.next = 0
        self.fiber.frames.append(self)
        if not self.around.ordered:
            width = 1
        machine.ready.extend(reversed([self._child(self.start) for _ in range(width)]))
        return WAITING

    def _child(self, time: int) -> Fiber:
        index = self.next
        self.next += 1
        node, place, value = self.part(index)
        child = Fiber(self.fiber, index, self.around, node, place, time, value, self.past)
        return self.started(child)

    def part(self, index: int) -> tuple[Node, Place, Any]:
        """A part, where it stands, and its input."""
        raise NotImplementedError

    def child_ended(self, machine: Machine, child: Fiber, signal: int, value: Any) -> None:
        """The usual case without further calls: it is what wide fans spend their time on."""
        if signal != OK or self.around.ordered or child.own is not None:
            super().child_ended(machine, child, signal, value)
            return
        index, log = child.index, child.log
        if child.time > self.end:
            self.end = child.time
        self.values[index] = value
        self.logs[index] = log[0] if len(log) == 1 else log
        if self.next >= len(self.values):
            self.left = 0
        else:
            self._again(machine, child)

    def follow(self, machine: Machine, child: Fiber, signal: int) -> None:
        if self.next >= len(self.values):
            return
        if not self.around.ordered:
            self.left += 1
            self._again(machine, child)
        elif signal == OK or (signal == ERR and self.scope is None):
            machine.ready.append(self._child(child.time))

    def _again(self, machine: Machine, child: Fiber) -> None:
        """Let the fiber of a part that has ended run the next one; nobody else looks at it."""
        child.index = index = self.next
        self.next = index + 1
        child.node, child.place, child.value = self.part(index)
        child.time = self.start
        child.signal, child.own = OK, None
        if len(child.log) == 1:
            child.log.clear()
        else:
            child.log = []
        machine.ready.append(child)


@final
class Joining(Rows):
    """`Par`: all parts from (x, s, D); end = max."""

    __slots__ = ("input",)
    node: Par[Any, Any]

    def __init__(self, node: Par[Any, Any], fiber: Fiber, value: Any) -> None:
        super().__init__(node, fiber, len(node.parts), node.fail_fast, False)
        self.input = value

    def part(self, index: int) -> tuple[Node, Place, Any]:
        node = self.node
        return node.parts[index], (self.place, node, index, None), self.input

    def output(self) -> Any:
        return tuple(self.values)


@final
class Spreading(Rows):
    """`MapEach`: par over the items of a list."""

    __slots__ = ("items", "names")
    node: MapEach[Any, Any]

    def __init__(
        self, node: MapEach[Any, Any], fiber: Fiber, items: Sequence[Any], names: list[str] | None
    ) -> None:
        few = node.at_once is not None and node.at_once < len(items)
        super().__init__(node, fiber, len(items), node.on_error == "fail_fast", few)
        self.items = items
        self.names = names

    def part(self, index: int) -> tuple[Node, Place, Any]:
        node, name = self.node, index if self.names is None else self.names[index]
        return node.body, (self.place, node, 0, name), self.items[index]

    def failed(self, index: int, cause: Fault) -> None:
        if self.node.on_error == "collect":
            self.values[index] = Failure(cause)
        else:
            self.causes.append(cause)

    def output(self) -> Any:
        if self.node.on_error != "collect":
            return self.values
        return [one if isinstance(one, Failure) else Success(one) for one in self.values]


def spread(machine: Machine, fiber: Fiber, node: MapEach[Any, Any], value: Any) -> Next:
    """Start a `map_each`, if its input is a list and its keys differ."""
    given = kind_of(value)
    if isinstance(value, Unknown):
        machine.assume(fiber.place, "the list has one item")
        value = [value.item()]
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        said = f"map_each takes a list but is given a {given}; make a list of it first"
        return None, ERR, BadInput(machine.path(fiber.place), said)
    items = listed(cast("Sequence[Any]", value))  # type: ignore[redundant-cast]
    if isinstance(items, BaseException):
        return None, ERR, machine.undefined(machine.path(fiber.place), items)
    names = None if node.key is None else _names(machine, fiber, node, items)
    if names is not None and not isinstance(names, list):
        return None, ERR, names
    if not items:
        return None, OK, []
    return Spreading(node, fiber, items, names).begin(machine, node.at_once)


def _names(
    machine: Machine, fiber: Fiber, node: MapEach[Any, Any], items: Sequence[Any]
) -> list[str] | Fault:
    """The items' keys, which must differ; an unknown one goes by its number."""
    assert node.key is not None
    names: dict[str, int] = {}
    for index, item in enumerate(items):
        name = _name(machine, fiber, node.key, index, item)
        if isinstance(name, BaseException):
            path, said = machine.path(fiber.place), f"key of item {index}: "
            return machine.undefined(path, name, said)
        if name in names:
            said = f"items {names[name]} and {index} have the same key {masked(repr(name))}"
            return BadInput(machine.path(fiber.place), said)
        names[name] = index
    return list(names)


def _name(machine: Machine, fiber: Fiber, key: Expr, index: int, item: Any) -> str | BaseException:
    """An item's key as it stands in paths, or why it has none."""
    try:
        name = machine.evaluate(fiber, key, item)
        return str(index) if isinstance(name, Unknown) else str(name)
    except BaseException as error:
        return error


@final
class Weaving(Fork):
    """`Graph`: each step at the latest end of those that it waits for, unless one of them erred."""

    __slots__ = ("before", "followers", "input", "ready_at", "tally_of", "waits")
    node: Graph[Any, Any]

    def __init__(self, node: Graph[Any, Any], fiber: Fiber, value: Any) -> None:
        count = len(node.steps)
        super().__init__(node, fiber, count, False, False)
        self.input = value
        self.before: list[tuple[int, ...]] = []
        self.followers: list[list[int]] = [[] for _ in range(count)]
        self.ready_at = [self.start] * count
        self.tally_of: dict[int, Tally] = {}
        for index, step in enumerate(node.steps):
            before = sorted({at for at in (*step.inputs, *step.after) if at >= 0})
            self.before.append(tuple(before))
            for at in before:
                self.followers[at].append(index)
        self.waits = [len(before) for before in self.before]

    def begin(self, machine: Machine) -> Next:
        """Start the steps that wait for nothing but the graph's input."""
        first = [index for index, waits in enumerate(self.waits) if not waits]
        if not first:
            return None, OK, self.output()
        self.fiber.frames.append(self)
        machine.ready.extend(reversed([self.step(index) for index in first]))
        return WAITING

    def step(self, index: int) -> Fiber:
        step = self.node.steps[index]
        values = tuple([self.result(at) for at in step.inputs])
        value = values[0] if len(values) == 1 else values or None
        place = (self.place, self.node, index, None)
        time, past = self.ready_at[index], self._past(index)
        return self.started(
            Fiber(self.fiber, index, self.around, step.body, place, time, value, past)
        )

    def result(self, at: int) -> Any:
        """What a step gave, or what the graph was given."""
        if at >= 0:
            return self.values[at]
        if self.node.arity == 1:
            return self.input
        return self.input.field(-1 - at) if isinstance(self.input, Unknown) else self.input[-1 - at]

    def follow(self, machine: Machine, child: Fiber, signal: int) -> None:
        if child.own:
            self.tally_of[child.index] = child.own
        if signal != OK:
            return
        ready: list[int] = []
        for index in self.followers[child.index]:
            self.ready_at[index] = max(self.ready_at[index], child.time)
            self.waits[index] -= 1
            if not self.waits[index]:
                ready.append(index)
        machine.ready.extend(reversed([self.step(index) for index in ready]))

    def _past(self, index: int) -> Past | None:
        """The past of a step: what happened in the steps that lead to it, each counted once."""
        if not self.tally_of:
            return self.past
        total: Tally = {}
        seen: set[int] = set()
        todo = list(self.before[index])
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            todo.extend(self.before[at])
            for key, n in self.tally_of.get(at, {}).items():
                total[key] = total.get(key, 0) + n
        return Past(total, self.past) if total else self.past

    def output(self) -> Any:
        outputs = self.node.outputs
        if isinstance(outputs, int):
            return self.result(outputs)
        return tuple([self.result(at) for at in outputs])

    def trace(self) -> Any:
        return Woven(self.logs, self.before)


def weave(machine: Machine, fiber: Fiber, node: Graph[Any, Any], value: Any) -> Next:
    """Start a graph, if its input has the right number of parts."""
    given = kind_of(value)
    fits = node.arity < 2 or isinstance(value, Unknown)
    if not fits and not (isinstance(value, tuple) and len(cast(Any, value)) == node.arity):
        said = f"takes a tuple of {node.arity} inputs but is given a {given}"
        return None, ERR, BadInput(machine.path(fiber.place), said)
    return Weaving(node, fiber, value).begin(machine)
