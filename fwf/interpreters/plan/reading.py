"""A plan that is being read: its tasks and nodes so far, and what comparing them may still take."""

from typing import Any, final

from fwf.algebra.nodes import Node, Task
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import Json
from fwf.interpreters.plan.plan_names import Names

MAX_WORK, WORK_PER_CHARACTER = 5_000_000, 10
"""How many parts of types and expressions may be compared, in all and for each character of text.

They are compared wherever a part is used, so that a short text which uses a wide `par` or a long
expression everywhere could ask for hours of it.
"""


@final
class Reading:
    """A plan that is being read: its tasks and nodes so far."""

    __slots__ = ("costs", "names", "nodes", "tasks", "work")

    def __init__(self, names: Names, characters: int) -> None:
        self.names = names
        self.tasks: list[Task[Any, Any]] = []
        self.nodes: list[Node] = []
        self.costs: list[int] = []
        self.work = MAX_WORK + WORK_PER_CHARACTER * characters

    def append(self, node: Node) -> None:
        """The next node."""
        self.nodes.append(node)
        self.costs.append(_cost(node))

    def task(self, number: Json, at: str) -> Task[Any, Any]:
        """The task of this number."""
        if type(number) is int and 0 <= number < len(self.tasks):
            return self.tasks[number]
        raise refused(at, number, f"a task's number, below {len(self.tasks)},")

    def node(self, number: Json, at: str) -> Node:
        """The node of this number."""
        if type(number) is int and 0 <= number < len(self.nodes):
            self.spend(self.costs[number], at)
            return self.nodes[number]
        raise refused(
            at, number, f"the number of a node that comes before, below {len(self.nodes)},"
        )

    def spend(self, work: int, at: str) -> None:
        """Count what comparing takes; raises where it has come to too much."""
        self.work -= work
        if self.work < 0:
            raise Refused(at, "comparing types takes too long: a part is too wide, or too long")


def _cost(node: Node) -> int:
    """What comparing a part with those around it takes: the width of its type, its probes."""
    edge = node.edge
    probes = sum(getattr(probe, "size", 1) for probe in edge.probes) if edge.probes else 0
    return 1 + len(getattr(edge.output, "__args__", ())) + 10 * probes
