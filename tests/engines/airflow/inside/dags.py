"""A DAG file for Airflow, of the cases of the kit that FWF_SEEDS names."""

import os

from fwf.interpreters.engines.airflow.dag import to_dag
from tests.engines.airflow.inside.cases import case_of_seed

for _seed in os.environ.get("FWF_SEEDS", "").split():
    _case = case_of_seed(int(_seed))
    globals()[f"dag_{_seed}"] = to_dag(
        _case.workflow, resources=_case.resources, pools=_case.pools, dag_id=f"case_{_seed}"
    )
