"""Workflow ⟶ a DAG of Airflow 3, for a file in its folder of DAGs.

The file imports the workflow and calls `to_dag`. Its text must have the words airflow and dag in
it, or Airflow doesn't read it:

    from fwf.interpreters.engines.airflow.dag import to_dag

    dag = to_dag("examples.daily.workflow:workflow")
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from fwf.algebra.nodes import Named, Task
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.requirements import Requirement
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.airflow.installed import Sdk, airflow
from fwf.interpreters.engines.airflow.operators import (
    GENERATION,
    ITEM,
    KEY,
    VALUE,
    Worker,
    operator_class,
    policy_of,
)
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.steps import LETTERS, Plan, Step, in_one
from fwf.interpreters.engines.airflow.table import BUDGET, COSTS, TABLE
from fwf.interpreters.engines.airflow.timetable import options_of, params_of
from fwf.interpreters.engines.cut import cut
from fwf.interpreters.engines.sizes import within
from fwf.interpreters.engines.worker.begin import STORE
from fwf.interpreters.engines.worker.loading import Loaded, loaded
from fwf.printing import printable
from fwf.records import changed
from fwf.schedules import Timetable
from fwf.types.hints import ANY

INLINE: Final = 48_000
"""Bytes that a value may take in an XCom, which is a row of Airflow's database; our choice."""
MARGIN: Final = timedelta(minutes=1)
"""By so much Airflow's own timeouts, which may leave things undone, come after ours."""


def to_dag(
    w: AnyWorkflow | Timetable[Any] | str,
    /,
    *,
    resources: Mapping[str, Any] | None = None,
    pools: Mapping[str, Any] | None = None,
    dag_id: str | None = None,
    store: str = "",
    claims: str = "",
    limit: int | None = None,
    **options: Any,
) -> Any:
    """Workflow, its timetable, or where one of both is, as `module:attribute` ⟶ its DAG.

    resources, pools: as in `run`; of what is named by its module, that module's.
    dag_id: by default its name.
    store, claims: where large values are kept, and who has begun what; by default where the
        variables FWF_STORE and FWF_CLAIMS of Airflow's workers say.
    limit: so many bytes a value may take in an XCom; by default 48,000 where there is a store.
    options: further ones of Airflow's DAG.

    Raises `ImportError` if Airflow isn't there or is older than 3.0.
    """
    air = airflow()
    timetable, there, target = _found(w, resources, pools)
    of = there.workflow
    if limit is None and (store or os.environ.get(STORE)):
        limit = INLINE
    pieces = within(cut(of, TABLE), COSTS.size, BUDGET)
    plan = _used(planned(pieces, target, limit=limit), air)
    start = {name: each for name, each in (("store", store), ("claims", claims)) if each}
    worker = Worker(plan, there, start, _interval(timetable))
    name = of.name if isinstance(of, Named | Task) else target
    settings: dict[str, Any] = {
        "dag_id": dag_id or LETTERS.name(name),
        "dag_display_name": printable(name),
        "schedule": None,
        "params": _params(air, there, timetable),
        "default_args": {},
        **({} if timetable is None else options_of(timetable, air.intervals)),
        **({} if plan.within is None else {"dagrun_timeout": plan.within + MARGIN}),
        **options,
    }
    dag = air.sdk.DAG(**settings)
    params, dag.params = dag.params, type(dag.params)()  # of which each operator takes a deep copy
    _fill(dag, air, worker, after_previous=timetable is not None and timetable.after_previous)
    dag.params = params
    return dag


def _found(
    w: AnyWorkflow | Timetable[Any] | str,
    resources: Mapping[str, Any] | None,
    pools: Mapping[str, Any] | None,
) -> tuple[Timetable[Any] | None, Loaded, str]:
    """The timetable if there is one, the workflow with what there is for it, and its target."""
    timetable: Timetable[Any] | None = None
    if isinstance(w, str):
        target = w if ":" in w else f"{w}:workflow"
        there = loaded(target)
        module, _, attribute = target.partition(":")
        w = getattr(sys.modules[module], attribute)
        there = changed(
            there,
            resources=there.resources if resources is None else resources,
            pools=there.pools if pools is None else pools,
        )
        return (w if isinstance(w, Timetable) else None), there, target
    if isinstance(w, Timetable):
        timetable, w = w, w.workflow
    return timetable, Loaded.of(w, resources, pools), "dag:workflow"


