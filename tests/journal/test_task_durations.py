"""What a scenario takes from a journal: how long tasks took, and nothing else."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import (
    Scenario,
    Workflow,
    const,
    dry_run,
    it,
    keep_input,
    map_each,
    microseconds,
    named,
    pure,
    task,
)
from fwf.interpreters.run import Journal, VirtualClock, run
from fwf.journal.errors import JournalError
from fwf.journal.opening import open_store
from fwf.journal.run_records import Kind
from fwf.journal.store import Store
from fwf.journal.task_durations import history
from fwf.worlds.scenario import LogNormal
from tests.journal.places import ME, Place, chain, row


@task(effect="read")
def load(n: int) -> int: ...


@task(effect="read", version="2")
def loads(n: list[int]) -> int: ...


@task(effect="read", name="a@b", version="1#2")
def strange(n: Any) -> int: ...


night: Workflow[Any, Any] = named("night", const([1, 2]) >> map_each(load) >> loads)


def wrote(
    store: Store, took: Sequence[tuple[str, str, int]], *, key: str = "k", workflow: str = "night",
    more: Sequence[tuple[Kind, str, str, int, str]] = (),
) -> None:  # fmt: skip
    """A run in which attempts of (task, path) took so many µs."""
    told: list[tuple[Kind, str, str, int, str]] = [("try", "", "", 1, "{}")]
    for n, (name, path, us) in enumerate(took, 2):
        body = f'{{"task":{json.dumps(name)},"input":"","took":{us},"value":0}}'
        told.append(("ok", path, "", n, body))
    records = chain(*told, *more)
    claim = store.claim(key, ME)
    number = store.begin(row(key=key, workflow=workflow), records[:1], claim)
    store.append(number, records[1:], claim, state="ok")
    claim.release()


def test_a_task_takes_the_median_of_its_committed_attempts(store: Store) -> None:
    wrote(store, [("load@1", "night > map_each[0] > load", us) for us in (9, 1, 4)])
    wrote(store, [("load@1", "night > map_each[1] > load", 100)], key="other")
    assert Scenario.from_history(store, night) == Scenario().task("load", takes=microseconds(6))
    p95 = Scenario.from_history(store, night, quantile=1)
    assert p95 == Scenario().task("load", takes=microseconds(100))


def test_a_run_says_as_much_as_the_dry_run_after_it_takes(tmp_path: Path) -> None:
    clock = VirtualClock()

    @task(effect="read", name="load", config={})
    def slow(n: int) -> int:
        clock.sleep(n * 1_000_000)
        return n

    w: Workflow[Any, Any] = named("night", const([1, 2, 3]) >> map_each(slow))
    file = tmp_path / "runs.db"
    assert run(w, journal=file, clock=clock, workers=1).unwrap() == [1, 2, 3]
    for journal in (file, str(file), Journal(file), open_store(file), Journal(open_store(file))):
        found = Scenario.from_history(journal, w)
        assert found == Scenario().task("load", takes=timedelta(seconds=2))
        assert dry_run(w, scenario=found, workers=1).took == timedelta(seconds=6)


def test_only_so_many_runs_back_are_looked_at(store: Store) -> None:
    for n in range(5):
        wrote(store, [("load@1", "night > map_each[0] > load", n)], key=f"k{n}")
    wrote(store, [], key="nothing done")
    wrote(store, [("load@1", "nightly > load", 77)], key="other", workflow="nightly")
    found = history(store, night, runs=3)
    assert (found.runs, found.attempts) == (3, 3)
    assert found.scenario == Scenario().task("load", takes=microseconds(3))


def test_runs_of_the_workflow_are_found_behind_many_of_others(store: Store) -> None:
    wrote(store, [("load@1", "night > map_each[0] > load", 5)])
    for n in range(130):
        wrote(store, [], key=f"k{n}", workflow="nightly")
    assert history(store, night).runs == 1


def test_a_task_at_several_places_has_durations_of_each(store: Store) -> None:
    w: Workflow[Any, Any] = named(
        "night", const(1) >> load >> const([1]) >> keep_input(map_each(load)) >> pure(it[0])
    )
    wrote(
        store,
        [
            ("load@1", "night > load", 1),
            ("load@1", "night > map_each[7] > load", 10),
            ("load@1", "night > map_each[8] > load", 20),
            ("load@1", "night > gone > load", 300),
        ],
    )
    found = Scenario.from_history(store, w)
    assert found == (
        Scenario()
        .task("load", takes=microseconds(15))
        .at("night > load", takes=microseconds(1))
        .at("night > map_each > load", takes=microseconds(15))
    )
    assert dry_run(w, scenario=found).took == microseconds(16)


def test_tasks_are_known_by_name_whatever_their_version(store: Store) -> None:
    w: Workflow[Any, Any] = named("night", night >> strange)
    wrote(
        store,
        [
            ("loads@1", "night > loads", 3),
            ("loads@2#00ff", "night > loads", 5),
            ("a@b@1#2", "night > a@b", 7),
            ("a@1", "night > a", 9),
        ],
    )
    assert Scenario.from_history(store, w) == (
        Scenario().task("loads", takes=microseconds(4)).task("a@b", takes=microseconds(7))
    )


def test_what_failed_or_was_cut_or_resolved_says_nothing(store: Store) -> None:
    body = '{"task":"load@1","input":"","took":50}'
    kinds: list[Kind] = ["failed", "cut", "resolved", "start"]
    path = "night > map_each[0] > load"
    more: list[tuple[Kind, str, str, int, str]] = [(kind, path, "", 10, body) for kind in kinds]
    wrote(store, [("load@1", "night > map_each[0] > load", 5)], more=more)
    assert Scenario.from_history(store, night) == Scenario().task("load", takes=microseconds(5))


def test_a_journal_without_runs_of_the_workflow_says_nothing(store: Store) -> None:
    assert Scenario.from_history(store, night) == Scenario()
    wrote(store, [], key="nothing done")
    assert Scenario.from_history(store, night) == Scenario()


def test_a_workflow_without_a_name_is_known_by_its_definition(tmp_path: Path) -> None:
    w: Workflow[Any, Any] = const(1) >> task(effect="read", name="one")(_one)
    file = tmp_path / "runs.db"
    run(w, journal=file)
    assert set(Scenario.from_history(file, w).tasks) == {"one"}
    assert Scenario.from_history(file, w >> pure(it)) == Scenario()


def _one(n: int) -> int:
    return n


def test_of_a_damaged_run_counts_what_stands_before(place: Place) -> None:
    store = place.open()
    wrote(store, [("load@1", "night > map_each[0] > load", us) for us in (1, 2, 50)])
    store.close()
    place.change(1, 4, "path", "elsewhere")
    found = Scenario.from_history(place.open(), night)
    assert found == Scenario().task("load", takes=timedelta(microseconds=2))  # of 1 and 2: 1.5


def test_drawn_durations_have_the_median_and_the_spread(store: Store) -> None:
    wrote(
        store, [("load@1", "night > map_each[0] > load", us) for us in (0, 100, 100, 100, 10_000)]
    )
    takes = Scenario.from_history(store, night, drawn=True).tasks["load"].takes
    assert isinstance(takes, LogNormal)
    assert takes.median == microseconds(100)
    assert takes.sigma == pytest.approx(2.913, abs=0.001)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.floats(0, 1))
def test_a_quantile_lies_among_the_durations(took: list[int], part: float) -> None:
    from fwf.journal.task_durations import _quantile  # pyright: ignore[reportPrivateUsage]

    found = _quantile(part)(sorted(took))
    assert isinstance(found, timedelta)
    us = found / microseconds(1)
    assert sum(each <= us + 1 for each in took) >= part * (len(took) - 1)
    assert sum(each >= us - 1 for each in took) >= (1 - part) * (len(took) - 1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"runs": 0}, r"runs=0\): needs a whole number of runs"),
        ({"runs": True}, r"runs=True\): needs"),
        ({"quantile": 95}, r"quantile=95\): is from 0 to 1"),
        ({"quantile": 0.9, "drawn": True}, "leave one out"),
    ],
)
def test_what_makes_no_sense_is_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Scenario.from_history("runs.db", night, **more)


def test_a_journal_that_isnt_there_isnt_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        Scenario.from_history(tmp_path / "runs.db", night)
    assert not [*tmp_path.iterdir()]
    nothing: Any = None
    with pytest.raises(TypeError, match="needs a journal"):
        Scenario.from_history(nothing, night)
