"""Run by Airflow's own Python: the daily example by `dag.test()`, on the stand-ins of a folder.

    python -m tests.engines.airflow.inside.daily_run

tells JSON: the state of the run and of its tasks, the report, what the targets hold.
"""

import json
import logging
import os
from typing import Any

from examples.daily.demo import started
from examples.daily.places import here
from examples.daily.seed import BUSY_DAY, seed
from fwf.interpreters.engines.airflow.doing import came
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.table import BUDGET, COSTS, TABLE
from fwf.interpreters.engines.cut import cut
from fwf.interpreters.engines.sizes import within
from fwf.interpreters.engines.worker.loading import loaded
from fwf.interpreters.engines.worker.packed_values import packed_from_json, read, values_of
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import places_at
from tests.engines.airflow.inside.daily import dag
from tests.engines.airflow.inside.runs import read as parsed, xcoms

TARGET = "examples.daily.workflow:workflow"


def report(there: dict[tuple[str, str, int], Any], store: str) -> Any:
    """What the workflow gave."""
    given = loaded(TARGET)
    plan = planned(within(cut(given.workflow, TABLE), COSTS.size, BUDGET), TARGET)

    def pull(task: str, key: str) -> Any:
        return parsed(there.get((task, key, -1)))

    found = came(plan.result, pull, lambda call: answer_call(dict(call)))
    assert found is not None
    blobs = places_at(store, "").blobs
    value = packed_from_json(found["out"]["value"], "")
    return read(values_of(given.names, blobs), value, blobs, "")


def main() -> None:
    logging.disable(logging.CRITICAL)
    places = here()
    seed(places, scale=0.01, days=[BUSY_DAY])
    with started(places, False):
        run = dag.test(run_conf={"day": str(BUSY_DAY), "min_amount": "0"})
    there = xcoms(dag.dag_id, run.run_id)
    states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in run.get_task_instances()}
    told: dict[str, Any] = {"state": str(run.state), "states": states}
    if run.state == "success":
        told["report"] = str(report(there, os.environ["DAILY_STORE"]))
    print("TOLD " + json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
