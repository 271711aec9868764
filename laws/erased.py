"""What two runs must agree on: outcomes and traces without the names of places.

Laws move parts about, so paths, attempt numbers of retries and the bound of a loop differ between
two sides that mean the same. What is left of an event is its task, its ending and its result; a
trace becomes the normal form of the partial order, so that `==` is isomorphism of pomsets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from returns.result import Failure, Result, Success

from fwf.faults import Both, Failed, Fault, Then, TimedOut
from fwf.worlds.trace import Event, Parallel, Partial, Series, Trace

Erased = tuple[Any, ...]
"""Nested tuples, comparable with `==`; `repr` orders them."""
EMPTY: Erased = ("series",)


def result(outcome: Result[Any, Fault]) -> Erased:
    """Result ⟶ its value, or its cause."""
    if isinstance(outcome, Success):
        return ("ok", value(outcome.unwrap()))
    return ("err", cause(outcome.failure()))


def value(content: Any) -> Any:
    """Value ⟶ the same with its types, so that 1, 1.0 and True are three."""
    if isinstance(content, tuple | list):
        parts = cast("Sequence[Any]", content)
        return (type(parts).__name__, *(value(part) for part in parts))
    if isinstance(content, Failure):
        return "failure", cause(cast(Any, content).failure())
    if isinstance(content, Success):
        return "success", value(content.unwrap())
    return type(content).__name__, content


def cause(fault: Fault) -> Erased:
    """Fault ⟶ its tags; a `Then` in order, a `Both` as a multiset."""
    match fault:
        case Then(causes):
            return ("then", *(cause(each) for each in causes))
        case Both(causes):
            return ("both", *sorted((cause(each) for each in causes), key=repr))
        case Failed(tags=tags, message=message):
            return *tags, message
        case TimedOut():  # as `fail("Timeout")`; what else it is a filter has to find out
            return "Timeout", ""
        case _:
            return *fault.tags, ""


def trace(node: Trace, *, timed: bool = False, placed: bool = False) -> Erased:
    """Trace ⟶ its normal form.

    timed: events keep when they start and end.
    placed: they keep the path and the attempt numbers after all.
    """

    def of(parts: Iterable[Trace]) -> list[Erased]:
        return [trace(part, timed=timed, placed=placed) for part in parts]

    match node:
        case Event():
            what = cause(node.result) if node.ending == "failed" else value(node.result)
            where = (node.path, node.tries) if placed else ()
            times = (node.start, node.end) if timed else ()
            return ("event", node.task, node.ending, what, *where, *times)
        case Series(parts):
            return in_series(of(parts))
        case Parallel(parts):
            return in_parallel(of(parts))
        case Partial(parts):
            below = _closed([before for _, before in parts])
            return _ordered(of(part for part, _ in parts), below)


def in_series(parts: Sequence[Erased]) -> Erased:
    return _flat("series", parts)


def in_parallel(parts: Sequence[Erased]) -> Erased:
    flat = _flat("parallel", parts)
    return ("parallel", *sorted(flat[1:], key=repr)) if flat[0] == "parallel" else flat


def _flat(kind: str, parts: Sequence[Erased]) -> Erased:
    flat: list[Erased] = []
    for part in parts:
        if part[0] == kind:
            flat.extend(part[1:])
        elif part != EMPTY:
            flat.append(part)
    if not flat:
        return EMPTY
    return flat[0] if len(flat) == 1 else (kind, *flat)


def _closed(before: Sequence[Sequence[int]]) -> list[set[int]]:
    """For each part those that come before it, directly or not; parts stand in order."""
    below: list[set[int]] = []
    for direct in before:
        mine = {at for at in direct if at >= 0}
        below.append(mine.union(*(below[at] for at in mine)))
    return below


def _ordered(parts: Sequence[Erased], below: Sequence[set[int]]) -> Erased:
    """Parts in a partial order ⟶ normal form: split as long as it is series or parallel."""
    there = [at for at, part in enumerate(parts) if part != EMPTY]
    return _decomposed(there, parts, below)


def _decomposed(there: Sequence[int], parts: Sequence[Erased], below: Sequence[set[int]]) -> Erased:
    if len(there) < 2:
        return parts[there[0]] if there else EMPTY

    def related(i: int, j: int) -> bool:
        return i in below[j] or j in below[i]

    beside = _components(there, related)
    if len(beside) > 1:
        return in_parallel([_decomposed(each, parts, below) for each in beside])
    chain = _components(there, lambda i, j: not related(i, j))
    if len(chain) > 1:
        chain.sort(key=lambda each: len(below[each[0]] & set(there)))
        return in_series([_decomposed(each, parts, below) for each in chain])
    return "woven", *_coloured(there, parts, below)


def _components(there: Sequence[int], linked: Callable[[int, int], bool]) -> list[list[int]]:
    groups: list[list[int]] = []
    for at in there:
        mine = [group for group in groups if any(linked(at, other) for other in group)]
        groups = [group for group in groups if group not in mine]
        groups.append([at, *(other for group in mine for other in group)])
    return groups


def _coloured(
    there: Sequence[int], parts: Sequence[Erased], below: Sequence[set[int]]
) -> list[Any]:
    """A partial order that is neither ⟶ its parts, each told apart by all that is around it.

    Refined colours (Weisfeiler and Leman, 1968): exact but for graphs far larger than a law's.
    """
    colours: dict[int, Any] = {at: parts[at] for at in there}
    ranks: dict[int, int] = {}
    for _ in there:
        names = {
            text: rank for rank, text in enumerate(sorted({repr(c) for c in colours.values()}))
        }
        ranks = {at: names[repr(colour)] for at, colour in colours.items()}
        colours = {
            at: (
                parts[at],
                ranks[at],
                sorted(ranks[other] for other in there if other in below[at]),
                sorted(ranks[other] for other in there if at in below[other]),
            )
            for at in there
        }
    return sorted(colours.values(), key=repr)


def same_result(left: Result[Any, Fault], right: Result[Any, Fault]) -> bool:
    """Whether two runs end alike."""
    return result(left) == result(right)


def ok_value(outcome: Result[Any, Fault]) -> Erased | None:
    """Result ⟶ its value if it is ok, whatever the cause otherwise."""
    return None if isinstance(outcome, Failure) else ("ok", value(outcome.unwrap()))
