"""Workers, pools and rates where tasks take no time, in both worlds."""

from __future__ import annotations

from typing import Any

import pytest

from fwf import const, in_pool, map_each, par, seconds, task
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.run import Pool, VirtualClock, execute
from fwf.testing import scripted
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import events


@task(effect="read")
def a(n: int) -> int:
    raise AssertionError


AT_ONCE = Scenario().task("a", gives=1)
MANY = const([*range(100)]) >> map_each(in_pool(a, "p"))
CASES: list[tuple[Any, dict[str, Any], int]] = [
    (par(*[in_pool(a, "p")] * 3), {"p": Pool(starts=1, per=seconds(1))}, 2),
    (par(*[in_pool(a, "p")] * 3), {"p": Pool(1, starts=1, per=seconds(1))}, 2),
    (MANY, {"p": Pool(starts=10, per=seconds(1))}, 9),
    (MANY, {"p": Pool(4, starts=2, per=seconds(1))}, 49),
    (par(in_pool(a >> a, "p"), in_pool(a, "p")), {"p": Pool(starts=2, per=seconds(1))}, 1),
]


@pytest.mark.parametrize("workers", [None, 1, 2])
@pytest.mark.parametrize(("w", "pools", "seconds"), CASES)
def test_a_rate_is_kept_also_where_tasks_take_no_time(
    w: Any, pools: Any, seconds: int, workers: int | None
) -> None:
    dry = dry_run(w, 1, scenario=AT_ONCE, pools=pools, workers=workers)
    clock = VirtualClock()
    ran = execute(scripted(w, AT_ONCE, clock), 1, clock=clock, pools=pools, workers=workers)
    assert ran.result == dry.result
    assert ran.end == dry.end == seconds * 1_000_000
    assert _starts(ran.trace) == _starts(dry.trace)


def _starts(trace: Any) -> list[tuple[str, int]]:
    return [(each.path, each.start) for each in events(trace)]
