"""A group of exceptions counts as its single ones together, in every worker and in a dry run."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    RetryAfter,
    Scenario,
    VirtualClock,
    const,
    dry_run,
    execute,
    fallback,
    map_each,
    par,
    retry,
    run,
    seconds,
    task,
    timeout,
)
from fwf.cli.running import report
from fwf.cli.targets import Target
from fwf.faults import Failed, leaves
from fwf.worlds.scenario import failing
from tests.interpreters.run.support import doing

REFUSED, BROKEN, BAD, LATE = (
    ConnectionError("no"),
    BrokenPipeError(),
    ValueError("b"),
    TimeoutError(),
)
GROUPS: dict[str, tuple[BaseException, tuple[Any, ...], tuple[Any, ...]]] = {
    "one": (ExceptionGroup("g", [REFUSED]), (ConnectionError, OSError), (ValueError,)),
    "two of a kind": (ExceptionGroup("g", [REFUSED, BROKEN]), (OSError,), (BrokenPipeError,)),
    "two kinds": (ExceptionGroup("g", [REFUSED, BAD]), (Exception,), (OSError, ValueError)),
    "in a group": (
        ExceptionGroup("g", [REFUSED, ExceptionGroup("h", [BROKEN])]),
        (OSError,), (BrokenPipeError,),
    ),
    "far inside": (
        ExceptionGroup("g", [ExceptionGroup("h", [ExceptionGroup("i", [BAD])])]),
        (ValueError,), (OSError,),
    ),
    "of its own kind": (ExceptionGroup("g", [BAD]), (ExceptionGroup,), ("shop.Down",)),
    "no Exception": (
        BaseExceptionGroup("g", [KeyboardInterrupt()]), (KeyboardInterrupt,), (OSError,),
    ),
    "as a timeout": (ExceptionGroup("g", [LATE]), (TimeoutError,), ("Timeout",)),
}  # fmt: skip
OK = const("caught")


def _raise(error: BaseException) -> Any:
    raise error


@task(isolate=True, effect="pure")
def apart(name: str) -> Any:
    raise GROUPS[name][0]


def ways(name: str) -> list[tuple[Callable[..., Any], Any]]:
    """How a task fails with a group: inline, as a result, in a process, in a script."""
    error = GROUPS[name][0]
    plain = doing("does", lambda x: _raise(error))
    scripted = Scenario().task("does", fails=failing(error))
    return [
        (lambda w: run(w, name), plain),
        (lambda w: run(w, name), timeout(plain, seconds(60))),
        (lambda w: run(w, name), doing("does", lambda x: Failure(error))),
        (lambda w: run(w, name), apart),
        (lambda w: dry_run(w, name, scenario=scripted).result, plain),
    ]


@pytest.mark.parametrize("name", GROUPS)
def test_a_filter_takes_a_group_if_it_takes_all_that_is_in_it(name: str) -> None:
    _, takes, leaves_alone = GROUPS[name]
    for start, w in ways(name):
        for on in takes:
            assert start(fallback(w, OK, on=on)) == Success("caught"), on
        for on in leaves_alone:
            assert isinstance(start(fallback(w, OK, on=on)), Failure), on
        both = (*takes, *leaves_alone)
        assert start(fallback(w, OK, on=both)) == Success("caught")


@pytest.mark.parametrize("name", GROUPS)
def test_its_fault_is_told_as_the_group_and_has_the_tags_of_all(name: str) -> None:
    error = GROUPS[name][0]
    for start, w in ways(name):
        fault = start(w).failure()
        assert isinstance(fault, Failed) and fault.cause is not None and not fault.of_run
        assert fault.own_tags[0] == fault.tags[0] == type(error).__qualname__
        assert str(fault).startswith(f"{fault.path}: {type(error).__qualname__}: g (")
        for leaf in leaves(fault.cause):
            assert isinstance(leaf, Failed) and {*leaf.tags} < {*fault.tags}
        there = pickle.loads(pickle.dumps(fault))
        assert (there, there.cause, there.own_tags) == (fault, fault.cause, fault.own_tags)


def test_what_is_no_fault_of_programs_is_tried_again_and_what_is_is_not() -> None:
    tried: list[int] = []

    def act(error: BaseException) -> Any:
        tried.append(1)
        raise error

    for errors, attempts in (([REFUSED, BAD], 3), ([REFUSED, TypeError()], 1)):
        tried.clear()
        run(retry(doing("does", act), attempts=3), ExceptionGroup("g", errors))
        assert len(tried) == attempts


def test_the_longest_wait_that_one_of_a_group_asks_for_is_waited_for() -> None:
    asks = [RetryAfter("busy", after=n) for n in (3, 30)]
    error = ExceptionGroup("g", [asks[0], ExceptionGroup("h", [asks[1]]), REFUSED])
    w = retry(doing("does", lambda x: _raise(error)), attempts=2, wait=seconds(1))
    clock = VirtualClock()
    run(w, 0, clock=clock)
    scripted = Scenario().task("does", fails=failing(error))
    assert clock.now() == dry_run(w, 0, scenario=scripted).end == 30_000_000


def test_what_stands_in_many_groups_is_looked_at_once() -> None:
    error: ExceptionGroup[Any] = ExceptionGroup("g", [REFUSED, BAD])
    for _ in range(18):
        error = ExceptionGroup("g", [error, error])
    fault = run(doing("does", lambda x: _raise(error)), 0).failure()
    assert isinstance(fault, Failed) and fault.cause is not None
    assert len(leaves(fault.cause)) == 2


def test_json_has_what_was_in_the_group() -> None:
    from datetime import datetime

    w = par(doing("does", lambda x: _raise(ExceptionGroup("g", [REFUSED, BAD]))))
    said: Any = report(Target("t", w, {}, {}), execute(w, 0), datetime.now().astimezone())
    (leaf,) = said["fault"]["leaves"]
    assert leaf["tags"][0] == "ExceptionGroup"
    assert leaf["message"] == "g (2 sub-exceptions): ConnectionError: no; ValueError: b"
    assert [each["tags"][0] for each in leaf["cause"]["leaves"]] == [
        "ConnectionError",
        "ValueError",
    ]


def test_a_script_of_a_group_prints_as_its_source() -> None:
    made = failing(ExceptionGroup("g", [REFUSED, RetryAfter("busy", after=3)]))
    assert eval(repr(made), {"failing": failing, "seconds": seconds}) == made
    collected = const([1]) >> map_each(doing("does", lambda x: x), on_error="collect")
    (found,) = dry_run(collected, scenario=Scenario().task("does", fails=made)).result.unwrap()
    assert found.failure().cause is not None
