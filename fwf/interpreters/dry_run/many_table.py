"""A dry run of a list of runs for people, as a table; and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

from fwf.display.readable import clock, columns
from fwf.durations import MICROSECOND, in_words
from fwf.faults import counted, shown_path
from fwf.faults.fault_form import fault_to_json
from fwf.interpreters.dry_run.dry_run_form import plain, seconds
from fwf.interpreters.dry_run.dry_run_report import TextLine
from fwf.interpreters.dry_run.many_report import DryRuns, Outcome, Row
from fwf.interpreters.dry_run.text_timeline import assumption_lines
from fwf.printing import printable

MAX_LINES = 1_000
MAX_TOLD = 20
"""So many runs are shown; so many assumptions are told."""
_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


def lines(runs: DryRuns) -> Iterator[TextLine]:
    """Dry runs ⟶ their figures, then a row for each: label, start, end, how long, how it ends."""
    rows = runs.rows
    yield TextLine(_head(runs), failed=bool(runs.count("failed")))
    listed = rows[:MAX_LINES]
    if listed:
        yield TextLine("")
    longest = runs.end
    labels = max((columns(printable(row.label)) for row in listed), default=0)
    clocks = len(clock(runs.start, longest, longest))
    took = max((len(in_words(row.lasted)) for row in listed), default=0)
    for row in listed:
        label = printable(row.label)
        name = label + " " * (labels - columns(label))
        failed = row.outcome in ("failed", "blocked")
        if row.start is None or row.end is None:
            times = "–".rjust(clocks) + "  " + "–".rjust(clocks) + "  " + "–".rjust(took)
        else:
            at, until = (clock(runs.start, each, longest) for each in (row.start, row.end))
            times = f"{at:>{clocks}}  {until:>{clocks}}  {in_words(row.lasted):>{took}}"
        yield TextLine(printable(f"{name}  {times}  {_ending(row)}"), failed=failed)
    if len(rows) > len(listed):
        yield TextLine(f"… and {counted(len(rows) - len(listed), 'run')} more")
    assumed = runs.assumed
    places = (f"{shown_path(path) or 'workflow'}: {what}" for path, what in assumed[:MAX_TOLD])
    yield from assumption_lines(places, len(assumed) - MAX_TOLD)


def _head(runs: DryRuns) -> str:
    many = f", at most {runs.at_once} at once" if runs.at_once > 1 else ", one after another"
    outcomes = ", ".join(f"{n:,} {each}" for each in _OUTCOMES if (n := runs.count(each)))
    figures = (
        f"{in_words(runs.work // MICROSECOND)} of work, {runs.utilisation:.0%} of the slots used"
    )
    count = counted(len(runs.rows), "run")
    if not runs.rows:
        return count
    return (
        f"{count}{many if len(runs.rows) > 1 else ''}: {in_words(runs.end)} ({figures}): {outcomes}"
    )


def _more(others: Sequence[object]) -> str:
    return f" (and {len(others):,} more)" if others else ""


def _ending(row: Row) -> str:
    if row.outcome == "degraded":
        first, *others = row.degraded
        return f"degraded: {shown_path(first)}{_more(others)}"
    if row.outcome == "failed":
        fault, *more = row.faults
        return f"✗ {fault}{_more(more)}"
    return "blocked by the one before it" if row.outcome == "blocked" else row.outcome


def as_data(runs: DryRuns) -> dict[str, Any]:
    """Dry runs ⟶ what JSON can hold."""
    return {
        "unit": "seconds",
        "started": None if runs.start is None else runs.start.isoformat(),
        "at_once": runs.at_once,
        "seconds": seconds(runs.end),
        "work": seconds(runs.work // MICROSECOND),
        "utilisation": runs.utilisation,
        "outcomes": {each: runs.count(each) for each in _OUTCOMES},
        "runs": [_row(row) for row in runs.rows],
        "assumed": [{"path": each.path, "what": each.what} for each in runs.assumed],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "label": row.label,
        "workflow": row.workflow,
        "params": plain(row.params),
        "start": None if row.start is None else seconds(row.start),
        "end": None if row.end is None else seconds(row.end),
        "outcome": row.outcome,
        "degraded": [*row.degraded],
        "faults": [fault_to_json(fault) for fault in row.faults],
    }
