"""What several tests of cuts share: tables, and which tasks stand where."""

from collections.abc import Iterator
from typing import Any, get_args

from hypothesis import strategies as st

from fwf.algebra.nodes import Task
from fwf.algebra.traverse import Visit, walk
from fwf.interpreters.engines import ENGINES, Cut, EngineTask
from fwf.interpreters.engines.support import FEATURES, Row, Support, Table

SUPPORTS: tuple[Support, ...] = get_args(Support)


def all_of(support: Support) -> Table:
    """A table that says the same of everything."""
    return {feature: Row(support, "so it is") for feature in FEATURES}


def tables() -> st.SearchStrategy[Table]:
    """Those of the engines, and any others; such as cut little are as likely as such as cut all."""
    rows = st.sampled_from(SUPPORTS).map(lambda support: Row(support, "drawn"))
    mostly = st.sampled_from(["native"] * 12 + ["emulated", "lossy", "block", "impossible"])
    fine: Any = mostly.map(lambda support: Row(support, "drawn"))
    drawn = [st.fixed_dictionaries(dict.fromkeys(FEATURES, each)) for each in (rows, fine)]
    known = st.sampled_from([each.table for each in ENGINES.values()])
    return st.one_of(known, *drawn)


def tasks_of(w: Any) -> list[str]:
    """The paths of all tasks of a workflow, in its order."""
    return [here.path for here in walk(w) if isinstance(here.node, Task)]


def tasks_in(cut: Cut) -> list[str]:
    """The paths of all tasks in all engine tasks of a cut, in its order."""
    return [
        path
        for here in cut.places()
        if isinstance(here.piece, EngineTask)
        for path in _below(here.visit)
    ]


def _below(visit: Visit) -> Iterator[str]:
    todo = [visit]
    while todo:
        here = todo.pop()
        if isinstance(here.node, Task):
            yield here.path
        todo.extend(reversed(here.parts()))
