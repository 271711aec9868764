"""The page as an interpreter: how `denotation.py` runs in the world that a scenario describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from fwf.algebra.nodes import Task
from fwf.algebra.paths import Paths
from fwf.algebra.scenario import Failing, Scenario, Script
from fwf.algebra.trace import Err, Ok, Outcome, Trace
from fwf.faults import Failed, Interrupted, tags_of
from fwf.interpreters.dry_run.scripts import known_tags

from .denotation import FOREVER, At, Denotation, Int, Model, micros

Reading: TypeAlias = Callable[[Model, Paths], Denotation]
"""A reading of the page: `Denotation`, or one with a mistake in it."""


class Read(NamedTuple):
    """What the page says of a run; times in microseconds."""

    outcome: Outcome
    trace: Trace
    end: int


def meaning_by(reading: Reading) -> Callable[..., Read]:
    """A reading of the page ⟶ the interpreter that goes by it: what `assert_lawful` takes."""
    return partial(_read, reading)


def _read(
    reading: Reading,
    w: Any,
    value: Any,
    scenario: Scenario,
    params: Mapping[str, object],
) -> Read:
    paths = Paths()
    denotation = reading(model(scenario), paths)
    end = denotation.of(w, At(paths.root(w)), params, value, 0, FOREVER, frozenset())
    outcome = Err(end.o.cause or Interrupted()) if isinstance(end.o, Int) else end.o
    return Read(outcome, end.t, end.e)


def model(scenario: Scenario) -> Model:
    """Scenario ⟶ M(task, x, ρ, k) = (response, duration), from what it says of each task.

    Entries for a place or an item, and durations drawn at random, are no function of these four.
    """

    def m(
        t: Task[Any, Any], x: Any, injected: Mapping[str, Any], k: int, path: str
    ) -> tuple[Ok | Failed, int]:
        script = scenario.tasks[t.name]
        return response(script, x, k, path), duration(script, x, k)

    return m


def response(script: Script, x: Any, k: int, path: str) -> Ok | Failed:
    """What the attempt after k others on the same input ends with."""
    failure = script.failure(k)
    if failure is not None:
        return failed(failure, path)
    if script.by is None:
        return Ok(script.output(sum(script.failure(before) is None for before in range(k))))
    try:
        return Ok(script.by(x))
    except Exception as error:
        return Failed(path, tags_of(error), str(error), error)


def failed(failure: Failing, path: str) -> Failed:
    """A scripted failure, as a task's own would be told."""
    after = failure.retry_after
    hint = None if after is None else micros(after)
    return Failed(path, known_tags(failure.tags), failure.message, None, hint)


def duration(script: Script, x: Any, k: int) -> int:
    """How long it takes, in microseconds."""
    each: Any = script.takes
    if callable(each):
        each = (each(x),)
    return micros(each[min(k, len(each) - 1)])
