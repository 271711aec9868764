"""What happened in a run, as people ask for it: its records, folded by step and by try.

A try is one process that began the run or went on with it. What was committed in an earlier one
is told where it was done, and not again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias, final

from fwf.journal import run_records as records
from fwf.journal.run_records import Record

Form: TypeAlias = Mapping[str, Any]
"""A fault as `fault_to_json` writes it."""
Outcome: TypeAlias = records.State | Literal["died"]
Ending: TypeAlias = Literal["running", "died", "ok", "failed", "cut"]
State: TypeAlias = Literal[
    "running", "died", "ok", "failed", "cut", "waiting", "in doubt", "poisoned", "held",
    "taken back", "resolved",
]  # fmt: skip
"""How a step stands: `waiting`, to be tried again; `taken back`, it was ok and is to be done again;
`resolved`, a person has decided, and what they decided hasn't been done yet. Until somebody decides
nobody goes on with a step that is `in doubt`: it was begun, and nobody knows whether it was done;
`poisoned`: it ended its process at every start; or `held` for another reason."""
SHORT: Final = 8
"""The characters of a run's id that it is known by in a journal: its last, drawn by chance. The
first are the time, which runs of one minute share."""


def short(run: str) -> str:
    """A run's id ⟶ what it is called in lists and logs."""
    return run[-SHORT:]


class StepAttempt(NamedTuple):
    """A step and the number of its attempt there."""

    path: str
    attempt: int


class Try(NamedTuple):
    """One process that began a run or went on with it. Times are in µs since 1970, UTC.

    ended: when it ended; of one that died, its last sign.
    inside: of one that died, the attempts that it died in; else those at work.
    again: the paths that were taken back before it, to be done again, and why.
    degraded: of one that is fine, the paths where what it gave isn't what was meant.
    """

    number: int
    started: int
    ended: int | None
    outcome: Outcome
    value: str | None
    fault: Form | None
    inside: tuple[StepAttempt, ...]
    again: tuple[str, ...]
    why: str
    facts: Mapping[str, Any]
    degraded: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """`etl on nightly-1, process 4711`, as far as it is known."""
        user, host, pid = (self.facts.get(name) for name in ("user", "host", "pid"))
        account = " on ".join(str(each) for each in (user, host) if each)
        return ", ".join(filter(None, [account, f"process {pid}" if pid is not None else ""]))


class AttemptStory(NamedTuple):
    """One attempt of a step: in which try of the run, how it ended, and when (µs).

    once: whether its task is unrepeatable.
    """

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
    once: bool = False


class Retry(NamedTuple):
    """Where a retry waits, or has waited, for the attempt `attempt`, which is due then (µs)."""

    path: str
    number: int
    attempt: int
    at: int
    due: int | None
    fault: Form | None


class Decision(NamedTuple):
    """What a person decided of a step: value, again or skip; who, on which machine, when (µs)."""

    how: str
    by: str
    host: str
    at: int

    @property
    def who(self) -> str:
        """`etl on nightly-1`, as far as it is known."""
        return " on ".join(filter(None, (self.by, self.host)))


class Step(NamedTuple):
    """A step, with all its attempts.

    value_try: the number of the try that its committed value is from; None if it has none.
    caught: whether what it failed with was taken up: by a fallback, or a map that collects.
    decision: what a person decided last.
    holding: why nobody goes on with it.
    """

    path: str
    state: State
    attempts: tuple[AttemptStory, ...]
    value_try: int | None
    caught: bool
    decision: Decision | None
    holding: Form | None

    @property
    def last(self) -> AttemptStory | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def value_attempt(self) -> AttemptStory | None:
        """The attempt that its value is from."""
        return next((each for each in reversed(self.attempts) if each.ending == "ok"), None)

    @property
    def may_be_done(self) -> bool:
        """Whether it has failed, may be done all the same, and so holds the run from now on."""
        return self.state == "failed" and not self.caught and bool(self.last and self.last.once)

    @property
    def fault(self) -> Form | None:
        """What it failed with last, or why nobody goes on with it, if it is not fine."""
        if self.holding is not None:
            return self.holding
        return None if self.last is None or self.state == "ok" else self.last.fault


@final
class Story:
    """A run's records, folded: its tries, its steps in the order of their first start, retries."""

    __slots__ = ("catches", "pruned", "retries", "steps", "tries")

    def __init__(
        self,
        tries: tuple[Try, ...],
        steps: Mapping[str, Step],
        retries: tuple[Retry, ...],
        catches: tuple[tuple[str, Form | None], ...],
        pruned: bool,
    ) -> None:
        self.tries = tries
        self.steps = steps
        self.retries = retries
        self.catches = catches
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
    def degraded(self) -> tuple[str, ...]:
        """Of a run that is fine, the paths where what it gave isn't what was meant."""
        return self.tries[-1].degraded if self.tries else ()

    @property
    def inside(self) -> tuple[StepAttempt, ...]:
        """What the last try is at work on, or died in."""
        return self.tries[-1].inside if self.tries else ()

    def having(self, *states: State) -> list[Step]:
        """The steps that stand so."""
        return [step for step in self.steps.values() if step.state in states]

    @property
    def failed_steps(self) -> list[Step]:
        """Steps whose last attempt failed: those that nothing took up first."""
        return sorted(self.having("failed"), key=lambda step: step.caught)

    @property
    def held_steps(self) -> list[Step]:
        """Steps that nobody goes on with until a person has decided."""
        return self.having("in doubt", "poisoned", "held")

    @property
    def resolved_steps(self) -> list[Step]:
        """Steps that a person has decided about."""
        return [step for step in self.steps.values() if step.decision is not None]

    @property
    def kept_counts(self) -> Mapping[int, int]:
        """For each try but the last ⟶ how many steps are kept from it in the last one."""
        last = self.tries[-1].number if self.tries else 0
        counts: dict[int, int] = {}
        for step in self.steps.values():
            if step.value_try is not None and step.value_try < last:
                counts[step.value_try] = counts.get(step.value_try, 0) + 1
        return counts


def story(records: Iterable[Record], *, alive: bool = False) -> Story:
    """A run's records in order, or any first part of them ⟶ what happened.

    alive: whether somebody goes on with the run now; if not, a try that hasn't ended has died.
    """
    from fwf.journal.folding import Fold  # which makes a story's parts

    fold = Fold()
    for each in records:
        fold.take(each)
    return fold.story(alive)


def leaves(fault: Form | None) -> Iterator[Form]:
    """A written fault ⟶ the single ones that it is made of."""
    if fault is not None:
        yield from fault.get("leaves") or ()
