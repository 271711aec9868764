"""Each final failure is named with its reason in the log, exactly once, wherever it happened."""

import re
from collections import Counter
from typing import Any

import pytest
from returns.result import Failure, Result

from fwf import (
    always,
    as_result,
    const,
    fail,
    fallback,
    graph,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    pure,
    recover,
    retry,
    timeout,
)
from fwf.cli.progress_lines import Lines
from fwf.cli.tally import Watched
from fwf.faults import Fault, leaves
from fwf.interpreters.run import Note, SystemClock, execute, several
from fwf.printing import one_line
from fwf.telling.event_words import reason
from tests.failing_tasks import KINDS, fine, naps

WORD = re.compile(r"\S+ \S+ [0-9a-f]{8} (failed|caught) +(.*)")


def numbers(n: int) -> Any:
    return const(list(range(n)))


def used_twice(t: Any) -> Any:
    @graph
    def g() -> Any:
        start = const(1)()
        return t(start), t(start)

    return g


SHAPES = {
    "alone": lambda t: const(1) >> t,
    "between": lambda t: const(1) >> fine >> t >> fine,
    "side by side": lambda t: const(1) >> par(t, fine, t),
    "side by side, fail fast": lambda t: const(1) >> par(t, naps, fail_fast=True),
    "graph": used_twice,
    "items": lambda t: numbers(3) >> map_each(t),
    "collected": lambda t: numbers(5) >> map_each(t, on_error="collect"),
    "collected pairs": lambda t: numbers(2) >> map_each(par(t, t), on_error="collect"),
    "collected, with what fails by itself": lambda t: numbers(2)
    >> map_each(par(t, fail("Empty", "no rows"), timeout(naps, milliseconds(30))),
                on_error="collect"),
    "retried": lambda t: const(1) >> retry(t, attempts=3),
    "retried and collected": lambda t: numbers(4)
    >> map_each(retry(t, attempts=2), on_error="collect"),
    "fallback": lambda t: const(1) >> fallback(t, fine),
    "fallback of retry": lambda t: const(1) >> fallback(retry(t, attempts=2), fine),
    "fallback that fails": lambda t: const(1) >> fallback(t, t),
    "fallback later": lambda t: const(1) >> fallback(par(t, naps), fine),
    "recovered": lambda t: const(1) >> recover(t, 0),
    "as result": lambda t: const(1) >> as_result(t),
    "finaliser": lambda t: const(1) >> always(fine, then=t),
    "finaliser of what fails": lambda t: const(1) >> always(t, then=t),
    "finaliser of items": lambda t: numbers(2) >> map_each(always(t, then=t), on_error="collect"),
    "time": lambda t: const(1) >> timeout(always(t, then=naps), milliseconds(50)),
    "too late": lambda t: const(1) >> par(timeout(naps, milliseconds(50)), t),
    "rounds": lambda t: const(0)
    >> loop_until(fallback(t, fine) >> pure(it + 1), it > 5, limit=3),
    "defect": lambda t: const(1) >> par(t, pure(it.missing)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_final_failure_is_named_with_its_reason_exactly_once(shape: str, kind: str) -> None:
    workflow = named("night", SHAPES[shape](KINDS[kind]))
    lines: list[str] = []
    caught: list[Fault] = []

    def note(note: Note) -> None:
        caught.extend(leaves(note.detail) if note.kind == "caught" else [])

    clock = SystemClock()
    progress = Lines("night", clock, lines.append)
    went = execute(workflow, clock=Watched(clock, progress.idle), observe=several(progress, note))
    final = _said(caught + _faults(went.result))
    assert final
    named_ones = [each for each in map(WORD.fullmatch, lines) if each and _is_final(each[2])]
    assert Counter(_place_and_reason(each[2]) for each in named_ones) == final
    assert not any("\x1b" in line or "\n" in line for line in lines)


def _faults(result: Result[Any, Fault]) -> list[Fault]:
    return leaves(result.failure()) if isinstance(result, Failure) else []


def _said(faults: list[Fault]) -> Counter[tuple[str, str]]:
    return Counter((one_line(fault.path), reason(fault)) for fault in faults)


def _is_final(said: str) -> bool:
    return "will retry in" not in said and not re.search(r"  \d+ failures? told before$", said)


def _place_and_reason(said: str) -> tuple[str, str]:
    place, _, more = said.partition("  ")
    return place, re.sub(r"^[\d.]+ [mµ]?s(, caught)?: ", "", more)
