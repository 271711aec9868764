"""Words that stand for compositions of others, and keep their own name in all that people see.

Each is an `Extension`: its `desugar()` is its whole meaning, which laws, checks, engines and the
run go by; texts, pictures, paths and faults go by the word.

A word is one of these where what it stands for has parts that its author didn't write: an
`identity`, a `pick`, a loop's state. What merely builds one node of its own parts stays plain:
`seq(a, b)` is `a >> b`, a `join` of a single input is `part >> task`, a `switch` without cases is
its `otherwise`; so do the arrows of `fwf.arrows`, whose words are the plumbing itself.
"""

from typing import Any, Final

from fwf.algebra.nodes import Extension
from fwf.derived.caching import Cached, cached
from fwf.derived.choosing import Switch, When, switch, when
from fwf.derived.deciding import DecidedBranch, DecidedLoop
from fwf.derived.gathering import Join, KeepInput, join, keep_input
from fwf.derived.handling import (
    Bracket,
    OnFailure,
    Optional,
    Recover,
    bracket,
    on_failure,
    optional,
    recover,
)
from fwf.derived.marking import MovedBy
from fwf.derived.paging import HasPage, Page, Pages, Paginate, as_pages, paginate
from fwf.derived.polling import Poll, poll
from fwf.derived.recursion import Again, Recursive, recursive

CLASSES: Final[tuple[type[Extension[Any, Any]], ...]] = (
    When, Switch, DecidedBranch, KeepInput, Join, Recover, Optional, OnFailure, Bracket, Poll,
    Paginate, Again, Recursive, DecidedLoop, MovedBy, Cached,
)  # fmt: skip
"""What the words make."""

__all__ = [
    "HasPage", "Page", "Pages", "as_pages", "bracket", "cached", "join", "keep_input", "on_failure",
    "optional", "paginate", "poll", "recover", "recursive", "switch", "when",
]  # fmt: skip
