"""A small controller: it runs a manifest as Argo's source says, as far as one of ours needs it.

Conditions are those of `depends` and `when`, variables are put into the text of JSON, a template
may call itself, pods end with a status. Which of several ready tasks comes next is drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from tests.engines.argo.checking import Tree

DEEPEST = 100
_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_RESULT = re.compile(r"([A-Za-z0-9][-A-Za-z0-9]*)\.([A-Za-z]+)")


class Ended(NamedTuple):
    """The exit status of a pod, and the files that it left."""

    status: int
    files: dict[str, str]


class Node(NamedTuple):
    """What became of a task."""

    phase: str
    outputs: dict[str, str]


class Controller:
    """Runs one manifest.

    pod: the arguments of a container, its environment ⟶ how it ended.
    nodes: how many nodes there were; deepest: how deep templates called one another.
    """

    def __init__(
        self, tree: Tree, pod: Callable[[list[str], dict[str, str]], Ended], chance: Random
    ) -> None:
        self._spec = tree["spec"]
        self._templates = {each["name"]: each for each in self._spec["templates"]}
        self._pod = pod
        self._chance = chance
        self.nodes = 0
        self.deepest = 0
        self.waited = 0
        self.most_at_once = 0

    def run(self, **given: str) -> str:
        """Parameters, as after `-p` ⟶ the phase of the whole."""
        parameters = {e["name"]: e["value"] for e in self._spec["arguments"]["parameters"]} | given
        self._facts = {f"workflow.parameters.{name}": value for name, value in parameters.items()}
        self._facts |= {"workflow.uid": "0b1c-uid", "workflow.name": "daily-x7x2q"}
        phase = self._called(self._spec["entrypoint"], {}, 1).phase
        if "onExit" in self._spec:
            late = self._called(self._spec["onExit"], {}, 1).phase
            phase = late if phase == "Succeeded" else phase
        return phase

    def _called(self, name: str, given: dict[str, str], depth: int) -> Node:
        """A template with its arguments ⟶ what became of it."""
        self.deepest = max(self.deepest, depth)
        self.nodes += 1
        if depth >= DEEPEST:
            return Node("Error", {})
        template = self._templates[name]
        inputs = {
            each["name"]: given.get(each["name"], each.get("value"))
            for each in template.get("inputs", {}).get("parameters", [])
        }
        assert None not in inputs.values(), (name, inputs)
        facts = self._facts | {f"inputs.parameters.{each}": v for each, v in inputs.items()}
        if "suspend" in template:
            self.waited += int(_replaced(template["suspend"], facts)["duration"])
            return Node("Succeeded", {})
        if "dag" in template:
            return self._dag(_replaced(template, facts, strict=False), depth)
        return self._retried(template, facts)

    # Pods

    def _retried(self, template: Tree, facts: dict[str, str]) -> Node:
        strategy = template["retryStrategy"]
        number = 0
        while True:
            self.nodes += 1
            made = _replaced({**template, "retryStrategy": {}}, facts | {"retries": str(number)})
            container = made["container"]
            env = {each["name"]: each["value"] for each in container["env"]}
            ended = self._pod(container["args"], env)
            if ended.status == 0:
                return Node("Succeeded", self._outputs(template, ended))
            status = "Error" if ended.status < 0 else "Failed"
            if number >= strategy["limit"] or not _again(strategy, ended.status, status):
                return Node(status, {})
            number += 1

    def _outputs(self, template: Tree, ended: Ended) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in template.get("outputs", {}).get("parameters", []):
            file = each["valueFrom"]["path"].rpartition("/")[2]
            found[each["name"]] = ended.files.get(file, each["valueFrom"]["default"])
        return found

    # DAGs

    def _dag(self, template: Tree, depth: int) -> Node:
        tasks = {task["name"]: task for task in template["dag"]["tasks"]}
        nodes: dict[str, Node] = {}
        while len(nodes) < len(tasks):
            ready = [
                task
                for name, task in tasks.items()
                if name not in nodes and all(each in nodes for each in _needs(task))
            ]
            task = self._chance.choice(ready)
            if not _met(task.get("depends", ""), nodes):
                nodes[task["name"]] = Node("Omitted", {})
                continue
            nodes[task["name"]] = self._task(task, nodes, template.get("parallelism"), depth)
        return Node(_phase(tasks, nodes), {})

    def _task(self, task: Tree, nodes: dict[str, Node], bound: int | None, depth: int) -> Node:
        facts = {
            f"tasks.{name}.outputs.parameters.{output}": value
            for name, node in nodes.items()
            for output, value in node.outputs.items()
        }
        made = _replaced(task, self._facts | facts, strict=False)
        if "withParam" not in made:
            return self._expanded(made, depth)
        items = json.loads(made["withParam"])
        self.most_at_once = max(self.most_at_once, min(len(items), bound or len(items)))
        if not items:
            return Node("Skipped", {})
        self._chance.shuffle(items)
        each = [_replaced(made, {"item": str(item)}, strict=False) for item in items]
        ends = [self._expanded(one, depth).phase for one in each]
        failed = [phase for phase in ends if phase in ("Failed", "Error")]
        return Node(failed[-1] if failed else "Succeeded", {})

    def _expanded(self, task: Tree, depth: int) -> Node:
        left = _VARIABLE.findall(json.dumps(task))
        assert not left, f"{task['name']} has {left}"
        if not _said(task.get("when", "")):
            return Node("Skipped", {})
        given = {each["name"]: each["value"] for each in task["arguments"]["parameters"]}
        return self._called(task["template"], given, depth + 1)


def _replaced(tree: Tree, facts: dict[str, str], *, strict: bool = True) -> Tree:
    """Variables are put into the text of JSON, as their values are written there."""

    def value(found: re.Match[str]) -> str:
        if found[1] in facts:
            return json.dumps(facts[found[1]])[1:-1]
        assert not strict, f"there is no {found[1]}"
        return found[0]

    made: Tree = json.loads(_VARIABLE.sub(value, json.dumps(tree)))
    return made


def _needs(task: Tree) -> list[str]:
    return [name for name, _ in _RESULT.findall(task.get("depends", ""))]


def _met(depends: str, nodes: dict[str, Node]) -> bool:
    def result(found: re.Match[str]) -> str:
        phase = nodes[found[1]].phase
        return str({"Errored": "Error"}.get(found[2], found[2]) == phase)

    return not depends or bool(_evaluated(_RESULT.sub(result, depends)))


def _said(when: str) -> bool:
    return not when or bool(_evaluated(when))


def _again(strategy: Tree, status: int, phase: str) -> bool:
    said = strategy["expression"].replace("lastRetry.exitCode", repr(str(status)))
    return bool(_evaluated(said.replace("lastRetry.status", repr(phase))))


def _evaluated(said: str) -> Any:
    python = said.replace("&&", " and ").replace("||", " or ")
    return eval(python, {"__builtins__": {}, "asInt": int})


def _phase(tasks: dict[str, Tree], nodes: dict[str, Node]) -> str:
    """Of a DAG: the worst of its leaves; one that was passed over has its parents' worst."""
    worst: dict[str, str] = {}
    for name, task in tasks.items():  # each stands behind those that it depends on
        phase = nodes[name].phase
        if phase in ("Skipped", "Omitted"):
            above = [worst[each] for each in _needs(task)]
            phase = next((each for each in above if each != "Succeeded"), "Succeeded")
        worst[name] = phase
    needed = {each for task in tasks.values() for each in _needs(task)}
    ends = [worst[name] for name in tasks if name not in needed]
    return next((phase for phase in ends if phase != "Succeeded"), "Succeeded")
