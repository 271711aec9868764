"""Which mistakes are made on purpose, to see that the harness notices them?

Each takes something in fwf's place, in the process of a run that is to be killed; none is in fwf.
"""

from collections.abc import Callable
from typing import Final

from tests.crash.kill_oracle import AGAIN, LOST, WRONG

BUGS: Final[dict[str, Callable[[], None]]] = {}
SHOWN_BY: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "commit before effect": ((LOST,), "chain"),
    "late batch commit": ((AGAIN,), "chain"),
    "missing key": ((AGAIN, WRONG), "items"),
    "branches sharing a key": ((LOST, WRONG), "join"),
    "retry count not journaled": ((AGAIN,), "patient"),
    "round missing in key": ((LOST, WRONG), "rounds"),
}
"""By which faults, and in which shape, each is seen."""
