"""What the simulator keeps of a part that is under way: where it is, when, and what encloses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

from fwf.algebra.nodes import Node, WithParams
from fwf.algebra.values import thaw

if TYPE_CHECKING:
    from fwf.interpreters.dry_run.forks import Fork
    from fwf.interpreters.dry_run.frames import Frame
    from fwf.interpreters.dry_run.history import Past, Tally

OK: Final = 0
ERR: Final = 1
INT: Final = 2
WAIT: Final = 3
"""How a part ended: a value, a fault, cut (with the fault of a finaliser, if one failed); or not
yet."""

NEVER: Final = float("inf")

Next: TypeAlias = "tuple[Node | None, int, Any]"
"""A node, which stands at the fiber's place, and its input; or no node, and how the part ended."""

Place: TypeAlias = "tuple[Any, Node, int, Any] | None"
"""The place that encloses it, the node there, which part of that node, and the item's key or the
round's number; None for the whole workflow. Made on the way down, named only when asked for."""


Tries: TypeAlias = "tuple[Tries, int] | None"
"""Those of the retries outside, and the attempt of the innermost one."""

Position: TypeAlias = "tuple[int | Fiber, ...]"
DEEP: Final = 32


@final
class Env:
    """The parameters that are bound at a place."""

    __slots__ = ("_inner", "params")

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        self._inner: dict[int, Env] = {}

    def within(self, node: WithParams[Any, Any]) -> Env:
        """The parameters inside a `with_params`; the inner ones win."""
        inner = self._inner.get(id(node))
        if inner is None:
            inner = self._inner[id(node)] = Env({**self.params, **thaw(node.params)})
        return inner


@final
class Scope:
    """What one fail-fast part encloses. Its limit shrinks to the instant of its first failure."""

    __slots__ = ("limit",)

    def __init__(self, limit: float) -> None:
        self.limit = limit


@final
class Around:
    """What a part inherits from what encloses it. Shared by fibers, so it never changes.

    `ordered` says whether other parts may see in which order things happen here: under fail-fast,
    with `at_once`, and everywhere once workers or pools are limited. Elsewhere a fiber runs ahead
    of all others on a clock of its own.
    """

    __slots__ = ("deadline", "env", "ordered", "pools", "scope", "tries")

    def __init__(
        self,
        deadline: float,
        scope: Scope | None,
        tries: Tries,
        pools: tuple[str, ...],
        env: Env,
        ordered: bool,
    ) -> None:
        self.deadline = deadline
        self.scope = scope
        self.tries = tries
        self.pools = pools
        self.env = env
        self.ordered = ordered

    def limit(self) -> float:
        """When a part here is cut, as far as is known now."""
        scope = self.scope
        return self.deadline if scope is None else min(self.deadline, scope.limit)

    def until(self, deadline: float) -> Around:
        """The same with a deadline."""
        sooner = min(deadline, self.deadline)
        return Around(sooner, self.scope, self.tries, self.pools, self.env, self.ordered)

    def unbounded(self) -> Around:
        """The same where nothing can be cut: in a finaliser."""
        return Around(NEVER, None, self.tries, self.pools, self.env, self.ordered)

    def attempt(self, n: int) -> Around:
        """The same in the n-th attempt of a retry."""
        tries = (self.tries, n)
        return Around(self.deadline, self.scope, tries, self.pools, self.env, self.ordered)

    def pool(self, name: str) -> Around:
        """The same with a pool more."""
        pools = self.pools if name in self.pools else (*self.pools, name)
        return Around(self.deadline, self.scope, self.tries, pools, self.env, self.ordered)

    def within(self, node: WithParams[Any, Any]) -> Around:
        """The same with parameters bound."""
        env = self.env.within(node)
        return Around(self.deadline, self.scope, self.tries, self.pools, env, self.ordered)

    def scoped(self, scope: Scope | None, ordered: bool) -> Around:
        """The same for the parts of a fork."""
        if scope is None:
            if ordered == self.ordered:
                return self
            return Around(self.deadline, self.scope, self.tries, self.pools, self.env, ordered)
        return Around(NEVER, scope, self.tries, self.pools, self.env, True)


@final
class Fiber:
    """One thread of control, on its own clock.

    Going down, `node` is what to run on `value`. Going up, `node` is None, and `signal` and
    `value` say how the last part ended. `token` is that of what it waits for, if it does.
    """

    __slots__ = (
        "around",
        "depth",
        "frames",
        "index",
        "log",
        "node",
        "own",
        "parent",
        "past",
        "pending",
        "place",
        "signal",
        "time",
        "token",
        "value",
    )

    def __init__(
        self,
        parent: Fiber | None,
        index: int,
        around: Around,
        node: Node,
        place: Place,
        time: int,
        value: Any,
        past: Past | None,
    ) -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.index = index
        self.around = around
        self.node: Node | None = node
        self.place = place
        self.time = time
        self.signal = OK
        self.value = value
        self.frames: list[Frame] = []
        self.log: list[Any] = []
        self.past = past
        self.own: Tally | None = None
        self.pending: Any = None
        self.token = 0

    def fork(self) -> Fork:
        """What it waits on, when it waits for parts."""
        return cast("Fork", self.frames[-1])

    def position(self) -> Position:
        """What tells who stands further left: the number of each part on the way down.

        Far down, the fiber itself, which is slower to compare but takes no room.
        """
        inward: list[Fiber] = [self]
        while (parent := inward[-1].parent) is not None and parent.fork().position is None:
            inward.append(parent)
        for fiber in reversed(inward[1:]):
            fiber.fork().position = fiber.below()
        return self.below()

    def below(self) -> Position:
        """Its position, where that of what it is a part of is known."""
        above = () if self.parent is None else self.parent.fork().position
        if self.parent is None or above is None:
            return ()
        return (*above, self.index) if len(above) < DEEP else (*above[:DEEP], self)

    def __lt__(self, other: Fiber) -> bool:
        """Whether it stands to the left of another."""
        mine, theirs = _up_to(self, other.depth), _up_to(other, self.depth)
        while mine.parent is not theirs.parent:
            assert mine.parent is not None and theirs.parent is not None
            mine, theirs = mine.parent, theirs.parent
        return mine.index < theirs.index


def _up_to(fiber: Fiber, depth: int) -> Fiber:
    """The fiber at a depth, if this one is deeper, that waits for it."""
    while fiber.depth > depth and fiber.parent is not None:
        fiber = fiber.parent
    return fiber
