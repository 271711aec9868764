"""By which names do workers import a workflow, and what opens its resources?"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final

from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import definition_id
from fwf.analysis.requirements import Requirements
from fwf.analysis.wants import path_of_use
from fwf.faults import Issue, text
from fwf.interpreters.engines.dask.station import tasks_of
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers.processes import MAIN
from fwf.secrets import Secret

_FORM: Final = 'Dask(client, target="module:attribute")'


def target_of(w: AnyWorkflow) -> str | None:
    """Workflow ⟶ the attribute of a module that it is; None if it is none.

    Of several modules that of most of its tasks, or the first that was imported.
    """
    homes = Counter(task.fn.__module__ for task in tasks_of(w))
    for name in dict.fromkeys([*(home for home, _ in homes.most_common()), *sys.modules]):
        attribute = None if name in MAIN else _attribute(sys.modules.get(name), w)
        if attribute is not None:
            return f"{name}:{attribute}"
    return None


def _attribute(module: object, w: AnyWorkflow) -> str | None:
    """The name of a workflow in a module, or that of a timetable of it."""
    names: dict[str, object] = getattr(module, "__dict__", {})
    timetables: Any = sys.modules.get("fwf.schedules.timetable")
    kind: type[Any] = type(w) if timetables is None else timetables.Timetable
    for name, value in [*names.items()]:
        if value is w or (isinstance(value, kind) and getattr(value, "workflow", None) is w):
            return name
    return None


def no_target() -> Issue:
    """That workers can't import the workflow."""
    return Issue(
        "",
        "remote",
        "workers import the workflow by its name, and it is no attribute of a module that they can "
        f"import: put it into a file beside this one, and import it; or say which it is: {_FORM}",
    )


def another(w: AnyWorkflow, other: AnyWorkflow, target: str) -> Issue | None:
    """That a target isn't the workflow, if so."""
    ours, theirs = definition_id(w), definition_id(other)
    if ours == theirs:
        return None
    message = f"{target} is another workflow ({theirs}) than the one to be run ({ours})"
    return Issue("", "remote", f"{message}: name the attribute that is run")


# Resources


def unreachable(
    required: Requirements,
    resources: Mapping[str, Opener | Secret],
    beside: Mapping[str, Any],
    supplied: frozenset[str],
) -> Iterator[Issue]:
    """The resources that are given here and can't be opened by a worker, by their first user."""
    for each in (*required.resources, *required.secrets, *required.unknown):
        opener = resources.get(each.name)
        if opener is None or opener is beside.get(each.name) or each.name in supplied:
            continue
        why = _unfit(opener)
        if why:
            path = path_of_use(required.workflow, each.name, each.kind)
            problem = f"{each.name} is to be opened by a worker, and {why}: "
            remedy = "make its opener a function of a module, or put it into the module's resources"
            yield Issue(path, "remote", problem + remedy)


def _unfit(opener: object) -> str:
    """Why an opener can't go to another process by name; empty if it can."""
    from multiprocessing.reduction import ForkingPickler

    modules: set[str] = set()

    class Noting(ForkingPickler):
        def reducer_override(self, this: Any) -> Any:
            if isinstance(this, type) or hasattr(this, "__code__"):
                modules.add(this.__module__)
            return NotImplemented

    try:
        Noting(BytesIO()).dump(opener)
    except Exception as error:
        return f"its opener can't go there ({text(error) or type(error).__name__})"
    if not modules.isdisjoint(MAIN):
        return "its opener is in the script that is run, which no other process can import"
    return ""


def shipped(
    resources: Mapping[str, Opener | Secret], beside: Mapping[str, Any], names: frozenset[str]
) -> dict[str, Opener | Secret]:
    """What of the resources goes to workers: what isn't the module's own."""
    return {
        name: each
        for name, each in resources.items()
        if name in names and each is not beside.get(name) and not _unfit(each)
    }
