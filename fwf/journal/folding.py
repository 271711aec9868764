"""How records become a story: one after another, and what each changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, final

from fwf.journal.run_records import Record
from fwf.journal.story import (
    AttemptStory,
    Decision,
    Form,
    Outcome,
    Retry,
    State,
    Step,
    StepAttempt,
    Story,
    Try,
    leaves,
)

_IN_DOUBT: Final = "InDoubt"
_POISONED: Final = "Poisoned"
_VALUE: Final = '"value":'
"""What stands before a value in a body, of which it is the last."""


def _read(record: Record) -> tuple[dict[str, Any], str | None]:
    """A record ⟶ what its body says but for a value, and the JSON text of that, if there is one.

    Values may be large, and few are looked at.
    """
    if record.kind not in ("ok", "end", "resolved"):
        return json.loads(record.body or "{}"), None
    head, separator, value = record.body.partition(_VALUE)
    if not separator:
        return json.loads(record.body or "{}"), None
    return json.loads(f"{head.rstrip().removesuffix(',')}}}"), value[:-1].strip()


def _holding_state(leaf: Form) -> State | None:
    """How a step stands that failed so, if nobody goes on with it then."""
    tags = {leaf.get("kind"), *leaf.get("tags", ())}
    return "in doubt" if _IN_DOUBT in tags else "poisoned" if _POISONED in tags else None


def _alone(leaf: Form) -> Form:
    """A single fault as a whole one."""
    return {"leaves": [leaf], "joined": []}


@final
class _TryFold:
    """A try as it goes on."""

    def __init__(self, number: int, started: int, facts: Mapping[str, Any]) -> None:
        self.number, self.started, self.facts = number, started, facts
        self.ended: int | None = None
        self.outcome: Outcome | None = None
        self.value: str | None = None
        self.fault: Form | None = None
        self.inside: tuple[StepAttempt, ...] = ()
        self.again: tuple[str, ...] = ()
        self.why = ""
        self.degraded: tuple[str, ...] = ()


@final
class _StepFold:
    """A step as it goes on."""

    __slots__ = ("attempts", "caught", "decision", "holding", "path", "state", "value_try")

    def __init__(self, path: str) -> None:
        self.path = path
        self.attempts: list[AttemptStory] = []
        self.state: State = "running"
        self.value_try: int | None = None
        self.caught = False
        self.decision: Decision | None = None
        self.holding: Form | None = None


@final
class Fold:
    """Takes one record after another."""

    def __init__(self) -> None:
        self.tries: list[_TryFold] = []
        self.steps: dict[str, _StepFold] = {}
        self.retries: list[Retry] = []
        self.catches: list[tuple[str, Form | None]] = []
        self.open: dict[tuple[str, str], int] = {}
        """Attempts of the try that haven't ended: where each is in its step's."""
        self.again: tuple[tuple[str, ...], str] = ((), "")
        self.alone: tuple[str, str] | None = None
        """Of those, the only one that has begun."""
        self.last = 0
        self.pruned = False

    def take(self, record: Record) -> None:
        body, value = _read(record)
        self.last = record.at
        match record.kind:
            case "try":
                self._begin(record, body)
            case "end":
                self._end(record, body, value)
            case "died":
                self._die(body)
            case "start":
                self._start(record, body)
            case "alone":
                self.alone = record.path, record.tries
            case "ok" | "failed" | "cut":
                self._end_attempt(record, record.kind, body)
            case "retry":
                self._retry(record, body)
            case "caught":
                self._catch(record, body.get("fault"))
            case "taken back":
                self._take_back(body)
            case "resolved":
                self._resolve(record, body)
            case "anchor":
                self.pruned = True
            case "deadline" | "delay" | "settled" | "done" | "gave back":
                pass  # of no step: how the machine goes on where it was
            case "given up":
                self._close_attempts()
            case "version":
                pass  # of no run: of a log

    def _now(self, at: int) -> _TryFold:
        """The try that goes on; a run of whose records the first are gone has one too."""
        if not self.tries:
            self.tries.append(_TryFold(1, at, {}))
        return self.tries[-1]

    def _begin(self, record: Record, body: dict[str, Any]) -> None:
        self._close_attempts()
        number = body.get("number", len(self.tries) + 1)
        new = _TryFold(number, record.at, body)
        new.again, new.why = self.again
        self.again = ((), "")
        self.tries.append(new)

    def _end(self, record: Record, body: dict[str, Any], value: str | None) -> None:
        now = self._now(record.at)
        now.ended, now.outcome = record.at, body.get("outcome", "failed")
        now.value, now.fault = value, body.get("fault")
        now.degraded = tuple(body.get("degraded", ()))
        self._close_attempts()
        for leaf in leaves(now.fault):
            state = _holding_state(leaf) or ("held" if now.outcome == "held" else None)
            if state is not None and leaf.get("path"):
                step = self._step(leaf["path"])
                step.state, step.holding = state, _alone(leaf)

    def _die(self, body: dict[str, Any]) -> None:
        match = (each for each in self.tries if each.number == body.get("number"))
        last = next(match, None) or self._now(self.last)
        if last.outcome is not None:  # it had said how it ended
            return
        last.ended, last.outcome = body.get("at", self.last), "died"
        last.inside = tuple(
            StepAttempt(each["path"], each.get("number", 1)) for each in body.get("in", ())
        )
        self._close_attempts()

    def _close_attempts(self) -> None:
        """No attempt of the try goes on."""
        for instance in [*self.open]:
            self._close_attempt(*instance)
        self.alone = None

    def _close_attempt(self, path: str, tries: str) -> None:
        """An attempt goes on no more, if it did, and didn't say how it ended."""
        at = self.open.pop((path, tries), None)
        if at is None:
            return
        step = self.steps[path]
        step.attempts[at] = step.attempts[at]._replace(ending="died")
        if step.state == "running":
            step.state = "died"

    # Steps

    def _step(self, path: str) -> _StepFold:
        step = self.steps.get(path)
        if step is None:
            step = self.steps[path] = _StepFold(path)
        return step

    def _start(self, record: Record, body: dict[str, Any]) -> None:
        step = self._step(record.path)
        now, n = self._now(record.at), body.get("attempt", 1)
        task = body.get("task", "")
        attempt = AttemptStory(
            record.path, record.tries, now.number, task, n, record.at, None, "running", None, None,
            body.get("once", False),
        )  # fmt: skip
        self._close_attempt(record.path, record.tries)
        self.open[record.path, record.tries] = len(step.attempts)
        step.attempts.append(attempt)
        step.state, step.holding = "running", None

    def _end_attempt(
        self, record: Record, ending: Literal["ok", "failed", "cut"], body: dict[str, Any]
    ) -> None:
        at = self.open.pop((record.path, record.tries), None)
        if at is None:  # nothing was started: its resource couldn't be opened, say
            took = body.get("took", 0)
            before = Record(0, "start", record.path, record.tries, record.at - took, "", b"")
            self._start(before, body)
            at = self.open.pop((record.path, record.tries))
        step = self.steps[record.path]
        was = step.attempts[at]
        step.attempts[at] = was._replace(
            end=record.at,
            ending=ending,
            rows=body.get("rows"),
            fault=body.get("fault"),
            task=was.task or body.get("task", ""),
        )
        step.state, step.caught = ending, False
        step.value_try = was.number if ending == "ok" else None

    def _retry(self, record: Record, body: dict[str, Any]) -> None:
        fault, number = body.get("fault"), self._now(record.at).number
        self.retries.append(
            Retry(record.path, number, body.get("number", 1), record.at, body.get("due"), fault)
        )
        for leaf in leaves(fault):
            step = self.steps.get(leaf.get("path", ""))
            if step is not None and step.state == "failed":
                step.state = "waiting"

    def _catch(self, record: Record, fault: Form | None) -> None:
        self.catches.append((record.path, fault))
        for leaf in leaves(fault):
            state, path = _holding_state(leaf), leaf.get("path", "")
            step = self._step(path) if state is not None else self.steps.get(path)
            if step is not None:
                step.caught = True
            if step is not None and state is not None:
                step.state, step.holding = state, _alone(leaf)

    def _take_back(self, body: dict[str, Any]) -> None:
        paths = tuple(dict.fromkeys(str(path) for path, *_ in body.get("paths", ())))
        for path in paths:
            step = self.steps.get(path)
            if step is not None:
                step.state, step.value_try = "taken back", None
        if paths or body.get("failures"):
            before, why = self.again
            self.again = ((*before, *paths), body.get("why", "") or why)

    def _resolve(self, record: Record, body: dict[str, Any]) -> None:
        step = self._step(record.path)
        how = str(body.get("how", ""))
        by, host = (str(body.get(each, "")) for each in ("by", "host"))
        step.state, step.holding = "resolved", None
        step.decision = Decision(how, by, host, record.at)
        if how != "again":
            step.state, step.value_try = "ok", self._now(record.at).number

    # The end

    def story(self, alive: bool) -> Story:
        unfinished = bool(self.tries) and self.tries[-1].outcome is None
        places = tuple(
            StepAttempt(path, self.steps[path].attempts[at].attempt)
            for (path, tries), at in self.open.items()
            if self.alone not in self.open or self.alone == (path, tries)
        )
        if not (unfinished and alive):
            self._close_attempts()
        if unfinished:
            now = self.tries[-1]
            now.outcome = "running" if alive else "died"
            now.ended, now.inside = (None, places) if alive else (self.last, places)
        steps = {path: _step_of(step, unfinished and alive) for path, step in self.steps.items()}
        tries = tuple(map(_try_of, self.tries))
        return Story(tries, steps, tuple(self.retries), tuple(self.catches), self.pruned)


def _step_of(step: _StepFold, goes_on: bool) -> Step:
    """A step as it is told; what would have been tried again isn't, where nobody goes on."""
    state: State = "failed" if step.state == "waiting" and not goes_on else step.state
    attempts = tuple(step.attempts)
    return Step(
        step.path, state, attempts, step.value_try, step.caught, step.decision, step.holding
    )  # fmt: skip


def _try_of(each: _TryFold) -> Try:
    return Try(
        each.number, each.started, each.ended, each.outcome or "died", each.value, each.fault,
        each.inside, each.again, each.why, each.facts, each.degraded,
    )  # fmt: skip
