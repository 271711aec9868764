"""Run by Airflow's own Python: how long it takes to read the daily example's DAG file, beside a
hand-written one of the same size, which imports the same module of the job.

    python -m tests.engines.airflow.inside.parsing

tells JSON: the seconds of both, each the best of several. As in Airflow, each is read by a fresh
process that has Airflow itself already.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import airflow.sdk.exceptions
from airflow.sdk import DAG, BaseOperator, Param, TaskGroup, TriggerRule

REPEATS = 9
MODULE = "examples.daily.workflow"


class Plain(BaseOperator):
    """What somebody would write."""

    template_fields = ()

    def __init__(self, *, at: Any = None, **given: Any) -> None:
        super().__init__(**given)
        self.at = at

    def execute(self, context: Any) -> None: ...


def ours() -> Any:
    """What stands in the file that `fwf export` writes."""
    from fwf.interpreters.engines.airflow.dag import to_dag

    return to_dag(f"{MODULE}:workflow", dag_id="daily")


def told() -> list[Any]:
    """Its tasks, each with what it waits for, its group, and whether it is mapped."""
    return [
        [each.task_id, [*each.upstream_task_ids], each.task_group.group_id, bool(each.is_mapped)]
        for each in ours().tasks
    ]


def by_hand(tasks: list[Any]) -> Any:
    """A DAG of these tasks."""
    __import__(MODULE)
    params = {name: Param(None, type=["null", "string"]) for name in ("day", "min_amount")}
    with DAG(dag_id="by_hand", schedule=None, params=params) as dag:
        groups: dict[str | None, Any] = {None: dag.task_group}
        made: dict[str, Any] = {}
        for name, before, group, mapped in tasks:
            if group not in groups:
                groups[group] = TaskGroup(group, prefix_group_id=False)
            given: dict[str, Any] = {
                "task_id": name,
                "task_group": groups[group],
                "task_display_name": name,
                "trigger_rule": TriggerRule.NONE_FAILED,
                "retries": 0,
            }
            if mapped:
                made[name] = Plain.partial(**given).expand(at=made[before[0]].output)
            else:
                made[name] = Plain(**given)
            for each in before:
                made[each].set_downstream(made[name])
    return dag


def in_a_fresh_process(work: Callable[[], Any]) -> Any:
    """What some work gives, and the seconds that it takes, in a process that is forked for it."""
    reads, writes = os.pipe()
    if os.fork() == 0:
        start = time.process_time()
        found = work()
        seconds = time.process_time() - start
        said = found if isinstance(found, list) else None
        os.write(writes, json.dumps([said, seconds]).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as file:
        found = json.loads(file.read())
    os.wait()
    return found


def main() -> None:
    assert airflow.sdk.exceptions
    tasks, _ = in_a_fresh_process(told)
    seconds = {"tasks": len(tasks)}
    for name, work in (("by hand", lambda: by_hand(tasks)), ("ours", ours)):
        seconds[name] = min(in_a_fresh_process(work)[1] for _ in range(REPEATS))
    print("TOLD " + json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
