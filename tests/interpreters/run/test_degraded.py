"""A run that is fine tells where it isn't what was meant; the rule is that of `machine.uptakes`.

Against the page it is tested in `test_dry_run_agrees`, over crashes in `tests/crash`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Resource,
    Workflow,
    always,
    as_result,
    bracket,
    branch,
    const,
    dry_run,
    execute,
    fail,
    fallback,
    from_result,
    graph,
    it,
    keep_input,
    loop_until,
    map_each,
    named,
    on_failure,
    optional,
    paginate,
    par,
    pick,
    poll,
    pure,
    recover,
    retry,
    seconds,
    switch,
    task,
    timeout,
    when,
)
from fwf.interpreters.run import Journal, Note, Try

bad: Workflow[Any, Any] = fail("Bad", "so")
fine: Workflow[Any, Any] = const(1)
late: Workflow[Any, Any] = recover(bad, 0)
"""Fine, but degraded."""
now = seconds(0)


@task(effect="pure")
def total(left: Any, right: Any) -> int:
    return 1


@task(effect="pure")
def page(cursor: int | None) -> Any:
    if cursor:
        raise ConnectionError("down")
    return {"items": [1], "next": 7}


@task(effect="pure")
def least(n: int) -> int:
    if n < 3:
        raise ValueError("too small")
    return n


@graph
def steps(n: int) -> Any:
    return total(late(n), named("other", late)(n))


TAKEN: dict[str, tuple[Any, tuple[str, ...]]] = {
    "fallback": (fallback(bad, fine), ("fail",)),
    "fallback in fallback": (fallback(bad, fallback(bad, fine)), ("fail", "fallback > fail")),
    "recover": (late, ("fail",)),
    "optional": (optional(bad), ("fail",)),
    "as_result": (as_result(bad), ("fail",)),
    "collect": (const([1, 3]) >> map_each(least, on_error="collect"), ("map_each[0] > least",)),
    "collect by key": (
        const([1, 3]) >> map_each(least, key=it, on_error="collect"), ("map_each[1] > least",)
    ),
    "paginate": (
        const(None) >> paginate(page, limit=3, on_error="stop") >> pure(it.items), ("paginate[2]",)
    ),
    "seq": (late >> fine, ("fail",)),
    "par": (par(late, fine, late), ("par > fail", "par > fail#2")),
    "par that fails fast": (par(fine, late, fail_fast=True), ("par > fail",)),
    "graph": (steps, ("steps > fail", "steps > other")),
    "map": (const([1, 2]) >> map_each(late), ("map_each[0] > fail", "map_each[1] > fail")),
    "branch": (branch(it > 0, then=late, otherwise=fine), ("then > fail",)),
    "switch": (switch(it, {1: late}, otherwise=fine), ("switch[1] > fail",)),
    "when": (when(it > 0, late), ("when > fail",)),
    "round": (
        loop_until(recover(least, 2) >> pure(it + 1), it > 2, limit=3), ("loop_until[1] > least",)
    ),
    "retry": (retry(late, attempts=2, wait=now), ("fail",)),
    "timeout": (timeout(late, seconds(60)), ("fail",)),
    "finaliser": (always(fine, then=late), ("always > fail",)),
    "bracket": (bracket(fine, late, late), ("bracket > fail", "bracket[release] > fail")),
    "keep_input": (keep_input(late), ("fail",)),
    "named": (named("part", late), ("part",)),
    "last answer": (poll(late, it >= 0, every=now, limit=2), ("poll[1] > fail",)),
    "raised again": (as_result(bad) >> named("last", optional(from_result)), ("last",)),
    "told and taken up": (named("last", recover(on_failure(bad, then=fine), 0)), ("last",)),
    "items raised again": (
        const([1, 3]) >> map_each(as_result(least)) >> map_each(from_result, on_error="collect"),
        ("map_each#2[0] > from_result",),
    ),
    "handlers in what failed": (named("last", fallback(late >> bad, fine)), ("last",)),
    "parts beside what failed": (
        named("last", recover(par(late, bad), 0)), ("last",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_took_up_a_fault_is_told_by_its_path(kind: str, tmp_path: Path) -> None:
    w, paths = TAKEN[kind]
    ran = execute(w, 1)
    assert isinstance(ran.result, Success)
    assert ran.degraded == paths

    journal = tmp_path / "runs.db"
    assert execute(w, 1, key="k", journal=journal).degraded == paths
    complete = execute(w, 1, key="k", journal=journal)
    assert (complete.complete is not None, complete.degraded) == (True, paths)


def unsteady(*, fails: int = 1) -> Workflow[Any, Any]:
    """Fails so often, and gives its input then."""
    left = [None] * fails

    @task(effect="pure", config={"fails": fails})
    def flaky(n: Any) -> Any:
        if left:
            left.pop()
            raise ConnectionError("down")
        return n

    return flaky


def answers(*given: Any) -> Workflow[Any, Any]:
    """Gives one answer after the other; an exception is raised."""
    left = [*given]

    @task(effect="pure", config={"given": repr(given)})
    def answer() -> Any:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def test_what_a_retry_made_good_is_no_degradation() -> None:
    inside = recover(bad, 0) >> unsteady()
    assert execute(retry(unsteady(fails=2), attempts=3, wait=now), 1).degraded == ()
    beside = par(late, unsteady()) >> pick(1)
    assert execute(retry(beside, attempts=2, wait=now), 1).degraded == ("par > fail",)
    assert execute(retry(inside, attempts=2, wait=now), 1).degraded == ("fail",)
    first = optional(unsteady()) >> unsteady()
    assert execute(retry(first, attempts=2, wait=now), 1).degraded == ()


def test_an_answer_that_nobody_sees_is_no_degradation() -> None:
    asked = recover(answers(OSError("not yet"), 1, 7), 0)
    assert execute(poll(asked, it > 5, every=now, limit=3), 1).degraded == ()
    last = recover(answers(OSError("not yet"), OSError("never")), 0)
    stopped = poll(last, it > 5, every=now, limit=2, on_limit="stop")
    assert execute(stopped, 1).degraded == ("poll[2] > answer",)


@pytest.mark.parametrize(
    "w",
    [
        fallback(as_result(recover(fine, 0)), fine),
        as_result(bad) >> from_result,
        on_failure(bad, then=late),
        late >> bad,
        loop_until(fine, it > 1, limit=2, on_limit="stop"),
    ],
)
def test_nothing_is_told_where_nothing_was_taken_up_or_all_failed(w: Any) -> None:
    assert execute(w, 1).degraded == dry_run(w, 1).degraded == ()


def test_what_an_earlier_try_took_up_counts_when_another_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    items = const([1, 5]) >> map_each(named("c", least), on_error="collect")
    parts = named("a", recover(least, 0)), named("b", as_result(least)), items
    whole = par(*parts) >> unsteady() >> const(None)
    first = execute(whole, 1, key="k", journal=journal)
    assert (type(first.result), first.degraded) == (Failure, ())
    calls: list[str] = []

    def heard(note: Note) -> None:
        calls.append(note.path) if note.kind == "start" else None

    second = execute(whole, 1, key="k", journal=journal, observe=heard)
    assert second.degraded == ("par > a", "par > b", "par > map_each[0] > c")
    assert calls == ["flaky"]


def test_a_generation_of_its_own_is_judged_by_itself(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    w = recover(unsteady(), 0)
    assert execute(w, 1, key="k", journal=journal).degraded == ("flaky",)
    assert execute(w, 1, key="k", journal=Journal(journal, again=True)).degraded == ()


def test_observers_are_told_when_the_try_is_over() -> None:
    told: list[tuple[str, ...]] = []

    class Watching:
        def began(self, this: Try, /) -> None:
            told.append(this.degraded)

        def note(self, note: Note, /) -> None: ...

        def ended(self, this: Try, result: object, /) -> None:
            told.append(this.degraded)

    execute(late, 1, observe=Watching())
    execute(fine, 1, observe=Watching())
    assert told == [(), ("fail",), (), ()]


def test_a_run_that_fails_when_it_closes_is_not_degraded_but_failed() -> None:
    @contextmanager
    def opened() -> Generator[int]:
        yield 1
        raise OSError("can't close")

    opened.per_run = True

    @task(effect="pure")
    def reads(n: int, *, db: Annotated[int, Resource]) -> int:
        return n

    ran = execute(late >> reads, 1, resources={"db": opened})
    assert (type(ran.result), ran.degraded) == (Failure, ())


def test_of_many_items_each_is_told_once() -> None:
    many = [*range(3), *range(3)]
    ran = execute(map_each(least, on_error="collect"), many)
    assert ran.degraded == tuple(f"map_each[{n}] > least" for n in range(6))
