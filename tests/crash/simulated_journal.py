"""One process of a simulated run: it begins, or goes on with, what a journal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.journaled import Kept, opening
from fwf.interpreters.run.journaled.marks import Placed
from fwf.machine.machine import Machine
from fwf.machine.places import Place

from .simulated_runs import Case, Ran, machine_of, named, ran_by, required_by
from .simulated_store import SimulatedStore
from .simulated_world import Simulated


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


_watching: list[Simulated] = []
"""The world of the process that is running."""
_finishes = Placed.finishes


def _finishing(self: Placed, *, gave_back: bool) -> None:
    """Tell the world, too, that a part and its finaliser are done."""
    _, path, tries, nth = self.spot
    if not gave_back:
        _watching[0].finished((path, nth), tuple(map(int, tries.split(","))) if tries else ())
    _finishes(self, gave_back=gave_back)


class Blurred:
    """A machine as a journal sees it that takes several paths for one."""

    def __init__(self, machine: Machine, path: Callable[[str], str]) -> None:
        self._machine = machine
        self._blur = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)

    def path(self, place: Place) -> str:
        """The path of a place."""
        return self._blur(self._machine.path(place))


def goes_on(
    case: Case,
    world: Simulated,
    store: SimulatedStore,
    *,
    path: Callable[[str], str] | None = None,
) -> Ran:
    """Start a run, or go on with it, to its end; give what it gave if it is complete.

    path: which paths the journal takes for one.
    """
    opening.SystemWatch = lambda: world  # type: ignore[misc, assignment]
    Placed.finishes = _finishing  # type: ignore[method-assign]
    opening.names_in, opening.definition_id = names_in, definition_id
    with Kept(Journal(store), case, named(case), required_by(case)) as kept:  # type: ignore[arg-type]
        if kept.complete:
            return Ran(kept.result(), None, world.now(), world.now())
        memory = kept.memory
        machine = machine_of(case, memory.around(world), memory)
        memory.machine = machine if path is None else cast(Machine, Blurred(machine, path))
        world.key = memory.key
        _watching[:] = [world]
        return ran_by(machine, case, lambda result: kept.ended(result, machine))
