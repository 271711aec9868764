"""The simulated world, without a journal: does it do what the dry run says?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest

from fwf.algebra.nodes import Task
from fwf.durations import MICROSECOND
from fwf.faults import Fault
from fwf.faults.raised import raised
from fwf.interpreters.dry_run import dry_run, result_of
from fwf.testing import assert_agrees, strategies as draw
from fwf.worlds.scenario import Scenario, Script, works_on
from laws.agreement import same_result

from .simulated_outside import Crashes, Doing, Outside, Step
from .simulated_runs import Case, Ran, case_of, ran_in, uninterrupted
from .simulated_tasks import script
from .simulated_world import Simulated

NONE: Mapping[str, int] = MappingProxyType({})


def following(scenario: Scenario, step: Step, task: Task[Any, Any]) -> Doing:
    """What a scenario says of an attempt."""
    script = scenario.paths.get(step.path, Script()).over(scenario.usual(task))
    arity, n, value = len(task.contract.inputs), step.number, _data(step, task)
    lasts = script.duration(n, value, scenario.seed, step.path, arity) // MICROSECOND
    stops, failure = not works_on(script, task.contract), script.failure(n)
    if failure is not None:
        after = None if failure.retry_after is None else failure.retry_after // MICROSECOND

        def fault(end: int) -> Fault:
            return failure.fault(step.path, None if after is None else end + after)

        return Doing(None, fault, lasts, stops=stops)
    if script.by is None:
        return Doing(script.output(n), None, lasts, stops=stops)
    try:
        given = script.by(value)
        return Doing(result_of(task, given), None, lasts, stops=stops)
    except Exception as error:
        what = raised(error, script.by)
    return Doing(None, partial(what.fault, step.path), lasts, stops=stops)


def _data(step: Step, task: Task[Any, Any]) -> Any:
    """What comes in, without the parameters."""
    with_params = any(each.kind == "parameter" for each in task.contract.injected)
    return step.value[0] if with_params else step.value


def simulated(
    w: Any,
    value: Any,
    scenario: Scenario,
    params: Mapping[str, object],
    *,
    inline: bool = True,
    workers: int | None = None,
    pools: Mapping[str, int] = NONE,
) -> Ran:
    """The simulated world as an interpreter."""
    plays = partial(following, scenario)
    pools = draw.pools_of(w, pools)
    case = Case(w, value, plays, 0, workers, pools, inline, params, None)
    return ran_in(case, Simulated(plays, Outside(Crashes()), inline=inline))


def dry(w: Any, value: Any, scenario: Scenario, params: Mapping[str, object], **few: Any) -> Any:
    few = {**few, "pools": draw.pools_of(w, few.get("pools", {}))}
    return dry_run(w, value, scenario=scenario, params=params, **few)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(
    "few", [{}, {"workers": 1}, {"workers": 2, "pools": {"vendor": 1}}], ids=str
)
def test_the_simulated_world_does_what_the_dry_run_says(few: dict[str, Any], inline: bool) -> None:
    assert_agrees(
        partial(simulated, inline=inline, **few),
        expected=partial(dry, **few),
        timed=True,
        max_examples=40,
    )


def test_cases_end_the_same_way_however_long_their_attempts_take() -> None:
    for seed in range(300):
        case = case_of(seed)
        once, _ = uninterrupted(case)
        for stretched in range(1, 5):
            longer = replace(case, plays=script(seed, stretched=stretched))
            again, _ = uninterrupted(longer)
            assert same_result(again.result, once.result), f"seed {seed}, {case.w!r}"
