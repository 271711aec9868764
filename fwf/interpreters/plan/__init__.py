"""A workflow written down as JSON, and read back: nothing is imported and nothing runs."""

from typing import Any

from returns.result import Failure, Result, Success

from fwf.algebra.workflow import AnyWorkflow
from fwf.forms.refusal import Refused
from fwf.interpreters.plan.ahead import prepare
from fwf.interpreters.plan.errors import PlanError
from fwf.interpreters.plan.read import MAX_BYTES, MAX_NODES, read
from fwf.interpreters.plan.registry import Registry, registry
from fwf.interpreters.plan.standins import StandIns, stand_in_extension, stand_in_function
from fwf.interpreters.plan.write import plan

__all__ = [
    "MAX_BYTES", "MAX_NODES", "PlanError", "Registry", "load", "plan", "registry", "schema",
    "stand_in_extension", "stand_in_function",
]  # fmt: skip

prepare()


def load(
    text: str | bytes,
    registry: Registry | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    max_nodes: int = MAX_NODES,
) -> Result[AnyWorkflow, PlanError]:
    """Text of a plan, what its names stand for ⟶ the workflow, or why it can't be read.

    Nothing is imported and nothing runs, whatever the text says: names stand for what the
    registry has, and for nothing else. Without a registry they stand for themselves: the workflow
    is equal to the one that was written, and can be shown, checked, compared and dry-run, but
    not run.

    max_bytes, max_nodes: how long a text, and of how many nodes, is read; what is read takes
        about twenty times the room of the text.

    >>> from fwf import const, seconds, timeout
    >>> load(plan(timeout(const(1), seconds(90)))).unwrap()
    timeout(const(1), seconds(90))
    >>> print(load('{"plan":1,"tasks":[],"nodes":[{"node":"delay","duration":5}]}').failure())
    /nodes/0/duration: 5 is given; a duration such as "1h 30m" or "250ms" is expected
    """
    if not _is(text, str | bytes):
        raise TypeError(f"load({text!r}): needs the text of a plan, as str or bytes")
    if not _is(registry, Registry | None):
        raise TypeError(f"load(…, {registry!r}): needs a registry, made by registry(workflow, …)")
    try:
        return Success(read(text, registry or StandIns(), max_bytes, max_nodes))
    except Refused as error:
        return Failure(PlanError(error.pointer, error.message))
    except RecursionError:
        return Failure(PlanError("", "nests deeper than the stack that is left allows"))


def _is(value: object, kind: Any) -> bool:
    return isinstance(value, kind)


def schema() -> str:
    """The JSON Schema (draft 2020-12) of plans, as text."""
    from importlib.resources import files

    return files("fwf.interpreters.plan").joinpath("schema.json").read_text("utf-8")
