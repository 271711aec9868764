"""What becomes of an exception: data at once, alike in every worker, and nothing kept alive."""

import asyncio
import gc
import json
import pickle
import threading
import weakref
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure, Success

from fwf import (
    RetryAfter,
    Scenario,
    always,
    branch,
    const,
    dry_run,
    fallback,
    identity,
    map_each,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.faults import (
    BadInput,
    Both,
    Failed,
    Fault,
    Interrupted,
    PredicateDefect,
    TimedOut,
    both,
    leaves,
    then,
)
from fwf.interpreters.run import run
from fwf.worlds.scenario import failing
from tests.interpreters.run.isolated import (
    NeedsTwo,
    deep_error,
    failing_run,
    group_of_runs,
    raises,
    returned_fault,
    unwrapped_run,
)
from tests.interpreters.run.support import doing

KINDS: list[Callable[[Any], Any]] = [lambda w: w, lambda w: timeout(w, seconds(60))]
"""Alone a task runs inline; under a deadline in a thread."""


def in_every_worker(act: Callable[[Any], Any]) -> list[Any]:
    """A task that does the same inline, in a thread, and on the event loop."""
    plain = doing("does", act)

    @task(name="does", effect="pure", config={})
    async def does(x: Any) -> Any:
        return act(x)

    return [*(kind(plain) for kind in KINDS), does]


# Frames


class Table:
    """What a failed attempt had in its hands."""


def test_a_failed_attempt_lets_go_of_all_that_it_held() -> None:
    held: list[weakref.ref[Table]] = []

    def act(x: Any) -> Any:
        table = Table()
        held.append(weakref.ref(table))
        try:
            raise LookupError("first")
        except LookupError as error:
            if x % 2:
                raise ExceptionGroup("several", [error, _caught(Table())]) from error
            table.column  # type: ignore[attr-defined]

    gc.disable()
    try:
        for w in in_every_worker(act):
            for whole in (
                map_each(w, on_error="collect", at_once=3),
                map_each(retry(w, attempts=30, on=Exception), on_error="collect"),
                map_each(fallback(w, w), on_error="collect"),
                map_each(always(w, then=w), on_error="collect"),
            ):
                found = run(whole, list(range(40))).unwrap()
                assert len(found) == 40 and all(isinstance(each, Failure) for each in found)
                alive = sum(each() is not None for each in held)
                assert alive <= 1  # what the event loop did last, it may still have in its hands
    finally:
        gc.enable()


def _caught(table: Table) -> Exception:
    held = table
    try:
        raise ValueError(held)
    except ValueError as error:
        return ValueError("again") if error.__traceback__ is None else KeyError("held")


def test_what_the_caller_is_handling_stays_as_it_is() -> None:
    for w in in_every_worker(lambda x: 1 / 0):
        try:
            raise ValueError("of the caller")
        except ValueError as handled:
            fault = run(w, 1).failure()
            kept = handled.__traceback__
            assert isinstance(fault, Failed) and fault.traceback is not None
            assert fault.traceback.cause is None
            assert isinstance(fault.error, ZeroDivisionError)
            assert fault.error.__context__ is None and kept is not None


def test_an_error_that_refers_to_itself_or_to_hundreds_of_others_is_told_all_the_same() -> None:
    def act(x: Any) -> Any:
        first = error = ValueError(0)
        for n in range(1, 500):
            error.__cause__ = ValueError(n)
            error = error.__cause__
        error.__cause__ = first
        raise first from first.__cause__

    for w in in_every_worker(act):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.message == "0"
        assert str(fault.traceback).count("direct cause") == 99


class OddCause(Exception):
    @property
    def __cause__(self) -> Any:  # type: ignore[override]
        raise SystemExit("cause")


class OddNotes(Exception):
    @property
    def __notes__(self) -> Any:  # type: ignore[override]
        raise SystemExit("notes")


class OddGroup(ExceptionGroup[ValueError]):
    @property
    def exceptions(self) -> Any:
        raise SystemExit("exceptions")


class OddInAll(Exception):
    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(name)


ODD: list[Callable[[], Exception]] = [
    lambda: OddCause("bad"),
    lambda: OddNotes("bad"),
    lambda: OddGroup("bad", [ValueError(1)]),
    lambda: OddInAll("bad"),
]


@pytest.mark.parametrize("make", ODD)
def test_an_error_may_raise_whatever_it_is_asked(make: Callable[[], Exception]) -> None:
    name = type(make()).__name__
    for w in in_every_worker(lambda x: _raise(make())):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and "bad" in fault.message
        assert fault.tags[0].endswith(name)
        assert pickle.loads(pickle.dumps(fault)) == fault
        assert run(fallback(w, const(2)), 1) == Success(2)
    defect = run(pure(_asked), make).failure()
    assert isinstance(defect, PredicateDefect) and name in str(defect)


def _asked(make: Callable[[], Exception]) -> Any:
    raise make()


def test_a_deep_recursion_is_told_by_its_innermost_lines() -> None:
    def dig(n: int) -> int:
        return dig(n + 1) + 1

    for w in in_every_worker(dig):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.traceback is not None
        assert fault.traceback.where is not None and fault.traceback.where.name == "dig"
        assert len(fault.traceback.lines) == 100


# Where it was raised


def test_a_fault_says_which_line_of_the_user_s_code_raised_it_in_every_worker() -> None:
    def act(x: Any) -> Any:
        try:
            int("x")
        except ValueError as error:
            error.add_note("of a vendor's file")
            raise ConnectionError("bad") from error

    for w in in_every_worker(act):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.traceback is not None
        where = fault.traceback.where
        assert where is not None
        assert (where.file, where.name) == (__file__, "act")
        told = str(fault.traceback)
        assert told.endswith('raise ConnectionError("bad") from error\nConnectionError: bad')
        assert "of a vendor's file\n\nThe above exception was the direct cause" in told
        assert pickle.loads(pickle.dumps(fault)).traceback == fault.traceback


def test_the_line_is_the_user_s_own_though_a_library_raised() -> None:
    def act(x: Any) -> Any:
        json.loads("{")

    for w in in_every_worker(act):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.traceback is not None
        assert fault.traceback.where is not None and fault.traceback.where.name == "act"
        assert fault.traceback.lines[-1].name == "raw_decode"


def test_an_isolated_task_s_fault_says_as_much() -> None:
    fault = run(deep_error, 1).failure()
    assert isinstance(fault, Failed) and fault.traceback is not None
    assert str(fault.traceback.where).endswith("in deep_error")
    told = str(fault.traceback)
    assert "a note" in told and "KeyError: 'first'" in told and "direct cause" in told


def test_a_failure_that_is_returned_is_told_by_the_task_s_own_line() -> None:
    for w in in_every_worker(lambda x: Failure("closed")):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.traceback is not None
        assert fault.traceback.where is not None and fault.traceback.lines == ()
    fault = run(raises, "failure").failure()
    assert isinstance(fault, Failed) and fault.traceback is not None
    assert fault.traceback.where is not None and fault.traceback.where.name == "raises"
    assert fault.traceback.where.file.endswith("isolated.py")
    assert str(fault.traceback) == "closed"


# Pickles


class Locked(Exception):
    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


class Changes(Exception):
    def __reduce__(self) -> Any:
        return ValueError, ("another",)


class Exits(Exception):
    def __reduce__(self) -> Any:
        raise SystemExit(3)


class Hostile(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)

    @property
    def retry_after(self) -> timedelta:
        raise SystemExit(3)


def local() -> Exception:
    class Local(Exception):
        pass

    return Local("here")


@pytest.mark.parametrize(
    "error",
    [Locked(), Changes("x"), Exits("x"), Hostile(), NeedsTwo(1, 2), local(), 3, local],
    ids=lambda error: getattr(error, "__qualname__", type(error).__qualname__),
)
def test_every_fault_can_be_pickled_whatever_the_error_is(error: Any) -> None:
    for w in in_every_worker(lambda x: Failure(error)):
        fault = run(w, 1).failure()
        nested = then(both([fault, TimedOut("b", seconds(1))]), Interrupted())
        for each in (fault, nested, Failure(fault)):
            there = pickle.loads(pickle.dumps(each))
            assert there == each and str(there) == str(each)
        there = pickle.loads(pickle.dumps(fault))
        assert there.tags == fault.tags and there.traceback == fault.traceback
        assert there.error is None or type(there.error) is type(error)


def test_an_error_that_says_when_to_try_again_can_be_pickled() -> None:
    error = RetryAfter("busy", after=seconds(3))
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), there.retry_after) == (RetryAfter, "busy", seconds(3))
    fault = Failed("a", ("T",), "busy", error)
    assert pickle.loads(pickle.dumps(fault)).error.retry_after == seconds(3)


