"""What becomes of a workflow on Airflow: tasks, where each has from what it goes on, and groups.

Plain data, which knows nothing of Airflow: the operators are made of it, and the tests go by it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, cast, final

from pyrsistent import pmap

from fwf.algebra.traverse import Visit, fold
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.engine_names import Alphabet
from fwf.interpreters.engines.worker.call import Verb, call_to_json
from fwf.interpreters.engines.worker.context import slot
from fwf.machine.part import Part
from fwf.records import changed, record

Kind: TypeAlias = Literal["begin", "call", "spread", "item", "gather"]
LETTERS: Final = Alphabet(250, "-_.")
"""Of which Airflow's ids are."""
GROUPS: Final = Alphabet(200, "-_")
"""And those of its groups."""


@final
@record(eq=False)
class Facts:
    """What all calls of a workflow share.

    limit: so many bytes a value may take in them; known: the digests of nodes, as far as they were
        asked for.
    """

    target: str
    limit: int | None
    known: dict[Hashable, bytes]


@final
@record(eq=False)
class Question:
    """What the worker is asked of a part: worked out when a task runs, not when a DAG is read."""

    do: Verb
    visit: Visit
    facts: Facts
    others: Mapping[str, Json] = pmap()

    @property
    def part(self) -> str:
        """The part's id."""
        return Part(self.visit).id_by(self.facts.known)

    def on(self, form: Mapping[str, Json], **more: Json) -> dict[str, Json]:
        """What it is given ⟶ the call."""
        facts, others = self.facts, {**self.others, **more}
        call = call_to_json(
            self.do, facts.target, self.part, self.visit.path, limit=facts.limit, **others
        )
        return {**call, "in": dict(form)}


@final
@record(eq=False)
class Came:
    """What a task has handed on, provided that it answered this word; any, if that is empty."""

    task: str
    word: str = ""


@final
@record(eq=False)
class Either:
    """What the arm of a branch has handed on that was taken."""

    arms: tuple[Source, ...]


@final
@record(eq=False)
class Light:
    """What the worker answers to a call that costs nothing, made by whoever needs it.

    given: what it goes on from; parts: what it puts together.
    """

    call: Question
    given: Source
    parts: tuple[Source, ...] = ()


@final
@record(eq=False)
class Had:
    """What others have had already, and nobody needs any more: that it ended well is enough."""


Source: TypeAlias = Came | Either | Light | Had


@final
@record()
class Retried:
    """Of a task that is tried again: how often it begins at most.

    whole: what it would ask to do all attempts itself.
    """

    whole: Question
    attempts: int

    @property
    def slot(self) -> str:
        """By which the scope knows the retry."""
        return slot(self.whole.part)


@final
@record()
class Mapped:
    """Of a task that is done for each item: which task lists them, and how many at once."""

    spread: str
    at_once: int | None
    collects: bool


@final
@record(eq=False)
class Step:
    """One task.

    id: Airflow's name for it; title: the path that people know.
    call: what the worker is asked; None for what only hands on what came.
    whole: of a gathering task, what it asks in place of that where the items are too many.
    given: what it goes on from; None for that which begins.
    behind: others that it waits for.
    pool: Airflow's pool, if any; pooled: whether there is a pool around or in it.
    within: the time that its timeout gives it.
    group: the number of the group that it is in; -1 for none.
    """

    id: str
    kind: Kind
    title: str
    call: Question | None
    given: Source | None
    behind: tuple[str, ...] = ()
    whole: Question | None = None
    retried: Retried | None = None
    mapped: Mapped | None = None
    pool: str | None = None
    within: timedelta | None = None
    group: int = -1

    @property
    def upstream(self) -> tuple[str, ...]:
        """The tasks that it waits for, each once."""
        sources = () if self.given is None else tasks_of(self.given)
        lists = () if self.mapped is None else (self.mapped.spread,)
        return tuple(dict.fromkeys((*sources, *lists, *self.behind)))


@final
@record()
class Group:
    """Tasks that have a name together; `parent` is the number of the group that it is in, or -1."""

    id: str
    title: str
    parent: int


@final
@record(eq=False)
class Plan:
    """All tasks of a workflow, each behind those that it waits for.

    result: where what the workflow gives is to be had.
    within: the time that a timeout around the whole gives it.
    """

    steps: tuple[Step, ...]
    groups: tuple[Group, ...]
    result: Source
    within: timedelta | None = None


def parts_of(source: Source) -> tuple[Source, ...]:
    """A source ⟶ those that it is made of."""
    match source:
        case Came() | Had():
            return ()
        case Either():
            return source.arms
        case Light():
            return (source.given, *source.parts)


def tasks_of(source: Source) -> tuple[str, ...]:
    """The tasks that a source is had from, each once."""
    return tuple(dict.fromkeys(each.task for each in came_of(source)))


def came_of(source: Source) -> Iterator[Came]:
    """What tasks have handed on in a source, in its order. Explicit stack."""
    todo: list[Source] = [source]
    while todo:
        top = todo.pop()
        if isinstance(top, Came):
            yield top
        todo.extend(reversed(parts_of(top)))


def has_light(source: Source) -> bool:
    """Whether something is still to be made of what came."""

    def step(each: Any, parts: tuple[bool, ...]) -> bool:
        return isinstance(each, Light) or any(parts)

    is_light: bool = fold(cast(Any, step), cast(Any, source), parts_of=cast(Any, parts_of))
    return is_light


def in_one(step: Step) -> Step:
    """A task that would be tried again, as one that does all its attempts by itself."""
    assert step.retried is not None, "only what is tried again can be done in one"
    return changed(step, call=step.retried.whole, retried=None)


def grouped(groups: list[Group], steps: list[Step]) -> tuple[tuple[Group, ...], tuple[Step, ...]]:
    """Groups without those of one task alone, and the tasks in those that are left."""
    sizes = [0] * len(groups)
    for step in steps:
        if step.group >= 0:
            sizes[step.group] += 1
    for at in range(len(groups) - 1, -1, -1):  # a parent has a lower number
        if groups[at].parent >= 0:
            sizes[groups[at].parent] += sizes[at]
    left: list[Group] = []
    now = {-1: -1}
    for at, group in enumerate(groups):
        parent = now[group.parent]
        now[at] = parent if sizes[at] < 2 else len(left)
        if sizes[at] >= 2:
            left.append(changed(group, parent=parent))
    return tuple(left), tuple([changed(step, group=now[step.group]) for step in steps])
