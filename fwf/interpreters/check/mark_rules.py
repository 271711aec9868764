"""The rule about marks of states: may what moves one be done again?"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

from fwf.algebra.nodes import Node, Seq, Task
from fwf.algebra.traverse import children
from fwf.derived.marking import MovedBy
from fwf.faults import Issue
from fwf.interpreters.check.subject import NodePlace, Subject
from fwf.states import moves


def loose_mark(subject: Subject) -> Iterator[Issue]:
    """What moves a mark isn't idempotent: a crash after it, and before the mark, does it twice.

    That is the load of `moved_by`, or the step before a state's `move`.
    """
    loose = subject.summaries(_loose)
    reported: set[int] = set()
    for here in subject.places:
        for part, name in _movers(here):
            task = loose[id(part.node)]
            if task is None or id(task) in reported:
                continue
            reported.add(id(task))
            yield Issue(
                subject.path_of(task),
                "loose-mark",
                f"{_SAID[task.contract.effect is not None]}, but moves the mark of {name!r}: a "
                "process that dies after it and before the mark has it done again, or wait for a "
                "person: let it replace what it loads, by a key or a partition, and declare "
                'effect="idempotent"; or keep the mark in its target, in the same transaction',
                "warning",
            )


_SAID = ("it declares no effect, so it counts as unrepeatable", "it is unrepeatable")


def _loose(node: Node, parts: tuple[Task[Any, Any] | None, ...]) -> Task[Any, Any] | None:
    """The first task of a part that can't be done again without a second effect."""
    if isinstance(node, Task):
        contract = node.contract
        return None if contract.repeatable or contract.keyed else node
    return next((part for part in parts if part is not None), None)


def _movers(here: NodePlace) -> Iterator[tuple[NodePlace, str]]:
    """The parts of a node that move a mark when they are done, and of which state."""
    node = here.node
    if isinstance(node, MovedBy):
        move = cast("Task[Any, Any]", node.move)
        yield NodePlace(node.load, here), str(moves(move) or move.name)
    elif isinstance(node, Seq):
        parts = here.parts()
        for before, part in pairwise(parts):
            name = _moving_state(part.node)
            if name is not None:
                yield before, name


def _moving_state(node: Node) -> str | None:
    """The state whose mark a part moves before all else."""
    while not isinstance(node, Task):
        below = children(node)
        if len(below) != 1:
            return None
        node = below[0]
    return moves(node)