def _interval(timetable: Timetable[Any] | None) -> Any:
    """From a run's data interval to the parameters that it gives."""

    def given(start: datetime | None, end: datetime | None) -> Mapping[str, Json]:
        return {} if timetable is None else params_of(timetable, start, end)

    return given


# Parameters


def _params(air: Sdk, there: Loaded, timetable: Timetable[Any] | None) -> dict[str, Any]:
    """The parameters that a run may be started with; the worker checks them, all together."""
    needed = (*there.required.parameters, *there.required.unknown)
    params = {each.name: _param(air, each, timetable) for each in needed}
    more = {
        KEY: (["null", "string"], "names the run in place of its parameters"),
        GENERATION: (["null", "integer"], "one more for each time that all is done anew"),
    }
    if there.workflow.edge.accepts is not type(None):
        more[VALUE] = (_TYPES, "the workflow's input")
    for name, (kind, text) in more.items():
        params[name] = air.sdk.Param(None, type=kind, description=text)
    return params


_TYPES: Final = ["null", "string", "number", "boolean", "array", "object"]
_KINDS: Final[Mapping[Any, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _param(air: Sdk, each: Requirement, timetable: Timetable[Any] | None) -> Any:
    """A parameter; None is that it isn't given."""
    kind = each.types[0] if len(each.types) == 1 else ANY
    schema: dict[str, Any] = {"type": _TYPES}
    if kind in _KINDS:
        schema = {"type": ["null", _KINDS[kind]]}
    elif kind in (date, datetime):
        schema = {"type": ["null", "string"], "format": "date" if kind is date else "date-time"}
    text = "may be left out" if each.optional else "must be given"
    if timetable is not None and each.name == timetable.param:
        text = "the partition that the run is for; by default that of its data interval"
    return air.sdk.Param(None, **schema, description=text)


# Tasks


def _fill(dag: Any, air: Sdk, worker: Worker, *, after_previous: bool) -> None:
    """Give a DAG its groups and tasks."""
    plan = worker.plan
    groups: list[Any] = [dag.task_group]
    for each in plan.groups:
        groups.append(
            air.sdk.TaskGroup(
                each.id,
                prefix_group_id=False,
                group_display_name=printable(each.title),
                parent_group=groups[each.parent + 1],
                dag=dag,
            )
        )
    kind = operator_class(air, worker)
    policy = policy_of(air) if air.tries_again else None
    tasks: dict[str, Any] = {}
    for step in plan.steps:
        settings = _options(step, policy, after_previous=after_previous)
        settings |= {"dag": dag, "task_group": groups[step.group + 1]}
        if step.mapped is None:
            task = kind(**settings)
        else:
            at = tasks[step.mapped.spread].output
            task = kind.partial(**settings).expand(at=at)
        tasks[step.id] = task
        for before in step.upstream:
            tasks[before].set_downstream(task)


def _options(step: Step, policy: Any, *, after_previous: bool) -> dict[str, Any]:
    """What Airflow's operator is told of a task."""
    settings: dict[str, Any] = {
        "task_id": step.id,
        "task_display_name": printable(step.title)[:250],
        "trigger_rule": "none_failed",
        "retries": 0,
        "depends_on_past": after_previous,
    }
    if step.retried is not None and policy is not None:
        settings |= {
            "retries": step.retried.attempts - 1,
            "retry_policy": policy,
            "retry_delay": timedelta(0),
        }
    if step.pool is not None:
        settings["pool"] = step.pool
    if step.within is not None and step.retried is None:
        settings["execution_timeout"] = step.within + MARGIN
    if step.mapped is not None:
        settings["max_active_tis_per_dagrun"] = step.mapped.at_once
        settings["map_index_template"] = f"{{{{ {ITEM} | default('') }}}}"
    return settings


def _used(plan: Plan, air: Sdk) -> Plan:
    """A plan for an Airflow that can't be told when to try again, if it can't."""
    if air.tries_again:
        return plan
    steps = [step if step.retried is None else in_one(step) for step in plan.steps]
    return changed(plan, steps=tuple(steps))
