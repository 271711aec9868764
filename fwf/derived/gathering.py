"""`keep_input`, `join`: several values side by side."""

from __future__ import annotations

from typing import Any, TypeVar, cast, final

from fwf.algebra.extensions import Arm, as_piece, call
from fwf.algebra.nodes import Extension, Node, Task
from fwf.algebra.workflow import AnyWorkflow, Workflow, as_workflow
from fwf.combinators import par
from fwf.derived.conditions import passing
from fwf.faults import near
from fwf.records import record

A = TypeVar("A")
B = TypeVar("B")


@final
@record(eq=False, repr=False)
class KeepInput(Extension[Any, Any]):
    """`keep_input`: par(identity, body)."""

    body: Node
    word = "keep_input"

    def desugar(self) -> AnyWorkflow:
        return par(passing(), self.body)

    def arms(self) -> tuple[Arm, ...]:
        return (Arm(self.body, segment=""),)

    def written(self) -> list[Any]:
        return call(self.word, as_piece(self.body))


@final
@record(eq=False, repr=False)
class Join(Extension[Any, Any]):
    """`join`: par(…) >> task, the parts in the order of the task's inputs."""

    task: Node
    parts: tuple[Node, ...]
    word = "join"

    def desugar(self) -> AnyWorkflow:
        return par(*self.parts) >> self.task

    def arms(self) -> tuple[Arm, ...]:
        parts = zip(self._names(), self.parts, strict=True)
        return (*(Arm(part, name) for name, part in parts), Arm(self.task))

    def edges(self) -> tuple[tuple[int, int], ...]:
        return tuple((at, len(self.parts)) for at in range(len(self.parts)))

    def written(self) -> list[Any]:
        parts = {name: as_piece(part) for name, part in zip(self._names(), self.parts, strict=True)}
        return call(self.word, as_piece(self.task), **parts)

    def _names(self) -> list[str]:
        return [each.name for each in cast("Task[Any, Any]", self.task).contract.inputs]


def keep_input(w: Workflow[A, B], /) -> Workflow[A, tuple[A, B]]:
    """(A → B) ⟶ A → (A, B): the input beside the result. par(identity, w)."""
    return KeepInput(as_workflow(w, "keep_input"))


def join(task: Workflow[Any, B], /, **ws: Workflow[A, object]) -> Workflow[A, B]:
    """Task, its inputs by name ⟶ A → B: `par` in the order of the task's signature, then the task.

    Names are checked, so that two inputs of one type can't be swapped unseen. With a single input
    it is what comes before the task: part >> task.
    """
    if not isinstance(task, Task):
        raise TypeError(f"join({task!r}, …): needs a task first, whose inputs have names")
    names = [each.name for each in task.contract.inputs]
    for name in ws:
        if name not in names:
            raise TypeError(
                f"join({task.name}, {name}=…): it has no input {name!r}{near(name, names)}"
            )
    missing = [name for name in names if name not in ws]
    if missing or not names:
        lacks = f"its input {missing[0]!r} is missing" if missing else "it takes no input"
        raise TypeError(f"join({task.name}, …): {lacks}; it takes ({', '.join(names)})")
    parts = tuple(as_workflow(ws[name], f"join({task.name}, {name}=…)") for name in names)
    if len(names) == 1:
        return cast(AnyWorkflow, parts[0]) >> cast(Workflow[Any, B], task)
    return Join(cast(Node, task), parts)
