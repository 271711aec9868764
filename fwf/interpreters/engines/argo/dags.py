"""What is a manifest made of, as far as a workflow makes a difference? DAGs, tasks and policies."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeAlias, final

from fwf.durations import whole_seconds
from fwf.interpreters.engines.argo.orders import Order
from fwf.records import record

AT: Final = "{{inputs.parameters.at}}"
"""The items and rounds that a template is in."""
WHOLE: Final = "whole"
LATE: Final = "finally"
WAIT: Final = "wait"
LOST: Final = 3
"""How often a pod is begun again that was killed; our choice."""
NET: Final = timedelta(minutes=10)
"""How long after its deadline a pod is ended that hasn't ended itself; our choice."""


@final
@record()
class Policy:
    """What differs between templates of pods: one for each, since retries belong to a template.

    attempts: of the retry around it. within: the deadline that the worker keeps.
    tells: whether what follows goes by what it says.
    """

    attempts: int = 1
    within: timedelta | None = None
    tells: bool = False

    @property
    def name(self) -> str:
        """The name of its template."""
        seconds = 0 if self.net is None else self.net
        parts = ["pod", *_if("tells", self.tells)]
        parts += [*_if(f"tries-{self.attempts}", self.attempts > 1)]
        return "-".join([*parts, *_if(f"within-{seconds}", bool(seconds))])

    @property
    def net(self) -> int | None:
        """Seconds after which the controller ends it."""
        return None if self.within is None else whole_seconds(self.within + NET)

    @property
    def limit(self) -> int:
        """The most pods after the first one."""
        return self.attempts - 1 + LOST


def _if(word: str, holds: bool) -> list[str]:
    return [word] if holds else []


@final
@record(eq=False)
class Pod:
    """A task that is a pod."""

    order: Order
    policy: Policy


@final
@record(eq=False)
class Inner:
    """A task that is a DAG of its own; `outer` is where it is, for a loop that calls itself."""

    template: str
    items: str = ""
    outer: str = ""


@final
@record(eq=False)
class Wait:
    """A task in which nothing but time passes, whole seconds."""

    seconds: int


Does: TypeAlias = Pod | Inner | Wait


@final
@record(eq=False)
class DagTask:
    """One task of a DAG.

    path: of the part that it is for, for people. at: its items and rounds.
    depends, when: the conditions in the language of the manifest; each: the list it is done for.
    """

    name: str
    path: str
    does: Does
    at: str = AT
    depends: str = ""
    when: str = ""
    each: str = ""


@final
class Dag:
    """A template of tasks, as it grows.

    inputs: what it is told besides where it is. at_once: how many of its tasks may be at work.
    """

    __slots__ = ("at_once", "inputs", "name", "tasks")

    def __init__(self, name: str, inputs: tuple[str, ...] = (), at_once: int | None = None) -> None:
        self.name = name
        self.inputs = inputs
        self.at_once = at_once
        self.tasks: list[DagTask] = []


@final
@record(eq=False)
class Dags:
    """All of a manifest: the DAGs, the first of which is the whole, and its deadline.

    late: whether the last of them is a finaliser of all.
    """

    dags: tuple[Dag, ...]
    within: timedelta | None = None
    late: bool = False

    def policies(self) -> list[Policy]:
        """The policies of its pods, each once."""
        policies: dict[Policy, None] = {}
        for dag in self.dags:
            for task in dag.tasks:
                if isinstance(task.does, Pod):
                    policies[task.does.policy] = None
        return [*policies]

    def waits(self) -> bool:
        """Whether time passes in any of its tasks."""
        return any(isinstance(task.does, Wait) for dag in self.dags for task in dag.tasks)
