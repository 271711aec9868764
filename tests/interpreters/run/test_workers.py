"""Who runs leaves: the calling thread, threads, one event loop, processes; and how many at once."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    always,
    const,
    delay,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    par,
    pure,
    recover,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.faults import Failed, TimedOut
from fwf.interpreters.run import Pool, SystemClock, execute, run
from fwf.worlds.trace import events
from tests.interpreters.run.isolated import pid, raises, reads, sleeps, takes
from tests.interpreters.run.support import (
    bad,
    doing,
    go,
    log,
    now,
    sleep,
    told,
    until,
    us,
    work,
    written,
)

a, b, c = work("a", 2), work("b", 3), work("c", 5)


@task(effect="pure")
def thread(x: Any) -> int:
    return threading.get_ident()


@task(effect="pure")
async def loop_thread(x: Any) -> int:
    return threading.get_ident()


# Where


def test_a_leaf_that_is_alone_runs_on_the_calling_thread() -> None:
    here = threading.get_ident()
    for w in (
        thread,
        pure(it) >> thread,
        par(thread) >> pure(it[0]),
        const([1]) >> map_each(thread) >> pure(it[0]),
        loop_until(thread, it > 0, limit=1),
        retry(thread, attempts=2),
        fallback(bad("X"), thread),
        always(identity, then=identity) >> thread,
        timeout(identity, seconds(9)) >> thread,
        par(identity, identity) >> thread,
    ):
        assert run(w, 0).unwrap() == here


def test_a_leaf_that_a_deadline_may_cut_doesn_t() -> None:
    here = threading.get_ident()
    assert run(timeout(thread, seconds(60)), 0).unwrap() != here
    assert run(par(thread, fail_fast=True), 0).unwrap()[0] != here


def test_leaves_side_by_side_run_in_threads_of_their_own() -> None:
    gate = threading.Barrier(3)
    met = doing("met", lambda x: (gate.wait(10), threading.get_ident())[1])
    here = run(par(met, met, met), 0).unwrap()
    assert len({*here, threading.get_ident()}) == 4


def test_a_finaliser_under_a_timeout_runs_on_the_calling_thread() -> None:
    seen: list[int] = []
    w = timeout(
        always(identity, then=doing("see", lambda x: seen.append(threading.get_ident()))),
        seconds(9),
    )
    run(w, 0)
    assert seen == [threading.get_ident()]


def test_async_tasks_share_one_thread() -> None:
    here = run(par(loop_thread, loop_thread, loop_thread >> loop_thread), 0).unwrap()
    assert len(set(here)) == 1 and here[0] != threading.get_ident()


def test_with_one_worker_leaves_run_on_the_calling_thread() -> None:
    here = threading.get_ident()
    for w in (par(thread, thread), map_each(thread), map_each(thread, at_once=2)):
        assert set(run(w, [1, 2, 3], workers=1).unwrap()) == {here}


# How many


class Count:
    """How many are at work at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.here = self.most = 0

    def __call__(self, x: Any) -> Any:
        with self.lock:
            self.here += 1
            self.most = max(self.most, self.here)
        time.sleep(0.005)
        with self.lock:
            self.here -= 1
        return x


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_never_more_run_at_once_than_there_are_workers(workers: int) -> None:
    count = Count()
    body = doing("count", count)
    w = map_each(body >> body)
    assert run(w, list(range(8)), workers=workers).unwrap() == list(range(8))
    assert count.most == workers


@pytest.mark.parametrize("workers", [None, 2, 9])
def test_never_more_run_at_once_than_a_pool_holds(workers: int | None) -> None:
    count = Count()
    pooled = in_pool(doing("count", count), "p")
    w = par(map_each(pooled), in_pool(map_each(doing("count", count)), "p"))
    run(w, list(range(6)), pools={"p": 2}, workers=workers).unwrap()
    assert count.most == 2


