"""The kit itself: a local run of each case is its dry run, every shape comes up, and what differs
is seen."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Result, Success

from fwf import definition_id
from fwf.algebra.checked_fields import checked_name
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Node,
    Par,
    Retry,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import walk
from fwf.faults import Failed, Fault
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run import execute
from tests.cli_support import ROOT, environment
from tests.engines.kit import (
    Case,
    Tally,
    assert_same,
    case_of,
    cases,
    differences,
    end_of_outcome,
    end_of_result,
    how_many,
    options,
)
from tests.engines.kit.options import Part
from tests.engines.kit.texts import PIECES, Hostile
from tests.engines.routing import Routing

COUNT = how_many(150)


def run_here(case: Case) -> Result[Any, Fault]:
    return execute(
        case.workflow, case.value, params=case.params, key=case.key,
        resources=case.resources, pools=case.pools,
    ).result  # fmt: skip


def test_a_local_run_of_each_case_is_its_dry_run() -> None:
    tally = Tally(options())
    for case in cases(COUNT):
        assert_same(case, end_of_result(run_here(case)))
        tally.add(case.happens)
    tally.check()


@pytest.mark.parametrize("hostile", [False, True])
def test_what_workers_do_call_by_call_is_the_dry_run(tmp_path: Path, hostile: bool) -> None:
    places = Places(None, Objects(f"file://{tmp_path}"))
    for case in cases(COUNT // 2, options(limit=2_000, hostile=hostile)):
        engine = Routing(
            case.workflow, loaded=case.loaded, places=places, limit=1_900, most=3
        )  # fmt: skip
        out = engine.run(case.start)["out"]
        end = end_of_outcome(case, out, places.blobs)
        assert_same(case, end, degraded=out.get("degraded", ()))


def nodes_of(case: Case) -> list[type[Node]]:
    return [type(here.node) for here in walk(case.workflow)]


def test_hostile_cases_are_cases_with_the_nodes_of_their_twins() -> None:
    tally = Tally(options(hostile=True))
    for case in cases(COUNT // 2, options(hostile=True)):
        assert_same(case, end_of_result(run_here(case)))
        tally.add(case.happens)
        mine, others = (
            [type(here.node) for here in walk(each.workflow)] for each in (case, case.twin)
        )
        assert mine == others
    tally.check()


def test_hostile_texts_have_marks_and_are_the_same_each_time() -> None:
    pieces = Counter[str]()
    for seed in range(300):
        texts = Hostile(seed)
        said = [texts.text("a"), texts.name("a"), texts.text("b")]
        assert said == [Hostile(seed).text("a"), texts.name("a"), texts.text("b")]
        assert all(f"h{at}q" in each for at, each in enumerate(said))
        checked_name(said[1], "test")
        pieces.update(piece for piece in PIECES if piece in said[0])
    assert len(pieces) > len(PIECES) * 0.9


NODES: dict[Part, type[Node]] = {
    "always": Always, "as_result": AsResult, "branch": Branch, "delay": Delay,
    "extension": Extension, "fail": Fail, "fallback": Fallback, "from_result": FromResult,
    "graph": Graph, "in_pool": InPool, "loop_until": LoopUntil, "map_each": MapEach, "par": Par,
    "param": WithParams, "retry": Retry, "timeout": Timeout,
}  # fmt: skip


@pytest.mark.parametrize("part", NODES)
def test_what_is_left_out_is_not_there(part: Part) -> None:
    given, found = options(without=(part, "using") if part == "param" else (part,)), NODES[part]
    for case in cases(60, given):
        nodes = [here.node for here in walk(case.workflow)]
        assert not any(isinstance(node, found) for node in nodes if node is not case.workflow)


def test_what_is_not_left_out_is_there() -> None:
    there = {type(here.node) for case in cases(60) for here in walk(case.workflow)}
    assert {*NODES.values()} - {Extension} <= there
    assert any(issubclass(each, Extension) for each in there)


def test_a_case_is_the_same_in_another_process(tmp_path: Path) -> None:
    given = options(limit=500)
    path = environment(PYTHONPATH=f"{ROOT}:{tmp_path}")
    for seed in (7, 40, 91):
        case = case_of(seed, given)
        module, _, _ = case.write(tmp_path).partition(":")
        run = f"""
from {module} import case
from tests.engines.kit import assert_same, end_of_result
from tests.engines.kit.test_kit import run_here
assert_same(case, end_of_result(run_here(case)))
print(definition_id(case.workflow))
"""
        code = f"from fwf import definition_id{run}"
        done = subprocess.run(
            [sys.executable, "-c", code], env=path, capture_output=True, text=True
        )
        assert done.stdout.strip() == definition_id(case.workflow), done.stderr
        assert not differences(case, end_of_result(case.dry.result))


def test_options_that_are_none_are_refused() -> None:
    wrong: Any = ("retries",)
    with pytest.raises(ValueError, match="there are no parts"):
        options(without=wrong)


def test_a_shape_that_never_came_up_fails_a_suite() -> None:
    tally = Tally(options())
    tally.add(case_of(0).happens)
    with pytest.raises(AssertionError, match=r"never came up: .*a value of 0\.9 × the limit"):
        tally.check()


# What differs is seen


@pytest.fixture
def ran() -> Case:
    case = case_of(31)
    assert_same(case, end_of_result(run_here(case)))
    assert len(case.dry.events) > 3
    return case


def test_another_end_is_seen(ran: Case) -> None:
    other = Failure(Failed("kit", ("KeyError",), "")), Success(0.0), Success(None)
    for each in other:
        assert "it ends with" in differences(ran, end_of_result(each))[0]


def test_another_place_that_is_degraded_is_seen(ran: Case) -> None:
    found = differences(ran, ("ok", None), degraded=["kit > elsewhere"])
    assert any("it is degraded at ['kit > elsewhere']" in each for each in found)


def changed_lines(case: Case, change: Any) -> list[str]:
    lines = case.lines()
    case.actor.clear()
    for line in change(lines):
        case.actor.note(line)
    return differences(case, end_of_result(case.dry.result))


def test_an_attempt_that_is_missing_or_one_too_many_is_seen(ran: Case) -> None:
    lines = ran.lines()
    missing = changed_lines(ran, lambda lines: lines[:-2])
    assert "missing 1 times" in missing[0]
    more = changed_lines(ran, lambda _: [*lines, *lines[-2:]])
    assert "too often" in more[0]


def test_another_order_is_seen(ran: Case) -> None:
    def backwards(lines: Any) -> Any:
        pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
        return [line for pair in reversed(pairs) for line in pair]

    assert "began before" in changed_lines(ran, backwards)[0]


def test_another_key_is_seen(ran: Case) -> None:
    found = changed_lines(ran, lambda lines: [line._replace(key="other") for line in lines])
    assert "has the key other" in found[0]
