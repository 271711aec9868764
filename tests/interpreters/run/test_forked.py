"""Forks of a task: they are no part of the run, and take signals as all processes do."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fwf import Workflow, always, identity, par, retry, seconds, task, timeout
from fwf.faults import Interrupted
from fwf.interpreters.run import run
from tests.interpreters.run.isolated import fork, forks
from tests.interpreters.run.support import doing
from tests.interpreters.run.test_signals import slow


# fmt: off
def returns() -> None: ...
def leaves() -> None: sys.exit()
def leaves_with_a_number() -> None: sys.exit(7)
def leaves_with_a_word() -> None: sys.exit("word")
def raises() -> None: raise ValueError("word")
def interrupts() -> None: raise KeyboardInterrupt
# fmt: on


ENDS: dict[Callable[[], None], tuple[int, str]] = {
    returns: (0, ""),
    leaves: (0, ""),
    leaves_with_a_number: (7, ""),
    leaves_with_a_word: (1, "word\n"),
    raises: (1, "ValueError: word\n"),
    interrupts: (1, "KeyboardInterrupt\n"),
}  # fmt: skip


@task(effect="idempotent")
async def forks_async(end: Callable[[], None]) -> int | None:
    return fork(end)


@task(effect="idempotent")
def forks_with_one(end: Callable[[], None], *, shared: object) -> int | None:
    return fork(end)


@task(effect="idempotent")
async def forks_with_one_async(end: Callable[[], None], *, shared: object) -> int | None:
    return fork(end)


inline = doing("forks", fork, "idempotent")
KINDS: dict[str, Workflow[Any, Any]] = {
    "on the calling thread": inline,
    "in a thread": timeout(inline, seconds(60)),
    "async": forks_async,
    "isolated": forks,
    "with a resource": forks_with_one,
    "async with a resource": forks_with_one_async,
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fork_ends_where_the_task_does_and_the_run_goes_on_once(
    kind: str, end: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def shared() -> Iterator[object]:
        try:
            yield None
        finally:
            os.write(1, b"closed\n")

    finalise = doing("finalise", lambda x: os.write(1, b"finalised\n"))
    w = always(retry(KINDS[kind], attempts=3), then=finalise)
    status, said = ENDS[end]
    assert run(w, end, resources={"shared": shared}).unwrap() == status
    out, err = capfd.readouterr()
    assert out.splitlines() == ["closed"] * ("resource" in kind) + ["finalised"]
    assert err.endswith(said) and bool(err) == bool(said)


# Their signals


def child(target: Callable[..., Any], *given: Any) -> "multiprocessing.process.BaseProcess":
    made = multiprocessing.get_context("fork").Process(target=target, args=given)
    made.start()
    return made


def ready_to_sleep(file: int) -> None:
    os.write(file, b"!")
    time.sleep(60)


def terminated(number: int) -> int | None:
    reading, writing = os.pipe()
    process = child(ready_to_sleep, writing)
    assert process.pid is not None
    os.read(reading, 1)
    os.kill(process.pid, number)
    process.join(30)
    process.kill()
    os.close(reading)
    os.close(writing)
    return process.exitcode


@task(effect="pure")
async def terminated_async(number: int) -> int | None:
    return terminated(number)


TERMINATING: dict[str, Workflow[Any, Any]] = {
    "on the calling thread": doing("terminated", terminated),
    "in a thread": timeout(doing("terminated", terminated), seconds(60)),
    "beside another": par(doing("terminated", terminated), identity),
    "async": terminated_async,
    "in a run in a run": doing("outer", lambda x: run(doing("terminated", terminated), x).unwrap()),
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("kind", TERMINATING)
def test_a_signal_ends_a_fork_as_it_would_without_a_run(kind: str, number: signal.Signals) -> None:
    status = run(TERMINATING[kind], int(number)).unwrap()
    assert (status[0] if kind == "beside another" else status) == -number


def runs_in_a_fork(x: int) -> int | None:
    process = child(lambda: sys.exit(run(doing("add", lambda x: x + 1), x).unwrap()))
    process.join(30)
    return process.exitcode


def test_a_fork_may_have_a_run_of_its_own() -> None:
    assert run(doing("runs", runs_in_a_fork), 1).unwrap() == 2


def stopped_in_a_fork(x: int) -> int | None:
    """A fork with a run of its own that a signal stops."""

    def go() -> None:
        fault = run(doing("slow", slow), int(signal.SIGTERM)).failure()
        sys.exit(fault == Interrupted(by="SIGTERM"))

    process = child(go)
    process.join(30)
    return process.exitcode


def test_a_signal_stops_the_run_of_a_fork_and_that_alone() -> None:
    assert run(timeout(doing("stopped", stopped_in_a_fork), seconds(60)), 1).unwrap() == 1
