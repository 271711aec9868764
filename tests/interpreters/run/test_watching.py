"""`watch_inputs`: a task that changes what it was given has failed, and is told so."""

import array
import copy
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st
from returns.result import Failure

from fwf import (
    Workflow,
    const,
    fallback,
    hours,
    identity,
    map_each,
    par,
    retry,
    task,
    timeout,
    with_params,
)
from fwf.interpreters.run import execute, run
from fwf.interpreters.run.watching import InputChanged, InputSnapshot
from tests.interpreters.run.isolated import empties


@dataclass
class Page:
    rows: list[int] = field(default_factory=lambda: [1])
    number: int = 1


@dataclass(frozen=True, slots=True)
class Frozen:
    pages: tuple[Page, ...] = (Page(),)


class Pair(NamedTuple):
    one: list[int]
    two: int


class Table:
    """As pandas has them: `==` is no truth value, `copy` and `equals` are there."""

    def __init__(self, cells: list[float]) -> None:
        self.cells = cells

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> "Table":
        return Table([*self.cells])

    def equals(self, other: "Table") -> bool:
        return self.cells == other.cells


Change = Callable[[Any], Any]
CHANGES: dict[str, tuple[Callable[[], Any], Change, str]] = {
    "a list": (lambda: [1, 2], lambda x: x.pop(), "x had 2 items and has 1"),
    "an item": (lambda: [1, 2], lambda x: x.__setitem__(1, 3), "x[1] was replaced"),
    "true for 1": (lambda: [1], lambda x: x.__setitem__(0, True), "x[0] was replaced"),
    "an order": (lambda: [2, 1], lambda x: x.sort(), "x[0] was replaced"),
    "a dict": (lambda: {"a": 1}, lambda x: x.update(b=2), "x had 1 item and has 2"),
    "a key": (
        lambda: {"a": 1},
        lambda x: x.__setitem__("b", x.pop("a")),
        "x got other keys",
    ),
    "inside": (
        lambda: {"a": [{"b": []}]},
        lambda x: x["a"][0]["b"].append(1),
        "x['a'][0]['b'] h",
    ),
    "in a tuple": (lambda: ([1],), lambda x: x[0].clear(), "x[0] had 1 item and has 0"),
    "in a named tuple": (lambda: Pair([1], 2), lambda x: x.one.clear(), "x[0] had 1 item"),
    "a set": (lambda: {1}, lambda x: x.add(2), "x was changed"),
    "a deque": (lambda: deque([1]), lambda x: x.append(2), "x had 1 item and has 2"),
    "a default": (lambda: defaultdict(int), lambda x: x["a"], "x had 0 items and has 1"),
    "an ordered dict": (lambda: OrderedDict(a=1), lambda x: x.clear(), "x had 1 item and has 0"),
    "bytes": (lambda: bytearray(b"a"), lambda x: x.extend(b"b"), "x was changed"),
    "an array": (lambda: array.array("i", [1]), lambda x: x.append(2), "x was changed"),
    "a dataclass": (Page, lambda x: setattr(x, "number", 2), "x.number was replaced"),
    "in a dataclass": (Frozen, lambda x: x.pages[0].rows.append(1), "x.pages[0].rows had"),
    "a table": (lambda: Table([1.0]), lambda x: x.cells.append(2.0), "x was changed"),
    "a table in a list": (
        lambda: [Table([1.0])],
        lambda x: x[0].cells.append(2.0),
        "x[0] was changed",
    ),
}


def spoils(change: Change, *, fails: bool = False) -> Any:
    @task(effect="pure", config={"change": repr(change), "fails": fails})
    def spoil(x: Any) -> Any:
        change(x)
        if fails:
            raise ConnectionError("again")
        return "done"

    return spoil


def spoils_async(change: Change, *, fails: bool = False) -> Any:
    @task(effect="pure", name="spoil", config={"change": repr(change), "fails": fails})
    async def spoil(x: Any) -> Any:
        change(x)
        if fails:
            raise ConnectionError("again")
        return "done"

    return spoil


def on_a_thread(change: Change, *, fails: bool = False) -> Any:
    return timeout(spoils(change, fails=fails), hours(1))


