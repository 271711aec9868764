"""How does a piece of a cut call the worker, and go on by what it answers?

A piece is told where to go on behind it and where failures go, and tells with which state it
begins. The context goes through all states: a call of the worker answers it anew, with a word by
which a Choice goes on. So whatever needs a thought is the worker's, and here is only the way.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, final

from fwf.forms.scalar_form import write_text
from fwf.interpreters.engines.cut import PieceAt
from fwf.interpreters.engines.step_functions import asl
from fwf.interpreters.engines.step_functions.naming import StateNames, ends_of
from fwf.interpreters.engines.step_functions.shares import Limits
from fwf.interpreters.engines.worker.call import Verb, call_to_json
from fwf.interpreters.engines.worker.context import slot
from fwf.machine.part import Part
from fwf.machine.slots import Pool


@final
class Scope:
    """The states of a machine, a branch or a map's body: which there are, and where they end.

    lost: where calls go that nothing comes back from, if all to the same state.
    """

    __slots__ = ("fail", "inside_map", "lost", "ok", "states")

    def __init__(self, ok: str, fail: str, lost: str = "", *, inside_map: bool) -> None:
        self.ok = ok
        self.fail = fail
        self.lost = lost
        self.inside_map = inside_map
        self.states: list[asl.State] = []
        """The last one first."""


class Way(NamedTuple):
    """A piece where it stands, and where it goes from there, in which scope."""

    here: PieceAt
    next: str
    fail: str
    scope: Scope


Steps: TypeAlias = Generator[Way, str, str]
"""Ways of parts ⟶ the states that these begin with ⟶ that which the piece begins with."""


class _Labels(NamedTuple):
    """A place, which has to be there as long as this; its path, its part's id, and `ends_of`."""

    here: PieceAt
    path: str
    part: str
    ends: tuple[str, str]


@final
class Facts:
    """What the worker is told of a part, and how its states are called."""

    def __init__(self, target: str, limits: Limits, pools: Mapping[str, int | Pool]) -> None:
        self.target = target
        self.limits = limits
        self.pools = {
            name: pool if isinstance(pool, Pool) else Pool(pool) for name, pool in pools.items()
        }
        self._names = StateNames()
        self._digests: dict[Hashable, bytes] = {}
        self._labels: dict[int, _Labels] = {}

    def _of(self, here: PieceAt) -> _Labels:
        labels = self._labels.get(id(here))
        if labels is None:
            part = Part(here.visit).id_by(self._digests)
            path = here.path
            labels = self._labels[id(here)] = _Labels(here, path, part, ends_of(path, part))
        return labels

    def id(self, here: PieceAt) -> str:
        """A part's id."""
        return self._of(here).part

    def slot(self, here: PieceAt) -> str:
        """The name by which a context knows a part."""
        return slot(self._of(here).part)

    def name(self, here: PieceAt, role: str) -> str:
        """A new state's name."""
        return self._names.name(self._of(here).ends, role)

    def call(self, way: Way, do: Verb, **others: Any) -> dict[str, Any]:
        """What the worker is called with, but for the context."""
        labels, limits = self._of(way.here), self.limits
        limit = limits.item if way.scope.inside_map else limits.value
        return call_to_json(do, self.target, labels.part, labels.path, limit=limit, **others)


def call_states(
    facts: Facts,
    way: Way,
    do: Verb,
    goes: Sequence[tuple[str, str]],
    fields: Mapping[str, Any] = asl.CONTEXT,
    *,
    name: str = "",
    role: str = "",
    seconds: int = asl.SECONDS,
    **others: Any,
) -> str:
    """The states of a call, which goes on by the word that it is answered ⟶ the first of them.

    goes: words, and the states that they lead to; all others lead to where failures go.
    """
    scope, role = way.scope, role or ("" if do == "run" else do)
    name = name or facts.name(way.here, role)
    lost = scope.lost or facts.name(way.here, f"{role}-lost".lstrip("-"))
    parameters = {**facts.call(way, do, **others), **fields}
    if all(to == way.fail for _, to in goes):
        following = way.fail
    else:
        following = facts.name(way.here, f"{role}-then".lstrip("-"))
        scope.states.append(asl.choice(following, "$.out.word", goes, way.fail))
    if lost != scope.lost:
        scope.states.append(asl.lost(lost, write_text(way.here.path), scope.fail))
    scope.states.append(asl.task(name, parameters, lost, following, seconds))
    return name


def catch_state(facts: Facts, way: Way, to: str, role: str = "failed", behind: str = "") -> str:
    """Where a handler takes failures up ⟶ its Choice: its own go there, others outwards.

    behind: what is behind its slot in the name that they go by.
    """
    if to == way.fail:  # a branch ends there anyway
        return to
    name = facts.name(way.here, role)
    mine = f"{facts.slot(way.here)}{behind}"
    way.scope.states.append(asl.choice(name, "$.out.to", [(mine, to)], way.fail))
    return name
