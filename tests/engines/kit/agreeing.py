"""Does an engine's run say and do what the dry run says? All that differs, in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from returns.result import Failure, Result, Success

from fwf.faults import Fault, leaves
from fwf.faults.fault_form import fault_from_json
from fwf.interpreters.engines.worker.context import outcome_from_json
from fwf.interpreters.engines.worker.packed_values import Blobs, read, unpacked, values_of
from fwf.worlds.trace import Event, Parallel, Partial, Series, Trace, events
from tests.engines.kit.acting import Line
from tests.engines.kit.cases import Case

End: TypeAlias = tuple[str, Any]
"""`("ok", value)` or `("failed", what the fault says)`; of faults in values too."""


def end_of(value: Any, fault: Fault | None = None) -> End:
    """A run's value or fault ⟶ what is compared."""
    return ("ok", plain(value)) if fault is None else ("failed", said(fault))


def end_of_result(result: Result[Any, Fault]) -> End:
    """The same, of a `Success` or a `Failure`."""
    if isinstance(result, Failure):
        return end_of(None, result.failure())
    return end_of(result.unwrap())


def end_of_outcome(case: Case, outcome: Any, blobs: Blobs | None = None) -> End:
    """The same, of the JSON of an outcome, such as the `out` of the last context of a run."""
    found = outcome_from_json(outcome, "")
    if found.fault is not None:
        return end_of(None, fault_from_json(json.loads(unpacked(found.fault, blobs))))
    assert found.value is not None
    return end_of(read(values_of(case.loaded.names, blobs), found.value, blobs, ""))


def said(fault: Fault) -> object:
    """All that a fault says but times and frames."""
    each = [(type(leaf).__name__, leaf.path, leaf.tags, leaf.message) for leaf in leaves(fault)]
    return str(fault), each


def plain(value: Any) -> Any:
    """A value with its types, and what faults in it say."""
    match value:
        case Failure():
            return "Failure", said(value.failure())
        case Success():
            return "Success", plain(value.unwrap())
        case list() | tuple():
            return type(value).__name__, [plain(each) for each in value]
        case dict():
            return "dict", {key: plain(each) for key, each in value.items()}
        case _:
            return type(value).__name__, value


class Place(NamedTuple):
    """The attempt of a number at a path."""

    path: str
    number: int


def differences(
    case: Case,
    end: End,
    *,
    degraded: Iterable[str] | None = None,
    order: bool = True,
    keys: bool = True,
    once: bool = True,
) -> list[str]:
    """Case, how the engine's run ended ⟶ all that differs from the dry run.

    degraded: where a fallback was taken or a failure tolerated, if that is known.
    order: whether attempts must have been begun in an order that the dry run allows.
    keys: whether idempotency keys must be those of a local run by the same key.
    once: whether there must be no more attempts than in the dry run.
    """
    found: list[str] = []
    wanted = end_of_result(case.dry.result)
    if end != wanted:
        found.append(f"it ends with {end}, and should with {wanted}")
    if degraded is not None and end[0] == "ok" and {*degraded} != {*case.dry.degraded}:
        found.append(f"it is degraded at {degraded}, and should be at {case.dry.degraded}")
    lines = case.lines()
    found.extend(_attempts(case, lines, once))
    if order and not found:
        found.extend(_misplaced(case.dry.trace, lines))
    if keys:
        for line in lines:
            if line.key != case.key_of(line.path):
                found.append(f"{line.path} has the key {line.key}")
    return found


def assert_same(case: Case, end: End, **how: Any) -> None:
    """Raises `AssertionError` with all that differs, and the case."""
    found = differences(case, end, **how)
    if found:
        told = "\n".join(f"- {each}" for each in found)
        raise AssertionError(f"{told}\n{case!r}\n{case.scenario!r}\n{case.dry}")


def _attempts(case: Case, lines: list[Line], once: bool) -> Iterator[str]:
    ended = [line for line in lines if line.what != "begun"]
    ends = Counter[tuple[str, str, str]]((line.path, line.task, line.what) for line in ended)
    wanted = Counter[tuple[str, str, str]](
        (each.path, each.task, each.ending) for each in case.dry.events
    )
    for each, count in (wanted - ends).items():
        yield f"{each} is missing {count} times"
    if once:
        for each, count in (ends - wanted).items():
            yield f"{each} is there {count} times too often"
        begun = sum(line.what == "begun" for line in lines)
        if begun != sum(ends.values()):
            yield f"{begun} were begun, and {sum(ends.values())} ended"


def _misplaced(trace: Trace, lines: list[Line]) -> Iterator[str]:
    """What began before that had ended which it had to wait for."""
    first: dict[Place, int] = {}
    last: dict[Place, int] = {}
    for at, line in enumerate(lines):
        (first if line.what == "begun" else last)[Place(line.path, line.number)] = at
    for before, after in _orders(trace):
        if first[after] < last[before]:
            yield f"{after} began before {before} had ended"


def _orders(trace: Trace) -> Iterator[tuple[Place, Place]]:
    """All pairs of attempts of which one has to wait for the other."""
    numbers = _numbered(trace)

    def placed(part: Trace) -> list[Place]:
        return [numbers[id(each)] for each in events(part)]

    todo: list[Trace] = [trace]
    while todo:
        top = todo.pop()
        match top:
            case Event():
                continue
            case Series(parts):
                todo.extend(parts)
                for at, part in enumerate(parts[1:], 1):
                    before = [place for each in parts[:at] for place in placed(each)]
                    yield from ((one, other) for one in before for other in placed(part))
            case Parallel(parts):
                todo.extend(parts)
            case Partial(parts):
                todo.extend(part for part, _ in parts)
                for part, waits in parts:
                    before = [place for n in waits for place in placed(parts[n][0])]
                    yield from ((one, other) for one in before for other in placed(part))


def _numbered(trace: Trace) -> dict[int, Place]:
    """Each event's attempt: of one place they follow one another."""
    counts = Counter[str]()
    found: dict[int, Place] = {}
    for each in events(trace):
        counts[each.path] += 1
        found[id(each)] = Place(each.path, counts[each.path])
    return found
