"""What the scheduler keeps of a running workflow: fibers, and the scopes that can cut them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, final

from fwf.algebra.nodes import Node
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.trace import Trace
from fwf.interpreters.run.calls import OK, Env

if TYPE_CHECKING:
    from fwf.interpreters.run.frames import Frame

NEVER = float("inf")
Tries: TypeAlias = "tuple[Tries | None, int]"
"""The attempt numbers of the retries around a place: those further out, and the innermost."""


@final
class Scope:
    """A part of the run that is cut when its time `limit` has passed.

    Limits only shrink, and go down: none is later than its parent's. `cuttable` says whether the
    part may ever be cut before it is done, by a deadline or by a sibling's failure.
    """

    __slots__ = ("children", "cuttable", "limit", "parent", "suspended")

    def __init__(self, parent: Scope | None, limit: float, *, cuttable: bool = True) -> None:
        self.parent = parent
        self.limit = limit
        self.cuttable = cuttable
        self.children: dict[Scope, None] = {}
        self.suspended: dict[Fiber, None] = {}
        if parent is not None:
            parent.children[self] = None

    def close(self) -> None:
        """Its part is done."""
        if self.parent is not None:
            self.parent.children.pop(self, None)

    def shrink(self, limit: float) -> None:
        """Lower the limit, here and below."""
        todo: list[Scope] = [self]
        while todo:
            scope = todo.pop()
            if scope.limit > limit:
                scope.limit = limit
                todo.extend(scope.children)

    def struck(self, now: int) -> list[Fiber]:
        """The waiting fibers whose limit has come, in the order of their places."""
        found: list[Fiber] = []
        todo: list[Scope] = [self]
        while todo:
            scope = todo.pop()
            todo.extend(scope.children)
            if scope.limit <= now:
                found.extend(scope.suspended)
        return sorted(found)


@final
class Fiber:
    """One thread of control: where it is, what it was given, and what encloses it.

    Going down, `node` is what to run on `value`. Going up, `node` is None and `signal` and
    `value` say how the last part ended.
    """

    __slots__ = (
        "depth",
        "env",
        "frames",
        "fresh",
        "index",
        "jump",
        "node",
        "parent",
        "pools",
        "scope",
        "signal",
        "tag",
        "trace",
        "tries",
        "value",
        "waiting",
    )

    def __init__(
        self, parent: Fiber | None, index: int, tag: Any, node: Node, value: Any, scope: Scope
    ) -> None:
        self.parent = parent
        self.index = index
        self.tag = tag
        self.node: Node | None = node
        self.signal = OK
        self.value = value
        self.scope = scope
        self.frames: list[Frame] = []
        self.fresh = False
        """Whether it has only just been made, and all others that could run stand behind it."""
        self.waiting: Any = None
        """What it is suspended on: an attempt, a timer, a place in a queue."""
        self.trace: list[Trace] = []
        if parent is None:
            self.depth = 0
            self.jump: Fiber = self
            self.pools: tuple[str, ...] = ()
            self.tries: Tries | None = None
        else:
            self.depth = parent.depth + 1
            far = parent.jump
            even = parent.depth - far.depth == far.depth - far.jump.depth
            self.jump = far.jump if even else parent
            self.env: Env = parent.env
            self.pools = parent.pools
            self.tries = parent.tries

    def __lt__(self, other: Fiber) -> bool:
        """Whether it stands to the left of another.

        Goes up by `jump`s, which leave out so many fibers that there are few (Myers 1983).
        """
        mine, theirs = self, other
        if mine.depth > theirs.depth:
            mine = mine._above(theirs.depth)
        elif theirs.depth > mine.depth:
            theirs = theirs._above(mine.depth)
        while mine.parent is not theirs.parent:
            assert mine.parent is not None and theirs.parent is not None
            if mine.jump is theirs.jump:
                mine, theirs = mine.parent, theirs.parent
            else:
                mine, theirs = mine.jump, theirs.jump
        return mine.index < theirs.index

    def _above(self, depth: int) -> Fiber:
        """The fiber around it at a lesser depth."""
        fiber = self
        while fiber.depth > depth:
            assert fiber.parent is not None
            fiber = fiber.parent if fiber.jump.depth < depth else fiber.jump
        return fiber

    def spot(self, paths: Paths, root: Spot) -> Spot:
        """Where the node stands that it runs now. Frames remember theirs."""
        inward: list[tuple[Frame, int, Any]] = []
        fiber: Fiber | None = self
        child: Fiber | None = None
        known: Spot | None = None
        while fiber is not None and known is None:
            for frame in reversed(fiber.frames):
                at = frame if child is None else child
                inward.append((frame, at.index, at.tag))
                child, known = None, frame.spot
                if known is not None:
                    break
            child, fiber = fiber, fiber.parent
        spot = known or root
        for frame, index, tag in reversed(inward):
            frame.spot = spot
            spot = paths.child(spot, frame.node, index, "" if tag is None else str(tag))
        return spot


def numbers(tries: Tries | None) -> tuple[int, ...]:
    """The attempt numbers, the outermost first."""
    found: list[int] = []
    while tries is not None:
        tries, number = tries
        found.append(number)
    return tuple(reversed(found))
