"""Laws of `optimise` and `normal_form`: what they give means what they were given."""

from __future__ import annotations

from fwf.analysis.normal_form import normal_form, optimise

from .law import Flow, Sides, law

PAGE = "semantics §2, Optimiser"


@law("optimise(w) = w", "D", PAGE)
def optimised(w: Flow) -> Sides:
    """What is optimised does the same, at the same times."""
    return optimise(w).workflow, w


@law("optimise(optimise(w)) = optimise(w)", "S", PAGE)
def once_is_enough(w: Flow) -> Sides:
    """Optimising again changes nothing."""
    once = optimise(w).workflow
    return optimise(once).workflow, once


@law("optimise(w) ≤ w", "≤ attempts", PAGE)
def does_no_more(w: Flow) -> Sides:
    """What is optimised starts no more attempts."""
    return optimise(w).workflow, w


@law("optimise(w) ≤ w, in time", "≤ time", PAGE)
def takes_no_longer(w: Flow) -> Sides:
    """What is optimised takes no longer."""
    return optimise(w).workflow, w


@law("normal_form(w) = w", "S", PAGE)
def normal(w: Flow) -> Sides:
    """The one way to write a workflow means what the workflow means."""
    return normal_form(w), w
