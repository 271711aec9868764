"""A part that runs alone is given what a run of the whole would give it at its place."""

import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from fwf import (
    Attempt,
    IdempotencyKey,
    RunInfo,
    always,
    backoff,
    branch,
    in_pool,
    it,
    map_each,
    named,
    on_failure,
    pure,
    retry,
    run,
    seconds,
    task,
    timeout,
    using,
    with_params,
)
from fwf.algebra.nodes import Retry
from fwf.algebra.traverse import walk
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName
from fwf.faults import BadInput, Failed, Interrupted
from fwf.interpreters.run import VirtualClock, execute
from fwf.interpreters.run.single_part import Under, run_part
from fwf.machine.part import NoPart, Part, part_at
from tests.interpreters.run.support import us, work

STARTED = datetime(2026, 6, 1, 2, tzinfo=UTC)
UNDER = Under("key of the run", b"spread", "00000000-0000-7000-8000-000000000000", STARTED)


@task
def told(n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey) -> Any:
    return run.run_id, run.path, run.started, run.run_key, int(attempt), key


@task
def day_of(n: int, *, day: int, hour: int = 0) -> tuple[int, int]:
    return day, hour


@task
def sold(n: int, *, shop: Any) -> Any:
    return shop


def numbers(n: int) -> list[int]:
    return [*range(n)]


def test_facts_are_those_of_the_whole_run() -> None:
    w = named("daily", pure(numbers) >> named("each", map_each(told >> pure(it), key=it)))
    under = Under.of(RunName(requirements(w), {}, 3, "one"), UNDER.id, STARTED)
    whole: Any = run(w, 3, key="one").unwrap()
    each = part_at(w, "daily > each")
    alone = [part_at(w, f"daily > each[{n}] > told") for n in range(3)]
    for found in (
        run_part(each, [0, 1, 2], under=under).value,
        [run_part(part, n, under=under).value for n, part in enumerate(alone)],
    ):
        assert [(one[1], one[4], one[5]) for one in found] == [
            (one[1], one[4], one[5]) for one in whole
        ]
        assert {(one[0], *one[2:4]) for one in found} == {(UNDER.id, STARTED, under.key)}


def test_the_number_of_an_attempt_goes_on() -> None:
    w = retry(pure(it) >> told, attempts=9)
    found = run_part(part_at(w, "told"), 1, under=UNDER, tries=(4,), attempt=4)
    assert found.value[4] == 4
    assert run_part(part_at(w, "told"), 1, under=UNDER).value[4] == 1


def test_parameters_are_those_that_are_bound_there() -> None:
    w = with_params(pure(it) >> with_params(day_of >> pure(it), day=it + 1), hour=7)
    part = part_at(w, "day_of")
    assert run_part(part, 1, under=UNDER, bindings={"day": 5}).value == (5, 7)
    with pytest.raises(NoPart, match="'day' is computed around it"):
        run_part(part, 1, under=UNDER)
    plain, given = part_at(day_of >> pure(it), "day_of"), {"day": 3, "other": 1}
    assert run_part(plain, 1, under=UNDER, params=given).value == (3, 0)


def test_resources_go_by_their_names_there() -> None:
    @contextmanager
    def opened(name: str) -> Any:
        yield name

    w = pure(it) >> using(sold >> pure(it), shop="shop_eu")
    resources = {"shop": lambda: opened("wrong"), "shop_eu": lambda: opened("right")}
    assert run_part(part_at(w, "sold"), 1, under=UNDER, resources=resources).value == "right"


def test_what_is_missing_is_reported_before_anything_runs() -> None:
    part = part_at(day_of >> pure(it), "day_of")
    found = run_part(part, 1, under=UNDER)
    assert found.how == "failed" and isinstance(found.fault, BadInput)
    assert found.fault.path == "day_of" and "parameter 'day' (int) is missing" in str(found.fault)
    wrong = run_part(part, 1, under=UNDER, params={"day": "x"})
    assert "parameter 'day' is given 'x'" in str(wrong.fault)


