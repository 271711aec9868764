"""How long does a list of runs take, with so many at once? One workflow, run by the one machine.

The runs are the items of a `map_each` that collects, with each run's own parameters bound around
its workflow, as `map_each(with_params(daily, day=it.day), key=it.label, at_once=4)` would be: so
bounds, pools and the order in which what waits goes on are those that every workflow has, and the
result is as exact as any dry run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias, cast

from pyrsistent import pmap

from fwf.algebra.workflow import AnyWorkflow, Workflow, as_workflow
from fwf.analysis.requirements import problems, requirements
from fwf.analysis.run_keys import name_of
from fwf.combinators import par
from fwf.faults import BadInput, phrases
from fwf.interpreters.dry_run.many_report import DryRuns
from fwf.interpreters.dry_run.scenario_checks import scenario_problems
from fwf.interpreters.dry_run.together import One, row_of, run_together
from fwf.machine.slots import Pool, check_limits
from fwf.states import orders
from fwf.worlds.scenario import EMPTY, Scenario, ScenarioError


class Planned(Protocol):
    """A planned run, as `partitions` gives them."""

    @property
    def workflow(self) -> Workflow[None, Any]:
        """What is to be run."""
        ...

    @property
    def params(self) -> Mapping[str, Any]:
        """With which parameters."""
        ...

    @property
    def label(self) -> str:
        """What people know it by."""
        ...


Several: TypeAlias = Sequence[Planned] | Sequence[tuple[Workflow[None, Any], Mapping[str, object]]]
"""Planned runs, or pairs of a workflow and its parameters."""


def dry_run_all(
    runs: Several,
    /,
    *,
    at_once: int = 4,
    scenario: Scenario | None = None,
    params: Mapping[str, object] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    after_previous: bool | None = None,
    start: datetime | None = None,
) -> DryRuns:
    """Planned runs, scenario ⟶ how long they take, so many at once; no task is called.

    runs: as `partitions` lists them; or pairs of a workflow and its parameters. They start in this
        order, each as soon as one before it has ended. One that fails stops no other.
    at_once: how many runs go on at the same time; one, where they have a state.
    scenario: as in `dry_run`, for each run; `Scenario.from_history` has durations of earlier ones.
        Paths are those in a single run. An `item` may be a run's label, for what is in no map.
    params: parameters of all runs, besides their own.
    workers: how many tasks may run at once in each run, as in a process of its own.
    pools: how many at once in each named pool, which all runs share.
    after_previous: whether each run waits for the one before it, and is blocked if that failed; so
        it is if a run's timetable says so, unless something is said here.
    start: when the first one starts, for the table.

    What is drawn by chance (durations, jitter) is drawn anew for each run. Raises `ScenarioError`
    for a scenario that fits none of the workflows, and `ValueError` with all that is wrong with
    parameters.
    """
    listed = _labelled_runs(runs, params or {})
    script = EMPTY if scenario is None else scenario
    in_order = _in_order(runs) if after_previous is None else after_previous
    _check(listed, at_once, script, workers, pools or {})
    at_once = 1 if in_order or _hand_on(listed) else at_once
    report = run_together(listed, at_once, script, workers, pools or {}, start)
    first_failure = next((n for n, row in enumerate(report.rows) if row.outcome == "failed"), None)
    if not in_order or first_failure is None or first_failure + 1 == len(listed):
        return report
    blocked = [row_of(each) for each in listed[first_failure + 1 :]]
    report = run_together(listed[: first_failure + 1], 1, script, workers, pools or {}, start)
    return DryRuns(report.whole, (*report.rows, *blocked), 1)


# What is asked for


def _labelled_runs(runs: Several, params: Mapping[str, object]) -> list[One]:
    """The runs, each with a label of its own."""
    listing: list[One] = []
    for each in runs:
        if isinstance(each, tuple):
            w, own = as_workflow(each[0], "dry_run_all"), {**params, **each[1]}
            label = " ".join(f"{name}={value}" for name, value in own.items())
            listing.append(One(label or name_of(w) or "run", w, own))
        elif hasattr(cast(object, each), "workflow"):
            w = as_workflow(each.workflow, "dry_run_all")
            listing.append(One(each.label, w, {**params, **each.params}))
        else:
            raise TypeError(
                f"dry_run_all({each!r}): needs runs, as partitions(…) lists them, or pairs of a "
                "workflow and its parameters"
            )
    several = len({id(each.workflow) for each in listing}) > 1
    if several and len({each.label for each in listing}) < len(listing):
        listing = [
            each._replace(label=f"{name_of(each.workflow) or 'run'} {each.label}")
            for each in listing
        ]
    return _with_own_labels(listing)


def _with_own_labels(runs: Sequence[One]) -> list[One]:
    """The same with numbers behind labels that came before, of which none makes another's label."""
    labels = {each.label for each in runs}
    counts: dict[str, int] = {}
    listed: list[One] = []
    for each in runs:
        n = counts.get(each.label, 0) + 1
        while n > 1 and f"{each.label} #{n}" in labels:
            n += 1
        counts[each.label] = n
        listed.append(each._replace(label=f"{each.label} #{n}") if n > 1 else each)
    return listed


