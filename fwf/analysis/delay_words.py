"""Which finite word of delays a retry stands for, and the one schedule that spells it."""

from datetime import timedelta
from itertools import islice
from typing import Any, Final

from fwf.algebra.nodes import Retry
from fwf.algebra.schedule import Backoff, Chained, Delays, First, Jitter, Schedule, each

MAX_ATTEMPTS: Final = 64
"""A retry of more attempts keeps its schedule as written."""


def word_of(node: Retry[Any, Any]) -> tuple[timedelta, ...] | None:
    """The delays of a retry; None past 63, and where they are drawn: it stays as written there."""
    at_most, wait = min(node.attempts - 1, MAX_ATTEMPTS), node.wait
    if is_drawn(wait):
        return None
    waits = (
        wait.delays[:at_most] if isinstance(wait, Delays) else tuple(islice(each(wait), at_most))
    )
    return waits if len(waits) < MAX_ATTEMPTS else None


def is_drawn(schedule: Schedule) -> bool:
    """Whether chance decides how long a delay is, so that no list of them says the same."""
    if isinstance(schedule, Jitter) and schedule.low != schedule.high:
        return True
    parts = (getattr(schedule, name) for name in schedule.__match_args__)
    return any(is_drawn(part) for part in parts if isinstance(part, Schedule))


def exactly(wait: Schedule, word: tuple[timedelta, ...]) -> Schedule:
    """A schedule that ends after its first few delays."""
    if isinstance(wait, Delays):
        return wait if wait.delays == word else Delays(word)
    if isinstance(wait, First) and wait.n == len(word):
        return wait
    return First(wait, len(word))


def spelling(word: tuple[timedelta, ...], cap: timedelta | None) -> Schedule:
    """The one schedule of these delays with this cap. Only a backoff says a cap; so be it."""
    if cap is None:
        return Delays(word)
    nothing = First(Backoff(timedelta(0), 1.0, cap), 0)
    if not word:
        return nothing
    half = len(word) // 2
    before, after = spelling(word[:half], cap), spelling(word[half + 1 :], cap)
    return Chained(before, after, word[half])
