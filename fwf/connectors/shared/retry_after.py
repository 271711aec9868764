"""How long does a service ask to wait? `Retry-After`, in seconds or as a date."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

DIGITS: Final = re.compile(r"[0-9]+")
MOST: Final = 10**9
"""Seconds, some thirty years: more can't be told from for ever, and doesn't fit a duration."""


def asked_wait(values: Iterable[str], date: str | None, now: datetime) -> timedelta | None:
    """The values of `Retry-After`, the answer's `Date` ⟶ the wait; None if nothing sensible stands.

    Digits are seconds; a date is measured against the answer's own, as clocks differ, or `now`;
    what is past is no wait. Of several values the longest counts (RFC 9110 §10.2.3; which of
    several counts is our choice).

    >>> asked_wait(["120"], None, datetime.now(UTC)), asked_wait(["1.5"], None, datetime.now(UTC))
    (datetime.timedelta(seconds=120), None)
    """
    reference = (moment(date) if date else None) or now
    waits = [wait for value in values if (wait := _wait(value.strip(), reference)) is not None]
    return max(waits, default=None)


def _wait(value: str, reference: datetime) -> timedelta | None:
    if DIGITS.fullmatch(value):
        digits = value.lstrip("0")
        return timedelta(seconds=min(int(digits[:11] or "0"), MOST))
    until = moment(value)
    return None if until is None else max(until - reference, timedelta(0))


def moment(text: str) -> datetime | None:
    """An HTTP date ⟶ the moment; None for any other text."""
    if "," not in text and text.count(":") != 2:  # parsedate reads much that is no date
        return None
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
