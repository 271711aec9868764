"""The equations that workflows obey, and the tempting ones that they don't.

Each family of laws is a module of `Law`s: data, with two sides. `catalogue()` has them all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .law import Law

FAMILIES = (
    "category", "par", "branch", "loop", "retry", "fallback", "results", "timeout", "map_each",
    "reader", "always", "graph", "schedules", "named", "derived", "normal",
)  # fmt: skip


def catalogue() -> tuple[Law, ...]:
    """Every law, family by family, in the order they are written."""
    from .law import Law

    modules = [import_module(f".{family}", __name__) for family in FAMILIES]
    return tuple(each for one in modules for each in vars(one).values() if isinstance(each, Law))
