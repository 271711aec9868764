"""What would happen if a workflow ran: the reference meaning, in virtual time, touching nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from fwf.algebra.requirements import problems, requirements
from fwf.algebra.scenario import EMPTY, Scenario, ScenarioError
from fwf.algebra.trace import Err, Ok
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.faults import BadInput, both
from fwf.interpreters.dry_run.checks import wrong_with
from fwf.interpreters.dry_run.fibers import OK
from fwf.interpreters.dry_run.line import Line
from fwf.interpreters.dry_run.machine import Machine
from fwf.interpreters.dry_run.report import Assumption, DryRun, Totals
from fwf.interpreters.dry_run.scripts import Cast

__all__ = ["Assumption", "DryRun", "Scenario", "ScenarioError", "Totals", "dry_run"]


def dry_run(
    w: Workflow[Any, Any],
    value: Any = None,
    /,
    *,
    scenario: Scenario | None = None,
    params: Mapping[str, object] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int] | None = None,
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
    _check_sizes(workers, pools or {})
    if not isinstance(cast(object, scenario), Scenario | None):
        raise TypeError(f"dry_run(scenario={scenario!r}): needs a Scenario().task(…), or none")
    script = EMPTY if scenario is None else scenario
    if script is not EMPTY:
        wrong = wrong_with(script, node)
        if wrong:
            raise ScenarioError("scenario", wrong)
    given, required = params or {}, requirements(node)
    open_names = {each.name for each in required.named()} - set(given)
    wanted = {each.name for each in required.parameters}
    issues = problems(required, given, open_names - wanted, value)
    if issues:
        fault = both(BadInput(issue.path, issue.message) for issue in issues)
        return DryRun(node, start, Err(fault), 0, [], [], lambda _: "")
    limited = workers is not None or not set(pools or {}).isdisjoint(required.pools)
    machine = Machine(node, given, Cast(script), Line(workers, pools or {}) if limited else None)
    machine.execute(value)
    main = machine.main
    outcome = Ok(main.value) if main.signal == OK else Err(main.value)
    return DryRun(node, start, outcome, main.time, main.log, machine.assumed, machine.path)


def _check_sizes(workers: int | None, pools: Mapping[str, int]) -> None:
    if workers is not None and not _is_size(workers):
        raise ValueError(f"dry_run(workers={workers!r}): needs at least 1 worker")
    for name, size in pools.items():
        if not _is_size(size):
            raise ValueError(f"dry_run(pools={{{name!r}: {size!r}}}): a pool's size is 1 or more")


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size >= 1
