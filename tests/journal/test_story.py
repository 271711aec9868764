"""A run's records, folded into what people ask for."""

import json
from typing import Any, get_args

import pytest
from hypothesis import example, given, strategies as st

from fwf.journal.run_records import Kind, Record
from fwf.journal.story import StepAttempt, short, story
from tests.telling.kept import BEGAN, SECOND, Written, fault

PATHS = ["daily > orders", "daily > map_each[a] > load", "daily > map_each[b] > load", "daily"]


def resumed() -> Written:
    """A run that died in `load`, and went on."""
    told = Written().begin()
    told.start("daily > orders").ok("daily > orders", rows=500)
    told.start("daily > load").start("daily > mail")
    at = told.at
    told("died", after=7200, number=1, at=at, **{"in": [{"path": "daily > load", "number": 1}]})
    told.begin(2, after=0)
    told.start("daily > load", attempt=2).ok("daily > load")
    return told("end", outcome="ok", value=7)


def test_steps_are_told_with_the_try_that_they_were_computed_in() -> None:
    told = story(resumed().records)
    assert [each.outcome for each in told.tries] == ["died", "ok"]
    assert {path: step.value_try for path, step in told.steps.items()} == {
        "daily > orders": 1,
        "daily > load": 2,
        "daily > mail": None,
    }
    assert told.kept_counts == {1: 1}
    assert told.value == "7"
    assert [each.number for each in told.steps["daily > load"].attempts] == [1, 2]
    assert [each.ending for each in told.steps["daily > load"].attempts] == ["died", "ok"]


def test_a_try_that_died_says_when_and_in_which_attempts() -> None:
    first = story(resumed().records).tries[0]
    assert first.inside == (StepAttempt("daily > load", 1),)
    assert first.ended == BEGAN + 4 * SECOND
    assert first.who == "etl on nightly-1, process 4711"


def test_a_try_that_said_how_it_ended_has_not_died() -> None:
    told = resumed()("died", number=2, at=BEGAN)
    assert [each.outcome for each in story(told.records).tries] == ["died", "ok"]


def test_what_nobody_goes_on_with_has_died_in_what_it_had_started() -> None:
    told = Written().begin().start("daily > orders").ok("daily > orders").start("daily > load")
    dead, alive = story(told.records), story(told.records, alive=True)
    assert dead.outcome == "died" and alive.outcome == "running"
    assert dead.inside == alive.inside == (StepAttempt("daily > load", 1),)
    assert dead.tries[0].ended == told.at and alive.tries[0].ended is None
    assert dead.steps["daily > load"].state == "died"
    assert alive.steps["daily > load"].state == "running"


def test_a_suspect_that_was_started_alone_is_what_a_run_died_in() -> None:
    told = Written().begin().start("daily > load").start("daily > mail")
    told("alone", "daily > mail")
    assert story(told.records).inside == (StepAttempt("daily > mail", 1),)
    told.ok("daily > mail")
    assert story(told.records).inside == (StepAttempt("daily > load", 1),)


def test_an_attempt_has_its_times_rows_and_fault() -> None:
    told = Written().begin().start("daily > orders", "1")
    told("failed", "daily > orders", "1", took=SECOND, fault=fault("daily > orders"))
    told("retry", "daily > orders", number=2, used=1, due=told.at + 60, fault=fault(PATHS[0]))
    told.start("daily > orders", "2", attempt=2).ok("daily > orders", "2", rows=500)
    found = story(told.records)
    one, two = found.steps["daily > orders"].attempts
    assert (one.ending, one.fault and one.fault["message"]) == ("failed", "no route")
    assert (two.ending, two.rows, two.attempt, two.task) == ("ok", 500, 2, "orders@1")
    assert (two.end or 0) - two.start == SECOND
    assert found.steps["daily > orders"].fault is None
    assert [(each.path, each.attempt) for each in found.retries] == [("daily > orders", 2)]


def test_what_waits_to_be_tried_again_has_failed_once_nobody_goes_on() -> None:
    told = Written().begin().start("daily > orders", "1")
    told("failed", "daily > orders", "1", took=SECOND, fault=fault("daily > orders"))
    told("retry", "daily > orders", number=2, used=1, due=told.at + 60, fault=fault(PATHS[0]))
    assert story(told.records, alive=True).steps["daily > orders"].state == "waiting"
    assert [step.path for step in story(told.records).failed_steps] == ["daily > orders"]