# When to try again


@pytest.mark.parametrize(
    ("after", "expected"),
    [(30, 30), (0.5, 0.5), (Fraction(1, 4), 0.25), (seconds(2), 2), (0, 0)],
    ids=str,
)
def test_retry_after_takes_a_duration_or_a_number_of_seconds(after: Any, expected: float) -> None:
    assert RetryAfter("x", after=after).retry_after == timedelta(seconds=expected)


UNUSABLE: list[Any] = [
    True, "30", float("nan"), float("inf"), -1, -0.5, timedelta(seconds=-1), 1e300, None, [3],
]  # fmt: skip


@pytest.mark.parametrize("after", UNUSABLE, ids=str)
def test_retry_after_refuses_what_can_t_be_waited_for(after: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"RetryAfter\(after=…\): "):
        RetryAfter("x", after=after)


@pytest.mark.parametrize("after", [each for each in UNUSABLE if each is not None], ids=str)
def test_a_delay_of_no_use_is_said_in_the_fault(after: Any) -> None:
    def act(x: Any) -> Any:
        error = ConnectionError("busy")
        error.retry_after = after  # type: ignore[attr-defined]
        raise error

    for w in in_every_worker(act):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.not_before is None
        assert fault.message.startswith("busy (its retry_after is ignored: ")


