"""Is an interpreter lawful? The laws and the agreement, tried on anybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hypothesis import HealthCheck, Phase, assume, given, settings
from returns.result import Result

from fwf.algebra.workflow import AnyWorkflow
from fwf.faults import Fault
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import Trace

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


class Run(Protocol):
    """What an interpreter tells of a run; times in any unit that compares."""

    @property
    def result(self) -> Result[Any, Fault]: ...
    @property
    def trace(self) -> Trace: ...
    @property
    def end(self) -> Any: ...


Interpreter: TypeAlias = Callable[[AnyWorkflow, Any, Scenario, Mapping[str, object]], Run]
"""Workflow, input, scenario, parameters ⟶ what happens: the form in which laws call anybody's."""


class BrokenLaw(AssertionError):
    """A law that an interpreter breaks: the equation, both sides, and what each came to."""


class Disagreement(AssertionError):
    """A run that isn't as the dry run says: the case, and both as timelines."""


class Lawlike(Protocol):
    """A law, as `fwf.laws` has it."""

    @property
    def name(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def identifier(self) -> str: ...


def catalogue(*families: str, levels: Iterable[str] = ()) -> tuple[Lawlike, ...]:
    """The laws of `laws/`: all of them, or those of some families and levels."""
    laws: tuple[Lawlike, ...] = _module("").catalogue()
    wanted_levels = set(levels)
    return tuple(
        law
        for law in laws
        if (not families or law.family in families)
        and (not wanted_levels or law.level in wanted_levels)
    )


def assert_lawful(
    interpreter: Interpreter,
    /,
    *,
    laws: Iterable[Lawlike] | None = None,
    max_examples: int | None = None,
    shrink: bool = True,
) -> None:
    """Interpreter ⟶ nothing, if every law holds for it, and it agrees with the dry run.

    interpreter: a function of a workflow, its input, a scenario and parameters, that tells the
        outcome, the trace and the end of a run.
    laws: those to try, such as `catalogue("par", "retry")` or one that you wrote; all if None,
        and then `assert_agrees` too.
    max_examples: how many cases of each; as many as the Hypothesis profile says if None.
    shrink: whether to look for the smallest case that breaks a law; if not, the first one will do.

    In the worlds of laws what may write stops when it is cut, as their scenarios say; in those of
    `assert_agrees` it may also work on.

    Raises `BrokenLaw` for a law that doesn't hold, `Disagreement` for a run that differs.
    """
    for law in catalogue() if laws is None else laws:
        _assert_law(law, interpreter, max_examples, shrink)
    if laws is None:
        assert_agrees(interpreter, max_examples=max_examples, shrink=shrink)


def assert_agrees(
    interpreter: Interpreter,
    /,
    *,
    expected: Interpreter | None = None,
    timed: bool = False,
    max_examples: int | None = None,
    max_leaves: int = 8,
    shrink: bool = True,
) -> None:
    """Interpreter ⟶ nothing, if it does what the dry run does, in generated worlds.

    What must be the same are the outcome, and the partial order of attempts with their places,
    endings and results. Each scenario speaks of places (`Scenario.at`), so `scripted` can drive a
    real run with it.

    expected: whom to agree with, such as a dry run with few workers; one with any if None.
    timed: whether times must be the same too, in microseconds from 0.
    max_examples, shrink: as for `assert_lawful`.
    max_leaves: how large the workflows grow.

    Raises `Disagreement` for a run that differs.
    """
    module = _module(".agreement")
    other = expected or module.reference

    def agrees(case: Any) -> None:
        if module.differences(case, interpreter, other, timed=timed):
            raise Disagreement(module.explained(case, interpreter, other, timed=timed))

    _try(agrees, module.cases(max_leaves=max_leaves, expected=other), max_examples, shrink)


def _assert_law(
    law: Lawlike, interpreter: Interpreter, max_examples: int | None, shrink: bool
) -> None:
    module = _module(".law")

    def holds(case: Any) -> None:
        verdict = module.judged(law, case, interpreter)
        assume(verdict != "vacuous")
        if verdict == "broken":
            raise BrokenLaw(module.explained(law, case, interpreter))

    holds.__name__ = law.identifier  # by which Hypothesis remembers what failed
    _try(holds, module.cases(law), max_examples, shrink)


def _try(
    check: Callable[[Any], None],
    cases: SearchStrategy[Any],
    max_examples: int | None,
    shrink: bool,
) -> None:
    """Check so many cases, and show the smallest that fails, or the first."""
    left_out = [Phase.explain] if shrink else [Phase.explain, Phase.shrink]
    configured = settings(
        max_examples=max_examples or settings().max_examples,
        deadline=None,
        phases=[each for each in Phase if each not in left_out],  # what fails explains itself
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        configured(given(cases)(check))()
    except (BrokenLaw, Disagreement) as error:
        vars(error).pop("__notes__", None)  # Hypothesis': what fails explains itself
        raise


def _module(name: str) -> Any:
    """A module of the laws: they are `fwf.laws` in a wheel, and `laws` in a checkout."""
    package = "fwf.laws" if find_spec("fwf.laws") else "laws"
    return import_module(package + name)
