"""Recorded executions: imported exactly, and dry runs of them held against the recorded times."""

import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from returns.result import Success

from fwf import dry_run, par, run, seq
from fwf.algebra.nodes import Graph
from fwf.algebra.traverse import walk
from fwf.algebra.workflow import Workflow
from tests.sizes import sizes
from tests.testing.wfformat import MAX_TOLD, Recorded, WfFormatError, from_json, load, recorded

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "wfinstances"
EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((FOLDER / "expected.json").read_text()) if FOLDER.is_dir() else {}
)
needs_traces = pytest.mark.skipif(not EXPECTED, reason="no recorded traces beside the checkout")
each_trace = pytest.mark.parametrize("name", EXPECTED or ["none"])
MICROSECOND = timedelta(microseconds=1)


@cache
def trace(name: str) -> Recorded:
    return load(FOLDER / name)


def graph_of(w: Workflow[Any, Any]) -> Graph[Any, Any]:
    return next(here.node for here in walk(w) if isinstance(here.node, Graph))


def ancestors(graph: Graph[Any, Any]) -> list[int]:
    """For each step, as bits, those that come before it."""
    found: list[int] = []
    for step in graph.steps:
        before = 0
        for at in step.after:
            before |= found[at] | 1 << at
        found.append(before)
    return found


# What is imported


@needs_traces
@each_trace
def test_a_trace_has_the_recorded_tasks_and_each_has_exactly_its_parents(name: str) -> None:
    specification = json.loads((FOLDER / name).read_text())["workflow"]["specification"]
    steps = graph_of(trace(name).workflow).steps
    ids = [step.body.config["task"] for step in steps]
    imported = {ids[at]: {ids[each] for each in step.after} for at, step in enumerate(steps)}
    assert imported == {task["id"]: set(task["parents"]) for task in specification["tasks"]}
    assert all(not step.inputs for step in steps)


@needs_traces
@each_trace
def test_a_trace_has_as_many_tasks_edges_ordered_pairs_and_work_as_counted(name: str) -> None:
    found, expected = trace(name), EXPECTED[name]
    assert (found.tasks, found.edges) == (expected["tasks"], expected["edges"])
    pairs = sum(before.bit_count() for before in ancestors(graph_of(found.workflow)))
    assert pairs == expected["ordered_pairs"]
    assert found.work.total_seconds() == pytest.approx(expected["total_work_s"], abs=1e-6)


@needs_traces
@each_trace
def test_a_trace_survives_pickling(name: str) -> None:
    found = trace(name)
    again = pickle.loads(pickle.dumps(found))
    assert again == found and again.workflow == found.workflow


def test_tasks_keep_their_recorded_order_where_the_edges_allow_it() -> None:
    found = from_json(document([("d", ["b"]), ("a", []), ("c", []), ("b", ["c"])]))
    assert [step.body.name for step in graph_of(found.workflow).steps] == ["a", "c", "b", "d"]


def test_the_workflow_gives_what_its_last_tasks_give() -> None:
    found = from_json(document([("a", []), ("b", ["a"]), ("c", ["a"])]))
    assert dry_run(found.workflow, scenario=found.scenario).result == Success((None, None))


def test_a_trace_without_tasks_is_a_workflow_that_does_nothing() -> None:
    found = from_json(document([]))
    told = dry_run(found.workflow, scenario=found.scenario)
    assert (told.result, told.end, told.attempts, found.work) == (Success(()), 0, 0, timedelta(0))


def test_ids_that_paths_cannot_hold_stay_apart() -> None:
    ids = ["a#1", "a%231", "a>b", "[c]", "x\ny", "\ud800", "é ☃"]
    found = from_json(document([(each, []) for each in ids]))
    names = [step.body.name for step in graph_of(found.workflow).steps]
    assert names == ["a%231", "a%25231", "a%3Eb", "%5Bc%5D", "x%0Ay", "%ED%A0%80", "é ☃"]
    told = dry_run(found.workflow, scenario=found.scenario)
    assert sorted({event.path for event in told.events}) == sorted(f"made up > {n}" for n in names)


def test_tasks_of_one_name_are_told_apart_by_their_ids() -> None:
    data = json.loads(document([("a", []), ("b", [])]))
    for task in data["workflow"]["specification"]["tasks"]:
        task["name"] = "align"
    found = from_json(json.dumps(data))
    bodies = [step.body for step in graph_of(found.workflow).steps]
    assert bodies == [recorded(program="align", task=each) for each in ("a", "b")]


