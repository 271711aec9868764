from pathlib import Path

import pytest

from tests.interpreters.run.journaled.support import Runs


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs.db")
