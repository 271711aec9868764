"""How long does an error ask to wait before another attempt?"""

from collections.abc import Iterable
from datetime import timedelta

from fwf.durations import checked_delay
from fwf.faults.error_texts import named_text


def retry_delay(error: object) -> tuple[timedelta | None, str]:
    """How long an error asks to wait before another attempt; and why that can't be done.

    None if it doesn't say. What it says goes into the fault's message where it is of no use.
    """
    try:
        after = getattr(error, "retry_after", None)
        return (None if after is None else checked_delay(after, "retry_after")), ""
    except KeyboardInterrupt:
        raise
    except BaseException as another:  # whatever somebody's property raises
        return None, f" (its retry_after is ignored: {named_text(another)})"


def longest_retry_delay(errors: Iterable[object]) -> timedelta | None:
    """Of the delays that errors ask for, the longest, which suits them all."""
    delays = (retry_delay(error)[0] for error in errors)
    return max((delay for delay in delays if delay is not None), default=None)