def test_runtimes_are_read_to_the_microsecond_without_binary_fractions() -> None:
    text = document([("a", []), ("b", ["a"]), ("c", ["b"])])
    for given_, written in (("1.0", "0.1"), ("2.0", "0.2000004"), ("3.0", "3e-1")):
        text = text.replace(f'"runtimeInSeconds": {given_}', f'"runtimeInSeconds": {written}')
    found = from_json(text)
    assert found.work == dry_run(found.workflow, scenario=found.scenario).took
    assert found.work // MICROSECOND == 600_000


def test_an_edge_that_is_listed_twice_is_one_edge() -> None:
    found = from_json(document([("a", []), ("b", ["a", "a", "c"]), ("c", [])]))
    assert (found.edges, [step.after for step in graph_of(found.workflow).steps]) == (
        2,
        [(), (), (0, 1)],
    )
    assert dry_run(found.workflow, scenario=found.scenario).took == timedelta(seconds=3 + 2)


def test_a_recorded_task_is_never_run() -> None:
    found = from_json(document([("a", [])]))
    assert "recorded task" in str(run(found.workflow).failure())


# How long it takes


@needs_traces
@each_trace
def test_with_unlimited_workers_a_dry_run_takes_the_recorded_critical_path(name: str) -> None:
    found = trace(name)
    told = dry_run(found.workflow, scenario=found.scenario)
    expected = pytest.approx(EXPECTED[name]["critical_path_s"], abs=1e-6)
    assert told.end / 1e6 == expected
    assert sum(event.end - event.start for event in told.critical_path) / 1e6 == expected
    assert told.attempts == EXPECTED[name]["tasks"] and not told.assumed


@needs_traces
@each_trace
@pytest.mark.parametrize("workers", [1, 2, 3, 8, 64])
def test_with_m_workers_a_dry_run_lies_within_grahams_bounds(name: str, workers: int) -> None:
    found = trace(name)
    told = dry_run(found.workflow, scenario=found.scenario, workers=workers)
    path, work = EXPECTED[name]["critical_path_s"], EXPECTED[name]["total_work_s"]
    assert max(path, work / workers) - 1e-6 <= told.end / 1e6 <= work / workers + path + 1e-6
    assert_is_a_greedy_schedule(found, told, workers)


@needs_traces
@each_trace
def test_one_worker_does_all_the_work_in_turn(name: str) -> None:
    found = trace(name)
    assert dry_run(found.workflow, scenario=found.scenario, workers=1).took == found.work


@needs_traces
@each_trace
def test_dry_runs_of_a_trace_are_alike_to_the_last_event(name: str) -> None:
    first, second = load(FOLDER / name), load(FOLDER / name)
    for workers in (None, 8):
        runs = [dry_run(t.workflow, scenario=t.scenario, workers=workers) for t in (first, second)]
        assert runs[0].json() == runs[1].json()


@needs_traces
@each_trace
def test_a_series_parallel_trace_takes_the_same_written_with_seq_and_par(name: str) -> None:
    found = trace(name)
    graph = graph_of(found.workflow)
    written = in_series_and_parallel(graph)
    assert (written is not None) == EXPECTED[name]["series_parallel"]
    if written is not None:
        assert times(written, found) == times(found.workflow, found)


def times(w: Workflow[Any, Any], found: Recorded) -> list[tuple[str, int, int]]:
    told = dry_run(w, scenario=found.scenario)
    return sorted((event.task, event.start, event.end) for event in told.events)


def in_series_and_parallel(graph: Graph[Any, Any]) -> Workflow[Any, Any] | None:
    """The order of a graph's steps with seq and par alone; None if it has an N in it."""
    before = ancestors(graph)

    def built(steps: list[int]) -> Workflow[Any, Any] | None:
        if len(steps) == 1:
            return graph.steps[steps[0]].body
        for combined, related in ((par, ordered), (seq, unordered)):
            groups = components(steps, related)
            if len(groups) > 1:
                parts = [built(group) for group in groups]
                return None if None in parts else combined(*parts)  # type: ignore[operator]
        return None

    def ordered(one: int, other: int) -> bool:
        return bool(before[max(one, other)] >> min(one, other) & 1)

    def unordered(one: int, other: int) -> bool:
        return not ordered(one, other)

    return built(list(range(len(graph.steps))))


def components(steps: list[int], related: Callable[[int, int], bool]) -> list[list[int]]:
    """Steps that are related, directly or not, together; by their first."""
    left, groups = dict.fromkeys(steps), list[list[int]]()
    while left:
        todo, group = [next(iter(left))], list[int]()
        del left[todo[0]]
        while todo:
            at = todo.pop()
            group.append(at)
            near = [other for other in left if related(at, other)]
            todo.extend(near)
            for other in near:
                del left[other]
        groups.append(sorted(group))
    return sorted(groups)


