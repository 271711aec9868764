"""What a dry run tells: its outcome, what would happen and when, and what takes the time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, final

from returns.result import Result, Success

from fwf.algebra.nodes import Named
from fwf.algebra.workflow import AnyWorkflow
from fwf.durations import MICROSECOND
from fwf.faults import Fault
from fwf.machine.fibers import ERR, OK
from fwf.machine.log import AttemptEntry, Item, entries, event_of, predecessors, trace_of
from fwf.machine.machine import Machine
from fwf.machine.places import Place
from fwf.worlds.trace import Event, Trace

MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


@final
class Assumption(NamedTuple):
    """What was assumed about an unknown value: `the first arm is taken`."""

    path: str
    what: str


@final
class Totals(NamedTuple):
    """What all attempts of a task come to."""

    attempts: int
    failed: int
    cut: int
    busy: timedelta


@final
class TextLine(NamedTuple):
    """A line of a timeline, and whether it tells of the critical path, or of a failure."""

    text: str
    critical: bool = False
    failed: bool = False


class Report:
    """What is told to people in lines, and to machines as data."""

    __slots__ = ()

    @abstractmethod
    def lines(self) -> Iterator[TextLine]:
        """Its lines, one after another."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """All of it as what JSON can hold; times in seconds from the start."""

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines())

    def json(self) -> str:
        """All of it for machines; times in seconds from the start."""
        import json

        return json.dumps(self.data(), ensure_ascii=False, indent=2)


@final
class DryRun(Report):
    """What would happen. Prints as a timeline; see also `lines`, `json`, `data` and `svg`.

    result: `Success` or `Failure`, as `run` would give it. Its value is made of what the scenario
        gives and of stand-ins, so that its type needn't be that of the workflow's output.
    degraded: of a run that would be fine, the paths where a fallback would be taken, or a failure
        tolerated.
    end: when it would end, in microseconds from its start; `took` is the same as a duration.
    trace, critical_path, by_task, assumed: worked out when first asked for.
    """

    __slots__ = (
        "_assumed", "_assumptions", "_by_task", "_critical", "_log", "_path", "_raw", "_trace",
        "_unfinished", "degraded", "end", "result", "start", "workflow",
    )  # fmt: skip

    def __init__(
        self,
        workflow: AnyWorkflow,
        start: datetime | None,
        result: Result[Any, Fault],
        ran: Machine | None,
    ) -> None:
        self.workflow = workflow
        self.start = start
        self.result = result
        self.degraded = () if ran is None else ran.degraded_paths
        self.end = 0 if ran is None else ran.now()
        self._log: Item = None if ran is None else ran.log
        self._assumed: list[tuple[Place, str]] = [] if ran is None else ran.assumptions
        self._unfinished = [] if ran is None else ran.attempts.unfinished
        self._assumptions: tuple[Assumption, ...] | None = None
        self._path: Callable[[Place], str] = (lambda _: "") if ran is None else ran.path
        self._raw: list[AttemptEntry] | None = None
        self._trace: Trace | None = None
        self._critical: tuple[Event, ...] | None = None
        self._by_task: dict[str, Totals] | None = None

    @property
    def took(self) -> timedelta:
        """How long it would take."""
        return self.end * MICROSECOND

    @property
    def name(self) -> str:
        """The workflow's name, if it has one."""
        return self.workflow.name if isinstance(self.workflow, Named) else "workflow"

    @property
    def trace(self) -> Trace:
        """What would happen, as a partial order of attempts."""
        if self._trace is None:
            self._trace = trace_of(self._log, self._event)
        return self._trace

    @property
    def attempts(self) -> int:
        """How many attempts of tasks there would be in all."""
        return len(self._attempts())

    @property
    def events(self) -> list[Event]:
        """All attempts, by when they start; of those that start together, leftmost first."""
        return [self._event(raw) for raw in sorted(self._attempts(), key=_start)]

    @property
    def unfinished(self) -> Mapping[tuple[str, tuple[int, ...], int], int]:
        """Of the attempts that were cut and work on, by their `key`, when each would be over."""
        return {self._event(entry).key: entry.end for entry in self._unfinished}

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What was assumed about values that no scenario, example or declaration gives."""
        if self._assumptions is None:
            assumptions = (Assumption(self._path(place), what) for place, what in self._assumed)
            self._assumptions = tuple(dict.fromkeys(assumptions))
        return self._assumptions

    def assumptions(self, most: int) -> tuple[tuple[Assumption, ...], int]:
        """The first of what was `assumed`, and how many more there are: deep paths are long."""
        first = (Assumption(self._path(place), what) for place, what in self._assumed[:most])
        return tuple(dict.fromkeys(first)), max(0, len(self._assumed) - most)

    @property
    def by_task(self) -> Mapping[str, Totals]:
        """What each task's attempts come to, in the order of their first start."""
        if self._by_task is None:
            sums: dict[str, list[int]] = {}
            for each in sorted(self._attempts(), key=_start):
                total = sums.setdefault(each.task.name, [0, 0, 0, 0])
                total[0] += 1
                total[3] += each.end - each.start
                if each.status is not OK:
                    total[1 if each.status is ERR else 2] += 1
            self._by_task = {
                name: Totals(n, failed, cut, busy * MICROSECOND)
                for name, (n, failed, cut, busy) in sums.items()
            }
        return self._by_task

    @property
    def critical_path(self) -> tuple[Event, ...]:
        """The attempts that the end waits for, in order: of each, the last that it waited for.

        Between two of them there may be a delay, or a wait for a worker, a pool or `at_once`;
        for such a wait the path goes on with an attempt that ended when it was over.
        """
        if self._critical is None:
            raw = self._attempts()
            path = _critical(raw, predecessors(self._log)) if raw else []
            self._critical = tuple(map(self._event, path))
        return self._critical

    def __repr__(self) -> str:
        how = "ok" if isinstance(self.result, Success) else "fails"
        return f"<DryRun of {self.name}: {how} after {self.took}, {self.attempts:,} attempts>"

    def lines(self) -> Iterator[TextLine]:
        """The timeline's lines: every attempt, the critical path marked `*`, then totals."""
        from fwf.interpreters.dry_run.text_timeline import lines  # of such a report

        return lines(self)

    def data(self) -> dict[str, Any]:
        """All of it as what JSON can hold; times in seconds from the start."""
        from fwf.interpreters.dry_run.dry_run_form import as_data

        return as_data(self)

    def svg(self) -> str:
        """A Gantt chart, self-contained, that names the critical path."""
        from fwf.interpreters.dry_run.chart import chart

        return chart(self)

    def _attempts(self) -> list[AttemptEntry]:
        if self._raw is None:
            self._raw = entries(self._log)
        return self._raw

    def _event(self, entry: AttemptEntry) -> Event:
        return event_of(entry, self._path)


def _start(entry: AttemptEntry) -> int:
    return entry.start


def _critical(
    raw: list[AttemptEntry], before: dict[int, AttemptEntry | None]
) -> list[AttemptEntry]:
    """Back from the last to end."""
    at: AttemptEntry | None = max(reversed(raw), key=lambda each: each.end)
    path: list[AttemptEntry] = []
    freed: dict[int, AttemptEntry] = {}
    while at is not None:
        path.append(at)
        cause = before[id(at)]
        if cause is None or cause.end < at.start:
            if not freed:
                freed = {each.end: each for each in reversed(raw) if each.end > each.start}
            cause = freed.get(at.start, cause) if at.start else cause
        at = cause
    return path[::-1]
