"""What the tests of `run` share: tasks that take virtual time, and runs written in a line."""

import time
from collections.abc import Callable
from typing import Any

from returns.result import Failure, Success

from fwf import Task, Workflow, microseconds, task
from fwf.interpreters.run import Ran, VirtualClock, execute
from fwf.worlds.trace import Event, Parallel, Partial, Series, Trace

us = microseconds
_clock: list[VirtualClock] = [VirtualClock()]
log: list[Any] = []


def sleep(microseconds: int, *, until_cut: bool = False) -> None:
    """Let virtual time pass in a task."""
    _clock[0].sleep(microseconds, until_cut=until_cut)


async def pause(microseconds: int, *, until_cut: bool = True) -> None:
    """Let virtual time pass in an async task."""
    await _clock[0].pause(microseconds, until_cut=until_cut)


def now() -> int:
    return _clock[0].now()


def work(name: str, takes: int = 0, *, effect: Any = "pure", then: Any = None) -> Task[Any, Any]:
    """A task that takes virtual time; gives `then`, or its input."""

    @task(name=name, effect=effect, config={"takes": takes, "then": then})
    def step(x: Any) -> Any:
        sleep(takes)
        return x if then is None else then

    return step


def bad(name: str, takes: int = 0) -> Task[Any, Any]:
    """A task that takes virtual time and then fails, with its name as tag."""

    @task(name=name, effect="pure", config={"takes": takes})
    def step(x: Any) -> Any:
        sleep(takes)
        return Failure(name)

    return step


def flaky(name: str, failures: int, takes: int = 0) -> Task[Any, Any]:
    """A task that fails the first few times that it is called in a test."""

    @task(name=name, effect="pure", config={"failures": failures, "takes": takes})
    def step(x: Any) -> Any:
        sleep(takes)
        log.append(name)
        return Failure(name) if log.count(name) <= failures else Success(x)

    return step


def doing(name: str, act: Callable[..., Any], effect: Any = "pure") -> Task[Any, Any]:
    """A task that does whatever a test wants to its input."""

    @task(name=name, effect=effect, config={"name": name})
    def step(x: Any) -> Any:
        return act(x)

    return step


def go(w: Workflow[Any, Any], value: Any = 0, /, *, start: int = 0, **given: Any) -> Ran[Any]:
    """Run in virtual time, from a clean log."""
    log.clear()
    _clock[0] = VirtualClock(start)
    return execute(w, value, clock=_clock[0], **given)


def told(ran: Ran[Any]) -> str:
    """How a run ended, in a line: `Ok 3` or its faults, and when."""
    match ran.result:
        case Success(value):
            return f"Ok {value!r} at {ran.end - ran.start}"
        case Failure(cause):
            return f"{cause} at {ran.end - ran.start}"


_SIGN = {"ok": "", "failed": "!", "cut": "~"}


def written(trace: Trace) -> str:
    """A trace in a line: `a 0-2; (b! 2-3 | c~ 2-3)`."""
    match trace:
        case Event():
            return f"{trace.task}{_SIGN[trace.ending]} {trace.start}-{trace.end}"
        case Series(parts):
            return "; ".join(map(written, parts))
        case Parallel(parts):
            return f"({' | '.join(map(written, parts))})"
        case Partial(parts):
            return f"[{' | '.join(f'{written(part)} after {after}' for part, after in parts)}]"


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait in real time for a condition; its value."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)
    return found
