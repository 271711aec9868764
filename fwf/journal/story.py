"""What happened in a run, as people ask for it: its records, folded by step and by try.

A try is one process that began the run or went on with it. What was committed in an earlier one
is told where it was done, and not again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, final

from fwf.journal.records import Record

Form: TypeAlias = Mapping[str, Any]
"""A fault as `fault_to_json` writes it."""
Outcome: TypeAlias = Literal["running", "died", "ok", "failed", "interrupted", "held"]
Ending: TypeAlias = Literal["running", "died", "ok", "failed", "cut"]
State: TypeAlias = Literal[
    "running", "died", "ok", "failed", "cut", "waiting", "in doubt", "poisoned", "held",
    "taken back", "resolved",
]  # fmt: skip
"""How a step stands: `waiting`, to be tried again; `taken back`, it was ok and is to be done again;
`resolved`, a person has decided, and what they decided hasn't been done yet. Until somebody decides
nobody goes on with a step that is `in doubt`: it was begun, and nobody knows whether it was done;
`poisoned`: it ended its process at every start; or `held` for another reason."""
_IN_DOUBT: Final = "InDoubt"
_POISONED: Final = "Poisoned"
_VALUE: Final = '"value":'
"""What stands before a value in a body, of which it is the last."""
SHORT: Final = 8
"""The characters of a run's id that it is known by in a journal: its last, drawn by chance. The
first are the time, which runs of one minute share."""


def short(run: str) -> str:
    """A run's id ⟶ what it is called in lists and logs."""
    return run[-SHORT:]


class Place(NamedTuple):
    """A step and the number of its attempt there."""

    path: str
    attempt: int


class Try(NamedTuple):
    """One process that began a run or went on with it. Times are in µs since 1970, UTC.

    ended: when it ended; of one that died, its last sign.
    inside: of one that died, the attempts that it died in; else those at work.
    again: the paths that were taken back before it, to be done again, and why.
    """

    number: int
    started: int
    ended: int | None
    outcome: Outcome
    value: str | None
    fault: Form | None
    inside: tuple[Place, ...]
    again: tuple[str, ...]
    why: str
    facts: Mapping[str, Any]

    @property
    def who(self) -> str:
        """`etl on nightly-1, process 4711`, as far as it is known."""
        user, host, pid = (self.facts.get(name) for name in ("user", "host", "pid"))
        said = " on ".join(str(each) for each in (user, host) if each)
        return ", ".join(filter(None, [said, f"process {pid}" if pid is not None else ""]))


class Attempt(NamedTuple):
    """One attempt of a step: in which try of the run, how it ended, and when (µs)."""

    path: str
    tries: str
    number: int
    task: str
    attempt: int
    start: int
    end: int | None
    ending: Ending
    rows: int | None
    fault: Form | None


class Retry(NamedTuple):
    """Where a retry waits, or has waited, for the attempt `attempt`, which is due then (µs)."""

    path: str
    number: int
    attempt: int
    at: int
    due: int | None
    fault: Form | None


class Step(NamedTuple):
    """A step, with all its attempts.

    computed: the number of the try that its committed value is from; None if it has none.
    caught: whether what it failed with was taken up: by a fallback, or a map that collects.
    resolved: what a person decided last: value, again or skip; and who.
    holding: why nobody goes on with it.
    """

    path: str
    state: State
    attempts: tuple[Attempt, ...]
    computed: int | None
    caught: bool
    resolved: tuple[str, str] | None
    holding: Form | None

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def done(self) -> Attempt | None:
        """The attempt that its value is from."""
        return next((each for each in reversed(self.attempts) if each.ending == "ok"), None)

    @property
    def fault(self) -> Form | None:
        """What it failed with last, or why nobody goes on with it, if it is not fine."""
        if self.holding is not None:
            return self.holding
        return None if self.last is None or self.state == "ok" else self.last.fault


