"""How long does it take to write a workflow in Amazon's States Language?"""

import time
from typing import Any

from fwf import named, retry, seq, task
from fwf.interpreters.engines.cut import cut
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.shares import limits_of
from fwf.interpreters.engines.step_functions.table import TABLE
from tests.bench.measure import best


@task(effect="read")
def step(n: int) -> int:
    return n


def written(w: Any) -> float:
    """The seconds of work, from the workflow to the text."""

    def write() -> None:
        found = cut(w, TABLE)
        definition(found, "module:w", "w", limits_of(found), {})

    return best(write, repeats=3, clock=time.process_time)


def test_10_000_tasks() -> None:
    w = seq(*[named(f"step {at}", step) for at in range(10_000)])
    seconds = written(w)
    print(f"\n10,000 tasks as states: {seconds:.2f} s")


def test_many_levels_take_as_much_for_each() -> None:
    def nested(levels: int) -> Any:
        w: Any = step
        for _ in range(levels):
            w = retry(w, attempts=2)
        return w

    few, many = written(nested(2_000)), written(nested(20_000))
    print(f"\n2,000 levels: {few:.2f} s, 20,000 levels: {many:.2f} s")
    assert many < 20 * few
