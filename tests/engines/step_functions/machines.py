"""A case of the kit on an interpreter: its definition, and the worker as its function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fwf.interpreters.engines import Cut
from fwf.interpreters.engines.engines import ENGINES
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from fwf.interpreters.engines.step_functions.shares import Limits
from fwf.interpreters.engines.worker.claims import InObjects
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.kit import Case, assert_same, end_of_outcome
from tests.engines.step_functions.functions import FUNCTION
from tests.engines.step_functions.interpreters import Interpreter, Ran

LIMITS = Limits(value=20_000, item=180, most=500, room=60_000)
TARGET = "kit:workflow"


def cut_of(w: Any) -> Cut:
    return ENGINES["step-functions"].cut(w)


def printed(case: Case, limits: Limits = LIMITS) -> str:
    """The definition of a case's machine."""
    text = definition(cut_of(case.workflow), TARGET, "kit", limits, case.pools)
    return text.replace(PLACE, FUNCTION)


class Worker:
    """The function of one run, which keeps what it answered last."""

    def __init__(self, case: Case, folder: Path) -> None:
        objects = Objects(f"file://{folder}/{case.seed}")
        self.places = Places(InObjects(objects), objects)
        self.case = case
        self.last: Any = None

    def __call__(self, given: Any) -> Any:
        answer = answer_call(given, load=lambda target: self.case.loaded, places=self.places)
        self.last = answer["out"]
        return answer


def run_case(case: Case, interpreter: Interpreter, folder: Path) -> Ran:
    """Run it, and compare it with its dry run."""
    worker = Worker(case, folder)
    case.actor.clear()
    ran = interpreter.run(printed(case), case.start, worker)
    out = ran.output if ran.error is None else worker.last
    assert out is not None, ran
    assert_same(case, end_of_outcome(case, out, worker.places.blobs))
    return ran
