"""The page as an interpreter: how `denotation.py` runs in the world that a scenario describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, TypeAlias, final

from returns.result import Result

from fwf.algebra.nodes import Task
from fwf.algebra.paths import Paths
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName
from fwf.faults import Failed, Fault, tags_of
from fwf.worlds.scenario import Failing, Scenario, Script, works_on
from fwf.worlds.trace import Trace

from .denotation import FOREVER, At, Denotation, Model, Ok, micros, result_of

Reading: TypeAlias = Callable[[Model, Paths], Denotation]
"""A reading of the page: `Denotation`, or one with a mistake in it."""


NOTHING_SAID = Script((0,), takes=(timedelta(0),))


class Read(NamedTuple):
    """What the page says of a run; times in microseconds."""

    result: Result[Any, Fault]
    trace: Trace
    end: int


def model(scenario: Scenario) -> Model:
    """Scenario ⟶ M(task, x, ρ, k), from what it says of each task.

    Entries for a place or an item, and durations drawn at random, are no function of these four.
    """
    return _model(lambda t, path: scenario.tasks[t.name])


def model_of_places(scenario: Scenario) -> Model:
    """Scenario ⟶ M(path, x, ρ, k), from what it says of each place; for `ByPlace`.

    A place of which nothing is said gives 0 at once.
    """
    return _model(lambda t, path: scenario.paths.get(path, NOTHING_SAID))


@final
class ByPlace(Denotation):
    """The page, with k = attempts at this place: the world in which a run can be held to it."""

    def key(self, t: Task[Any, Any], x: Any, injected: Mapping[str, Any], path: str) -> object:
        return path


def _model(script_of: Callable[[Task[Any, Any], str], Script]) -> Model:
    def m(
        t: Task[Any, Any], x: Any, injected: Mapping[str, Any], k: int, path: str
    ) -> tuple[Ok | Failed, int, bool]:
        usual = () if t.contract.duration is None else (t.contract.duration,)
        script = script_of(t, path).over(Script(takes=usual))
        goes_on = works_on(script, t.contract)
        return response(script, x, k, path), duration(script, x, k), goes_on

    return m


def meaning_by(reading: Reading, of: Callable[[Scenario], Model] = model) -> Callable[..., Read]:
    """A reading of the page ⟶ the interpreter that goes by it: what `assert_lawful` takes."""
    return partial(_read, reading, of)


def _read(
    reading: Reading,
    of: Callable[[Scenario], Model],
    w: Any,
    value: Any,
    scenario: Scenario,
    params: Mapping[str, object],
) -> Read:
    paths = Paths()
    denotation = reading(of(scenario), paths)
    denotation.run = RunName(requirements(w), params, value, None).spread
    end = denotation.of(w, At(paths.root(w)), params, value, 0, FOREVER, frozenset())
    return Read(result_of(end.o), end.t, end.e)


def response(script: Script, x: Any, k: int, path: str) -> Ok | Failed:
    """What the attempt after k others on the same input ends with."""
    failure = script.failure(k)
    if failure is not None:
        return failed(failure, path)
    if script.by is None:
        return Ok(script.output(k))
    try:
        return Ok(script.by(x))
    except Exception as error:
        return Failed(path, tags_of(error), str(error), error)


def failed(failure: Failing, path: str) -> Failed:
    """A scripted failure, as a task's own would be told."""
    after = failure.retry_after
    hint = None if after is None else micros(after)
    return failure.fault(path, hint)


def duration(script: Script, x: Any, k: int) -> int:
    """How long it takes, in microseconds."""
    each: Any = script.takes
    if callable(each):
        each = (each(x),)
    return micros(each[min(k, len(each) - 1)]) if each else 0
