"""Which parts of a workflow become which tasks of an engine, by what its table says?

A **cut** is the workflow with some of its parts replaced by engine tasks. Every task of the
workflow is in exactly one of these: one is a task by itself, an expression, or a block, which our
own runner does as a whole. All between is said with the engine's constructs.

A part that is shared stays so: it is cut once for each different surrounding, and has its place
only on the way to it. So a cut is no larger than what is written, whatever that writes out.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast, final

from fwf.algebra.counts import total
from fwf.algebra.nodes import Node, Task
from fwf.algebra.traverse import Visit, children, fold, visit
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.interpreters.engines.features import (
    OUTSIDE,
    Around,
    contents_of,
    features_of,
    inherited,
)
from fwf.interpreters.engines.support import Feature, Table, uncut
from fwf.records import record

R = TypeVar("R")


@final
@record(eq=False)
class EngineTask:
    """A part that runs in one engine task: a task, an expression, or a block of several parts.

    `features` are those of the part where it stands.
    """

    node: Node
    features: tuple[Feature, ...]

    @property
    def is_block(self) -> bool:
        """Whether it is more than one step."""
        return bool(children(self.node))


@final
@record(eq=False)
class Inner:
    """A node that the engine's constructs say; its parts are those of the node, in their order."""

    node: Node
    features: tuple[Feature, ...]
    parts: "tuple[Piece, ...]"


Piece: TypeAlias = EngineTask | Inner


class PieceAt(NamedTuple):
    """A piece of a cut where it stands; `visit` knows its path, and what is bound around it."""

    piece: Piece
    visit: Visit

    @property
    def path(self) -> str:
        """The path that a local run gives it: `daily > par > visits`."""
        return self.visit.path

    def parts(self) -> "list[PieceAt]":
        """The piece's direct parts where they stand."""
        parts = _parts_of(self.piece)
        return [PieceAt(part, self.visit.part(at, part.node)) for at, part in enumerate(parts)]


@final
@record(eq=False)
class Cut:
    """A workflow cut into engine tasks, and the table that it was cut by."""

    piece: Piece
    table: Table

    @property
    def workflow(self) -> Node:
        """What was cut."""
        return self.piece.node

    def places(self) -> Iterator[PieceAt]:
        """Every piece where it stands, outermost and leftmost first; as often as it stands."""
        todo = [PieceAt(self.piece, visit(self.workflow))]
        while todo:
            here = todo.pop()
            yield here
            todo.extend(reversed(here.parts()))

    def pieces(self) -> Iterator[PieceAt]:
        """Every distinct piece at its first place. O(size of what is written)."""
        visited: set[int] = set()
        todo = [PieceAt(self.piece, visit(self.workflow))]
        while todo:
            here = todo.pop()
            if id(here.piece) in visited:
                continue
            visited.add(id(here.piece))
            yield here
            todo.extend(part for part in reversed(here.parts()) if id(part.piece) not in visited)

    def count(self, counts: Callable[[EngineTask], int]) -> int:
        """How many there are of something in all engine tasks, in all places; up to 2⁶²."""

        def step(piece: Piece, parts: tuple[int, ...]) -> int:
            return counts(piece) if isinstance(piece, EngineTask) else total(parts)

        return fold_pieces(step, self.piece)

    @property
    def tasks(self) -> int:
        """How many engine tasks there are, in all places; up to 2⁶²."""
        return self.count(lambda task: 1)

    @property
    def blocks(self) -> int:
        """How many of them are blocks."""
        return self.count(lambda task: task.is_block)


def cut(w: AnyWorkflow, table: Table) -> Cut:
    """Workflow, what an engine can do ⟶ its parts as engine tasks. O(size), at any depth.

    What has a feature that the engine can't say is a block, as small as that allows.
    """
    root = as_workflow(w, "cut")
    within = contents_of(root)
    pieces: dict[tuple[int, Around], Piece] = {}
    todo: list[tuple[Node, Around, tuple[Feature, ...], Around | None]] = [
        (root, OUTSIDE, (), None)
    ]
    while todo:
        node, around, features, below = todo.pop()
        key = (id(node), around)
        if key in pieces:
            continue
        if below is not None:  # its parts are made
            inner = tuple([pieces[id(part), below] for part in children(node)])
            pieces[key] = Inner(node, features, inner)
            continue
        features = features_of(node, around, within)
        if isinstance(node, Task) or any(uncut(table[each]) for each in features):
            pieces[key] = EngineTask(node, features)
            continue
        below = inherited(node, around)
        todo.append((node, around, features, below))
        parts = {id(part): part for part in children(node)}  # wide nodes often have one many times
        todo.extend([(part, below, (), None) for part in reversed(parts.values())])
    return Cut(pieces[id(root), OUTSIDE], table)


def fold_pieces(step: Callable[[Piece, tuple[R, ...]], R], piece: Piece) -> R:
    """Step, piece ⟶ its meaning, bottom-up; each distinct piece once: `fold`, of pieces."""
    meaning: R = fold(cast(Any, step), cast(Any, piece), parts_of=cast(Any, _parts_of))
    return meaning


def _parts_of(piece: Piece) -> tuple[Piece, ...]:
    return () if isinstance(piece, EngineTask) else piece.parts
