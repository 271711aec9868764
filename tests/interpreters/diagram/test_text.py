"""Mermaid and DOT: balanced, every name defined once and before it is used, every task there."""

import re
import shutil
import subprocess
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from fwf import Ref, always, branch, const, fallback, graph, it, loop_until, par, seq
from fwf.algebra.nodes import Task
from fwf.algebra.traverse import walk
from fwf.interpreters.diagram import dot, mermaid
from fwf.interpreters.diagram.boxes import boxes, hidden_tasks
from tests.interpreters.diagram.support import (
    HOSTILE,
    daily,
    doubled,
    enrich,
    fan,
    hostile,
    nested,
    orders,
    step,
    visits,
    wrapped,
)
from tests.samples import ping, workflows
from tests.sizes import sizes

NODE = re.compile(r' *(\w+)(\["[^"\n]*"\]|\(\["[^"\n]*"\]\)|\{"\?"\}|\(\("·"\)\))(:::[a-z]+)?')
OPEN = re.compile(r' *subgraph (\w+) \["[^"\n]*"\]')
ARROW = re.compile(r'  (\w+) (-->|-\.->)(\|"[^"\n]*"\|)? (\w+)')
LOOK = re.compile(r"  classDef ([a-z]+) [a-z0-9#:, -]+")


class Read:
    """What a small reader of Mermaid finds; anything that it can't read fails."""

    def __init__(self, text: str) -> None:
        first, *lines = text.splitlines()
        assert first == "flowchart TB"
        self.labels: dict[str, str] = {}
        self.arrows: list[tuple[str, str, str, str]] = []
        self.groups: list[str] = []
        self.looks: set[str] = set()
        self.used: set[str] = set()
        depth = 0
        for line in lines:
            if found := NODE.fullmatch(line):
                assert found[1] not in self.labels
                self.labels[found[1]] = found[2]
                self.used.add((found[3] or "").lstrip(":"))
            elif found := OPEN.fullmatch(line):
                depth += 1
                self.groups.append(found[1])
            elif line.strip() == "end":
                depth -= 1
                assert depth >= 0
            elif found := ARROW.fullmatch(line):
                assert {found[1], found[4]} <= set(self.labels)
                self.arrows.append((found[1], found[2], found[3] or "", found[4]))
            elif found := LOOK.fullmatch(line):
                self.looks.add(found[1])
            else:
                assert re.fullmatch(r"  %% [\d,]+ tasks? not drawn", line), line
        assert depth == 0
        assert self.used - {""} <= self.looks

    def named(self, text: str) -> str:
        (found,) = [name for name, label in self.labels.items() if f'"{text}<br/>' in label]
        return found

    def joined(self) -> Counter[tuple[str, str]]:
        """The arrows by the first lines of what they join."""
        said = {name: re.findall(r'"([^"<]*)', label)[0] for name, label in self.labels.items()}
        return Counter((said[start], said[end]) for start, _, _, end in self.arrows)


@given(workflows)
def test_mermaid_is_balanced_and_defines_every_name_before_it_is_used(w: Any) -> None:
    read = Read(mermaid(w))
    assert not set(read.groups) & set(read.labels)
    leaves = [box for box in boxes(w) if not box.parts]
    assert sum(name.startswith("b") for name in read.labels) == len(leaves)


@given(workflows)
def test_mermaid_and_dot_have_every_task_that_is_drawn(w: Any) -> None:
    total = sum(isinstance(here.node, Task) for here in walk(w)) - hidden_tasks(boxes(w))
    effects = re.compile(r"(:::)(read|pure|idempotent|unrepeatable|undeclared)$", re.M)
    tasks = [line for line in mermaid(w).splitlines() if re.match(r' *b\d+\["', line)]
    assert len(tasks) == total
    assert all(effects.search(line) for line in tasks)
    assert dot(w).count('style="rounded,bold"]') == total


