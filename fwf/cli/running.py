"""Running a target: progress while it runs, then its result or what failed."""

import os
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from returns.result import Result, Success

from fwf.cli.output import complain, elided, streams_kept, tell, text_of
from fwf.cli.progress_lines import Lines
from fwf.cli.refused_commands import status_of_signal
from fwf.cli.run_observers import Telling
from fwf.cli.tally import Harmless, Progress, Watched
from fwf.cli.targets import Target
from fwf.durations import SECOND
from fwf.faults import Failed, Fault, Interrupted, PredicateDefect, counted, leaves
from fwf.faults.fault_form import fault_to_json
from fwf.faults.tracebacks import CodeLine
from fwf.interpreters.run import (
    Clock,
    Elsewhere,
    Journal,
    Observer,
    Ran,
    SystemClock,
    execute,
    several,
)
from fwf.printing import one_line
from fwf.records import changed
from fwf.telling.reasons import places
from fwf.worlds.trace import Event, Trace, events

FAILED: Final = 1
DEGRADED: Final = 3
"""The exit status of `--strict` where a run is done, but not as it was meant."""
MOST_FAULTS: Final = 100


def run_target(
    target: Target,
    params: Mapping[str, Any],
    pools: Mapping[str, Any],
    workers: int | None,
    key: str | None = None,
    telling: Telling | None = None,
    journal: Journal | None = None,
    observers: Sequence[Observer] = (),
    on: Elsewhere | None = None,
) -> tuple[Ran[Any], datetime]:
    """Run a target and tell of its progress on stderr ⟶ how it went, and when it started.

    observers: who is told besides; on: where tasks are called, if not here.
    """
    clock = SystemClock()
    with (
        streams_kept(),
        (telling or Telling()).observers(target.workflow) as others,
        watched(target.name, clock) as progress,
    ):
        beginning = datetime.now().astimezone()
        outcome = execute(
            target.workflow,
            key=key,
            params=params,
            resources=target.resources,
            workers=workers,
            pools=pools,
            clock=Watched(clock, progress.idle),
            journal=journal,
            observe=several(progress, *others, *observers),
            keep_results=False,
            on=on,
        )
    return outcome, beginning


@contextmanager
def watched(title: str, clock: Clock) -> Generator[Harmless]:
    """Progress as a picture on a terminal, as plain lines elsewhere: on stderr as it is now."""
    write = partial(complain, to=sys.stderr)
    picture = _on_terminal(title, clock) if on_terminal() else Lines(title, clock, write)
    progress = Harmless(picture, write, "progress can't be shown")
    try:
        yield progress
    finally:
        progress.close()


def on_terminal() -> bool:
    """Whether stderr is a terminal that a picture can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def _on_terminal(title: str, clock: Clock) -> Progress:
    from rich.console import Console

    from fwf.cli.progress_live import Live

    return Live(title, clock, Console(file=sys.stderr), tasks_print_there=sys.stdout.isatty())


# Afterwards


def status_of(result: Result[Any, Fault]) -> int:
    """0 fine, 1 failed, 128 and the number of the signal that stopped it."""
    if isinstance(result, Success):
        return 0
    signal = stopped_by(result.failure())
    return FAILED if signal is None else status_of_signal(signal)


def stopped_by(fault: Fault) -> str | None:
    """The signal that stopped a run, if one did."""
    return next((leaf.by for leaf in leaves(fault) if isinstance(leaf, Interrupted)), None)


def tell_result(result: Result[Any, Fault], *, debug: bool) -> None:
    """The result to stdout, or what failed to stderr: a line for each fault, its path first."""
    if isinstance(result, Success):
        if result.unwrap() is not None:
            tell(elided(text_of(result.unwrap())))
        return
    for line in fault_lines(result.failure()):
        complain(line)
    if debug:
        for text in _tracebacks(result.failure()):
            complain(text)


def fault_lines(fault: Fault) -> list[str]:
    """Fault ⟶ a line for each single fault and where it was raised, and how many more."""
    faults = leaves(fault)
    lines = [one_line(str(leaf)) + _at(leaf) for leaf in faults[:MOST_FAULTS]]
    more = len(faults) - len(lines)
    return [*lines, f"… and {more:,} more faults (--json gives all)"] if more else lines


def _at(fault: Fault) -> str:
    """`, at load.py:12 in fetch`: of a run in a run, where the inner one failed."""
    while isinstance(fault, Failed) and fault.cause is not None:
        inner = leaves(fault.cause)
        if len(inner) > 1 or _raised_at(inner[0]) is None:
            break
        fault = inner[0]
    where = _raised_at(fault)
    return "" if where is None else f", at {one_line(str(_near(where)))}"


def _raised_at(fault: Fault) -> CodeLine | None:
    trace = isinstance(fault, Failed | PredicateDefect) and fault.traceback
    return trace.where if trace else None


def _near(line: CodeLine) -> CodeLine:
    """A line of code, its file as it is called from the working folder."""
    with suppress(OSError):  # there may be none any longer
        return changed(line, file=line.file.removeprefix(os.path.join(os.getcwd(), "")))
    return line


def _tracebacks(fault: Fault, within: str = "") -> Iterator[str]:
    for leaf in leaves(fault):
        if isinstance(leaf, Failed | PredicateDefect) and leaf.traceback is not None:
            yield f"\n{within}{leaf.path}:\n{leaf.traceback}"
        if isinstance(leaf, Failed) and leaf.cause is not None:
            yield from _tracebacks(leaf.cause, f"{within}{leaf.path}, in it ")


def degraded_line(paths: Sequence[str]) -> str:
    """That a run which is done isn't as it was meant, and where."""
    where = counted(len(paths), "place")
    return f"degraded: a fallback was taken or a failure tolerated at {where}: {places(paths)}"


def report(target: Target, run: Ran[Any], beginning: datetime) -> dict[str, object]:
    """What `fwf run --json` writes; `fwf run --help` says what the keys mean."""
    took = _seconds(run.end - run.start)
    outcome: dict[str, object]
    if isinstance(run.result, Success):
        outcome = {"outcome": "ok", "value": run.result.unwrap(), "fault": None}
    else:
        fault = run.result.failure()
        word = "failed" if stopped_by(fault) is None else "interrupted"
        outcome = {"outcome": word, "value": None, "fault": fault_to_json(fault)}
    return {
        "target": target.text,
        "workflow": target.name,
        **outcome,
        "degraded": [*run.degraded],
        "unit": "seconds",
        "started": beginning,
        "ended": beginning + timedelta(seconds=took),
        "seconds": took,
        "events": _events(run.trace, run.start),
    }


def _events(trace: Trace, start: int) -> list[dict[str, object]]:
    return [
        {
            "task": event.task,
            "path": event.path,
            "tries": event.tries,
            "ending": event.ending,
            "start": _seconds(event.start - start),
            "end": _seconds(event.end - start),
            "fault": fault_to_json(event.result) if event.ending == "failed" else None,
        }
        for event in sorted(events(trace), key=_starting)
    ]


def _starting(event: Event) -> int:
    return event.start


def _seconds(microseconds: int) -> float:
    return round(microseconds / SECOND, 6)
