"""DAGs as Airflow reads them: without errors, through its serialisation and schema, as planned."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.steps import Plan
from fwf.interpreters.engines.engines import engine_of
from fwf.printing import printable
from tests.engines.airflow.conftest import INSIDE, Airflow
from tests.engines.airflow.inside.cases import WAITS, case_of_seed
from tests.engines.kit import Case, case_of, how_many, options

pytestmark = pytest.mark.services  # Airflow takes its time

COUNT = how_many(60)


def plan_of(case: Case) -> Plan:
    return planned(engine_of("airflow").cut(case.workflow), "dag:workflow")


def read(airflow: Airflow, **more: str) -> dict[str, Any]:
    found = airflow.answer("checks", str(airflow.dags), **more)
    assert not found["errors"]
    dags: dict[str, Any] = found["dags"]
    return dags


@pytest.fixture
def kit(airflow: Airflow) -> Airflow:
    shutil.copy(INSIDE / "dags.py", airflow.dags / "kit_dags.py")
    return airflow


def test_generated_workflows_come_through_serialisation_as_they_were_planned(kit: Airflow) -> None:
    for seeds in in_turns(COUNT):
        dags = read(kit, FWF_SEEDS=" ".join(map(str, seeds)))
        assert {*dags} == {f"case_{seed}" for seed in seeds}
        for seed in seeds:
            assert_as_planned(plan_of(case_of_seed(seed)), dags[f"case_{seed}"])


def test_hostile_texts_change_nothing_but_what_is_shown(kit: Airflow) -> None:
    for seeds in in_turns(COUNT // 2):
        dags = read(kit, FWF_SEEDS=" ".join(map(str, seeds)), FWF_HOSTILE="1")
        for seed in seeds:
            plan = plan_of(case_of(seed, options(waits=WAITS, hostile=True)))
            assert_as_planned(plan, dags[f"case_{seed}"])
            text = dags[f"case_{seed}"]["text"]
            assert not any(word in text for word in ('template_fields": ["', "op_kwargs"))


def in_turns(count: int) -> Iterator[range]:
    """Seeds, a hundred at a time."""
    return (range(first, min(first + 100, count)) for first in range(0, count, 100))


def assert_as_planned(plan: Plan, dag: dict[str, Any]) -> None:
    assert {*dag["tasks"]} == {step.id for step in plan.steps}
    assert dag["groups"] == sorted(group.id for group in plan.groups)
    for step in plan.steps:
        told = dag["tasks"][step.id]
        assert told["upstream"] == sorted(step.upstream)
        assert told["title"] == printable(step.title)[:250]
        assert told["mapped"] == (step.mapped is not None)
        assert told["retries"] == (step.retried.attempts - 1 if step.retried else 0)
        assert told["pool"] == (step.pool or "default_pool")
