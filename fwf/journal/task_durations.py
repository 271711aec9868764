"""How long did the tasks of a workflow take, in its last runs that a journal knows of?

What a dry run makes of it is a scenario: see `Scenario.from_history`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import chain
from os.path import lexists
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from fwf.algebra.nodes import Task
from fwf.algebra.paths import untagged
from fwf.algebra.traverse import fold, walk
from fwf.algebra.workflow import AnyWorkflow, as_workflow
from fwf.analysis.identity import definition_id
from fwf.analysis.run_keys import name_of
from fwf.faults import counted
from fwf.journal.errors import JournalCorrupt, JournalError
from fwf.journal.opening import open_store
from fwf.journal.run_records import RunRow
from fwf.journal.store import Store
from fwf.worlds.scenario import Distribution, Scenario, lognormal

Durations: TypeAlias = dict[tuple[str, str], list[int]]
"""How long attempts took (µs) that were committed, by task and place."""
_OK: Final = re.compile(r'\{"task":"((?:[^"\\]|\\.)*)","input":"[^"]*","took":([0-9]+)')
"""How the body of a committed attempt begins; what it gave, which may be large, isn't read."""
_FURTHER: Final = 8
"""By how much further back is looked for runs of the workflow among those of others."""


class DurationHistory(NamedTuple):
    """What a journal says of durations, and of how many runs and attempts that is made."""

    scenario: Scenario
    runs: int
    attempts: int

    def __str__(self) -> str:
        return f"{counted(self.attempts, 'attempt')} in {counted(self.runs, 'run')}"


def history(
    journal: object,
    w: AnyWorkflow,
    *,
    runs: int = 20,
    quantile: float = 0.5,
    drawn: bool = False,
) -> DurationHistory:
    """Journal, workflow ⟶ how long its tasks took; see `Scenario.from_history`."""
    node = as_workflow(w, "from_history")
    _check(runs, quantile, drawn)
    durations, count = Durations(), 0
    with _store_of(journal) as store:
        rows = _rows(store, node)
        while count < runs and (row := next(rows, None)) is not None:
            count += _read(store, row, durations)
    estimate = _lognormal if drawn else _quantile(quantile)
    attempts = sum(map(len, durations.values()))
    return DurationHistory(_scenario(node, durations, estimate), count, attempts)


def _check(runs: object, quantile: float, drawn: bool) -> None:
    if not isinstance(runs, int) or isinstance(runs, bool) or runs < 1:
        raise ValueError(f"from_history(runs={runs!r}): needs a whole number of runs, at least 1")
    if not 0 <= quantile <= 1:
        raise ValueError(
            f"from_history(quantile={quantile!r}): is from 0 to 1: 0.5 is the median, 0.95 the "
            "duration that 95 of 100 attempts didn't exceed"
        )
    if drawn and quantile != 0.5:
        raise ValueError(
            f"from_history(quantile={quantile!r}, drawn=True): durations are either one quantile "
            "or drawn: leave one out"
        )


# What there is


@contextmanager
def _store_of(journal: Any) -> Generator[Store]:
    """A store as it is; what a file or an address stands for is opened, and closed again."""
    if hasattr(journal, "records"):
        yield journal
        return
    where = getattr(journal, "where", journal)
    if hasattr(where, "records"):
        yield where
        return
    if not isinstance(where, str | Path) or not str(where):
        raise TypeError(
            f"from_history({journal!r}): needs a journal: a file, postgresql://…, or Journal(…)"
        )
    place = str(where)
    if "://" not in place and not any(map(lexists, (place, f"{place}-heads"))):
        raise JournalError(f"there is no journal {place} yet: the first run in it makes it")
    store = open_store(place)
    try:
        yield store
    finally:
        store.close()


def _rows(store: Store, w: AnyWorkflow) -> Iterator[RunRow]:
    """The runs of a workflow, the newest first; of one without a name, those of its definition."""
    name, newest, offset = name_of(w), 100, 0
    definition = None if name else definition_id(w)
    while True:
        rows = store.runs(newest=newest, like=name)
        for row in rows[offset:]:
            if row.workflow == name or (
                definition and not row.workflow and row.facts.get("definition") == definition
            ):
                yield row
        if len(rows) < newest:
            return
        newest, offset = newest * _FURTHER, len(rows)


def _read(store: Store, row: RunRow, durations: Durations) -> bool:
    """Add what a run says ⟶ whether it says something; of a damaged one, what is good of it."""
    has_attempts = False
    with suppress(JournalCorrupt):
        for record in store.records(row):
            if record.kind == "ok" and (match := _OK.match(record.body)):
                durations.setdefault((match[1], record.path), []).append(int(match[2]))
                has_attempts = True
    return has_attempts


# What is made of it

Estimate: TypeAlias = Callable[[Sequence[int]], timedelta | Distribution]


def _scenario(w: AnyWorkflow, durations: Durations, estimate: Estimate) -> Scenario:
    """Each task's durations; those of each place where it stood at several."""
    by_task: dict[str, dict[str, list[int]]] = {}
    names, tasks = _names(w), dict[str, str]()
    for (label, path), each in durations.items():
        if label not in tasks:
            tasks[label] = _task(label, names)
        if tasks[label]:
            by_place = by_task.setdefault(tasks[label], {})
            by_place.setdefault(untagged(path), []).extend(each)
    scenario, several = Scenario(), dict[str, list[int]]()
    for name, by_place in by_task.items():
        scenario = scenario.task(name, takes=estimate(sorted(chain(*by_place.values()))))
        if len(by_place) > 1:
            several.update(by_place)
    for path in _there(w) if several else ():
        if path in several:
            scenario = scenario.at(path, takes=estimate(sorted(several[path])))
    return scenario


def _names(w: AnyWorkflow) -> list[str]:
    """The names of its tasks, longer ones first."""
    names = set[str]()

    def collect(node: Any, _parts: tuple[None, ...]) -> None:
        if isinstance(node, Task):
            names.add(node.name)

    fold(collect, w)
    return sorted(names, key=len, reverse=True)


def _task(label: str, names: Sequence[str]) -> str:
    """`load@2#…`, as records say it ⟶ the task of that name in any version; empty if none is."""
    plain: str = json.loads(f'"{label}"')
    return next((name for name in names if plain.startswith(f"{name}@")), "")


def _there(w: AnyWorkflow) -> dict[str, None]:
    """Where its tasks stand, without items and rounds."""
    return dict.fromkeys(untagged(here.path) for here in walk(w) if isinstance(here.node, Task))


def _quantile(part: float) -> Estimate:
    """The duration that such a part of the sorted ones doesn't exceed, drawn straight between."""

    def quantile(durations: Sequence[int]) -> timedelta:
        at = part * (len(durations) - 1)
        low, high = durations[math.floor(at)], durations[math.ceil(at)]
        return timedelta(microseconds=round(low + (high - low) * (at - math.floor(at))))

    return quantile


def _lognormal(durations: Sequence[int]) -> Distribution:
    """Drawn around their median, with the spread of their logarithms."""
    logs = [math.log(max(each, 1)) for each in durations]
    mean = math.fsum(logs) / len(logs)
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in logs) / len(logs))
    median = _quantile(0.5)(durations)
    assert isinstance(median, timedelta)
    return lognormal(median, min(spread, 9.99))
