"""What the machine keeps of a part under way: where it is, what it was given, what encloses it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

from pyrsistent import PMap, pmap

from fwf.algebra.nodes import Node, Task, WithParams, constants_of
from fwf.algebra.traverse import renamed
from fwf.machine.places import Place
from fwf.machine.timers import NEVER
from fwf.machine.waits import OVER, Over, Pause, RunningAttempt, Turn
from fwf.worlds.trace import Ending

if TYPE_CHECKING:
    from fwf.machine.causal_past import CausalPast, Tally
    from fwf.machine.forks import Fork
    from fwf.machine.frames import Frame
    from fwf.machine.log import AttemptEntry, Item
    from fwf.machine.uptakes import Uptakes


@final
class Status(Enum):
    """How a part ended: with a value, with a fault, or cut; or that it waits.

    With `INT` goes the fault of a finaliser, if one failed.
    """

    OK = "ok"
    ERR = "failed"
    INT = "cut"
    WAIT = "waits"

    @property
    def ending(self) -> Ending:
        """That of an attempt, as a trace has it."""
        return cast(Ending, self.value)


OK: Final = Status.OK
ERR: Final = Status.ERR
INT: Final = Status.INT
WAIT: Final = Status.WAIT
Tries: TypeAlias = "tuple[Tries, int] | None"
"""The attempt numbers of the retries around a place: those further out, and the innermost."""


@final
class Env:
    """What is bound by name at a place: parameters, and resources under their local names."""

    __slots__ = ("_inner", "keywords", "params", "renames")

    def __init__(
        self,
        params: Mapping[str, Any],
        renames: PMap[str, str] = pmap(),  # noqa: B008 (immutable)
    ) -> None:
        self.params = params
        self.renames = renames
        self.keywords: dict[int, dict[str, Any]] = {}
        """Keyword arguments of tasks that take parameters alone, by the identity of the task."""
        self._inner: dict[int, Env] = {}

    def within(self, node: WithParams[Any, Any]) -> Env:
        """The names inside a `with_params` or `using`, but for those that it computes."""
        inner = self._inner.get(id(node))
        if inner is None:
            params = {**self.params, **constants_of(node)}
            inner = self._inner[id(node)] = Env(params, renamed(self.renames, node.resources))
        return inner

    def binding(self, values: Mapping[str, Any]) -> Env:
        """The same with these parameters bound: what was computed where a part was entered."""
        return Env({**self.params, **values}, self.renames)


@final
class Scope:
    """A part of the run that is cut when its time `limit` has passed.

    Limits only shrink, and go down: none is later than its parent's. `cuttable` says whether the
    part may be cut before it is done, by a deadline, a sibling's failure, or from another thread;
    `suspended` are the fibers in it that wait, None where nothing ever strikes.
    """

    __slots__ = ("children", "cuttable", "limit", "parent", "suspended")

    def __init__(
        self, parent: Scope | None, limit: float, *, cuttable: bool = True, can_strike: bool = True
    ) -> None:
        self.parent = parent
        self.limit = limit
        self.cuttable = cuttable
        self.children: dict[Scope, None] | None = None
        self.suspended: dict[Fiber, None] | None = {} if can_strike else None
        if parent is not None:
            if parent.children is None:
                parent.children = {}
            parent.children[self] = None

    def close(self) -> None:
        """Its part is done."""
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.pop(self, None)

    def shrink(self, limit: float) -> None:
        """Lower the limit, here and below."""
        todo: list[Scope] = [self]
        while todo:
            scope = todo.pop()
            if scope.limit > limit:
                scope.limit = limit
                todo.extend(scope.children or ())

    def overdue_fibers(self, now: int) -> list[Fiber]:
        """The waiting fibers whose limit has come, in the order of their places."""
        fibers: list[Fiber] = []
        todo: list[Scope] = [self]
        while todo:
            scope = todo.pop()
            todo.extend(scope.children or ())
            if scope.limit <= now and scope.suspended:
                fibers.extend(scope.suspended)
        return sorted(fibers)


@final
class Around:
    """What a part inherits from what encloses it. Shared by fibers, so it never changes."""

    __slots__ = ("env", "pools", "scope")

    def __init__(self, env: Env, pools: tuple[str, ...], scope: Scope) -> None:
        self.env = env
        self.pools = pools
        """The pools that bound anything, each once."""
        self.scope = scope

    def within(self, env: Env) -> Around:
        """The same with other names bound."""
        return Around(env, self.pools, self.scope)

    def in_pool(self, name: str) -> Around:
        """The same with a pool more."""
        return Around(self.env, (*self.pools, name), self.scope)

    def in_scope(self, scope: Scope) -> Around:
        """The same in a scope of its own."""
        return Around(self.env, self.pools, scope)

    def unbounded(self) -> Around:
        """The same where nothing can be cut: in a finaliser."""
        return Around(self.env, self.pools, Scope(None, NEVER, cuttable=False, can_strike=False))


_NO_FRAMES: Final[list[Frame]] = []
"""Those of a fiber that runs a task alone."""


@final
class Fiber:
    """One thread of control, with three registers: `node`, `status` and `value`.

    Going down, `node` is what to run on `value`. Going up, it is None, and `status` and `value`
    say how the last part ended. While the fiber waits, `status` is `WAIT`.
    """

    __slots__ = (
        "around",
        "fork",
        "frames",
        "fresh",
        "index",
        "log",
        "node",
        "own",
        "past",
        "place",
        "status",
        "tries",
        "uptakes",
        "value",
        "waiting",
    )  # fmt: skip

    def __init__(
        self,
        fork: Fork[Any] | None,
        index: int,
        around: Around,
        tries: Tries,
        node: Node,
        place: Place,
        value: Any,
        past: CausalPast | None,
    ) -> None:
        self.fork = fork
        """What waits for it, and which part of that it is."""
        self.index = index
        self.around = around
        self.tries = tries
        self.node: Node | None = node
        self.place = place
        """That of the node that it is at."""
        self.status = OK
        self.value = value
        self.frames: list[Frame] = _NO_FRAMES if node.__class__ is Task else []
        self.fresh = False
        """Whether it has only just been made, and all others that could run stand behind it."""
        self.waiting: RunningAttempt | AttemptEntry | Over | Pause | Turn | None = None
        """What it waits for, if that isn't parts of its own; an entry is that of its attempt, the
        end of which is known beforehand."""
        self.log: Item = None
        self.past = past
        """What was tried before it began, and since then."""
        self.own: Tally | None = None
        self.uptakes: Uptakes = None
        """The faults that were taken up since then, and count."""

    def run(self, node: Node, value: Any) -> None:
        """Go on with a part."""
        self.node, self.value = node, value

    def end(self, status: Status, value: Any) -> None:
        """The part has ended so."""
        self.status, self.value = status, value

    def note(self, item: Item) -> None:
        """Write down what happened next; what many attempts go through does it without the call."""
        log = self.log
        if type(log) is list:
            log.append(item)
        else:
            self.log = item if log is None else [log, item]

    def sleeps_until(self, time: int) -> bool:
        """Whether it still waits for a time."""
        return self.waiting is OVER or getattr(self.waiting, "end", None) == time

    @property
    def depth(self) -> int:
        """In how many forks it stands."""
        return 0 if self.fork is None else self.fork.depth

    @property
    def jump(self) -> Fiber:
        """A fiber around it, further up the deeper it stands."""
        return self if self.fork is None else self.fork.jump

    def __lt__(self, other: Fiber) -> bool:
        """Whether it stands to the left of another.

        Goes up by `jump`s, which leave out so many fibers that there are few (Myers 1983).
        """
        mine, theirs = self, other
        if mine.depth > theirs.depth:
            mine = mine._above(theirs.depth)
        elif theirs.depth > mine.depth:
            theirs = theirs._above(mine.depth)
        while mine.fork is not theirs.fork:
            assert mine.fork is not None and theirs.fork is not None
            if mine.jump is theirs.jump:
                mine, theirs = mine.fork.fiber, theirs.fork.fiber
            else:
                mine, theirs = mine.jump, theirs.jump
        return mine.index < theirs.index

    def _above(self, depth: int) -> Fiber:
        """The fiber around it at a lesser depth."""
        fiber = self
        while fiber.depth > depth:
            assert fiber.fork is not None
            fiber = fiber.fork.fiber if fiber.jump.depth < depth else fiber.jump
        return fiber


def numbers(tries: Tries) -> tuple[int, ...]:
    """The attempt numbers, the outermost first."""
    values: list[int] = []
    while tries is not None:
        tries, number = tries
        values.append(number)
    return tuple(reversed(values))
