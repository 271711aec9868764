"""Jitter is drawn from the seed, the run, the place and the attempt: in a run as in its dry run."""

import gc
import weakref
from datetime import date
from typing import Any

import pytest

from fwf import (
    Scenario,
    Workflow,
    const,
    dry_run,
    every,
    it,
    loop_until,
    map_each,
    named,
    par,
    recover,
    retry,
    run,
    seconds,
    task,
    with_params,
)
from fwf.algebra.nodes import Retry
from fwf.analysis.normal_form import normal_form
from fwf.interpreters.run import VirtualClock, execute
from fwf.testing import scripted
from fwf.worlds.trace import events

DAY = date(2026, 6, 1)
HOUR = seconds(3600)


@task(effect="read", name="asks")
def asks(x: Any) -> Any: ...


@task(effect="read", name="asks")
def of_day(x: Any, *, day: date, only: str = "all") -> Any: ...


def shaken(w: Workflow[Any, Any] = asks, seed: int = 7, attempts: int = 3) -> Any:
    return retry(w, attempts=attempts, wait=every(HOUR).jitter(seed))


SCRIPT = Scenario().task("asks", fails=["OSError"] * 3, gives=0)


def waits(w: Any, value: Any = 1, **given: Any) -> list[tuple[str, int]]:
    """The places of the attempts, and when each starts, in a dry run."""
    found = dry_run(w, value, scenario=SCRIPT, **given)
    return sorted((event.path, event.start) for event in events(found.trace))


def starts(w: Any, value: Any = 1, **given: Any) -> list[int]:
    return [start for _, start in waits(w, value, **given)]


JUNE: dict[str, Any] = {"params": {"day": DAY}}
DAILY = named("daily", shaken(of_day))
TABLE: list[tuple[str, bool, list[int], list[int]]] = [
    # what changes, whether other delays are drawn
    ("nothing", False, starts(DAILY, **JUNE), starts(DAILY, **JUNE)),
    ("the seed", True, starts(shaken()), starts(shaken(seed=8))),
    ("the run's name", True, starts(DAILY, **JUNE), starts(named("x", shaken(of_day)), **JUNE)),
    ("a required parameter", True, starts(DAILY, **JUNE),
     starts(DAILY, params={"day": date(2026, 6, 2)})),
    ("an optional one", False, starts(DAILY, **JUNE),
     starts(DAILY, params={"day": DAY, "only": "x"})),
    ("the input", True, starts(shaken(), 1), starts(shaken(), 2)),
    ("the caller's key", True, starts(shaken(), key="a"), starts(shaken(), key="b")),
    ("an input without a form", False, starts(shaken(), object()), starts(shaken(), object())),
    ("the place", True, starts(named("d", shaken())),
     starts(named("d", const(1) >> named("x", shaken())))),
    ("a retry around", False, starts(shaken()), starts(retry(shaken(), attempts=1))),
    ("an edit of one without a name", False,
     starts(shaken() >> const(1)), starts(shaken() >> const(2))),
]  # fmt: skip


@pytest.mark.parametrize(("what", "other", "old", "new"), TABLE, ids=[row[0] for row in TABLE])
def test_what_changes_what_is_drawn(what: str, other: bool, old: list[int], new: list[int]) -> None:
    assert len(old) == len(new) == 3
    assert (old != new) is other


def test_delays_stay_within_their_bounds_and_differ() -> None:
    first, second, third = starts(shaken())
    gaps = [second - first, third - second]
    assert all(HOUR.total_seconds() * 5e5 <= gap < HOUR.total_seconds() * 1e6 for gap in gaps)
    assert gaps[0] != gaps[1]


def seconds_of(w: Any, value: Any) -> list[int]:
    """When each place starts its second attempt."""
    by_path: dict[str, list[int]] = {}
    for path, start in waits(w, value):
        by_path.setdefault(path, []).append(start)
    return [sorted(each)[1] for each in by_path.values()]


