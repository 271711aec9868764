"""What is to be told of a timetable's partitions, given how they stand and what was told before?

Pure: `fwf.cli.timetables.alert_delivery` reads the journal, delivers, and writes down what was
delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple, final

from fwf.durations import SECOND
from fwf.faults import counted
from fwf.records import record
from fwf.schedules.alerts import Alert, Notify, State
from fwf.schedules.planning import DONE, Standing
from fwf.secrets import masked

SINGLY: Final = 3
"""So many partitions that come to one state at once are told one by one; more in one alert. Our
choice: a night of which the cron was dead is a message, and a week of it is one as well."""
BAD: Final = frozenset[State]({"failed", "died", "late"})
SEPARATOR: Final = "\0"


@final
@record()
class PartitionState:
    """How a partition stands, as far as people are told of it.

    late: whether it isn't complete, and its time is over.
    cause: what failures, and deaths, are told apart by: places and kinds, with `SEPARATOR` between.
    since: µs since 1970, UTC; so is `last_sign`, that of its run.
    degraded: whether its run is complete, but took a fallback or tolerated failures.
    """

    label: str
    standing: Standing
    late: bool = False
    run: str = ""
    cause: str = ""
    reason: str = ""
    since: int = 0
    paths: tuple[str, ...] = ()
    degraded: bool = False
    last_sign: int = 0

    @property
    def state(self) -> State | None:
        """What there is to tell of it; None where all goes well so far."""
        if self.standing in DONE:
            return "degraded" if self.degraded else "ok"
        if self.standing in ("failed", "held"):
            return "failed"
        if self.standing == "died":
            return "died"
        return "late" if self.late else None


class Before(NamedTuple):
    """What was told of a partition last: its state, and the cause or the run."""

    state: State
    cause: str


class StateChange(NamedTuple):
    """A partition has come to a state that nobody was told of."""

    state: State
    fact: PartitionState


def latest_alerts(versions: Iterable[Mapping[str, Any]]) -> dict[str, Before]:
    """What a log of alerts says, the oldest first ⟶ what was told last, by partition."""
    latest: dict[str, Before] = {}
    for body in versions:
        if body["state"] == "ok":  # a ping, which nobody waits for the end of
            continue
        for label, cause in zip(body["labels"], body["causes"], strict=True):
            latest[label] = Before(body["state"], cause)
    return latest


def changes(facts: Iterable[PartitionState], before: Mapping[str, Before]) -> list[StateChange]:
    """How partitions stand, what was told of them ⟶ what is to be told now.

    A failure is told again when what was told isn't why any more, as when another step fails;
    lateness isn't told of what is known to be bad.
    A run that recovers and is degraded is told of as both: each may concern somebody else.
    """
    news: list[StateChange] = []
    for fact in facts:
        state, last = fact.state, before.get(fact.label)
        was_bad = last is not None and last.state in BAD
        if state is None or (state == "late" and was_bad):
            continue
        if state in ("ok", "degraded"):
            if was_bad:
                news.append(StateChange("recovered", fact))
            if state == "degraded" and last != Before("degraded", fact.run):
                news.append(StateChange("degraded", fact))
        elif last is None or last.state != state or not _still(last.cause, fact.cause):
            news.append(StateChange(state, fact))
    return news


def _still(before: str, cause: str) -> bool:
    """Whether what was told is still why; there may be more by now."""
    return {*before.split(SEPARATOR)} <= {*cause.split(SEPARATOR)}


def _cause(state: State, fact: PartitionState) -> str:
    """What tells one of a state from the next: of what goes well, the run."""
    return fact.cause if state in BAD else fact.run


def alerts(
    workflow: str, news: Sequence[StateChange], who: Notify, *, singly: int = SINGLY
) -> list[tuple[Alert, list[str]]]:
    """What is to be told ⟶ alerts, each with the cause of each of its partitions.

    Those of one state are one alert where they are many; those that nobody wants are left out.
    """
    output: list[tuple[Alert, list[str]]] = []
    states: list[State] = [each.state for each in news]
    for state in dict.fromkeys(states):
        facts = [each.fact for each in news if each.state == state]
        if who.flow_for(state) is None:
            continue
        groups = [[fact] for fact in facts] if len(facts) <= singly else [facts]
        output += [_alert(workflow, state, group) for group in groups]
    return output


def ping(workflow: str, fact: PartitionState) -> tuple[Alert, list[str]]:
    """A partition that is complete ⟶ the alert that says so."""
    return _alert(workflow, "ok", [fact])


def _alert(workflow: str, state: State, facts: list[PartitionState]) -> tuple[Alert, list[str]]:
    labels = tuple(fact.label for fact in facts)
    causes = [_cause(state, fact) for fact in facts]
    first = facts[0]
    alone = len(facts) == 1
    reason = _reason(state, first) if alone else _summary(state, facts)
    run = first.run if alone and state != "late" else ""
    identity = "\0".join([workflow, state, *labels, *causes, run])
    alert = Alert(
        workflow,
        state,
        labels,
        masked(reason),
        datetime.fromtimestamp(min(fact.since for fact in facts) / SECOND, UTC),
        first.run if alone else "",
        tuple(map(masked, first.paths)) if alone else (),
        blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest(),
    )
    return alert, causes


def _reason(state: State, fact: PartitionState) -> str:
    """Why it is so: one that has recovered may be degraded."""
    return f"degraded {fact.reason}" if state == "recovered" and fact.degraded else fact.reason


def _summary(state: State, facts: list[PartitionState]) -> str:
    """`12 runs, 2026-06-01 … 2026-06-12; the first: missing, due 2026-06-02 02:00`."""
    many = f"{counted(len(facts), 'run')}, {facts[0].label} … {facts[-1].label}"
    first = _reason(state, facts[0])
    return f"{many}; the first: {first}" if first else many
