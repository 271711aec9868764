"""Generated workflows mean on Argo what they mean in a dry run, as far as a controller of our own
tells: it does what Argo's source does with a manifest."""

from __future__ import annotations

from random import Random

import pytest

from fwf.interpreters.engines import ENGINES
from fwf.interpreters.engines.argo.table import size
from fwf.interpreters.engines.sizes import size_of
from tests.engines.argo.checking import SCHEMA, wrong
from tests.engines.argo.running import Run
from tests.engines.kit import Tally, cases, options
from tests.engines.kit.options import how_many

pytestmark = pytest.mark.services  # each pod is a process

COUNT = how_many(120)


def test_runs_are_their_dry_runs_and_manifests_are_clean() -> None:
    tally = Tally(options())
    for case in cases(COUNT):
        run = Run(case, Random(case.seed))
        assert not SCHEMA.exists() or wrong(run.tree) == []
        assert run.differences() == [], case
        tally.add(case.happens)
        most = size_of(ENGINES["argo"].cut(case.workflow), size)
        assert run.controller.deepest <= most.depth + 2
        assert run.controller.nodes <= most.events + 6
    tally.check()


def test_pods_that_are_begun_twice_or_are_killed_change_nothing() -> None:
    for case in cases(COUNT // 3, first=10_000):
        run = Run(case, Random(case.seed), twice=True, losing=0.2)
        assert run.differences() == [], case


def test_hostile_workflows_run_too() -> None:
    for case in cases(COUNT // 3, options(hostile=True), first=20_000):
        run = Run(case, Random(case.seed))
        assert run.differences() == [], case
