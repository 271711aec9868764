"""Import, definition and runs in memory, beside the same done by hand."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from fwf import map_each, par, run, seq, task
from fwf.algebra.workflow import Workflow
from fwf.interpreters.run import execute

from .measure import best, best_of_process, report

STEPS = 1_000


@task(effect="pure")
def increment(n: int) -> int:
    return n + 1


@task(effect="read")
def nap(n: int) -> int:
    time.sleep(0.05)
    return n


def test_import() -> None:
    bare = best_of_process("pass")
    needs = best_of_process("import pyrsistent, typing, datetime, decimal")
    report(
        "import fwf, over bare Python",
        best_of_process("import fwf") - bare,
        needs - bare,
        unit="ms",
    )


HELLO = """
from fwf import run, task

@task(effect="pure")
def hello() -> str:
    return "hello"

print(run(hello))
"""


def test_cold_hello() -> None:
    by_hand = "import returns.result, pyrsistent\nprint(returns.result.Success('hello'))"
    report("cold hello, whole process", best_of_process(HELLO), best_of_process(by_hand), unit="ms")


@dataclass(frozen=True, slots=True)
class Link:
    before: "Link | None"
    step: object


def chain(n: int) -> Workflow[int, int]:
    w: Workflow[int, int] = increment
    for _ in range(n - 1):
        w = w >> increment
    return w


def links(n: int) -> Link | None:
    made: Link | None = None
    for _ in range(n):
        made = Link(made, increment)
    return made


def test_define_chain() -> None:
    for n in (10_000, 1_000_000):
        repeats = 7 if n < 100_000 else 2
        ours, by_hand = (best(partial(make, n), repeats=repeats) for make in (chain, links))
        report(f"define a chain of {n:,}", ours, by_hand, unit="ms")


def test_define_fan() -> None:
    steps = [increment] * 10_000
    ours = best(lambda: par(*steps))
    report("define a fan of 10,000", ours, best(lambda: [Link(None, s) for s in steps]), unit="ms")


def called_in_turn() -> int:
    n = 0
    for _ in range(STEPS):
        n = increment.fn(n)
    return n


def test_run_chain() -> None:
    w = seq(*[increment] * STEPS)
    report("run a chain of 1,000, a step", best(lambda: run(w, 0)), best(called_in_turn), per=STEPS)


def test_execute() -> None:
    """A recorded run beside one that isn't, and then with all its places named."""
    for what, w in (("chain", seq(*[increment] * STEPS)), ("fan", par(*[increment] * STEPS))):
        bare = best(lambda w=w: run(w, 0, workers=1))  # type: ignore[misc]
        recorded = best(lambda w=w: execute(w, 0, workers=1))  # type: ignore[misc]
        told = best(lambda w=w: execute(w, 0, workers=1).trace)  # type: ignore[misc]
        report(f"execute a {what} of 1,000, beside run, a step", recorded, bare, per=STEPS)
        report("    and its trace", told, bare, per=STEPS)


def test_run_fan_inline() -> None:
    w = par(*[increment] * STEPS) >> total
    ours = best(lambda: run(w, 0, workers=1))
    report("run a fan of 1,000 inline, a step", ours, best(called_beside), per=STEPS)


@task(effect="pure")
def total(numbers: tuple[int, ...]) -> int:
    return sum(numbers)


def called_beside() -> int:
    return sum([increment.fn(0) for _ in range(STEPS)])


def pooled(workers: int) -> list[int]:
    with ThreadPoolExecutor(workers) as pool:
        return [future.result() for future in [pool.submit(increment.fn, 0) for _ in range(STEPS)]]


def test_run_fan_on_threads() -> None:
    w = par(*[increment] * STEPS) >> total
    for workers in (2, 16):
        ours = best(lambda workers=workers: run(w, 0, workers=workers))  # type: ignore[misc]
        report(
            f"run a fan of 1,000 on {workers} threads, a step",
            ours,
            best(partial(pooled, workers)),
            per=STEPS,
        )


def test_sleeps() -> None:
    w = map_each(nap)
    ours = best(lambda: run(w, list(range(64)), workers=16), repeats=3)
    report("64 sleeps of 50 ms on 16 workers", ours, 64 / 16 * 0.05, unit="s")
    print(f"   {64 / 16 * 0.05 / ours:.1%} of ideal", end="")
