"""The simulator: one thread of Python, one explicit stack for each fiber, a clock for each too.

Where nobody can see the order in which parts of the run happen, a fiber runs ahead to its end on
its own clock: a chain takes no queue at all. Where it can be seen (see `Around.ordered`) fibers
wait in a heap, and within an instant work that ends comes before deadlines that strike.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Any, cast, final

from fwf.algebra.evaluation import defect, evaluate, test
from fwf.algebra.expr import Expr
from fwf.algebra.extent import MOST_SHARED, extent, too_large
from fwf.algebra.nodes import Node, Seq, Task
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.unknown import Unknown, guess, unknown_in
from fwf.faults import PredicateDefect
from fwf.interpreters.dry_run.enter import enter
from fwf.interpreters.dry_run.fibers import (
    ERR,
    INT,
    NEVER,
    OK,
    WAIT,
    Around,
    Env,
    Fiber,
    Next,
    Place,
)
from fwf.interpreters.dry_run.forks import WAITING, Fork
from fwf.interpreters.dry_run.frames import Chain
from fwf.interpreters.dry_run.line import Line
from fwf.interpreters.dry_run.scripts import Cast, misfit

WORK, DEADLINE = 0, 1


@final
class Machine:
    """One dry run of one workflow."""

    def __init__(
        self, w: Node, params: Mapping[str, Any], casting: Cast, line: Line | None
    ) -> None:
        self.ready: list[Fiber] = []
        """Fibers that can move now; the last is the next."""
        self.assumed: list[tuple[Place, str]] = []
        """What was assumed about unknown values, and where."""
        self.tainted = False
        """Whether there is an unknown value anywhere."""
        self._cast = casting
        self._line = line
        self._heap: list[tuple[float, int, int, Fiber, Fork | None]] = []
        self._tokens = 0
        self._whole = w
        self._left: float = MOST_SHARED
        """So many parts may be entered before the size of the whole is looked at."""
        self._paths = Paths()
        self._root = self._paths.root(w)
        self._spots: dict[int, tuple[Place, Spot]] = {}
        around = Around(NEVER, None, None, (), Env(params), line is not None)
        self.main = Fiber(None, 0, around, w, None, 0, None, None)

    # The loop

    def execute(self, value: Any) -> None:
        """Run to the end; `main` then says how it ended."""
        self.main.value = value
        self.tainted = unknown_in(value) is not None
        ready, heap, line = self.ready, self._heap, self._line
        ready.append(self.main)
        now: float = 0
        while True:
            while ready:
                self._advance(ready.pop())
            if line is not None and line.waiting:
                while (fiber := line.next()) is not None:
                    self._start(fiber, int(now))
                if ready:
                    continue
            if not heap:
                return
            now, kind = heap[0][0], heap[0][1]
            while heap and heap[0][0] == now and heap[0][1] == kind:
                _, _, token, fiber, fork = heappop(heap)
                if fork is not None:
                    self._struck(fork, int(now))
                elif fiber.token == token:
                    self._finish(fiber, kind == DEADLINE, int(now))

    def _advance(self, fiber: Fiber) -> None:
        """Run a fiber until it waits or ends."""
        frames = fiber.frames
        node: Node | None = fiber.node
        signal, value = fiber.signal, fiber.value
        while True:
            if node is not None:
                self._left -= 1
                if self._left < 0:
                    self._look_at_size()
                kind = type(cast(object, node))
                if kind is Task:
                    node, signal, value = self.attempt(fiber, cast("Task[Any, Any]", node), value)
                elif kind is Seq:
                    frames.append(Chain(cast("Seq[Any, Any]", node), fiber.place))
                    node, signal = None, OK
                else:
                    node, signal, value = enter(self, fiber, node, value)
                if signal == WAIT:
                    return
                continue
            if not frames:
                break
            frame = frames[-1]
            if type(frame) is Chain and signal == OK:
                node = next(frame.rest, None)
                if node is None:
                    frames.pop()
                else:
                    fiber.place = (frame.place, frame.node, frame.index, None)
                    frame.index += 1
                continue
            frames.pop()
            node, signal, value = frame.resume(self, fiber, signal, value)
            if signal == WAIT:
                return
        fiber.signal, fiber.value = signal, value
        parent = fiber.parent
        if parent is not None:
            fork = parent.fork()
            fork.child_ended(self, fiber, signal, value)
            if not fork.left:
                self._wake(parent, OK, None)

    def _look_at_size(self) -> None:
        """Raise if it is sharing that makes so many parts; loops, maps and retries may go on."""
        size = extent(self._whole)
        if size.shared:
            raise too_large("dry_run(…)", size, "dry-run the part that is shared alone")
        self._left = NEVER

    def _wake(self, fiber: Fiber, signal: int, value: Any) -> None:
        """Let a waiting fiber go on, told how its part ended."""
        fiber.node, fiber.signal, fiber.value = None, signal, value
        self.ready.append(fiber)

    # Attempts and delays

    def attempt(self, fiber: Fiber, task: Task[Any, Any], value: Any) -> Next:
        """A task: r at s + d; cut at D if s + d > D; nothing at all if s > D."""
        role = self._cast.roles.get(id(task)) or self._cast.role(task)
        around, start = fiber.around, fiber.time
        limit = around.deadline
        if around.scope is not None and around.scope.limit < limit:
            limit = around.scope.limit
        if start > limit:
            return None, INT, None
        if role.arity > 1:
            wrong = misfit(role, self, fiber.place, value)
            if wrong is not None:
                return None, ERR, wrong
        if self._line is not None:
            return self._queue(fiber, task, value, limit)
        if role.plain:
            signal, result, end = OK, role.output, start + role.takes
        else:
            signal, result, takes = self._cast.play(role, self, fiber, value)
            end = start + takes
        if end > start and around.ordered:
            return self._wait(fiber, (task, signal, result, start, end), limit)
        if end > limit:
            signal, result, end = INT, None, cast(int, limit)
        fiber.log.append((task, fiber.place, around.tries, signal, result, start, end))
        fiber.time = end
        return None, signal, result

    def pause(self, fiber: Fiber, duration: int, value: Any) -> Next:
        """Let time pass for a fiber: Int if d > 0 and s + d > D, else Ok at s + d."""
        if duration <= 0:
            return None, OK, value
        start, limit = fiber.time, fiber.around.limit()
        if start > limit:
            return None, INT, None
        end = start + duration
        if fiber.around.ordered:
            return self._wait(fiber, (None, OK, value, start, end), limit)
        if end > limit:
            fiber.time = cast(int, limit)
            return None, INT, None
        fiber.time = end
        return None, OK, value

    def _wait(self, fiber: Fiber, pending: tuple[Any, ...], limit: float) -> Next:
        """Wait in the heap for the end of something, or for the limit if that comes first."""
        fiber.pending = pending
        end = pending[4]
        if end > limit:
            self._push(limit, DEADLINE, fiber)
        else:
            self._push(end, WORK, fiber)
        return WAITING

    def _push(self, time: float, kind: int, fiber: Fiber) -> None:
        self._tokens += 1
        fiber.token = self._tokens
        heappush(self._heap, (time, kind, self._tokens, fiber, None))

    def _queue(self, fiber: Fiber, task: Task[Any, Any], value: Any, limit: float) -> Next:
        """Stand in line for a worker and for pools, until the limit."""
        fiber.pending = (task, value)
        if limit < NEVER:
            self._push(limit, DEADLINE, fiber)
        else:
            self._tokens += 1
            fiber.token = self._tokens
        assert self._line is not None
        self._line.join(fiber)
        return WAITING

    def _start(self, fiber: Fiber, now: int) -> None:
        """Start an attempt that has what it stood in line for."""
        task, value = fiber.pending
        fiber.time = now
        role = self._cast.role(task)
        if role.plain:
            signal, result, takes = OK, role.output, role.takes
        else:
            signal, result, takes = self._cast.play(role, self, fiber, value)
        pending = (task, signal, result, now, now + takes)
        self._wait(fiber, pending, fiber.around.limit())

    def _finish(self, fiber: Fiber, cut: bool, now: int) -> None:
        """What a fiber waits for has ended, or is cut."""
        pending, fiber.pending, fiber.token = fiber.pending, None, 0
        fiber.time = now
        if len(pending) == 2:  # still in line
            self._wake(fiber, INT, None)
            return
        task, signal, result, start, end = pending
        if cut:
            signal, result, end = INT, None, now
        if task is not None:
            fiber.log.append((task, fiber.place, fiber.around.tries, signal, result, start, end))
            if self._line is not None:
                self._line.release(fiber)
        self._wake(fiber, signal, result)

    # Fail-fast

    def strike(self, fork: Fork, now: int) -> None:
        """A part has failed: the others' limit is now, once what ends now has ended."""
        for scope in {id(inner.scope): inner.scope for inner, _ in _under(fork)}.values():
            if scope is not None and scope.limit > now:
                scope.limit = now
        self._tokens += 1
        heappush(self._heap, (now, DEADLINE, self._tokens, fork.fiber, fork))

    def _struck(self, fork: Fork, now: int) -> None:
        waiting = [fiber for _, fibers in _under(fork) for fiber in fibers]
        for fiber in waiting:
            if len(fiber.pending) == 2 or fiber.pending[4] > now:
                self._finish(fiber, True, now)

    # Expressions

    def evaluate(self, fiber: Fiber, expr: Expr, value: Any) -> Any:
        """An expression's value at the fiber's place; raises what it does."""
        params = fiber.around.env.params
        return guess(expr, value, params) if self.tainted else evaluate(expr, value, params)

    def holds(
        self, fiber: Fiber, expr: Expr, value: Any, place: Place, assumed: str
    ) -> bool | BaseException:
        """Whether a predicate holds, or why it has no value. If it is unknown it is assumed to."""
        params = fiber.around.env.params
        try:
            if not self.tainted:
                return test(expr, value, params)
            answer = guess(expr, value, params)
            if not isinstance(answer, Unknown):
                return test(expr, value, params) if not isinstance(answer, bool) else answer
        except BaseException as error:
            return error
        self.assume(place, assumed)
        return True

    def undefined(self, path: str, error: BaseException, said: str = "") -> PredicateDefect:
        """An expression has no value at a path. To be called once its error is let go."""
        if isinstance(error, KeyboardInterrupt):  # ctrl-C, as far as we know
            raise error
        return defect(path, error, said)

    def assume(self, place: Place, said: str) -> None:
        """Note what was assumed about an unknown value."""
        self.assumed.append((place, said))

    def unknown(self, kind: Any, place: Place) -> Unknown:
        """The value of a task that no script speaks of."""
        self.tainted = True
        return Unknown(kind, lambda: self.path(place))

    # Paths

    def path(self, place: Place) -> str:
        """The path of the node at a place."""
        return self._paths.path(self._root if place is None else self._spot(place))

    def enclosing(self, place: Place) -> str:
        """The path of what encloses the node at a place."""
        return self._paths.enclosing(self._root if place is None else self._spot(place))

    def _spot(self, place: Any) -> Spot:
        """The spot of a place. Those that enclose others are remembered."""
        above, node, index, tag = place
        known = (None, self._root) if above is None else self._spots.get(id(above))
        spot = self._enclosing_spot(above) if known is None else known[1]
        return self._paths.child(spot, node, index, "" if tag is None else str(tag))

    def _enclosing_spot(self, place: Place) -> Spot:
        inward: list[Any] = []
        while place is not None and id(place) not in self._spots:
            inward.append(place)
            place = place[0]
        spot = self._root if place is None else self._spots[id(place)][1]
        for each in reversed(inward):
            _, node, index, tag = each
            spot = self._paths.child(spot, node, index, "" if tag is None else str(tag))
            self._spots[id(each)] = each, spot
        return spot


def _under(fork: Fork) -> list[tuple[Fork, list[Fiber]]]:
    """Fork ⟶ itself and the forks in it that its scope can cut, with their waiting leaves.

    A fiber in a finaliser is out of its scope, and so is all that it waits for.
    """
    found: list[tuple[Fork, list[Fiber]]] = []
    todo = [fork]
    while todo:
        top = todo.pop()
        leaves: list[Fiber] = []
        for child in top.children.values():
            if child.around.scope is not top.around.scope:
                continue
            if child.pending is not None:
                leaves.append(child)
            elif child.frames and isinstance(child.frames[-1], Fork):
                todo.append(child.fork())
        found.append((top, leaves))
    return found
