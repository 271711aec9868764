"""What keeps a journal from doing its work: an error names the place, the cause, the remedy."""

from __future__ import annotations

from typing import final

from fwf.journal.store import Holder


class JournalError(Exception):
    """A journal that can't be opened, read or written."""


@final
class JournalCorrupt(JournalError):
    """What a journal holds isn't what was written; names the first bad record."""


@final
class Held(JournalError):
    """Somebody else goes on with this run; names who, since when, and the last sign."""

    def __init__(self, message: str, holder: Holder | None) -> None:
        super().__init__(message)
        self.holder = holder


@final
class Replaced(JournalError):
    """Somebody else has taken over while this process slept: it may commit nothing any more."""


@final
class Refused(JournalError):
    """What was asked for contradicts what a journal holds: nothing was changed."""
