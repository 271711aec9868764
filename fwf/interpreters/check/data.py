"""Rules about values on their way: dropped, or joined in the wrong order."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Never, get_args, get_origin

from fwf.algebra.expr import Input
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Extension,
    Fallback,
    Graph,
    InPool,
    Named,
    Node,
    Par,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.subexpressions import expressions_of, subexpressions
from fwf.faults import Issue
from fwf.interpreters.check.subject import NodePlace, Subject, first, giving, last
from fwf.types import hints


def dropped_value(subject: Subject) -> Iterator[Issue]:
    """In a chain, a value goes to a task that takes none."""
    ignoring = subject.summaries(_ignores)
    for here in subject.places:
        if isinstance(here.node, Seq):
            for source, at in _pairs(here.node):
                task = ignoring[id(here.node.parts[at])]
                if task is not None:
                    yield from _drop_issues(subject, here, at, source, task)


def _pairs(chain: Seq[Any, Any]) -> Iterator[tuple[Node, int]]:
    """The part that gives a value, the number of the part that it goes to; each pair once."""
    yielded = set[tuple[int, int]]()
    source: Node | None = None
    for at, part in enumerate(chain.parts):
        if source is not None and (id(source), id(part)) not in yielded:
            yielded.add((id(source), id(part)))
            yield source, at
        if part.edge.gives is not hints.SAME:
            source = part


def _ignores(node: Node, parts: tuple[Task[Any, Any] | None, ...]) -> Task[Any, Any] | None:
    """The task that makes nothing of what comes in; None if something looks at it."""
    match node:
        case Task():
            return None if node.contract.inputs else node
        case Par() | Fallback() | Always() if parts and all(part is not None for part in parts):
            return parts[0]
        case WithParams():
            exprs = [part for expr in expressions_of(node) for part in subexpressions(expr)]
            return None if any(isinstance(part, Input) for part in exprs) else parts[0]
        case Retry() | Timeout() | AsResult() | InPool() | Named() | Extension():
            return parts[0]
        case Seq() if parts:
            return parts[0]
        case Graph() if node.arity == 0:
            return next((part for part in parts if part is not None), None)
        case _:
            return None


def _drop_issues(
    subject: Subject, here: NodePlace, at: int, source: Node, task: Task[Any, Any]
) -> Iterator[Issue]:
    giver, kind = subject.end(giving, source), source.edge.gives
    if not isinstance(giver, Task) or _is_nothing(kind):
        return
    wasted = giver.contract.effect in ("pure", "read")
    yield Issue(
        subject.part_path(here, at),
        "dropped-value",
        f"{task.name} takes no input, so the {hints.name_of(kind)} from {giver.name} is dropped: "
        "let it take that as a positional parameter"
        + (", or take the step out" if wasted else "; if only the order matters, silence this"),
        "warning" if wasted else "note",
    )


def _is_nothing(kind: Any) -> bool:
    """Whether a type isn't known, or is None, or a tuple of nothing but None."""
    if kind in (hints.ANY, object, Never, None, type(None)):
        return True
    return get_origin(kind) is tuple and all(map(_is_nothing, get_args(kind)))


def positional_join(subject: Subject) -> Iterator[Issue]:
    """Several values of one type go to a task by their position alone."""
    for path, task, names, in_graph in _joins(subject):
        if _crossings(task, names) or in_graph:
            continue
        inputs = task.contract.inputs
        for kind in _common_types([each.type for each in inputs]):
            places = [
                each.name
                for each, name in zip(inputs, names, strict=True)
                if each.type == kind and each.name != name
            ]
            if len(places) > 1:
                one, *others = places
                yield Issue(
                    path,
                    "positional-join",
                    f"{one} and {' and '.join(others)} of {task.described()} are all "
                    f"{hints.name_of(kind)}, and par gives them by position, so a swap goes "
                    f"unseen: name the parts after them, par(named({one!r}, …), …)",
                    "warning",
                )


def crossed_join(subject: Subject) -> Iterator[Issue]:
    """A part feeds one parameter, but has the name of another."""
    for path, task, names, _ in _joins(subject):
        for name, parameter in _crossings(task, names):
            yield Issue(
                path,
                "crossed-join",
                f"the result of {name} goes to the parameter {parameter!r} of {task.described()}, "
                f"which also has a parameter {name!r}: put the parts in the order of the "
                f"signature, or write join({task.name}, {name}=…)",
                "warning",
            )


def _crossings(task: Task[Any, Any], names: list[str | None]) -> list[tuple[str, str]]:
    parameters = [each.name for each in task.contract.inputs]
    return [
        (name, own)
        for name, own in zip(names, parameters, strict=True)
        if name is not None and name != own and name in parameters
    ]


def _common_types(kinds: list[Any]) -> list[Any]:
    """The known types that occur more than once."""
    several: list[Any] = []
    for at, kind in enumerate(kinds):
        if kind not in (hints.ANY, object) and kind not in several and kind in kinds[at + 1 :]:
            several.append(kind)
    return several


class Join(NamedTuple):
    """A task of several inputs where it stands, and the names of the parts that feed them.

    None where a part has no name, and for a graph's own input.
    """

    path: str
    task: Task[Any, Any]
    names: list[str | None]
    in_graph: bool


def _joins(subject: Subject) -> Iterator[Join]:
    """The tasks to whose inputs several parts give their values by position."""
    for here in subject.places:
        match here.node:
            case Seq() if subject.word(here, "") == "join":  # which gives them by their names
                pass
            case Seq():
                for source, at in _pairs(here.node):
                    feeders = subject.end(last, source)
                    if isinstance(feeders, Par):
                        part = here.node.parts[at]
                        yield from _join(subject, here, at, part, feeders.parts, False)
            case Graph():
                for at, step in enumerate(here.node.steps):
                    bodies = [here.node.steps[i].body if i >= 0 else None for i in step.inputs]
                    yield from _join(subject, here, at, step.body, bodies, True)
            case _:
                pass


def _join(
    subject: Subject,
    here: NodePlace,
    at: int,
    part: Node,
    feeders: Sequence[Node | None],
    in_graph: bool,
) -> Iterator[Join]:
    """That of one part, if it begins with a task of as many inputs."""
    task = subject.end(first, part)
    if isinstance(task, Task) and len(task.contract.inputs) == len(feeders) > 1:
        names = [None if each is None else subject.title(each) for each in feeders]
        yield Join(subject.part_path(here, at), task, names, in_graph)
