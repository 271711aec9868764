"""Generated workflows, each with what its tasks do: made of a seed, in any process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, final

from fwf.algebra.workflow import Workflow
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName, step_key
from fwf.combinators import named, pure
from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.records import changed
from fwf.worlds.scenario import Scenario
from tests.engines.kit import values
from tests.engines.kit.acting import Actor, Line
from tests.engines.kit.deck import Deck
from tests.engines.kit.drawing import Drawing
from tests.engines.kit.options import Options
from tests.engines.kit.scripting import drawn_scenario, large
from tests.engines.kit.shapes import Happened, shapes_for
from tests.engines.kit.texts import Hostile, Texts

POOLS: Final[Mapping[str, int]] = {"vendor": 1, "warehouse": 2}
_MODULE: Final = '''"""Made by a test: a workflow, and what there is for it."""

from pathlib import Path

from tests.engines.kit.cases import case_of
from tests.engines.kit.options import Options

case = case_of({seed}, {given!r})
case.actor.log = {log}
workflow, resources, pools = case.workflow, case.resources, case.pools
'''


@contextmanager
def desk() -> Iterator[str]:
    """A resource of tasks."""
    yield "open"


@final
class Case:
    """A workflow, what its tasks do, and what a run of it is given.

    workflow, value, params, key: what is run, and by which key.
    resources, pools: what its module has.
    scenario: what each task does at each of its places.
    actor: what plays the tasks; its `lines()` are what they did.
    """

    def __init__(self, seed: int, given: Options) -> None:
        chance = Random(f"{seed}")
        self.seed = seed
        self.given = given
        self.actor = Actor()
        self.texts = Hostile(seed) if given.hostile else Texts()
        deck = Deck(self.actor, seed, self.texts)
        self.workflow = _drawn(chance, deck, seed, given, self.texts)
        self.scenario: Scenario = drawn_scenario(self.workflow, deck.kinds, chance, given)
        self.actor.scripts = self.scenario.paths
        self.value: Any = chance.randrange(values.NUMBERS)
        names = {each.name for each in self.loaded.required.parameters}
        drawn: dict[str, Any] = {"amount": chance.randrange(4), "flag": chance.random() < 0.5}
        drawn["word"] = deck.word
        self.params: dict[str, Any] = {name: each for name, each in drawn.items() if name in names}
        self.key = f"kit {seed}"

    @property
    def resources(self) -> Mapping[str, Any]:
        """What is opened for its tasks."""
        names = {each.name for each in requirements(self.workflow).resources}
        return dict.fromkeys(names, desk)

    @property
    def pools(self) -> Mapping[str, int]:
        """The sizes of its pools."""
        return {name: POOLS.get(name, 1) for name in requirements(self.workflow).pools}

    @cached_property
    def loaded(self) -> Loaded:
        """What a worker in this process loads: give `load=lambda target: case.loaded`."""
        return Loaded.of(self.workflow, self.resources, self.pools)

    @cached_property
    def dry(self) -> DryRun:
        """What should happen."""
        return dry_run(self.workflow, self.value, scenario=self.scenario, params=self.params)

    @property
    def twin(self) -> Case:
        """The same with texts that nobody minds: it has the same nodes."""
        return Case(self.seed, changed(self.given, hostile=False))

    @property
    def start(self) -> dict[str, Any]:
        """What a run is started with, as the worker's `begin` takes it: JSON."""
        return {"params": dict(self.params), "value": self.value, "key": self.key}

    @property
    def happens(self) -> Happened:
        """The same, as shapes are looked for."""
        return Happened(self.workflow, self.dry.events, large(self.given))

    def key_of(self, path: str) -> str:
        """The idempotency key of a step of the run."""
        key = RunName(self.loaded.required, self.params, self.value, self.key).key
        assert key is not None
        return step_key(key, path)

    def lines(self) -> list[Line]:
        """What its tasks did so far."""
        return self.actor.lines()

    def write(self, folder: Path) -> str:
        """Write a module into a folder ⟶ the target, `module:workflow`.

        Whoever imports it needs the folder, and the project's own, on `sys.path`. What tasks do is
        written into a log beside it, which `lines` reads.
        """
        name = f"kit_case_{self.seed}_{next(_numbers)}"
        self.actor.log = folder / f"{name}.log"
        said = _MODULE.format(
            seed=self.seed, given=self.given, log=f"Path({str(self.actor.log)!r})"
        )
        (folder / f"{name}.py").write_text(said)
        return f"{name}:workflow"

    def __repr__(self) -> str:
        return f"case_of({self.seed}, {self.given!r}): {self.workflow!r}"


_numbers = count()


def case_of(seed: int, given: Options | None = None) -> Case:
    """Seed, options ⟶ the case, the same in every process."""
    return Case(seed, given or Options())


def cases(count: int, given: Options | None = None, *, first: int = 0) -> Iterator[Case]:
    """So many cases, one seed after another; small ones come first."""
    return (case_of(seed, given) for seed in range(first, first + count))


def _drawn(
    chance: Random, deck: Deck, seed: int, given: Options, texts: Texts
) -> Workflow[Any, Any]:
    """A workflow; every other one has one of the shapes in it, one after another."""
    shapes = [*shapes_for(given).values()]
    due = [shapes[seed // 2 % len(shapes)].made(deck)] if shapes and seed % 2 else []
    size = min(given.size, 2 + seed // 8)
    w = Drawing(chance, deck, given, texts, due).flow(chance.randint(1, size))
    if due:  # no leaf has taken it
        w = due.pop() >> pure(values.number) >> w
    return named(texts.name("kit"), w, owner=texts.text("sales"))
