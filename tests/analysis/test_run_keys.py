"""What changes a run's key and its steps' keys, and what doesn't: a table, and each rule of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from returns.result import Failure

from fwf import (
    Attempt,
    IdempotencyKey,
    RunInfo,
    Workflow,
    const,
    dry_run,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    pure,
    register_codec,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.analysis.run_keys import name_of
from fwf.faults import BadInput
from fwf.interpreters.run import execute
from fwf.records import changed
from fwf.testing.generated_pieces import renaming

DAY = date(2026, 6, 1)
seen: list[tuple[str, str, str | None]] = []


@task(effect="idempotent")
def load(x: Any, *, key: IdempotencyKey, run: RunInfo) -> Any:
    seen.append((run.path, key, run.run_key))
    return x


def daily(only: str = "all", tag: str = "a", version: str = "1") -> Any:
    """A task that takes a day, which must be given, and what may be left out."""

    @task(effect="idempotent", name="daily_load", version=version, config={"tag": tag})
    def daily_load(
        x: Any, *, day: date, only: str = only, key: IdempotencyKey, run: RunInfo
    ) -> Any:
        seen.append((run.path, key, run.run_key))
        return x

    return daily_load


@task(effect="read")
def by_region(*, region: str = "all") -> Any: ...


@task(effect="read")
def of_region(*, region: str) -> Any:
    return region


def keys(w: Workflow[Any, Any], value: Any = None, **given: Any) -> list[tuple[str, str]]:
    """The paths and the keys that tasks were told."""
    seen.clear()
    run(w, value, workers=1, **given).unwrap()
    return [(path, key) for path, key, _ in seen]


def run_key(w: Workflow[Any, Any], value: Any = None, **given: Any) -> str | None:
    """The run's key, as all its tasks were told."""
    keys(w, value, **given)
    (one,) = {key for _, _, key in seen}
    return one


Given = tuple[Workflow[Any, Any], Any, Mapping[str, Any]]
FLOW = named("daily", daily())
JUNE: dict[str, Any] = {"params": {"day": DAY}}


def ran(w: Any = FLOW, value: Any = 1, **given: Any) -> Given:
    return w, value, {**JUNE, **given}


WITH_ONLY = {"day": DAY, "only": "T07"}
TABLE: list[tuple[str, bool, Given, Given]] = [
    # what changes, whether the run's key does, before, after
    ("nothing", False, ran(), ran()),
    ("the name", True, ran(), ran(named("nightly", daily()))),
    ("a required parameter", True, ran(), ran(params={"day": date(2026, 6, 2)})),
    ("an optional parameter", False, ran(), ran(params=WITH_ONLY)),
    ("a default given explicitly", False, ran(), ran(params={"day": DAY, "only": "all"})),
    ("a default", False, ran(), ran(named("daily", daily(only="none")))),
    ("the input", True, ran(), ran(value=2)),
    ("the input's type", True, ran(), ran(value=True)),
    ("the order in a dictionary", False, ran(value={1: 2, 3: 4}), ran(value={3: 4, 1: 2})),
    ("the caller's key", True, ran(key="a"), ran(key="b")),
    ("a key instead of none", True, ran(), ran(key="a")),
    ("a required parameter under a key", False, ran(key="a"),
     ran(key="a", params={"day": date(2026, 6, 2)})),
    ("the input under a key", True, ran(key="a"), ran(value=2, key="a")),
    ("an input without a form under a key", False, ran(value=object(), key="a"),
     ran(value=object(), key="a")),
    ("a key that looks like a parameter", True, ran(key="params"), ran()),
    ("the version of a task", False, ran(), ran(named("daily", daily(version="2")))),
    ("the config of a task", False, ran(), ran(named("daily", daily(tag="b")))),
    ("notes", False, ran(), ran(named("daily", daily(), owner="sales"))),
    ("a retry", False, ran(), ran(named("daily", retry(daily(), attempts=3)))),
    ("a retry around the name", False, ran(), ran(retry(FLOW, attempts=3))),
    ("a timeout around the name", False, ran(), ran(timeout(FLOW, seconds(60)))),
    ("a pool around the name", False, ran(), ran(in_pool(FLOW, "p"))),
    ("another resource", False, ran(), ran(renaming(FLOW, db="eu"))),
    ("a parameter bound", True, ran(), ran(with_params(FLOW, day=DAY), params={})),
    ("a parameter more", True, ran(),
     ran(named("daily", daily() >> of_region), params={"day": DAY, "region": "eu"})),
    ("an optional parameter more", False, ran(), ran(named("daily", daily() >> by_region))),
    ("an edit beside, in one with a name", False, ran(named("daily", daily() >> const(1))),
     ran(named("daily", daily() >> const(2)))),
    ("an edit beside, in one without a name", True, ran(daily() >> const(1)),
     ran(daily() >> const(2))),
    ("notes of one without a name", False, ran(daily() >> named("x", const(1))),
     ran(daily() >> named("x", const(1), owner="sales"))),
    ("the version of a task that is the workflow", False, ran(daily()), ran(daily(version="2"))),
    ("an observer", False, ran(), ran(observe=len)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "other", "old", "new"), TABLE, ids=[row[0] for row in TABLE])
