"""What would happen if a workflow ran: the reference meaning, in virtual time, touching nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from returns.result import Failure, Success

from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.requirements import problems, requirements
from fwf.analysis.run_keys import RunName, check_key
from fwf.faults import BadInput, both
from fwf.interpreters.dry_run.dry_run_report import Assumption, DryRun, TextLine, Totals
from fwf.interpreters.dry_run.many import dry_run_all
from fwf.interpreters.dry_run.many_report import DryRuns, Row
from fwf.interpreters.dry_run.scenario_checks import scenario_problems
from fwf.interpreters.dry_run.scripted_world import Scripted, result_of
from fwf.machine.fibers import OK, Env
from fwf.machine.machine import Machine
from fwf.machine.slots import Pool, check_limits
from fwf.worlds.scenario import EMPTY, Scenario, ScenarioError
from fwf.worlds.unknown import unknown_in

__all__ = [
    "Assumption", "DryRun", "DryRuns", "Row", "Scenario", "ScenarioError", "TextLine", "Totals",
    "dry_run", "dry_run_all", "result_of", "scenario_problems",
]  # fmt: skip


def dry_run(
    w: AnyWorkflow,
    value: Any = None,
    /,
    *,
    scenario: Scenario | None = None,
    key: str | None = None,
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
    key: names the run, as in `run`.
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
    >>> found.result, found.attempts, found.took.total_seconds()
    (<Success: 1.1>, 2, 9.0)
    """
    node = as_workflow(w, "dry_run")
    required = requirements(node)
    check_limits("dry_run", required, workers, pools or {})
    check_key("dry_run", key)
    if not isinstance(cast(object, scenario), Scenario | None):
        raise TypeError(
            f"dry_run(scenario={scenario!r}): needs a Scenario().task(…), or none; of what "
            "Scenario.load(…) gives write .unwrap()"
        )
    script = EMPTY if scenario is None else scenario
    if script is not EMPTY:
        wrong = scenario_problems(script, node)
        if wrong:
            raise ScenarioError("scenario", wrong)
    values = params or {}
    open_names = {each.name for each in required.named()} - set(values)
    parameters = {each.name for each in required.parameters}
    name, is_unknown = RunName(required, values, value, key), unknown_in(value) is not None
    issues = [*problems(required, values, open_names - parameters, value)]
    issues.extend(() if is_unknown else name.problems())
    if issues:
        fault = both(BadInput(issue.path, issue.message) for issue in issues)
        return DryRun(node, start, Failure(fault), None)
    machine = Machine(
        node,
        Scripted(script),
        Env(values),
        workers=workers,
        pools=pools or {},
        recording=True,
        name=name,
    )
    machine.unknown = is_unknown
    ended, outcome = machine.execute(value)
    return DryRun(node, start, Success(outcome) if ended is OK else Failure(outcome), machine)
