"""What goes from state to state stays below the 256 KiB that AWS takes, however much there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwf import Attempt, always, fallback, it, map_each, named, par, retry, task
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from fwf.interpreters.engines.step_functions.shares import limits_of
from fwf.interpreters.engines.worker.claims import InMemory
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.step_functions.functions import FUNCTION, Functions
from tests.engines.step_functions.interpreters import moto
from tests.engines.step_functions.machines import cut_of

MOST = 256 * 1024
MANY = 350


@task(effect="pure")
def names(n: int) -> list[dict[str, Any]]:
    return [{"id": f"{at:03}" + "é" * 10, "more": "x" * 40} for at in range(n)]


@task(effect="read")
def grown(item: dict[str, Any], *, attempt: Attempt) -> str:
    if attempt == 1 and item["id"].startswith("00"):
        raise ConnectionError("no " * 300)
    return "y" * 3_000


@task(effect="read")
def plain(item: dict[str, Any]) -> str:
    return "z" * 3_000


@task(effect="pure")
def total(rows: list[str]) -> int:
    return sum(map(len, rows))


@task(effect="read")
def page(n: int) -> str:
    return "p" * 2_800


@task(effect="read")
def down(n: int) -> str:
    raise ConnectionError("no " * 3_000)


@task(effect="pure")
def joined(pages: tuple[str, ...]) -> int:
    return len(pages)


ITEMS = map_each(fallback(grown, plain), key=it.id, at_once=40)
CASES: dict[str, tuple[Any, int]] = {
    "branches": (always(retry(par(*[page] * 40), attempts=3), then=page) >> joined, 1),
    "items, that are large, and not all what was meant": (names >> ITEMS >> total, MANY),
    "items that are tried again": (
        names >> retry(map_each(grown, key=it.id, at_once=40), attempts=2) >> total,
        200,
    ),
    "branches that fail": (fallback(par(*[named(f"n{at}", down) for at in range(300)]), page), 1),
}


@pytest.mark.parametrize(
    "case", [*CASES][:1] + [pytest.param(case, marks=pytest.mark.services) for case in [*CASES][1:]]
)
def test_all_that_travels_fits(case: str, functions: Functions, tmp_path: Path) -> None:
    pytest.importorskip("antlr4", reason="moto[stepfunctions] is not installed")
    w, value = CASES[case]
    objects = Objects(f"file://{tmp_path}/lake")
    places, loaded, found = Places(InMemory(), objects), Loaded.of(w), cut_of(w)
    assert not any(
        each.piece.features and "many events" in each.piece.features for each in found.pieces()
    )

    def work(given: Any) -> Any:
        return answer_call(given, load=lambda target: loaded, places=places)

    text = definition(found, "m:w", "w", limits_of(found), {}).replace(PLACE, FUNCTION)
    functions.largest = 0
    with moto(functions) as interpreter:
        ran = interpreter.run(text, {"value": value, "key": "k"}, work)
        assert ran.error is None, ran
        assert interpreter.events() < 25_000
    assert 30_000 < functions.largest < 0.9 * MOST, functions.largest
