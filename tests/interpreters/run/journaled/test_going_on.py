"""What is done again, and what isn't, when another process goes on with a run."""

from datetime import timedelta
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Fault,
    IdempotencyKey,
    always,
    as_result,
    bracket,
    branch,
    delay,
    failed,
    fallback,
    from_result,
    it,
    loop_until,
    map_each,
    named,
    on_failure,
    par,
    poll,
    retry,
    seconds,
    task,
    timeout,
)
from tests.interpreters.run.journaled.support import Runs


def step(runs: Runs, name: str, fails: list[Any], effect: Any = "idempotent") -> Any:
    """A task that adds 1, tells that it was called, and fails as often as `fails` says."""

    def called(x: int) -> int:
        runs.did((name, x))
        if name in fails:
            fails.remove(name)
            raise ConnectionError(name)
        return x + 1

    called.__name__ = called.__qualname__ = name
    return task(name=name, config={"step": name}, effect=effect)(called)


@pytest.fixture
def fails() -> list[Any]:
    return []


@pytest.fixture
def steps(runs: Runs, fails: list[Any]) -> Any:
    return lambda name, effect="idempotent": step(runs, name, fails, effect)


@task
def start() -> int:
    return 0


def test_a_complete_run_is_not_done_again_and_gives_what_it_gave(runs: Runs, steps: Any) -> None:
    w = named("w", start >> steps("a") >> steps("b"))
    assert runs.once(w) == (Success(2), [("a", 0), ("b", 1)])
    assert runs.once(w) == (Success(2), [])
    assert runs.once(w, journal={"again": True}) == (Success(2), [("a", 0), ("b", 1)])


def test_a_run_that_failed_goes_on_with_what_failed(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> steps("a") >> steps("b") >> steps("c"))
    fails.append("b")
    result, log = runs.once(w)
    assert isinstance(result, Failure) and log == [("a", 0), ("b", 1)]
    assert runs.once(w) == (Success(3), [("b", 1), ("c", 2)])


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("after", range(1, 8))
def test_wherever_a_chain_dies_it_goes_on_there(
    runs: Runs, steps: Any, after: int, written: bool
) -> None:
    w = named("w", start >> steps("a") >> steps("b") >> steps("c"))
    died, log = runs.once(w, after=after, written=written)
    if died is not None:
        assert died == Success(3)
        return
    result, rest = runs.once(w)
    assert result == Success(3)
    again = [name for name, _ in rest if name in {each for each, _ in log}]
    assert len(again) <= 1, "only what was at work when it died"
    assert {name for name, _ in [*log, *rest]} == {"a", "b", "c"}


def test_a_retry_goes_on_at_the_attempt_that_it_was_at(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> retry(steps("a") >> steps("b"), attempts=3))
    fails += ["b", "b"]
    died, log = runs.once(w, after=5)
    assert died is None and [name for name, _ in log] == ["a", "b", "a"]
    assert runs.once(w)[1] == [("b", 1), ("a", 0), ("b", 1)] or runs.records()
    tries = [record.tries for record in runs.records() if record.kind == "ok"]
    assert tries == ["", "1", "2", "3", "3"]


def test_a_crash_gives_no_more_attempts_and_a_failure_gives_as_many_again(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> retry(steps("a"), attempts=2))
    fails += ["a"] * 5
    died, log = runs.once(w, after=3, written=True)
    assert died is None
    result, rest = runs.once(w)
    assert isinstance(result, Failure) and len(log) + len(rest) <= 3
    fails[:] = ["a"]
    assert runs.once(w) == (Success(1), [("a", 0), ("a", 0)])


def test_a_handler_that_was_fine_stays_chosen(runs: Runs, steps: Any, fails: list[Any]) -> None:
    w = named("w", start >> fallback(steps("a"), steps("b")) >> steps("c"))
    fails += ["a", "c"]
    assert runs.once(w)[1] == [("a", 0), ("b", 0), ("c", 1)]
    assert runs.once(w) == (Success(2), [("c", 1)])


def test_a_handler_that_failed_too_is_not_chosen_again(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> fallback(steps("a"), steps("b")))
    fails += ["a", "b"]
    assert runs.once(w)[1] == [("a", 0), ("b", 0)]
    assert runs.once(w) == (Success(1), [("a", 0)])


