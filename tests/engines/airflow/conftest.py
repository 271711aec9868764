"""Airflow itself, in an environment of its own, which a make target makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("FWF_AIRFLOW", ROOT / ".venvs/airflow/bin/python"))
INSIDE = Path(__file__).parent / "inside"
collect_ignore = ["inside"]
"""Which Airflow's own Python runs."""


@final
class Airflow:
    """Programs run by Airflow's Python, with a home and a folder of DAGs of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.dags = home / "dags"
        self.dags.mkdir()
        self._migrated = False

    def environment(self, **more: str) -> dict[str, str]:
        """The variables by which Airflow is this one."""
        kept = {name: each for name, each in os.environ.items() if not name.startswith("AIRFLOW")}
        return {
            **kept,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
            "PYTHONPATH": f"{ROOT}:{self.dags}",
            **more,
        }

    def answers(self, module: str, *words: str, **more: str) -> Iterator[Any]:
        """What a program tells, a line of JSON behind each "TOLD ", as it comes."""
        command = [str(PYTHON), "-m", f"tests.engines.airflow.inside.{module}", *words]
        program = subprocess.Popen(
            command,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.home,
        )
        said: list[str] = []
        with program:
            assert program.stdout is not None
            for line in program.stdout:
                if line.startswith("TOLD "):
                    yield json.loads(line.removeprefix("TOLD "))
                else:
                    said.append(line)
        assert program.returncode == 0, "".join(said[-60:])

    def answer(self, module: str, *words: str, **more: str) -> Any:
        """The only thing that a program tells."""
        (found,) = self.answers(module, *words, **more)
        return found

    def migrated(self) -> Airflow:
        """The same, with a database."""
        if not self._migrated:
            command = [str(PYTHON), "-m", "airflow", "db", "migrate"]
            env = self.environment()
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            self._migrated = True
        return self


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """Airflow, with a home of its own."""
    if not PYTHON.exists():
        pytest.skip("Airflow is not installed: make engines-airflow")
    return Airflow(tmp_path_factory.mktemp("airflow"))


@pytest.fixture
def airflow(installed: Airflow) -> Airflow:
    """Airflow, with an empty folder of DAGs."""
    shutil.rmtree(installed.dags)
    installed.dags.mkdir()
    return installed
