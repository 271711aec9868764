"""A DAG file for Airflow: the daily example."""

import os

from fwf.interpreters.engines.airflow.dag import to_dag

dag = to_dag("examples.daily.workflow:workflow", store=os.environ.get("DAILY_STORE", ""))