@final
class Story:
    """A run's records, folded: its tries, its steps in the order of their first start, retries."""

    __slots__ = ("caught", "pruned", "retries", "steps", "tries")

    def __init__(
        self,
        tries: tuple[Try, ...],
        steps: Mapping[str, Step],
        retries: tuple[Retry, ...],
        caught: tuple[tuple[str, Form | None], ...],
        pruned: bool,
    ) -> None:
        self.tries = tries
        self.steps = steps
        self.retries = retries
        self.caught = caught
        """Where faults were taken up, and which."""
        self.pruned = pruned
        """Whether records were dropped, so that no steps are known."""

    @property
    def outcome(self) -> Outcome:
        """How the last try went."""
        return self.tries[-1].outcome if self.tries else "died"

    @property
    def value(self) -> str | None:
        """What the run gave, as written JSON."""
        return self.tries[-1].value if self.tries else None

    @property
    def fault(self) -> Form | None:
        """What the last try ended with."""
        return self.tries[-1].fault if self.tries else None

    @property
    def inside(self) -> tuple[Place, ...]:
        """What the last try is at work on, or died in."""
        return self.tries[-1].inside if self.tries else ()

    def having(self, *states: State) -> list[Step]:
        """The steps that stand so."""
        return [step for step in self.steps.values() if step.state in states]

    @property
    def failed(self) -> list[Step]:
        """Steps whose last attempt failed: those that nothing took up first."""
        return sorted(self.having("failed"), key=lambda step: step.caught)

    @property
    def held(self) -> list[Step]:
        """Steps that nobody goes on with until a person has decided."""
        return self.having("in doubt", "poisoned", "held")

    @property
    def kept(self) -> Mapping[int, int]:
        """For each try but the last ⟶ how many steps are kept from it in the last one."""
        last = self.tries[-1].number if self.tries else 0
        found: dict[int, int] = {}
        for step in self.steps.values():
            if step.computed is not None and step.computed < last:
                found[step.computed] = found.get(step.computed, 0) + 1
        return found


def story(records: Iterable[Record], *, alive: bool = False) -> Story:
    """A run's records in order, or any first part of them ⟶ what happened.

    alive: whether somebody goes on with the run now; if not, a try that hasn't ended has died.
    """
    fold = _Fold()
    for each in records:
        fold.take(each)
    return fold.told(alive)


def leaves(fault: Form | None) -> Iterator[Form]:
    """A written fault ⟶ the single ones that it is made of."""
    todo: list[Form] = [] if fault is None else [fault]
    while todo:
        top = todo.pop()
        found: Sequence[Form] = top.get("leaves") or ()
        yield from found


# Folding


def _read(record: Record) -> tuple[dict[str, Any], str | None]:
    """A record ⟶ what its body says but for a value, and the JSON text of that, if there is one.

    Values may be large, and few are looked at.
    """
    if record.kind not in ("ok", "end", "resolved"):
        return json.loads(record.body or "{}"), None
    head, found, value = record.body.partition(_VALUE)
    if not found:
        return json.loads(record.body or "{}"), None
    return json.loads(f"{head.rstrip().removesuffix(',')}}}"), value[:-1].strip()


def _held(leaf: Form) -> State | None:
    """How a step stands that failed so, if nobody goes on with it then."""
    tags = {leaf.get("kind"), *leaf.get("tags", ())}
    return "in doubt" if _IN_DOUBT in tags else "poisoned" if _POISONED in tags else None


def _alone(leaf: Form) -> Form:
    """A single fault as a whole one."""
    return {"leaves": [leaf], "joined": []}


@final
class _Try:
    """A try as it goes on."""

    def __init__(self, number: int, started: int, facts: Mapping[str, Any]) -> None:
        self.number, self.started, self.facts = number, started, facts
        self.ended: int | None = None
        self.outcome: Outcome | None = None
        self.value: str | None = None
        self.fault: Form | None = None
        self.inside: tuple[Place, ...] = ()
        self.again: tuple[str, ...] = ()
        self.why = ""


@final
class _Step:
    """A step as it goes on."""

    __slots__ = ("attempts", "caught", "committed", "holding", "path", "resolved", "state")

    def __init__(self, path: str) -> None:
        self.path = path
        self.attempts: list[Attempt] = []
        self.state: State = "running"
        self.committed: int | None = None
        self.caught = False
        self.resolved: tuple[str, str] | None = None
        self.holding: Form | None = None