def test_an_error_that_doesn_t_know_when_is_left_alone() -> None:
    def act(x: Any) -> Any:
        error = ConnectionError("busy")
        error.retry_after = None  # type: ignore[attr-defined]
        raise error

    assert str(run(doing("does", act), 1).failure()) == "does: ConnectionError: busy"


# Groups of exceptions


class WithWords(ExceptionGroup[Exception]):
    def __str__(self) -> str:
        return "in my words"


async def _in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_refuse())


async def _refuse() -> None:
    raise ConnectionError("refused")


def _grouped() -> None:
    asyncio.run(_in_a_group())


BAD, ABSENT = ValueError("bad"), KeyError("k")
GROUPS: list[tuple[Any, str]] = [
    (_grouped, "unhandled errors in a TaskGroup (1 sub-exception): ConnectionError: refused"),
    (ExceptionGroup("g", [BAD, ABSENT]), "g (2 sub-exceptions): ValueError: bad; KeyError: 'k'"),
    (
        ExceptionGroup("g", [ExceptionGroup("h", [BAD]), TypeError()]),
        "g (2 sub-exceptions): ValueError: bad; TypeError",
    ),
    (ExceptionGroup("g", [BAD] * 5), f"g (5 sub-exceptions): {'; '.join(['ValueError: bad'] * 5)}"),
    (
        ExceptionGroup("g", [BAD] * 9),
        f"g (9 sub-exceptions): {'; '.join([*['ValueError: bad'] * 5, '…'])}",
    ),
    (BaseExceptionGroup("g", [KeyboardInterrupt()]), "g (1 sub-exception): KeyboardInterrupt"),
    (WithWords("g", [BAD]), "in my words"),
]


@pytest.mark.parametrize(("error", "said"), GROUPS)
def test_a_group_of_exceptions_says_what_they_say(error: Any, said: str) -> None:
    raises = doing("raises", lambda x: error() if callable(error) else _raise(error))
    fault = run(raises, 0).failure()
    assert str(fault) == f"raises: {fault.tags[0]}: {said}"
    if not callable(error):
        scenario = Scenario().task("raises", fails=failing(error))
        assert str(dry_run(raises, 0, scenario=scenario).result.failure()) == str(fault)


# Faults of other runs