def _in_order(runs: Sequence[Any]) -> bool:
    """Whether a timetable of theirs says that each run waits for the one before it."""
    tables = {id(each): each for each in (getattr(run, "timetable", None) for run in runs)}
    return any(getattr(table, "after_previous", False) for table in tables.values())


def _hand_on(runs: Sequence[One]) -> bool:
    """Whether they go on from one another by a state, so that no two go on at the same time."""
    return any(map(orders, {id(each.workflow): each.workflow for each in runs}.values()))


def _check(
    runs: Sequence[One],
    at_once: object,
    scenario: Scenario,
    workers: int | None,
    pools: Mapping[str, int | Pool],
) -> None:
    """Raise what is wrong with all that was given."""
    if not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1:
        raise ValueError(f"dry_run_all(at_once={at_once!r}): needs a number of runs, at least 1")
    if not isinstance(cast(object, scenario), Scenario):
        raise TypeError(
            f"dry_run_all(scenario={scenario!r}): needs a Scenario().task(…), or none; of what "
            "Scenario.load(…) gives write .unwrap()"
        )
    workflows = list({id(each.workflow): each.workflow for each in runs}.values())
    together: Any = workflows[0] if len(workflows) == 1 else par(*workflows)
    check_limits("dry_run_all", requirements(together), workers, pools)
    wrong = _misfits(scenario, workflows) if workflows else []
    if wrong:
        raise ScenarioError("scenario", wrong)
    _check_params(runs)


def _misfits(scenario: Scenario, workflows: Sequence[AnyWorkflow]) -> list[str]:
    """What in a scenario is for none of the workflows, as the first of them has it."""
    singles = [
        *(Scenario(tasks=pmap({name: each})) for name, each in scenario.tasks.items()),
        *(Scenario(items=pmap({name: each})) for name, each in scenario.items.items()),
        *(Scenario(paths=pmap({name: each})) for name, each in scenario.paths.items()),
    ]
    if len(workflows) == 1:
        return scenario_problems(scenario, workflows[0])
    problems_for_none: list[str] = []
    for single in singles:
        problems_of = [scenario_problems(single, w) for w in workflows]
        problems_for_none.extend(problems_of[0] if all(problems_of) else ())
    return problems_for_none


def _check_params(runs: Sequence[One]) -> None:
    required_by = {id(each.workflow): requirements(each.workflow) for each in runs}
    wrong: dict[str, list[str]] = {}
    for each in runs:
        required = required_by[id(each.workflow)]
        parameters = {one.name for one in required.parameters}
        open_names = {one.name for one in required.named()} - {*each.params} - parameters
        for issue in problems(required, each.params, open_names, None):
            message = str(BadInput(issue.path, issue.message))
            wrong.setdefault(message, []).append(each.label)
    if wrong:
        lines = [
            f"{phrases.listed(labels, len(labels), most=1)}: {message}"
            for message, labels in wrong.items()
        ]
        raise ValueError(f"dry_run_all: {'; '.join(lines)}")
