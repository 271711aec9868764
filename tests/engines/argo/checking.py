"""Is a manifest one that Argo would take, as far as its schema and its references say?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

SCHEMA = Path(__file__).parents[4] / "shared" / "data" / "argo" / "schema.json"
needs_schema = pytest.mark.skipif(
    not SCHEMA.exists(), reason="no schema of Argo beside the checkout"
)
Tree = dict[str, Any]
_ROOT = "io.argoproj.workflow.v1alpha1.Workflow"
_TEXTS = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_WORDS = frozenset(
    {"and", "contains", "endswith", "false", "in", "let", "matches", "nil", "not", "or", "true"}
)
_VARIABLE = re.compile(r"\{\{(.*?)\}\}")
_DEPENDS = re.compile(r"([A-Za-z0-9][-A-Za-z0-9]*)\.([A-Za-z]+)")
_STATES = frozenset({"Succeeded", "Failed", "Errored", "Skipped", "Omitted"})
_GLOBAL = frozenset({"workflow.uid", "workflow.name"})


def parsed(text: str) -> Tree:
    """The text of a manifest ⟶ what it says."""
    found: Tree = import_module("yaml").safe_load(text)
    return found


@lru_cache
def _validator() -> Any:
    """The published schema with its two repairs: whole numbers, and no fields that it hasn't."""
    schema = json.loads(SCHEMA.read_text())
    definitions = schema["definitions"]
    definitions[_TEXTS]["type"] = ["string", "integer"]
    for each in definitions.values():
        if each.get("type") == "object" and "properties" in each:
            each.setdefault("additionalProperties", False)
    validator = import_module("jsonschema").Draft202012Validator
    return validator({"$ref": f"#/definitions/{_ROOT}", "definitions": definitions})


def wrong(tree: Tree) -> list[str]:
    """All that is wrong with a manifest."""
    found = [f"{each.json_path}: {each.message[:300]}" for each in _validator().iter_errors(tree)]
    return found or [*unresolved(tree)]


def unresolved(tree: Tree) -> Iterator[str]:
    """What is named in a manifest and isn't there, or can't be at that time."""
    spec = tree["spec"]
    templates: dict[str, Tree] = {}
    for each in spec["templates"]:
        if each["name"] in templates:
            yield f"two templates are called {each['name']}"
        templates[each["name"]] = each
    if not _NAME.fullmatch(tree["metadata"]["generateName"].rstrip("-")):
        yield f"{tree['metadata']['generateName']!r} is no name"
    for name in filter(None, (spec["entrypoint"], spec.get("onExit"))):
        if name not in templates:
            yield f"there is no template {name}"
        elif _missing(templates[name], {}):
            yield f"{name} begins with inputs that nobody gives"
    facts = {f"workflow.parameters.{name}" for name in _names(spec.get("arguments"))} | _GLOBAL
    for each in templates.values():
        yield from _template(each, templates, facts)


def _names(given: Tree | None) -> set[str]:
    return {each["name"] for each in (given or {}).get("parameters", [])}


def _missing(template: Tree, given: Mapping[str, str]) -> list[str]:
    inputs = template.get("inputs", {}).get("parameters", [])
    return [e["name"] for e in inputs if "value" not in e and e["name"] not in given]


def _template(template: Tree, templates: dict[str, Tree], facts: set[str]) -> Iterator[str]:
    name = template["name"]
    if not _NAME.fullmatch(name) or len(name) > 63:
        yield f"{name!r} is no name"
    kinds = [kind for kind in ("container", "dag", "suspend") if kind in template]
    if len(kinds) != 1:
        yield f"{name} is {kinds or 'nothing'}"
    inputs = {f"inputs.parameters.{each}" for each in _names(template.get("inputs"))}
    if "dag" in template:
        yield from _dag(template, templates, facts | inputs)
        return
    own = {"retries"} if "retryStrategy" in template else set[str]()
    yield from _variables(name, {**template, "retryStrategy": None}, facts | inputs | own)


def _dag(template: Tree, templates: dict[str, Tree], facts: set[str]) -> Iterator[str]:
    tasks: dict[str, Tree] = {}
    for task in template["dag"]["tasks"]:
        where = f"{template['name']}.{task['name']}"
        if not _NAME.fullmatch(task["name"]) or len(task["name"]) > 63:
            yield f"{where} is no name"
        if task["name"] in _WORDS:
            yield f"{where} is a word of conditions"
        if task["name"] in tasks:
            yield f"{where} is there twice"
        yield from _conditions(where, task, tasks)
        tasks[task["name"]] = task
        yield from _called(where, task, templates)
        item = {"item"} if "withParam" in task else set[str]()
        outputs = {
            f"tasks.{each}.outputs.parameters.{output}"
            for each in _ancestors(task, tasks)
            for output in _names(templates.get(tasks[each]["template"], {}).get("outputs"))
        }
        yield from _variables(where, task, facts | item | outputs)


def _conditions(where: str, task: Tree, before: dict[str, Tree]) -> Iterator[str]:
    """What it depends on is there, and stands before it: so nothing goes round in a circle."""
    depends = task.get("depends", "")
    for name, state in _DEPENDS.findall(depends):
        if name not in before:
            yield f"{where} depends on {name}, which isn't before it"
        if state not in _STATES:
            yield f"{where} depends on a state {state}"
    if re.sub(r"[\s()&|]", "", _DEPENDS.sub("", depends)):
        yield f"{where} depends on {depends}, which is no condition"


def _ancestors(task: Tree, tasks: dict[str, Tree]) -> set[str]:
    found: set[str] = set()
    todo = [name for name, _ in _DEPENDS.findall(task.get("depends", ""))]
    while todo:
        name = todo.pop()
        if name in tasks and name not in found:
            found.add(name)
            todo += [other for other, _ in _DEPENDS.findall(tasks[name].get("depends", ""))]
    return found


def _called(where: str, task: Tree, templates: dict[str, Tree]) -> Iterator[str]:
    template = templates.get(task.get("template", ""))
    if template is None:
        yield f"{where} has no template {task.get('template')}"
        return
    given = _names(task.get("arguments"))
    for name in _missing(template, dict.fromkeys(given, "")):
        yield f"{where} doesn't give {name}"
    for name in given - _names(template.get("inputs")):
        yield f"{where} gives {name}, which {template['name']} doesn't take"


def _variables(where: str, tree: Any, known: set[str]) -> Iterator[str]:
    for name in _VARIABLE.findall(json.dumps(tree)):
        if name not in known:
            yield f"{where} has a variable {name}"
