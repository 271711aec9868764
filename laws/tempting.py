"""What a non-law is: a tempting equation, with a case where it fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, final

from fwf.records import record
from fwf.worlds.scenario import EMPTY, Scenario

from .around import Around
from .law import (
    Case,
    Condition,
    Given,
    Interpreter,
    Law,
    Level,
    Run,
    Sides,
    law,
)  # fmt: skip


@final
@record()
class NonLaw:
    """An equation, and a case where it fails; `workers` if it takes a bound on them."""

    law: Law
    case: Case
    workers: int | None = None

    def __str__(self) -> str:
        return str(self.law)

    def interpreter(self, run: Callable[..., Run]) -> Interpreter:
        """An interpreter that can be told a number of workers ⟶ the one for this."""
        return partial(run, workers=self.workers) if self.workers else run


def on(
    value: Any,
    scenario: Scenario = EMPTY,
    *around: Around,
    params: dict[str, object] | None = None,
    **drawn: Any,
) -> Case:
    """A counterexample: the input, the world, the context, and the metavariables by name."""
    return Case(drawn, value, scenario, params or {"amount": 0, "flag": False}, around)


def tempting(
    name: str,
    level: Level,
    case: Case,
    *conditions: Condition,
    given: Given = "number",
    workers: int | None = None,
) -> Callable[[Callable[..., Sides]], NonLaw]:
    """Two sides ⟶ the non-law; its docstring says why it fails."""

    def made(sides: Callable[..., Sides]) -> NonLaw:
        return NonLaw(law(name, level, "semantics §2", *conditions, on=given)(sides), case, workers)

    return made