def test_what_changes_the_key_of_a_run(what: str, other: bool, old: Given, new: Given) -> None:
    (w, value, given), (w2, value2, given2) = old, new
    before, path = run_key(w, value, **given), seen[0][0]
    first = seen[0][1]
    after = run_key(w2, value2, **given2)
    assert before is not None and after is not None
    assert (before != after) is other
    assert path != seen[0][0] or (first != seen[0][1]) is other


def test_a_step_has_a_key_for_its_run_its_path_its_item_and_its_round() -> None:
    rounds = loop_until(load, it > 9, limit=2, on_limit="stop")
    items = const(["a", "b"]) >> map_each(load, key=it)
    w = named("daily", par(load, load, named("part", load), rounds, items))
    first = keys(w, 1)
    assert len({key for _, key in first}) == len({path for path, _ in first}) == 7
    assert keys(w, 1) == first
    assert not {key for _, key in keys(w, 2)} & {key for _, key in first}


def test_attempts_and_the_order_of_items_are_no_part_of_a_key() -> None:
    @task(effect="idempotent")
    def fails(x: Any, *, key: IdempotencyKey, run: RunInfo) -> Any:
        seen.append((run.path, key, run.run_key))
        raise ConnectionError

    seen.clear()
    run(named("daily", retry(retry(fails, attempts=2), attempts=2)), 1).failure()
    assert len(seen) == 4 and len(set(seen)) == 1
    turned = [
        dict(keys(named("d", const([*items]) >> map_each(load, key=it)))) for items in ("ab", "ba")
    ]
    assert turned[0] == turned[1]


# What has no canonical form


class Frame:
    def __repr__(self) -> str:
        raise AssertionError("never by repr")


@dataclass
class Options:
    limit: int
    frame: object = None


@task(effect="idempotent")
def tuned(x: Any, *, options, key: IdempotencyKey) -> Any:  # type: ignore[no-untyped-def]
    return x


@pytest.mark.parametrize("whole", [load, named("daily", load), par(load, load), map_each(load)])
def test_an_input_that_can_not_name_the_run_is_told_before_anything_runs(whole: Any) -> None:
    seen.clear()
    w = named("daily", identity >> whole)
    fault = run(w, [{"rows": Frame()}]).failure()
    assert isinstance(fault, BadInput) and seen == []
    said = str(fault)
    asks = "load asks for an IdempotencyKey, but nothing names this run"
    assert f"{asks}: the input[0]['rows']" in said
    assert said.startswith("daily") and "is of the class Frame" in said and "key='…'" in said
    assert dry_run(w, [{"rows": Frame()}]).result == Failure(fault)
    run(w, [{"rows": Frame()}], key="2026-06-01").unwrap()
    assert seen


def test_all_that_can_not_name_the_run_is_told_at_once() -> None:
    given: Any = {"options": Options(1, Frame())}
    said = str(run(named("daily", tuned), Frame(), params=given).failure())
    assert "the input is of the class Frame" in said
    assert "parameter 'options'.frame is of the class Frame" in said


def test_nobody_pays_who_asks_for_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("nobody asked")

    monkeypatch.setattr("fwf.analysis.run_keys.canonical", asked)
    monkeypatch.setattr("fwf.analysis.run_keys.definition_id", asked)
    monkeypatch.setattr("fwf.interpreters.run.doing.run_id", asked)

    @task(effect="read")
    def plain(x: Any, *, attempt: Attempt) -> Any:
        return x

    for w in (plain, plain >> identity, retry(plain, attempts=2, wait=seconds(1))):
        frame = Frame()
        assert run(w, frame).unwrap() is frame
        dry_run(w, frame)
    with pytest.raises(AssertionError, match="nobody asked"):
        run(load, 1)