def test_async_and_isolated_tasks_count_as_workers_too() -> None:
    ran = go(par(thread, loop_thread, pid), workers=1)
    spans = sorted((each.start, each.end) for each in events(ran.trace))
    assert len(spans) == 3 and isinstance(ran.result, Success)


WORKERS: list[tuple[str, Any, int, str]] = [
    ("one worker takes the leftmost first", par(a, b, c), 1, "(a 0-2 | b 2-5 | c 5-10)"),
    ("two workers do list scheduling", par(c, a, b), 2, "(c 0-5 | a 0-2 | b 2-5)"),
    (
        "barrier of stages on two workers",
        par(a, work("y", 1), work("z", 1)) >> par(work("u", 1), a, work("v", 1)),
        2,
        "(a 0-2 | y 0-1 | z 1-2); (u 2-3 | a 2-4 | v 3-4)",
    ),
    ("who was ready first goes first", par(a >> b, c), 1, "(a 0-2; b 7-10 | c 2-7)"),
    ("at one instant the leftmost goes first", par(work("z") >> a, b), 1, "(z 0-0; a 0-2 | b 2-5)"),
    (
        "the leftmost goes first, however deep it stands",
        par(par(a, b), c),
        1,
        "(a 0-2 | b 2-5 | c 5-10)",
    ),
    ("a delay passes while another works", par(c, delay(us(3)) >> a), 1, "(c 0-5 | a 5-7)"),
    (
        "a later delay passes while another works",
        par(a >> delay(us(1)) >> a, c),
        1,
        "(a 0-2; a 7-9 | c 2-7)",
    ),
    ("a part waits inside its deadline", par(c, recover(timeout(a, us(3)), 0)), 1, "c 0-5"),
    ("a part that gets its turn in time runs", par(a, timeout(b, us(5))), 1, "(a 0-2 | b 2-5)"),
    (
        "a part that gets its turn late is cut",
        par(a, recover(timeout(b, us(4)), 0)),
        1,
        "(a 0-2 | b~ 2-4)",
    ),
    (
        "a cut leaf frees its worker when it is back",
        par(recover(timeout(c, us(1)), 0), a),
        1,
        "(c~ 0-1 | a 5-7)",
    ),
    ("map_each and workers bound each other", map_each(a, at_once=3), 2, "(a 0-2 | a 0-2 | a 2-4)"),
]


@pytest.mark.parametrize("row", WORKERS, ids=lambda row: row[0])
def test_workers_are_given_out_in_order(row: tuple[str, Any, int, str]) -> None:
    _, w, workers, trace = row
    value: Any = [1, 2, 3]
    for _ in range(3):
        assert written(go(w, value, workers=workers).trace) == trace


def test_who_waits_for_a_worker_is_cut_with_the_one_who_has_it() -> None:
    cut = timeout(a, us(0))
    assert written(go(par(cut, cut), workers=1).trace) == "a~ 0-0"
    assert written(go(par(in_pool(cut, "p"), in_pool(cut, "p")), pools={"p": 1}).trace) == (
        "a~ 0-0"
    )


def test_a_worker_goes_to_the_leftmost_of_those_who_ask_at_one_instant() -> None:
    w = par(delay(us(2)) >> a, a >> c)
    assert written(go(w, workers=1).trace) == "(a 2-4 | a 0-2; c 4-9)"


def test_with_one_worker_a_graph_s_later_delay_passes_while_others_work() -> None:
    @graph
    def g(x: Any) -> Any:
        first, second = a(x), c(x)
        late = (delay(us(1)) >> b)(first)
        return first, second, late

    assert written(go(g, workers=1).trace) == (
        "[a 0-2 after () | c 2-7 after () | b 7-10 after (0,)]"
    )


def test_a_task_that_is_alone_waits_for_the_only_worker_while_a_cut_one_has_it() -> None:
    w = recover(timeout(work("slow", 5), us(1)), 0) >> a
    assert written(go(w, workers=1).trace) == "slow~ 0-1; a 5-7"


