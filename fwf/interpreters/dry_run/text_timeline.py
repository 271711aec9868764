"""A dry run for people: a timeline of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from returns.result import Success

from fwf.display.readable import clock, columns, ending_text, few_words, label
from fwf.durations import in_words
from fwf.faults import counted, leaves, shortened
from fwf.interpreters.dry_run.dry_run_report import TextLine
from fwf.printing import printable
from fwf.worlds.trace import Event

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.dry_run_report import DryRun

MAX_LINES = 1_000
MAX_TOLD = 100
"""So many attempts are shown; so many faults, and assumptions, are told."""
BAR = 24
_FULL = {"ok": "█", "failed": "▓", "cut": "░"}


def lines(run: DryRun) -> Iterator[TextLine]:
    """Dry run ⟶ its events line by line, the critical path marked `*`, then totals."""
    failed = not isinstance(run.result, Success)
    yield TextLine(printable(f"{run.name}: {_outcome(run)}"), failed=failed)
    yield from (TextLine(printable(f"  {line}"), failed=True) for line in _faults(run))
    yield from _attempts(run)
    assumed, more = run.assumptions(MAX_TOLD)
    places = (f"{shortened(each.path) or run.name}: {each.what}" for each in assumed)
    yield from assumption_lines(places, more)
    if run.critical_path:
        yield from (
            TextLine(""),
            TextLine(printable(f"critical path (*): {_critical(run)}"), critical=True),
        )


def assumption_lines(assumptions: Iterable[str], more: int) -> Iterator[TextLine]:
    """What was assumed about unknown values, a line for each, and how many more there are."""
    for at, each in enumerate(assumptions):
        if not at:
            yield TextLine("")
            yield TextLine("assumed, since no scenario, example or type says more:")
        yield TextLine(printable(f"  {each}"))
    if more > 0:
        yield TextLine(f"  … and {more:,} more")


def _attempts(run: DryRun) -> Iterator[TextLine]:
    events = run.events
    listed = events[:MAX_LINES]
    marks = {event.key for event in run.critical_path}
    width = min(60, max((columns(label(event)) for event in listed), default=0))
    widest = max((len(_took(event)) for event in listed), default=0)
    clocks = len(clock(run.start, run.end, run.end))
    if listed:
        yield TextLine("")
    for event in listed:
        critical = event.key in marks
        at = clock(run.start, event.start, run.end).rjust(clocks)
        name = _fit(label(event), width)
        took = _took(event).rjust(max(9, widest))
        text = f"{name}  {_bar(event, run.end)}  {took}  {ending_text(event)}"
        yield TextLine(f"{at} {'*' if critical else ' '} {text}", critical, event.ending != "ok")
    if len(events) > len(listed):
        yield TextLine(f"… and {counted(len(events) - len(listed), 'attempt')} more")


def _took(event: Event) -> str:
    return in_words(event.end - event.start)


def _outcome(run: DryRun) -> str:
    attempts = counted(run.attempts, "attempt")
    after = f"after {in_words(run.end)}, {attempts}"
    if isinstance(run.result, Success):
        return f"ok {after} → {few_words(run.result.unwrap())}"
    return f"fails {after}"


def _faults(run: DryRun) -> list[str]:
    if isinstance(run.result, Success):
        return []
    faults = leaves(run.result.failure())
    more = len(faults) - MAX_TOLD
    text = [printable(f"✗ {leaf}") for leaf in faults[:MAX_TOLD]]
    return [*text, f"… and {more:,} more"] if more > 0 else text


def _bar(event: Event, end: int) -> str:
    """Where in the whole an attempt lies."""
    if not end:
        return "▏".ljust(BAR)
    first = min(BAR - 1, event.start * BAR // end)
    last = max(first + 1, -(-event.end * BAR // end))
    if event.start == event.end:
        return (" " * first + "▏").ljust(BAR)
    return (" " * first + _FULL[event.ending] * (last - first)).ljust(BAR)


def _critical(run: DryRun) -> str:
    """The tasks on the critical path, what lies between them, and how long each takes."""
    text: list[str] = []
    now = 0
    for event in run.critical_path:
        if event.start > now:
            text.append(f"wait {in_words(event.start - now)}")
        text.append(f"{event.task} {in_words(event.end - event.start)}")
        now = event.end
    if run.end > now:
        text.append(f"wait {in_words(run.end - now)}")
    if len(text) > 12:
        text = [*text[:6], f"… {len(text) - 12} more …", *text[-6:]]
    return " → ".join(text)


def _fit(text: str, width: int) -> str:
    """The text, or as much of its end as fits, with spaces up to the width."""
    if columns(text) > width:
        text = text[1 - width :]
        while columns(text) >= width:
            text = text[1:]
        text = f"…{text}"
    return text + " " * (width - columns(text))
