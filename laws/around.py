"""Contexts: what a workflow is put into before two sides of a law are compared.

Equality at level D is a congruence, so it must hold inside all of them. A weaker law may only be
moved in time and history, or be given a deadline.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Literal, TypeAlias, final

from hypothesis import strategies as st

from fwf.algebra.builder import pick
from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import always, const, delay, fallback, identity, par, pure, retry, timeout
from fwf.records import record
from fwf.testing import strategies as draw

Kind: TypeAlias = Literal[
    "before", "deadline", "retried", "handled", "finalised", "finaliser", "raced", "beside"
]
Where: TypeAlias = Literal["any", "deadline", "before"]


@final
@record()
class Around:
    """One layer of context; `w` is other work in it, `d` a duration."""

    kind: Kind
    w: AnyWorkflow | None = None
    d: timedelta = timedelta(0)


def placed(w: AnyWorkflow, layers: tuple[Around, ...]) -> AnyWorkflow:
    """A workflow in its context, the first layer innermost."""
    for layer in layers:
        w = _in(layer, w)
    return w


def _in(layer: Around, w: AnyWorkflow) -> AnyWorkflow:
    other: AnyWorkflow = const(1) >> (identity if layer.w is None else layer.w)
    match layer.kind:
        case "before":
            return par(identity, other) >> (pick(0) >> w)
        case "deadline":
            return timeout(w, layer.d)
        case "retried":
            return retry(w, attempts=2, wait=layer.d)
        case "handled":
            return fallback(w, delay(layer.d) >> other, on=("ConnectionError", "Timeout"))
        case "finalised":
            return always(w, then=other)
        case "finaliser":
            return always(timeout(other, layer.d), then=w)
        case "raced":
            return par(w, other, fail_fast=True)
        case "beside":
            return par(w, other) >> pure(pick(0)) if layer.d else par(other, w)


@lru_cache
def around(where: Where, without: tuple[draw.Part, ...]) -> st.SearchStrategy[tuple[Around, ...]]:
    """No context at all, or up to two layers of what is allowed."""
    work = draw.workflows(max_leaves=1, without=(*without, "unfit"))
    before = work.map(_before)
    deadline = draw.durations().map(_deadline)
    layers = {"before": [before], "deadline": [before, deadline]}.get(where)
    if layers is None:
        kinds: list[Kind] = ["retried", "handled", "finalised", "finaliser", "raced", "beside"]
        others = st.builds(Around, st.sampled_from(kinds), work, draw.durations())
        layers = [before, deadline, others]
    return st.lists(st.one_of(layers), max_size=2).map(tuple)


def _before(w: AnyWorkflow) -> Around:
    return Around("before", w)


def _deadline(d: timedelta) -> Around:
    return Around("deadline", d=d)
