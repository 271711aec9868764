"""A list of runs: as long as they take together, and each as it is alone."""

import heapq
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pyrsistent import pmap
from returns.result import Failure, Success

from fwf import (
    Pool,
    Scenario,
    Workflow,
    const,
    delay,
    dry_run,
    dry_run_all,
    every_day,
    fail,
    in_pool,
    it,
    map_each,
    minutes,
    named,
    par,
    partitions,
    recover,
    seconds,
    state,
    task,
    timeout,
)
from fwf.faults import Failed
from fwf.interpreters.dry_run import DryRuns
from fwf.testing.strategies import Flow, params, scenarios, taken_by, tasks_in, workflows
from fwf.worlds.scenario import ScenarioError, normal

MINUTE = 60_000_000
NONE: dict[str, object] = {}


@task(effect="read", duration=minutes(2))
def orders(*, day: date) -> int: ...


@task(effect="read", duration=minutes(5))
def rates(*, day: date, vendor: str = "x") -> int: ...


@task(effect="pure", duration=minutes(1))
def joined(orders: int, rates: int) -> int: ...


@task(effect="read")
def one(n: int) -> int: ...


@task(effect="read")
def some() -> list[int]: ...


daily: Workflow[None, Any] = named("daily", par(in_pool(orders, "db"), recover(rates, 3)) >> joined)


def days(count: int, **more: object) -> list[tuple[Workflow[None, Any], Mapping[str, object]]]:
    return [(daily, {"day": date(2026, 6, 1 + n), **more}) for n in range(count)]


