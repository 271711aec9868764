"""Runs one part of a workflow at its place, as a run of the whole would come to it there.

Paths, items, rounds, attempts, parameters, pools, idempotency keys and jitter are those of the
whole run; whoever runs the rest says what the run is called and how far it has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias, final

from returns.result import Success

from fwf.algebra.workflow import as_workflow
from fwf.analysis.requirements import Requirements, problems, requirements
from fwf.analysis.run_keys import RunName
from fwf.faults import BadInput, Fault, Interrupted, Then, both
from fwf.interpreters.run.clock import Clock, SystemClock
from fwf.interpreters.run.doing import RunRequest, RunUnderWay, refuse_in_import
from fwf.interpreters.run.local import Local
from fwf.interpreters.run.observers import Observe
from fwf.interpreters.run.ran import Ran
from fwf.interpreters.run.resources import Opener
from fwf.interpreters.run.workers.processes import in_no_file
from fwf.machine.fibers import INT, Around, Scope
from fwf.machine.machine import Machine
from fwf.machine.part import Part
from fwf.machine.slots import Pool
from fwf.machine.timers import NEVER
from fwf.machine.world import World
from fwf.records import record
from fwf.secrets import Secret

How: TypeAlias = Literal["ok", "failed", "cut", "held"]
"""How a part ended: with a value; with a fault; cut by the deadline around it or by a signal; or
not before a person has decided something."""


class PartEnd(NamedTuple):
    """How a part ended, and its value or fault.

    Of what was cut the fault is that of a finaliser, or says which signal it was; None if it was
    the deadline and all finalisers are fine. `degraded` are the paths where a value isn't what was
    meant.
    """

    how: How
    value: Any
    fault: Fault | None
    degraded: tuple[str, ...] = ()


@final
@record()
class Under:
    """The run that a part is done for: its key, what its jitter is drawn by, its id and start."""

    key: str | None
    spread: bytes
    id: str
    started: datetime

    @staticmethod
    def of(name: RunName, id: str, started: datetime) -> Under:
        """That of a run of this name."""
        return Under(name.key, name.spread, id, started)


def _as_it_is(world: Local) -> World:
    return world


def run_part(
    part: Part,
    value: Any = None,
    /,
    *,
    under: Under,
    params: Mapping[str, object] | None = None,
    bindings: Mapping[str, object] | None = None,
    resources: Mapping[str, Opener | Secret] | None = None,
    workers: int | None = None,
    pools: Mapping[str, int | Pool] | None = None,
    tries: Sequence[int] = (),
    attempt: int = 1,
    deadline: int | None = None,
    clock: Clock | None = None,
    observe: Observe | None = None,
    needs: Requirements | None = None,
    world: Callable[[Local], World] = _as_it_is,
) -> PartEnd:
    """Part, input there ⟶ how it ended; what is missing is reported before anything runs.

    under: the run that it is done for.
    params: the run's parameters; bindings: the values of those that are computed around the part.
    resources, workers, pools, observe: as in `run`. Pools bound what runs here.
    tries: the numbers of the attempts of the retries around it, the outermost first.
    attempt: how many times it was begun, with this one.
    deadline: of the retries and timeouts around it, the time on the clock at which it is cut.
    needs: what the whole workflow requires, if that is known.
    world: what is put around the world that calls tasks.
    """
    refuse_in_import()
    whole, clock = part.whole, clock or SystemClock()
    needs = needs or requirements(whole)
    values, openers = params or {}, resources or {}
    sizes = {name: size for name, size in (pools or {}).items() if name in needs.pools}
    env = part.env(values, bindings or {})
    wrong = [*_wrong(part, env.params, env.renames, openers)]
    if wrong:
        return PartEnd("failed", None, both(BadInput(part.path, message) for message in wrong))
    request = RunRequest("run", whole, value, None, values, openers, workers, sizes, clock, None,
        observe, watch_inputs=False)  # fmt: skip
    name = RunName.of_other_process(needs, under.key, under.spread)
    start = _PartStart(part, env, part.tries(tries), attempt, deadline, under.id, world)
    under_way = RunUnderWay(
        request, name, (under.started.astimezone(UTC), clock.now()), None, start
    )
    return _end_of(under_way.machine, under_way.perform())


def _wrong(
    part: Part,
    params: Mapping[str, object],
    renames: Mapping[str, str],
    resources: Mapping[str, object],
) -> Iterator[str]:
    """What the part lacks of what it takes."""
    needs = requirements(as_workflow(part.node, "run_part"))
    names = {each.name for each in (*needs.parameters, *needs.unknown)}
    values = {name: value for name, value in params.items() if name in names}
    local = {each.name: renames.get(each.name, each.name) for each in needs.named()}
    there = {name: resources[final] for name, final in local.items() if final in resources}
    for each in (*problems(needs, values, there), *in_no_file(needs)):
        yield each.message


@final
class _PartStart:
    """Where a run of a part begins."""

    def __init__(
        self,
        part: Part,
        env: Any,
        tries: Any,
        attempt: int,
        deadline: int | None,
        run_id: str,
        world: Callable[[Local], World],
    ) -> None:
        self.run_id = run_id
        self._part = part
        self._env = env
        self._tries = tries
        self._before = attempt - 1
        self._deadline = deadline
        self._world = world

    def world(self, local: Local) -> World:
        local.before = self._before
        return self._world(local)

    def enter(self, machine: Machine) -> None:
        part = self._part
        pools = tuple(name for name in part.pools if name in machine.pools)
        around = Around(self._env, pools, self._scope(machine))
        machine.begin_at(part.node, part.place, around, self._tries)

    def _scope(self, machine: Machine) -> Scope:
        """What cuts the part: its deadline, and signals, unless it is in a finaliser."""
        if self._part.in_finaliser:
            return Scope(None, NEVER, cuttable=False, can_strike=False)
        if self._deadline is None:
            return machine.scope
        scope = Scope(machine.scope, self._deadline)
        machine.timers.strike(self._deadline, scope)
        return scope


_STOPPED: Final = Interrupted()


def _end_of(machine: Machine, ran: Ran[Any]) -> PartEnd:
    """How the part ended, of a machine that has run."""
    result = ran.result
    if isinstance(result, Success):
        return PartEnd("ok", result.unwrap(), None, ran.degraded)
    fault = result.failure()
    if machine.main.status is not INT:
        return PartEnd("failed", None, fault)
    if machine.at_a_hold:
        return PartEnd("held", None, fault)
    return PartEnd("cut", None, fault if machine.stopping else _rest(fault))


def _rest(fault: Fault) -> Fault | None:
    """What finalisers failed with after the part was cut."""
    if not isinstance(fault, Then) or fault.causes[0] != _STOPPED:
        return None if fault == _STOPPED else fault
    rest = fault.causes[1:]
    return rest[0] if len(rest) == 1 else Then(rest)
