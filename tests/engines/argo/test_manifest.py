"""What a manifest says: tasks and conditions, and nothing that a user has written as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pyrsistent import pvector

from fwf import (
    Pool,
    always,
    as_result,
    backoff,
    branch,
    const,
    delay,
    fallback,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.nodes import Graph, Step
from fwf.algebra.workflow import Seq, Workflow
from fwf.interpreters.engines import ENGINES, ExportRequest, gaps
from fwf.interpreters.engines.argo.orders import decoded, order_of
from tests.engines.argo.checking import SCHEMA, Tree, parsed, wrong
from tests.engines.argo.running import exported
from tests.engines.kit import cases, options
from tests.engines.kit.options import how_many
from tests.engines.kit.texts import Hostile
from tests.sizes import sizes

HOSTILE = how_many(150, 1_000)


@task(effect="read")
def ask(n: int) -> int:
    return n


@task(effect="idempotent")
def load(n: int) -> int:
    return n


@task(effect="read")
def several(n: int) -> list[int]:
    return [n]


@task(effect="read")
def both(a: int, b: int) -> int:
    return a + b


def printed(w: Workflow[Any, Any], **more: Any) -> Any:
    engine = ENGINES["argo"]
    return engine.load_printer()(engine.cut(w), ExportRequest("shop:daily", "daily", **more))


def manifest(w: Workflow[Any, Any], **more: Any) -> Tree:
    tree = parsed(printed(w, **more).files["workflow.yaml"])
    assert not SCHEMA.exists() or wrong(tree) == []
    return tree


def lines(w: Workflow[Any, Any], **more: Any) -> list[str]:
    """Each task as a line: the template that it is in, its name, template and conditions."""
    found: list[str] = []
    for each in manifest(w, **more)["spec"]["templates"]:
        for one in each.get("dag", {}).get("tasks", []):
            said = [one.get(name, "") for name in ("depends", "when", "withParam")]
            line = f"{each['name']}: {one['name']} is {one['template']} | {' | '.join(said)}"
            found.append(re.sub(r"-[0-9a-f]{12}", "-…", line).rstrip(" |"))
    return found


def test_a_chain_depends_on_what_is_before() -> None:
    assert lines(ask >> load) == [
        "whole: begin is pod",
        "whole: ask is pod | begin.Succeeded",
        "whole: load is pod | ask.Succeeded",
    ]


def test_parts_side_by_side_are_joined_in_the_pod_behind_them() -> None:
    assert lines(par(ask, load) >> both) == [
        "whole: begin is pod",
        "whole: par-ask-… is pod | begin.Succeeded",
        "whole: par-load-… is pod | begin.Succeeded",
        "whole: both is pod | par-ask-….Succeeded && par-load-….Succeeded",
    ]


def test_an_arm_is_one_task_that_is_done_by_a_word_of_the_pod_before() -> None:
    assert lines(ask >> branch(it > 1, then=ask >> load, otherwise=ask) >> load) == [
        "whole: begin is pod",
        "whole: ask is pod-tells | begin.Succeeded",
        "whole: branch-then-… is branch-then-… | ask.Succeeded | "
        "'{{tasks.ask.outputs.parameters.word}}' == 'then'",
        "whole: otherwise-ask-… is pod | ask.Succeeded | "
        "'{{tasks.ask.outputs.parameters.word}}' == 'otherwise'",
        "whole: load is pod | (branch-then-….Succeeded || otherwise-ask-….Succeeded)",
        "branch-then-…: then-ask-… is pod",
        "branch-then-…: then-load-… is pod | then-ask-….Succeeded",
    ]


def test_an_arm_in_which_nothing_is_done_is_passed_over() -> None:
    assert lines(ask >> branch(it > 1, then=load, otherwise=identity) >> load)[2:] == [
        "whole: then-load-… is pod | ask.Succeeded | "
        "'{{tasks.ask.outputs.parameters.word}}' == 'then'",
        "whole: load is pod | (then-load-….Succeeded || then-load-….Skipped)",
    ]


def test_a_word_is_told_by_a_pod_of_its_own_behind_several_and_behind_what_is_tried_again() -> None:
    chosen = branch(it > 1, then=load, otherwise=identity)
    assert lines(par(ask, load) >> both >> chosen)[3:5] == [
        "whole: both is pod-tells | par-ask-….Succeeded && par-load-….Succeeded",
        "whole: then-load-… is pod | both.Succeeded | "
        "'{{tasks.both.outputs.parameters.word}}' == 'then'",
    ]
    assert lines(retry(ask, attempts=2) >> chosen)[1:3] == [
        "whole: ask is pod-tries-2 | begin.Succeeded",
        "whole: branch is pod-tells | ask.Succeeded",
    ]
    assert lines(ask >> par(chosen, chosen))[2:4] == [
        "whole: par-branch-… is pod-tells | ask.Succeeded",
        "whole: par-then-load-… is pod | par-branch-….Succeeded | "
        "'{{tasks.par-branch-….outputs.parameters.word}}' == 'then'",
    ]


def test_rounds_are_templates_that_call_themselves() -> None:
    assert lines(loop_until(ask, it > 3, limit=3)) == [
        "whole: begin is pod",
        "whole: loop-until-rounds-… is loop-until-round-… | begin.Succeeded",
        "whole: result is pod | loop-until-rounds-….Succeeded",
        "loop-until-round-…: loop-until-ask-… is pod-tells",
        "loop-until-round-…: loop-until-again-… is loop-until-round-… | "
        "loop-until-ask-….Succeeded | "
        "'{{tasks.loop-until-ask-….outputs.parameters.word}}' == 'again'",
    ]


def test_a_loop_that_ends_by_time_notes_when_it_begins() -> None:
    found = manifest(ask >> loop_until(ask, it > 3, limit=3, within=seconds(9)))
    orders = [
        order_of(one["arguments"]["parameters"][1]["value"])
        for each in found["spec"]["templates"]
        for one in each.get("dag", {}).get("tasks", [])
        if one["template"].startswith("pod")
    ]
    entered = [order.name for order in orders if any(op.get("enter") for op in order.ops)]
    (inner,) = [order for order in orders if isinstance(order.source, dict) and order.ends]
    assert len(entered) == 1 and inner.source == {
        "round": entered[0], "next": inner.name, "slot": "",
    }  # fmt: skip


def test_items_are_done_by_their_numbers_or_all_in_one_pod() -> None:
    found = lines(several >> map_each(ask) >> const(1))
    assert found[1:] == [
        "whole: several is pod-tells | begin.Succeeded",
        "whole: map-each-ask-… is pod | several.Succeeded |  | "
        "{{tasks.several.outputs.parameters.items}}",
        "whole: map-each-as-a-whole-… is pod | several.Succeeded | "
        "'{{tasks.several.outputs.parameters.word}}' == 'block'",
        "whole: result is pod | (map-each-ask-….Succeeded || map-each-ask-….Skipped) && "
        "(map-each-as-a-whole-….Succeeded || map-each-as-a-whole-….Skipped)",
    ]


def test_a_step_of_a_graph_is_behind_what_it_needs_and_what_it_is_to_wait_for() -> None:
    steps = (Step(ask, (-1,)), Step(load, (-1,), (0,)), Step(both, (1, 0)), Step(ask, (-1,)))
    assert lines(Graph(steps, (2, 3), 1)) == [
        "whole: begin is pod",
        "whole: ask is pod | begin.Succeeded",
        "whole: load is pod | ask.Succeeded",
        "whole: both is pod | load.Succeeded && ask.Succeeded",
        "whole: ask-2-… is pod | begin.Succeeded",
        "whole: result is pod | both.Succeeded && ask-2-….Succeeded",
    ]


@pytest.mark.parametrize(
    ("body", "bound"),
    [
        (map_each(ask, at_once=7), 7),
        (map_each(ask), None),
        (in_pool(map_each(ask, at_once=7), "db"), 3),
        (in_pool(map_each(ask), "db"), 3),
        (map_each(in_pool(ask, "db"), at_once=2), 2),
        (map_each(in_pool(retry(ask, attempts=2), "db")), 3),
        (in_pool(map_each(ask), "other"), None),
    ],
)
def test_a_map_and_a_pool_around_it_bound_its_items(body: Any, bound: int | None) -> None:
    sizes = {"db": Pool(3), "other": Pool(starts=2, per=seconds(1))}
    tree = manifest(several >> body, pools=sizes)
    assert tree == manifest(several >> body, pools={"db": 3})
    found = [each["parallelism"] for each in tree["spec"]["templates"] if "parallelism" in each]
    assert found == ([] if bound is None else [bound])


def pods(w: Workflow[Any, Any]) -> dict[str, Tree]:
    return {e["name"]: e for e in manifest(w)["spec"]["templates"] if "container" in e}


def test_each_policy_has_a_template_of_its_own() -> None:
    found = pods(
        ask
        >> retry(ask, attempts=3, wait=backoff(seconds(1), cap=seconds(5)))
        >> retry(timeout(load, seconds(90)), attempts=3)
        >> timeout(load, seconds(90))
        >> retry(ask, attempts=3, on=OSError)
        >> retry(load, attempts=5)
    )
    limits = {name: each["retryStrategy"]["limit"] for name, each in found.items()}
    assert limits == {"pod": 3, "pod-tries-3": 5, "pod-within-690": 3, "pod-tries-5": 7}
    nets = [each.get("activeDeadlineSeconds") for each in found.values()]
    assert nets == [None, None, 690, None]  # a pod that is tried again waits for its turn itself
    assert all("backoff" not in each["retryStrategy"] for each in found.values())


def test_time_passes_in_whole_seconds() -> None:
    found = manifest(delay(seconds(2)) >> delay(timedelta(milliseconds=250)))["spec"]["templates"]
    tasks = found[0]["dag"]["tasks"][1:3]
    assert [each["arguments"]["parameters"][0]["value"] for each in tasks] == ["2", "1"]
    assert found[-1]["suspend"] == {"duration": "{{inputs.parameters.seconds}}"}


def test_a_deadline_and_a_finaliser_of_the_whole_are_the_workflows() -> None:
    spec = manifest(named("daily", always(ask >> load, then=load)))["spec"]
    assert (spec["onExit"], spec.get("activeDeadlineSeconds")) == ("finally", None)
    late = next(each for each in spec["templates"] if each["name"] == "finally")
    assert len(late["dag"]["tasks"]) == 1
    spec = manifest(named("daily", timeout(ask >> load, seconds(90))))["spec"]
    assert (spec.get("onExit"), spec["activeDeadlineSeconds"]) == (None, 90)


@pytest.mark.parametrize("name", ["not", "in", "begin", "whole", "pod", "x" * 70, "Ä b", "1", "-"])
def test_a_name_that_argo_refuses_is_another_one(name: str) -> None:
    w = named(name, ask) >> named(name, load) >> named(name, ask)
    found = {one["name"] for one in manifest(w)["spec"]["templates"][0]["dag"]["tasks"]}
    assert len(found) == 4  # that they are good is seen by the check


def test_a_step_is_called_the_same_when_others_come() -> None:
    def names(w: Workflow[Any, Any]) -> list[str]:
        return [one["name"] for one in manifest(w)["spec"]["templates"][0]["dag"]["tasks"]]

    assert {*names(ask >> load)} < {*names(several >> map_each(ask) >> const(1) >> ask >> load)}


@pytest.mark.parametrize("target", ["shop", "a/b.py", "shop:{{x}}"])
def test_a_target_that_no_pod_can_import_is_refused(target: str) -> None:
    engine = ENGINES["argo"]
    with pytest.raises(ValueError, match="name the workflow as module:attribute"):
        engine.load_printer()(engine.cut(ask), ExportRequest(target, "daily"))


def test_what_to_do_is_told_with_the_parameters_there_are() -> None:
    @task(effect="read")
    def of_day(*, day: str) -> int:
        return len(day)

    found = printed(of_day)
    checked, build, submit = found.commands
    assert "never run on one" in checked
    assert build.startswith("docker build -f DIR/Dockerfile -t daily:")
    assert '\'{"params": {"day": "..."}}\'' in submit and "argo submit DIR/workflow.yaml" in submit
    assert '\'{"params": {}, "value": "..."}\'' in printed(ask).commands[2]
    assert "'fwf" not in found.files["Dockerfile"]  # another's, in an index


def test_what_may_have_many_nodes_says_what_that_takes() -> None:
    few = several >> map_each(ask)
    many = par(*[several >> map_each(ask) for _ in range(40)])
    assert len(printed(few).commands) == 3
    assert "nodeStatusOffLoad" in printed(many).commands[-1]

    def most(w: Workflow[Any, Any]) -> int:
        orders = re.findall(r'"([A-Za-z0-9+/=]{80,})"', printed(w).files["workflow.yaml"])
        ops = [op for text in orders for op in order_of(text).ops]
        return next(int(op["most"]) for op in ops if op.get("do") == "spread")

    assert most(few) > 900 and most(many) < 40


def blocks(w: Workflow[Any, Any]) -> list[str]:
    """The paths of the parts that are one task each, and why."""
    told = [gap for gap in gaps(w, "argo") if gap.support == "block"]
    return [gap.feature for gap in told]


def test_rounds_that_would_call_too_deep_are_one_task() -> None:
    assert blocks(loop_until(ask, it > 3, limit=60)) == []
    assert blocks(loop_until(ask, it > 3, limit=200)) == ["deep nesting"]
    assert blocks(loop_until(loop_until(ask, it > 3, limit=50), it > 3, limit=50)) != []
    deepest = loop_until(loop_until(ask, it > 3, limit=30), it > 3, limit=30)
    assert blocks(deepest) == []


def test_what_has_begun_side_by_side_is_never_given_up() -> None:
    w = par(ask, branch(it > 1, then=ask >> load, otherwise=loop_until(ask, it > 3, limit=3)))
    dags = [each["dag"] for each in manifest(w)["spec"]["templates"] if "dag" in each]
    assert len(dags) > 2 and all(each["failFast"] is False for each in dags)


@pytest.mark.parametrize(
    ("w", "features"),
    [
        (fallback(ask, load), ["fallback"]),
        (as_result(ask), ["as_result"]),
        (ask >> always(ask, then=load), ["always inside"]),
        (retry(ask >> load, attempts=2), ["retry of a part"]),
        (ask >> timeout(ask >> load, seconds(9)), ["timeout of a part"]),
        (par(ask, load, fail_fast=True), ["par(fail_fast=True)"]),
        (several >> map_each(ask, on_error="fail_fast"), ["map_each(on_error='fail_fast')"]),
        (several >> map_each(ask >> load), ["part for each item"]),
        (several >> map_each(ask >> several >> map_each(ask)), ["part for each item"]),
        (par(in_pool(ask, "db"), in_pool(load, "db")), ["pool over several parts"]),
    ],
)
def test_what_argo_would_do_otherwise_is_one_task(
    w: Workflow[Any, Any], features: list[str]
) -> None:
    assert blocks(w)[: len(features)] == features
    assert len(manifest(w)["spec"]["templates"][0]["dag"]["tasks"]) <= 5


# Hostile texts


def shape(tree: Tree) -> object:
    """A manifest without what may differ: names are numbered, orders are the kinds of their ops."""
    dags = [each for each in tree["spec"]["templates"] if "dag" in each]
    names = [each["name"] for each in dags]
    names += [one["name"] for each in dags for one in each["dag"]["tasks"]]
    number = {name: f"n{at}" for at, name in enumerate(dict.fromkeys(names))}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        if isinstance(value, str):
            if len(value) > 50 and re.fullmatch(r"[A-Za-z0-9+/=]+", value):
                assert order_of(value).text() == value
                return _kinds(decoded(value), number)
            return re.sub(r"[a-z][-a-z0-9]*", lambda found: number.get(found[0], found[0]), value)
        return value

    return plain({**tree["spec"], "arguments": None})


def _kinds(order: Any, number: dict[str, str]) -> object:
    """An order without paths and ids; what it reads and leaves is numbered."""
    if isinstance(order, dict):
        lost = ("part", "path", "note", "slot", "retry")
        return {key: _kinds(each, number) for key, each in order.items() if key not in lost}
    if isinstance(order, list):
        return [_kinds(each, number) for each in order]
    return re.sub(r"-[0-9a-f]{12}$", "", number.get(order, "")) if isinstance(order, str) else order


def test_hostile_texts_make_the_same_manifest() -> None:
    for case in cases(HOSTILE, options(hostile=True)):
        name = case.texts.text("a workflow")
        _, text = exported(case, name)
        tree = parsed(text)
        assert not SCHEMA.exists() or wrong(tree) == [], case
        assert text.isascii() and all(line.isprintable() for line in text.split("\n"))
        assert shape(tree) == shape(parsed(exported(case.twin)[1])), case
        assert isinstance(case.texts, Hostile)
        marks = {mark for said in case.texts.said.values() for mark in re.findall(r"h\d+q", said)}
        assert marks
        for line in text.split("\n"):
            if re.search(r"h\d+q", line) and not line.lstrip().startswith("#"):
                assert re.fullmatch(r"[-a-z0-9 :\"'.{}()|&=A-Z]*", line), line


# Sizes


def chain(size: int) -> Workflow[Any, Any]:
    return Seq(pvector([ask] * size))


def nested(size: int) -> Workflow[Any, Any]:
    w: Workflow[Any, Any] = ask
    for at in range(size):
        w = w >> ask if at % 2 else named("a", always(w, then=ask) if at % 3 else ask >> w)
    return w


def deep(size: int) -> Workflow[Any, Any]:
    w: Workflow[Any, Any] = ask
    for _ in range(size):
        w = branch(it > 1, then=w, otherwise=ask)
    return w


def test_what_is_too_large_for_a_manifest_is_told() -> None:
    assert ENGINES["argo"].cut(chain(5_000)).tasks == 5_000
    (gap,) = [gap for gap in gaps(chain(5_000), "argo") if gap.support == "impossible"]
    assert gap.feature == "large definition"


@sizes()
@pytest.mark.parametrize("made", [chain, nested, deep])
def test_any_workflow_is_printed_without_recursion(
    made: Callable[[int], Workflow[Any, Any]], size: int
) -> None:
    assert printed(made(size)).files["workflow.yaml"]
