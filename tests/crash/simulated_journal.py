"""One process of a simulated run: it begins, or goes on with, what a journal holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from fwf.interpreters.run.journal import Journal
from fwf.interpreters.run.journaled import JournaledTry, run_opening
from fwf.interpreters.run.journaled.frame_marks import PlaceMarks
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


names_in, definition_id = once_a_case(run_opening.names_in), once_a_case(run_opening.definition_id)


_finishes = PlaceMarks.finishes


@contextmanager
def _looking_on(world: Simulated) -> Iterator[None]:
    """Meanwhile the world is told, too, that a part and its finaliser are done."""

    def finishing(self: PlaceMarks, *, gave_back: bool) -> None:
        _, path, tries, nth = self.spot
        if not gave_back:
            world.finished((path, nth), tuple(map(int, tries.split(","))) if tries else ())
        _finishes(self, gave_back=gave_back)

    before = PlaceMarks.finishes, run_opening.names_in, run_opening.definition_id
    PlaceMarks.finishes = finishing  # type: ignore[method-assign]
    run_opening.names_in, run_opening.definition_id = names_in, definition_id
    try:
        yield
    finally:
        PlaceMarks.finishes, run_opening.names_in, run_opening.definition_id = before  # type: ignore[method-assign]


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
    asked: Any = case
    with (
        _looking_on(world),
        JournaledTry(Journal(store), asked, named(case), required_by(case), watch=world) as kept,
    ):
        if kept.complete:
            return Ran(kept.result(), None, world.now(), world.now(), kept.degraded)
        memory = kept.memory
        machine = machine_of(case, memory.around(world), memory)
        memory.machine = machine if path is None else cast(Machine, Blurred(machine, path))
        world.key = memory.key
        return ran_by(machine, case, lambda result: kept.record_end(result, machine))
