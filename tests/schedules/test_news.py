"""Each change of a partition's state is told once: a model of what people know, over all orders."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, strategies as st

from fwf import Alert, Notify, notify, task
from fwf.schedules.news import SINGLY, Before, PartitionState, alerts, changes, latest_alerts, ping
from fwf.schedules.planning import DONE, Standing

STANDINGS: tuple[Standing, ...] = (
    "complete", "failed", "held", "died", "running", "interrupted", "missing", "blocked",
    "given up",
)  # fmt: skip


@task
def post(alert: Alert) -> None: ...


ALL = notify(on_failure=post, on_late=post, on_recovery=post, on_degraded=post, on_success=post)

facts = st.builds(
    PartitionState,
    st.just("d"),
    st.sampled_from(STANDINGS),
    late=st.booleans(),
    run=st.sampled_from(["r1", "r2"]),
    cause=st.sampled_from(["", "a", "b", "a\0b"]),
    degraded=st.booleans(),
)


def shown(fact: PartitionState) -> tuple[str, str] | None:
    """What a person who looks at a partition sees; None: nothing to be told."""
    if fact.standing in DONE:
        return ("degraded", fact.run) if fact.degraded else ("ok", "")
    if fact.standing in ("failed", "held"):
        return "failed", fact.cause
    if fact.standing == "died":
        return "died", fact.cause
    return ("late", "") if fact.late else None


def told(seen: list[PartitionState], who: Notify = ALL) -> list[tuple[str, tuple[str, ...]]]:
    """One look after another, all of them delivered ⟶ what was told."""
    log: list[dict[str, Any]] = []
    for fact in seen:
        for alert, causes in alerts("w", changes([fact], latest_alerts(log)), who):
            log.append({"state": alert.state, "labels": list(alert.labels), "causes": causes})
    return [(each["state"], tuple(each["labels"])) for each in log]


@given(st.lists(facts, max_size=8))
def test_what_people_know_is_how_it_stands(seen: list[PartitionState]) -> None:
    known: tuple[str, str] | None = None
    expected: list[str] = []
    for fact in seen:
        now = shown(fact)
        bad = known is not None and known[0] in ("failed", "died", "late")
        if now is None or (now[0] == "late" and bad):
            continue
        if now[0] in ("ok", "degraded"):
            if bad:
                expected.append("recovered")
                known = ("recovered", "")
            if now[0] == "degraded" and known != now:
                expected.append("degraded")
                known = now
        elif (
            known is None
            or now[0] != known[0]
            or not set(known[1].split("\0")) <= set(now[1].split("\0"))
        ):
            expected.append(now[0])
            known = now
    assert [state for state, _ in told(seen)] == expected


@given(st.lists(facts, max_size=6), st.integers(1, 4))
def test_looking_again_tells_nothing_new(seen: list[PartitionState], times: int) -> None:
    assert told([fact for fact in seen for _ in range(times)]) == told(seen)


def test_a_day_that_fails_each_night_alike_is_told_once() -> None:
    night = PartitionState("d", "failed", run="r1", cause="load ConnectionError")
    later = PartitionState("d", "failed", run="r1", cause="load ConnectionError", reason="at 03:00")
    other = PartitionState("d", "failed", run="r1", cause="load ValueError")
    fine = PartitionState("d", "complete", run="r1")
    assert [state for state, _ in told([night, later, other, fine, fine])] == [
        "failed", "failed", "recovered",
    ]  # fmt: skip


@given(st.integers(0, 12), st.sampled_from(["failed", "died", "late"]))
def test_many_at_once_are_one_alert(n: int, state: str) -> None:
    late = state == "late"
    standing: Any = "missing" if late else state
    seen = [
        PartitionState(f"2026-06-{day:02}", standing, late=late, since=day)
        for day in range(1, n + 1)
    ]
    made = alerts("w", changes(seen, {}), ALL)
    labels = [label for alert, _ in made for label in alert.labels]
    assert labels == [fact.label for fact in seen]
    assert len(made) == (n if n <= SINGLY else 1)
    assert all(len(alert.labels) == len(causes) for alert, causes in made)
    summed = alerts("w", changes(seen, {}), ALL, singly=0)
    assert len(summed) == min(n, 1)


@given(facts, facts)
def test_a_key_says_which_change_it_is(one: PartitionState, other: PartitionState) -> None:
    made = [alerts("w", changes([fact], {}), ALL) for fact in (one, one, other)]
    keys = [[alert.key for alert, _ in each] for each in made]
    assert keys[0] == keys[1]
    if made[0] and made[2] and made[0][0][0].state != made[2][0][0].state:
        assert keys[0] != keys[2]


def test_what_nobody_wants_is_left_out() -> None:
    seen = [PartitionState("d", "missing", late=True), PartitionState("d", "complete", run="r")]
    assert told(seen, notify(on_recovery=post)) == []
    assert [state for state, _ in told(seen, notify(on_failure=post))] == ["late"]


def test_a_ping_is_no_change() -> None:
    alert, causes = ping("w", PartitionState("d", "complete", run="r"))
    log = [{"state": alert.state, "labels": alert.labels, "causes": causes}]
    assert latest_alerts(log) == {}
    assert latest_alerts([{"state": "late", "labels": ["d"], "causes": [""]}, *log]) == {
        "d": Before("late", "")
    }


def test_pings_of_two_runs_have_two_keys() -> None:
    keys = [
        ping("w", PartitionState("d", "complete", run=run))[0].key for run in ("r1", "r2", "r2")
    ]
    assert [one == other for one, other in pairwise(keys)] == [False, True]
