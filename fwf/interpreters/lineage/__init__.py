"""Which datasets go in, which come out, and which of the ones may be in which of the others?"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, final

from fwf.algebra.nodes import Task
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.faults import near
from fwf.interpreters.lineage.column_lineage import Columns
from fwf.interpreters.lineage.dataflow import Follower, Stop
from fwf.interpreters.lineage.lineage_text import text_of
from fwf.interpreters.lineage.sql import library
from fwf.interpreters.lineage.vertices import columns_by_stop
from fwf.records import record

__all__ = ["Lineage", "Reach", "TaskLineage", "lineage"]

MAX_WORK = 1_000_000
"""Vertices looked at to tell of all products; `reach` tells of any single one."""


@final
@record(eq=False)
class TaskLineage:
    """A task where it stands: the datasets it reads and writes, and the columns that it writes.

    `columns` is None where nothing says of them.
    """

    stop: Stop
    columns: Columns | None

    @property
    def task(self) -> Task[Any, Any]:
        """The task itself."""
        return self.stop.task

    @property
    def path(self) -> str:
        """Where it stands: `daily > par > visits`."""
        return self.stop.visit.path

    @property
    def reads(self) -> tuple[str, ...]:
        """The datasets that it reads, each once."""
        return tuple(dict.fromkeys(self.task.contract.reads))

    @property
    def writes(self) -> tuple[str, ...]:
        """The datasets that it writes, each once."""
        return tuple(dict.fromkeys(self.task.contract.writes))

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        data = {
            "path": self.path,
            "task": self.task.name,
            "reads": list(self.reads),
            "writes": list(self.writes),
        }
        return data if self.columns is None else {**data, **self.columns.to_json()}


@final
@record()
class Reach:
    """The sources whose data may be in a product, and those that only decide about it."""

    data: tuple[str, ...]
    control: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"data": list(self.data), "control": list(self.control)}


@final
@record(eq=False, repr=False)
class Lineage:
    """A workflow's datasets. Prints as each product with what it is made of.

    `sources` are read before the workflow has surely written them, `products` are written;
    `intermediates` are products that a later step may read.
    """

    workflow: AnyWorkflow
    tasks: tuple[TaskLineage, ...]
    sources: tuple[str, ...]
    products: tuple[str, ...]
    intermediates: tuple[str, ...]
    follower: Follower
    roots: dict[int, str]

    def __str__(self) -> str:
        return text_of(self)

    def writers(self, product: str) -> tuple[TaskLineage, ...]:
        """The tasks that write a dataset, each where it stands."""
        return tuple(each for each in self.tasks if product in each.task.contract.writes)

    @property
    def unused(self) -> tuple[str, ...]:
        """The sources that are read for no product."""
        vertices = [each.stop.vertex for each in self.tasks if each.task.contract.writes]
        reach, _ = self._reach(vertices)
        in_products = {*reach.data, *reach.control}
        return tuple(name for name in self.sources if name not in in_products)

    def reach(self, product: str) -> Reach:
        """Product ⟶ the sources that may be in it; raises `ValueError` for what isn't written."""
        if product not in self.products:
            close = (
                near(product, self.products)
                or f"; it writes {', '.join(self.products) or 'nothing'}"
            )
            raise ValueError(f"reach({product!r}): the workflow writes no such dataset{close}")
        reach, _ = self._reach(each.stop.vertex for each in self.writers(product))
        return reach

    def reaches(self) -> Iterator[tuple[str, tuple[TaskLineage, ...], Reach | None]]:
        """Every product, its writers, its sources; None where all of them would be too many."""
        writers: dict[str, list[TaskLineage]] = {product: [] for product in self.products}
        for each in self.tasks:
            for product in each.writes:
                writers[product].append(each)
        work = 0
        for product, by in writers.items():
            reach = None
            if work <= MAX_WORK:
                reach, cost = self._reach(each.stop.vertex for each in by)
                work += cost
            yield product, tuple(by), reach

    def _reach(self, vertices: Iterable[int]) -> tuple[Reach, int]:
        origins = self.follower.flow.origins(vertices)

        def names(among: set[int]) -> tuple[str, ...]:
            return tuple(self.roots[at] for at in sorted(among & self.roots.keys()))

        cost = len(origins.data) + len(origins.control)
        return Reach(names(origins.data), names(origins.control)), cost

    def to_json(self) -> dict[str, Any]:
        """As plain data, for `json.dumps`. A product too many to follow has None for its sources.

        `data` are the sources that may be in a product, `control` those that only decide about it.
        """
        products = [
            {
                "dataset": product,
                "written_by": [each.path for each in by],
                "sources": reach.to_json() if reach else None,
            }
            for product, by, reach in self.reaches()
        ]
        return {
            "sources": list(self.sources),
            "intermediates": list(self.intermediates),
            "products": products,
            "tasks": [each.to_json() for each in self.tasks],
        }

    def openlineage(
        self, *, time: datetime, namespace: str, producer: str, name: str = ""
    ) -> list[dict[str, Any]]:
        """The same as OpenLineage 2-0-2 `JobEvent`s: the whole workflow's, then each task's.

        time: when the workflow was as it is told here, with a time zone.
        namespace: of the jobs, such as the name of the scheduler that runs them.
        producer: a web address that says what made the events.
        name: the job's; the workflow's own, if it has one.
        """
        from fwf.interpreters.lineage.openlineage import events  # of such a lineage

        return events(self, time=time, namespace=namespace, producer=producer, name=name)


def lineage(w: AnyWorkflow, /, *, columns: bool | None = None) -> Lineage:
    """Workflow ⟶ the datasets of each task and of the whole, and which may be in which.

    Nothing runs, so this is what *may* be: a source that is not among a product's is not in it, as
    far as tasks declare what they read and write. Data flows from a task to whoever takes its
    result, and through datasets from a step to a later one. What only selects or counts values, as
    the predicate of a `branch` does, decides about them. That a step comes after another, or runs
    because another failed, is neither. What a dataset held before the workflow surely wrote it is
    not told.

    columns: whether to follow columns, as SQL and declared tables tell of them. SQL is read by
        `fwf[lineage]`; unless True is given, each task with SQL says so where that is missing.

    >>> from fwf import task
    >>> @task(effect="read", reads=["postgres://shop/orders"])
    ... def orders() -> list[int]: ...
    >>> @task(effect="idempotent", writes=["redshift://dw/sales"])
    ... def load(orders: list[int]) -> None: ...
    >>> print(lineage(orders >> load))
    redshift://dw/sales, written by load
      data from postgres://shop/orders
    """
    if columns:
        library()
    follower = Follower()
    use = follower.follow(as_workflow(w, "lineage"))
    stops = follower.stops
    columns_by_task = columns_by_stop(follower) if columns is not False else [None] * len(stops)
    tasks = tuple(map(TaskLineage, stops, columns_by_task))
    sources = dict.fromkeys(
        name for each in tasks for name in each.task.contract.reads if name in use.open
    )
    roots: dict[int, str] = {}
    for name in sources:
        root = follower.flow.blank()
        follower.flow.data[use.open[name]].append(root)
        roots[root] = name
    products = tuple(dict.fromkeys(name for each in tasks for name in each.task.contract.writes))
    intermediates = tuple(name for name in products if name in follower.datasets.intermediates)
    return Lineage(w, tasks, tuple(sources), products, intermediates, follower, roots)
