"""The file for Airflow's folder of DAGs, and the commands that go with it."""

from __future__ import annotations

import json
import shlex
from typing import Final

from fwf.analysis.requirements import Requirements, requirements
from fwf.forms.by_type.given_texts import example
from fwf.interpreters.engines.airflow.steps import LETTERS
from fwf.interpreters.engines.cut import Cut
from fwf.interpreters.engines.exports import ExportFiles, ExportRequest
from fwf.interpreters.run import Pool

NO_BOUND: Final = 128
"""Slots of a pool that has a rate alone; our choice, as Airflow has for its own."""
_FILE: Final = '''"""A dag for airflow, which fwf makes of the workflow whenever this is read."""

from fwf.interpreters.engines.airflow.dag import to_dag

dag = to_dag({target!a}, dag_id={name!a})
'''


def export_files(cut: Cut, request: ExportRequest) -> ExportFiles:
    """Cut, what is asked for ⟶ the DAG's file, and how its pools are made and a run is started."""
    name = LETTERS.name(request.name)
    required = requirements(cut.workflow)
    pools = [
        f"airflow pools set {shlex.quote(pool)} {_size(request.pools.get(pool, 1))} {name}"
        for pool in required.pools
    ]
    text = _FILE.format(target=request.target, name=name)
    return ExportFiles(
        {f"{name}.py": text}, (*pools, f"airflow dags trigger {name}{_start(required)}")
    )


def _start(required: Requirements) -> str:
    """Examples of the parameters that a run must be given, for a shell."""
    needed = [each for each in (*required.parameters, *required.unknown) if not each.optional]
    examples = {each.name: example((each.types or (str,))[0]) for each in needed}
    return f" --conf {shlex.quote(json.dumps(examples))}" if examples else ""


def _size(pool: int | Pool) -> int:
    """How many of a pool's tasks Airflow may run at once; rates are none of its."""
    return pool if isinstance(pool, int) else pool.at_once or NO_BOUND
