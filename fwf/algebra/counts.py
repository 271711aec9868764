"""How are things counted of which there may be more than there are atoms?

Where parts are shared, a few lines can write down 2⁶⁰ places, and some more a number with so many
digits that adding is slow and Python refuses to print it. So whatever counts parts, places, names
or tasks adds with `total`, which stops at `UNCOUNTED`.
"""

from collections.abc import Iterable
from typing import Final

from fwf.faults import counted

UNCOUNTED: Final = 2**62
"""What is counted is counted up to here."""


def total(counts: Iterable[int], *, own: int = 0) -> int:
    """Counts of the parts, of the node itself ⟶ how many these are together, up to 2⁶²."""
    return min(UNCOUNTED, own + sum(counts))


def count_text(n: int, noun: str) -> str:
    """3, "round" ⟶ "3 rounds"; of what isn't counted to its end, "more than …"."""
    return f"more than {counted(n, noun)}" if n >= UNCOUNTED else counted(n, noun)
