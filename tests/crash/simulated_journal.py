"""One process of a simulated run: it begins, or goes on with, what a journal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.journaled import Kept, opening

from .simulated_store import SimulatedStore
from .simulated_world import Simulated
from .simulation import Case, Ran, machine_of, named, ran_by, required_by


def once_a_case(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What every process looks at in the definition, looked at once: it is the same for all."""
    known: dict[int, tuple[Any, Any]] = {}

    def looked(w: Any) -> Any:
        there = known.get(id(w))
        if there is None or there[0] is not w:
            known.clear()
            there = known[id(w)] = w, look(w)
        return there[1]

    return looked


names_in, definition_id = once_a_case(opening.names_in), once_a_case(opening.definition_id)


def goes_on(case: Case, world: Simulated, store: SimulatedStore) -> Ran:
    """Start a run, or go on with it, to its end; give what it gave if it is complete."""
    opening.SystemWatch = lambda: world  # type: ignore[misc, assignment]
    opening.names_in, opening.definition_id = names_in, definition_id
    with Kept(Journal(store), case, named(case), required_by(case)) as kept:  # type: ignore[arg-type]
        if kept.complete:
            return Ran(kept.result(), None, world.now(), world.now())
        memory = kept.memory
        machine = machine_of(case, memory.around(world), memory)
        memory.machine = machine
        world.key = memory.key
        return ran_by(machine, case, lambda result: kept.ended(result, machine))
