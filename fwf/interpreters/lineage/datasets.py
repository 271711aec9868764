"""In which order are datasets read and written? What a later step reads, an earlier one gave."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

from fwf.algebra.nodes import Graph, Task
from fwf.interpreters.lineage.origins import Flow

MAX_STEPS = 1_000
"""Of a graph whose order is looked at; in a larger one every two steps count as concurrent."""


@final
class DatasetUse:
    """The datasets that a part reads and writes, each with the vertex of all who do.

    `open` are those that may be read before the part has written them, `sure` those that it has
    written when it ends well, `fresh` those whose later writes its earlier reads don't know of.
    Whoever joins two of them takes them over.
    """

    __slots__ = ("fresh", "open", "reads", "sure", "writes")

    def __init__(self) -> None:
        self.reads: dict[str, int] = {}
        self.open: dict[str, int] = {}
        self.writes: dict[str, int] = {}
        self.sure: set[str] = set()
        self.fresh: set[str] = set()

    def copy(self) -> "DatasetUse":
        """The same, for someone else to take over."""
        other = DatasetUse()
        other.reads, other.open, other.writes = dict(self.reads), dict(self.open), dict(self.writes)
        other.sure, other.fresh = set(self.sure), set(self.fresh)
        return other


EMPTY = DatasetUse()
"""Of parts that touch nothing. Never changed."""


@final
class Datasets:
    """Joins what parts touch by how these follow one another, and lets the datasets flow.

    `intermediates` are those that one step writes and a later one may read; `dataset_at` says for
    each vertex at which a task reads a dataset, which one.
    """

    __slots__ = ("dataset_at", "flow", "intermediates")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.intermediates: set[str] = set()
        self.dataset_at: dict[int, str] = {}

    def of_task(self, task: Task[Any, Any], vertex: int) -> DatasetUse:
        """What a task reads flows into it, and it into what it writes."""
        reads, writes = task.contract.reads, task.contract.writes
        if not reads and not writes:
            return EMPTY
        use = DatasetUse()
        use.reads = {name: self.flow.blank() for name in reads}
        self.dataset_at |= {at: name for name, at in use.reads.items()}
        self.flow.data[vertex].extend(use.reads.values())
        use.open = dict(use.reads)
        use.writes = dict.fromkeys(writes, vertex)
        use.sure = set(writes)
        use.fresh = use.sure.intersection(reads)
        return use

    def after(self, a: DatasetUse, b: DatasetUse) -> DatasetUse:
        """The second starts when the first has ended well."""
        self._pass(a.writes, b.reads)
        _close(b, a.sure)
        return self._join(a, b)

    def instead(self, a: DatasetUse, b: DatasetUse) -> DatasetUse:
        """The second starts when the first has failed, at whatever point."""
        self._pass(a.writes, b.reads)
        return self._join(a, b, one=True)

    def at_last(self, a: DatasetUse, b: DatasetUse) -> DatasetUse:
        """The second starts when the first has ended, well or not."""
        self._pass(a.writes, b.reads)
        return self._join(a, b)

    def beside(self, a: DatasetUse, b: DatasetUse) -> DatasetUse:
        """Both at once: either may see what the other one writes."""
        self._pass(a.writes, b.reads)
        self._pass(b.writes, a.reads)
        return self._join(a, b)

    def apart(self, a: DatasetUse, b: DatasetUse) -> DatasetUse:
        """The one or the other."""
        return self._join(a, b, one=True)

    def again(self, a: DatasetUse) -> DatasetUse:
        """Several times: what was written at the end is read from the start."""
        for name in a.fresh:
            self._link(name, a.writes[name], a.reads[name])
        if a.fresh:
            a.fresh = set()
        return a

    def for_each(self, a: DatasetUse) -> DatasetUse:
        """Several times or not at all."""
        if a is not EMPTY:
            self.again(a).sure = set()
        return a

    def woven(self, node: Graph[Any, Any], parts: Sequence[DatasetUse]) -> DatasetUse:
        """By the order of a graph's steps."""
        all_of = EMPTY
        if len(parts) > MAX_STEPS:
            for part in parts:
                all_of = self.beside(all_of, part)
            return all_of
        before = _before(node)
        touching = [(at, part) for at, part in enumerate(parts) if part is not EMPTY]
        for reader, step in touching:
            for writer, other in touching:
                if writer != reader and not before[writer] >> reader & 1:
                    self._pass(other.writes, step.reads)
                if before[reader] >> writer & 1:
                    _close(step, other.sure)
        for _, part in touching:
            all_of = self._join(all_of, part)
        return all_of

    def _pass(self, writes: dict[str, int], reads: dict[str, int]) -> None:
        for name in _common(writes, reads):
            self._link(name, writes[name], reads[name])

    def _link(self, name: str, writers: int, readers: int) -> None:
        self.intermediates.add(name)
        self.flow.data[readers].append(writers)

    def _join(self, a: DatasetUse, b: DatasetUse, *, one: bool = False) -> DatasetUse:
        """What both touch. Sure is what either has written; if only `one` ran, what both have."""
        if a is EMPTY or b is EMPTY:
            only = a if b is EMPTY else b
            if one and only is not EMPTY:
                only.sure = set()
            return only
        a.sure = a.sure & b.sure if one else _union(a.sure, b.sure)
        fresh = {*_common(a.writes, b.reads), *_common(b.writes, a.reads)}
        a.fresh = _union(_union(a.fresh, b.fresh), fresh)
        a.reads = _merge(a.reads, b.reads, self._readers)
        a.open = _merge(a.open, b.open, self._readers)
        a.writes = _merge(a.writes, b.writes, self.flow.vertex)
        return a

    def _readers(self, one: int, other: int) -> int:
        """A vertex that flows into both."""
        both = self.flow.blank()
        self.flow.data[one].append(both)
        self.flow.data[other].append(both)
        return both


def _before(node: Graph[Any, Any]) -> list[int]:
    """For each step of a graph, as bits, the steps that have ended when it starts."""
    before: list[int] = []
    for step in node.steps:
        mask = 0
        for at in (*step.inputs, *step.after):
            if at >= 0:
                mask |= before[at] | 1 << at
        before.append(mask)
    return before


def _close(part: DatasetUse, sure: set[str]) -> None:
    """What was surely written before is not read as it was before the workflow."""
    if part.open:
        for name in list(_common(sure, part.open)):
            del part.open[name]


# Always by the smaller side, so that a chain of n parts costs n log n and not n²


def _common(a: dict[str, int] | set[str], b: dict[str, int] | set[str]) -> Iterator[str]:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    return (name for name in small if name in large)


def _union(a: set[str], b: set[str]) -> set[str]:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    large |= small
    return large


def _merge(a: dict[str, int], b: dict[str, int], meet: Callable[[int, int], int]) -> dict[str, int]:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    for name, at in small.items():
        large[name] = meet(large[name], at) if name in large else at
    return large
