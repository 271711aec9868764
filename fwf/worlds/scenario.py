"""What a dry run takes for the world: what each task gives, how it fails, how long it takes.

Immutable, and built up entry by entry:

>>> from fwf.durations import seconds
>>> Scenario().task("orders", gives=3, takes=seconds(5)).task("rates", fails=["VendorDown"])
Scenario().task('orders', gives=3, takes=seconds(5)).task('rates', fails=['VendorDown'])

What an entry leaves open is taken from a wider one: that of a place, then of an item, then of the
task, then what the task declares about itself (`duration=`, `example=`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, final

from pyrsistent import PMap, pmap

from fwf.algebra.contract import NO_EXAMPLE
from fwf.algebra.expr import name_of_function
from fwf.durations import duration_source
from fwf.forms.documents import DocumentError
from fwf.records import changed, record
from fwf.worlds.distributions import (
    Distribution,
    Exponential,
    LogNormal,
    Normal,
    Uniform,
    draw,
    exponential,
    lognormal,
    normal,
    uniform,
)
from fwf.worlds.task_script import (
    NOTHING,
    Error,
    Failing,
    Script,
    Takes,
    WhenCut,
    call_function,
    failing,
    script_of,
    works_on,
    wrong_call,
)

if TYPE_CHECKING:
    from pathlib import Path

    from returns.result import Result

    from fwf.algebra.nodes import Task
    from fwf.algebra.workflow import AnyWorkflow

__all__ = [
    "EMPTY", "Distribution", "Error", "Exponential", "Failing", "InJournal", "LogNormal", "Normal",
    "Scenario", "ScenarioError", "Script", "Takes", "Uniform", "WhenCut", "call_function", "draw",
    "exponential", "failing", "lognormal", "normal", "uniform", "works_on", "wrong_call",
]  # fmt: skip
_DURATIONS: Final = "fwf.journal.task_durations"


class InJournal(Protocol):
    """A `Journal`, or a store of one."""

    @property
    def where(self) -> Any:
        """Where it is."""
        ...


@final
@record(repr=False)
class Scenario:
    """What a dry run takes for the world. `seed` is that of all drawn durations."""

    seed: int = 0
    tasks: PMap[str, Script] = pmap({})
    items: PMap[tuple[str, str], Script] = pmap({})
    paths: PMap[str, Script] = pmap({})

    def task(
        self,
        name: str,
        /,
        *,
        item: str | None = None,
        gives: object = NOTHING,
        gives_each: Sequence[object] | None = None,
        gives_by: Callable[[Any], Any] | None = None,
        fails: Error | Sequence[Error | None] | None = None,
        takes: timedelta
        | Sequence[timedelta]
        | Distribution
        | Callable[[Any], timedelta]
        | None = None,
        when_cut: WhenCut | None = None,
    ) -> "Scenario":
        """A task, wherever it stands, or only inside the item of a `map_each` with that key.

        gives: its output; `gives_each`: attempt by attempt, the last for all further ones;
            `gives_by`: a named function of the input, which takes what the task takes.
        fails: one error for every attempt, or a list, attempt by attempt, with None for one that
            succeeds; those after the list succeed.
        takes: how long; one duration, one for each attempt, drawn, or a named function of the
            input.
        when_cut: what an attempt does that is cut. "stops": it is over at the cut, as a coroutine
            and the process of an isolated task are. "works on": it goes on for the rest of its
            time, as a thread does, for nothing: it keeps its worker and its pool slots and, where
            the task may write, no later attempt of the same step starts before it is over. If
            nothing is said, a `def` task that isn't isolated works on, and others stop.

        Attempts are those of the task on the same input that came before, on the way to this one.
        """
        where = f"task({name!r})" if item is None else f"task({name!r}, item={item!r})"
        script = script_of(where, gives, gives_each, gives_by, fails, takes, when_cut)
        if item is None:
            return changed(self, tasks=_put(self.tasks, name, script))
        return changed(self, items=_put(self.items, (name, item), script))

    def at(
        self,
        path: str,
        /,
        *,
        gives: object = NOTHING,
        gives_each: Sequence[object] | None = None,
        gives_by: Callable[[Any], Any] | None = None,
        fails: Error | Sequence[Error | None] | None = None,
        takes: timedelta
        | Sequence[timedelta]
        | Distribution
        | Callable[[Any], timedelta]
        | None = None,
        when_cut: WhenCut | None = None,
    ) -> "Scenario":
        """The task at one place: `daily > par > visits`, `tenants[acme] > load`.

        As for `task`, but attempts are those at this place. A path without the keys of items and
        the numbers of rounds, `tenants > load`, is that of all of them, each with attempts of its
        own; what is said of a single one goes first.
        """
        script = script_of(f"at({path!r})", gives, gives_each, gives_by, fails, takes, when_cut)
        return changed(self, paths=_put(self.paths, path, script))

    def usual(self, task: "Task[Any, Any]") -> Script:
        """What a task does where no entry for an item or a place says more."""
        contract = task.contract
        gives = () if contract.example is NO_EXAMPLE else (contract.example,)
        if contract.output is None or contract.output is type(None):
            gives = (None,)
        takes = None if contract.duration is None else (contract.duration,)
        return self.tasks.get(task.name, Script()).over(Script(gives, takes=takes))

    def in_items(self, name: str) -> Mapping[str, Script]:
        """What is said of a task in the items of a `map_each`, by their keys."""
        return {key: script for (task, key), script in self.items.items() if task == name}

    def at_place(self, path: str) -> Script | None:
        """What is said of a place, by its own path and by one that stands for all its items."""
        from fwf.algebra.paths import untagged  # which knows all nodes

        script, bare = self.paths.get(path), untagged(path)
        wider = self.paths.get(bare) if bare != path else None
        if script is None or wider is None:
            return wider if script is None else script
        return script.over(wider)

    def over(self, wider: "Scenario") -> "Scenario":
        """This, and where it says nothing what another says."""
        return Scenario(
            self.seed or wider.seed,
            _over(self.tasks, wider.tasks),
            _over(self.items, wider.items),
            _over(self.paths, wider.paths),
        )

    def seeded(self, seed: int) -> "Scenario":
        """The same with other drawn durations."""
        return changed(self, seed=seed)

    @staticmethod
    def from_json(text: str) -> "Result[Scenario, ScenarioError]":
        """JSON ⟶ scenario, or why it can't be read; see `fwf.worlds.scenario_form`."""
        from fwf.worlds.scenario_form import from_json  # which makes scenarios

        return from_json(text)

    @staticmethod
    def from_toml(text: str) -> "Result[Scenario, ScenarioError]":
        """TOML ⟶ scenario, or why it can't be read; see `fwf.worlds.scenario_form`."""
        from fwf.worlds.scenario_form import from_toml  # which makes scenarios

        return from_toml(text)

    @staticmethod
    def load(path: str) -> "Result[Scenario, ScenarioError]":
        """The scenario in a `.json` or `.toml` file, or why it can't be read."""
        from fwf.worlds.scenario_form import load  # which makes scenarios

        return load(path)

    @staticmethod
    def from_history(
        journal: "str | Path | InJournal",
        w: "AnyWorkflow",
        /,
        *,
        runs: int = 20,
        quantile: float = 0.5,
        drawn: bool = False,
    ) -> "Scenario":
        """Journal, workflow ⟶ how long its tasks took in its last runs, as a journal has them.

        journal: a file, `postgresql://…`, a `Journal`, or a store that is open.
        runs: so many, the newest of the workflow's name (without one, of its definition) in which
            something was done; those that failed or died too. Pruned ones say nothing.
        quantile: of the durations of a task's attempts, whatever its version: 0.5 is the median,
            0.95 what 95 of 100 didn't exceed.
        drawn: draw them anew for each attempt instead, around their median, as `lognormal` does.

        Only attempts count whose result was committed. A task that stood at several places has
        the durations of each. Of a task that no run knows nothing is said; nor of any what it gives
        or how it fails: say that in a scenario of your own, `.over(…)` this one. Raises
        `JournalError` for a journal that isn't there.
        """
        module: Any = import_module(_DURATIONS)  # by name: a scenario is nothing of a journal's
        scenario: Scenario = module.history(
            journal, w, runs=runs, quantile=quantile, drawn=drawn
        ).scenario
        return scenario

    def __repr__(self) -> str:
        parts = [f"Scenario({f'seed={self.seed}' if self.seed else ''})"]
        for name, script in sorted(self.tasks.items()):
            parts.append(f"task({_arguments([repr(name)], script)})")
        for (name, item), script in sorted(self.items.items()):
            parts.append(f"task({_arguments([repr(name), f'item={item!r}'], script)})")
        for path, script in sorted(self.paths.items()):
            parts.append(f"at({_arguments([repr(path)], script)})")
        return ".".join(parts)


