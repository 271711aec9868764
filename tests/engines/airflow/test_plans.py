"""Plans for Airflow mean what the workflow means: run by a small likeness of Airflow."""

from __future__ import annotations

from typing import Any

import pytest

from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.engines import engine_of
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.airflow.simulated import Simulated
from tests.engines.kit import (
    Case,
    Tally,
    assert_same,
    cases,
    end_of_outcome,
    end_of_result,
    how_many,
    options,
)

COUNT = how_many(200)
GIVEN = options()


def simulated(case: Case, **how: Any) -> Simulated:
    def ask(call: Any) -> Any:
        return answer_call(call, load=lambda _: case.loaded, places=Places(None, None))

    return Simulated(planned(engine_of("airflow").cut(case.workflow), "kit:workflow"), ask, **how)


def assert_means_the_same(case: Case, **how: Any) -> Simulated:
    """Of what fails, what the failed tasks say is what the dry run says, or the part that is had
    before Airflow starts nothing any more."""
    run = simulated(case, **how)
    found = run.run(case.start)
    if found is not None:
        assert_same(case, end_of_outcome(case, found["out"]))
        return run
    told = [leaf for each in run.failures for leaf in end_of_outcome(case, each["out"])[1][1]]
    kind, said = end_of_result(case.dry.result)
    assert kind == "failed", told
    assert all(leaf in said[1] for leaf in told)
    assert_same(case, (kind, said))
    return run


@pytest.mark.parametrize("first", range(0, COUNT, 100))
def test_generated_workflows_end_as_in_the_dry_run(first: int) -> None:
    for case in cases(100, GIVEN, first=first):
        assert_means_the_same(case)


def test_what_must_come_up_does_and_so_do_the_kinds_of_tasks() -> None:
    tally, states, kinds = Tally(GIVEN), set[str](), set[str]()
    for case in cases(COUNT // 2, GIVEN):
        run = assert_means_the_same(case)
        states |= {*run.states.values()}
        kinds |= {step.kind for step in run.plan.steps}
        tally.add(case.happens)
    tally.check()
    assert states == {"success", "skipped", "failed", "upstream_failed"}
    assert kinds == {"begin", "call", "spread", "item", "gather"}


def test_without_policies_a_task_does_its_attempts_by_itself() -> None:
    for case in cases(COUNT // 5, GIVEN):
        assert_means_the_same(case, retries=False)


def test_more_items_than_airflow_maps_are_done_by_one_task() -> None:
    for case in cases(COUNT // 5, GIVEN):
        assert_means_the_same(case, most=1)
