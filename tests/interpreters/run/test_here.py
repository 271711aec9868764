"""Code of a task can ask which attempt it is a part of, if an observer wants that."""

from typing import Any

import pytest
from returns.result import Result, Success

from fwf import it, map_each, named, par, retry, seconds, task, timeout
from fwf.faults import Fault
from fwf.interpreters.run import Note, Try, here, run, several
from tests.interpreters.run import placed

KINDS = {
    "plain": placed.plain,
    "async": placed.awaits,
    "isolated": placed.apart,
    "async, isolated": placed.awaits_apart,
}


class Locating:
    locates = True

    def __init__(self) -> None:
        self.id = ""
        self.outside: list[object] = []

    def began(self, this: Try, /) -> None:
        self.id = this.id
        self.outside.append(here())

    def note(self, note: Note, /) -> None:
        self.outside.append(here())

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        self.outside.append(here())


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_of_any_kind_knows_its_attempt(kind: str) -> None:
    t, seen = KINDS[kind], Locating()
    w = named("night", par(t, named("soon", timeout(t, seconds(60))), map_each(t, key=it)))
    name = t.name
    one, other, items = run(w, [7], observe=seen).unwrap()
    assert one == (seen.id, f"night > {name}", name, ())
    assert other[1] == "night > soon"
    assert items == [(seen.id, f"night > map_each[7] > {name}", name, ())]
    assert here() is None and set(seen.outside) == {None}


def test_it_is_each_attempt_of_a_retry() -> None:
    seen = Locating()
    w = retry(placed.flaky, attempts=3)
    assert run(w, 0, observe=several(seen)) == Success((seen.id, "flaky", "flaky", (3,)))


def test_a_resource_is_opened_within_the_attempt() -> None:
    seen = Locating()
    found = run(placed.opens, 0, resources={"shop": placed.shop}, observe=seen).unwrap()
    assert found[1] == "opens"


def test_a_thread_of_a_tasks_own_knows_nothing() -> None:
    assert run(placed.asks_to_thread, 0, observe=Locating()) == Success(None)


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_observer_who_wants_it_nothing_is_noted(kind: str) -> None:
    assert run(KINDS[kind], 0) == Success(None)
    assert run(KINDS[kind], 0, observe=lambda note: None) == Success(None)


def test_a_run_in_a_task_is_its_own() -> None:
    inner = Locating()

    @task(effect="read", config={})
    def nests(x: Any) -> Any:
        return run(named("inner", placed.plain), 0, observe=inner).unwrap(), placed.told()

    outer = Locating()
    within, around = run(named("outer", nests), 0, observe=outer).unwrap()
    assert within[:2] == (inner.id, "inner")
    assert around[:2] == (outer.id, "outer")
