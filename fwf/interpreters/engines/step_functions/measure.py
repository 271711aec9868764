"""How much may a cut become: events of an execution, bytes of a definition, nested branches?

The worst is counted: every round, every attempt, both arms of what may fail. Text is counted as
somewhat more than it is, since who measures a part doesn't know how long its path will be.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

from fwf.algebra.counts import UNCOUNTED
from fwf.algebra.expr import Const
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.interpreters.engines.cut import EngineTask, Piece
from fwf.interpreters.engines.features import task_in
from fwf.interpreters.engines.sizes import Budget, Size

BUDGET: Final = Budget(events=20_000, bytes=900_000, depth=100)
"""25,000 events and 1 MB are the most that AWS takes, and nothing catches it. How deep a definition
may be isn't said; what reads JSON often gives up at 1,000 levels, and each branch is four."""
ITEMS: Final = 100
"""So many items are taken to be in a list, since nobody knows yet."""
CALL: Final = Size(7, 1_650, 0)
"""A task is entered, scheduled, started, done and left, and a Choice entered and left."""
_PASS: Final = 2
"""Events of any other state."""
_FAN: Final = 4
"""Those of a Parallel or a Map: entered, started, done and left."""
_STATE: Final = 300
"""Bytes of any other state."""
_SEGMENT: Final = 14
"""Bytes of what a node adds to the paths of its parts."""


def size(piece: Piece, parts: tuple[Size, ...], items: int = ITEMS) -> Size:
    """A piece, the sizes of its parts ⟶ its own: a `Measure`. items: so many are in each list."""
    node = piece.node
    if isinstance(piece, EngineTask) or isinstance(node, Fail | FromResult | Task):
        name = _length(node.name) if isinstance(node, Task) else 0
        return Size(CALL.events, CALL.bytes + 2 * name, 0)
    within = sum(part.bytes for part in parts)
    depth = max([part.depth for part in parts], default=0)
    deeper = isinstance(node, Par | Graph | MapEach)
    segment = _length(node.name) if isinstance(node, Named) else _SEGMENT
    paths = 2 * segment * -(-within // CALL.bytes)
    return Size(
        min(UNCOUNTED, _events(node, [part.events for part in parts], items)),
        min(UNCOUNTED, _bytes(node) + within + paths),
        depth + deeper,
    )


def _events(node: Any, each: list[int], items: int) -> int:
    call = CALL.events
    match node:
        case Seq() | Named() | InPool() | Extension():
            return sum(each)
        case Pure() | Delay():
            return _PASS
        case WithParams():
            return each[0] + (call if node.computed else 0)
        case Timeout():
            return call if task_in(node.body) is not None else each[0]
        case Branch():
            return call + max(each)
        case Par():
            return _FAN + sum(each) + _PASS * len(each) + call
        case Graph():
            return (_FAN + _PASS + call) * len(each) + sum(each) + call
        case MapEach():
            return call + _FAN + items * (3 * _PASS + each[0]) + call
        case LoopUntil():
            return call + node.limit * (each[0] + call)
        case Retry():
            return _PASS + node.attempts * (each[0] + 2 * _PASS)
        case Fallback():
            return 2 * _PASS + sum(each)
        case AsResult():
            return _PASS + each[0] + call
        case Always():
            return 5 * _PASS + sum(each) + call
        case _:
            assert_never(node)


def _bytes(node: Any) -> int:
    call = CALL.bytes
    match node:
        case Seq() | Named() | InPool() | Extension() | Timeout():
            return 0
        case Pure():
            expr = node.expr
            return _STATE + (_length(expr.value) if isinstance(expr, Const) else 0)
        case Delay():
            return _STATE
        case WithParams():
            return call if node.computed else 0
        case Branch():
            return call + _STATE
        case Par():
            return call + _STATE * (1 + len(node.parts))
        case Graph():
            return call + (2 * _STATE + call) * (1 + len(node.steps))
        case MapEach():
            return 3 * call + 5 * _STATE
        case LoopUntil():
            return 2 * call + _STATE
        case Retry() | Fallback():
            return 3 * _STATE
        case AsResult():
            return call + _STATE
        case Always():
            return call + 6 * _STATE
        case _:
            assert_never(node)


def _length(value: object) -> int:
    """The most bytes of JSON that a text may take, in ASCII."""
    if not isinstance(value, str):
        return 32
    return len(value) if value.isascii() and value.isprintable() else 12 * len(value)