@final
class _Fold:
    """Takes one record after another."""

    def __init__(self) -> None:
        self.tries: list[_Try] = []
        self.steps: dict[str, _Step] = {}
        self.retries: list[Retry] = []
        self.caught: list[tuple[str, Form | None]] = []
        self.open: dict[tuple[str, str], int] = {}
        """Attempts of the try that haven't ended: where each is in its step's."""
        self.again: tuple[tuple[str, ...], str] = ((), "")
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
                self._died(body)
            case "start":
                self._start(record, body)
            case "ok" | "failed" | "cut":
                self._ended(record, record.kind, body)
            case "retry":
                self._retry(record, body)
            case "caught":
                self._caught(record, body.get("fault"))
            case "taken back":
                self._taken_back(body)
            case "resolved":
                self._resolved(record, body)
            case "anchor":
                self.pruned = True
            case "deadline" | "delay" | "settled" | "done" | "gave back":
                pass  # of no step: how the machine goes on where it was

    def _now(self, at: int) -> _Try:
        """The try that goes on; a run of whose records the first are gone has one too."""
        if not self.tries:
            self.tries.append(_Try(1, at, {}))
        return self.tries[-1]

    def _begin(self, record: Record, body: dict[str, Any]) -> None:
        self._left()
        number = body.get("number", len(self.tries) + 1)
        begun = _Try(number, record.at, body)
        begun.again, begun.why = self.again
        self.again = ((), "")
        self.tries.append(begun)

    def _end(self, record: Record, body: dict[str, Any], value: str | None) -> None:
        now = self._now(record.at)
        now.ended, now.outcome = record.at, body.get("outcome", "failed")
        now.value, now.fault = value, body.get("fault")
        self._left()
        for leaf in leaves(now.fault):
            held = _held(leaf) or ("held" if now.outcome == "held" else None)
            if held is not None and leaf.get("path"):
                step = self._step(leaf["path"])
                step.state, step.holding = held, _alone(leaf)

    def _died(self, body: dict[str, Any]) -> None:
        found = next((each for each in self.tries if each.number == body.get("number")), None)
        died = found or self._now(self.last)
        if died.outcome is not None:  # it had said how it ended
            return
        died.ended, died.outcome = body.get("at", self.last), "died"
        died.inside = tuple(
            Place(each["path"], each.get("number", 1)) for each in body.get("in", ())
        )
        self._left()

    def _left(self) -> None:
        """No attempt of the try goes on."""
        for (path, _), at in self.open.items():
            step = self.steps[path]
            step.attempts[at] = step.attempts[at]._replace(ending="died")
            if step.state == "running":
                step.state = "died"
        self.open.clear()

    # Steps

    def _step(self, path: str) -> _Step:
        found = self.steps.get(path)
        if found is None:
            found = self.steps[path] = _Step(path)
        return found

    def _start(self, record: Record, body: dict[str, Any]) -> None:
        step = self._step(record.path)
        now, n = self._now(record.at), body.get("attempt", 1)
        task = body.get("task", "")
        begun = Attempt(
            record.path, record.tries, now.number, task, n, record.at, None, "running", None, None
        )  # fmt: skip
        self.open[record.path, record.tries] = len(step.attempts)
        step.attempts.append(begun)
        step.state, step.resolved, step.holding = "running", None, None

    def _ended(
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
        step.committed = was.number if ending == "ok" else None

    def _retry(self, record: Record, body: dict[str, Any]) -> None:
        fault, number = body.get("fault"), self._now(record.at).number
        self.retries.append(
            Retry(record.path, number, body.get("number", 1), record.at, body.get("due"), fault)
        )
        for leaf in leaves(fault):
            step = self.steps.get(leaf.get("path", ""))
            if step is not None and step.state == "failed":
                step.state = "waiting"

    def _caught(self, record: Record, fault: Form | None) -> None:
        self.caught.append((record.path, fault))
        for leaf in leaves(fault):
            held, path = _held(leaf), leaf.get("path", "")
            step = self._step(path) if held is not None else self.steps.get(path)
            if step is not None:
                step.caught = True
            if step is not None and held is not None:
                step.state, step.holding = held, _alone(leaf)

    def _taken_back(self, body: dict[str, Any]) -> None:
        paths = tuple(dict.fromkeys(str(path) for path, *_ in body.get("paths", ())))
        for path in paths:
            step = self.steps.get(path)
            if step is not None:
                step.state, step.committed = "taken back", None
        if paths or body.get("failures"):
            before, why = self.again
            self.again = ((*before, *paths), body.get("why", "") or why)

    def _resolved(self, record: Record, body: dict[str, Any]) -> None:
        step = self._step(record.path)
        how = str(body.get("how", ""))
        step.state, step.resolved = "resolved", (how, str(body.get("by", "")))
        step.holding = None
        if how != "again":
            step.state, step.committed = "ok", self._now(record.at).number

    # The end

    def told(self, alive: bool) -> Story:
        unfinished = bool(self.tries) and self.tries[-1].outcome is None
        places = tuple(
            Place(path, self.steps[path].attempts[at].attempt)
            for (path, _), at in self.open.items()
        )
        if not (unfinished and alive):
            self._left()
        if unfinished:
            now = self.tries[-1]
            now.outcome = "running" if alive else "died"
            now.ended, now.inside = (None, places) if alive else (self.last, places)
        steps = {path: _told(step, unfinished and alive) for path, step in self.steps.items()}
        tries = tuple(map(_of, self.tries))
        return Story(tries, steps, tuple(self.retries), tuple(self.caught), self.pruned)


def _told(step: _Step, goes_on: bool) -> Step:
    """A step as it is told; what would have been tried again isn't, where nobody goes on."""
    state: State = "failed" if step.state == "waiting" and not goes_on else step.state
    attempts = tuple(step.attempts)
    return Step(
        step.path, state, attempts, step.committed, step.caught, step.resolved, step.holding
    )  # fmt: skip


def _of(each: _Try) -> Try:
    return Try(
        each.number, each.started, each.ended, each.outcome or "died", each.value, each.fault,
        each.inside, each.again, each.why, each.facts,
    )  # fmt: skip