def test_a_task_that_changes_its_input_changes_no_key() -> None:
    @task(effect="read")
    def spoils(x: list[int]) -> list[int]:
        x.append(1)
        return x

    w = named("daily", spoils >> load)
    assert keys(w, [1]) == keys(w, [1])


class Money:
    def __init__(self, amount: int) -> None:
        self.amount = amount


def test_a_registered_codec_names_an_input() -> None:
    assert isinstance(run(named("daily", load), Money(1)).failure(), BadInput)
    register_codec(Money, name="money of keys", to_plain=lambda m: m.amount, from_plain=Money)
    w = named("daily", load)
    assert keys(w, Money(1)) == keys(w, Money(1)) != keys(w, Money(2))


def test_run_info_has_no_run_key_where_nothing_names_the_run() -> None:
    @task(effect="read")
    def where(x: Any, *, run: RunInfo) -> RunInfo:
        return run

    info = run(where, Frame()).unwrap()
    assert info.run_key is None and len(info.run_id) == 36
    one, other = (run(where, Frame(), key="a").unwrap().run_key for _ in "ab")
    assert one is not None and one == other


@pytest.mark.parametrize("call", [run, execute, dry_run])
@pytest.mark.parametrize(("key", "error"), [(5, TypeError), ("", ValueError), ("  ", ValueError)])
def test_a_key_that_is_no_text_is_refused(call: Any, key: Any, error: Any) -> None:
    where = "dry_run" if call is dry_run else "run"
    with pytest.raises(error, match=rf"{where}\(key=.*needs a text that names the run"):
        call(identity, 1, key=key)


def test_facts_are_told_whatever_is_written_around_their_types() -> None:
    @task(effect="read")
    def asks(*, attempt: Attempt | None = None, key: IdempotencyKey | None = None) -> Any:
        return attempt, key

    attempt, key = run(named("daily", asks)).unwrap()
    assert type(attempt) is Attempt and attempt == 1 and type(key) is IdempotencyKey
    assert asks.contract.keyed and not pure_task.contract.keyed


@task(effect="pure")
def pure_task(x: int) -> int:
    return x


# What tells every run apart


def test_every_run_has_an_id_of_its_own_and_later_ones_have_greater_ones() -> None:
    @task(effect="read")
    def which(*, run: RunInfo) -> RunInfo:
        return run

    infos = [run(which).unwrap() for _ in range(200)]
    ids = [info.run_id for info in infos]
    assert len(set(ids)) == len(ids) and len({info.run_key for info in infos}) == 1
    by_start = sorted(infos, key=lambda info: info.started)
    assert all(
        one.run_id < other.run_id
        for one, other in pairwise(by_start)
        if one.started < other.started
    )
    assert all(text[14] == "7" and text[19] in "89ab" and len(text) == 36 for text in ids)


def test_all_tasks_of_a_run_are_told_one_id() -> None:
    @task(effect="read")
    def which(x: Any, *, run: RunInfo) -> str:
        return run.run_id

    assert len(set(run(map_each(which), [1, 2, 3]).unwrap())) == 1


# What a workflow's runs are called


@pytest.mark.parametrize(
    ("w", "name"),
    [
        (named("daily", load), "daily"),
        (load, "load"),
        (retry(timeout(named("daily", load), seconds(1)), attempts=2), "daily"),
        (in_pool(renaming(named("daily", load), db="x"), "p"), "daily"),
        (retry(load, attempts=2), "load"),
        (load >> identity, None),
        (par(named("daily", load)), None),
        (pure(it), None),
        (named("daily", named("part", load)), "daily"),
    ],
)  # fmt: skip
def test_a_workflow_is_called_by_its_name_through_what_adds_nothing_to_paths(
    w: Workflow[Any, Any], name: str | None
) -> None:
    assert name_of(w) == name


def test_a_workflow_of_other_tasks_under_one_name_keeps_its_run_key() -> None:
    old = named("daily", load >> const(1))
    new = named("daily", changed(load, version="2") >> load >> const(1))
    assert run_key(old, 1) == run_key(new, 1)
    seen.clear()
