"""What a run tells: its trace, and notes to an observer; and that time never goes backwards."""

import time
from itertools import pairwise
from typing import Any

import pytest
from returns.result import Success

from fwf import (
    always,
    as_result,
    delay,
    fail,
    fallback,
    from_result,
    graph,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    pure,
    recover,
    retry,
    seconds,
    timeout,
)
from fwf.interpreters.run import Note, execute, run
from fwf.worlds.trace import NOTHING, Event, Parallel, Partial, Series, events
from tests.interpreters.run.support import bad, doing, flaky, go, us, work, written

a, b, c = work("a", 2), work("b", 3), work("c", 5)


def test_nothing_happened_where_no_task_ran() -> None:
    assert execute(pure(it + 1) >> fail("X"), 1).trace == NOTHING


def test_a_trace_is_a_partial_order_of_attempts() -> None:
    ran = go(named("d", par(a >> b, retry(flaky("x", 1), attempts=2)) >> c))
    assert ran.trace == Series(
        (
            Parallel(
                (
                    Series(
                        (
                            Event("a", "d > par > a", (), "ok", 0, 0, 2),
                            Event("b", "d > par > b", (), "ok", 0, 2, 5),
                        )
                    ),
                    Series(
                        (
                            Event("x", "d > par > x", (1,), "failed", _first(ran).result, 0, 0),
                            Event("x", "d > par > x", (2,), "ok", 0, 0, 0),
                        )
                    ),
                )
            ),
            Event("c", "d > c", (), "ok", (0, 0), 5, 10),
        )
    )


def _first(ran: Any) -> Event:
    return next(each for each in events(ran.trace) if each.ending == "failed")


def test_tries_are_the_numbers_of_all_the_retries_around() -> None:
    w = retry(a >> retry(b >> par(flaky("x", 3)), attempts=2), attempts=2)
    found = [(each.task, each.tries) for each in events(go(w).trace)]
    assert found == [
        ("a", (1,)), ("b", (1, 1)), ("x", (1, 1)), ("b", (1, 2)), ("x", (1, 2)),
        ("a", (2,)), ("b", (2, 1)), ("x", (2, 1)), ("b", (2, 2)), ("x", (2, 2)),
    ]  # fmt: skip


def test_what_comes_after_a_retry_has_none_of_its_tries() -> None:
    w = fallback(retry(bad("F"), attempts=2), a) >> b
    assert [each.tries for each in events(go(w).trace)] == [(1,), (2,), (), ()]


def test_a_failed_event_has_its_fault_and_an_ok_one_its_value() -> None:
    ran = go(fallback(bad("F"), a), 7)
    failed, fine = events(ran.trace)
    assert (failed.result.tags, fine.result) == (("F",), 7)
    assert isinstance(ran.result, Success)


def test_a_graph_s_trace_is_a_partial_order() -> None:
    @graph
    def g(x: Any) -> Any:
        first = a(x)
        return b(first), c(first)

    trace = go(g).trace
    assert isinstance(trace, Partial)
    assert [after for _, after in trace.parts] == [(), (0,), (0,)]


def test_the_trace_of_a_map_stands_in_the_order_of_its_items() -> None:
    ran = go(map_each(c, key=it), ["y", "x"])
    assert [each.path for each in events(ran.trace)] == ["map_each[y] > c", "map_each[x] > c"]


def test_paths_of_rounds_are_numbered() -> None:
    ran = go(loop_until(a >> pure(it + 1), it > 1, limit=5))
    assert [each.path for each in events(ran.trace)] == ["loop_until[1] > a", "loop_until[2] > a"]


def notes(w: Any, value: Any = 0, **given: Any) -> list[tuple[Any, ...]]:
    found: list[Note] = []
    go(w, value, observe=found.append, **given)
    return [(each.kind, each.task or each.path, each.at) for each in found]


def test_an_observer_is_told_of_starts_and_ends() -> None:
    assert notes(a >> b) == [("start", "a", 0), ("ok", "a", 2), ("start", "b", 2), ("ok", "b", 5)]


def test_an_observer_is_told_of_failures_cuts_and_retries() -> None:
    w = par(retry(flaky("x", 1, 1), attempts=2, wait=us(4)), recover(timeout(c, us(3)), 0))
    assert notes(w) == [
        ("start", "x", 0),
        ("start", "c", 0),
        ("failed", "x", 1),
        ("retry", "par > x", 5),
        ("cut", "c", 3),
        ("caught", "par > c", 3),
        ("start", "x", 5),
        ("ok", "x", 6),
    ]


def test_an_observer_is_told_in_order_from_left_to_right() -> None:
    assert notes(par(par(a, b), a)) == [
        ("start", "a", 0), ("start", "b", 0), ("start", "a", 0),
        ("ok", "a", 2), ("ok", "a", 2), ("ok", "b", 3),
    ]  # fmt: skip


