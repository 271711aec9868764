"""What happens in a run, and what its tasks log themselves, as records of Python's `logging`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, final

from returns.result import Failure, Result

from fwf.durations import measured_in_words
from fwf.faults import Fault, shown_path
from fwf.interpreters.run import Note, Try, here
from fwf.journal.story import short
from fwf.printing import printable
from fwf.secrets import masked
from fwf.telling.appended import Appended
from fwf.telling.event_words import MOST_REMEDY, reason, rows
from fwf.telling.reasons import on_one_line, places

NAME: Final = "fwf.run"
"""The logger of what happens in runs."""
LEVELS: Final = {
    "start": logging.DEBUG,
    "ok": logging.INFO,
    "kept": logging.DEBUG,
    "cut": logging.WARNING,
    "retry": logging.WARNING,
    "caught": logging.WARNING,
    "failed": logging.ERROR,
    "held": logging.CRITICAL,
}


@final
class Located(logging.Filter):
    """Adds `run_id`, `path`, `task` and `tries` to every record, which an attempt's code has made.

    To be added to handlers: `handler.addFilter(Located())`. The attributes are empty for records
    from elsewhere, such as threads that a task has started itself, and without an observer of the
    run that is a `Logs`.

    run_id: that of records from elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self.run_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "run_id"):
            place = here()
            record.run_id = self.run_id if place is None else place.run_id
            record.path = "" if place is None else place.path
            record.task = "" if place is None else place.task
            record.tries = () if place is None else place.tries
        return True


@final
class Logs:
    """Logs each event of a run: a start as DEBUG, what is fine as INFO, a failed attempt as ERROR.

    Retries, cuts and what was caught are WARNING, what waits for a person is CRITICAL. The records
    have `run_id`, `path`, `task` and `tries`.

    located: told the run's id, for what is logged by no attempt.
    """

    locates = True

    def __init__(self, located: Located | None = None, *, logger: str = NAME) -> None:
        self._logger = logging.getLogger(logger)
        self._located = located
        self._this: Try
        self._since: dict[tuple[str, tuple[int, ...]], int] = {}
        """When each attempt at work started."""

    def began(self, this: Try, /) -> None:
        self._this = this
        self._since.clear()
        if self._located is not None:
            self._located.run_id = this.id
        for remark in this.remarks:
            self._log(logging.WARNING, f"the journal: {on_one_line(remark)}")
        if this.died is not None:
            self._log(logging.WARNING, f"the try before: {on_one_line(this.died)}")
        params = " ".join(f"{name}={value}" for name, value in this.params.items())
        goes_on = f", goes on, try {this.number}" if this.number > 1 else ""
        what = on_one_line(" ".join(filter(None, [this.workflow, params])))
        self._log(logging.INFO, f"run {this.id} of {what or 'a workflow'}{goes_on}")

    def note(self, note: Note, /) -> None:
        attempt = note.path, note.tries
        took = note.at - self._since.pop(attempt, note.at)
        if note.kind == "start":
            self._since[attempt] = note.at
        level = LEVELS.get(note.kind, logging.INFO)
        if self._logger.isEnabledFor(level):
            self._log(level, _message(note, took, self._this), note)

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        if isinstance(result, Failure):
            self._log(logging.ERROR, f"the run failed: {reason(result.failure())}")
        elif this.degraded:
            self._log(logging.WARNING, f"the run is done, degraded: {places(this.degraded)}")
        else:
            self._log(logging.INFO, "the run is done")
        if self._located is not None:
            self._located.run_id = ""

    def _log(self, level: int, message: str, note: Note | None = None) -> None:
        more = {
            "run_id": self._this.id,
            "path": "" if note is None else note.path,
            "task": "" if note is None else note.task,
            "tries": () if note is None else note.tries,
        }
        self._logger.log(level, "%s", message, extra=more)


def _message(note: Note, took: int, this: Try) -> str:
    match note.kind:
        case "start":
            return "start"
        case "ok":
            count = rows(note.detail)
            return f"ok  {measured_in_words(took)}" + ("" if count is None else f", {count:,} rows")
        case "cut":
            return f"cut  {measured_in_words(took)}"
        case "failed":
            return f"failed  {measured_in_words(took)}: {reason(note.detail)}"
        case "retry":
            return f"retry at {this.when(note.at):%H:%M:%S}: {reason(note.detail)}"
        case "held":
            return f"held: {reason(note.detail, MOST_REMEDY)}"
        case "kept":
            return "kept" if note.earlier is None else f"kept from try {note.earlier}"
        case kind:
            return f"{kind}: {reason(note.detail)}"


@final
class LogFile(logging.Handler):
    """Appends records to a file, a line each, with date, zone, level, run and path.

    2026-11-28 02:14:07.123+01:00 ERROR 7c3a09e1 daily > orders  fwf.run: failed  0.8s: …

    A record of several lines has them below its first, set in. Where the file is moved away or
    deleted, a new one is begun. What can't be written is told once, and the run goes on.
    """

    def __init__(self, path: str, complain: Callable[[str], None], level: int) -> None:
        super().__init__(level)
        self._file = Appended(path)
        self._complain = complain
        self._complained = False
        self.located = Located()
        self.addFilter(self.located)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._file.write(self.format(record))
        except Exception as error:
            if not self._complained:
                self._complained = True
                why = on_one_line(str(error) or type(error).__qualname__)
                self._complain(f"the log can't be written: {why}; the run goes on")

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).astimezone()
        run, path = getattr(record, "run_id", ""), getattr(record, "path", "")
        where = f"{short(run) or '-'} {printable(masked(shown_path(path))) if path else '-'}"
        first, *more = masked(_text(record)).splitlines() or [""]
        head = f"{when.isoformat(' ', 'milliseconds')} {record.levelname} {where}"
        lines = [f"{head}  {record.name}: {printable(first)}"]
        return "\n".join([*lines, *(f"    {printable(line)}" for line in more)])

    def close(self) -> None:
        self._file.close()
        super().close()


def _text(record: logging.LogRecord) -> str:
    """What a record says, with its traceback; also one whose arguments don't fit its message."""
    try:
        message = record.getMessage()
    except Exception as error:
        message = f"{record.msg!r} with {record.args!r} ({type(error).__qualname__}: {error})"
    parts = [message]
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(_FORMATTER.formatException(record.exc_info))
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)


_FORMATTER: Final = logging.Formatter()
