"""What a mutant is: the page with one clause wrong, and the law that tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias, final

from fwf.algebra.nodes import Node
from fwf.algebra.paths import Paths
from fwf.algebra.traverse import children
from fwf.records import record

from .denotation import At, Denotation, End, History, Model
from .law import Interpreter, Law
from .model import meaning_by


class Here(NamedTuple):
    """What the meaning of a node depends on: where it stands, ρ, x, s, D and h."""

    at: At
    p: Mapping[str, Any]
    x: Any
    s: int
    D: float
    h: History


@final
class Broken(Denotation):
    """The page, but for the nodes of one kind."""

    def __init__(self, kind: Any, clause: Clause, m: Model, paths: Paths) -> None:
        super().__init__(m, paths)
        self.kind, self.clause = kind, clause
        self.memory: dict[str, Any] = {}
        """What one part tells another behind the page's back."""

    def of(
        self, w: Node, at: At, p: Mapping[str, Any], x: Any, s: int, D: float, h: History
    ) -> End:
        """The wrong clause for what it is about, and the page's for everything else."""
        here = Here(at, p, x, s, D, h)
        return self.clause(self, w, here) if isinstance(w, self.kind) else self.page(w, here)

    def page(self, w: Node, here: Here) -> End:
        """What the page says of a node, whatever it is made of."""
        return super().of(w, *here)

    def part(self, w: Node, index: int, here: Here, tag: object = None) -> End:
        """What one of a node's parts comes to."""
        return self.of(children(w)[index], *here._replace(at=self.inner(here.at, w, index, tag)))


Clause: TypeAlias = Callable[[Broken, Any, Here], End]
"""What a node means, wrongly."""


@final
@record()
class Mutant:
    """An interpreter with one mistake, and the law that it breaks."""

    name: str
    mistake: str
    kind: Any
    clause: Clause
    killed_by: Law

    def __str__(self) -> str:
        return self.name

    @property
    def interpreter(self) -> Interpreter:
        """The interpreter."""
        return meaning_by(partial(Broken, self.kind, self.clause))


def mutant(kind: Any, killed_by: Law) -> Callable[[Clause], Mutant]:
    """The nodes that a clause is about, the law that it breaks ⟶ the mutant.

    The clause's docstring says what is wrong.
    """

    def made(clause: Clause) -> Mutant:
        return Mutant(clause.__name__, clause.__doc__ or "", kind, clause, killed_by)

    return made
