"""What is true of every schedule, whoever made it: who has a worker, and slots of pools, and when.

Known from the attempts alone. Coarser than the list scheduler, which also says who comes first, and
independent of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from fwf.algebra.expr import IT
from fwf.algebra.nodes import Delay, InPool, MapEach, Node, Par, Pure, Retry, Task, Timeout
from fwf.algebra.paths import Paths, Spot, untagged
from fwf.algebra.schedule import every
from fwf.algebra.traverse import children, fold, rebuild
from fwf.interpreters.run import Pool
from fwf.records import changed
from fwf.worlds.scenario import Failing, Script, works_on
from fwf.worlds.trace import Event, Parallel, Partial, Series, Trace, events

from .agreement import Case
from .denotation import micros
from .law import Run
from .limits import Limits
from .model import NOTHING_SAID

MOMENT = timedelta(0)


class Stay(NamedTuple):
    """An attempt, the pools that it has slots of, and until when: later than its end if it was cut
    and works on."""

    event: Event
    pools: frozenset[str]
    until: int

    def at(self, time: int) -> bool:
        """Whether it has them at a time, once all that happens then has happened."""
        return self.event.start <= time < self.until


def stays_of(case: Case, run: Run) -> list[Stay]:
    """A case of constant times, a run of it ⟶ what each attempt had, by start."""
    tasks = {path: (task, pools) for path, task, pools in _places(case.w)}
    stays, tries = list[Stay](), Counter[str]()
    for event in sorted(events(run.trace), key=_start):
        task, pools = tasks[untagged(event.path)]
        k, tries[event.path] = tries[event.path], tries[event.path] + 1
        script, until = case.scenario.paths.get(event.path, NOTHING_SAID), event.end
        if event.ending == "cut" and works_on(script, task.contract):
            until = event.start + micros(script.durations[min(k, len(script.durations) - 1)])
        stays.append(Stay(event, pools, until))
    return stays


def _start(event: Event) -> tuple[int, tuple[int, ...]]:
    return event.start, event.tries


def _places(w: Any) -> Iterator[tuple[str, Task[Any, Any], frozenset[str]]]:
    """The tasks of a workflow: where each stands, and in which pools."""
    paths = Paths()
    todo: list[tuple[Node, Spot, frozenset[str]]] = [(w, paths.root(w), frozenset())]
    while todo:
        node, spot, pools = todo.pop()
        if isinstance(node, Task):
            yield untagged(paths.path(spot)), node, pools
        pools = pools | {node.pool} if isinstance(node, InPool) else pools
        todo += [(part, paths.child(spot, node, i), pools)
                 for i, part in enumerate(children(node))]  # fmt: skip


# What must not be


def too_many(few: Limits, stays: list[Stay]) -> list[str]:
    """More attempts at work than there are workers, or slots of a pool."""
    problems = list[str]()
    for time in {each.event.start for each in stays}:
        now = [each for each in stays if each.at(time)]
        if few.workers is not None and len(now) > few.workers:
            problems.append(f"at {time} {len(now)} are at work")
        for name, pool in few.sizes.items():
            n = sum(name in each.pools for each in now)
            if pool.at_once is not None and n > pool.at_once:
                problems.append(f"at {time} {n} are in {name}")
    return problems


def too_fast(few: Limits, stays: list[Stay]) -> list[str]:
    """More starts of a pool in some window than its rate allows."""
    problems = list[str]()
    for name, pool in few.sizes.items():
        if pool.starts is None or pool.per is None:
            continue
        starts = [each.event.start for each in stays if name in each.pools]
        for first, late in zip(starts, starts[pool.starts :], strict=False):
            if late - first < micros(pool.per):
                problems.append(f"{name}: {pool.starts + 1} starts from {first} to {late}")
    return problems


def idle(few: Limits, stays: list[Stay], trace: Trace) -> list[str]:
    """Attempts that were ready, and had all that they need, and didn't start.

    For `busy` workflows, in which nothing else is waited for: ready is what all that it waits for
    has ended.
    """
    pools = {each.event.key: each.pools for each in stays}
    moments = {each.event.start for each in stays} | {each.until for each in stays}
    for name, pool in few.sizes.items():
        starts = [each.event.start for each in stays if name in each.pools]
        moments |= {start + micros(pool.per or MOMENT) for start in starts}
    return [
        f"at {time} {event.path} could start, but did at {event.start}"
        for event, ready in ready_times(trace, 0)[1]
        for time in moments
        if ready <= time < event.start and not _blocked(few, stays, pools[event.key], time)
    ]


def _blocked(few: Limits, stays: list[Stay], pools: frozenset[str], time: int) -> bool:
    """Whether nobody in these pools can start, once all that happens at a time has happened."""
    now = [each for each in stays if each.at(time)]
    return (few.workers is not None and len(now) >= few.workers) or any(
        _full(few.sizes.get(name, Pool()), [each for each in stays if name in each.pools], time)
        for name in pools
    )


def _full(pool: Pool, inside: list[Stay], time: int) -> bool:
    slots = pool.at_once is not None and sum(each.at(time) for each in inside) >= pool.at_once
    if pool.starts is None or pool.per is None:
        return slots
    recent = [each for each in inside if time - micros(pool.per) < each.event.start <= time]
    return slots or len(recent) >= pool.starts


def ready_times(trace: Trace, s: int) -> tuple[int, list[tuple[Event, int]]]:
    """A trace from a time on ⟶ when it ends, and when each of its attempts was ready."""
    if isinstance(trace, Event):
        return trace.end, [(trace, s)]
    ends, ready = list[int](), list[tuple[Event, int]]()
    for part, before in _parts(trace):
        end, more = ready_times(part, max([s, *(ends[i] for i in before)]))
        ends.append(end)
        ready += more
    return max([s, *ends]), ready


def _parts(trace: Series | Parallel | Partial) -> Sequence[tuple[Trace, tuple[int, ...]]]:
    """The parts of a trace, each with the numbers of those that it waited for."""
    if isinstance(trace, Partial):
        return trace.parts
    chained = isinstance(trace, Series)
    return [(part, (i - 1,) if chained and i else ()) for i, part in enumerate(trace.parts)]


# Of which workflows that can be known


def constant(case: Case) -> Case:
    """The same with times that don't depend on the input."""
    paths = case.scenario.paths
    for path, script in paths.items():
        if callable(script.takes):
            paths = paths.set(path, changed(script, takes=(timedelta(seconds=2),)))
    return changed(case, scenario=changed(case.scenario, paths=paths))


def busy(w: Any) -> Any:
    """The same without what lets time pass, or cuts: who waits, waits for others to end."""
    return fold(_busy, w)


def _busy(node: Node, parts: tuple[Node, ...]) -> Node:
    match node:
        case Delay():
            return Pure(IT)
        case Timeout():
            return parts[0]
        case Retry():
            return changed(rebuild(node, parts), wait=every(MOMENT))
        case Par():
            return changed(rebuild(node, parts), fail_fast=False)
        case MapEach():
            mode = "settle" if node.on_error == "fail_fast" else node.on_error
            return changed(rebuild(node, parts), at_once=None, on_error=mode)
        case _:
            return rebuild(node, parts)


def prompt(case: Case) -> Case:
    """The same in which no error asks not to be tried again before some time."""
    paths = case.scenario.paths
    for path, script in paths.items():
        paths = paths.set(path, _prompt(script))
    return changed(case, scenario=changed(case.scenario, paths=paths))


def _prompt(script: Script) -> Script:
    if script.fails is None:
        return script
    failures = (each and Failing(each.tags, each.message) for each in script.fails)
    return changed(script, fails=tuple(failures))
