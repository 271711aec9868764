"""What do tasks hand on to one another? A range of keys, and what a load has done."""

from datetime import date, datetime
from typing import NamedTuple, TypeAlias

Bound: TypeAlias = int | date | datetime
"""Where a range begins or ends."""


class Range(NamedTuple):
    """Rows whose key is `low` or more and less than `high`; None where it has no such end.

    The range without `low` has also the rows that have no key.
    """

    low: Bound | None
    high: Bound | None


class Loaded(NamedTuple):
    """What a load has left in its target; `repeated` if an earlier one had done it already."""

    table: str
    rows: int
    repeated: bool