def test_failures_that_something_took_up_come_last() -> None:
    told = Written().begin()
    for path in PATHS[1:3]:
        told.start(path)("failed", path, took=SECOND, fault=fault(path))
    told("caught", "daily > map_each", fault=fault(PATHS[1]))
    told("end", outcome="failed", fault=fault(PATHS[2]))
    found = story(told.records)
    assert [(step.path, step.caught) for step in found.failed_steps] == [
        (PATHS[2], False),
        (PATHS[1], True),
    ]
    assert found.fault and found.fault["path"] == PATHS[2]


@pytest.mark.parametrize(("kind", "state"), [("InDoubt", "in doubt"), ("Poisoned", "poisoned")])
def test_what_holds_a_run_stands_so_until_a_person_decides(kind: str, state: str) -> None:
    told = Written().begin().start("daily > post")
    told("died", number=1, at=told.at).begin(2)
    told("end", outcome="held", fault=fault("daily > post", tag=kind))
    assert story(told.records).steps["daily > post"].state == state
    told("resolved", "daily > post", how="again", by="ann", host="nightly-1")
    at = told.at
    assert story(told.records).steps["daily > post"].state == "resolved"
    told.begin(3).start("daily > post").ok("daily > post")
    (step,) = story(told.records).resolved_steps
    assert (step.path, step.value_try) == ("daily > post", 3)
    assert step.decision == ("again", "ann", "nightly-1", at) and step.decision.who == (
        "ann on nightly-1"
    )


def test_a_value_that_a_person_gave_is_committed() -> None:
    told = Written().begin().start("daily > post")
    told("died", number=1, at=told.at).begin(2)
    told("end", outcome="held", fault=fault("daily > post", tag="InDoubt"))
    told("resolved", "daily > post", how="value", by="ann", value=7)
    assert story(told.records).steps["daily > post"].state == "ok"


def test_what_was_taken_back_is_to_be_done_again_and_the_next_try_says_why() -> None:
    told = resumed()
    told("taken back", paths=[["daily > orders", ""]], why="rerun --from daily > orders")
    found = story(told.records)
    assert found.steps["daily > orders"].state == "taken back"
    assert found.steps["daily > orders"].value_try is None
    assert found.kept_counts == {}
    told.begin(3)
    again = story(told.records).tries[-1]
    assert (again.again, again.why) == (("daily > orders",), "rerun --from daily > orders")


def test_a_step_that_failed_before_it_was_started_has_an_attempt() -> None:
    told = Written().begin()
    told("failed", "daily > orders", task="orders@1", took=SECOND, fault=fault("daily > orders"))
    (attempt,) = story(told.records).steps["daily > orders"].attempts
    assert (attempt.ending, attempt.start, attempt.end) == ("failed", told.at - SECOND, told.at)


def test_a_pruned_run_says_so() -> None:
    assert story(Written()("anchor").records).pruned
    assert story([]).outcome == "died"


def test_runs_of_one_minute_have_other_short_names() -> None:
    assert short("0198-7000-8000-0123456789ab") == "456789ab"


BODIES = st.fixed_dictionaries(
    {},
    optional={
        "number": st.integers(1, 4),
        "outcome": st.sampled_from(["ok", "failed", "interrupted", "held"]),
        "value": st.none() | st.just("1"),
        "fault": st.none() | st.sampled_from(PATHS).map(fault)
        | st.sampled_from(PATHS).map(lambda path: fault(path, tag="InDoubt")),
        "at": st.integers(0, 100),
        "in": st.lists(st.fixed_dictionaries({"path": st.sampled_from(PATHS)}), max_size=2),
        "took": st.integers(0, 100),
        "how": st.sampled_from(["value", "again", "skip"]),
        "paths": st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(["", "1"]))),
    },
)  # fmt: skip
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(get_args(Kind)), st.sampled_from(PATHS), st.sampled_from(["", "1"]), BODIES
    ),
    max_size=30,
)


@given(RECORDS, st.booleans())
@example([("start", PATHS[0], "", {}), ("start", PATHS[0], "", {})], False)
def test_any_first_part_of_any_records_can_be_told(
    given: list[tuple[Any, str, str, dict[str, Any]]], alive: bool
) -> None:
    records = [
        Record(n, kind, path, tries, n, json.dumps(body), b"")
        for n, (kind, path, tries, body) in enumerate(given, 1)
    ]
    for n in range(len(records) + 1):
        told = story(records[:n], alive=alive)
        attempts = [each for step in told.steps.values() for each in step.attempts]
        assert len(told.tries) >= sum(kind == "try" for kind, *_ in given[:n])
        assert alive or not any(each.ending == "running" for each in attempts)
        assert len(attempts) >= sum(kind == "start" for kind, *_ in given[:n])
