"""A failure that is told as final is one that the run ends with, whatever stands above it."""

from __future__ import annotations

from typing import Any

import pytest
from returns.result import Failure

from fwf import (
    always,
    as_result,
    const,
    execute,
    fallback,
    identity,
    it,
    map_each,
    named,
    on_failure,
    optional,
    par,
    poll,
    recover,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.interpreters.run import Note
from tests.crash.simulated_outside import Crashes, Outside
from tests.crash.simulated_runs import case_of, machine_of, ran_by
from tests.crash.simulated_world import Simulated


@task(effect="pure")
def down(n: Any) -> int:
    raise ConnectionError("down")


@task(effect="pure")
def wrong(n: Any) -> int:
    raise TypeError("wrong")


def finals(w: Any) -> list[str]:
    """The paths of what was told as final."""
    found: list[str] = []

    def heard(note: Note) -> None:
        if note.final:
            found.append(note.path)

    execute(w, 1, observe=heard)
    return found


now = seconds(0)
FINAL: dict[str, tuple[Any, list[str]]] = {
    "alone": (down, ["down"]),
    "in a par": (par(down, identity), ["par > down"]),
    "in an item": (const([1]) >> map_each(down), ["map_each[0] > down"]),
    "a part and its finaliser": (always(down, then=wrong), ["always > down", "always > wrong"]),
    "the last attempt": (retry(down, attempts=2, wait=now), ["down"]),
    "of another error": (fallback(down, identity, on=LookupError), ["fallback > down"]),
    "a defect, which no retry takes up": (retry(wrong, attempts=2, wait=now), ["wrong"]),
    "the handler": (named("last", fallback(down, wrong)), ["last > fallback > wrong"]),
}
NOT: dict[str, Any] = {
    "fallback": fallback(down, identity),
    "recover": recover(down, 0),
    "optional": optional(wrong),
    "as_result": as_result(down),
    "collect": const([1]) >> map_each(down, on_error="collect"),
    "an attempt": retry(down, attempts=2, wait=now, on=ConnectionError) >> identity,
    "far below": recover(named("a", par(const([1]) >> map_each(down), identity)), 0),
    "told first": on_failure(down, then=const(1)),
    "a deadline that may strike": fallback(timeout(down, seconds(60)), identity, on="Timeout"),
    "poll in fallback": recover(poll(down, it > 0, every=now, limit=1), 0),
}


@pytest.mark.parametrize("kind", FINAL)
def test_what_nothing_takes_up_is_final(kind: str) -> None:
    w, paths = FINAL[kind]
    assert [path.rpartition(" > ")[2] for path in finals(w)] == [
        path.rpartition(" > ")[2] for path in paths
    ]


@pytest.mark.parametrize("kind", NOT)
def test_what_something_may_take_up_is_not(kind: str) -> None:
    assert len(finals(NOT[kind])) == (kind == "an attempt")


def test_a_run_with_a_final_failure_never_ends_well() -> None:
    told = failed = 0
    for seed in range(600):
        case, seen = case_of(seed), list[bool]()
        machine = machine_of(case, Simulated(case.plays, Outside(Crashes()), inline=case.inline))

        def heard(
            kind: str, *_: Any, final: bool = False, seen: list[bool] = seen, **__: Any
        ) -> None:
            seen.append(final)

        machine.tell, machine.timed = heard, True
        ran = ran_by(machine, case)
        assert isinstance(ran.result, Failure) or not any(seen), (seed, case.w)
        told += any(seen)
        failed += isinstance(ran.result, Failure)
    assert told > 20 and told > failed / 4, (told, failed)
