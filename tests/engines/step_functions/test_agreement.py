"""Generated workflows on two interpreters of the language: each ends, and begins what it begins,
as its dry run says."""

from pathlib import Path

import pytest

from tests.engines.kit import Tally, cases, how_many, options
from tests.engines.step_functions.interpreters import Interpreter
from tests.engines.step_functions.machines import run_case

pytestmark = pytest.mark.services  # whole executions

COUNT = how_many(30)


def test_generated_workflows_are_their_dry_runs(interpreter: Interpreter, tmp_path: Path) -> None:
    given = options()
    tally = Tally(given)
    for case in cases(COUNT, given):
        run_case(case, interpreter, tmp_path)
        tally.add(case.happens)
    tally.check()
