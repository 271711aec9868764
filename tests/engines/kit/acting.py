"""Tasks whose bodies act out a script, and leave lines in a log that tell what was begun and how
it ended.

How often one was begun at its place is read from the log. So a script goes on in another process,
and whatever an engine believes of attempts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, final

from fwf import Attempt, RunInfo
from fwf.algebra.paths import untagged
from fwf.worlds.scenario import Failing
from fwf.worlds.task_script import Script
from tests.engines.kit.values import VendorDown

What: TypeAlias = Literal["begun", "ok", "failed"]
ERRORS: dict[str, Callable[[], BaseException]] = {
    "VendorDown": lambda: VendorDown("down"),
    "ConnectionError": lambda: ConnectionError("no 'answer' of \"{{ it }}\""),
    "PermissionError": lambda: PermissionError(13, "not ${yours}"),
    "KeyError": lambda: KeyError("$.missing"),
    "TypeError": lambda: TypeError("a defect"),
    "SystemExit": lambda: SystemExit(3),
}
"""What tasks fail with, by the name that stands in a script; some are OSErrors, one is a defect."""


class Line(NamedTuple):
    """What an attempt leaves: when it begins, and when it ends.

    number: which attempt at its place it is by the log, from 1; attempt: by what it was told.
    """

    what: What
    path: str
    task: str
    number: int
    attempt: int
    key: str
    ending: str = ""


@final
class Actor:
    """Acts out the scripts of the places of one workflow.

    scripts: by path without items and rounds; log: where lines go, in memory if None.
    """

    def __init__(self) -> None:
        self.scripts: Mapping[str, Script] = {}
        self.log: Path | None = None
        self._lines: list[Line] = []

    def lines(self) -> list[Line]:
        """What was done so far, in order."""
        if self.log is None:
            return [*self._lines]
        if not self.log.exists():
            return []
        lines = self.log.read_bytes().split(b"\n")[:-1]
        return [Line(*json.loads(line)) for line in lines]

    def clear(self) -> None:
        """Nothing was done yet."""
        self._lines.clear()
        if self.log is not None:
            self.log.unlink(missing_ok=True)

    def act(self, name: str, given: Any, run: RunInfo, attempt: Attempt, key: str) -> Any:
        """Do what the script of a place says."""
        script = self.scripts[untagged(run.path)]
        began = [each for each in self.lines() if each.what == "begun" and each.path == run.path]
        number = len(began) + 1
        line = Line("begun", run.path, name, number, attempt, key)
        self.note(line)
        time.sleep(script.duration(number - 1, given, 0, run.path).total_seconds())
        try:
            found = _ended(script, number - 1, given)
        except BaseException as error:
            self.note(line._replace(what="failed", ending=type(error).__name__))
            raise
        self.note(line._replace(what="ok"))
        return found

    def note(self, line: Line) -> None:
        """Leave a line."""
        if self.log is None:
            self._lines.append(line)
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(self.log, flags, 0o600)
        try:
            os.write(file, json.dumps(line).encode() + b"\n")
        finally:
            os.close(file)


def _ended(script: Script, attempt: int, given: Any) -> Any:
    failure = script.failure(attempt)
    if failure is not None:
        raise ERRORS[error_of(failure)]()
    return script.output(attempt) if script.by is None else script.by(given)


def error_of(failure: Failing) -> str:
    """The name of the error that a script says."""
    return failure.tags[0].rpartition(".")[2]
