"""What is said of one task: merged from several entries, and told of each attempt."""

from typing import Any

import pytest

from fwf import Scenario, seconds
from fwf.algebra.contract import contract_of
from fwf.worlds.task_script import Failing, Script, failing, works_on


def test_what_is_done_when_cut_is_taken_from_the_narrowest_entry_that_says_it() -> None:
    wide = Scenario().task("a", gives=1, when_cut="works on").tasks["a"]
    assert Script(when_cut="stops").over(wide) == Script((1,), when_cut="stops")
    assert Script((2,)).over(wide) == Script((2,), when_cut="works on")


async def awaited() -> None:
    pass


def blocking() -> None:
    pass


@pytest.mark.parametrize(
    ("function", "isolate", "unsaid"),
    [(blocking, False, True), (blocking, True, False), (awaited, False, False)],
)
def test_only_threads_work_on_when_they_are_cut_unless_it_is_said(
    function: Any, isolate: bool, unsaid: bool
) -> None:
    contract = contract_of(function, isolate=isolate)
    assert works_on(Script(), contract) is unsaid
    assert works_on(Script(when_cut="works on"), contract)
    assert not works_on(Script(when_cut="stops"), contract)


@pytest.mark.parametrize(
    ("told", "apart"),
    [
        ({"gives": 1, "takes": seconds(1)}, False),
        ({"gives_each": [1, 2]}, True),
        ({"takes": [seconds(1), seconds(2)]}, True),
        ({"fails": OSError}, False),
        ({"fails": [OSError]}, True),
        ({"fails": [OSError, None]}, True),
    ],
)
def test_attempts_are_told_apart_where_a_scenario_does_so(
    told: dict[str, Any], apart: bool
) -> None:
    assert Scenario().task("a", **told).tasks["a"].tells_attempts_apart is apart


def test_failing_needs_a_tag() -> None:
    with pytest.raises(TypeError, match="needs an error's tag"):
        failing([])
    assert failing(["A", "B"]) == Failing(("A", "B"))
