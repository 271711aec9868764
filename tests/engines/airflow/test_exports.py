"""What `fwf export` writes for Airflow: a file in which foreign text is a literal, and commands."""

from __future__ import annotations

import ast
import re
import shlex
from datetime import date

import pytest

from fwf import minutes, named, par, task
from fwf.combinators import in_pool
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.printer import export_files
from fwf.interpreters.engines.airflow.steps import Plan
from fwf.interpreters.engines.engines import engine_of
from fwf.interpreters.engines.exports import ExportRequest
from fwf.interpreters.run import Pool
from tests.engines.kit import Case, cases, how_many, options

HOSTILE = how_many(200, 1_000)


def shape(plan: Plan) -> list[object]:
    """A plan without its names."""
    numbers = {step.id: at for at, step in enumerate(plan.steps)}
    return [
        (
            step.kind,
            step.call and step.call.do,
            [numbers[each] for each in step.upstream],
            step.group,
        )
        for step in plan.steps
    ]


def plan_of(case: Case) -> Plan:
    return planned(engine_of("airflow").cut(case.workflow), "module:attribute")


def test_hostile_texts_are_in_literals_alone() -> None:
    for case in cases(HOSTILE, options(hostile=True)):
        plan, twin = plan_of(case), plan_of(case.twin)
        assert shape(plan) == shape(twin), case
        ids = [step.id for step in plan.steps]
        assert len({*ids}) == len(ids)
        assert all(re.fullmatch(r"[\w.-]{1,250}", each, re.ASCII) for each in ids)
        text = case.texts.text("daily")
        found = export_files(
            engine_of("airflow").cut(case.workflow), ExportRequest(f"m:{text}", text)
        )
        (name, source), *rest = found.files.items()
        assert not rest and re.fullmatch(r"[\w.-]{1,250}\.py", name, re.ASCII)
        tree = ast.parse(source)
        said = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
        assert f"m:{text}" in said
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant):
                each.value = ""
        assert ast.dump(tree) == WANTED
        assert "airflow" in source and "dag" in source
        assert all(shlex.split(command)[0] == "airflow" for command in found.commands)


WANTED = ast.dump(
    ast.parse(
        '""\nfrom fwf.interpreters.engines.airflow.dag import to_dag\ndag = to_dag("", dag_id="")'
    )
)


@task(effect="read")
def read(n: int, *, day: date, min_amount: int = 0) -> int: ...


def test_pools_are_made_and_parameters_given_where_a_run_is_started() -> None:
    w = named("loads", par(in_pool(read, "vendor"), in_pool(read, "it's")))
    pools = {"vendor": 3, "it's": Pool(starts=5, per=minutes(1))}
    found = export_files(engine_of("airflow").cut(w), ExportRequest("m:w", "loads", pools))
    assert [shlex.split(each) for each in found.commands] == [
        ["airflow", "pools", "set", "vendor", "3", "loads"],
        ["airflow", "pools", "set", "it's", "128", "loads"],
        ["airflow", "dags", "trigger", "loads", "--conf", '{"day": "2026-07-15"}'],
    ]


@pytest.mark.parametrize("name", ["a" * 300, "ü" * 300, "a/b"])
def test_names_that_airflow_refuses_are_shortened_with_a_digest(name: str) -> None:
    found = export_files(engine_of("airflow").cut(named("loads", read)), ExportRequest("m:w", name))
    assert all(re.fullmatch(r"[\w.-]{1,253}", each, re.ASCII) for each in found.files)