def assert_is_a_greedy_schedule(found: Recorded, told: Any, workers: int) -> None:
    """Nobody before his parents, no more at once than may be, and nobody idle without reason."""
    at = {event.task: event for event in told.events}
    steps = graph_of(found.workflow).steps
    ready = {
        step.body.name: max((at[steps[each].body.name].end for each in step.after), default=0)
        for step in steps
    }
    assert all(at[name].start >= time for name, time in ready.items())
    changes = sorted(
        change
        for event in told.events
        if event.end > event.start
        for change in ((event.start, 1), (event.end, -1))
    )
    busy, full = 0, list[tuple[int, int]]()
    since: int | None = None
    for time, change in changes:
        busy += change
        assert busy <= workers
        if busy == workers and since is None:
            since = time
        elif busy < workers and since is not None:
            full.append((since, time))
            since = None
    spans = joined(full)
    for name, time in ready.items():
        if at[name].start > time:
            assert any(first <= time and at[name].start <= last for first, last in spans), name


def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch ⟶ as one."""
    found: list[tuple[int, int]] = []
    for first, last in spans:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


# Any graph at all


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[list[int]], list[int]]:
    """A made-up trace, its edges from each task to earlier ones, and runtimes in microseconds."""
    count = draw(st.integers(0, 12))
    parents = [
        sorted(draw(st.sets(st.integers(0, at - 1), max_size=4))) if at else []
        for at in range(count)
    ]
    micros = draw(st.lists(st.integers(0, 5) | st.integers(0, 10**10), min_size=count))[:count]
    order = draw(st.permutations(range(count)))
    tasks = [(f"t{at}", [f"t{each}" for each in parents[at]]) for at in order]
    return document(tasks, {f"t{at}": micros[at] / 1e6 for at in order}), parents, micros


@given(documents(), st.integers(1, 4))
def test_any_graph_takes_its_longest_path_and_on_m_workers_no_more_than_greed_allows(
    made: tuple[str, list[list[int]], list[int]], workers: int
) -> None:
    text, parents, micros = made
    ends: list[int] = []
    for before, took in zip(parents, micros, strict=True):
        ends.append(took + max((ends[at] for at in before), default=0))
    longest, work = max(ends, default=0), sum(micros)
    found = from_json(text)
    told = dry_run(found.workflow, scenario=found.scenario)
    assert told.end == longest
    assert {e.task: e.end for e in told.events} == {f"t{at}": end for at, end in enumerate(ends)}
    limited = dry_run(found.workflow, scenario=found.scenario, workers=workers)
    assert max(longest * workers, work) <= limited.end * workers
    assert limited.end * workers <= work + (workers - 1) * longest  # Graham 1969
    assert_is_a_greedy_schedule(found, limited, workers)


@sizes(deep=20_000)
def test_a_chain_of_tasks_recorded_last_first_is_imported(size: int) -> None:
    tasks = [(f"t{at}", [f"t{at - 1}"] if at else []) for at in reversed(range(size))]
    found = from_json(document(tasks, {f"t{at}": 1 for at in range(size)}))
    assert dry_run(found.workflow, scenario=found.scenario).end == size * 10**6


# What can't be used


def document(
    tasks: list[tuple[str, list[str]]], takes: dict[str, float] | None = None, **top: Any
) -> str:
    """A trace with tasks and their parents; the n-th takes n seconds if nothing is said."""
    children: dict[str, list[str]] = {}
    for name, parents in tasks:
        for parent in parents:
            children.setdefault(parent, []).append(name)
    specified = [
        {"name": name, "id": name, "parents": parents, "children": children.get(name, [])}
        for name, parents in tasks
    ]
    seconds = takes or {name: float(n) for n, (name, _) in enumerate(tasks, 1)}
    ran = [{"id": name, "runtimeInSeconds": took} for name, took in seconds.items()]
    workflow = {"specification": {"tasks": specified}, "execution": {"tasks": ran}}
    said = {"name": "made up", "schemaVersion": "1.5", "workflow": workflow, **top}
    return json.dumps(said)


GOOD = document([("split", []), ("align", ["split"]), ("merge", ["align"])])
SPEC, RUNS = "workflow.specification.tasks", "workflow.execution.tasks"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"1.5"', '"1.4"', "schemaVersion: is '1.4': only WfFormat 1.5 is read"),
        ('"schemaVersion": "1.5", ', "", "schemaVersion: is missing"),
        ('"made up"', "7", "name: needs a text that isn't empty, not 7"),
        ('"specification"', '"spec"', "workflow.specification: needs an object, but is missing"),
        ('"execution"', '"ran"', "workflow.execution: is missing: without it nobody knows"),
        ('"id": "split", ', "", f"{SPEC}[0].id: needs a text that isn't empty, but is missing"),
        ('["split"], "children"', '"split", "children"', f"{SPEC}[1].parents: needs a list, not"),
        ('"parents": ["split"]', '"parents": ["spilt"]', "no task; did you mean 'split'?"),
        ('"children": ["align"]', '"children": ["algin"]', "no task; did you mean 'align'?"),
        (
            '"parents": ["split"]',
            '"parents": []',
            f"{SPEC}[0] (split): names 'align' as a child, which doesn't name it as a parent",
        ),
        (
            '"children": ["align"]',
            '"children": []',
            f"{SPEC}[1] (align): names 'split' as a parent, which doesn't name it as a child",
        ),
        ('"name": "align", "id": "align"', '"name": "a", "id": "split"', "id of task 0 as well"),
        ('{"id": "split", "run', '{"id": "align", "run', "'align' has a runtime already"),
        ('{"id": "split", "run', '{"id": "splits", "run', "there is no task 'splits'; did you"),
        ('{"id": "split", "run', '{"id": "splits", "run', f"no runtime in {RUNS}; did you mean"),
        ("2.0", "-2.0", f"{RUNS}[1] (align).runtimeInSeconds: -2.0 seconds is no"),
        ("2.0", "NaN", f"{RUNS}[1] (align).runtimeInSeconds: NaN seconds is no runtime"),
        ("2.0", "-Infinity", "-Infinity seconds is no runtime; it is from 0 to a year"),
        ("2.0", "1e999999", "1e+999999 seconds is no runtime; it is from 0 to a year"),
        ("2.0", '"2 s"', "runtimeInSeconds: needs a number of seconds, not '2 s'"),
        ("2.0", "true", "runtimeInSeconds: needs a number of seconds, not True"),
        ('"runtimeInSeconds": 2.0', '"took": 2', "needs a number of seconds, but is missing"),
        ('"name": "align"', '"name": "a", "name": "b"', "the key 'name' is given twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_trace_is_told_with_its_place(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(WfFormatError) as told:
        from_json(GOOD.replace(old, new, 1))
    assert said in str(told.value)
    assert str(told.value).startswith("trace: ")


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000, '"\ud800'])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(WfFormatError, match="isn't JSON"):
        from_json(text)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"x"', '{"schemaVersion": [1.5]}', "{}"])
def test_json_that_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(WfFormatError, match=r"needs an object|only WfFormat 1\.5 is read"):
        from_json(text)


def test_everything_wrong_is_told_at_once() -> None:
    text = GOOD.replace("2.0", "-2").replace("3.0", "null").replace('"made up"', '""')
    with pytest.raises(WfFormatError) as told:
        from_json(text)
    assert len(told.value.problems) == 3
    assert all(part in str(told.value) for part in ("\n  name:", "(align)", "(merge)"))


def test_past_some_number_problems_are_only_counted() -> None:
    text = document([(f"t{n}", []) for n in range(1_000)], {f"t{n}": -1 for n in range(1_000)})
    with pytest.raises(WfFormatError) as told:
        from_json(text)
    assert len(told.value.problems) == MAX_TOLD + 1
    assert str(told.value).endswith("… and 950 more")


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([("a", ["a"])], "a cycle: a → a;"),
        ([("a", []), ("b", ["a", "d"]), ("c", ["b"]), ("d", ["c"])], "a cycle: b → c → d → b;"),
        ([("after", ["x"]), ("x", ["y"]), ("y", ["x"])], "a cycle: x → y → x;"),
    ],
)
def test_a_cycle_is_named(tasks: list[tuple[str, list[str]]], said: str) -> None:
    with pytest.raises(WfFormatError) as told:
        from_json(document(tasks))
    assert f"{SPEC}: {said}" in str(told.value)


def test_of_a_long_cycle_the_ends_are_named() -> None:
    count = 20_000
    tasks = [(f"t{at}", [f"t{(at - 1) % count}"]) for at in range(count)]
    with pytest.raises(WfFormatError) as told:
        from_json(document(tasks))
    assert "→ … 19,994 more … →" in str(told.value) and len(str(told.value)) < 200


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe")
    cases = [
        (str(tmp_path / "none.json"), "can't be read: No such file"),
        (str(tmp_path), "can't be read: Is a directory"),
        (str(binary), "isn't text in UTF-8"),
        ("a\0b", "can't be read: embedded null byte"),
    ]
    for path, said in cases:
        with pytest.raises(WfFormatError) as told:
            load(path)
        assert said in str(told.value)


def test_a_problem_in_a_file_begins_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text(GOOD.replace("2.0", "-2"))
    with pytest.raises(WfFormatError) as told:
        load(path)
    assert str(told.value).startswith(f"{path}: {RUNS}[1] (align)")