def test_arrows_go_from_the_last_of_one_step_to_the_first_of_the_next() -> None:
    read = Read(mermaid(par(orders, visits) >> enrich >> step))
    assert read.joined() == Counter(
        [("orders", "enrich"), ("visits", "enrich"), ("enrich", "step")]
    )
    read = Read(mermaid(fallback(orders, visits) >> step))
    assert read.joined() == Counter([("orders", "visits"), ("orders", "step"), ("visits", "step")])
    assert read.arrows[0][1:3] == ("-.->", '|"on failure"|')


def test_arrows_stand_in_the_order_of_work() -> None:
    read = Read(mermaid(seq(orders, step, par(step, step), step)))
    starts = [int(start[1:]) for start, _, _, _ in read.arrows]
    assert starts == sorted(starts)


def test_branches_loops_and_finalisers_have_their_arrows() -> None:
    read = Read(mermaid(branch(it > 0, then=step, otherwise=const(1))))
    assert [label for _, _, label, _ in read.arrows] == ['|"then"|', '|"otherwise"|']
    read = Read(mermaid(loop_until(step, it == 1, limit=3)))
    assert read.arrows == [("b0", "-.->", '|"↻ loop_until(it == 1, limit=3)"|', "b0")]
    read = Read(mermaid(always(orders, then=step)))
    assert read.arrows == [("b1", "-.->", "", "b2")]


def test_a_graph_has_its_own_edges_and_those_without_data_are_dashed() -> None:
    @graph
    def ordered() -> Ref[object]:
        seen = visits()
        ping(seen)
        return step(seen)

    assert Read(mermaid(daily)).joined()[("load", "enrich")] == 1
    lines = {(start, end): line for start, line, _, end in Read(mermaid(ordered)).arrows}
    assert lines == {("b1", "b2"): "-.->", ("b1", "b3"): "-->"}


def test_many_to_many_arrows_meet_in_one_point() -> None:
    read = Read(mermaid(par(*[step] * 50) >> par(*[step] * 50)))
    assert len(read.arrows) == 100
    assert sum(label == '(("·"))' for label in read.labels.values()) == 1


@pytest.mark.parametrize("w", [hostile, doubled(50)])
def test_odd_workflows_are_read_too(w: Any) -> None:
    assert len(Read(mermaid(w)).labels) < 400


@sizes()
@pytest.mark.parametrize("nest", [nested, wrapped])
def test_deep_workflows_are_read_too(nest: Any, size: int) -> None:
    assert len(Read(mermaid(nest(size))).labels) < 400


def test_hostile_texts_are_written_as_codes() -> None:
    text = mermaid(const(HOSTILE[0]))
    assert "#34;" in text and "#60;b#62;#38;amp;" in text


# DOT

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz isn't installed")


def rendered(w: Any) -> list[dict[str, Any]]:
    """What Graphviz makes of a workflow; a warning fails."""
    import json

    done = subprocess.run(
        ["dot", "-Tjson0"], input=dot(w).encode(), capture_output=True, timeout=60, check=True
    )
    assert done.stderr == b""
    found: list[dict[str, Any]] = json.loads(done.stdout, strict=False)["objects"]
    return found


@needs_dot
@pytest.mark.parametrize("w", [daily, hostile, fan(5, 5), doubled(6), wrapped(30), nested(60)])
def test_graphviz_draws_it(w: Any) -> None:
    names = [each["name"] for each in rendered(w)]
    leaves = [box for box in boxes(w) if not box.parts]
    assert sum(re.fullmatch(r"b\d+", name) is not None for name in names) == len(leaves)


@needs_dot
def test_graphviz_reads_every_text_as_it_is_meant() -> None:
    for text in ('a"b', "a\\nb", "&amp;", "<b>", "שלום", "👩", "-> x;", "\\N \\G", "//", "}"):
        said = next(each["label"] for each in rendered(const(text)) if each["name"] == "b0")
        kept = said.replace("\\\\", "\\").replace('\\"', '"').replace("&amp;", "&")
        assert kept == f"const({text!r})".replace("\\\\", "\\\\")


def test_dot_is_balanced() -> None:
    text = dot(fan(3, 3))
    assert text.count("{") == text.count("}")
    assert text.startswith("digraph workflow {")
