"""What is done for each item of a list, and what is tried again: wrappers around one step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NamedTuple, cast, final

from fwf.algebra.expr import Input
from fwf.algebra.nodes import (
    Extension,
    FromResult,
    InPool,
    MapEach,
    Named,
    Pure,
    Retry,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import Visit
from fwf.interpreters.engines.argo.orders import Calls, Op
from fwf.interpreters.engines.cut import EngineTask, PieceAt
from fwf.interpreters.engines.features import task_in

_NAMES: Final = (Named, WithParams, Extension, InPool)


class Step(NamedTuple):
    """One step inside its wrappers: what its pod does, and how often and long it may try.

    runs: whether there is a step at all. retry: the slot of the retry around it.
    within: how long its pod has; one that waits between attempts may be there for longer.
    """

    ops: tuple[Op, ...]
    runs: bool
    retry: str
    attempts: int
    within: timedelta | None


def is_expression(here: PieceAt) -> bool:
    """Whether it is worked out, and isn't just what it is given."""
    node = here.piece.node
    if isinstance(node, FromResult):
        return True
    return isinstance(node, Pure) and not isinstance(node.expr, Input)


def step_of(here: PieceAt, calls: Calls) -> Step | None:
    """What is one step inside its wrappers; None for what is more, or can be done in no pod."""
    ops: list[Op] = []
    retry, attempts = "", 1
    while True:
        node = here.piece.node
        if isinstance(here.piece, EngineTask) or is_expression(here):
            return Step((*ops, calls.call("run", here.visit)), True, retry, attempts, None)
        if isinstance(node, Timeout):
            if task_in(node.body) is None:
                return None
            within: timedelta | None = None if retry else node.within
            return Step((*ops, calls.call("run", here.visit)), True, retry, attempts, within)
        if isinstance(node, Retry):
            ops.append(calls.note(here.visit))
            retry, attempts = calls.slot(here.visit), node.attempts
        elif isinstance(node, WithParams):
            if node.computed:
                ops.append(calls.call("bind", here.visit))
        elif isinstance(node, Pure):
            return Step(tuple(ops), False, retry, attempts, None)
        elif not isinstance(node, _NAMES):
            return None
        here = here.parts()[0]


@final
class Maps:
    """What maps need: the most items, and the sizes of pools that are known."""

    __slots__ = ("_calls", "_most", "_pools")

    def __init__(self, calls: Calls, most: int, pools: dict[str, int]) -> None:
        self._calls = calls
        self._most = most
        self._pools = pools

    def step(self, here: PieceAt) -> Step | None:
        """What is done for each item; None where that is no pod, and the map is done as a whole."""
        step = step_of(here.parts()[0], self._calls)
        return step if step is not None and step.runs else None

    def spread(self, here: PieceAt) -> Op:
        """The call that makes the list."""
        return self._calls.call("spread", here.visit, most=self._most)

    def at_once(self, here: PieceAt) -> int | None:
        """How many items may be at work: by the map itself, and by the pool that bounds it."""
        node = cast("MapEach[Any, Any]", here.piece.node)
        sizes = [self._pools[name] for name in _pools_of(here) if name in self._pools]
        bounds = [*sizes, *([] if node.at_once is None else [node.at_once])]
        return min(bounds, default=None)


def _pools_of(here: PieceAt) -> list[str]:
    """The pools directly around a map, and around what it does for each item."""
    pools: list[str] = []
    above: Visit | None = here.visit.around
    while above is not None and isinstance(above.node, _NAMES):
        if isinstance(above.node, InPool):
            pools.append(above.node.pool)
        above = above.around
    inner = here.parts()[0]
    while isinstance(inner.piece.node, _NAMES) and inner.parts():
        if isinstance(inner.piece.node, InPool):
            pools.append(inner.piece.node.pool)
        inner = inner.parts()[0]
    return pools
