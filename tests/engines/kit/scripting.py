"""What the tasks of a generated workflow do at their places: drawn, or as their names say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from fwf.algebra.nodes import Task
from fwf.algebra.paths import untagged
from fwf.algebra.traverse import walk
from fwf.algebra.workflow import Workflow
from fwf.worlds.scenario import EMPTY, Scenario, failing
from tests.engines.kit import values
from tests.engines.kit.acting import ERRORS
from tests.engines.kit.options import Options

WORKS: tuple[Callable[[Any], Any], ...] = (values.increased, values.doubled, values.turned)
SHAKY: tuple[Callable[[Any], Any], ...] = (values.unless_odd, values.unless_even)
LISTS: tuple[Callable[[Any], Any], ...] = (
    values.several, values.several, values.three, values.no_items,
)  # fmt: skip


def drawn_scenario(
    w: Workflow[Any, Any], kinds: Mapping[str, str], chance: Random, given: Options
) -> Scenario:
    """Workflow, which task is which ⟶ what each of its tasks does, place by place."""
    tasks: dict[str, str] = {}
    for here in walk(w):
        if isinstance(here.node, Task):
            tasks.setdefault(untagged(here.path), here.node.name)
    scenario = EMPTY
    for path, name in tasks.items():
        takes = [timedelta(seconds=chance.choice(given.takes)) for _ in range(2)]
        scenario = scenario.at(path, **_does(kinds[name], chance, given), takes=takes)
    return scenario


def _does(name: str, chance: Random, given: Options) -> dict[str, Any]:
    """What a task does, as `Scenario.at` takes it."""
    match name:
        case "three":
            return {"gives_by": values.three}
        case "empty":
            return {"gives_by": values.no_items}
        case "none":
            return {"gives": None}
        case "large":
            return {"gives": "x" * large(given)}
        case "middle":
            return {"gives_by": values.unless_middle}
        case "down":
            return {"gives": 1, "fails": _failing("VendorDown")}
        case "down_once":
            return {"gives_by": values.increased, "fails": [_failing("VendorDown")]}
        case "listed":
            return {"gives_by": chance.choice(LISTS), **_failures(chance, given)}
        case "rich":
            return {"gives": chance.choice(values.RICH), **_failures(chance, given)}
        case _:
            return _usual(chance, given)


def large(given: Options) -> int:
    """The length of a text that takes 0.9 × the limit as it travels."""
    return given.limit * 9 // 10 - 20


def _usual(chance: Random, given: Options) -> dict[str, Any]:
    match chance.randrange(8):
        case 0:
            return {"gives": None, **_failures(chance, given)}
        case 1:
            return {"gives_by": chance.choice(SHAKY)}
        case 2:
            each = [chance.randrange(values.NUMBERS) for _ in range(2)]
            return {"gives_each": each, **_failures(chance, given)}
        case _:
            return {"gives_by": chance.choice(WORKS), **_failures(chance, given)}


def _failures(chance: Random, given: Options) -> dict[str, Any]:
    """How a task fails: not at all, a few times first, or always."""
    if chance.random() < 0.6:
        return {}
    names = [*ERRORS] if given.has("sys.exit") else [*ERRORS][:-1]
    if chance.random() < 0.2:
        return {"fails": _failing(chance.choice(names))}
    each = [_failing(chance.choice(names)) for _ in range(chance.randint(1, 3))]
    return {"fails": each if chance.random() < 0.8 else [None, *each]}


def _failing(name: str) -> Any:
    return failing(ERRORS[name]())
