"""Graphs on Airflow: what costs nothing is done by whoever reads it, and means the same."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from returns.result import Failure

from fwf import RunInfo, Workflow, const, it, named, par, pure, seq, task
from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.engines import engine_of
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.packed_values import values_of
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run import execute
from tests.engines.airflow.simulated import Simulated

Flow = Workflow[Any, Any]
TOLD: list[tuple[str, Any]] = []


@task(effect="read")
def note(n: Any, *, run: RunInfo) -> Any:
    TOLD.append((run.path, n))
    return n


@task(effect="read")
def down(n: Any, *, run: RunInfo) -> Any:
    TOLD.append((run.path, n))
    raise ConnectionError("down")


BODIES: dict[str, Flow] = {
    "task": note,
    "light": pure(it),
    "expression": const(7),
    "light that fails": pure(it.nothing.there),
    "task that fails": down,
    "several": seq(note, par(note, pure(it)), const(3)),
}
SHAPES: dict[str, tuple[tuple[tuple[tuple[int, ...], tuple[int, ...]], ...], Any]] = {
    "one": ((((-1,), ()),), 0),
    "a row": ((((-1,), ()), ((0,), ())), 1),
    "the first is given, too": ((((-1,), ()), ((0,), ())), (0, 1)),
    "one that nobody reads": ((((-1,), ()), ((-1,), ())), 0),
    "one behind another": ((((-1,), ()), ((-1,), (0,))), 1),
    "both of two": ((((-1,), ()), ((-1,), ()), ((0, 1), ())), 2),
    "twice the same": ((((-1,), ()), ((0, 0), ())), 1),
    "a value for two": ((((-1,), ()), ((0,), ()), ((0,), ())), (1, 2)),
    "what was given": ((((-1,), ()), ((-1, 0), ())), (-1, 1)),
    "nothing": ((((), ()), ((-1,), ()), ((0, 1), ())), 2),
}


def graph(shape: str, bodies: tuple[Flow, ...]) -> Flow:
    edges, outputs = SHAPES[shape]
    steps = tuple(
        Step(bodies[at % len(bodies)], inputs, after) for at, (inputs, after) in enumerate(edges)
    )
    return named("w", Graph(steps, outputs, 1) >> note)


@pytest.mark.parametrize("shape", SHAPES)
def test_graphs_are_those_of_a_local_run(shape: str) -> None:
    third = ("task", "light that fails")
    several = (BODIES, BODIES, third)[: len(SHAPES[shape][0])]
    for names in product(*several):
        w = graph(shape, tuple(BODIES[name] for name in names))
        loaded = Loaded.of(w)
        there: Any = {"load": lambda _, loaded=loaded: loaded, "places": Places(None, None)}
        TOLD.clear()
        result = execute(w, 1, key="k").result
        wanted = sorted(TOLD, key=repr)
        TOLD.clear()
        plan = planned(engine_of("airflow").cut(w), "m:w")
        run = Simulated(plan, lambda call, there=there: answer_call(dict(call), **there))  # type: ignore[misc]
        found = run.run({"value": 1, "key": "k"})
        assert sorted(TOLD, key=repr) == wanted, (names, run.states)
        assert (found is None) == isinstance(result, Failure), (names, run.states)
        if found is not None:
            text = found["out"]["value"]["text"]
            assert values_of(loaded.names, None).read(text) == result.unwrap()
