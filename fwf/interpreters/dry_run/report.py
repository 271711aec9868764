"""What a dry run tells: its outcome, what would happen and when, and what takes the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, final

from fwf.algebra.nodes import Named
from fwf.algebra.trace import Event, Outcome, Trace
from fwf.algebra.workflow import Workflow
from fwf.interpreters.dry_run.fibers import Place
from fwf.interpreters.dry_run.log import ENDINGS, Attempt, attempts, numbers, predecessors, told

MICROSECOND = timedelta(microseconds=1)
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
class DryRun:
    """What would happen. Prints as a timeline; see also `json` and `svg`.

    outcome: `Ok` or `Err`, as a run would end.
    end: when it would end, in microseconds from its start; `took` is the same as a duration.
    trace, critical_path, by_task, assumed: worked out when first asked for.
    """

    __slots__ = (
        "_assumed", "_assumptions", "_by_task", "_critical", "_log", "_path", "_raw", "_trace",
        "end", "outcome", "start", "workflow",
    )  # fmt: skip

    def __init__(
        self,
        workflow: Workflow[Any, Any],
        start: datetime | None,
        outcome: Outcome,
        end: int,
        log: Any,
        assumed: list[tuple[Place, str]],
        path: Callable[[Place], str],
    ) -> None:
        self.workflow = workflow
        self.start = start
        self.outcome = outcome
        self.end = end
        self._log = log
        self._assumed = assumed
        self._assumptions: tuple[Assumption, ...] | None = None
        self._path = path
        self._raw: list[Attempt] | None = None
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
            self._trace = told(self._log, self._event)
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
    def assumed(self) -> tuple[Assumption, ...]:
        """What was assumed about values that no scenario, example or declaration gives."""
        if self._assumptions is None:
            told = (Assumption(self._path(place), what) for place, what in self._assumed)
            self._assumptions = tuple(dict.fromkeys(told))
        return self._assumptions

    def assumptions(self, most: int) -> tuple[tuple[Assumption, ...], int]:
        """The first of what was `assumed`, and how many more there are: deep paths are long."""
        told = (Assumption(self._path(place), what) for place, what in self._assumed[:most])
        return tuple(dict.fromkeys(told)), max(0, len(self._assumed) - most)

    @property
    def by_task(self) -> Mapping[str, Totals]:
        """What each task's attempts come to, in the order of their first start."""
        if self._by_task is None:
            sums: dict[str, list[int]] = {}
            for task, _, _, signal, _, start, end in sorted(self._attempts(), key=_start):
                total = sums.setdefault(task.name, [0, 0, 0, 0])
                total[0] += 1
                total[3] += end - start
                if signal:
                    total[signal] += 1
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

    def __str__(self) -> str:
        from fwf.interpreters.dry_run.timeline import timeline

        return timeline(self)

    def __repr__(self) -> str:
        how = type(self.outcome).__name__
        return f"<DryRun of {self.name}: {how} after {self.took}, {self.attempts:,} attempts>"

    def json(self) -> str:
        """All of it for machines; times in microseconds."""
        from fwf.interpreters.dry_run.form import as_json

        return as_json(self)

    def svg(self) -> str:
        """A Gantt chart, self-contained, that names the critical path."""
        from fwf.interpreters.dry_run.chart import chart

        return chart(self)

    def _attempts(self) -> list[Attempt]:
        if self._raw is None:
            self._raw = attempts(self._log)
        return self._raw

    def _event(self, raw: Attempt) -> Event:
        task, place, tries, signal, result, start, end = raw
        return Event(
            task.name, self._path(place), numbers(tries), ENDINGS[signal], result, start, end
        )


def _start(raw: Attempt) -> int:
    return raw[5]


def _critical(raw: list[Attempt], before: dict[int, Attempt | None]) -> list[Attempt]:
    """Back from the last to end."""
    at: Attempt | None = max(reversed(raw), key=lambda each: each[6])
    path: list[Attempt] = []
    freed: dict[int, Attempt] = {}
    while at is not None:
        path.append(at)
        cause, start = before[id(at)], at[5]
        if cause is None or cause[6] < start:
            if not freed:
                freed = {each[6]: each for each in reversed(raw) if each[6] > each[5]}
            cause = freed.get(start, cause) if start else cause
        at = cause
    return path[::-1]
