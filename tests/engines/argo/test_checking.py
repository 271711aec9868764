"""The check of manifests sees what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fwf import branch, it, loop_until, map_each, par, retry, task
from fwf.interpreters.engines import ENGINES, ExportRequest
from tests.engines.argo.checking import Tree, needs_schema, parsed, wrong

pytestmark = needs_schema


@task(effect="read")
def ask(n: int) -> int:
    return n


@task(effect="read")
def several(n: int) -> list[int]:
    return [n]


@task(effect="read")
def both(a: int, b: int) -> int:
    return a + b


def manifest() -> Tree:
    w = (
        par(retry(ask, attempts=2), ask)
        >> both
        >> branch(it > 1, then=ask >> ask, otherwise=loop_until(ask, it > 3, limit=3))
        >> several
        >> map_each(ask)
    )
    engine = ENGINES["argo"]
    printed = engine.load_printer()(engine.cut(w), ExportRequest("shop:daily", "daily"))
    return parsed(printed.files["workflow.yaml"])


def template(tree: Tree, name: str) -> Tree:
    found: Tree = next(each for each in tree["spec"]["templates"] if each["name"] == name)
    return found


def tasks(tree: Tree) -> list[Tree]:
    found: list[Tree] = template(tree, "whole")["dag"]["tasks"]
    return found


def misspelt(tree: Tree) -> None:
    pod = template(tree, "pod")
    pod["retryStrategi"] = pod.pop("retryStrategy")


def without_image(tree: Tree) -> None:
    del template(tree, "pod")["container"]["image"]


def of_another_type(tree: Tree) -> None:
    template(tree, "pod")["retryStrategy"]["limit"] = [3]


def no_entrypoint(tree: Tree) -> None:
    tree["spec"]["entrypoint"] = "hole"


def no_template(tree: Tree) -> None:
    tasks(tree)[1]["template"] = "pot"


def no_task(tree: Tree) -> None:
    tasks(tree)[1]["depends"] = "begun.Succeeded"


def no_such_state(tree: Tree) -> None:
    tasks(tree)[1]["depends"] = "begin.Succeded"


def in_a_circle(tree: Tree) -> None:
    tasks(tree)[0]["depends"] = f"{tasks(tree)[-1]['name']}.Succeeded"


def no_variable(tree: Tree) -> None:
    template(tree, "pod")["container"]["args"].append("{{workflow.parameters.stor}}")


def of_a_task_that_may_come_later(tree: Tree) -> None:
    last = tasks(tree)[-1]["name"]
    tasks(tree)[1]["when"] = f"'{{{{tasks.{last}.outputs.parameters.word}}}}' == 'then'"


def without_an_argument(tree: Tree) -> None:
    tasks(tree)[1]["arguments"]["parameters"].pop()


def with_another_argument(tree: Tree) -> None:
    tasks(tree)[1]["arguments"]["parameters"].append({"name": "ordre", "value": ""})


def twice(tree: Tree) -> None:
    tasks(tree).append(dict(tasks(tree)[0]))


def a_word_of_conditions(tree: Tree) -> None:
    tasks(tree)[-1]["name"] = "not"


SEEDED: list[Callable[[Any], None]] = [
    misspelt, without_image, of_another_type, no_entrypoint, no_template, no_task, no_such_state,
    in_a_circle, no_variable, of_a_task_that_may_come_later, without_an_argument,
    with_another_argument, twice, a_word_of_conditions,
]  # fmt: skip


def test_a_manifest_of_ours_is_clean() -> None:
    assert wrong(manifest()) == []


@pytest.mark.parametrize("spoil", SEEDED, ids=lambda spoil: spoil.__name__)
def test_a_seeded_defect_is_caught(spoil: Callable[[Tree], None]) -> None:
    tree = manifest()
    spoil(tree)
    assert wrong(tree)
