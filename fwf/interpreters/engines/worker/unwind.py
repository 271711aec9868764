"""Where does a failure go? Outwards to what takes it up, and the context is made ready for that."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import islice

from returns.result import Failure

from fwf.algebra.nodes import Always, AsResult, Fallback, Graph, MapEach, Node, Par, Retry
from fwf.algebra.schedule import Jitter, cap_of, draw, each
from fwf.algebra.traverse import Visit
from fwf.analysis.fault_takers import takes
from fwf.durations import MICROSECOND, whole_seconds
from fwf.faults import Failed, Fault, leaves
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.worker.called_part import Here
from fwf.interpreters.engines.worker.context import (
    END,
    Context,
    Outcome,
    outcome_from_json,
    outcome_to_json,
)
from fwf.records import changed


def unwind(here: Here, fault: Fault, *, cut: bool = False) -> Context:
    """A part has failed ⟶ the context for what takes that up, or for the end of its branch.

    cut: whether the deadline of the whole, or a signal, did it: then only finalisers are run.
    """
    inner = here.part.visit
    for around in inner.enclosing():
        node = around.node
        if isinstance(node, Par | MapEach | Graph):
            break  # others decide with it
        if isinstance(node, Always):
            return _finally(here, around, fault, cut=cut, late=inner.at == 1)
        if not cut and (inner.at == 0 or not isinstance(node, Fallback)) and takes(node, fault):
            context = _taken(here, around, node, fault)
            if context is not None:
                return context
        inner = around
    return here.context.giving(failure(here, fault, cut=cut))


def failure(here: Here, fault: Fault, *, cut: bool = False, to: str = "") -> Outcome:
    """The outcome that a failure is; an `as_result` counts what wasn't meant before it."""
    before = here.context.out.degraded
    form, text = here.pack_fault(fault), here.message_of(fault)
    return Outcome("up", to=to, value=None, fault=form, cut=cut, degraded=before, said=text)


def _taken(here: Here, around: Visit, node: Node, fault: Fault) -> Context | None:
    """What takes a fault up goes on; None for a retry that has no attempts left."""
    match node:
        case Retry():
            return _again(here, around, node, fault)
        case Fallback():
            return _instead(here, around)
        case AsResult():
            value = here.pack(Failure(fault))
            before = (*here.context.out.degraded, here.path(around))
            out = here.fine(value, before)
            return here.context.giving(changed(out, word="up", to=here.slot(around)))
        case _:
            return None


def _again(here: Here, around: Visit, node: Retry[object, object], fault: Fault) -> Context | None:
    number = here.attempt_of(around)
    path = here.path(around)
    delays = islice(each(node.wait, partial(_factor, here, path)), node.attempts - 1)
    delay = next(islice(delays, number - 1, None), None)
    if delay is None:
        return None
    input_ = _input(here, around)
    before = here.context.of(here.slot(around))
    context = here.context.noting(here.slot(around), {**before, "tried": number + 1})
    wait = whole_seconds(_longer(here, node, delay, fault))
    return context.giving(changed(input_, word="up", to=here.slot(around), wait=wait))


def _factor(here: Here, path: str, jitter: Jitter, index: int) -> float:
    return draw(jitter, index, here.context.run.under.spread, path)


def _longer(here: Here, node: Retry[object, object], delay: timedelta, fault: Fault) -> timedelta:
    """A delay, or what an error has asked for, if that is longer."""
    hints = [leaf.not_before for leaf in leaves(fault) if isinstance(leaf, Failed)]
    until = max((hint for hint in hints if hint is not None), default=None)
    if until is None:
        return delay
    rest, cap = (until - here.clock.now()) * MICROSECOND, cap_of(node.wait)
    return max(delay, rest if cap is None else min(rest, cap))


def _instead(here: Here, around: Visit) -> Context:
    """The handler of a fallback is given the same input."""
    input_ = _input(here, around)
    degraded = tuple(dict.fromkeys((*input_.degraded, here.path(around))))
    out = changed(input_, word="up", to=here.slot(around), degraded=degraded)
    return here.context.giving(out)


def _finally(here: Here, around: Visit, fault: Fault, *, cut: bool, late: bool) -> Context:
    """A finaliser begins after a failure or, late, has itself failed."""
    name = here.slot(around)
    if late:
        return here.context.giving(failure(here, fault, cut=cut, to=name + END))
    outcome = outcome_to_json(failure(here, fault, cut=cut))
    input_ = _input(here, around)
    context = here.context.noting(name + END, outcome)
    return context.giving(changed(input_, word="up", to=name))


def _input(here: Here, around: Visit) -> Outcome:
    """What a part was given, which it has kept for this."""
    name = here.slot(around)
    form: dict[str, Json] = here.context.of(name)
    if "word" not in form:  # the engine itself tries again, with what it has
        return here.context.out
    return outcome_from_json(form, f"/in/scope/{name}")
