"""Does a scenario fit a workflow? Names of tasks, paths and errors that aren't there."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from typing import Any

from fwf.algebra.nodes import Fail, Fallback, Node, Retry, Task
from fwf.algebra.paths import untagged
from fwf.algebra.scenario import Scenario, Script
from fwf.algebra.traverse import children, walk
from fwf.algebra.workflow import Workflow
from fwf.faults import near
from fwf.interpreters.dry_run.scripts import exception_class

_OURS = ("Timeout", "Exhausted", "PredicateDefect", "BadInput", "Defect", "Interrupted")


def wrong_with(scenario: Scenario, w: Workflow[Any, Any]) -> list[str]:
    """Scenario, workflow ⟶ every name in the scenario that the workflow doesn't have."""
    tasks, tags = _names(w)
    wrong = [
        f"there is no task {name!r}{near(name, tasks) or _known(tasks)}"
        for name in sorted({*scenario.tasks, *(name for name, _ in scenario.items)})
        if name not in tasks
    ]
    if scenario.paths:
        wrong.extend(_wrong_paths(scenario, w))
    for where, script in _entries(scenario):
        for failure in script.fails or ():
            if failure is not None and len(failure.tags) == 1:
                wrong.extend(_wrong_tag(where, failure.tags[0], tags))
    return wrong


def _entries(scenario: Scenario) -> Iterator[tuple[str, Script]]:
    for name, script in sorted(scenario.tasks.items(), key=_name):
        yield f"task {name}", script
    for (name, item), script in sorted(scenario.items.items(), key=_name):
        yield f"task {name}, item {item}", script
    for path, script in sorted(scenario.paths.items(), key=_name):
        yield path, script


def _name(entry: tuple[Any, Script]) -> Any:
    return entry[0]


def _names(w: Workflow[Any, Any]) -> tuple[dict[str, None], dict[str, None]]:
    """The names of a workflow's tasks, and the error tags that it speaks of."""
    tasks: dict[str, None] = {}
    tags: dict[str, None] = {}
    seen: set[int] = set()
    todo: list[Any] = [w]
    while todo:
        node: Node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Task):
            tasks[node.name] = None
        elif isinstance(node, Fail):
            tags[node.tag] = None
        elif isinstance(node, Retry | Fallback):
            tags.update(dict.fromkeys(node.on))
        todo.extend(reversed(children(node)))
    return tasks, tags


def _wrong_paths(scenario: Scenario, w: Workflow[Any, Any]) -> Iterator[str]:
    """Paths at which no task stands. Keys of items and numbers of rounds may be any."""
    places = {untagged(here.path) for here in walk(w) if isinstance(here.node, Task)}
    for path in sorted(scenario.paths):
        if untagged(path) not in places:
            close = near(untagged(path), places) or _known(dict.fromkeys(sorted(places)))
            yield f"there is no task at {path!r}{close}"


def _wrong_tag(where: str, tag: str, tags: dict[str, None]) -> Iterator[str]:
    """A tag that no `on=` and no `fail` speaks of, and that names no class."""
    if tag in tags or tag in _OURS or exception_class(tag) is not None:
        return
    module, _, name = tag.rpartition(".")
    known = [*tags, *_OURS]
    if not module:
        known += [each for each in vars(builtins) if exception_class(each) is not None]
    elif module in sys.modules:
        found = [f"{module}.{each}" for each in vars(sys.modules[module])]
        known += [each for each in found if exception_class(each) is not None]
    known += [each for each in tags if each.rpartition(".")[2] == name]
    close = near(tag, known)
    remedy = "; give the exception's class, or its module and name once that is imported"
    yield f"{where}: there is no error {tag!r}{close or remedy}"


def _known(names: dict[str, None]) -> str:
    shown = list(names)[:5]
    if not shown:
        return "; the workflow has no tasks"
    return f"; there are {', '.join(shown)}{', …' if len(names) > len(shown) else ''}"
