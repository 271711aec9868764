"""The paths of places, which of long chains are found at once."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fwf import Workflow, branch, fallback, it, loop_until, map_each, named, par, pick, pure, seq
from fwf.interpreters.run import execute
from fwf.machine import places
from fwf.testing.sample_tasks import a, b, h
from fwf.worlds.trace import events

ONE: list[Workflow[Any, Any]] = [
    a, b, h, named("x", a), named("a", b >> a), par(a, b) >> pick(0), pure(it),
    branch(it > 3, then=a, otherwise=b >> h), fallback(a >> b, h), loop_until(a, it > 2, limit=2),
    pure(pick(it, it)) >> map_each(a >> b >> a) >> pick(1),
]  # fmt: skip


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(st.sampled_from(ONE), min_size=2, max_size=5), st.booleans())
def test_all_at_once_they_are_the_same(parts: list[Workflow[Any, Any]], inside: bool) -> None:
    inner = seq(*parts, a)
    w = named("w", map_each(inner >> inner) if inside else par(inner, named("y", inner)) >> pick(1))

    def paths(long: int) -> list[str]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(places, "LONG", long)
            return sorted(each.path for each in events(execute(w, [1, 2] if inside else 1).trace))

    assert paths(2) == paths(10_000) != []