def test_with_one_worker_items_start_in_their_order_however_many_at_once() -> None:
    w = const([1, 1, 1, 1]) >> map_each(a, at_once=2)
    assert written(go(w, workers=1).trace) == "(a 0-2 | a 2-4 | a 4-6 | a 6-8)"
    started = []
    run(const([*range(6)]) >> map_each(doing("note", started.append), at_once=3), workers=1)
    assert started == [*range(6)]


POOLS: list[tuple[str, Any, dict[str, Any], str]] = [
    (
        "a pool of one takes one at a time",
        par(in_pool(a, "p"), in_pool(b, "p"), c),
        {"p": 1},
        "(a 0-2 | b 2-5 | c 0-5)",
    ),
    (
        "who waits for a pool holds up nobody else",
        par(in_pool(c, "p"), in_pool(a, "p"), in_pool(b, "q")),
        {"p": 1, "q": 1},
        "(c 0-5 | a 5-7 | b 0-3)",
    ),
    (
        "all the pools of a part are taken at once",
        par(in_pool(c, "p"), in_pool(in_pool(a, "q"), "p"), in_pool(b, "q")),
        {"p": 1, "q": 1},
        "(c 0-5 | a 5-7 | b 0-3)",
    ),
    (
        "all the pools of a part are given back at once",
        par(
            in_pool(in_pool(a, "q"), "p"),
            in_pool(in_pool(b, "q"), "p"),
            in_pool(c, "q"),
        ),
        {"p": 1, "q": 1},
        "(a 0-2 | b 2-5 | c 5-10)",
    ),
    (
        "each of several slots of a pool is given back",
        par(*[in_pool(work("s", 1), "p")] * 4, in_pool(a, "p")),
        {"p": 2},
        "(s 0-1 | s 0-1 | s 1-2 | s 1-2 | a 2-4)",
    ),
    ("a pool named twice is taken once", in_pool(in_pool(a, "p"), "p"), {"p": 1}, "a 0-2"),
    (
        "a pool that isn't given is not bounded",
        par(in_pool(a, "p"), in_pool(b, "p")),
        {},
        "(a 0-2 | b 0-3)",
    ),
    (
        "a slot is held per attempt, not for the whole part",
        par(in_pool(a >> delay(us(4)) >> a, "p"), in_pool(b, "p")),
        {"p": 1},
        "(a 0-2; a 6-8 | b 2-5)",
    ),
    (
        "a rate bounds the starts in a time",
        par(*[in_pool(work("s", 1), "p")] * 5),
        {"p": Pool(starts=2, per=us(10))},
        "(s 0-1 | s 0-1 | s 10-11 | s 10-11 | s 20-21)",
    ),
    (
        "a rate and a size bound together",
        par(*[in_pool(work("s", 4), "p")] * 4),
        {"p": Pool(1, starts=2, per=us(10))},
        "(s 0-4 | s 4-8 | s 10-14 | s 14-18)",
    ),
    (
        "a rate's wait is cut by a deadline, without an event",
        par(in_pool(a, "p"), recover(timeout(in_pool(b, "p"), us(5)), 0)),
        {"p": Pool(starts=1, per=us(10))},
        "a 0-2",
    ),
    (
        "a leaf cut while it waits for a slot leaves no event, and the next gets the slot",
        par(in_pool(c, "p"), recover(timeout(in_pool(a, "p"), us(1)), 0), in_pool(b, "p")),
        {"p": 1},
        "(c 0-5 | b 5-8)",
    ),
    (
        "a part cut while it waits for one pool takes no slot of it later",
        par(
            in_pool(c, "p"),
            fallback(timeout(in_pool(a, "p"), us(1)), delay(us(20))) >> in_pool(a, "p"),
            delay(us(10)) >> in_pool(b, "p"),
        ),
        {"p": 1},
        "(c 0-5 | a 21-23 | b 10-13)",
    ),
    (
        "the same task asked for again in another pool takes only that",
        par(
            in_pool(c, "p"),
            fallback(timeout(in_pool(a, "p"), us(1)), in_pool(a, "q")),
            delay(us(9)) >> in_pool(b, "p"),
            delay(us(9)) >> in_pool(b, "q"),
        ),
        {"p": 1, "q": 1},
        "(c 0-5 | a 1-3 | b 9-12 | b 9-12)",
    ),
    (
        "a cut leaf holds its slot until it is back",
        par(
            recover(
                timeout(in_pool(doing("twice", lambda x: (sleep(4), sleep(6))), "p"), us(1)), 0
            ),
            in_pool(a, "p"),
        ),
        {"p": 1},
        "(twice~ 0-1 | a 10-12)",
    ),
]


