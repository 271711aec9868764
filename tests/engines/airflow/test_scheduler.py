"""On Airflow's own scheduler and API server: a run that is due, a pool that is missing, tries, and
what is cleared; all on loopback."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.engines.airflow.conftest import INSIDE, PYTHON, Airflow

pytestmark = pytest.mark.services
RUN = "scheduled__2026-06-02T00:00:00+00:00"


class Story:
    """Airflow with the DAG of a story, and the log of what its tasks have done."""

    def __init__(self, airflow: Airflow, folder: Path) -> None:
        self.log, self.down = folder / "log", folder / "log.down"
        port = str(free_port())
        here = f"http://127.0.0.1:{port}"
        self.port = port
        self.env = airflow.environment(
            AIRFLOW__API__BASE_URL=here,
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"{here}/execution/",
            AIRFLOW__CORE__PARALLELISM="2",
            AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT="120",
            AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL="5",
            STORY_LOG=str(self.log),
            STORY_STORE=(folder / "store").as_uri(),
        )
        self.folder = folder

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A part of Airflow, whose output stands in a file."""
        command = [str(PYTHON), "-m", "airflow", *words]
        with (self.folder / f"{words[0]}.log").open("wb") as out:
            return subprocess.Popen(command, env=self.env, stdout=out, stderr=out, cwd=self.folder)

    def airflow(self, *words: str) -> str:
        """What a command of Airflow's says."""
        command = [str(PYTHON), "-m", "airflow", *words]
        done = subprocess.run(
            command, env=self.env, capture_output=True, text=True, cwd=self.folder, check=False
        )
        return done.stdout

    def done(self) -> list[str]:
        """What its tasks have done, without keys."""
        return [line.rpartition(" ")[0] for line in self._lines()]

    def keys(self) -> set[tuple[str, str]]:
        """The tasks, each with an idempotency key that it was given."""
        return {(line.split()[0], line.split()[-1]) for line in self._lines()}

    def states(self) -> set[str]:
        """The states of the run's tasks, as Airflow's database has them."""
        sql = "SELECT state FROM task_instance WHERE dag_id = 'story' AND run_id = ?"
        return {str(state) for (state,) in self._asked(sql, RUN)}

    def is_known(self) -> bool:
        """Whether Airflow has read the DAG."""
        return bool(self._asked("SELECT 1 FROM serialized_dag WHERE dag_id = ?", "story"))

    def _asked(self, sql: str, *given: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(Path(self.env["AIRFLOW_HOME"], "airflow.db"))) as database:
            return database.execute(sql, given).fetchall()

    def wait(self, holds: Callable[[], bool], seconds: float = 900) -> None:
        """Until something holds; what parts of Airflow have said is told if it never does."""
        end = monotonic() + seconds
        while not holds():
            if monotonic() > end:
                said = [each.read_text()[-3000:] for each in self.folder.glob("*.log")]
                raise AssertionError("\n".join([str(self.done()), str(self.states()), *said]))
            sleep(1)

    def _lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def story(airflow: Airflow, tmp_path: Path) -> Iterator[Story]:
    found = Story(airflow.migrated(), tmp_path)
    shutil.copy(INSIDE / "story.py", airflow.dags / "story.py")
    parts = (
        ("api-server", "--host", "127.0.0.1", "--port", found.port),
        ("scheduler", "--skip-serve-logs"),
        ("dag-processor",),
    )
    with ExitStack() as stack:
        for part in parts:
            process = stack.enter_context(found.start(*part))
            stack.callback(process.terminate)
        yield found


def test_a_due_run_waits_for_its_pool_tries_again_and_can_be_cleared(story: Story) -> None:
    story.down.touch()
    story.wait(lambda: "Application startup complete" in _read(story.folder / "api-server.log"))
    story.wait(story.is_known)
    story.airflow("dags", "unpause", "story")
    first = ["fetch 2026-06-01", "mail [1, 6]"]
    story.wait(lambda: story.done() == first)
    story.wait(lambda: "non-existent pool 'shop'" in _read(story.folder / "scheduler.log"))
    story.airflow("pools", "set", "shop", "1", "")
    tries = ["put 1 1", "put 1 2", "put 6 1", "put 6 2"]
    story.wait(lambda: sorted(story.done()[2:]) == tries)
    story.wait(lambda: "upstream_failed" in story.states())
    assert_tells_why(story)
    story.down.unlink()
    story.airflow("tasks", "clear", "story", "--only-failed", "-y")
    again = ["put 1 1", "put 6 1"]
    story.wait(lambda: sorted(story.done()[6:]) == again)
    story.wait(lambda: story.states() == {"success"})
    story.airflow("tasks", "clear", "story", "-y")  # all of it: what must not be repeated isn't
    story.wait(lambda: sorted(story.done()[8:]) == ["fetch 2026-06-01", *again])
    assert len(story.keys()) == 4


def assert_tells_why(story: Story) -> None:
    """The log of a failed task says where and why."""
    logs = [*Path(story.env["AIRFLOW_HOME"], "logs").glob("dag_id=story/*/*put*/*/attempt=2.log")]
    assert logs
    for each in ("story > map_each[", "ConnectionError: down {{ ti }}", "OSError", "story.py"):
        assert each in logs[0].read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