@pytest.mark.parametrize(
    "w",
    [
        map_each(shaken(attempts=2), on_error="collect"),
        map_each(shaken(attempts=2), key=it, on_error="collect"),
        map_each(par(recover(shaken(attempts=2), 0), recover(shaken(attempts=2), 0))),
    ],
)
def test_items_and_siblings_do_not_come_back_together(w: Any) -> None:
    found = seconds_of(w, list(range(20)))
    assert len(found) >= 20 and len(set(found)) == len(found)


def test_items_are_drawn_by_their_keys_whatever_their_order() -> None:
    w = named("d", map_each(shaken(attempts=2), key=it, on_error="collect"))
    one = dry_run(const(["a", "b"]) >> w, None, scenario=SCRIPT)
    other = dry_run(const(["b", "a"]) >> w, None, scenario=SCRIPT)
    paths = [sorted((e.path, e.start) for e in events(run.trace)) for run in (one, other)]
    assert paths[0] == paths[1]


def test_rounds_are_drawn_apart() -> None:
    w = loop_until(recover(shaken(attempts=2), 0), it > 9, limit=4, on_limit="stop")
    gaps = [
        max(each) - min(each)
        for n in range(1, 5)
        for each in [[start for path, start in waits(w) if f"[{n}]" in path]]
    ]
    assert len(set(gaps)) == 4


@pytest.mark.parametrize("key", [None, "2026-06-01"])
@pytest.mark.parametrize(
    "w",
    [
        named("daily", map_each(shaken(of_day), on_error="collect")),
        map_each(shaken(of_day), key=it, on_error="collect"),
        map_each(with_params(shaken(of_day), day=DAY), on_error="collect") >> const(1),
        retry(shaken(map_each(shaken(of_day, attempts=2))), attempts=2, wait=every(HOUR).jitter(1)),
    ],
)
def test_a_run_waits_as_long_as_its_dry_run_says(w: Any, key: str | None) -> None:
    given: dict[str, Any] = {"params": {"day": DAY}, "key": key}
    if "with_params" in repr(w):
        given["params"] = {}
    fails: Any = ["OSError"] * 9
    script = Scenario()
    bare = Scenario().task("asks", fails=fails, gives=0)
    for path in {event.path for event in events(dry_run(w, [1, 2], scenario=bare, **given).trace)}:
        script = script.at(path, fails=fails, gives=0)
    clock = VirtualClock()
    ran = execute(scripted(w, script, clock), [1, 2], clock=clock, **given)
    said = dry_run(w, [1, 2], scenario=script, **given)
    assert ran.end == said.end
    times = [sorted((e.path, e.tries, e.start) for e in events(each.trace)) for each in (ran, said)]
    assert times[0] == times[1] and len(times[0]) > 4


def test_the_run_is_named_only_where_something_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("named")

    monkeypatch.setattr("fwf.analysis.run_keys.canonical", asked)
    dry_run(retry(asks, attempts=3, wait=every(HOUR)), 1, scenario=SCRIPT)
    dry_run(shaken(), 1, scenario=Scenario().task("asks", gives=0))
    with pytest.raises(AssertionError, match="named"):
        dry_run(shaken(), 1, scenario=SCRIPT)


class Held:
    pass


def test_what_was_drawn_keeps_no_value_alive() -> None:
    calls: list[int] = []

    @task(effect="read", config={})
    def fails_once(x: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError
        return 1

    @task(effect="read", config={})
    def makes(x: Any) -> Any:
        value = Held()
        alive.append(weakref.ref(value))
        return value

    @task(effect="read", config={})
    def looks(x: Any) -> Any:
        return alive[0]()

    alive: list[weakref.ref[Held]] = []
    gc.disable()
    try:
        w = makes >> retry(fails_once, attempts=3, wait=every(seconds(0)).jitter(1)) >> looks
        assert run(w, 0).unwrap() is None and len(calls) == 2
    finally:
        gc.enable()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_drawn_is_neither_spelt_out_nor_left_out(seed: int) -> None:
    perhaps = retry(asks, attempts=2, wait=every(seconds(10)).jitter(seed).within(seconds(7)))
    for w in (shaken(seed=seed), perhaps):
        made = normal_form(w)
        assert isinstance(made, Retry)
        for value in range(3):  # each is a run of its own
            assert waits(made, value) == waits(w, value)