@pytest.mark.parametrize("row", POOLS, ids=lambda row: row[0])
@pytest.mark.parametrize("workers", [None, 9])
def test_pools_are_given_out_in_order(
    row: tuple[str, Any, dict[str, Any], str], workers: Any
) -> None:
    _, w, pools, trace = row
    assert written(go(w, pools=pools, workers=workers).trace) == trace


# Threads that were cut


def _lingering(effect: Any) -> Any:
    """A task that takes 10, whether it is cut or not."""
    return work("lingers", 10, effect=effect)


@pytest.mark.parametrize("effect", ["idempotent", "unrepeatable"])
def test_a_later_attempt_of_a_writer_waits_for_the_one_that_was_cut(effect: Any) -> None:
    def act(x: Any) -> None:
        log.append(("start", now()))
        sleep(2 if len(log) > 1 else 9)
        sleep(0 if len(log) > 1 else 4)
        log.append(("end", now()))

    ran = go(retry(timeout(doing("writes", act, effect), us(9)), attempts=2))
    assert written(ran.trace) == "writes~ 0-9; writes 13-15"
    assert log == [("start", 0), ("end", 13), ("start", 13), ("end", 15)]


def test_the_wait_of_a_writer_for_itself_obeys_its_deadline_and_leaves_no_event() -> None:
    w = retry(timeout(_lingering("idempotent"), us(2)), attempts=2, wait=us(1))
    ran = go(w)
    assert told(ran) == f"lingers: {TimedOut('', us(2))} at 5"
    assert written(ran.trace) == "lingers~ 0-2"
    w = retry(timeout(_lingering("idempotent"), us(2)), attempts=2, wait=us(10))
    assert written(go(w).trace) == "lingers~ 0-2; lingers~ 12-14"


def test_a_writer_that_waits_for_itself_holds_no_worker_meanwhile() -> None:
    w = retry(timeout(_lingering("idempotent"), us(2)), attempts=2)
    ran = go(par(recover(w, 0), delay(us(3)) >> a), workers=2)
    assert written(ran.trace) == "(lingers~ 0-2 | a 3-5)"


def test_a_later_attempt_of_a_pure_step_doesn_t_wait() -> None:
    ran = go(retry(timeout(_lingering("pure"), us(2)), attempts=2, wait=us(1)))
    assert written(ran.trace) == "lingers~ 0-2; lingers~ 3-5"


def test_a_cut_thread_is_not_waited_for_and_its_result_is_lost() -> None:
    gate = threading.Event()
    stuck = doing("stuck", lambda x: gate.wait(60), "read")
    start = time.monotonic()
    ran = execute(timeout(stuck, milliseconds(20)), 0)
    assert time.monotonic() - start < 20
    assert [each.ending for each in events(ran.trace)] == ["cut"]
    gate.set()


def test_a_cut_thread_keeps_its_worker_until_it_returns() -> None:
    gate = threading.Event()
    order: list[str] = []

    def stuck(x: Any) -> None:
        gate.wait(60)
        order.append("back")

    w = par(
        recover(timeout(doing("stuck", stuck, "read"), milliseconds(20)), 0),
        doing("next", lambda x: order.append("next")),
    )
    threading.Timer(0.3, gate.set).start()
    run(w, 0, workers=1).unwrap()
    assert order == ["back", "next"]


