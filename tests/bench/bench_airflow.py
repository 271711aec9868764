"""A file for Airflow's folder of DAGs: written, and read beside a hand-written one."""

import time
from typing import Any

from fwf import named, par, task
from fwf.interpreters.engines import ENGINES
from fwf.interpreters.engines.exports import ExportRequest
from tests.engines.airflow.conftest import PYTHON, Airflow

from .measure import best, report

N = 10_000


@task(effect="read")
def load(n: Any) -> Any: ...


def test_a_dag_of_10_000_tasks_is_written() -> None:
    engine = ENGINES["airflow"]
    write = engine.load_printer()

    def export() -> None:
        w = named("loads", par(*(named(f"load{at}", load) for at in range(N))))
        write(engine.cut(w), ExportRequest("m:w", "loads"))

    seconds = best(export, repeats=3, clock=time.process_time)
    print(f"airflow: {N:,} tasks are made, cut and written in {seconds:.2f} s")


def test_a_dag_file_is_read(tmp_path: Any) -> None:
    if not PYTHON.exists():
        print("airflow: not installed, so no file is read")
        return
    found = Airflow(tmp_path).answer("parsing")
    what = f"airflow: a file of {found['tasks']} tasks"
    report(what, found["ours"], found["by hand"], unit="ms")