def _put(entries: "PMap[Any, Script]", key: object, script: Script) -> "PMap[Any, Script]":
    before = entries.get(key)
    return entries.set(key, script if before is None else script.over(before))


def _over(entries: "PMap[Any, Script]", wider: "PMap[Any, Script]") -> "PMap[Any, Script]":
    scripts = wider.evolver()
    for key, script in entries.items():
        below = wider.get(key)
        scripts[key] = script if below is None else script.over(below)
    return scripts.persistent()


def _arguments(before: list[str], script: Script) -> str:
    arguments = list(before)
    if script.by is not None:
        arguments.append(f"gives_by={name_of_function(script.by)}")
    elif len(script.outputs) == 1:
        arguments.append(f"gives={script.outputs[0]!r}")
    elif script.outputs:
        arguments.append(f"gives_each={list(script.outputs)!r}")
    if script.fails is not None:
        failures = ", ".join(map(_failure_source, script.fails))
        arguments.append(f"fails={failures}" if script.always else f"fails=[{failures}]")
    if script.takes is not None:
        arguments.append(f"takes={_takes_source(script.takes)}")
    if script.when_cut is not None:
        arguments.append(f"when_cut={script.when_cut!r}")
    return ", ".join(arguments)


def _failure_source(failure: Failing | None) -> str:
    if failure is not None and failure == Failing(failure.tags[:1]):
        return repr(failure.tags[0])
    return repr(failure)


def _takes_source(takes: Takes) -> str:
    if isinstance(takes, Distribution):
        return repr(takes)
    if callable(takes):
        return name_of_function(takes)
    each = ", ".join(map(duration_source, takes))
    return each if len(takes) == 1 else f"[{each}]"


class ScenarioError(DocumentError):
    """A scenario that can't be used: everything that is wrong with it, at once."""


EMPTY = Scenario()
