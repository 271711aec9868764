"""How a workflow is written down: a flat list of nodes, each after its parts."""

import json
from collections.abc import Iterable
from typing import Any, final

from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import parts_of
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.interpreters.plan import task_form
from fwf.interpreters.plan.extension_form import EXTENSION
from fwf.interpreters.plan.node_form import NODES

VERSION = 1
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_KINDS = {kind.cls: kind for kind in NODES.values()}


def plan(w: AnyWorkflow, /) -> str:
    """Workflow ⟶ JSON that says all of it, the same text on every machine; see `load`.

    Parts that are equal are stored once. A node stands on a line of its own, after its parts and
    before what it is part of, so that two versions compare well line by line. The text is ASCII:
    whatever can't be seen stands there as an escape.

    >>> from fwf import const, seconds, timeout
    >>> print(plan(timeout(const(1), seconds(90))))
    {"plan":1,
    "tasks":[
    ],
    "nodes":[
    {"node":"pure","expr":{"const":1}},
    {"node":"timeout","body":0,"within":"1m 30s"}
    ]}
    <BLANKLINE>
    """
    writing = _Writing()
    todo: list[tuple[Node, bool]] = [(as_workflow(w, "plan"), False)]
    while todo:
        node, is_ready = todo.pop()
        if id(node) in writing.numbers:
            continue
        parts = () if is_ready else parts_of(node)
        if parts:
            todo.append((node, True))
            todo.extend([(part, False) for part in reversed(parts)])
        else:
            writing.append(node)
    tasks, nodes = _lines(writing.tasks), _lines(writing.nodes)
    return f'{{"plan":{VERSION},\n"tasks":[{tasks}],\n"nodes":[{nodes}]}}\n'


@final
class _Writing:
    """A plan that is being written: the number of each line so far, and of each node."""

    __slots__ = ("nodes", "numbers", "tasks")

    def __init__(self) -> None:
        self.tasks: dict[str, int] = {}
        self.nodes: dict[str, int] = {}
        self.numbers: dict[int, int] = {}

    def append(self, node: Node) -> None:
        """A node whose parts are written."""
        line = _encode(_KINDS.get(type(node), EXTENSION).write(node, self))
        self.numbers[id(node)] = self.nodes.setdefault(line, len(self.nodes))

    def node(self, node: Node) -> int:
        """The number of a node that is written."""
        return self.numbers[id(node)]

    def task(self, task: Task[Any, Any]) -> int:
        """The number of a task, which is written where it isn't yet."""
        return self.tasks.setdefault(_encode(task_form.write(task)), len(self.tasks))


def _lines(each: Iterable[str]) -> str:
    joined = ",\n".join(each)
    return f"\n{joined}\n" if joined else "\n"
