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
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, final

from fwf import Attempt, IdempotencyKey, Resource, RunInfo, Task, task
from fwf.algebra.contract import Effect
from fwf.algebra.paths import untagged
from fwf.algebra.scenario import Failing
from fwf.algebra.script import Script
from tests.engines.kit.values import Sale, VendorDown

What: TypeAlias = Literal["begun", "ok", "failed"]
Desk = Annotated[str, Resource]
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


@final
class Deck:
    """The tasks of one workflow, which one actor plays.

    What the last ones do is in their names, wherever they stand. Tasks of one case aren't those of
    another one.
    """

    def __init__(self, actor: Actor, case: Any) -> None:
        self._act = actor.act
        self._case = {"case": case}
        self.plain: tuple[Task[Any, Any], ...] = (
            self._one("a", "pure"),
            self._one("b", "read"),
            self._one("c", "idempotent"),
            self._one("d", "unrepeatable"),
            self._undeclared(),
            self._awaited(),
            self._lent(),
        )
        """From anything to anything."""
        self.ping, self.add, self.shifted = self._ping(), self._add(), self._shifted()
        self.listed, self.rich = self._listed("listed"), self._rich()
        self.three, self.empty = self._listed("three"), self._listed("empty")
        self.none, self.large = self._one("none", "read"), self._one("large", "idempotent")
        self.middle, self.down = self._one("middle", "read"), self._one("down", "idempotent")
        self.down_once = self._one("down_once", "idempotent")

    def _one(self, name: str, effect: Effect) -> Task[Any, Any]:
        act = self._act

        @task(name=name, effect=effect, config=self._case)
        def does(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act(name, n, run, attempt, key)

        return does

    def _undeclared(self) -> Task[Any, Any]:
        act = self._act

        @task(config=self._case)
        def e(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act("e", n, run, attempt, key)

        return e

    def _awaited(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="read", config=self._case)
        async def f(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act("f", n, run, attempt, key)

        return f

    def _lent(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="idempotent", config=self._case)
        def lent(n: Any, *, desk: Desk, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            assert desk == "open"
            return act("lent", n, run, attempt, key)

        return lent

    def _ping(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="read", config=self._case)
        def ping(*, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
            return act("ping", None, run, attempt, key)

        return ping

    def _add(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="pure", config=self._case)
        def add(
            left: Any, right: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Any:
            return act("add", (left, right), run, attempt, key)

        return add

    def _shifted(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="read", config=self._case)
        def shifted(
            n: Any, *, amount: int, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Any:
            assert type(amount) is int
            return act("shifted", n, run, attempt, key)

        return shifted

    def _listed(self, name: str) -> Task[Any, Any]:
        act = self._act

        @task(name=name, effect="pure", config=self._case)
        def listed(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> list[Any]:
            found: list[Any] = act(name, n, run, attempt, key)
            return found

        return listed

    def _rich(self) -> Task[Any, Any]:
        act = self._act

        @task(effect="read", config=self._case)
        def rich(
            n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey
        ) -> Sale | list[Sale] | date | Any:
            return act("rich", n, run, attempt, key)

        return rich
