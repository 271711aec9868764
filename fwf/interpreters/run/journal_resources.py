"""Which resources does a run have from its journal, and who can't be given them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import TypeVar

from fwf.analysis.requirements import Requirements
from fwf.analysis.wants import path_of
from fwf.faults import Issue

R = TypeVar("R")


def names_from_journal(needs: Requirements, resources: Mapping[str, object]) -> frozenset[str]:
    """The names of those that a journal has and nobody gives otherwise."""
    return frozenset(
        each.name for each in needs.resources if each.from_journal and each.name not in resources
    )


def with_journal_resources(
    needs: Requirements, resources: Mapping[str, object], *, journal: bool
) -> Mapping[str, object]:
    """The resources that are given, and in the place of those that a journal has what will do."""
    names = names_from_journal(needs, resources) if journal else ()
    return {**dict.fromkeys(names, nullcontext), **resources}


def out_of_reach(
    needs: Requirements, resources: Mapping[str, object], *, journal: bool
) -> Iterator[Issue]:
    """Isolated tasks that ask for what only the process of the run has open."""
    names = names_from_journal(needs, resources) if journal else ()
    for task in needs.isolated if names else ():
        for each in task.contract.injected:
            if each.kind == "resource" and each.name in names:
                yield Issue(
                    path_of(needs.workflow, task),
                    "isolated",
                    f"{task.name} is isolated and takes {each.name!r}, which the process of the "
                    "run has from its journal and can't hand to another: take isolate off, or read "
                    "it in a task before, and give it the value",
                )
