"""What a dry run of a list of runs tells: how long it takes in all, and a row for each run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast, final

from returns.result import Failure, Result

from fwf.algebra.paths import SEPARATOR
from fwf.durations import MICROSECOND
from fwf.faults import Fault, leaves
from fwf.interpreters.dry_run.dry_run_report import Assumption, DryRun, Report, TextLine
from fwf.records import changed

_ITEM: Final = re.compile(r"[^\[]*\[[^\]]*\]")
"""A run in the whole: `runs[2026-06-01]`."""
Outcome: TypeAlias = Literal["ok", "degraded", "failed", "blocked"]


@final
class Row(NamedTuple):
    """One run of the list. Times are in µs from the start of the first; a blocked one has none.

    place: where it stands in the whole: `runs[2026-06-01]`.
    result: its result, with paths of the whole.
    degraded: of one that is fine, the paths where a fault was taken up, as in a single run.
    """

    label: str
    workflow: str
    params: Mapping[str, object]
    place: str
    start: int | None
    end: int | None
    result: Result[Any, Fault] | None
    degraded: tuple[str, ...]

    @property
    def took(self) -> timedelta:
        """How long it would take, with its waits for what others use."""
        return self.lasted * MICROSECOND

    @property
    def lasted(self) -> int:
        """The same in µs."""
        return 0 if self.start is None or self.end is None else self.end - self.start

    @property
    def outcome(self) -> Outcome:
        """How it would end; blocked: the one before it failed, and it waits for that."""
        if self.result is None:
            return "blocked"
        if isinstance(self.result, Failure):
            return "failed"
        return "degraded" if self.degraded else "ok"

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What it would fail with, with paths as in a single run."""
        if not isinstance(self.result, Failure):
            return ()
        return tuple(self._alone(each) for each in leaves(self.result.failure()))

    def _alone(self, fault: Fault) -> Fault:
        """A single fault with its path in the run."""
        alone = inside(fault.path, self.place)
        return changed(cast(Any, fault), path=alone) if alone != fault.path else fault


def inside(path: str, place: str) -> str:
    """Path in the whole, where a run stands there ⟶ the path in that run."""
    return path.removeprefix(place).removeprefix(SEPARATOR)


def item_of(path: str) -> str:
    """Path in the whole ⟶ the run that it is in, `runs[2026-06-01]`; empty if it is in none."""
    match = _ITEM.match(path)
    return "" if match is None else match[0]


@final
class DryRuns(Report):
    """What a list of runs comes to. Prints as a table; see also `lines`, `json` and `data`.

    whole: all of them as one dry run, `runs[2026-06-01] > daily > …`: its timeline, its critical
        path, its chart.
    rows: one for each run, in the order of the list.
    at_once: how many would go on at the same time, at most.
    """

    __slots__ = ("at_once", "rows", "whole")

    def __init__(self, whole: DryRun, rows: tuple[Row, ...], at_once: int) -> None:
        self.whole = whole
        self.rows = rows
        self.at_once = at_once

    @property
    def start(self) -> datetime | None:
        """When the first one starts, if that was said."""
        return self.whole.start

    @property
    def end(self) -> int:
        """When the last one would end, in µs from the start of the first."""
        return max((row.end or 0 for row in self.rows), default=0)

    @property
    def took(self) -> timedelta:
        """How long all of it would take."""
        return self.end * MICROSECOND

    @property
    def work(self) -> timedelta:
        """What the attempts of all tasks come to, added up."""
        return sum((each.busy for each in self.whole.by_task.values()), timedelta())

    @property
    def utilisation(self) -> float:
        """The part of the time in which `at_once` runs go on, from 0 to 1; 0 if it takes none."""
        room = self.end * min(self.at_once, len(self.rows))
        return sum(row.lasted for row in self.rows) / room if room else 0.0

    def count(self, outcome: Outcome) -> int:
        """How many would end so."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What was assumed about unknown values, as in a single run, and once for all."""
        places = {item_of(row.place): row.place for row in self.rows}
        return tuple(
            dict.fromkeys(
                Assumption(inside(each.path, places.get(item_of(each.path), "")), each.what)
                for each in self.whole.assumed
            )
        )

    def __repr__(self) -> str:
        return f"<DryRuns: {len(self.rows):,}, {self.at_once} at once, {self.took}>"

    def lines(self) -> Iterator[TextLine]:
        """The table's lines, one after another: the figures, then a row for each run."""
        from fwf.interpreters.dry_run.many_table import lines  # of such a report

        return lines(self)

    def data(self) -> dict[str, Any]:
        """All of it as what JSON can hold; times in seconds from the start."""
        from fwf.interpreters.dry_run.many_table import as_data  # of such a report

        return as_data(self)
