"""Does a scenario fit a workflow? Names that aren't there, outputs that no task of these gives."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

from fwf.algebra.expr import name_of_function
from fwf.algebra.nodes import Fail, Fallback, Node, Retry, Task
from fwf.algebra.paths import near_place, stands_for, untagged
from fwf.algebra.subexpressions import error_tags
from fwf.algebra.traverse import children, walk
from fwf.algebra.workflow import AnyWorkflow
from fwf.display.readable import few_words
from fwf.faults import TAGS, exception_class, near
from fwf.types.hints import name_of
from fwf.worlds.scenario import Scenario, Script, wrong_call
from fwf.worlds.stand_in import misfit

Tasks: TypeAlias = dict[str, list[Task[Any, Any]]]


def scenario_problems(scenario: Scenario, w: AnyWorkflow) -> list[str]:
    """Scenario, workflow ⟶ everything in the scenario that isn't for this workflow."""
    tasks, tags = _names(w)
    places = _places(w) if scenario.paths else {}
    wrong = [
        f"there is no task {name!r}{near(name, tasks) or _listing(tasks)}"
        for name in sorted({*scenario.tasks, *(name for name, _ in scenario.items)})
        if name not in tasks
    ]
    wrong.extend(_wrong_paths(scenario, places))
    for where, script, candidates in _entries(scenario, tasks, places):
        wrong.extend(_wrong_outputs(where, script, candidates))
        for failure in script.fails or ():
            if failure is not None and len(failure.tags) == 1:
                wrong.extend(_wrong_tag(where, failure.tags[0], tags))
    return wrong


def _entries(
    scenario: Scenario, tasks: Tasks, places: Tasks
) -> Iterator[tuple[str, Script, list[Task[Any, Any]]]]:
    """Each entry of a scenario: what it is about in words, its script, the tasks that it fits."""
    for name, script in sorted(scenario.tasks.items(), key=_name):
        yield f"task {name}", script, tasks.get(name, [])
    for (name, item), script in sorted(scenario.items.items(), key=_name):
        yield f"task {name}, item {item}", script, tasks.get(name, [])
    for path, script in sorted(scenario.paths.items(), key=_name):
        yield path, script, places.get(untagged(path), [])


def _name(entry: tuple[Any, Script]) -> Any:
    return entry[0]


def _names(w: AnyWorkflow) -> tuple[Tasks, dict[str, None]]:
    """A workflow's tasks by their names, and the error tags that it speaks of."""
    tasks: Tasks = {}
    tags: dict[str, None] = {}
    seen: set[int] = set()
    todo: list[Any] = [w]
    while todo:
        node: Node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Task):
            tasks.setdefault(node.name, []).append(node)
        elif isinstance(node, Fail):
            tags[node.tag] = None
        elif isinstance(node, Retry | Fallback):
            tags.update(dict.fromkeys(node.on))
        tags.update(dict.fromkeys(error_tags(node)))
        parts = children(node)  # wide nodes often have one part many times
        todo.extend(reversed(dict(zip(map(id, parts), parts, strict=True)).values()))
    return tasks, tags


def _places(w: AnyWorkflow) -> Tasks:
    """A workflow's tasks by their paths. Keys of items and numbers of rounds may be any."""
    places: Tasks = {}
    for here in walk(w):
        if isinstance(here.node, Task):
            places.setdefault(untagged(here.path), []).append(here.node)
    return places


def _wrong_paths(scenario: Scenario, places: Tasks) -> Iterator[str]:
    """Paths at which no task stands."""
    for path in sorted(scenario.paths):
        bare = untagged(path)
        if bare in places:
            continue
        ends = [place for place in places if stands_for(bare, place)]
        close = f"; the whole path is needed: {' or '.join(map(repr, ends[:5]))}" if ends else ""
        close = close or near(bare, places) or near_place(bare, places)
        yield f"there is no task at {path!r}{close or _listing(sorted(places))}"


def _wrong_outputs(where: str, script: Script, tasks: list[Task[Any, Any]]) -> Iterator[str]:
    """An output, or a function of the input, that is for none of the tasks of that name."""
    for value in script.outputs:
        misfits = [(task, misfit(value, task.contract.output)) for task in tasks]
        if misfits and all(reason for _, reason in misfits):
            task, reason = misfits[0]
            kind = name_of(task.contract.output)
            yield f"{where}: gives {few_words(value)}, but {task.name} gives {kind}: {reason}"
    for word, function in (("gives_by", script.by), ("takes", script.takes)):
        if callable(function):
            calls = [
                wrong_call(function, [each.name for each in task.contract.inputs]) for task in tasks
            ]
            if calls and all(calls):
                yield f"{where}: {word}={name_of_function(function)} {calls[0]}"


def _wrong_tag(where: str, tag: str, tags: dict[str, None]) -> Iterator[str]:
    """A tag that no `on=` and no `fail` speaks of, and that names no class."""
    if tag in tags or tag in TAGS or exception_class(tag) is not None:
        return
    module, _, name = tag.rpartition(".")
    spellings = [*tags, *TAGS]
    if not module:
        spellings += [each for each in vars(builtins) if exception_class(each) is not None]
    elif module in sys.modules:
        names = [f"{module}.{each}" for each in vars(sys.modules[module])]
        spellings += [each for each in names if exception_class(each) is not None]
    spellings += [each for each in tags if each.rpartition(".")[2] == name]
    close = near(tag, spellings)
    remedy = "; give the exception's class, or its module and name once that is imported"
    yield f"{where}: there is no error {tag!r}{close or remedy}"


def _listing(names: Collection[str]) -> str:
    first = list(names)[:5]
    if not first:
        return "; the workflow has no tasks"
    return f"; there are {', '.join(first)}{', …' if len(names) > len(first) else ''}"
