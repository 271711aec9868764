"""Which of the steps that were done have no place in a workflow any more?"""

from __future__ import annotations

from fwf.algebra.nodes import Task
from fwf.algebra.paths import untagged
from fwf.algebra.traverse import walk
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.extent import extent
from fwf.interpreters.run.journaled.earlier_tries import ONCE, PASSING, EarlierTries


def lost_steps(past: EarlierTries, w: AnyWorkflow) -> tuple[list[str], list[str]]:
    """Steps whose results would be left out, and unrepeatable ones that may have been done.

    Both by path, without items and rounds. What finalisers and the like did counts for their try
    alone, and may be changed. A workflow that says very many parts in few lines isn't looked at.
    """
    results = {
        untagged(path) for (path, _), each in past.results.items() if PASSING not in each.head
    }
    doubts = {untagged(path) for (path, _), each in past.unheard.items() if ONCE in each.body}
    if not (results or doubts) or extent(w).shared:
        return [], []
    there = {untagged(here.path) for here in walk(w) if isinstance(here.node, Task)}
    return sorted(results - there), sorted(doubts - there)
