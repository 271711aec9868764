"""What may be in generated workflows, and how long they may really take."""

from __future__ import annotations

import os
from typing import Final, Literal, TypeAlias, final, get_args

from fwf.records import record

Part: TypeAlias = Literal[
    "always", "as_result", "branch", "delay", "extension", "fail", "fail_fast", "fallback",
    "from_result", "graph", "in_pool", "jitter", "large", "loop_until", "map_each", "named", "par",
    "param", "retry", "rich", "seq", "sys.exit", "timeout", "unfit", "unkeyed", "using",
    "within",
]  # fmt: skip
"""What can be left out. "jitter": waits that are drawn; "large": values of 0.9 × the limit; "rich":
values that aren't JSON, or look like an engine's language; "sys.exit": tasks that raise
`SystemExit`; "unfit": expressions that have no value; "unkeyed": maps without keys; "within": loops
that end by time, which never strikes."""
PARTS: Final[tuple[Part, ...]] = get_args(Part)


@final
@record()
class Options:
    """What may be in generated workflows, and how long they may really take.

    without: parts that are left out.
    waits: seconds that a wait between attempts, or a `delay`, takes; each as likely as the others.
    takes: seconds that a task takes.
    limit: so many bytes a value may take on the engine; the large ones have 0.9 of it.
    size: about how many tasks a workflow has at most.
    hostile: whether texts look like what an engine would obey.

    `fail_fast` is in no workflow unless it is asked for by `fast`: which of the others still begin
    is up to the engine.
    """

    without: frozenset[str] = frozenset({"fail_fast"})
    waits: tuple[float, ...] = (0,)
    takes: tuple[float, ...] = (0,)
    limit: int = 20_000
    size: int = 12
    hostile: bool = False

    def has(self, part: Part) -> bool:
        """Whether a part may be in them."""
        return part not in self.without


def options(
    *,
    without: tuple[Part, ...] = (),
    fast: bool = False,
    waits: tuple[float, ...] = (0,),
    takes: tuple[float, ...] = (0,),
    limit: int = 20_000,
    size: int = 12,
    hostile: bool = False,
) -> Options:
    """The options that are given, and the usual ones."""
    wrong = {*without} - {*PARTS}
    if wrong:
        raise ValueError(f"there are no parts {sorted(wrong)}; there are {', '.join(PARTS)}")
    left_out = frozenset[str]({*without} if fast else {*without, "fail_fast"})
    return Options(left_out, waits, takes, limit, size, hostile)


FULL = os.environ.get("FWF_ENGINES") == "full"
"""Whether all cases are gone through that are promised: `make engines`."""


def how_many(usual: int, full: int = 500) -> int:
    """How many cases a test goes through."""
    return full if FULL else usual
