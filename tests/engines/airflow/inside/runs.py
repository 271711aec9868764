"""Run by Airflow's own Python: runs cases of the kit by `dag.test()`, and compares each with its
dry run.

    python -m tests.engines.airflow.inside.runs SEED …

prints a line of JSON for each: the seed, the states of its tasks, what differs.
"""

import json
import logging
import os
import sys
import traceback
from importlib import import_module, reload
from typing import Any

from sqlalchemy import select

from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fwf.interpreters.engines.airflow.doing import came
from fwf.interpreters.engines.airflow.operators import FAILED, KEY, VALUE
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.table import BUDGET, COSTS, TABLE
from fwf.interpreters.engines.cut import cut
from fwf.interpreters.engines.sizes import within
from fwf.interpreters.engines.worker.verbs import answer_call
from tests.engines.airflow.inside.cases import case_of_seed
from tests.engines.kit import Case, differences, end_of_outcome, end_of_result


def xcoms(dag_id: str, run_id: str) -> dict[tuple[str, str, int], Any]:
    with create_session() as session:
        found = session.scalars(
            select(XComModel).where(XComModel.dag_id == dag_id, XComModel.run_id == run_id)
        ).all()
        return {
            (each.task_id, each.key, each.map_index): XComModel.deserialize_value(each)
            for each in found
        }


def read(found: Any) -> Any:
    return json.loads(found) if isinstance(found, str) else found


def compared(case: Case, state: str, there: dict[tuple[str, str, int], Any]) -> list[str]:
    """What differs from the dry run."""
    plan = planned(within(cut(case.workflow, TABLE), COSTS.size, BUDGET), "dag:workflow")
    if state == "success":

        def pull(task: str, key: str) -> Any:
            return read(there.get((task, key, -1)))

        def ask(call: Any) -> Any:
            return answer_call(dict(call), load=lambda _: case.loaded)

        found = came(plan.result, pull, ask)
        assert found is not None
        return differences(case, end_of_outcome(case, found["out"]))
    failed = [read(each) for (_, key, _), each in there.items() if key == FAILED]
    leaves = [leaf for each in failed for leaf in end_of_outcome(case, each["out"])[1][1]]
    kind, said = end_of_result(case.dry.result)
    if kind != "failed":
        return [f"it fails with {leaves}, and should end with {said}"]
    more = [f"it fails with {leaf}" for leaf in leaves if leaf not in said[1]]
    return more + differences(case, (kind, said)) + ([] if leaves else ["nothing failed"])


def ran(seed: int) -> dict[str, Any]:
    case = case_of_seed(seed)
    case.actor.clear()
    os.environ["FWF_SEEDS"] = str(seed)
    module = reload(import_module("tests.engines.airflow.inside.dags"))
    dag = getattr(module, f"dag_{seed}")
    conf = {VALUE: case.value, KEY: case.key, **case.params}
    run = dag.test(run_conf=conf)
    there = xcoms(dag.dag_id, run.run_id)
    states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()}
    return {"seed": seed, "states": states, "differs": compared(case, str(run.state), there)}


def main(*seeds: str) -> None:
    logging.disable(logging.CRITICAL)
    for seed in seeds:
        try:
            found = ran(int(seed))
        except BaseException:
            found = {"seed": int(seed), "states": {}, "differs": [traceback.format_exc()]}
        print("TOLD " + json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
