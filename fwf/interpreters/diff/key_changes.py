"""Whose idempotency keys change from one workflow to another, and why.

A key is made of the run's, which is its workflow's name and its required parameters, and of the
step's path. Where an edit that changes a path is told, that says so; here is what is left: other
names of runs, and tasks whose path changes because of what is done beside them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import Visit, fold, visit
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import definition_id
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import name_of, required_names
from fwf.interpreters.diff.matches import Edit
from fwf.interpreters.diff.part_words import OTHER_KEYS, names_of, tasks_in
from fwf.printing import printable

MOST_PLACES: Final = 10_000
"""So many parts are looked at for tasks in them, since sharing can write down far more."""


class Step(NamedTuple):
    """A task that asks for its key, where it stands."""

    task: Task[Any, Any]
    where: Visit


class Pair(NamedTuple):
    """The steps of one task in both workflows."""

    olds: list[Step]
    news: list[Step]


def other_keys_besides(old: AnyWorkflow, new: AnyWorkflow, edits: Iterable[Edit]) -> list[Edit]:
    """Two workflows, the edits between them ⟶ more edits: whose keys change besides, and why."""
    pairs = _pairs(_steps(old), _steps(new))
    if not pairs:
        return []
    digests = {task.digest for edit in edits for task in _in_edit(edit)}
    why = _why(old, new)
    if not why or name_of(old) != name_of(new):
        pairs = [pair for pair in pairs if pair.news[0].task.digest not in digests]
    if not why:
        return [edit for pair in pairs for edit in _displacements(pair)]
    return [_of_runs(why, pairs)] if pairs else []


def _steps(w: AnyWorkflow) -> list[Step]:
    """The tasks that ask for their keys, where they stand, in order."""
    leads: dict[int, bool] = {}

    def step(node: Node, parts: tuple[bool, ...]) -> bool:
        leads[id(node)] = node.contract.keyed if isinstance(node, Task) else any(parts)
        return leads[id(node)]

    if not fold(step, w):
        return []
    places = islice(_leading(w, leads), MOST_PLACES)
    return [Step(here.node, here) for here in places if isinstance(here.node, Task)]


def _leading(w: AnyWorkflow, leads: dict[int, bool]) -> Iterator[Visit]:
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        yield here
        todo.extend(part for part in reversed(here.parts()) if leads[id(part.node)])


def _pairs(olds: Sequence[Step], news: Sequence[Step]) -> list[Pair]:
    """The tasks that are in both: those that are equal and, of the others, those of one name."""
    pairs: list[Pair] = []
    order = {id(step.where): at for at, step in enumerate(news)}
    keys: tuple[Callable[[Step], Any], ...] = attrgetter("task.digest"), attrgetter("task.name")
    for key in keys:
        mine, theirs = _by(key, olds), _by(key, news)
        both = {each for each in theirs if each in mine}
        pairs += [Pair(mine[each], theirs[each]) for each in both]
        olds = [step for step in olds if key(step) not in both]
        news = [step for step in news if key(step) not in both]
    return sorted(pairs, key=lambda pair: order[id(pair.news[0].where)])


def _by(key: Callable[[Step], Any], steps: Iterable[Step]) -> dict[Any, list[Step]]:
    groups: dict[Any, list[Step]] = {}
    for step in steps:
        groups.setdefault(key(step), []).append(step)
    return groups


def _in_edit(edit: Edit) -> Iterator[Task[Any, Any]]:
    """The tasks of which an edit says that their keys change."""
    if OTHER_KEYS in edit.reason:
        for part in (edit.was, edit.now):
            yield from () if part is None else tasks_in(part.node)


# Other names of runs


def _why(old: AnyWorkflow, new: AnyWorkflow) -> str:
    """Why runs are called otherwise; empty if they aren't."""
    was, now = name_of(old), name_of(new)
    if was != now:
        return f"runs are called {_name_text(now)} now, were {_name_text(was)}"
    if now is None:
        changed = definition_id(old) != definition_id(new)
        return "the workflow has no name, so that any edit changes them" if changed else ""
    mine, theirs = (set(required_names(requirements(w))) for w in (old, new))
    more, less = sorted(theirs - mine), sorted(mine - theirs)
    reasons = [f"runs now go by {', '.join(map(printable, more))} too"] if more else []
    reasons += [f"runs no longer go by {', '.join(map(printable, less))}"] if less else []
    return ", and ".join(reasons)


def _name_text(name: str | None) -> str:
    return "by their definition" if name is None else repr(printable(name))


def _of_runs(why: str, pairs: Sequence[Pair]) -> Edit:
    """One edit for all tasks, at the first of them."""
    reason = f"{OTHER_KEYS} for {names_of(pair.news[0].task for pair in pairs)}: {why}"
    first = pairs[0]
    return Edit("changed", reason, None, was=first.olds[0].where, now=first.news[0].where)


# Other paths


def _displacements(pair: Pair) -> Iterator[Edit]:
    """The places of a task that are new, with those that are gone."""
    before = {step.where.path for step in pair.olds}
    after = {step.where.path for step in pair.news}
    old_steps = [step for step in pair.olds if step.where.path not in after]
    new_steps = [step for step in pair.news if step.where.path not in before]
    for was, now in zip(old_steps, new_steps, strict=False):
        reason = f"goes by another path now; {OTHER_KEYS} for {names_of([now.task])}"
        yield Edit("moved", reason, None, was=was.where, now=now.where)
