"""Journals that break under a run: one error that says why, and all as it was when it is mended."""

import random

import pytest

from tests.crash import figures
from tests.crash.kill_disks import TROUBLES, broken
from tests.crash.kill_runs import Case
from tests.crash.kill_shapes import SHAPES

EACH = figures.amount(quick=1, full=20)


@pytest.mark.parametrize("name", [*TROUBLES][:: figures.amount(quick=2, full=1)])
def test_a_run_goes_on_when_its_journal_is_mended(name: str) -> None:
    chance = random.Random(name)
    for seed in range(EACH):
        case = Case(f"{chance.choice(list(SHAPES))}-{seed % 5}", seed, "the command line")
        told = broken(name, case)
        if told is None:
            pytest.skip("no disk can be mounted here")
        figures.add(
            "journals that break under a run", runs=1, errors=len(told.errors),
            zero={"other_ends": len(told.findings)},
        )  # fmt: skip
        assert not told.findings, f'python -m tests.crash.kill_disks "{name}" {case.shape} {seed}'
