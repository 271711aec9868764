"""Scripted workflows: a real run in the world of a scenario."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    const,
    dry_run,
    in_pool,
    it,
    map_each,
    microseconds,
    par,
    pure,
    recover,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.algebra.contract import IdempotencyKey
from fwf.faults import Failed
from fwf.interpreters.run import Ran, VirtualClock, execute
from fwf.testing import scripted, settled
from fwf.testing.sample_tasks import as_long
from fwf.worlds.scenario import Scenario, ScenarioError, WhenCut, failing, normal
from fwf.worlds.trace import events
from laws.model import ByPlace, meaning_by, model_of_places
from tests.interpreters.run.support import until
from tests.sizes import sizes


@task
def a(n: int) -> int:
    raise AssertionError("the script plays this task")


@task(effect="idempotent")
async def b(n: int) -> int:
    raise AssertionError("the script plays this task")


@task(duration=seconds(4), example=7)
def declared() -> int:
    raise AssertionError("the script plays this task")


@task
def joined(left: int, right: int, *, size: int, shop: AbstractContextManager[Any]) -> str:
    raise AssertionError("the script plays this task")


@task(isolate=True)
def keyed(n: Any, *, key: IdempotencyKey) -> int:
    raise AssertionError("the script plays this task")


def told(value: Any) -> str:
    return repr(value)


def length(value: Any) -> int:
    return len(value)


def seen_none(value: Any) -> int:
    return int(value is None)


def played(
    w: Any,
    scenario: Scenario,
    value: Any = 1,
    params: Mapping[str, object] | None = None,
    **limits: Any,
) -> Ran:
    clock = VirtualClock()
    return execute(scripted(w, scenario, clock), value, params=params, clock=clock, **limits)


page = meaning_by(ByPlace, model_of_places)


def times(found: Any) -> list[tuple[str, str, int, int]]:
    return [(each.path, each.ending, each.start, each.end) for each in events(found.trace)]


S = 1_000_000
HALF = Scenario().at("a", gives=2, takes=seconds(1))


def test_attempts_at_a_place_follow_its_script_one_by_one() -> None:
    script = Scenario().at(
        "a",
        fails=[ConnectionError, None, KeyError],
        gives_each=[5, 6],
        takes=[seconds(1), seconds(2)],
    )
    ran = played(retry(a, attempts=3, wait=seconds(4)), script)
    assert (ran.result, ran.end) == (Success(5), 7 * S)
    assert times(ran) == [("a", "failed", 0, S), ("a", "ok", 5 * S, 7 * S)]


def test_an_error_carries_its_tags_its_message_and_when_to_try_again() -> None:
    wrong = failing(["vendor.Odd", "Ö\ud800 b"], "10 a minute", retry_after=seconds(3))
    ran = played(a, Scenario().at("a", fails=wrong, takes=seconds(1)))
    assert isinstance(ran.result, Failure)
    fault = ran.result.failure()
    assert isinstance(fault, Failed) and fault.not_before == 4 * S
    assert (fault.tags, fault.message) == (("vendor.Odd", "Ö\ud800 b"), "10 a minute")


@pytest.mark.parametrize(
    "error", ["KeyError", "TypeError", TimeoutError, failing(["x.Lost", "Odd"])]
)
def test_an_error_is_the_one_of_the_dry_run(error: Any) -> None:
    script = Scenario().at("a", fails=error)
    assert played(a, script).result == dry_run(a, 1, scenario=script).result


def test_tasks_of_any_signature_are_played_and_no_resource_is_opened() -> None:
    w = par(a, b) >> joined >> keyed
    script = (
        Scenario()
        .task("joined", gives_by=told)
        .task("keyed", gives_by=length)
        .at("par > a", gives=3)
        .at("par > b", gives=4)
    )
    assert played(w, script, params={"size": 2}).result == Success(len(repr((3, 4))))
    assert played(with_params(w, size=2), script).result == Success(len(repr((3, 4))))
    missing = played(w, script).result
    assert isinstance(missing, Failure) and "size" in str(missing.failure())


def test_a_task_without_inputs_sees_none_in_a_run_and_in_a_dry_run() -> None:
    script = Scenario().task("declared", gives_by=seen_none)
    w = const([1, 2]) >> declared
    assert played(w, script).result == dry_run(w, scenario=script).result == Success(1)


def test_what_a_task_declares_counts_where_the_scenario_is_silent() -> None:
    ran = played(declared, Scenario())
    assert (ran.result, ran.end) == (Success(7), 4 * S)


def test_durations_may_be_drawn_or_worked_out() -> None:
    drawn = Scenario(seed=3).at("a", gives=1, takes=normal(seconds(9), seconds(3)))
    drawn = drawn.at("b", gives=1, takes=as_long)
    found = dry_run(a >> b, 1, scenario=drawn)
    assert found.end % S
    assert played(a >> b, drawn).end == found.end


def test_async_tasks_sleep_beside_one_another_and_return_when_cut() -> None:
    script = (
        Scenario()
        .at("par > b", gives=1, takes=seconds(2))
        .at("par > b#2", gives=1, takes=seconds(5))
        .at("par > b#3", gives=1, takes=seconds(3))
    )
    ran = played(par(b, retry(timeout(b, seconds(1)), attempts=2), b), script)
    assert times(ran) == [
        ("par > b", "ok", 0, 2 * S),
        ("par > b#2", "cut", 0, S),
        ("par > b#2", "cut", S, 2 * S),
        ("par > b#3", "ok", 0, 3 * S),
    ]


@task(effect="read")
def reads(n: int) -> int:
    raise AssertionError("the script plays this task")


@task(effect="read")
async def reads_async(n: int) -> int:
    raise AssertionError("the script plays this task")


@task(effect="unrepeatable", isolate=True)
def writes_apart(n: int) -> int:
    raise AssertionError("the script plays this task")


CUT: list[tuple[Any, WhenCut | None, int, int]] = [
    (a, None, 5, 5), (a, "works on", 5, 5), (a, "stops", 3, 3),
    (b, None, 3, 3), (b, "works on", 5, 5), (b, "stops", 3, 3),
    (writes_apart, None, 3, 3), (writes_apart, "works on", 5, 5), (writes_apart, "stops", 3, 3),
    (reads, None, 3, 5), (reads, "works on", 3, 5), (reads, "stops", 3, 3),
    (reads_async, None, 3, 3), (reads_async, "works on", 3, 5), (reads_async, "stops", 3, 3),
]  # fmt: skip
"""A task that takes 5 s and is cut after 3; when its next attempt may start, and when its slot is
free."""


@pytest.mark.parametrize(("one", "when_cut", "again", "free"), CUT)
class TestCut:
    def test_the_next_attempt_of_a_step_starts_when_it_may(
        self, one: Any, when_cut: WhenCut | None, again: int, free: int
    ) -> None:
        takes = [seconds(5), seconds(1)]
        script = Scenario().at(one.name, gives=2, takes=takes, when_cut=when_cut)
        w = retry(timeout(one, seconds(3)), attempts=2)
        for ran in (played(w, script), page(w, 1, script, {})):
            assert (ran.result, ran.end) == (Success(2), (again + 1) * S)
            assert times(ran)[1:] == [(one.name, "ok", again * S, (again + 1) * S)]

    @pytest.mark.parametrize("limits", [{"workers": 1}, {"pools": {"p": 1}}], ids=str)
    def test_its_slots_are_free_when_it_is_over(
        self, one: Any, when_cut: WhenCut | None, again: int, free: int, limits: Any
    ) -> None:
        script = Scenario().at(f"par > {one.name}", gives=1, takes=seconds(5), when_cut=when_cut)
        script = script.at("par > keyed", gives=2, takes=seconds(1))
        w = par(recover(timeout(in_pool(one, "p"), seconds(3)), 0), in_pool(keyed, "p"))
        ran = played(w, script, **limits)
        assert (ran.result, ran.end) == (Success((0, 2)), (free + 1) * S)
        assert times(ran)[1:] == [("par > keyed", "ok", free * S, (free + 1) * S)]

    def test_the_run_doesn_t_wait_for_its_end(
        self, one: Any, when_cut: WhenCut | None, again: int, free: int
    ) -> None:
        script = Scenario().at(one.name, gives=1, takes=seconds(5), when_cut=when_cut)
        before = threading.active_count()
        ran = played(timeout(one, seconds(3)), script)
        assert (isinstance(ran.result, Failure), ran.end) == (True, 3 * S)
        until(lambda: threading.active_count() <= before)


def test_what_the_attempts_of_a_place_do_when_cut_goes_before_what_the_task_does() -> None:
    script = Scenario().task("a", takes=[seconds(5)], gives=2, when_cut="stops")
    w = retry(timeout(a, seconds(3)), attempts=2)
    assert len(times(played(w, script))) == 2
    assert len(times(played(w, script.at("a", takes=seconds(9), when_cut="works on")))) == 1


def test_a_script_that_a_run_could_not_follow_is_refused() -> None:
    script = Scenario().task("a", gives=1, fails=["KeyError"]).task("b", item="x", gives=1)
    with pytest.raises(ScenarioError, match=r"task a: say of each of its places") as told:
        scripted(a >> b >> a, script, VirtualClock())
    assert len(told.value.problems) == 2


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"no task at 'par > a'"):
        scripted(a, Scenario().at("par > a", gives=1), VirtualClock())


def test_a_place_of_which_nothing_is_said_fails_with_its_path() -> None:
    ran = played(a >> pure(it), Scenario())
    assert isinstance(ran.result, Failure)
    assert "a: the scenario doesn't say what a gives" in str(ran.result.failure())


def test_a_settled_scenario_is_what_happened_place_by_place() -> None:
    w = map_each(recover(retry(timeout(a, seconds(3)), attempts=3), 0)) >> pure(it[0])
    script = Scenario().task(
        "a",
        gives_by=abs,
        fails=[failing(TimeoutError, "late", retry_after=seconds(2))],
        takes=as_long,
    )
    found = dry_run(w, [1, 2, 4], scenario=script)
    left = settled(found)
    assert not left.tasks
    ran = played(w, left, [1, 2, 4])
    assert ran.result == found.result == Success(1)
    assert ran.trace == found.trace and times(ran) == times(found)
    assert settled(dry_run(w, [1, 2, 4], scenario=left)) == left


def test_a_settled_scenario_says_what_cut_attempts_did_and_for_how_long() -> None:
    script = Scenario().task("a", gives=1, takes=seconds(9)).task("b", gives=1, takes=seconds(9))
    w = par(*(recover(timeout(each, seconds(3)), 0) for each in (a, b, reads))) >> pure(it[0])
    script = script.task("reads", gives=1, takes=seconds(2))
    found = dry_run(w, 1, scenario=script)
    worked_on: Any = SimpleNamespace(events=found.events, unfinished={("par > a", (), 0): 9 * S})
    left = settled(worked_on).paths
    assert left["par > a"].takes == (seconds(9),) and left["par > a"].when_cut == "works on"
    assert left["par > b"].takes == (seconds(3) + microseconds(1),)
    assert left["par > b"].when_cut == "stops" and left["par > reads"].when_cut is None


@sizes()
def test_a_deep_workflow_is_scripted(size: int) -> None:
    w: Any = a
    for _ in range(size):
        w = retry(w, attempts=2)
    assert run(scripted(w, HALF, VirtualClock()), 1).unwrap() == 2


def test_an_empty_workflow_is_scripted() -> None:
    assert played(par(), Scenario()).result == Success(())