def test_another_step_of_a_writer_doesn_t_wait_for_a_cut_one() -> None:
    gate = threading.Event()
    stuck = doing("stuck", lambda x: gate.wait(60) and None, "unrepeatable")
    fine = doing("fine", lambda x: 1, "unrepeatable")
    assert run(fallback(timeout(stuck, milliseconds(20)), fine), 0).unwrap() == 1
    gate.set()


def test_a_deadline_strikes_while_others_keep_the_scheduler_busy() -> None:
    quick = loop_until(doing("quick", lambda x: x + 1), it > 10**9, limit=10**9)
    w = timeout(
        par(
            quick,
            quick,
            recover(
                timeout(doing("stuck", lambda x: time.sleep(2), "read"), milliseconds(50)), "cut"
            )
            >> doing("mark", lambda x: log.append(SystemClock().now())),
        ),
        milliseconds(600),
    )
    log.clear()
    start = SystemClock().now()
    run(w, 0)
    assert log and log[0] - start < 500_000


# Async tasks


def test_async_tasks_overlap() -> None:
    @task(effect="pure", config={})
    async def met(x: Any) -> str:
        here.append(x)
        while len(here) < 3:
            await asyncio.sleep(0.001)
        return "met"

    here: list[Any] = []
    assert run(map_each(met), [1, 2, 3]).unwrap() == ["met"] * 3


def test_a_cut_async_task_is_cancelled_and_cleans_up() -> None:
    seen: list[str] = []

    @task(effect="idempotent", config={})
    async def endless(x: Any) -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0.05)
            seen.append("clean")

    fault = run(timeout(endless, milliseconds(300)), 0).failure()
    assert isinstance(fault, TimedOut)
    until(lambda: seen == ["cancelled", "clean"])


def test_a_later_attempt_of_an_async_writer_waits_for_the_cancelled_one() -> None:
    seen: list[str] = []

    @task(effect="idempotent", config={})
    async def writes(x: Any) -> str:
        seen.append("start")
        if len(seen) > 1:
            return "done"
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.1)
            seen.append("end")
        return "never"

    w = retry(timeout(writes, milliseconds(400)), attempts=2)
    assert run(w, 0).unwrap() == "done"
    assert seen == ["start", "end", "start"]


def test_an_async_task_that_cancels_itself_has_failed() -> None:
    @task(effect="pure", config={})
    async def cancels(x: Any) -> None:
        raise asyncio.CancelledError

    fault = run(cancels, 0).failure()
    assert isinstance(fault, Failed) and fault.tags[0].endswith("CancelledError")


def test_async_tasks_fail_fast() -> None:
    @task(effect="pure", config={"n": 1})
    async def endless(x: Any) -> None:
        await asyncio.sleep(600)

    @task(effect="pure", config={"n": 2})
    async def fails(x: Any) -> Any:
        return Failure("X")

    assert run(par(endless, fails, fail_fast=True), 0).failure().tags == ("X",)


# Isolated tasks


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return (
        Path(f"/proc/{process}/stat").exists()
        and " Z " in Path(f"/proc/{process}/stat").read_text()
    )


def test_no_process_stays_behind_when_a_run_with_isolated_tasks_is_over(tmp_path: Path) -> None:
    """Not even one that has ended and that nobody has waited for."""
    ended = run(pid, 0).unwrap()
    file = tmp_path / "pid"

    def wait(x: Any) -> Any:
        until(lambda: file.exists() and file.read_text(), 20)
        return Failure("enough")

    run(par(sleeps, doing("waits", wait), fail_fast=True), str(file)).failure()
    for process in (ended, int(file.read_text())):
        until(lambda process=process: not Path(f"/proc/{process}").exists())


def test_an_isolated_task_runs_in_a_process_of_its_own() -> None:
    first, second = run(par(pid, pid), 0).unwrap()
    assert len({first, second, os.getpid()}) == 3
    until(lambda: gone(first) and gone(second))


