"""The scheduler: one thread that owns structure and time; only leaves hold workers.

Fibers go down into nodes and up again until they must wait: for a leaf, for time, for their
parts. Within one instant everything that can move moves first; then work that ends at that
instant is taken in; and only then do deadlines strike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, cast, final

from fwf.algebra.evaluation import defect, evaluate, test
from fwf.algebra.nodes import Node, Seq, Task
from fwf.algebra.paths import Paths
from fwf.algebra.trace import Trace, series
from fwf.faults import Fault, Interrupted, then
from fwf.interpreters.run.calls import ERR, INT, OK, WAIT, Ended, Env, Run, called
from fwf.interpreters.run.clock import Clock
from fwf.interpreters.run.enter import enter
from fwf.interpreters.run.fibers import NEVER, Fiber, Scope
from fwf.interpreters.run.forks import Forked
from fwf.interpreters.run.frames import WAITING, Chain, Next
from fwf.interpreters.run.leaves import Attempt, Leaves
from fwf.interpreters.run.signals import Signals
from fwf.interpreters.run.slots import Line
from fwf.interpreters.run.telling import Note, Observer
from fwf.interpreters.run.timers import DEADLINE, WORK, Timer, Timers


@final
class Machine:
    """One run of one workflow."""

    def __init__(
        self,
        w: Node,
        run: Run,
        env: Env,
        clock: Clock,
        line: Line[Attempt],
        *,
        recording: bool = False,
        keep_results: bool = True,
        observe: Callable[[Note], None] | None = None,
    ) -> None:
        self.clock = clock
        self.recording = recording
        self.keep_results = keep_results
        """Whether what is recorded of an attempt has the value that it gave."""
        self.timers = Timers()
        self.live = 1
        """Fibers that don't wait for parts of theirs."""
        self.stopping = ""
        """The signal that stops the run."""
        self.stopping_at_once = ""
        """The one that came after it."""
        self.pools = line.pools
        """The pools that bound anything."""
        self._stopped = False
        self.instant: int | None = None
        """The present one, if the clock has been looked at since a task ran or time passed."""
        self.ready: deque[Fiber] = deque()
        """Fibers that can go on."""
        self._paths = Paths()
        self._top = self._paths.root(w)
        self.signals: Signals = "here"
        """Where those arrive that stop the run."""
        self.scope = Scope(None, NEVER, cuttable=False)
        """That of the whole run: signals cut it, and what is in no other."""
        self._root = Fiber(None, 0, None, w, None, self.scope)
        self._root.env = env
        self._current = self._root
        """The fiber that moves, or the last one that did."""
        self._leaves = Leaves(self, run, line, observe)
        self.leaf = self._leaves.begin
        self.retries = self._leaves.retries
        self.caught = self._leaves.caught

    # The main loop

    def execute(self, value: Any) -> Ended:
        """Run to the end ⟶ how it ended."""
        root = self._root
        root.value = value
        self.ready.append(root)
        try:
            while self.live:
                self._turn()
        finally:
            self._leaves.close(at_once=bool(self.stopping_at_once))
        signal, value, root.value = root.signal, root.value, None
        if signal == INT:
            fault: Fault = Interrupted(by=self.stopping)
            return ERR, fault if value is None else then(fault, value)
        return signal, value

    def stop_by(self, signal: str, frame: FrameType | None) -> bool:
        """A signal: the deadline of the whole run is now. Called by its handler, in a frame.

        Whether to interrupt what runs there: code of the user's that is no part of a finaliser or,
        when called again, any. Then the run also ends at once, with `KeyboardInterrupt`.
        """
        self.stopping_at_once = signal if self.stopping else ""
        self.stopping = self.stopping or signal
        self._leaves.inbox.put(None)
        wanted = bool(self.stopping_at_once) or self._current.scope is self.scope
        return wanted and _in_users(frame)

    @property
    def trace(self) -> Trace:
        """What happened, if it was recorded."""
        return series(self._root.trace)

    def now(self) -> int:
        """The present instant: all that takes no time happens at the same one."""
        if self.instant is None:
            self.instant = self.clock.now()
        return self.instant

    def _turn(self) -> None:
        """Move what can move; then take in what has ended; then let time pass."""
        ready = self.ready
        while ready:
            fiber = ready.popleft()
            if self.stopping and fiber.node is not None and self.stopped(fiber):
                fiber.node, fiber.signal, fiber.value = None, INT, None
            self._advance(fiber)
        if self.stopping_at_once:
            raise KeyboardInterrupt(self.stopping_at_once)
        leaves = self._leaves
        leaves.hand_out()
        if self.stopping:
            self.stop()
        if ready or not self.live:
            return
        due = self.timers.due()
        busy = len(leaves.at_work)
        messages: list[Any] = []
        if busy or due > self.now():
            messages = self.clock.wait(leaves.inbox, due, busy)
            self.instant = None
            leaves.take_in([message for message in messages if message is not None])
        if due <= self.now():  # what follows from work that has just ended comes before deadlines
            for timer in self.timers.rung(deadlines=not messages or due < self.now()):
                self._rung(timer)

    def stopped(self, fiber: Fiber) -> bool:
        """Whether a signal, which has come, has cut the place that a fiber is at."""
        self.stop()
        return fiber.scope.limit <= self.now()

    def stop(self) -> None:
        """Cut everything but finalisers, if that isn't done yet."""
        if not self._stopped:
            self._stopped = True
            self.scope.shrink(self.now())
            self._strike(self.scope)

    def passes(self, error: BaseException) -> bool:
        """Whether what came out of somebody's code is a signal's, and ends the run at once."""
        return bool(self.stopping_at_once) and isinstance(error, KeyboardInterrupt)

    def undefined(self, path: str, error: BaseException, said: str = "") -> Next:
        """An expression has no value at a path, or was interrupted by a signal.

        To be called once its error is let go.
        """
        if self.passes(error):
            raise error
        if self.stopping and isinstance(error, KeyboardInterrupt):
            return None, INT, None
        return None, ERR, defect(path, error, said)

    # Fibers

    def _advance(self, fiber: Fiber) -> None:
        """Run a fiber until it waits or ends."""
        leaf = self.leaf
        self._current = fiber
        frames: list[Any] = fiber.frames
        node: Any
        node, signal, value = fiber.node, fiber.signal, fiber.value
        fiber.value = None  # it goes from reader to reader here, and is let go after the last
        while True:
            if node is not None:
                kind = node.__class__
                if kind is Task:
                    node, signal, value = leaf(fiber, node, value)
                elif kind is Seq:
                    frames.append(Chain(node))
                    node = None
                    continue
                else:
                    node, signal, value = enter(self, fiber, node, value)
                if signal == WAIT:
                    fiber.node = None
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
                    frame.index += 1
                continue
            frames.pop()
            node, signal, value = frame.resume(self, fiber, signal, value)
            if signal == WAIT and node is None:
                fiber.node = None
                return
        fiber.node, fiber.signal, fiber.value = None, signal, value
        self.live -= 1
        parent = fiber.parent
        if parent is not None:
            self._joined(parent, fiber)

    def _joined(self, parent: Fiber, child: Fiber) -> None:
        frame = cast("Forked[Any]", parent.frames[-1])
        frame.child_ended(self, parent, child)
        if not frame.left:
            self.live += 1
            self._wake(parent, OK, None)

    def fork(self, children: list[Fiber], *, joined: bool = True, eager: bool = False) -> None:
        """Start fibers; their parent waits for them from now on, if it didn't before.

        `eager`: none but these are started while they haven't all begun. With one worker the
        first may then run at once, if all are just tasks and nobody else is about to go on.
        """
        ready = self.ready
        alone = eager and self._leaves.single and (not ready or ready[0].fresh)
        if alone and all(type(child.node) is Task for child in children):
            for child in children:
                child.fresh = True
        self.live += len(children) - (1 if joined else 0)
        ready.extend(children)

    def _wake(self, fiber: Fiber, signal: int, value: Any) -> None:
        """Let a waiting fiber go on, told how its part ended."""
        fiber.node, fiber.signal, fiber.value = None, signal, value
        self.ready.append(fiber)

    def suspend(self, fiber: Fiber, waiting: Timer | Attempt) -> None:
        """Let a fiber wait for a timer, or for an attempt that is asked for."""
        fiber.waiting = waiting
        scope = fiber.scope
        scope.suspended[fiber] = None
        if scope.limit <= self.now():  # what struck it then may have been before this
            self.strike_at(self.now(), scope)

    def resume(self, fiber: Fiber, signal: int, value: Any) -> None:
        """Let a fiber that is suspended go on."""
        fiber.waiting = None
        fiber.scope.suspended.pop(fiber, None)
        self._wake(fiber, signal, value)

    def path(self, fiber: Fiber) -> str:
        """The path of the node that a fiber is at."""
        return self._paths.path(fiber.spot(self._paths, self._top))

    def region(self, fiber: Fiber) -> str:
        """The path that encloses the node that a fiber is at."""
        return self._paths.enclosing(fiber.spot(self._paths, self._top))

    # Time

    def delay(self, fiber: Fiber, microseconds: int, value: Any) -> Next:
        """Let a fiber wait, and then go on with a value."""
        if microseconds <= 0:
            return None, OK, value
        if self.now() > fiber.scope.limit:
            return None, INT, None
        timer = self.timers.set(self.now() + microseconds, WORK, Timer(fiber))
        fiber.value = value
        self.suspend(fiber, timer)
        return WAITING

    def strike_at(self, time: int, scope: Scope) -> Timer:
        """Cut what still runs in a scope at a time, once work that ends then has ended."""
        return self.timers.set(time, DEADLINE, Timer(scope=scope))

    def _rung(self, timer: Timer) -> None:
        if not timer.live:
            return
        timer.live = False
        if timer.fiber is not None:
            self.resume(timer.fiber, OK, timer.fiber.value)
        elif timer.scope is not None:
            self._strike(timer.scope)

    def _strike(self, scope: Scope) -> None:
        """Cut what waits in a scope whose time has come; what it waits for, it waits no longer."""
        for fiber in scope.struck(self.now()):
            waiting = fiber.waiting
            if isinstance(waiting, Timer):
                self.timers.drop(waiting)
            elif isinstance(waiting, Attempt):
                self._leaves.abandon(waiting)
            self.resume(fiber, INT, None)


_USERS: Final = {called.__code__, evaluate.__code__, test.__code__, Observer.__call__.__code__}
"""The functions here that call code of the user's."""


def _in_users(frame: FrameType | None) -> bool:
    """Whether a frame is within code of the user's that a run called on its own thread."""
    ours = Machine.execute.__code__
    while frame is not None and frame.f_code is not ours:
        if frame.f_code in _USERS:
            return True
        frame = frame.f_back
    return False
