"""What would happen if a workflow ran: the reference meaning, in virtual time, touching nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from fwf.algebra.requirements import problems, requirements
from fwf.algebra.scenario import EMPTY, Scenario, ScenarioError
from fwf.algebra.trace import Err, Ok
from fwf.algebra.unknown import unknown_in
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.faults import BadInput, both
from fwf.interpreters.dry_run.checks import scenario_problems
from fwf.interpreters.dry_run.report import Assumption, DryRun, TextLine, Totals
from fwf.interpreters.dry_run.scripts import Scripted
from fwf.machine.fibers import OK, Env
from fwf.machine.line import Pool, check_limits, known_to
from fwf.machine.machine import Machine

__all__ = [
    "Assumption", "DryRun", "Scenario", "ScenarioError", "TextLine", "Totals", "dry_run",
    "scenario_problems",
]  # fmt: skip


def dry_run(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    scenario: Scenario | None = None,
    params: Mapping[str, object] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    start: datetime | None = None,
) -> DryRun:
    """Workflow, input, scenario ⟶ what would happen, and when. No task is called.

    scenario: what tasks give, how they fail, how long they take. Without it they succeed at once,
        or after their declared `duration`, with their declared `example`. A task of which nobody
        says what it gives makes an `Unknown`, about which the dry run assumes: a predicate takes
        the first arm, a map has one item, a loop one round (`DryRun.assumed`).
    params: values of the run's parameters; resources and secrets aren't asked for.
    workers, pools: how many tasks, and how many in each named pool, may run at once; no bound
        where none is given. Who was ready first starts first, then who stands leftmost.
    start: when it starts, for the timeline.

    Raises `ScenarioError` for a scenario that names what isn't there, and `TooLarge` where it comes
    to more parts than can be gone through, because they are shared.

    >>> from fwf import retry, seconds, task
    >>> @task
    ... def rates() -> float: ...
    >>> script = Scenario().task("rates", fails=["ConnectionError"], gives=1.1, takes=seconds(2))
    >>> found = dry_run(retry(rates, attempts=3, wait=seconds(5)), scenario=script)
    >>> found.outcome, found.attempts, found.took.total_seconds()
    (Ok(value=1.1), 2, 9.0)
    """
    node = as_workflow(w, "dry_run")
    check_limits("dry_run", workers, pools or {})
    if not isinstance(cast(object, scenario), Scenario | None):
        raise TypeError(f"dry_run(scenario={scenario!r}): needs a Scenario().task(…), or none")
    script = EMPTY if scenario is None else scenario
    if script is not EMPTY:
        wrong = scenario_problems(script, node)
        if wrong:
            raise ScenarioError("scenario", wrong)
    given, required = params or {}, requirements(node)
    open_names = {each.name for each in required.named()} - set(given)
    wanted = {each.name for each in required.parameters}
    issues = problems(required, given, open_names - wanted, value)
    if issues:
        fault = both(BadInput(issue.path, issue.message) for issue in issues)
        return DryRun(node, start, Err(fault), None)
    machine = Machine(
        node,
        Scripted(script),
        Env(given),
        workers=workers,
        pools=known_to(required, pools or {}),
        recording=True,
    )
    machine.unknown = unknown_in(value) is not None
    ended, result = machine.execute(value)
    return DryRun(node, start, Ok(result) if ended is OK else Err(result), machine)