def carriers() -> dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]]:
    """Ways in which a run's faults come out of a task, and the tags of those faults."""
    down = doing("down", lambda x: _raise(ConnectionError("refused")))
    bad = doing("bad", lambda x: _raise(ValueError("bad")))

    def group(x: Any) -> Any:
        found = [run(each, x).failure() for each in (down, bad)]
        raise ExceptionGroup("both", [UnwrapFailedError(Failure(each)) for each in found])

    def mixed(x: Any) -> Any:
        error = UnwrapFailedError(Failure(run(down, x).failure()))
        raise ExceptionGroup("out", [ExceptionGroup("in", [error]), KeyError("k")])

    return {
        "unwrap": (lambda x: run(down, x).unwrap(), ("ConnectionError",)),
        "the result itself": (lambda x: run(down, x), ("ConnectionError",)),
        "the fault": (lambda x: Failure(run(down, x).failure()), ("ConnectionError",)),
        "the error": (
            lambda x: Failure(UnwrapFailedError(run(down, x))),
            ("ConnectionError",),
        ),
        "two": (lambda x: run(par(down, bad), x).unwrap(), ("ValueError", "ConnectionError")),
        "a group": (group, ("ValueError", "ConnectionError")),
        "a mixed group": (mixed, ("KeyError", "ConnectionError")),
        "a run of a run": (
            lambda x: run(doing("run", lambda y: run(down, y).unwrap()), x).unwrap(),
            ("ConnectionError",),
        ),
    }


def _raise(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize("way", carriers())
def test_a_fault_that_comes_out_of_a_task_keeps_its_tags_and_its_cause(way: str) -> None:
    act, tags = carriers()[way]
    for w in in_every_worker(act):
        fault = run(w, 1).failure()
        assert isinstance(fault, Failed) and fault.path == "does" and fault.cause is not None
        for tag in tags:
            assert tag in fault.tags
            assert tag in str(fault)
        assert run(fallback(w, doing("ok", lambda x: "ok"), on=tags), 1) == Success("ok")
        assert run(fallback(w, doing("ok", lambda x: "ok"), on="Absent"), 1) == Failure(fault)
        there = pickle.loads(pickle.dumps(fault))
        assert there.cause == fault.cause and there == fault


def test_one_tag_catches_two_faults_of_another_run_if_both_carry_it() -> None:
    act, _ = carriers()["two"]
    caught = doing("ok", lambda x: "ok")
    for w in in_every_worker(act):
        assert run(fallback(w, caught, on=ConnectionError), 1).failure().path == "does"
        assert run(fallback(w, caught, on=Exception), 1) == Success("ok")


def test_what_brought_a_fault_is_caught_by_its_own_name_too() -> None:
    act, _ = carriers()["two"]
    caught = doing("ok", lambda x: "ok")
    assert run(fallback(doing("does", act), caught, on=UnwrapFailedError), 1) == Success("ok")


def test_a_defect_of_another_run_is_a_defect_and_isn_t_tried_again() -> None:
    calls: list[int] = []

    def act(x: Any) -> Any:
        calls.append(x)
        return run(doing("wrong", lambda y: _raise(TypeError("no"))), x)

    assert "Defect" in run(retry(doing("does", act), attempts=3), 1).failure().tags
    assert calls == [1]


def test_a_fault_of_another_run_says_when_to_try_again() -> None:
    busy = doing("busy", lambda x: _raise(RetryAfter("busy", after=seconds(5))))
    fault = run(doing("does", lambda x: run(par(busy, busy), x).unwrap()), 1).failure()
    assert isinstance(fault, Failed) and fault.not_before is not None


@pytest.mark.parametrize(
    ("w", "kind"),
    [
        (failing_run, Failed),
        (unwrapped_run, Failed),
        (returned_fault, BadInput),
        (group_of_runs, Both),
    ],
    ids=["result", "unwrap", "fault", "group"],
)
def test_a_fault_comes_out_of_an_isolated_task_as_out_of_any(w: Any, kind: type[Fault]) -> None:
    fault = run(w, 1).failure()
    assert isinstance(fault, Failed) and isinstance(fault.cause, kind)
    assert run(fallback(w, doing("ok", lambda x: "ok"), on=fault.cause.tags), 1) == Success("ok")
    assert all("ConnectionError" in each.tags or kind is BadInput for each in leaves(fault.cause))


# Expressions


def test_a_defect_says_where_the_user_s_code_raised() -> None:
    for w in (pure(exits), branch(exits, then=identity, otherwise=identity)):
        fault = run(w, 1).failure()
        assert isinstance(fault, PredicateDefect) and fault.traceback is not None
        assert fault.traceback.where is not None and fault.traceback.where.name == "exits"
        assert pickle.loads(pickle.dumps(fault)) == fault


def exits(x: Any) -> Any:
    raise SystemExit(x)