def times(runs: DryRuns) -> list[tuple[int | None, int | None]]:
    return [
        (None if row.start is None else row.start // MINUTE, (row.end or 0) // MINUTE)
        for row in runs.rows
    ]


# How long it takes


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_each_run_is_as_it_is_alone_and_starts_when_one_before_it_has_ended(
    data: st.DataObject,
) -> None:
    ws: list[Flow] = data.draw(st.lists(workflows(without={"jitter"}), min_size=1, max_size=2))
    scenario = data.draw(scenarios(*ws))
    starts = [
        (const(data.draw(st.integers(0, 5))) >> w, taken_by(w, data.draw(params())))
        for w in data.draw(st.lists(st.sampled_from(ws), max_size=5))
    ]
    at_once = data.draw(st.integers(1, 3))
    workers = data.draw(st.sampled_from([None, None, 1, 2]))
    fitting = _known(scenario, [w for w, _ in starts])
    found = dry_run_all(starts, at_once=at_once, scenario=fitting, workers=workers)
    free = [0] * at_once
    for row, (w, own) in zip(found.rows, starts, strict=True):
        alone = dry_run(w, params=own, scenario=_known(fitting, [w]), workers=workers)
        start = heapq.heappop(free)
        assert (row.start, row.lasted) == (start, alone.end)
        heapq.heappush(free, start + alone.end)
        assert isinstance(row.result, Success) == isinstance(alone.result, Success)
        assert row.degraded == alone.degraded
        if isinstance(row.result, Success):
            assert row.result == alone.result
        else:
            alone_too = DryRuns(alone, (row._replace(result=alone.result, place=""),), 1).rows[0]
            assert row.faults == alone_too.faults
    assert found.end == max(free) if starts else found.end == 0


def _known(scenario: Scenario, ws: Sequence[Flow]) -> Scenario:
    names = tasks_in(*ws)
    said = {name: script for name, script in scenario.tasks.items() if name in names}
    return Scenario(tasks=pmap(said))


def test_pools_are_shared_by_all_runs() -> None:
    assert times(dry_run_all(days(4), at_once=4)) == [(0, 6)] * 4
    found = dry_run_all(days(4), at_once=4, pools={"db": 1})
    assert times(found) == [(0, 6), (0, 6), (0, 7), (0, 9)]
    assert found.took == minutes(9)


def test_the_starts_of_a_pool_are_counted_over_all_runs() -> None:
    w: Any = named("w", in_pool(orders, "db"))
    runs = [(w, {"day": date(2026, 6, 1 + n)}) for n in range(3)]
    found = dry_run_all(runs, pools={"db": Pool(starts=1, per=minutes(10))})
    assert times(found) == [(0, 2), (0, 12), (0, 22)]


def test_workers_are_those_of_each_run() -> None:
    found = dry_run_all(days(2), at_once=2, workers=1)
    assert times(found) == [(0, 8), (0, 8)]
    assert found.took == dry_run(daily, params={"day": date(2026, 6, 1)}, workers=1).took


def test_a_run_begins_and_ends_with_what_is_no_task() -> None:
    w: Any = delay(minutes(1)) >> const(None) >> orders >> delay(minutes(3))
    late: Any = timeout(const(None) >> delay(minutes(9)), minutes(4))
    day = {"day": date(2026, 6, 1)}
    found = dry_run_all([(w, day), (late, {}), (w, day)], at_once=1)
    assert times(found) == [(0, 6), (6, 10), (10, 16)]
    assert [row.outcome for row in found.rows] == ["ok", "failed", "ok"]


def test_figures_are_those_of_the_whole() -> None:
    found = dry_run_all(days(5), at_once=2)
    assert found.took == minutes(18)
    assert found.work == 5 * minutes(8)
    assert found.utilisation == pytest.approx(30 / 36)
    assert found.whole.attempts == 15
    few = dry_run_all(days(1), at_once=4)
    assert few.utilisation == 1
    none = dry_run_all([])
    assert (none.end, none.work, none.utilisation, str(none)) == (0, timedelta(), 0, "0 runs")


# How runs end


def test_a_run_that_fails_stops_no_other() -> None:
    scenario = Scenario().task("joined", item="day=2026-06-02", fails="OSError")
    found = dry_run_all(days(3), at_once=1, scenario=scenario)
    assert [row.outcome for row in found.rows] == ["ok", "failed", "ok"]
    (fault,) = found.rows[1].faults
    assert isinstance(fault, Failed) and fault.path == "daily > joined"
    assert found.took == minutes(18)


def test_a_run_that_took_a_fallback_is_degraded_there() -> None:
    scenario = Scenario().task("rates", item="day=2026-06-02", fails="OSError")
    found = dry_run_all(days(3), scenario=scenario)
    assert [row.outcome for row in found.rows] == ["ok", "degraded", "ok"]
    assert found.rows[1].degraded == ("daily > par > rates",)


def test_after_one_that_failed_those_that_wait_for_it_are_blocked() -> None:
    scenario = Scenario().task("joined", item="day=2026-06-02", fails="OSError")
    found = dry_run_all(days(4), scenario=scenario, after_previous=True)
    assert [row.outcome for row in found.rows] == ["ok", "failed", "blocked", "blocked"]
    assert times(found) == [(0, 6), (6, 12), (None, 0), (None, 0)]
    assert found.took == found.whole.took == minutes(12)
    assert found.at_once == 1
    last = Scenario().task("joined", item="day=2026-06-04", fails="OSError")
    assert dry_run_all(days(4), scenario=last, after_previous=True).count("blocked") == 0


def test_a_timetable_says_that_runs_wait_for_each_other() -> None:
    for after_previous, took in ((False, minutes(6)), (True, minutes(18))):
        table = every_day(
            daily, at="02:00", tz="Europe/Berlin", param="day", after_previous=after_previous
        )
        runs = partitions(table, date(2026, 6, 1), date(2026, 6, 3))
        found = dry_run_all(runs)
        assert found.took == took
        assert [row.label for row in found.rows] == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert dry_run_all(runs, after_previous=False).took == minutes(6)


def test_runs_that_have_a_state_go_one_after_another_whether_they_fail_or_not() -> None:
    seen = state("seen", int, first=0)
    w: Any = named("w", seen.read >> one >> seen.move)
    scenario = Scenario().task("one", takes=minutes(2), fails="OSError")
    found = dry_run_all([(w, NONE)] * 3, at_once=3, scenario=scenario)
    assert times(found) == [(0, 2), (2, 4), (4, 6)]
    assert (found.at_once, found.count("failed")) == (1, 3)


# What is given


def test_paths_of_a_scenario_are_those_of_a_single_run() -> None:
    w: Any = named("w", const([1, 2]) >> map_each(one, key=it))
    scenario = (
        Scenario()
        .task("one", gives=1, takes=minutes(1))
        .at("w > map_each > one", takes=minutes(2))
        .at("w > map_each[2] > one", takes=minutes(7))
        .at("daily > joined", takes=minutes(3))
    )
    found = dry_run_all([(w, {}), *days(1), (w, {})], scenario=scenario)
    assert times(found) == [(0, 7), (0, 8), (0, 7)]


def test_each_run_draws_durations_of_its_own() -> None:
    scenario = Scenario().task("joined", takes=normal(minutes(9), minutes(1)))
    found = dry_run_all(days(5), scenario=scenario)
    assert len({row.lasted for row in found.rows}) == 5
    assert times(dry_run_all(days(5), scenario=scenario)) == times(found)


def test_parameters_may_be_any_objects_and_differ_from_run_to_run() -> None:
    class Vendor(str):
        pass

    mixed = [*days(2), *days(1, vendor=Vendor("y"))]
    found = dry_run_all(mixed, params={"vendor": "z"})
    assert [row.params.get("vendor") for row in found.rows] == ["z", "z", "y"]
    assert found.count("ok") == 3


def test_labels_are_told_apart() -> None:
    other: Any = named("other", orders)
    day = {"day": date(2026, 6, 1)}
    found = dry_run_all([(daily, day), (daily, day), (other, day), (const(1), {})])
    assert [row.label for row in found.rows] == [
        "daily day=2026-06-01", "daily day=2026-06-01 #2", "other day=2026-06-01", "run run",
    ]  # fmt: skip


def test_a_label_that_ends_like_a_number_stays_and_is_told_apart_from_numbers() -> None:
    w: Any = const(None) >> rates
    vendors = ("y", "y", "y #2", "y", "y #2")
    found = dry_run_all([(w, {"day": date(2026, 6, 1), "vendor": vendor}) for vendor in vendors])
    assert [row.label.removeprefix("day=2026-06-01 vendor=") for row in found.rows] == [
        "y", "y #3", "y #2", "y #4", "y #2 #2",
    ]  # fmt: skip
    assert found.count("ok") == 5


BAD: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (days(1), {"at_once": 0}, ValueError, r"at_once=0\): needs a number of runs, at least 1"),
    (days(1), {"at_once": True}, ValueError, r"at_once=True\): needs"),
    (days(1), {"workers": 0}, ValueError, r"dry_run_all\(workers=0\)"),
    (days(1), {"pools": {"dbs": 1}}, ValueError, "no pool 'dbs'|'db'"),
    (days(1), {"pools": {"db": 0}}, ValueError, "a pool's size is 1 or more"),
    (days(1), {"scenario": 3}, TypeError, "needs a Scenario"),
    (days(1), {"scenario": Scenario().task("ordrs")}, ScenarioError, "did you mean 'orders'"),
    ([daily], {}, TypeError, "needs runs, as partitions"),
    ([3], {}, TypeError, r"dry_run_all\(3\): needs runs, as partitions"),
    ([(daily, {})] * 3, {}, ValueError, r"daily and 2 more: daily > par > orders"),
    ([(daily, {"day": 3})], {}, ValueError, "'day' is given 3"),
    (days(2), {"params": {"nope": 3}}, ValueError, "day=2026-06-01 and 1 more: .*'nope'"),
]


