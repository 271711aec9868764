"""What names in a journal's values stand for: what the workflow makes known, and time zones."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from functools import cache
from typing import Any, final

from fwf.algebra.plain_values import Codec, Coded, Member
from fwf.forms.mentioned import Known


@final
class JournalNames:
    """The names that a workflow knows; a time zone is what this machine has by its name."""

    def __init__(self, names: Known) -> None:
        self._names = names

    def codec(self, name: str) -> Codec | None:
        """The codec of this name."""
        return self._names.codecs.get(name)

    def instance_class(self, name: str) -> Any:
        """The dataclass or named tuple of this name; None if its codec has been registered."""
        return self._names.instances.get(name)

    def elsewhere(self, name: str) -> list[str]:
        """The names of classes that are called the same, and stand in other modules."""
        _, colon, own = name.partition(":")
        return [each for each in self._names.codecs if colon and each.partition(":")[2] == own]

    def member(self, recorded: Member) -> object:
        """The member of the enum of this name."""
        return self._names.member(recorded)

    def coded(self, recorded: Coded) -> object:
        """The value that the codec of this name makes of the plain data."""
        return self._names.coded(recorded)

    def zone(self, key: str, offset: timedelta | None) -> tzinfo:
        """The time zone of this name."""
        return self._names.zones.get(key) or _zone(key)


@cache
def _zone(key: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # 3 ms that only values with zones need

    try:
        return ZoneInfo(key)
    except (LookupError, ValueError, OSError):
        raise LookupError(
            f"this machine has no time zone {key!r}: pip install tzdata, or write the name of "
            "another one"
        ) from None