def test_what_waits_for_a_slot_and_is_cut_is_not_told() -> None:
    w = par(in_pool(c, "p"), recover(timeout(in_pool(a, "p"), us(1)), 0))
    assert notes(w, pools={"p": 1}) == [
        ("start", "c", 0), ("caught", "par > a", 1), ("ok", "c", 5),
    ]  # fmt: skip


def test_an_observer_is_told_of_faults_that_the_run_goes_on_after() -> None:
    found: list[Note] = []
    w = map_each(fallback(bad("F") >> a, bad("G"), on="F"), on_error="collect")
    run(w, [0], observe=found.append)
    assert [(each.kind, each.path) for each in found if each.kind == "caught"] == [
        ("caught", "map_each[0] > F"), ("caught", "map_each[0] > F"),
    ]  # fmt: skip
    assert [each.detail.tags for each in found if each.kind == "caught"] == [("F",), ("G",)]


def test_an_observer_is_told_of_faults_that_become_data() -> None:
    found: list[Note] = []
    w = as_result(retry(bad("F"), attempts=2)) >> from_result
    assert run(w, 0, observe=found.append).failure().tags == ("F",)
    assert [(each.kind, each.path) for each in found] == [
        ("start", "F"), ("failed", "F"), ("retry", "F"), ("start", "F"), ("failed", "F"),
        ("caught", "F"),
    ]  # fmt: skip


def test_run_tells_an_observer_too() -> None:
    found: list[Note] = []
    run(named("n", a >> bad("F")), 0, observe=found.append)
    assert [(each.kind, each.path) for each in found] == [
        ("start", "n > a"), ("ok", "n > a"), ("start", "n > F"), ("failed", "n > F"),
    ]  # fmt: skip
    assert found[1].detail == 0 and found[3].detail.tags == ("F",)


def test_time_never_goes_backwards() -> None:
    nap = doing("nap", lambda x: None)
    stuck = doing("stuck", lambda x: time.sleep(0.05), "read")
    w = par(
        nap >> nap >> delay(milliseconds(3)) >> nap,
        always(recover(timeout(stuck, milliseconds(10)), 0), then=nap) >> nap,
        loop_until(nap, ~it.present(), limit=3),
        retry(flaky("x", 2), attempts=3, wait=milliseconds(2)),
    )
    found: list[Note] = []
    ran = execute(timeout(w, seconds(60)) >> nap >> nap, 0, observe=found.append)
    assert isinstance(ran.result, Success)
    for each in events(ran.trace):
        assert ran.start <= each.start <= each.end <= ran.end
    ends: dict[str, int] = {}
    for note in found:
        if note.kind == "start":
            assert note.at >= max(ends.get(note.path, 0), ran.start)
        elif note.kind in ("ok", "failed", "cut"):
            ends[note.path] = note.at

    def ordered(trace: Any) -> tuple[int, int]:
        if isinstance(trace, Event):
            return trace.start, trace.end
        spans = [ordered(part) for part in trace.parts if part != NOTHING]
        if isinstance(trace, Series):
            for (_, end), (start, _) in pairwise(spans):
                assert end <= start
        return min(start for start, _ in spans), max(end for _, end in spans)

    ordered(ran.trace)


def test_a_run_is_the_same_each_time_in_virtual_time() -> None:
    w = par(
        map_each(c, at_once=2),
        retry(flaky("x", 2, 1), attempts=3, wait=us(2)) >> a,
        recover(par(a, timeout(c, us(4)), fail_fast=True), 0),
        recover(par(b, bad("F", 4)), 0),
    )
    first = written(go(w, [1, 2, 3]).trace)
    for _ in range(20):
        assert written(go(w, [1, 2, 3]).trace) == first


# An observer that raises


ODD: list[BaseException] = [
    ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), RuntimeWarning("no"),
]  # fmt: skip


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("workers", [None, 1])
def test_what_an_observer_raises_is_no_part_of_the_run_and_is_warned_of_once(
    error: BaseException, workers: int | None
) -> None:
    told: list[str] = []

    def observe(note: Note) -> None:
        told.append(note.kind)
        raise error

    w = always(
        retry(flaky("shaky", 1), attempts=2) >> par(timeout(work("a", 5), us(1)), work("b", 2)),
        then=work("release"),
    )
    expected = go(w, workers=workers)
    with pytest.warns(RuntimeWarning, match=type(error).__name__) as warned:
        ran = go(w, workers=workers, observe=observe)
    assert len(warned) == 1
    assert (ran.result, ran.trace) == (expected.result, expected.trace)
    assert told.count("start") == 5 and told.count("retry") == 1


def test_an_observer_that_raises_does_no_harm_where_warnings_are_errors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def observe(note: Note) -> None:
        raise ValueError("no")

    assert go(work("a", 1) >> work("b", 1), 3, observe=observe).result == Success(3)
    said = capsys.readouterr().err
    assert said == "run(observe=…): it raised ValueError: no; the run goes on\n"