def test_an_isolated_task_is_killed_on_its_deadline(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    def wait(x: Any) -> Any:
        until(lambda: file.exists() and file.read_text(), 20)
        time.sleep(0.01)
        return Failure("enough")

    fault = run(par(sleeps, doing("wait", wait), fail_fast=True), str(file)).failure()
    assert fault.tags == ("enough",)
    process = int(file.read_text())
    until(lambda: gone(process))


def test_an_isolated_task_is_killed_on_a_timeout_even_before_it_has_begun(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    fault = run(timeout(sleeps, milliseconds(5)), str(file)).failure()
    assert isinstance(fault, TimedOut)
    time.sleep(0.5)
    assert not file.exists()


ISOLATED = [
    ("plain", ("ConnectionError", "OSError"), "plain"),
    ("two", ("tests.interpreters.run.isolated.NeedsTwo", "Exception"), "1 and 2"),
    ("locked", ("tests.interpreters.run.isolated.Locked", "ConnectionError"), "locked"),
    ("failure", ("closed",), ""),
    (
        "result",
        ("TypeError",),
        "raises runs in a process of its own (isolate=True), so its result must be picklable: "
        "cannot pickle '_thread.lock' object",
    ),
    ("exit", ("SystemExit",), "3"),
    ("ctrl-c", ("KeyboardInterrupt",), ""),
    (
        "dies",
        ("fwf.interpreters.run.workers.processes.Killed",),
        "raises: its process ended with exit code 7",
    ),
]


def test_what_an_isolated_task_raises_comes_back() -> None:
    kinds = [each[0] for each in ISOLATED]
    results = run(map_each(raises, on_error="collect", at_once=2), kinds).unwrap()
    for (_, tags, message), result in zip(ISOLATED, results, strict=True):
        fault = result.failure()
        assert fault.tags[: len(tags)] == tags
        assert fault.message == message


def test_arguments_that_can_t_be_pickled_give_a_clear_fault() -> None:
    fault = run(takes, threading.Lock()).failure()
    assert isinstance(fault, Failed) and "Defect" in fault.tags
    assert fault.message == (
        "takes runs in a process of its own (isolate=True), so its input and resources must be "
        "picklable: cannot pickle '_thread.lock' object"
    )
    inner = contextlib.nullcontext
    fault = run(reads, None, resources={"db": lambda: inner(1)}).failure()
    assert "its input and resources must be picklable" in str(fault)


def test_an_isolated_task_opens_its_resources_there() -> None:
    assert run(reads, None, resources={"db": opened_there}).unwrap() != os.getpid()


@contextlib.contextmanager
def opened_there() -> Iterator[int]:
    yield os.getpid()


# Many


def test_200_runs_leave_no_threads_behind() -> None:
    before = threading.active_count()
    w = timeout(par(thread, thread, loop_thread), seconds(60))
    for _ in range(200):
        run(w, 0).unwrap()
    until(lambda: threading.active_count() <= before)


def test_quick_leaves_share_few_threads() -> None:
    names: set[str] = set()
    body = doing("name", lambda x: names.add(threading.current_thread().name))
    run(map_each(body), list(range(2000))).unwrap()
    assert len(names) < 1000


def test_two_runs_at_once_in_different_threads_don_t_disturb_each_other() -> None:
    results: list[Any] = []
    w = par(thread, timeout(loop_thread, seconds(60)), seq(thread, pure(it)))
    runners = [threading.Thread(target=lambda: results.append(run(w, 0))) for _ in range(8)]
    for each in runners:
        each.start()
    for each in runners:
        each.join(30)
    assert len(results) == 8 and all(len(result.unwrap()) == 3 for result in results)


def test_a_run_may_run_another() -> None:
    inner = par(thread, thread)
    outer = doing("outer", lambda x: run(inner, x).unwrap())
    assert len(run(par(outer, outer), 0).unwrap()) == 2
    assert len(run(outer, 0).unwrap()) == 2
