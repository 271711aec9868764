"""A run on Dask is the dry run: in generated worlds, on processes and in virtual time."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pyrsistent import pmap

from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.interpreters.engines.dask import Dask
from fwf.interpreters.run import VirtualClock, execute
from fwf.records import changed
from fwf.testing import assert_agrees, scripted
from fwf.worlds.scenario import Scenario
from tests.engines.kit import FULL, Tally, assert_same, cases, end_of_result, how_many, options

CASES = how_many(50, 500)


@pytest.mark.services
def test_cases_of_the_kit_on_processes(client: Any, folder: Path) -> None:
    tally = Tally(options())
    for case in cases(CASES):
        target = case.write(folder)
        module = import_module(target.partition(":")[0])
        given: Any = {"params": case.params, "key": case.key, "pools": case.pools}
        ran = execute(module.workflow, case.value, **given, on=Dask(client, target=target))
        assert_same(case, end_of_result(ran.result), degraded=ran.degraded)
        tally.add(case.happens)
    if FULL:
        tally.check()


def _working_on(scenario: Scenario) -> Scenario:
    """The same, but that what is cut works on: nothing on a cluster stops in the same instant."""
    paths = scenario.paths.items()
    return changed(
        scenario, paths=pmap({path: changed(each, when_cut="works on") for path, each in paths})
    )


def _dry(w: Any, value: Any, scenario: Scenario, params: Any) -> DryRun:
    return dry_run(w, value, scenario=_working_on(scenario), params=params)


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # Dask's threads do
def test_it_agrees_with_the_dry_run_in_virtual_time(inside: Any) -> None:
    module: Any = ModuleType("dask_flows_inside")
    sys.modules[module.__name__] = module
    numbers = count()

    def ran(w: Any, value: Any, scenario: Scenario, params: Any) -> Any:
        clock = VirtualClock()
        name = f"w{next(numbers)}"
        setattr(module, name, scripted(w, _working_on(scenario), clock))
        on = Dask(inside, target=f"{module.__name__}:{name}")
        try:
            return execute(getattr(module, name), value, params=params, clock=clock, on=on)
        finally:
            delattr(module, name)

    assert_agrees(ran, expected=_dry, max_examples=how_many(40, 500))
