"""The whole definition of a state machine, of a cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fwf.algebra.nodes import Extension, Named, Timeout, WithParams
from fwf.algebra.traverse import visit
from fwf.interpreters.engines.cut import Cut, PieceAt
from fwf.interpreters.engines.features import task_in
from fwf.interpreters.engines.step_functions import asl
from fwf.interpreters.engines.step_functions.calls import Facts, Scope, Way, call_states
from fwf.interpreters.engines.step_functions.pieces import MARGIN, seconds_of, states_of
from fwf.interpreters.engines.step_functions.ropes import flat, quoted
from fwf.interpreters.engines.step_functions.shares import Limits
from fwf.machine.slots import Pool

OK: Final = "done"
FAILED: Final = "ended"
LOST: Final = "lost"


def definition(
    cut: Cut, target: str, name: str, limits: Limits, pools: Mapping[str, int | Pool]
) -> str:
    """A cut ⟶ its definition, in which `FUNCTION` stands for the function. O(what is written)."""
    facts = Facts(target, limits, pools)
    scope = Scope(OK, FAILED, LOST, inside_map=False)
    scope.states += reversed(_ends())
    whole = Way(PieceAt(cut.piece, visit(cut.workflow)), OK, FAILED, scope)
    start = states_of(facts, whole)
    net = _timeout(whole.here)
    start = call_states(facts, whole, "begin", [("ok", start)], timed=bool(net))
    about: dict[str, Any] = {"Comment": f"{name}, of {target}, by fwf", **net}
    head = quoted(about)[1:-1]
    return flat(["{", head, ",\n", asl.machine(start, scope.states), "}\n"])


def _ends() -> list[asl.State]:
    """How a machine ends: with what came out, or with what is said of the fault."""
    end, failed, on_hold = f"{OK}-output", "failed", "held"
    return [
        asl.put(OK, "ok", "$.out.word", end),
        asl.state(end, "Succeed", {"InputPath": "$.out"}),
        asl.choice(FAILED, "$.out.word", [("held", on_hold)], failed),
        asl.state(failed, "Fail", {"Error": "Failed", "CausePath": "$.out.said"}),
        asl.state(on_hold, "Fail", {"Error": "Held", "CausePath": "$.out.said"}),
        asl.state(LOST, "Fail", {"ErrorPath": "$.lost.Error", "CausePath": "$.lost.Cause"}),
    ]


def _timeout(here: PieceAt) -> dict[str, int]:
    """The net behind the deadline of the whole, if it has one that isn't a task's or a block's."""
    while isinstance(here.piece.node, Named | WithParams | Extension) and here.parts():
        here = here.parts()[0]
    node = here.piece.node
    if not isinstance(node, Timeout) or not here.parts() or task_in(node.body) is not None:
        return {}
    return {"TimeoutSeconds": min(asl.MOST_SECONDS, seconds_of(node.within) + MARGIN)}
