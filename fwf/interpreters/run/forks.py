"""What stands on a fiber's stack while its parts run as fibers of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

from returns.result import Failure, Success

from fwf.algebra.evaluation import evaluate, listed
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Graph, MapEach, Par
from fwf.algebra.paths import Spot
from fwf.algebra.trace import Partial, parallel, series
from fwf.faults import BadInput, both, then
from fwf.interpreters.run.calls import ERR, INT, OK, as_tuple, kind
from fwf.interpreters.run.fibers import Fiber, Scope
from fwf.interpreters.run.frames import WAITING, Next
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.interpreters.run.machine import Machine

N = TypeVar("N", Par[Any, Any], MapEach[Any, Any], Graph[Any, Any])


class Forked(Generic[N]):
    """A frame whose parts are fibers of their own; it stands on the stack until all are done."""

    __slots__ = ("ends", "fail_fast", "failed_at", "index", "left", "node", "scope", "spot", "tag")

    def __init__(self, node: N, fiber: Fiber, count: int, fail_fast: bool) -> None:
        self.node: N = node
        self.index = 0
        self.tag = None
        self.spot: Spot | None = None
        self.ends: list[tuple[int, Any]] = [(INT, None)] * count
        self.left = 0
        self.fail_fast = fail_fast
        self.failed_at: dict[int, int] = {}
        outer = fiber.scope
        self.scope = Scope(outer, outer.limit) if fail_fast else outer

    def child_ended(self, machine: Machine, fiber: Fiber, child: Fiber) -> None:
        """A part has ended; called by the machine, with the fiber that waits."""
        self.ends[child.index] = (child.signal, child.value)
        child.value = None
        self.left -= 1
        if self.fail_fast and child.signal == ERR:
            now = machine.now()
            self.failed_at[child.index] = now
            if len(self.failed_at) == 1:
                self.scope.shrink(now)
                machine.strike_at(now, self.scope)
        self.follow(machine, fiber, child)

    def follow(self, machine: Machine, fiber: Fiber, child: Fiber) -> None:
        """What to start next, now that a part has ended."""

    def verdict(self, ends: Sequence[tuple[int, Any]]) -> Next | None:
        """How the whole ended, unless all its parts are fine."""
        if self.fail_fast:
            self.scope.close()
        cut = [value for signal, value in ends if signal == INT and value is not None]
        if self.failed_at:
            first = min(self.failed_at.values())
            at_once = [ends[index][1] for index, at in self.failed_at.items() if at == first]
            fault = both(at_once)
            return None, ERR, then(fault, both(cut)) if cut else fault
        if any(signal == INT for signal, _ in ends):
            return None, INT, both(cut) if cut else None
        faults = [value for signal, value in ends if signal == ERR]
        return (None, ERR, both(faults)) if faults else None


@final
class Joining(Forked[Par[Any, Any]]):
    """`Par`: all parts at once on one input."""

    __slots__ = ("children",)

    def __init__(self, node: Par[Any, Any], fiber: Fiber) -> None:
        super().__init__(node, fiber, len(node.parts), node.fail_fast)
        self.children: list[Fiber] = []

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: Par[Any, Any], value: Any) -> Next:
        if not node.parts:
            return None, OK, ()
        frame = Joining(node, fiber)
        scope = frame.scope
        frame.children = [
            Fiber(fiber, index, None, part, value, scope) for index, part in enumerate(node.parts)
        ]
        frame.left = len(frame.children)
        fiber.frames.append(frame)
        machine.fork(frame.children, eager=True)
        return WAITING

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if machine.recording:
            fiber.trace.append(parallel([series(child.trace) for child in self.children]))
        bad = self.verdict(self.ends)
        return bad or (None, OK, tuple([value for _, value in self.ends]))


@final
class Spreading(Forked[MapEach[Any, Any]]):
    """`MapEach`: the body on each item, leftmost first, at most `at_once` at a time."""

    __slots__ = ("children", "items", "names", "next")

    def __init__(
        self, node: MapEach[Any, Any], fiber: Fiber, items: list[Any], names: list[str]
    ) -> None:
        super().__init__(node, fiber, len(items), node.on_error == "fail_fast")
        self.items = items
        self.names = names
        self.next = 0
        self.children: list[Fiber] = []

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: MapEach[Any, Any], value: Any) -> Next:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            said = f"map_each takes a list but is given a {kind(value)}; make a list of it first"
            return None, ERR, BadInput(machine.path(fiber), said)
        items = listed(cast("Sequence[Any]", value))  # type: ignore[redundant-cast]
        if isinstance(items, BaseException):
            return machine.undefined(machine.path(fiber), items)
        names = _names(machine, fiber, node, items)
        if not isinstance(names, list):
            return names
        if not items:
            return None, OK, []
        frame = Spreading(node, fiber, items, names)
        fiber.frames.append(frame)
        width = len(items) if node.at_once is None else min(node.at_once, len(items))
        machine.fork([frame.next_child(fiber) for _ in range(width)], eager=True)
        return WAITING

    def next_child(self, fiber: Fiber) -> Fiber:
        at = self.next
        self.next += 1
        self.left += 1
        item, self.items[at] = self.items[at], None
        child = Fiber(fiber, at, self.names[at], self.node.body, item, self.scope)
        self.children.append(child)
        return child

    def follow(self, machine: Machine, fiber: Fiber, child: Fiber) -> None:
        if child.signal == ERR and self.node.on_error == "collect":
            machine.caught(child, self.ends[child.index][1])
        lost = child.signal == INT or (child.signal == ERR and self.fail_fast)
        if not lost and self.next < len(self.items):
            machine.fork([self.next_child(fiber)], joined=False, eager=True)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if machine.recording:
            fiber.trace.append(parallel([series(child.trace) for child in self.children]))
        if self.node.on_error == "collect" and not any(end == INT for end, _ in self.ends):
            results = [Success(v) if end == OK else Failure(v) for end, v in self.ends]
            return None, OK, results
        return self.verdict(self.ends) or (None, OK, [value for _, value in self.ends])


def _names(
    machine: Machine, fiber: Fiber, node: MapEach[Any, Any], items: list[Any]
) -> list[str] | Next:
    """The items' names in paths: their keys, which must differ, or their numbers."""
    if node.key is None:
        return [str(index) for index in range(len(items))]
    path = machine.path(fiber)
    names: dict[str, int] = {}
    for index, item in enumerate(items):
        name = _name(node.key, item, fiber.env.params)
        if isinstance(name, BaseException):
            return machine.undefined(path, name, f"key of item {index}: ")
        if name in names:
            shown = masked(repr(name))
            said = f"items {names[name]} and {index} have the same key {shown}"
            return None, ERR, BadInput(path, said)
        names[name] = index
    return list(names)


