"""The whole definition of a state machine, of a cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fwf.algebra.nodes import Extension, Named, Timeout, WithParams
from fwf.algebra.traverse import visit
from fwf.interpreters.engines.cut import Cut, Placed
from fwf.interpreters.engines.features import task_in
from fwf.interpreters.engines.step_functions import asl
from fwf.interpreters.engines.step_functions.calls import Scope, Told, Way, called
from fwf.interpreters.engines.step_functions.pieces import MARGIN, printed, seconds_of
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
    told = Told(target, limits, pools)
    scope = Scope(OK, FAILED, LOST, inside_map=False)
    scope.states += reversed(_ends())
    whole = Way(Placed(cut.piece, visit(cut.workflow)), OK, FAILED, scope)
    start = printed(told, whole)
    net = _timeout(whole.here)
    start = called(told, whole, "begin", [("ok", start)], timed=bool(net))
    about: dict[str, Any] = {"Comment": f"{name}, of {target}, by fwf", **net}
    head = quoted(about)[1:-1]
    return flat(["{", head, ",\n", asl.machine(start, scope.states), "}\n"])


def _ends() -> list[asl.State]:
    """How a machine ends: with what came out, or with what is said of the fault."""
    end, failed, held = f"{OK}-output", "failed", "held"
    return [
        asl.put(OK, "ok", "$.out.word", end),
        asl.state(end, "Succeed", {"InputPath": "$.out"}),
        asl.choice(FAILED, "$.out.word", [("held", held)], failed),
        asl.state(failed, "Fail", {"Error": "Failed", "CausePath": "$.out.said"}),
        asl.state(held, "Fail", {"Error": "Held", "CausePath": "$.out.said"}),
        asl.state(LOST, "Fail", {"ErrorPath": "$.lost.Error", "CausePath": "$.lost.Cause"}),
    ]


def _timeout(here: Placed) -> dict[str, int]:
    """The net behind the deadline of the whole, if it has one that isn't a task's or a block's."""
    while isinstance(here.piece.node, Named | WithParams | Extension) and here.parts():
        here = here.parts()[0]
    node = here.piece.node
    if not isinstance(node, Timeout) or not here.parts() or task_in(node.body) is not None:
        return {}
    return {"TimeoutSeconds": min(asl.MOST_SECONDS, seconds_of(node.within) + MARGIN)}
