"""The law of `normal_form`: it means what it is the form of."""

from __future__ import annotations

from fwf.analysis.normal_form import normal_form

from .law import Flow, Sides, law


@law("normal_form(w) = w", "S", "semantics §2, Normal form")
def normal(w: Flow) -> Sides:
    """The one way to write a workflow means what the workflow means."""
    return normal_form(w), w