def _name(key: Expr, item: Any, params: Mapping[str, Any]) -> str | BaseException:
    """An item's key as it stands in paths, or why it has none."""
    try:
        return str(evaluate(key, item, params))
    except BaseException as error:
        return error


@final
class Ordering(Forked[Graph[Any, Any]]):
    """`Graph`: each step when the steps that it waits for are done; skipped if one failed.

    A value is kept until the last step that reads it has it, or, if it is an output, to the end.
    """

    __slots__ = ("children", "followers", "readers", "skipped", "values", "waits")

    def __init__(self, node: Graph[Any, Any], fiber: Fiber, given: Sequence[Any]) -> None:
        super().__init__(node, fiber, len(node.steps), False)
        self.values: dict[int, Any] = {}
        """What steps gave, by their numbers; and what the graph was given, -1 being the first."""
        self.readers: dict[int, int] = dict.fromkeys(_outputs(node), 1)
        """How often each value will be read."""
        self.waits: list[int] = []
        self.followers: list[list[int]] = [[] for _ in node.steps]
        self.skipped: set[int] = set()
        self.children: list[Fiber | None] = [None] * len(node.steps)
        for index, step in enumerate(node.steps):
            before = {at for at in (*step.inputs, *step.after) if at >= 0}
            self.waits.append(len(before))
            for at in before:
                self.followers[at].append(index)
            for at in {*step.inputs}:
                self.readers[at] = self.readers.get(at, 0) + 1
        for place, value in enumerate(given):
            self.keep(-1 - place, value)

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: Graph[Any, Any], value: Any) -> Next:
        given = (value,) if node.arity <= 1 else as_tuple(value)
        if given is None or len(given) != max(node.arity, 1):
            said = f"takes a tuple of {node.arity} inputs but is given a {kind(value)}"
            return None, ERR, BadInput(machine.path(fiber), said)
        frame = Ordering(node, fiber, given)
        ready = [index for index, waits in enumerate(frame.waits) if not waits]
        if not ready:
            return None, OK, frame.outputs()
        fiber.frames.append(frame)
        frame.left = len(ready)
        machine.fork([frame.child(fiber, index) for index in ready])
        return WAITING

    def child(self, fiber: Fiber, index: int) -> Fiber:
        step = self.node.steps[index]
        values = tuple([self.values[at] for at in step.inputs])
        value = values[0] if len(values) == 1 else values or None
        self.release(step.inputs)
        made = Fiber(fiber, index, None, step.body, value, self.scope)
        self.children[index] = made
        return made

    def keep(self, at: int, value: Any) -> None:
        """Keep a value for those who will read it, if there are any."""
        if self.readers.get(at):
            self.values[at] = value

    def release(self, read: Iterable[int]) -> None:
        """One who reads these values has them, or never will; each goes with its last reader."""
        for at in {*read}:
            self.readers[at] -= 1
            if not self.readers[at]:
                self.values.pop(at, None)

    def outputs(self) -> Any:
        outputs = self.node.outputs
        if isinstance(outputs, int):
            return self.values[outputs]
        return tuple([self.values[at] for at in outputs])

    def follow(self, machine: Machine, fiber: Fiber, child: Fiber) -> None:
        signal, value = self.ends[child.index]
        if signal != OK:
            self.skip(child.index)
            return
        self.ends[child.index] = OK, None
        self.keep(child.index, value)
        ready: list[int] = []
        for index in self.followers[child.index]:
            self.waits[index] -= 1
            if not self.waits[index]:
                ready.append(index)
        self.left += len(ready)
        machine.fork([self.child(fiber, index) for index in ready], joined=False)

    def skip(self, failed: int) -> None:
        """A step failed: those that wait for it, at whatever distance, will read nothing."""
        if not self.skipped:
            self.release(_outputs(self.node))
        todo = [failed]
        self.skipped.add(failed)
        while todo:
            for index in self.followers[todo.pop()]:
                if index not in self.skipped:
                    self.skipped.add(index)
                    self.release(self.node.steps[index].inputs)
                    todo.append(index)

    def resume(self, machine: Machine, fiber: Fiber, signal: int, value: Any) -> Next:
        if machine.recording:
            fiber.trace.append(self._trace())
        started = [end for end, child in zip(self.ends, self.children, strict=True) if child]
        return self.verdict(started) or (None, OK, self.outputs())

    def _trace(self) -> Partial:
        parts = [
            (
                series([] if child is None else child.trace),
                tuple(sorted({at for at in (*step.inputs, *step.after) if at >= 0})),
            )
            for child, step in zip(self.children, self.node.steps, strict=True)
        ]
        return Partial(tuple(parts))


def _outputs(node: Graph[Any, Any]) -> tuple[int, ...]:
    return (node.outputs,) if isinstance(node.outputs, int) else node.outputs
