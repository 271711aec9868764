"""OLD or NEW of a comparison: a target, a plan, or a target at a revision ⟶ the workflow."""

from typing import Any

from fwf.algebra.workflow import Workflow
from fwf.cli.revisions import revision, workflow_at
from fwf.cli.targets import load


def side(text: str) -> Workflow[Any, Any]:
    """What was given ⟶ the workflow that it stands for."""
    found = revision(text)
    return load(text).workflow if found is None else workflow_at(found)
