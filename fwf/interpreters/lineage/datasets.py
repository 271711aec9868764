"""In which order are datasets read and written? What a later step reads, an earlier one gave."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

from fwf.algebra.nodes import Graph, Task
from fwf.interpreters.lineage.origins import Flow

MAX_STEPS = 1_000
"""Of a graph whose order is looked at; in a larger one every two steps count as concurrent."""


@final
class Touched:
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

    def copy(self) -> "Touched":
        """The same, for someone else to take over."""
        made = Touched()
        made.reads, made.open, made.writes = dict(self.reads), dict(self.open), dict(self.writes)
        made.sure, made.fresh = set(self.sure), set(self.fresh)
        return made


EMPTY = Touched()
"""Of parts that touch nothing. Never changed."""


@final
class Datasets:
    """Joins what parts touch by how these follow one another, and lets the datasets flow.

    `passed` are those that one step writes and a later one may read; `read` says for each vertex
    at which a task reads a dataset, which one.
    """

    __slots__ = ("flow", "passed", "read")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.passed: set[str] = set()
        self.read: dict[int, str] = {}

    def of_task(self, task: Task[Any, Any], vertex: int) -> Touched:
        """What a task reads flows into it, and it into what it writes."""
        reads, writes = task.contract.reads, task.contract.writes
        if not reads and not writes:
            return EMPTY
        made = Touched()
        made.reads = {name: self.flow.blank() for name in reads}
        self.read |= {at: name for name, at in made.reads.items()}
        self.flow.data[vertex].extend(made.reads.values())
        made.open = dict(made.reads)
        made.writes = dict.fromkeys(writes, vertex)
        made.sure = set(writes)
        made.fresh = made.sure.intersection(reads)
        return made

    def after(self, a: Touched, b: Touched) -> Touched:
        """The second starts when the first has ended well."""
        self._pass(a.writes, b.reads)
        _close(b, a.sure)
        return self._joined(a, b)

    def instead(self, a: Touched, b: Touched) -> Touched:
        """The second starts when the first has failed, at whatever point."""
        self._pass(a.writes, b.reads)
        return self._joined(a, b, one=True)

    def at_last(self, a: Touched, b: Touched) -> Touched:
        """The second starts when the first has ended, well or not."""
        self._pass(a.writes, b.reads)
        return self._joined(a, b)

    def beside(self, a: Touched, b: Touched) -> Touched:
        """Both at once: either may see what the other one writes."""
        self._pass(a.writes, b.reads)
        self._pass(b.writes, a.reads)
        return self._joined(a, b)

    def apart(self, a: Touched, b: Touched) -> Touched:
        """The one or the other."""
        return self._joined(a, b, one=True)

    def again(self, a: Touched) -> Touched:
        """Several times: what was written at the end is read from the start."""
        for name in a.fresh:
            self._link(name, a.writes[name], a.reads[name])
        if a.fresh:
            a.fresh = set()
        return a

    def for_each(self, a: Touched) -> Touched:
        """Several times or not at all."""
        if a is not EMPTY:
            self.again(a).sure = set()
        return a

    def woven(self, node: Graph[Any, Any], parts: Sequence[Touched]) -> Touched:
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
            all_of = self._joined(all_of, part)
        return all_of

    def _pass(self, writes: dict[str, int], reads: dict[str, int]) -> None:
        for name in _common(writes, reads):
            self._link(name, writes[name], reads[name])

    def _link(self, name: str, writers: int, readers: int) -> None:
        self.passed.add(name)
        self.flow.data[readers].append(writers)

    def _joined(self, a: Touched, b: Touched, *, one: bool = False) -> Touched:
        """What both touch. Sure is what either has written; if only `one` ran, what both have."""
        if a is EMPTY or b is EMPTY:
            kept = a if b is EMPTY else b
            if one and kept is not EMPTY:
                kept.sure = set()
            return kept
        a.sure = a.sure & b.sure if one else _union(a.sure, b.sure)
        fresh = {*_common(a.writes, b.reads), *_common(b.writes, a.reads)}
        a.fresh = _union(_union(a.fresh, b.fresh), fresh)
        a.reads = _merged(a.reads, b.reads, self._readers)
        a.open = _merged(a.open, b.open, self._readers)
        a.writes = _merged(a.writes, b.writes, self.flow.vertex)
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


def _close(part: Touched, sure: set[str]) -> None:
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


def _merged(
    a: dict[str, int], b: dict[str, int], meet: Callable[[int, int], int]
) -> dict[str, int]:
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    for name, at in small.items():
        large[name] = meet(large[name], at) if name in large else at
    return large
