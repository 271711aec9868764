"""Tasks: which attempts start, in which order, what comes of them, and what is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast, final

from fwf.algebra.nodes import Task
from fwf.machine.arguments import misfit
from fwf.machine.fibers import ERR, INT, OK, WAIT, Fiber, Status
from fwf.machine.final import is_final
from fwf.machine.log import AttemptEntry, entry
from fwf.machine.slots import SlotQueue
from fwf.machine.timers import NEVER
from fwf.machine.waits import Over, Pause, RateAlarm, Rest, RunningAttempt, Turn
from fwf.machine.world import Ending, Landing, Role, World

if TYPE_CHECKING:
    from fwf.machine.machine import Machine


@final
class Attempts:
    """The attempts of one run."""

    __slots__ = (
        "_at_once",
        "_behind",
        "_bounded",
        "_foretells",
        "_line",
        "_look",
        "_machine",
        "_memory",
        "_now",
        "_roles",
        "_single",
        "_start_to_end",
        "_world",
        "at_work",
        "overlapping",
        "unfinished",
    )  # fmt: skip

    def __init__(self, machine: Machine, world: World, line: SlotQueue[Turn]) -> None:
        self.at_work: set[RunningAttempt] = set()
        self.unfinished: list[AttemptEntry] = []
        """Attempts that were cut and work on, as they would have ended."""
        self._machine = machine
        self._world = world
        self._memory = machine.memory
        self._line = line
        self._bounded = line.bounded
        self._foretells = world.foretells
        self._start_to_end = cast("Callable[[Machine, Fiber, Role, bool], Ending]", world.start)
        """If so, `start` always tells the end."""
        self._at_once = cast("Callable[[Machine, Fiber, Role, bool], Ending | None]", world.start)
        """Of an attempt that is alone it does, if it starts at all."""
        self._now = world.now
        self._single = line.workers == 1
        self._roles: dict[int, Role] = {}
        self.overlapping: dict[str, int] = {}
        """Attempts of writers that were cut but work on, by the step's path."""
        self._behind: dict[str, list[Turn]] = {}
        """Who waits for those."""
        self._look = RateAlarm()

    # Starts

    def begin(self, fiber: Fiber, task: Task[Any, Any]) -> None:
        """A fiber has come to a task, which is done by workers."""
        role = self._roles.get(id(task))
        machine, around = self._machine, fiber.around
        if self._memory is not None and self._memory.recalls(fiber, task):
            return
        usual = role is not None and role.arity < 2 and around.scope.limit == NEVER
        if not usual or self.overlapping or machine.stopping:
            role = self._admit(fiber, task)
        if role is None:
            return
        alone = (
            role.inline
            and not (around.scope.cuttable or around.pools or self.at_work)
            and (machine.live == 1 or (fiber.fresh and self._nobody_before()))
        )
        fiber.fresh = False
        if not alone:
            self._wait(fiber, role)
        elif machine.timed:
            self._do(fiber, role)
        else:  # without a call more: it is what a chain spends its time on
            outcome = self._at_once(machine, fiber, role, True)
            if outcome is not None:
                fiber.status, fiber.value, _ = outcome

    def foretell(self, fiber: Fiber, task: Task[Any, Any], has_slots: bool = False) -> None:
        """A fiber has come to a task of which the world knows how it ends.

        has_slots: whether it has taken its worker and slots of pools.

        If nothing else happens before, time jumps to its end. What takes no time keeps its slots,
        too, until all have started that can at this instant.
        """
        role = self._roles.get(id(task))
        machine, around = self._machine, fiber.around
        if not has_slots:
            usual = role is not None and role.arity < 2 and around.scope.limit == NEVER
            if not usual or self.overlapping:
                role = self._admit(fiber, task)
            if role is not None and self._bounded:
                has_slots = not machine.ready and self._line.take(around.pools, machine.now())
                if not has_slots:
                    self._wait(fiber, role)
                    return
        if role is None:
            return
        start = machine.instant
        if start is None:
            start = machine.now()
        status, value, lasts = role.always or self._start_to_end(machine, fiber, role, True)
        end = start + lasts
        item = entry(AttemptEntry, (task, fiber.place, fiber.tries, status, value, start, end))
        ahead = lasts and fiber.frames and not has_slots and machine.foresees(fiber, end)
        if not ahead and (lasts or has_slots) and (machine.ready or not machine.jump(fiber, end)):
            fiber.waiting = item
            fiber.status = WAIT
            there = machine.timers.wakes.get(end)
            if there is None:
                machine.timers.wake(end, fiber)
            else:
                there.append(fiber)
            if around.scope.suspended is not None:
                machine.suspend(fiber)
            return
        if fiber.log is None:
            fiber.log = item
        else:
            fiber.note(item)
        fiber.status, fiber.value = status, value
        if has_slots:
            self._line.release(around.pools)

    def _admit(self, fiber: Fiber, task: Task[Any, Any]) -> Role | None:
        """The task's role; None if the fiber is cut, its value doesn't fit, or it has to wait."""
        role = self._roles.get(id(task))
        if role is None:
            role = self._roles[id(task)] = self._world.role(task)
        machine, scope = self._machine, fiber.around.scope
        cut = machine.stopping and machine.is_stopped(fiber)
        if cut or (scope.limit != NEVER and scope.limit < machine.now()):
            fiber.end(INT, None)
            return None
        if role.arity > 1:
            wrong = misfit(task, fiber.value, partial(machine.path, fiber.place))
            if wrong is not None:
                fiber.end(ERR, wrong)
                return None
        if self.overlapping and role.writes and self._wait_behind(fiber, role):
            return None
        return role

    def _nobody_before(self) -> bool:
        """Whether nobody asks, or will ask at this instant, for the only worker there is."""
        return not self._line.waiting and self._machine.timers.next_time() == NEVER

    def _wait(self, fiber: Fiber, role: Role) -> None:
        """Wait for a worker and for pools, at least until all that can move has moved."""
        self._line.join(self._turn(fiber, role))

    def _wait_behind(self, fiber: Fiber, role: Role) -> bool:
        """Wait for an attempt of the same step that works on, if there is one."""
        path = self._machine.path(fiber.place)
        if path not in self.overlapping:
            return False
        self._behind.setdefault(path, []).append(self._turn(fiber, role))
        return True

    def _turn(self, fiber: Fiber, role: Role) -> Turn:
        """What a fiber waits for from now on."""
        fiber.waiting = turn = Turn(fiber, role, self._machine.now())
        self._machine.suspend(fiber)
        return turn

    def hand_out(self) -> None:
        """Give workers and pools to those who wait for them: earliest first, then leftmost."""
        line, machine = self._line, self._machine
        if not line.waiting:
            return
        while not machine.ready and (turn := line.next(machine.now())) is not None:
            fiber, role = turn.fiber, turn.role
            if fiber.around.scope.limit < machine.now():  # the clock is late
                line.release(turn.pools)
                machine.resume(fiber, INT, None)
                continue
            machine.rouse(fiber)
            self._start(fiber, role)
            if fiber.status is not WAIT:
                machine.ready.append(fiber)
        later = line.ready_at(machine.now())
        look = self._look
        if machine.now() < later < NEVER and later != look.at:
            if look.at is not None:
                machine.timers.let_sleep(look.at, look)
            look.at = round(later)
            machine.timers.wake(look.at, look)

    def _start(self, fiber: Fiber, role: Role) -> None:
        """Start an attempt that has its worker, and slots of its pools."""
        machine = self._machine
        if self._foretells:
            self.foretell(fiber, role.task, True)
            return
        uncut = role.inline and not (fiber.around.scope.cuttable or fiber.around.pools)
        if self._single and uncut and not self.at_work and machine.timers.next_time() == NEVER:
            self._do(fiber, role)
        else:
            outcome = self._world.start(machine, fiber, role, False)
            if isinstance(outcome, RunningAttempt):
                self.at_work.add(outcome)
                fiber.waiting = outcome
                machine.suspend(fiber)
                return
            if outcome is not None:  # it is known: another worker has done it
                fiber.status, fiber.value, _ = outcome
        self._line.release(fiber.around.pools)

    def _do(self, fiber: Fiber, role: Role) -> None:
        """Do an attempt at once, on this thread."""
        machine = self._machine
        timed = machine.timed
        start = machine.now() if timed else 0
        outcome = self._at_once(machine, fiber, role, True)
        if outcome is not None:
            fiber.status, fiber.value, _ = outcome
            if timed:
                end = machine.instant = self._now()
                self._record_end(fiber, role, fiber.status, fiber.value, start, end)

    # Ends

    def wake(self, sleepers: Iterable[Fiber | RateAlarm | Rest], time: int) -> None:
        """The time has come that these waited for, if they still do."""
        machine, line = self._machine, self._line if self._bounded else None
        for sleeper in sleepers:
            if isinstance(sleeper, Fiber):
                item = sleeper.waiting
                if not isinstance(item, AttemptEntry):
                    self._rouse(sleeper, time)
                    continue
                _, _, _, status, value, _, end = item
                if end != time:
                    continue
                sleeper.waiting = None
                if sleeper.log is None:
                    sleeper.log = item
                else:
                    sleeper.note(item)
                scope = sleeper.around.scope
                if scope.suspended is not None:
                    scope.suspended.pop(sleeper, None)
                if line is not None:
                    line.release(sleeper.around.pools)
                sleeper.status, sleeper.value = status, value
                if sleeper.frames:
                    machine.ready.append(sleeper)
                else:
                    machine.end_fiber(sleeper)
            elif isinstance(sleeper, Rest):
                self._line.release(sleeper.pools)
                self._free_step(sleeper.path)
            elif sleeper.at == time:
                sleeper.at = None

    def _rouse(self, fiber: Fiber, time: int) -> None:
        waiting = fiber.waiting
        if isinstance(waiting, Over):
            fiber.waiting = None
            self._machine.end_fiber(fiber)
        elif isinstance(waiting, Pause) and waiting.end == time:
            self._machine.resume(fiber, OK, fiber.value)

    def take_in(self, landings: Sequence[Landing]) -> None:
        """What has ended beside the machine, leftmost first."""
        line, machine = self._line, self._machine
        for attempt, status, value, end in sorted(landings, key=_place) if landings else ():
            self.at_work.discard(attempt)
            line.release(attempt.pools)
            if attempt.cut:
                self._free_step(attempt.path)
                continue
            fiber = attempt.fiber
            if status is WAIT:
                machine.rouse(fiber)
                machine.hold(fiber, value)
                continue
            if end > fiber.around.scope.limit:
                status, value, end = INT, None, self._deadline(attempt)
            self._record_end(fiber, attempt.role, status, value, attempt.start, end)
            machine.resume(fiber, status, value)

    def _free_step(self, path: str) -> None:
        """The step's next attempt need wait no longer."""
        if not path:
            return
        self.overlapping[path] -= 1
        if self.overlapping[path]:
            return
        del self.overlapping[path]
        for turn in self._behind.pop(path, ()):
            if turn.cut:
                continue
            if self._bounded:
                self._line.join(turn)
            else:  # it comes to the task once more
                self._machine.rouse(turn.fiber)
                turn.fiber.node = turn.role.task
                self._machine.ready.append(turn.fiber)

    def cut(self, fiber: Fiber) -> None:
        """Nobody waits any longer for what a fiber waits for."""
        match fiber.waiting:
            case Turn() as turn:
                turn.cut = True
            case RunningAttempt() as attempt:
                self._cut_at_work(fiber, attempt)
            case AttemptEntry() as item:
                self._cut_foretold(fiber, item)
            case Pause(end=end):
                self._machine.timers.let_sleep(end, fiber)
            case Over() | None:
                pass

    def _cut_at_work(self, fiber: Fiber, attempt: RunningAttempt) -> None:
        if attempt.role.writes:
            attempt.path = self._overlaps(fiber)
        attempt.cut = True
        self._world.cut(self._machine, fiber, attempt.role)
        end = self._deadline(attempt)
        self._record_end(fiber, attempt.role, INT, None, attempt.start, end)

    def _cut_foretold(self, fiber: Fiber, item: AttemptEntry) -> None:
        machine = self._machine
        machine.timers.let_sleep(item.end, fiber)
        role, pools = self._roles[id(item.task)], fiber.around.pools
        self._record_end(fiber, role, INT, None, item.start, machine.now())
        if self._world.cut(machine, fiber, role):
            if self._bounded:
                self._line.release(pools)
            return
        self.unfinished.append(item)
        if self._bounded or role.writes:
            path = self._overlaps(fiber) if role.writes else ""
            machine.timers.wake(item.end, Rest(pools, path))

    def _overlaps(self, fiber: Fiber) -> str:
        """From now on the next attempt of the step waits; the step's path."""
        path = self._machine.path(fiber.place)
        self.overlapping[path] = self.overlapping.get(path, 0) + 1
        return path

    def _deadline(self, attempt: RunningAttempt) -> int:
        limit = attempt.fiber.around.scope.limit
        return max(attempt.start, int(min(self._machine.now(), limit)))

    def _record_end(
        self, fiber: Fiber, role: Role, status: Status, value: Any, start: int, end: int
    ) -> None:
        """Tell how an attempt ended, and write it down."""
        machine, task = self._machine, role.task
        if machine.tell is not None:
            final = status is ERR and is_final(fiber, value)
            facts = status.ending, fiber.place, task.name, fiber.tries, end, value
            machine.tell(*facts, final=final)
        if machine.recording:
            result = value if machine.keep_results or status is not OK else None
            item = entry(AttemptEntry, (task, fiber.place, fiber.tries, status, result, start, end))
            log = fiber.log
            if type(log) is list:
                log.append(item)
            else:
                fiber.note(item)


def _place(landing: Landing) -> Fiber:
    return landing[0].fiber
