"""Runs of a list as one workflow, done by one machine, which notes when each begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, final

from pyrsistent import pmap
from returns.result import Failure, Success

from fwf.algebra.builder import it
from fwf.algebra.paths import SEPARATOR, tagged, untagged
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName, name_of
from fwf.combinators import branch, const, in_pool, map_each, named, with_params
from fwf.interpreters.dry_run.dry_run_report import DryRun
from fwf.interpreters.dry_run.many_report import DryRuns, Row, inside, item_of
from fwf.interpreters.dry_run.scripted_world import Scripted
from fwf.machine.fibers import OK, Env
from fwf.machine.machine import Machine
from fwf.machine.memory import About
from fwf.machine.no_memory import NoMark, NoMemory
from fwf.machine.places import Place
from fwf.machine.slots import Pool
from fwf.worlds.scenario import Scenario, Script

RUNS: Final = "runs"
"""The name of the whole: paths begin with it and the run's label, `runs[2026-06-01] > daily`."""


class One(NamedTuple):
    """A run of the list. `body`: which of the distinct parts it goes through."""

    label: str
    workflow: AnyWorkflow
    params: Mapping[str, object]
    body: int = 0


@final
class _Times(NoMemory):
    """A memory of nothing that earlier tries left: it notes when items begin, and when they end."""

    __slots__ = ("_spreads", "ended", "machine", "started")

    def __init__(self, spreads: AnyWorkflow) -> None:
        self._spreads = spreads
        self.machine: Machine
        self.started: dict[str, int] = {}
        self.ended: dict[str, int] = {}

    def mark(self, about: About, place: Place, tries: Any, value: Any) -> NoMark:
        if about == "caught" and place is not None and place[1] is self._spreads:
            label = str(place[3])
            self.started[label] = self.machine.now()
            return _Until(self, label)
        return super().mark(about, place, tries, value)


@final
class _Until(NoMark):
    """An item under way."""

    __slots__ = ("_label", "_times")

    def __init__(self, times: _Times, label: str) -> None:
        self._times = times
        self._label = label

    def leave(self) -> None:
        self._times.ended[self._label] = self._times.machine.now()


def run_together(
    runs: Sequence[One],
    at_once: int,
    scenario: Scenario,
    workers: int | None,
    pools: Mapping[str, int | Pool],
    start: datetime | None,
) -> DryRuns:
    """Run all of them in one machine."""
    bodies, runs = _bodies(runs, apart=workers is not None)
    places = {each.label: _place(each.label, each.body, len(bodies)) for each in runs}
    if workers is not None:
        pools = {**pools, **{_own(each.label): workers for each in runs}}
        bodies = [in_pool(body, _own(each.label)) for body, each in zip(bodies, runs, strict=True)]
    body = _either(bodies)
    spread: Any = map_each(body, key=it.label, at_once=at_once, on_error="collect")
    w: Any = named(RUNS, spread)
    times = _Times(spread)
    times.machine = machine = Machine(
        w,
        Scripted(_for_each_run(scenario, places)),
        Env({}),
        pools=pools,
        recording=True,
        memory=times,
        name=RunName(requirements(w), {}, None, None),
    )
    ended, outcome = machine.execute([*runs])
    whole = DryRun(w, start, Success(outcome) if ended is OK else Failure(outcome), machine)
    degraded = _by_run(whole.degraded, places)
    rows = [
        row_of(each, places[each.label])._replace(
            start=times.started[each.label],
            end=times.ended[each.label],
            result=result,
            degraded=tuple(degraded.get(each.label, ())) if isinstance(result, Success) else (),
        )
        for each, result in zip(runs, outcome, strict=True)
    ]
    return DryRuns(whole, tuple(rows), at_once)


def row_of(each: One, place: str = "") -> Row:
    name = name_of(each.workflow) or ""
    return Row(each.label, name, each.params, place, None, None, None, ())


def _own(label: str) -> str:
    """The pool that stands for the workers of one run."""
    return f"workers of {label}"


def _bodies(runs: Sequence[One], *, apart: bool) -> tuple[list[AnyWorkflow], list[One]]:
    """What the runs go through, one part for all of a workflow with the same parameters."""
    numbers: dict[object, int] = {}
    bodies: list[AnyWorkflow] = []
    numbered: list[One] = []
    for n, each in enumerate(runs):
        key = n if apart else (id(each.workflow), frozenset(each.params))
        if key not in numbers:
            numbers[key] = len(bodies)
            bound = {name: it.params[name] for name in each.params}
            bodies.append(with_params(const(None) >> each.workflow, **bound))
        numbered.append(each._replace(body=numbers[key]))
    return bodies, numbered


def _either(bodies: Sequence[AnyWorkflow], first: int = 0) -> AnyWorkflow:
    """The body of an item's number, found by halving."""
    if len(bodies) < 2:
        return bodies[0] if bodies else const(None)
    half = len(bodies) // 2
    then, otherwise = _either(bodies[:half], first), _either(bodies[half:], first + half)
    return branch(it.body < first + half, then=then, otherwise=otherwise)


def _place(label: str, body: int, count: int) -> str:
    """The path of a run's workflow in the one that is made of all."""
    path = f"{RUNS}{tagged(label)}"
    first = 0
    while count > 1:
        half = count // 2
        is_then = body < first + half
        path += f"{SEPARATOR}{'then' if is_then else 'otherwise'}"
        first, count = (first, half) if is_then else (first + half, count - half)
    return path


def _for_each_run(scenario: Scenario, places: Mapping[str, str]) -> Scenario:
    """A scenario for a single run ⟶ the same for each of them."""
    paths: dict[str, Script] = {}
    for path, script in scenario.paths.items():
        is_bare = untagged(path) == path
        for place in dict.fromkeys(map(untagged, places.values()) if is_bare else places.values()):
            paths[f"{place}{SEPARATOR}{path}"] = script
    return Scenario(scenario.seed, scenario.tasks, scenario.items, pmap(paths))


def _by_run(paths: Sequence[str], places: Mapping[str, str]) -> dict[str, list[str]]:
    """Paths in the whole ⟶ for each run those in it."""
    labels = {item_of(place): label for label, place in places.items()}
    groups: dict[str, list[str]] = {}
    for path in paths:
        label = labels[item_of(path)]
        groups.setdefault(label, []).append(inside(path, places[label]))
    return groups
