"""What can't be is said before anything is made: which Airflow is needed, what is missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fwf import named, task
from fwf.interpreters.engines.airflow import installed as there
from fwf.interpreters.engines.airflow.dag import to_dag
from fwf.interpreters.engines.airflow.doing import Missing, came, done
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.steps import Came
from fwf.interpreters.engines.engines import engine_of
from tests.sizes import sizes


@task(effect="read")
def load(n: int) -> int:
    return n


def installed(monkeypatch: pytest.MonkeyPatch, version: str | None, **sdk: Any) -> None:
    """An Airflow of a version, or none."""

    def imported(name: str) -> Any:
        if version is None:
            raise ModuleNotFoundError("No module named 'airflow'")
        names = ("AirflowFailException", "AirflowSkipException", "CronDataIntervalTimetable")
        return SimpleNamespace(__version__=version, **dict.fromkeys(names, object), **sdk)

    monkeypatch.setattr(there, "import_module", imported)


def test_without_airflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    with pytest.raises(ImportError, match="a DAG needs Airflow, which can't be imported here"):
        to_dag(named("loads", load))


@pytest.mark.parametrize("version", ["2.11.2", "1.10.15"])
def test_an_older_airflow_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    installed(monkeypatch, version)
    with pytest.raises(ImportError, match=f"Airflow {version} is too old: needs 3.0"):
        to_dag(named("loads", load))


def test_whether_airflow_can_be_told_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "3.2.2")
    assert not there.airflow().tries_again
    installed(monkeypatch, "3.3.0", RetryPolicy=object)
    assert there.airflow().tries_again


def test_a_task_that_was_marked_as_done_by_hand_is_named() -> None:
    plan = planned(engine_of("airflow").cut(named("loads", load >> load)), "m:w")
    with pytest.raises(Missing, match="has handed nothing on: it was marked as done by hand"):
        done(plan.steps[-1], lambda task, key: None, lambda call: {})
    with pytest.raises(Missing, match=r"^begin has handed nothing on"):
        came(Came("begin"), lambda task, key: None, lambda call: {})


@sizes()
def test_a_plan_of_great_depth_needs_no_recursion(size: int) -> None:
    w: Any = load
    for at in range(size):
        w = named(f"n{at}", w)
    plan = planned(engine_of("airflow").cut(w), "m:w")
    assert [step.kind for step in plan.steps] == ["begin", "call"]
