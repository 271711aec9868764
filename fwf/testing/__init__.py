"""What tests of workflows and of interpreters are made of: claims, laws, generated worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from fwf.algebra.scenario import Scenario
from fwf.algebra.trace import Outcome, Trace
from fwf.algebra.workflow import Workflow

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from fwf.testing.claims import BrokenClaim, Claim, assert_never_ran, assert_ran

__all__ = [
    "BrokenClaim", "BrokenLaw", "Claim", "Interpreter", "Lawlike", "Run", "assert_lawful",
    "assert_never_ran", "assert_ran", "catalogue",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Claims are imported when they are first asked for: the pytest plugin must load quickly."""
    if name not in ("BrokenClaim", "Claim", "assert_never_ran", "assert_ran"):
        raise AttributeError(f"module 'fwf.testing' has no attribute {name!r}")
    return getattr(import_module("fwf.testing.claims"), name)


class Run(Protocol):
    """What an interpreter tells of a run; times in any unit that compares."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def trace(self) -> Trace: ...
    @property
    def end(self) -> Any: ...


Interpreter: TypeAlias = Callable[[Workflow[Any, Any], Any, Scenario, Mapping[str, object]], Run]
"""Workflow, input, scenario, parameters ⟶ what happens: the form in which laws call anybody's."""


class BrokenLaw(AssertionError):
    """A law that an interpreter breaks: the equation, both sides, and what each came to."""


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
    found: tuple[Lawlike, ...] = _module("").catalogue()
    wanted = set(levels)
    return tuple(
        law
        for law in found
        if (not families or law.family in families) and (not wanted or law.level in wanted)
    )


def assert_lawful(
    interpreter: Interpreter,
    /,
    *,
    laws: Iterable[Lawlike] | None = None,
    max_examples: int | None = None,
    shrink: bool = True,
) -> None:
    """Interpreter ⟶ nothing, if every law holds for it; raises `BrokenLaw` for one that doesn't.

    interpreter: a function of a workflow, its input, a scenario and parameters, that tells the
        outcome, the trace and the end of a run.
    laws: those to try, such as `catalogue("par", "retry")` or one that you wrote; all if None.
    max_examples: how many cases of each; as many as the Hypothesis profile says if None.
    shrink: whether to look for the smallest case that breaks a law; if not, the first one will do.
    """
    for law in catalogue() if laws is None else laws:
        _assert_law(law, interpreter, max_examples, shrink)


def _assert_law(
    law: Lawlike, interpreter: Interpreter, max_examples: int | None, shrink: bool
) -> None:
    from hypothesis import HealthCheck, Phase, assume, given, settings

    module = _module(".law")

    def holds(case: Any) -> None:
        verdict = module.judged(law, case, interpreter)
        assume(verdict != "vacuous")
        if verdict == "broken":
            raise BrokenLaw(module.explained(law, case, interpreter))

    holds.__name__ = law.identifier  # by which Hypothesis remembers what failed
    cases: SearchStrategy[Any] = module.cases(law)
    left_out = [Phase.explain] if shrink else [Phase.explain, Phase.shrink]
    configured = settings(
        max_examples=max_examples or settings().max_examples,
        deadline=None,
        phases=[each for each in Phase if each not in left_out],  # laws explain themselves
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        report_multiple_bugs=False,
    )
    configured(given(cases)(holds))()


def _module(name: str) -> Any:
    """A module of the laws: they are `fwf.laws` in a wheel, and `laws` in a checkout."""
    package = "fwf.laws" if find_spec("fwf.laws") else "laws"
    return import_module(package + name)
