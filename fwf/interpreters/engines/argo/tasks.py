"""Where is one on the way through a cut, and how do tasks come to be there?"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, final

from fwf.interpreters.engines.argo.dags import Dag, DagTask, Pod, Policy
from fwf.interpreters.engines.argo.orders import Op, Order, Source
from fwf.interpreters.engines.engine_names import Alphabet, Names
from fwf.records import changed

NAMES: Final = Alphabet(50, "-", lower=True, letter=True)
"""Of tasks and templates: what a pod is called is made of both, and is cut at 63 characters."""
BEGIN: Final = "begin"
RESERVED: Final = frozenset(
    {
        "and", "begin", "contains", "endswith", "false", "if", "in", "let", "matches", "nil", "not",
        "or", "startswith", "true",
    }
)  # fmt: skip
"""Words of the language of `depends`, and a name that is ours."""
MOST_OPS: Final = 20
"""Small things that are put off until the next step; our choice."""


@final
class Flow:
    """Where one is on the way: behind what, and with which context."""

    __slots__ = ("after", "alone", "dag", "late", "ops", "several", "source")

    def __init__(self, dag: Dag, source: Source, after: str = "", *, late: bool = False) -> None:
        self.dag = dag
        self.source = source
        self.after = after
        self.late = late
        self.several = False
        """Whether it is behind more than one task."""
        self.alone = False
        """Whether it is behind a pod that nothing else is behind yet."""
        self.ops: list[Op] = []

    def fork(self, dag: Dag | None = None) -> Flow:
        """Another way from here; or into another DAG, which nothing there waits for."""
        self.alone = False
        if dag is None:
            return Flow(self.dag, self.source, self.after, late=self.late)
        return Flow(dag, self.source, late=self.late)

    def inside(self, dag: Dag, source: Source | None = None) -> Flow:
        """The way into another DAG."""
        return Flow(dag, source or self.source, late=self.late)

    def behind(self, after: str, source: Source, *, several: bool = False) -> None:
        """It goes on behind something, with what that gave."""
        self.after, self.source, self.several = after, source, several
        self.alone = False
        self.ops = []


@final
class Tasks:
    """The DAGs of a manifest as they grow, and the names that are taken."""

    def __init__(self) -> None:
        self.dags: list[Dag] = []
        self._names = Names(NAMES)
        self._used = Counter[str]()

    # What things are called

    def dag(self, name: str, inputs: tuple[str, ...] = (), at_once: int | None = None) -> Dag:
        """Another DAG, of a name that `name` has given."""
        dag = Dag(name, inputs, at_once)
        self.dags.append(dag)
        return dag

    def name(self, path: str) -> str:
        """A name that nothing else has."""
        self._used[path] += 1
        number = self._used[path]
        reserved = path in RESERVED and number == 1
        return self._names.name(f"{path} #{number}" if number > 1 or reserved else path)

    # Tasks

    def pod(
        self,
        flow: Flow,
        path: str,
        ops: list[Op],
        policy: Policy | None = None,
        *,
        name: str = "",
        **more: Any,
    ) -> str:
        """A pod that does what is still to be done, and more ⟶ its name."""
        name = name or self.name(path)
        order = Order(name, flow.source, (*flow.ops, *ops), late=flow.late, **more)
        pod = Pod(order, policy or Policy())
        flow.dag.tasks.append(DagTask(name, path, pod, depends=flow.after))
        flow.behind(f"{name}.Succeeded", name)
        flow.alone = policy is None
        return name

    def telling(self, flow: Flow, path: str, op: Op, *, ends: str = "") -> str:
        """A pod by whose word one goes on ⟶ its name: the one before, if that is free to do it."""
        policy = Policy(tells=True)
        if not flow.alone or flow.ops:
            return self.pod(flow, path, [op], policy, ends=ends)
        last = flow.dag.tasks[-1]
        pod = last.does
        assert isinstance(pod, Pod) and last.name == flow.source
        order = changed(pod.order, ops=(*pod.order.ops, op), ends=ends)
        flow.dag.tasks[-1] = changed(last, does=Pod(order, policy))
        flow.alone = False
        return last.name

    def settled(self, flow: Flow, path: str) -> None:
        """Have what is still to be done in a pod of its own, if there is anything."""
        if flow.ops:
            self.pod(flow, path, [])

    def one(self, flow: Flow, path: str) -> None:
        """Have it behind one task, from which several may go on."""
        if flow.ops or flow.several:
            self.pod(flow, path, [])

    def op(self, flow: Flow, path: str, op: Op) -> None:
        """Something small that is still to be done."""
        if len(flow.ops) >= MOST_OPS:
            self.settled(flow, path)
        flow.ops.append(op)
