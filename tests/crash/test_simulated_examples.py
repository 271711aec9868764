"""Small runs that crash at every event in turn: each stands for a mistake that was made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    always,
    as_result,
    bracket,
    delay,
    from_result,
    it,
    loop_until,
    milliseconds,
    minutes,
    named,
    on_failure,
    par,
    poll,
    pure,
    recover,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.nodes import Task
from fwf.faults import Failed, leaves
from fwf.machine.machine import Machine
from fwf.machine.world import Landing

from .simulated_journal import goes_on
from .simulated_oracle import faults_of
from .simulated_outside import Crashes, Doing, Outside, Step
from .simulated_runs import Case, Deaths, Story, told_by
from .simulated_store import Disk, SimulatedStore
from .simulated_tasks import a, b, c, lent, slow, sure, told
from .simulated_world import Simulated

SECOND = 1_000_000
HOUR = 3600 * SECOND


@task(effect="unrepeatable", writes=["crm/mails"])
def sent(n: int) -> int: ...


def plays(step: Step, task: Task[Any, Any], *, failing: Sequence[str] = ()) -> Doing:
    """Each task gives one more than it is given, after a second; some always fail."""
    value = None if step.task == "told" else (step.value or 0) + 1
    if step.task not in failing:
        return Doing(value, lasts=(5 if step.task == "slow" else 1) * SECOND)
    return Doing(None, partial(failed, step.path), SECOND)


def failed(path: str, end: int) -> Failed:
    return Failed(path, ("Odd",), "so")


def case(w: Any, *failing: str, workers: int | None = None) -> Case:
    return Case(named("case", w), 0, partial(plays, failing=failing), workers=workers)


def stories(of: Case, after: int = 0) -> Iterator[Story]:
    """All crashes of a run, each alone."""
    whole = told_by(of, Deaths(()), goes_on)
    for point in range(1, whole.outside.crashes.passed + 1):
        yield told_by(of, Deaths((point,), after), goes_on)


def began(story: Story, path: str, process: int = 0) -> bool:
    """Whether a process began a step."""
    starts = story.outside.starts
    return any(start.path == path and start.process == process for start in starts)


# What time decided stays so, however late it is when the run goes on

BEFORE: dict[str, Any] = {
    "a loop that was done in time": loop_until(slow, it > 3, limit=6, within=minutes(10)),
    "one that was over": loop_until(slow, it > 9, limit=6, within=seconds(9), on_limit="stop"),
    "questions": poll(a >> a, it > 0, every=milliseconds(20), limit=5, within=seconds(9)),
    "a short delay under a deadline": timeout(a >> delay(milliseconds(20)) >> b, seconds(5)),
    "a retry under a deadline": timeout(
        recover(retry(c, attempts=3, wait=milliseconds(20)), 7), seconds(9)
    ),
    "a deadline that has struck": recover(timeout(slow, seconds(2)), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", BEFORE)
def test_what_was_done_in_time_is_not_late_because_the_run_was_killed(name: str) -> None:
    seen = 0
    for story in stories(case(BEFORE[name] >> sure, "c"), after=HOUR):
        if began(story, "case > sure"):
            seen += 1
            assert faults_of(story) == []
    assert seen


NESTED: dict[str, Any] = {
    "a retry in a retry": retry(
        retry(a >> c, attempts=2, wait=seconds(1)), attempts=2, wait=seconds(3)
    ),
    "what is caught in what is caught": recover(
        as_result(as_result(c) >> from_result) >> from_result, 3
    ),
    "a failure in a failure": recover(recover(c, 3) >> c, 4),
    "a deadline in a deadline": timeout(recover(timeout(slow, seconds(2)), 4) >> slow, seconds(9)),
    "a finaliser in a finaliser": always(always(a, then=b), then=b),
}


@pytest.mark.parametrize("name", NESTED)
def test_what_has_one_path_is_told_apart(name: str) -> None:
    for story in stories(case(recover(NESTED[name], 5) >> sure, "c")):
        assert faults_of(story) == []


# What is cut

CUTS: dict[str, Any] = {
    "by a failure beside it": par(par(c, slow, fail_fast=True), slow >> slow),
    "by a deadline": par(as_result(timeout(always(slow, then=a >> b), seconds(2))), slow >> slow),
}


@pytest.mark.parametrize("name", CUTS)
def test_what_was_cut_is_not_begun_again(name: str) -> None:
    for story in stories(case(CUTS[name], "c")):
        assert faults_of(story) == []


class Stopped(Simulated):
    """SIGTERM arrives while the first attempt of the first process is at work."""

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        if not (self.outside.process or machine.stopping):
            machine.stopping = "SIGTERM"
            until = machine.now()
        return super().wait(machine, until, busy)


def test_what_a_signal_cut_is_begun_again_though_the_process_was_killed_in_a_finaliser() -> None:
    of = case(always(par(slow, slow), then=a >> b) >> pure(it[0]))
    whole = told_by(of, Deaths(()), goes_on, world=Stopped)
    assert isinstance(whole.ran.result, Failure)
    gone_on = 0
    for point in range(1, whole.outside.crashes.passed + 1):
        story = told_by(of, Deaths((point,)), goes_on, world=Stopped)
        if story.outside.process:
            gone_on += 1
            assert story.ran.result == Success(1)
    assert gone_on


# What nobody knows


def test_what_may_not_be_repeated_waits_for_a_person_and_what_is_beside_it_goes_on() -> None:
    held = 0
    for story in stories(case(par(sent, a >> b) >> pure(it[0]) >> c)):
        assert sum(start.path == "case > par > sent" for start in story.outside.starts) <= 1
        if isinstance(story.ran.result, Success):
            assert faults_of(story) == []
            continue
        held += 1
        (fault,) = leaves(story.ran.result.failure())
        assert fault.tags[0] == "InDoubt"
        assert [kept.row.state for kept in story.disk.runs.values()] == ["held"]
        assert ("case > par > b", ()) in story.outside.results
        assert not began(story, "case > c", 1)
    assert held


# Runs that are over


def ran_again(of: Case, times: int) -> tuple[Outside, list[Any], Disk]:
    """One process after another."""
    outside, disk = Outside(Crashes()), Disk()
    results: list[Any] = []
    for _ in range(times):
        ran = goes_on(of, Simulated(of.plays, outside), SimulatedStore(disk))
        results.append(ran.result)
        outside.restarted(HOUR)
    return outside, results, disk


def test_a_complete_run_is_not_done_again() -> None:
    outside, results, disk = ran_again(case(par(a, b >> c)), 3)
    assert results == [Success([1, 2])] * 3 or results == [Success((1, 2))] * 3
    assert len(outside.starts) == 3
    assert len(disk.runs) == 1


def test_a_run_that_failed_has_a_budget_of_its_own_each_time() -> None:
    outside, results, _ = ran_again(case(a >> retry(b >> c, attempts=3, wait=seconds(1)), "c"), 3)
    assert all(isinstance(result, Failure) for result in results)
    tried = [(start.process, start.path[7:], start.tries) for start in outside.starts]
    assert sum(path == "a" for _, path, _ in tried) == 1
    for process in range(3):
        assert sum(path == "c" and of == process for of, path, _ in tried) == 3
    again = [(path, tries) for _, path, tries in tried if path == "b"]
    assert len(again) == len(set(again)), "what was committed was done again"


def test_a_loan_that_was_given_back_is_borrowed_anew_with_another_key() -> None:
    of = case(bracket(lent, pure(it[1]) >> c, pure(it[1]) >> sure), "c")
    outside, _, _ = ran_again(of, 3)
    keys = [effect.key for effect in outside.effects if effect.lent]
    assert len(keys) == len(set(keys)) == 3


def test_on_another_loan_what_used_the_first_is_done_anew() -> None:
    loans = iter(range(10, 20))

    def other(step: Step, task: Task[Any, Any]) -> Doing:
        doing = plays(step, task, failing=("b", "c"))
        return replace(doing, value=next(loans)) if step.task == "lent" else doing

    use = pure(it[1]) >> a >> recover(c, 3) >> as_result(c) >> recover(from_result, 4) >> b
    of = replace(case(bracket(lent, use, pure(it[1]) >> sure)), plays=other)
    outside, _, _ = ran_again(of, 2)
    begun = [start.path.rpartition(" > ")[2] for start in outside.starts]
    first, kept = ["lent", "a", "c", "c#2", "b", "sure"], "c#2"  # which is given the same again
    assert begun == first + [each for each in first if each != kept]
    keys = [effect.key for effect in outside.effects if effect.path.endswith(" > a")]
    assert len(set(keys)) == 2, "a target would take corrected data for what it has"


def test_a_handler_of_a_failure_that_stays_one_is_done_each_time() -> None:
    outside, _, _ = ran_again(case(a >> on_failure(c, then=told), "c"), 2)
    begun = [start.path[7:] for start in outside.starts]
    assert begun == ["a", "c", "on_failure > told", "c", "on_failure > told"]


def test_a_failure_that_became_data_stays_so() -> None:
    outside, _, _ = ran_again(case(as_result(c) >> recover(from_result, 3) >> b, "b", "c"), 3)
    assert sum(start.path == "case > c" for start in outside.starts) == 1
    assert sum(start.path == "case > b" for start in outside.starts) == 3
