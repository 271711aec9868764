"""A function that is killed at its work, as Lambda does it: nothing that must not be repeated is
started twice, and all else goes on under its key."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from tests.cli_support import ROOT, environment
from tests.engines.step_functions.functions import FUNCTION, Thrown
from tests.engines.step_functions.interpreters import Interpreter
from tests.engines.step_functions.machines import LIMITS, cut_of
from tests.engines.worker import steps

pytestmark = pytest.mark.services  # whole executions

TARGET = "tests.engines.worker.steps:whole"
POINTS = ("before", "in", "after")


class Processes:
    """A function whose calls are processes, of which that for one step is killed at a point."""

    def __init__(self, folder: Path, step: str, point: str) -> None:
        self.log = folder / "log"
        self._doomed = step
        self._point = point
        self._env = {"STEPS_LOG": str(self.log), "FWF_STORE": f"file://{folder}/lake"}

    def __call__(self, given: Any) -> Any:
        doomed = self._doomed and given["path"] == f"daily > {self._doomed}"
        point = {"STEPS_PAUSE": self._point} if doomed else {}
        with subprocess.Popen(
            [sys.executable, "-m", "fwf", "worker"],
            cwd=ROOT, env=environment(**self._env, **point), encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as worker:  # fmt: skip
            assert worker.stdin is not None
            worker.stdin.write(json.dumps(given))
            worker.stdin.close()
            if doomed:
                self._doomed = ""
                self._kill(worker)
            assert worker.stdout is not None
            answer = worker.stdout.read()
        return json.loads(answer)

    def _kill(self, worker: subprocess.Popen[str]) -> None:
        paused, until = Path(f"{self.log}.paused"), time.monotonic() + 60
        while not paused.exists():
            assert worker.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        worker.kill()
        worker.wait()
        raise Thrown("Lambda.Unknown", "the runtime exited")

    def marks(self) -> Counter[str]:
        """How often each step was begun."""
        return Counter(line.split()[0] for line in self.log.read_text().splitlines())

    def keys(self, step: str) -> set[str]:
        return {line for line in self.log.read_text().splitlines() if line.startswith(step)}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("step", ["pay", "put"])
def test_a_function_that_is_killed(
    interpreter: Interpreter, tmp_path: Path, step: str, point: str
) -> None:
    function = Processes(tmp_path, step, point)
    text = definition(cut_of(steps.whole), TARGET, "daily", LIMITS, {})
    ran = interpreter.run(text.replace(PLACE, FUNCTION), {"value": 1, "key": "k"}, function)
    if step == "pay":
        assert ran.error == "Held" and ran.cause.startswith("daily > pay: InDoubt: ")
        assert not function.log.exists() if point == "before" else function.marks() == {"pay": 1}
        return
    assert ran.error is None, ran
    assert ran.output["value"]["text"] == "5"
    begun = 1 if point == "before" else 2
    assert function.marks() == {"pay": 1, "put": begun, "undeclared": 1, "look": 1}
    assert len(function.keys("put")) == 1
