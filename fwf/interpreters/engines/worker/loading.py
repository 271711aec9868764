"""Which workflow does a call name, and what has its module for it?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, TypeGuard, cast, final

from fwf.algebra.workflow import AnyWorkflow, Workflow
from fwf.analysis.requirements import Requirements, requirements
from fwf.derived import Pages
from fwf.faults import near, text
from fwf.forms.mentioned import Known, names_in
from fwf.interpreters.engines.exports import is_importable
from fwf.records import record

_FORM: Final = "write module:attribute"


@final
class Unloadable(Exception):
    """There is no such workflow here: which one was named, and why."""


@final
@record(eq=False)
class Loaded:
    """A workflow, the resources and pools of its module, and what is asked of it each time."""

    workflow: AnyWorkflow
    resources: Mapping[str, Any]
    pools: Mapping[str, Any]
    required: Requirements
    names: Known

    @staticmethod
    def of(
        w: AnyWorkflow,
        resources: Mapping[str, Any] | None = None,
        pools: Mapping[str, Any] | None = None,
    ) -> Loaded:
        """A workflow, what there is for it ⟶ the same, and what is asked of it each time."""
        return Loaded(w, resources or {}, pools or {}, requirements(w), _names(w))


def _names(w: AnyWorkflow) -> Known:
    """What may stand in the values between parts; `paginate` makes some of its own."""
    return names_in(w, between=True, also=(Pages,))


@lru_cache(maxsize=32)
def loaded(target: str) -> Loaded:
    """`module:attribute` ⟶ the workflow; raises `Unloadable`. Imports the module, once."""
    name, _, attribute = target.partition(":")
    if not is_importable(target):
        raise Unloadable(f"{target!r} names no workflow: {_FORM}")
    try:
        module = import_module(name)
    except Exception as error:  # whatever somebody's module raises
        reason = f"{type(error).__qualname__}: {text(error)}"
        raise Unloadable(
            f"{target}: the module {name!r} can't be imported here ({reason}): have it, and what "
            "it imports, where the worker runs"
        ) from error
    names = vars(module)
    value = names.get(attribute)
    w = getattr(value, "workflow", value)  # a timetable's is meant
    if not _is_workflow(w):
        close = near(attribute, [each for each in names if not each.startswith("_")])
        there = "has no such attribute" if value is None else "is no workflow"
        raise Unloadable(f"{target}: {name!r} {there}{close or f'; {_FORM}'}")
    return Loaded.of(w, _mapping(names, "resources"), _mapping(names, "pools"))


def _is_workflow(value: object) -> TypeGuard[AnyWorkflow]:
    return isinstance(value, Workflow)


def _mapping(names: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = names.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
