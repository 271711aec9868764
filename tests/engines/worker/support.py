"""What the tests of the worker share: tasks that write down what they were told, and runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fwf.algebra.contract import IdempotencyKey, Injected
from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import fold, parts_of, rewritten
from fwf.algebra.workflow import Workflow
from fwf.faults import Fault, leaves
from fwf.records import changed
from fwf.testing.acted_scenarios import WHERE, WHICH

Told = tuple[str, str, int, str]
"""Path, task, number of the attempt, idempotency key."""
KEY = "told_key"


def telling(w: Workflow[Any, Any], log: list[Told]) -> Workflow[Any, Any]:
    """The same workflow, of tasks that write down where they are called, and by which key."""

    def step(node: Node, parts: tuple[Node, ...]) -> Node:
        return _telling(node, log) if isinstance(node, Task) else rewritten(node, parts)

    return fold(step, w, parts_of=parts_of)


def _telling(task: Task[Any, Any], log: list[Told]) -> Task[Any, Any]:
    """A task that follows a script, and so is told where it is, and which attempt."""
    fn: Callable[..., Any] = task.fn

    def note(injected: dict[str, Any]) -> None:
        key = injected.pop(KEY)
        log.append((injected[WHERE].path, task.name, injected[WHICH], key))

    def body(*args: Any, **injected: Any) -> Any:
        note(injected)
        return fn(*args, **injected)

    async def async_body(*args: Any, **injected: Any) -> Any:
        note(injected)
        return await fn(*args, **injected)

    fact = Injected(KEY, IdempotencyKey, "fact", False)
    contract = changed(task.contract, injected=(*task.contract.injected, fact))
    return changed(task, fn=async_body if contract.is_async else body, contract=contract)


def said(fault: Fault | None) -> object:
    """All that a fault says, but for what is of one process: times, and frames."""
    if fault is None:
        return None
    return str(fault), [(type(leaf), leaf.path, leaf.tags, leaf.message) for leaf in leaves(fault)]
