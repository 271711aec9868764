"""Whether a fault ends its run: nothing above it can take it up, or try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fwf.analysis.fault_takers import takes
from fwf.faults import Fault
from fwf.machine.frames import Retrying, Timing
from fwf.machine.handlers import Catching, FallingBack

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber


def is_final(fiber: Fiber, fault: Fault) -> bool:
    """Whether a run with this fault at a fiber can't end well any more; if in doubt, it can.

    What stands above takes up a fault together with others, and only if it matches all of them. Of
    a part that is cut by its deadline the fault may be another one.
    """
    own_fault: Fault | None = fault
    at = fiber
    while True:
        for frame in reversed(at.frames):
            match frame:
                case Timing():
                    own_fault = None
                case Catching() | FallingBack():
                    if own_fault is None or takes(frame.node, own_fault):
                        return False
                case Retrying():
                    has_attempts = frame.used < frame.node.attempts
                    if has_attempts and (own_fault is None or takes(frame.node, own_fault)):
                        return False
                case _:
                    pass
        fork = at.fork
        if fork is None:
            return True
        if takes(fork.node, fault):
            return False
        at = fork.fiber