def test_a_fault_that_became_a_value_stays_one(runs: Runs, steps: Any, fails: list[Any]) -> None:
    w = named("w", start >> as_result(steps("a")) >> branch(failed(), then=start, otherwise=start))
    w = named("v", w >> steps("c"))
    fails += ["a", "c"]
    assert runs.once(w)[1] == [("a", 0), ("c", 0)]
    assert runs.once(w) == (Success(1), [("c", 0)])


def test_a_fault_that_became_a_value_and_then_the_run_s_is_tried_again(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> as_result(steps("a")) >> from_result)
    fails += ["a"]
    assert isinstance(runs.once(w)[0], Failure)
    assert runs.once(w) == (Success(1), [("a", 0)])


def test_on_failure_tells_of_each_try(runs: Runs, steps: Any, fails: list[Any]) -> None:
    @task(effect="idempotent", config={"of": "alert"})
    def alert(told: tuple[int, Fault]) -> None:
        runs.did("alert")

    w = named("w", start >> on_failure(steps("a"), then=alert))
    fails += ["a", "a"]
    assert runs.once(w)[1] == [("a", 0), "alert"]
    assert runs.once(w)[1] == [("a", 0), "alert"]
    assert runs.once(w) == (Success(1), [("a", 0)])


def test_items_that_failed_and_were_collected_stay_so(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    @task(config={"of": "items"})
    def items() -> list[int]:
        return [1, 2, 3]

    @task(effect="idempotent", config={"of": "each"})
    def each(x: int) -> int:
        runs.did(x)
        if x == 2:
            raise ConnectionError("two")
        return x

    @task(effect="idempotent", config={"of": "last"})
    def last(xs: list[Any]) -> int:
        runs.did("last")
        if fails:
            fails.pop()
            raise ConnectionError("last")
        return len([x for x in xs if isinstance(x, Success)])

    w = named("w", items >> map_each(each, on_error="collect", at_once=1) >> last)
    fails += ["last"]
    assert runs.once(w)[1] == [1, 2, 3, "last"]
    assert runs.once(w) == (Success(2), ["last"])


def test_rounds_are_steps_of_their_own(runs: Runs, steps: Any, fails: list[Any]) -> None:
    w = named("w", start >> loop_until(steps("a"), it >= 4, limit=9) >> steps("z"))
    died, log = runs.once(w, after=3)
    assert died is None
    result, rest = runs.once(w)
    assert result == Success(5)
    assert [x for _, x in [*log, *rest]] == [0, 1, *([1] if len(log) == 2 else []), 2, 3, 4]


def test_a_loop_that_came_to_its_limit_has_as_many_rounds_again(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> loop_until(steps("a"), it >= 5, limit=2) >> steps("z"))
    assert runs.once(w)[1] == [("a", 0), ("a", 1)]
    assert runs.once(w)[1] == [("a", 2), ("a", 3)]
    assert runs.once(w) == (Success(6), [("a", 4), ("z", 5)])


def test_a_poll_that_gave_up_asks_again_when_the_run_goes_on(runs: Runs) -> None:
    there: list[Any] = []

    @task(effect="read", config={})
    def is_there() -> bool:
        runs.did("asked")
        return bool(there)

    w = named("w", poll(is_there, it, every=seconds(0), limit=3))
    assert runs.once(w)[1] == ["asked"] * 3
    assert runs.once(w)[1] == ["asked"] * 3
    there.append("the file")
    assert runs.once(w) == (Success(True), ["asked"])


def test_a_try_that_dies_behind_a_loop_s_limit_gives_up_there_again(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> fallback(loop_until(steps("a"), it > 9, limit=2), steps("b")))
    died, log = runs.once(w, after=5)
    assert died is None and ("b", 0) in log
    result, rest = runs.once(w)
    assert result == Success(1) and ("a", 2) not in rest


def test_finalisers_are_done_once_a_try_and_no_more_once_all_is_fine(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> always(steps("a"), then=steps("end")) >> steps("b"))
    fails += ["a", "b"]
    assert runs.once(w)[1] == [("a", 0), ("end", 0)]
    assert runs.once(w)[1] == [("a", 0), ("end", 0), ("b", 1)]
    assert runs.once(w) == (Success(2), [("b", 1)])


def cluster(runs: Runs, fails: list[Any]) -> Any:
    made: list[int] = []

    @task(effect="idempotent", config={"of": "create"})
    def create(x: int) -> int:
        made.append(x)
        runs.did(("create", len(made)))
        return len(made)

    @task(effect="idempotent", config={"of": "load"})
    def load(x: int, c: int) -> int:
        runs.did(("load", c))
        if "load" in fails:
            fails.remove("load")
            raise ConnectionError("load")
        return c

    @task(effect="idempotent", config={"of": "delete"})
    def delete(x: int, c: int) -> None:
        runs.did(("delete", c))

    return bracket(create, load, delete)


def test_what_was_given_back_is_acquired_anew(runs: Runs, steps: Any, fails: list[Any]) -> None:
    w = named("w", start >> cluster(runs, fails) >> steps("z"))
    fails += ["load", "z"]
    assert runs.once(w)[1] == [("create", 1), ("load", 1), ("delete", 1)]
    assert runs.once(w)[1] == [("create", 2), ("load", 2), ("delete", 2), ("z", 2)]
    assert runs.once(w) == (Success(3), [("z", 2)])


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("after", range(1, 10))
def test_whatever_was_acquired_is_given_back_wherever_the_process_dies(
    runs: Runs, steps: Any, fails: list[Any], after: int, written: bool
) -> None:
    w = named("w", start >> cluster(runs, fails) >> steps("z"))
    fails += ["load"]
    log: list[Any] = []
    died, did = runs.once(w, after=after, written=written)
    log += did
    for _ in range(3):
        if isinstance(died, Success):
            break
        died, did = runs.once(w)
        log += did
    assert isinstance(died, Success)
    created = {n for what, n in log if what == "create"}
    deleted = {n for what, n in log if what == "delete"}
    used = {n for what, n in log if what == "load"}
    assert used <= created and used <= deleted, log
    for n in deleted:
        assert log.index(("delete", n)) > max(
            at for at, each in enumerate(log) if each == ("load", n) or each == ("create", n)
        ), log


def test_side_by_side_each_part_goes_on_where_it_was(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    w = named("w", start >> par(steps("a"), steps("b") >> steps("c"), steps("d")))
    fails += ["b"]
    result, log = runs.once(w)
    assert isinstance(result, Failure) and {name for name, _ in log} == {"a", "b", "d"}
    assert runs.once(w) == (Success((1, 2, 1)), [("b", 0), ("c", 1)])


def test_keys_are_the_same_in_every_try_and_new_in_every_generation(runs: Runs) -> None:
    fails = [1]

    @task(effect="idempotent", config={"of": "post"})
    def post(x: int, *, key: IdempotencyKey) -> int:
        runs.did(key)
        if fails:
            fails.pop()
            raise ConnectionError
        return x

    w = named("w", start >> post)
    first = runs.once(w)[1]
    assert runs.once(w)[1] == first
    assert runs.once(w, journal={"again": True})[1] != first


def test_a_delay_is_waited_for_once(runs: Runs, steps: Any, fails: list[Any]) -> None:
    w = named("w", start >> steps("a") >> delay(seconds(0.3)) >> steps("b"))
    fails += ["b"]
    runs.once(w)
    records = runs.records()
    assert sum(record.kind == "delay" for record in records) == 1
    assert runs.once(w) == (Success(2), [("b", 1)])
    assert sum(record.kind == "delay" for record in runs.records()) == 1


def test_a_deadline_that_struck_chose_the_handler_for_good(
    runs: Runs, steps: Any, fails: list[Any]
) -> None:
    @task(effect="read", isolate=False, config={"of": "slow"})
    async def slow(x: int) -> int:
        import asyncio

        runs.did("slow")
        await asyncio.sleep(5)
        return x

    w = named("w", start >> fallback(timeout(slow, timedelta(milliseconds=800)), steps("b")))
    w = named("v", w >> steps("c"))
    fails += ["c"]
    assert runs.once(w)[1] == ["slow", ("b", 0), ("c", 1)]
    assert runs.once(w) == (Success(2), [("c", 1)])
