"""Run by Airflow's own Python: reads DAGs as Airflow does, and tells what became of them.

    python -m tests.engines.airflow.inside.checks FOLDER

prints JSON: what couldn't be read, and of each DAG its tasks, what each waits for, its groups.
"""

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


def told(dag: Any) -> dict[str, Any]:
    """A DAG as it comes out of its serialisation, which fits the schema."""
    said = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    DagSerialization.validate_schema(said)
    there = DagSerialization.from_dict(said)
    assert {*there.task_dict} == {*dag.task_dict}
    return {
        "tasks": {
            each.task_id: {
                "upstream": sorted(each.upstream_task_ids),
                "retries": each.retries,
                "pool": each.pool,
                "title": each.task_display_name,
                "mapped": bool(each.is_mapped),
            }
            for each in there.task_dict.values()
        },
        "groups": sorted(name for name in there.task_group_dict if name),
        "text": json.dumps(said),
    }


def main(folder: str) -> None:
    bag = DagBag(folder, bundle_name="tests")
    dags = {name: told(dag) for name, dag in bag.dags.items()}
    print("TOLD " + json.dumps({"errors": bag.import_errors, "dags": dags}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