def test_pools_around_it_bound_what_runs_in_it() -> None:
    clock = VirtualClock()
    most, at_once, lock = [0], [0], threading.Lock()

    @task(config={"in": "a test"})
    def step(n: int) -> int:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        clock.sleep(5)
        with lock:
            at_once[0] -= 1
        return n

    w = in_pool(pure(numbers) >> named("each", map_each(step)), "vendor")
    part, pools = part_at(w, "each"), {"vendor": 2, "another": 1}
    found = run_part(part, [1, 2, 3, 4], under=UNDER, pools=pools, clock=clock)
    assert (found.value, most[0], clock.now()) == ([1, 2, 3, 4], 2, 10)


def test_jitter_is_that_of_the_whole_run() -> None:
    @task(config={"in": "a test"})
    def fails(n: int) -> int:
        raise OSError

    wait = backoff(seconds(1), cap=seconds(100)).jitter(1)
    w = named("daily", pure(it) >> retry(fails, attempts=5, wait=wait))
    name = RunName(requirements(w), {}, 1, "one")
    clock, alone = VirtualClock(), VirtualClock()
    execute(w, 1, key="one", clock=clock)
    under = Under.of(name, UNDER.id, STARTED)
    around = part_at(w, "daily > fails").visit.enclosing()
    part = Part(next(each for each in around if isinstance(each.node, Retry)))
    assert run_part(part, 1, under=under, clock=alone).how == "failed"
    assert alone.now() == clock.now() > 0
    other = VirtualClock()
    run_part(part, 1, under=UNDER, clock=other)
    assert other.now() != clock.now()


def test_a_deadline_around_it_cuts_it_and_finalisers_are_done() -> None:
    clock, done = VirtualClock(), list[int]()

    @task(config={"in": "a test"})
    def slow(n: int) -> int:
        clock.sleep(100, until_cut=True)
        return n

    @task(config={"in": "a test"})
    def tidy(n: int) -> int:
        done.append(clock.now())
        return n

    @task(config={"in": "a test"})
    def fails(n: int) -> int:
        raise OSError("late")

    w = timeout(pure(it) >> named("part", always(slow, then=tidy)), us(10))
    found = run_part(part_at(w, "part"), 1, under=UNDER, clock=clock, deadline=10)
    assert (found.how, found.fault, done) == ("cut", None, [10])
    w = timeout(pure(it) >> named("part", always(slow, then=fails)), us(10))
    found = run_part(part_at(w, "part"), 1, under=UNDER, clock=clock, deadline=20)
    assert found.how == "cut" and isinstance(found.fault, Failed) and found.fault.message == "late"


def test_a_part_of_a_finaliser_is_out_of_reach_of_what_is_around_it() -> None:
    clock = VirtualClock()

    @task(config={"in": "a test"})
    def tidy(n: int) -> int:
        clock.sleep(100, until_cut=True)
        return n

    w = always(work("a"), then=tidy >> pure(it))
    found = run_part(part_at(w, "always > tidy"), 1, under=UNDER, clock=clock, deadline=10)
    assert (found.how, found.value, clock.now()) == ("ok", 1, 100)


def test_a_signal_cuts_it() -> None:
    @task
    def signals(n: int) -> int:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it is cut here")

    found = run_part(part_at(signals >> pure(it), "signals"), 1, under=UNDER)
    assert (found.how, found.fault) == ("cut", Interrupted(by="SIGTERM"))


def test_what_a_word_is_made_of_is_told_apart_though_all_of_it_is_at_the_words_path() -> None:
    twice = on_failure(on_failure(told, then=told), then=told)
    for w in (
        on_failure(told, then=told),
        twice,
        branch(twice >> pure(it), then=twice, otherwise=pure(it)),
    ):
        ids = [(part.static_path, part.id) for part in map(Part, walk(w))]
        assert len({*ids}) == len(ids)
    first = next(here for here in walk(on_failure(told, then=told)) if here.node is told)
    assert Part(first).id == part_at(told, "told").id  # it has a path of its own