@pytest.mark.parametrize(("runs", "more", "kind", "said"), BAD)
def test_bad_input_is_one_error(
    runs: Any, more: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        dry_run_all(runs, **more)


def test_what_fits_no_workflow_of_the_list_is_refused_and_what_fits_one_is_not() -> None:
    other: Any = named("other", const(None) >> orders)
    runs = [*days(1), (other, {"day": date(2026, 6, 1)})]
    dry_run_all(runs, scenario=Scenario().at("other > orders", takes=seconds(1)).task("orders"))
    with pytest.raises(ScenarioError, match="there is no task at 'other > rates'"):
        dry_run_all(runs, scenario=Scenario().at("other > rates").task("joined"))


# How it is told

TABLE = """\
4 runs, one after another: 12 min (16 min of work, 100% of the slots used): 1 degraded, 1 failed, \
2 blocked

day=2026-06-01  02:00:00  02:06:00  6 min  degraded: daily > par > rates
day=2026-06-02  02:06:00  02:12:00  6 min  ✗ daily > joined: OSError
day=2026-06-03         –         –      –  blocked by the one before it
day=2026-06-04         –         –      –  blocked by the one before it"""


def test_it_prints_as_a_table_with_a_row_for_each_run() -> None:
    found = dry_run_all(
        days(4),
        scenario=(
            Scenario()
            .task("rates", item="day=2026-06-01", fails="OSError")
            .task("joined", item="day=2026-06-02", fails="OSError")
        ),
        after_previous=True,
        start=datetime(2026, 7, 1, 2, tzinfo=UTC),
    )
    assert str(found).startswith(TABLE)
    assert [line.failed for line in found.lines()][:6] == [True, False, False, True, True, True]
    data = json.loads(found.json())
    assert (data["seconds"], data["at_once"], data["started"]) == (
        720.0, 1, "2026-07-01T02:00:00+00:00",
    )  # fmt: skip
    assert data["outcomes"] == {"ok": 0, "degraded": 1, "failed": 1, "blocked": 2}
    assert data["runs"][0] == {
        "label": "day=2026-06-01",
        "workflow": "daily",
        "params": {"day": "2026-06-01"},
        "start": 0.0,
        "end": 360.0,
        "outcome": "degraded",
        "degraded": ["daily > par > rates"],
        "faults": [],
    }
    assert data["runs"][1]["faults"][0]["leaves"][0]["path"] == "daily > joined"
    assert data["runs"][2]["start"] is None


def test_assumptions_are_told_once_for_all_runs() -> None:
    w: Any = named("w", some >> map_each(one))
    found = dry_run_all([(w, NONE)] * 3)
    assert [each.path for each in found.assumed] == ["w > map_each"]
    assert str(found).endswith("  w > map_each: the list has one item")


def test_of_many_runs_the_first_are_shown() -> None:
    w: Any = fail("Closed")
    lines = [line.text for line in dry_run_all([(w, NONE)] * 1_003).lines()]
    assert len(lines) == 1_003
    assert lines[-1] == "… and 3 runs more"
    assert lines[2].endswith("✗ fail: Closed")
    assert isinstance(dry_run_all([(w, NONE)]).rows[0].result, Failure)
