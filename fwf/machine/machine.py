"""The loop: one thread that moves all that can move, and then lets time pass.

Fibers go down into nodes and up again until they must wait: for a task, for time, for their parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, final

from fwf.algebra.evaluation import defect, evaluate, test
from fwf.algebra.expr import Expr
from fwf.algebra.nodes import Node, Seq, Task
from fwf.analysis.bindings import Wanted
from fwf.analysis.extent import MOST_SHARED, extent, too_large
from fwf.analysis.run_keys import RunName
from fwf.faults import Fault, Interrupted, both, then
from fwf.machine.attempts import Attempts
from fwf.machine.enter import Enter, enter_of
from fwf.machine.fibers import (
    ERR,
    INT,
    OK,
    WAIT,
    Around,
    Env,
    Fiber,
    Scope,
    Status,
    Tries,
)
from fwf.machine.frames import Chaining
from fwf.machine.log import Item
from fwf.machine.memory import Memory
from fwf.machine.places import Place, Places
from fwf.machine.slots import Pool, SlotQueue
from fwf.machine.timers import NEVER, Timers
from fwf.machine.uptakes import degraded_paths
from fwf.machine.waits import OVER, Pause, RateAlarm, Rest, Turn
from fwf.machine.world import Tell, World
from fwf.worlds.unknown import Unknown, guess

Signals: TypeAlias = Literal["here", "elsewhere", "unknown", "nowhere"]
"""Where those arrive that stop a run: on its own thread, which they interrupt; on another one;
nobody knows, since somebody else handles ctrl-C; or, in a dry run, nowhere."""


@final
class Machine:
    """One run of one workflow in a world."""

    __slots__ = (
        "_bounded", "_enters", "_line", "_on_hold", "_places", "_size_budget", "_stopped", "_whole",
        "ahead", "assumptions", "at_a_hold", "attempts", "current", "enclosing", "hold_faults",
        "instant", "is_joint", "keep_results", "leaf", "live", "main", "memory", "name", "path",
        "pools", "present", "ready", "recording", "scope", "signals", "stopping",
        "stopping_at_once", "tell", "timed", "timers", "unknown", "wants", "world",
    )  # fmt: skip

    def __init__(
        self,
        w: Node,
        world: World,
        env: Env,
        *,
        workers: int | None = None,
        pools: Mapping[str, int | Pool] | None = None,
        recording: bool = False,
        keep_results: bool = True,
        tell: Tell | None = None,
        memory: Memory | None = None,
        name: RunName,
    ) -> None:
        self.world = world
        self.memory = memory
        """What is remembered of earlier tries of the run; None where nothing is."""
        self.hold_faults: list[Fault] = []
        """What a person has to decide before parts of the run can go on."""
        self._on_hold: list[Fiber] = []
        self.at_a_hold = False
        """Whether none but those are left, and so the run ends."""
        self.name = name
        """What the run is named by."""
        self.recording = recording
        self.keep_results = keep_results
        """Whether what is recorded of an attempt has the value that it gave."""
        self.tell = tell
        self.timed = recording or tell is not None
        """Whether anybody asks when attempts start and end."""
        self.timers: Timers[Fiber | RateAlarm | Rest, Scope] = Timers()
        self.ready: deque[Fiber] = deque()
        """Fibers that can go on."""
        self.live = 1
        """Fibers that don't wait for parts of theirs."""
        self.instant: int | None = None
        """That of the fiber that moves, if the clock has been looked at since a task ran or time
        passed."""
        self.present = 0
        """That of all others: in a world that foretells a fiber may run ahead; see `foresees`."""
        self.ahead = False
        """Whether the fiber that moves has done so."""
        self.assumptions: list[tuple[Place, str]] = []
        """What was assumed about unknown values, and where."""
        self.unknown = False
        """Whether there may be an unknown value anywhere."""
        self.wants: dict[int, Wanted] = {}
        """What names that are computed are wanted as, by the identity of the node."""
        self.signals: Signals = "nowhere"
        self.stopping = ""
        """The signal that stops the run."""
        self.stopping_at_once = ""
        """The one that came after it."""
        self._stopped = False
        self._enters: dict[type, Enter] = {}
        self._whole = w
        self._size_budget: float = MOST_SHARED if world.foretells else NEVER
        """So many parts may be entered before the size of the whole is looked at."""
        self._places = Places(w)
        self.is_joint = self._places.is_joint
        """Whether a node at a place is what an extension is made of, and no part of it."""
        self.path = self._places.path
        """Place ⟶ the path of the node there."""
        self.enclosing = self._places.enclosing
        """Place ⟶ the path of what encloses it."""
        line: SlotQueue[Turn] = SlotQueue(workers, pools or {})
        self.pools = line.pools
        """The pools that bound anything."""
        self._line = line
        self._bounded = line.bounded
        self.scope = Scope(None, NEVER, cuttable=False, can_strike=not world.foretells)
        """That of the whole run: signals cut it, and what is in no other."""
        self.main = Fiber(None, 0, Around(env, (), self.scope), None, w, None, None, None)
        self.current = self.main
        """The fiber that moves, or the last one that did."""
        self.attempts = Attempts(self, world, line)
        self.leaf = self.attempts.foretell if world.foretells else self.attempts.begin

    def begin_at(self, node: Node, place: Place, around: Around, tries: Tries) -> None:
        """Run just what stands at a place of the workflow, in what is around it there."""
        self.main = self.current = Fiber(None, 0, around, tries, node, place, None, None)

    # The main loop

    def execute(self, value: Any) -> tuple[Status, Any]:
        """Run to the end ⟶ `OK` and the value, or `ERR` and the fault."""
        main = self.main
        self.present = self.now()
        main.value = value
        self.ready.append(main)
        try:
            while self.live:
                self._turn()
        finally:
            at_work, at_once = list(self.attempts.at_work), bool(self.stopping_at_once)
            self.world.close(at_work, at_once=at_once)
        status, value, main.value = main.status, main.value, None
        if status is INT:
            fault: Fault = Interrupted(by=self.stopping)
            if self.at_a_hold:
                fault = both(dict.fromkeys(self.hold_faults))  # of one journal there is one error
            return ERR, fault if value is None else then(fault, value)
        return status, value

    @property
    def log(self) -> Item:
        """What happened, if it was recorded."""
        return self.main.log

    @property
    def degraded_paths(self) -> tuple[str, ...]:
        """Of a run that is fine, the paths where it isn't what was meant; see `uptakes`."""
        return degraded_paths(self.main.uptakes, self.path) if self.main.status is OK else ()

    def now(self) -> int:
        """The present instant: all that takes no time happens at the same one."""
        if self.instant is None:
            self.instant = self.world.now()
        return self.instant

    def _turn(self) -> None:
        """Move what can move; then take in what has ended; then let time pass."""
        ready, attempts = self.ready, self.attempts
        while ready:
            fiber = ready.popleft()
            if self.stopping and fiber.node is not None and self.is_stopped(fiber):
                fiber.node = None
                fiber.end(INT, None)
            node = fiber.node
            if type(node) is Task:  # as most parts of forks are: without a call more
                self.current, fiber.node = fiber, None
                self.leaf(fiber, node)
                if fiber.status is not WAIT:
                    self._advance(fiber)
            else:
                self._advance(fiber)
            if self.ahead:
                self.ahead, self.instant = False, self.present
        if self.stopping_at_once:
            raise KeyboardInterrupt(self.stopping_at_once)
        attempts.hand_out()
        if self.stopping:
            self.stop()
        if ready or not self.live:
            return
        next_time, busy = self.timers.next_time(), len(attempts.at_work)
        if self._on_hold and not (busy or self.timers.anybody_sleeps()):
            self._end_at_hold()
            return
        landings: Any = ()
        if busy or next_time > self.now():
            landings = self.world.wait(self, next_time, busy)
            self.instant = None
            attempts.take_in(landings)
            next_time = self.timers.next_time()
        self.present = self.now()
        if next_time <= self.present:
            self._ring(int(next_time), strikes=not landings or next_time < self.present)

    def _ring(self, time: int, *, strikes: bool) -> None:
        """Wake what is due at a time or, if nothing is and `strikes`, strike what is."""
        sleepers = self.timers.take_wakes(time)
        if sleepers is None:
            if strikes:
                for scope in self.timers.take_strikes(time):
                    self._strike(scope)
            return
        self.attempts.wake(sleepers, time)

    # Fibers

    def _advance(self, fiber: Fiber) -> None:
        """Run a fiber until it waits or ends."""
        leaf, enters = self.leaf, self._enters
        self.current = fiber
        frames: list[Any] = fiber.frames
        node: Any = fiber.node
        fiber.node = None
        while True:
            if node is not None:
                kind = node.__class__
                if kind is Task:
                    leaf(fiber, node)
                    if fiber.status is WAIT:
                        return
                    node = None
                    continue
                self._size_budget -= 1
                if self._size_budget < 0:
                    self._look_at_size()
                if kind is Seq:
                    frames.append(Chaining(node, fiber.place))
                    node = None
                    continue
                enter = enters.get(kind)
                if enter is None:
                    enter = enters[kind] = enter_of(node)
                enter(self, fiber, node)
                if fiber.status is WAIT:
                    return
                node, fiber.node = fiber.node, None
                continue
            if not frames:
                break
            frame = frames[-1]
            if frame.__class__ is Chaining and fiber.status is OK:
                node = next(frame.rest, None)
                if node is None:
                    frames.pop()
                else:
                    fiber.place = (frame.place, frame.node, frame.index, None)
                    frame.index += 1
                continue
            frames.pop()
            frame.resume(self, fiber)
            if fiber.status is WAIT:
                return
            node, fiber.node = fiber.node, None
        self.end_fiber(fiber)

    def end_fiber(self, fiber: Fiber) -> None:
        """A fiber has come to its end."""
        fork = fiber.fork
        if self.ahead and self.instant is not None:
            if fork is not None:  # which the others don't see before that time
                fiber.waiting = OVER
                self.timers.wake(self.instant, fiber)
                return
            self.present = self.instant
        self.live -= 1
        if fork is not None:
            fork.child_ended(self, fiber)
            if not fork.open_parts:
                self.live += 1
                fork.fiber.status = OK
                self.ready.appendleft(fork.fiber)

    def _look_at_size(self) -> None:
        """Raise if it is sharing that makes so many parts; loops, maps and retries may go on."""
        size = extent(self._whole)
        if size.shared:
            raise too_large("dry_run(…)", size, "dry-run the part that is shared alone")
        self._size_budget = NEVER

    def fork(self, children: list[Fiber], *, eager: bool = False, later: bool = False) -> None:
        """Start fibers, for which another one waits.

        `eager`: none but these are started while they haven't all begun. With one worker the
        first may then run at once, if all are just tasks and nobody else is about to go on.
        `later`: others of that fork haven't begun yet, and come first.
        """
        ready = self.ready
        alone = eager and self._line.workers == 1 and (not ready or ready[0].fresh)
        if alone and all(type(child.node) is Task for child in children):
            for child in children:
                child.fresh = True
        self.live += len(children)
        if later:
            ready.extend(children)
        else:  # what stands to the left moves first
            ready.extendleft(reversed(children))

    def suspend(self, fiber: Fiber) -> None:
        """Let a fiber wait for what it has noted."""
        fiber.status = WAIT
        scope = fiber.around.scope
        if scope.suspended is not None:
            scope.suspended[fiber] = None
            if scope.limit != NEVER and scope.limit <= self.now():
                self.timers.strike(self.now(), scope)  # what struck it may have been before this

    def resume(self, fiber: Fiber, status: Status, value: Any) -> None:
        """Let a fiber that is suspended go on, told how its part ended."""
        self.rouse(fiber)
        fiber.status, fiber.value = status, value
        self.ready.append(fiber)

    def hold(self, fiber: Fiber, fault: Fault) -> None:
        """Let a fiber go no further: nothing catches that, and no deadline strikes it.

        All others go on; when they are done, the run ends, and its finalisers are done.
        """
        fiber.status = WAIT
        self.hold_faults.append(fault)
        self._on_hold.append(fiber)
        inner = fiber
        while inner.fork is not None:
            inner.fork.on_hold(self, inner.index)
            inner = inner.fork.fiber
        if self.tell is not None:
            self.tell("held", fiber.place, "", fiber.tries, self.now(), fault)

    def _end_at_hold(self) -> None:
        """None but fibers that are held are left: cut all, but for finalisers."""
        self.at_a_hold = True
        on_hold, self._on_hold = self._on_hold, []
        for fiber in on_hold:
            self.resume(fiber, INT, None)
        self.stop()

    def rouse(self, fiber: Fiber) -> None:
        """A fiber waits no longer."""
        fiber.waiting, fiber.status = None, OK
        sleepers = fiber.around.scope.suspended
        if sleepers is not None:
            sleepers.pop(fiber, None)

    # Time

    def pause(self, fiber: Fiber, duration: int) -> None:
        """Let a fiber wait, in µs, and then go on with its value."""
        if duration <= 0:
            return
        now, limit = self.now(), fiber.around.scope.limit
        if now > limit:
            fiber.end(INT, None)
            return
        end = now + duration
        if self.world.foretells and (self.foresees(fiber, end) or self.jump(fiber, end)):
            return
        fiber.waiting = Pause(end)
        self.timers.wake(end, fiber)
        self.suspend(fiber)

    def foresees(self, fiber: Fiber, end: int) -> bool:
        """Let a fiber run ahead to its next event, if nobody can see or change what it does.

        Where nothing is bounded that is so outside of all deadlines, fail-fast parts and
        finalisers, unless something that was cut works on. The fiber waits for the others when it
        ends, or starts parts side by side.
        """
        outside = fiber.around.scope is self.scope
        if self._bounded or not outside or self.attempts.overlapping:
            return False
        self.instant, self.ahead = end, True
        return True

    def catches_up(self, fiber: Fiber, node: Node) -> bool:
        """Let the others come to where a fiber is before it enters a node; whether it must wait."""
        if not self.ahead or self.instant is None:
            return False
        fiber.node, fiber.status = node, WAIT
        fiber.waiting = Pause(self.instant)
        self.timers.wake(self.instant, fiber)
        return True

    def jump(self, fiber: Fiber, end: int) -> bool:
        """Let time jump to a fiber's next event, if nothing else happens before; whether it did."""
        if self.ready or self._line.waiting or end > fiber.around.scope.limit:
            return False
        if self.timers.times and end >= self.timers.next_time():
            return False
        self.instant = self.present = end
        return True

    def _strike(self, scope: Scope) -> None:
        """Cut what waits in a scope whose time has come."""
        for fiber in scope.overdue_fibers(self.now()):
            self.attempts.cut(fiber)
            self.resume(fiber, INT, None)

    # Faults

    def reword(self, place: Place, fault: Fault) -> Fault:
        """A fault of the node at a place; of what an extension is made of, in the words of that."""
        word = self._places.word(place)
        return fault if word is None else word.worded(fault)

    def forgets(self, place: Place) -> bool:
        """Whether of the rounds of the loop at a place nobody sees any but the last."""
        word = self._places.word(place)
        return word is not None and word.forgets

    # What stops a run

    def is_stopped(self, fiber: Fiber) -> bool:
        """Whether a signal, which has come, has cut the place that a fiber is at."""
        self.stop()
        return fiber.around.scope.limit <= self.now()

    def stop(self) -> None:
        """Cut everything but finalisers, if that isn't done yet."""
        if not self._stopped:
            self._stopped = True
            self.scope.shrink(self.now())
            self._strike(self.scope)

    def passes(self, error: BaseException) -> bool:
        """Whether what came out of somebody's code is a signal's, and ends the run at once."""
        ends = bool(self.stopping_at_once) or self.signals == "nowhere"
        return ends and isinstance(error, KeyboardInterrupt)

    # Expressions

    def evaluate(self, fiber: Fiber, expr: Expr, value: Any) -> Any:
        """An expression's value at the fiber's place; raises what it does."""
        params = fiber.around.env.params
        return guess(expr, value, params) if self.unknown else evaluate(expr, value, params)

    def holds(
        self, fiber: Fiber, expr: Expr, place: Place, assumption: str
    ) -> bool | BaseException:
        """Whether a predicate holds of a fiber's value, or why that can't be said.

        If it is unknown, it is assumed to.
        """
        params = fiber.around.env.params
        try:
            if not self.unknown:
                return test(expr, fiber.value, params)
            answer = guess(expr, fiber.value, params)
            if not isinstance(answer, Unknown):
                return answer if isinstance(answer, bool) else test(expr, fiber.value, params)
        except BaseException as error:
            return error
        self.assume(place, assumption)
        return True

    def end_undefined(self, fiber: Fiber, path: str, error: BaseException, label: str = "") -> None:
        """An expression has no value at a path, or was interrupted by a signal.

        To be called once its error is let go.
        """
        if self.passes(error):
            raise error
        if self.stopping and isinstance(error, KeyboardInterrupt):
            fiber.end(INT, None)
        else:
            fiber.end(ERR, self.reword(fiber.place, defect(path, error, label)))

    def assume(self, place: Place, what: str) -> None:
        """Note what was assumed about an unknown value."""
        self.assumptions.append((place, what))