KINDS = {"inline": spoils, "thread": on_a_thread, "async": spoils_async}


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", CHANGES)
def test_a_task_that_changes_its_input_is_a_defect(what: str, kind: str, fails: bool) -> None:
    made, change, said = CHANGES[what]
    outcome = run(retry(KINDS[kind](change, fails=fails), attempts=3), made(), watch_inputs=True)
    assert isinstance(outcome, Failure)
    fault: Any = outcome.failure()
    assert fault.path.endswith("spoil") and "Defect" in fault.tags
    assert fault.tags[0].endswith("InputChanged")
    assert fault.message.startswith(said)
    assert "while spoil ran" in fault.message and "copy" in fault.message


@pytest.mark.parametrize("what", CHANGES)
def test_unwatched_it_may(what: str) -> None:
    made, change, _ = CHANGES[what]
    assert run(spoils(change), made()).unwrap() == "done"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", CHANGES)
def test_a_task_that_leaves_its_input_alone_is_not_disturbed(what: str, kind: str) -> None:
    made = CHANGES[what][0]
    w = KINDS[kind](lambda x: copy.deepcopy(x) and None)
    assert run(w, made(), watch_inputs=True).unwrap() == "done"


NODES: dict[str, Callable[[Any], Workflow[Any, Any]]] = {
    "retry": lambda bad: retry(bad, attempts=2),
    "fallback": lambda bad: fallback(bad, const(0), on=ConnectionError),
    "par": lambda bad: par(identity, bad),
    "map_each": lambda bad: const([[[1]]]) >> map_each(map_each(bad)),
}


@pytest.mark.parametrize("node", NODES)
def test_wherever_it_stands(node: str) -> None:
    bad = spoils(lambda x: x.clear(), fails=True)
    outcome = run(NODES[node](bad), [1], watch_inputs=True)
    assert "had 1 item and has 0 while spoil ran" in str(outcome.failure())


def test_a_parameter_is_watched_too() -> None:
    @task(effect="pure")
    def forgets(*, ids: list[int]) -> None:
        ids.clear()

    w = with_params(forgets, ids=[1])
    assert "ids had 1 item and has 0" in str(run(w, watch_inputs=True).failure())
    assert "ids had 1 item" in str(run(forgets, params={"ids": [1]}, watch_inputs=True).failure())


def test_all_inputs_of_a_task_are_named_as_it_names_them() -> None:
    @task(effect="pure")
    def both(orders: list[int], visits: list[int]) -> None:
        visits.clear()

    outcome = run(both, ([1], [2]), watch_inputs=True)
    assert "visits had 1 item and has 0 while both ran" in str(outcome.failure())


def test_an_isolated_task_changes_nothing_of_its_parent_s() -> None:
    rows = [1, 2]
    assert run(empties, rows, watch_inputs=True).unwrap() == 0
    assert rows == [1, 2]


def test_execute_watches_as_well() -> None:
    ran = execute(spoils(lambda x: x.clear()), [1], watch_inputs=True)
    assert "had 1 item and has 0" in str(ran.result)


def test_what_failed_is_the_cause_of_what_is_told() -> None:
    fault: Any = run(spoils(lambda x: x.clear(), fails=True), [1], watch_inputs=True).failure()
    assert "ConnectionError: again" in str(fault.traceback)


def test_a_deep_a_wide_and_a_round_value_are_looked_at() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    around: list[Any] = [deep, [0] * 100_000]
    around.append(around)
    look = InputSnapshot({"x": around})
    look.compare("t")
    around[1][-1] = 1
    with pytest.raises(InputChanged, match=r"x\[1\]\[99999\] was replaced"):
        look.compare("t")


def test_a_change_that_lies_deep_is_told() -> None:
    inmost: list[Any] = []
    deep = inmost
    for _ in range(100_000):
        deep = [deep]
    look = InputSnapshot({"x": deep})
    inmost.append(1)
    with pytest.raises(InputChanged, match=r"^x\[0\]\[0\].* had 0 items and has 1 while t ran"):
        look.compare("t")


def test_what_can_t_be_compared_is_called_unchanged() -> None:
    class Odd:
        def copy(self) -> "Odd":
            raise RuntimeError

        def equals(self, other: object) -> bool:
            raise RuntimeError

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    view = memoryview(b"abc")
    view.release()
    look = InputSnapshot({"x": [Odd(), Odd, view, lambda: 0, float("nan"), pytest]})
    look.compare("t")


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(nested)
def test_nothing_is_changed_by_looking(value: Any) -> None:
    before = repr(value)
    look = InputSnapshot({"x": value})
    look.compare("t")
    assert repr(value) == before
