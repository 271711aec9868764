"""What a signal does to a run under way, and which of the user's code it interrupts."""

from __future__ import annotations

from types import FrameType
from typing import Final, final

from fwf.algebra.evaluation import evaluate, test
from fwf.interpreters.run.calls import call_task
from fwf.interpreters.run.clock import Inbox
from fwf.interpreters.run.interruption import interrupts
from fwf.interpreters.run.resources import leave
from fwf.machine.machine import Machine


@final
class Stop:
    """How signals stop one run."""

    def __init__(self, machine: Machine, inbox: Inbox) -> None:
        self._machine = machine
        self._inbox = inbox
        self.closing = False
        """Whether only the resources of the run are still to be closed."""

    def stop_by(self, signal: str, frame: FrameType | None) -> bool:
        """A signal: the deadline of the whole run is now. Called by its handler, in a frame.

        Whether to interrupt what runs there: code of the user's that is no part of a finaliser,
        and closes no resource of the run; or, when called again, any. Then the run also ends at
        once, with `KeyboardInterrupt`.
        """
        machine = self._machine
        machine.stopping_at_once = signal if machine.stopping else ""
        machine.stopping = machine.stopping or signal
        self._inbox.put(None)
        in_body = not self.closing and machine.current.around.scope is machine.scope
        at_once = bool(machine.stopping_at_once)
        may = at_once or in_body
        return may and interrupts(frame, _USERS, Machine.execute.__code__, at_once=at_once)


_USERS: Final = frozenset(each.__code__ for each in (call_task, evaluate, test, leave))
"""The functions here that call code of the user's, and that can be left at any step."""
