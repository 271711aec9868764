"""A signal at any call on a run's own thread: what has begun is tidied up, once."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from returns.result import Failure, Result, Success

from fwf import (
    Fault,
    Journal,
    Workflow,
    always,
    apply,
    branch,
    const,
    execute,
    fallback,
    it,
    loop_until,
    named,
    par,
    param,
    pure,
    retry,
    run,
    task,
    with_params,
)
from fwf.faults import Interrupted, leaves
from fwf.interpreters.run import Note, Try
from fwf.journal.opening import open_store
from tests.interpreters.run.support import until

DEFAULT = signal.default_int_handler
log: list[str] = []


clients: list["Client"] = []


class Client:
    """A client of one attempt. It is opened without a call, in which a signal could come."""

    per_run = False
    times_open = 0

    def __init__(self) -> None:
        clients.append(self)

    def __enter__(self) -> "Client":
        self.times_open += 1
        return self

    def __exit__(self, *error: object) -> None:
        log.append("closes")
        self.times_open -= 1


class PerRun(Client):
    """A client that is opened once for the run."""

    per_run = True


@task(effect="pure")
def begins(x: int) -> int:
    log.append("begun")
    return x


@task(effect="read")
def uses(x: int, *, db: Client) -> int:
    return x + 1


@task(effect="read")
def refuses(x: int) -> int:
    raise ConnectionError("no")


@task(effect="read")
def tidies(*, db: Client) -> None:
    log.append("tidies")
    log.append("tidied")


def all_are_closed() -> bool:
    return not any(client.times_open for client in clients)


def is_large(x: int) -> bool:
    return x > 2


class Observer:
    """Writes down how a run begins and ends."""

    def began(self, this: Try, /) -> None:
        log.append("told that it began")

    def note(self, note: Note, /) -> None:
        str(note)

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        log.append("told that it ended")


BODIES: dict[str, Workflow[Any, Any]] = {
    "steps": begins >> uses >> pure(it + 1),
    "choices": begins >> branch(apply(is_large, it), then=const(1), otherwise=uses),
    "rounds": begins >> loop_until(uses, apply(is_large, it), limit=4),
    "failures": begins >> fallback(retry(refuses, attempts=2), const(5)),
    "threads": begins >> par(uses, uses),
    "parameters": begins >> with_params(pure(param("n", int) + 1), n=apply(abs, it)),
}


def interrupted_at(
    call: int, w: Workflow[Any, Any], opener: type[Client], **more: Any
) -> tuple[bool, Result[Any, Fault]]:
    """Have SIGINT come with the nth call of a run ⟶ whether it has so many, and how it ended.

    Python looks for signals when a function of its own begins, and when one in C has ended.
    """
    left = call
    log.clear()
    clients.clear()

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal left
        if event in ("call", "c_return") and signal.getsignal(signal.SIGINT) is not DEFAULT:
            left -= 1
            if left == 0:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(count)
    try:
        ran = execute(w, 0, resources={"db": opener}, observe=Observer(), **more)
    except KeyboardInterrupt:
        raise AssertionError(f"call {call}: the signal came out of the run") from None
    finally:
        sys.setprofile(None)
    return left <= 0, ran.result


@pytest.mark.parametrize("every", [17, pytest.param(1, marks=pytest.mark.deep)])
@pytest.mark.parametrize("opener", [Client, PerRun])
@pytest.mark.parametrize("body", BODIES)
def test_what_has_begun_is_tidied_up_once(body: str, opener: type[Client], every: int) -> None:
    w = named("w", always(BODIES[body], then=tidies))
    call = tries = came_too_late = 0
    while True:
        call, tries = call + every, tries + 1
        came, result = interrupted_at(call, w, opener)
        if not came:
            break
        at = f"{body}, call {call}: {log}, {result}"
        counts = {word: log.count(word) for word in log}
        if "begun" in counts:
            assert counts.get("tidied") == 1, at
        assert counts.get("tidies", 0) == counts.get("tidied", 0) <= 1, at
        until(all_are_closed)  # a thread that was cut ends when it ends
        assert counts["told that it ended"] == 1, at
        if isinstance(result, Failure):
            assert [*leaves(result.failure())] == [Interrupted(by="SIGINT")], at
        else:
            came_too_late += 1
        assert signal.getsignal(signal.SIGINT) is DEFAULT, at
    assert call > 500, "it has as many calls"
    assert came_too_late < tries * 3 / 4, "many signals stop it"


@pytest.mark.deep
@pytest.mark.parametrize("body", BODIES)
def test_a_run_in_a_journal_goes_on_from_wherever_it_was_stopped(body: str, tmp_path: Path) -> None:
    w = named("w", always(BODIES[body], then=tidies))
    store = open_store(tmp_path / "runs.db", durability="process")
    call = 0
    while True:
        call += 5
        journal: dict[str, Any] = {"journal": Journal(store), "key": str(call)}
        came, result = interrupted_at(call, w, PerRun, **journal)
        at = f"{body}, call {call}: {log}, {result}"
        if isinstance(result, Failure):
            assert [*leaves(result.failure())] == [Interrupted(by="SIGINT")], at
        assert "begun" not in log or "tidied" in log, at
        again = run(w, 0, resources={"db": PerRun}, **journal)
        assert isinstance(again, Success), f"{at}; {again}"
        if not came:
            break
    store.close()
    assert call > 1_000, "it has as many calls"
