"""What stands on a fiber's stack while the steps of a graph run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, final

from fwf.algebra.nodes import Graph
from fwf.faults import BadInput
from fwf.machine.arguments import as_tuple
from fwf.machine.causal_past import CausalPast, Tally
from fwf.machine.fibers import ERR, OK, Fiber
from fwf.machine.forks import Fork, wait_for
from fwf.machine.log import Item, Woven
from fwf.types.arrival import value_kind
from fwf.worlds.unknown import Unknown

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


@final
class Ordering(Fork[Graph[Any, Any]]):
    """`Graph`: each step when the steps that it waits for are done; skipped if one failed.

    A value is kept until the last step that reads it has it, or, if it is an output, to the end.
    """

    __slots__ = ("before", "followers", "readers", "results", "skips", "tally_of", "waits")

    def __init__(
        self, machine: Machine, fiber: Fiber, node: Graph[Any, Any], inputs: Sequence[Any]
    ) -> None:
        super().__init__(machine, fiber, node, len(node.steps), fail_fast=False)
        self.follows = True
        self.results: dict[int, Any] = {}
        """What steps gave, by their numbers; and what the graph was given, -1 being the first."""
        self.readers: dict[int, int] = dict.fromkeys(_outputs(node), 1)
        """How often each value will be read."""
        self.before: list[tuple[int, ...]] = []
        """For each step those that it waits for."""
        self.followers: list[list[int]] = [[] for _ in node.steps]
        self.skips: set[int] = set()
        self.tally_of: dict[int, Tally] = {}
        for index, step in enumerate(node.steps):
            before = sorted({at for at in (*step.inputs, *step.after) if at >= 0})
            self.before.append(tuple(before))
            for at in before:
                self.followers[at].append(index)
            for at in {*step.inputs}:
                self.readers[at] = self.readers.get(at, 0) + 1
        self.waits = [len(before) for before in self.before]
        for place, value in enumerate(inputs):
            self._keep(-1 - place, value)

    @staticmethod
    def begin(machine: Machine, fiber: Fiber, node: Graph[Any, Any]) -> None:
        value, arity = fiber.value, max(node.arity, 1)
        inputs = (value,) if arity == 1 else as_tuple(value)
        if inputs is None and isinstance(value, Unknown):
            inputs = tuple([value.field(at) for at in range(arity)])
        if inputs is None or len(inputs) != arity:
            message = f"takes a tuple of {arity} inputs but is given {value_kind(value)}"
            fiber.end(ERR, BadInput(machine.path(fiber.place), message))
            return
        frame = Ordering(machine, fiber, node, inputs)
        ready = [index for index, waits in enumerate(frame.waits) if not waits]
        if not ready:
            fiber.value = frame.output()
            return
        wait_for(machine, fiber, frame, [frame._step(index) for index in ready], eager=False)

    def _step(self, index: int) -> Fiber:
        step = self.node.steps[index]
        values = tuple([self.results[at] for at in step.inputs])
        value = values[0] if len(values) == 1 else values or None
        self._release(step.inputs)
        self.open_parts += 1
        place = (self.place, self.node, index, None)
        past = self._past(index) if self.tally_of else self.past
        return Fiber(self, index, self.around, self.tries, step.body, place, value, past)

    def _past(self, index: int) -> CausalPast | None:
        """The past of a step: what happened in the steps that lead to it, each counted once."""
        total: Tally = {}
        steps: set[int] = set()
        todo = list(self.before[index])
        while todo:
            at = todo.pop()
            if at in steps:
                continue
            steps.add(at)
            todo.extend(self.before[at])
            for key, n in self.tally_of.get(at, {}).items():
                total[key] = total.get(key, 0) + n
        return CausalPast(total, self.past) if total else self.past

    def _keep(self, at: int, value: Any) -> None:
        """Keep a value for those who will read it, if there are any."""
        if self.readers.get(at):
            self.results[at] = value

    def _release(self, inputs: Iterable[int]) -> None:
        """One who reads these values has them, or never will; each goes with its last reader."""
        for at in {*inputs}:
            self.readers[at] -= 1
            if not self.readers[at]:
                self.results.pop(at, None)

    def follow(self, machine: Machine, child: Fiber) -> None:
        index = child.index
        if child.own:
            self.tally_of[index] = child.own
        if child.status is not OK:
            self._skip(index)
            return
        value, self.values[index] = self.values[index], None
        self._keep(index, value)
        ready: list[int] = []
        for follower in self.followers[index]:
            self.waits[follower] -= 1
            if not self.waits[follower]:
                ready.append(follower)
        if ready:
            machine.fork([self._step(follower) for follower in ready])

    def _skip(self, first: int) -> None:
        """A step failed: those that wait for it, at whatever distance, will read nothing."""
        if not self.skips:
            self._release(_outputs(self.node))
        todo = [first]
        self.skips.add(first)
        while todo:
            for index in self.followers[todo.pop()]:
                if index not in self.skips:
                    self.skips.add(index)
                    self._release(self.node.steps[index].inputs)
                    todo.append(index)

    def output(self) -> Any:
        outputs = self.node.outputs
        if isinstance(outputs, int):
            return self.results[outputs]
        return tuple([self.results[at] for at in outputs])

    def log(self) -> Item:
        return Woven(self.logs, self.before)


def _outputs(node: Graph[Any, Any]) -> tuple[int, ...]:
    return (node.outputs,) if isinstance(node.outputs, int) else node.outputs
