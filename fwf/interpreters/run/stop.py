"""What a signal does to a run under way, and which of the user's code it interrupts."""

from __future__ import annotations

from types import FrameType
from typing import Final, final

from fwf.algebra.evaluation import evaluate, test
from fwf.interpreters.run.calls import call_task
from fwf.interpreters.run.clock import Inbox
from fwf.interpreters.run.observers import Stream
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
        return (bool(machine.stopping_at_once) or in_body) and _in_users(frame)


_USERS: Final = {
    each.__code__
    for each in (call_task, evaluate, test, leave, Stream.__call__, Stream.began, Stream.ended)
}
"""The functions here that call code of the user's."""


def _in_users(frame: FrameType | None) -> bool:
    """Whether a frame is within code of the user's that a run called on its own thread."""
    ours = Machine.execute.__code__
    while frame is not None and frame.f_code is not ours:
        if frame.f_code in _USERS:
            return True
        frame = frame.f_back
    return False
