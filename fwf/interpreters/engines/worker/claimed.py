"""A world in which attempts are claimed before they begin, and outcomes kept before they count."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

from fwf.analysis.run_keys import step_key
from fwf.faults import Failed, tag_of
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.interpreters.engines.worker.claims import (
    Claim,
    ClaimedAttempt as Claimed,
    Claims,
    at_work as claims_at_work,
    mine,
)
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.run.workers.processes import Killed
from fwf.journal.errors import JournalError
from fwf.journal.run_records import moment
from fwf.journal.values import Unwritable, Values
from fwf.machine.fibers import ERR, INT, OK, WAIT, Fiber, Status, numbers
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ending, Landing, Role, World

if TYPE_CHECKING:
    from fwf.machine.machine import Machine

_PAUSES: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds between looks at an attempt that another worker has begun."""
_KILLED: Final = tag_of(Killed)


@final
class Claiming:
    """The same world, but of what may have an effect nothing begins that isn't claimed.

    What is `pure` or only reads isn't: to do it once more harms nobody. What people have done anew
    is claimed anew; but what must not be repeated isn't begun if it was ever done.
    """

    foretells: ClassVar[bool] = False

    __slots__ = (
        "_again", "_begun", "_claims", "_inner", "_key", "_sleep", "_tokens", "_until", "_values",
        "now", "role",
    )  # fmt: skip

    def __init__(
        self,
        inner: World,
        claims: Claims,
        values: Values,
        *,
        key: str,
        until: int = 0,
        again: int = 0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._inner = inner
        self._claims = claims
        self._values = values
        self._key = key
        """What the keys of steps are made of: the run's key, or its id where it has none."""
        self._until = until
        self._again = again
        """How many times people have had it done anew."""
        self._sleep = sleep
        self._begun: dict[RunningAttempt, Claimed] = {}
        """What was claimed of the attempts that are at work."""
        self._tokens: set[str] = set()
        """Of the claims of this part."""
        self.now = inner.now
        self.role = inner.role

    def start(
        self, machine: Machine, fiber: Fiber, role: Role, alone: bool
    ) -> Ending | RunningAttempt | None:
        if not role.task.contract.may_write:
            return self._inner.start(machine, fiber, role, alone)
        path = machine.path(fiber.place)
        this = Claimed(step_key(self._key, path), _text(fiber, self._again))
        claim = mine(self._until, self._given(fiber, role))
        self._tokens.add(claim.token)
        claims_at_work.add(claim.token)
        try:
            ending = self._known(machine, fiber, this, claim, role)
        except StoreError as error:
            machine.hold(fiber, Failed(path, ("StoreError",), f"nothing was begun: {error}"))
            return None
        if isinstance(ending, Claim):
            machine.hold(fiber, self._held(path, this, ending, claim))
            return None
        if ending is not None:
            return (*ending, 0)
        return self._begin(machine, fiber, role, alone, this)

    def _begin(
        self, machine: Machine, fiber: Fiber, role: Role, alone: bool, this: Claimed
    ) -> Ending | RunningAttempt | None:
        begin = self._inner.start(machine, fiber, role, alone)
        if isinstance(begin, RunningAttempt):
            self._begun[begin] = this
            return begin
        if begin is None:  # it couldn't even be called
            self._finish(machine, fiber, role, this, fiber.status, fiber.value)
            return None
        status, value = self._finish(machine, fiber, role, this, begin[0], begin[1])
        if status is WAIT:
            machine.hold(fiber, value)
            return None
        return status, value, begin[2]

    # Before it

    def _known(
        self, machine: Machine, fiber: Fiber, this: Claimed, claim: Claim, role: Role
    ) -> tuple[Status, Any] | Claim | None:
        """How an attempt ended; or the claim that is in its way; None: now it is claimed."""
        once = role.task.contract.effect == "unrepeatable"
        if once and self._again:
            earlier = self._earlier(this, claim)
            if earlier is not None:
                return earlier
        before = self._claims.claim(this, claim)
        if before is None:
            doubtful = self._others(this) if once else None
            if doubtful is not None:
                self._claims.finish(this, json.dumps({"held": True}))
            return doubtful
        if _differ(before, claim):
            return before
        outcome = self._awaited(machine, fiber, this, before)
        if outcome is not None:
            return self._read(outcome) or before
        if _in_time(machine, fiber):
            if once:
                return before
            self._claims.take_over(this, claim)
            return None
        return INT, None

    def _awaited(self, machine: Machine, fiber: Fiber, this: Claimed, before: Claim) -> str | None:
        """How an attempt ended that another worker has begun, as long as he may be at work."""
        pauses = iter(_PAUSES)
        while True:
            is_gone = before.is_gone(time.time_ns() // 1000)
            outcome = self._claims.outcome(this)
            is_over = is_gone or (is_gone is None and not before.until)
            if outcome is not None or is_over or not _in_time(machine, fiber):
                return outcome
            self._sleep(next(pauses, _PAUSES[-1]))

    def _given(self, fiber: Fiber, role: Role) -> str:
        """A digest of what a step is given, by which the same step is told from a changed one."""
        contract, params = role.task.contract, fiber.around.env.params
        names = [each.name for each in contract.injected if each.kind != "resource"]
        values = {name: params[name] for name in names if name in params}
        return self._values.digest([fiber.value if contract.inputs else None, values])

    def _others(self, this: Claimed) -> Claim | None:
        """Whose another attempt of the step is, of which nobody knows how it ended."""
        for each in self._claims.unfinished(this.step):
            if each != this:
                return self._claims.claim(each, mine())
        return None

    def _earlier(self, this: Claimed, claim: Claim) -> tuple[Status, Any] | Claim | None:
        """How a step ended that must not be repeated, if it was done before people asked again.

        Or the claim of an attempt that may have done it.
        """
        for each in self._claims.attempts(this.step):
            outcome = self._claims.outcome(each)
            if each == this or outcome is None:
                continue
            ending = self._read(outcome)
            if ending is None or ending[0] is OK:
                before = self._claims.claim(each, mine())
                return before if before and (ending is None or _differ(before, claim)) else ending
        return None

    def _held(self, path: str, this: Claimed, before: Claim, claim: Claim) -> Failed:
        """Why a step isn't begun on whose way there is a claim."""
        who = f"{moment(before.at)} by process {before.pid} on {before.host}"
        remove = f"remove the claim {this.step} from {self._claims.where}"
        if _differ(before, claim):
            message = f"was begun at {who} on another input or parameter: start the run anew under "
            return Failed(path, ("Changed",), f"{message}another key, or {remove}, to do it again")
        message = f"was started at {who}, and nothing tells whether it was done: look, and if it "
        return Failed(path, ("InDoubt",), f"{message}wasn't, {remove}; if it was, go on behind it")

    # After it

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        landings = self._inner.wait(machine, until, busy)
        return [self._kept(machine, each) for each in landings] if landings else landings

    def _kept(self, machine: Machine, landing: Landing) -> Landing:
        attempt, status, value, end = landing
        this = self._begun.pop(attempt, None)
        if this is None or attempt.cut or status is WAIT:
            return landing
        fiber = attempt.fiber
        if end > fiber.around.scope.limit:
            status, value = INT, None
        status, value = self._finish(machine, fiber, attempt.role, this, status, value)
        return attempt, status, value, end

    def cut(self, machine: Machine, fiber: Fiber, role: Any) -> bool:
        waiting = fiber.waiting
        this = self._begun.pop(waiting, None) if isinstance(waiting, RunningAttempt) else None
        if this is not None:
            self._finish(machine, fiber, role, this, INT, None)
        return self._inner.cut(machine, fiber, role)

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        self._inner.close(at_work, at_once=at_once)
        claims_at_work.difference_update(self._tokens)

    def _finish(
        self, machine: Machine, fiber: Fiber, role: Role, this: Claimed, status: Status, value: Any
    ) -> tuple[Status, Any]:
        """Keep how an attempt ended ⟶ how it goes on: as another worker would read it.

        What a signal cut stays open.
        """
        once = role.task.contract.effect == "unrepeatable"
        if status is INT and machine.stopping:
            return status, value
        try:
            form, status, value = self._said(machine, fiber, status, value, once)
            own = json.dumps(form)
            first = self._claims.finish(this, own)
            ending = None if first == own else self._read(first)
        except (StoreError, JournalError):  # it is known here, and is the answer
            return status, value
        return (status, value) if status is WAIT or ending is None else ending

    def _said(
        self, machine: Machine, fiber: Fiber, status: Status, value: Any, once: bool
    ) -> tuple[dict[str, Any], Status, Any]:
        """How an attempt ended, as JSON, and as it goes on."""
        if status is OK:
            try:
                text, settled = self._values.settle(value)
                return {"ok": text}, OK, settled
            except Unwritable as error:
                path = machine.path(fiber.place)
                status, value = ERR, Failed(path, ("Unwritable", "Defect"), str(error))
                if once:
                    said = f"it was done, but what it gave can't be written: {error}"
                    return {"held": True}, WAIT, Failed(path, ("InDoubt", "Unwritable"), said)
        if status is ERR:
            if once and _KILLED in value.tags:
                said = f"{value.message}; nothing tells whether it was done"
                return {"held": True}, WAIT, Failed(value.path, ("InDoubt",), said)
            return {"failed": fault_to_json(value)}, ERR, value
        return {"cut": True}, INT, None

    def _read(self, outcome: str) -> tuple[Status, Any] | None:
        """How an attempt ended, as it was kept; None: it is in doubt."""
        try:
            form = json.loads(outcome)
            if "ok" in form:
                return OK, self._values.read(form["ok"])
            if "failed" in form:
                return ERR, fault_from_json(form["failed"])
            return (INT, None) if "cut" in form else None
        except (ValueError, TypeError, KeyError, JournalError) as error:
            raise StoreError(f"an outcome that is kept can't be read: {error}") from None


def _differ(before: Claim, claim: Claim) -> bool:
    """Whether two claims of an attempt are of different inputs, as far as that is known."""
    return bool(before.given and claim.given) and before.given != claim.given


def _in_time(machine: Machine, fiber: Fiber) -> bool:
    """Whether neither a signal nor a deadline has cut a fiber."""
    return not machine.stopping and machine.world.now() < fiber.around.scope.limit


def _text(fiber: Fiber, again: int) -> str:
    """The numbers of the retries around an attempt, as they stand in the name of its claim."""
    text = "-".join(map(str, numbers(fiber.tries))) or "0"
    return f"{text}.{again}" if again else text
