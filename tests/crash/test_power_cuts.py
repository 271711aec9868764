"""Power cuts on a real SQLite: nothing acknowledged is lost, and nobody is alarmed for nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.crash import figures
from tests.crash.power_bugs import BUGS

pytestmark = pytest.mark.services  # each kill is a process

ROOT = Path(__file__).parents[2]
REPEAT = "python -m tests.crash.power {} 4 {}"


def cut(first: int, count: int, bug: str = "") -> dict[str, Any]:
    """Cut the power in another process: there are two SQLites, and each process has one of them."""
    command = [sys.executable, "-m", "tests.crash.power", str(first), str(count)]
    done = subprocess.run(
        [*command, *([bug] if bug else [])], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_was_acknowledged_survives_power_cuts() -> None:
    found = cut(0, figures.amount(quick=80, full=1000))
    wrong = found["wrong"]
    figures.add(
        "power cuts of SQLite",
        cuts=found["cuts"],
        acknowledged=found["acknowledged"],
        zero={"lost": len(wrong)},
    )
    told = [f"{REPEAT.format(each.split(',')[0].split()[-1], '')}: {each}" for each in wrong]
    assert not told, "\n".join(told)
    assert found["acknowledged"] > 5 * found["cuts"]


RARE = {"form_not_synced": (168, 8)}
"""Where to look for those that one cut of hundreds brings to light."""


@pytest.mark.parametrize("bug", BUGS)
def test_power_cuts_bring_mistakes_to_light(bug: str) -> None:
    first, count = RARE.get(bug, (0, 200))
    assert cut(first, count, bug)["wrong"]
