"""A fault as JSON, and back: one form for reports, plans and values, complete and not nested.

`leaves` are the single faults in order, each with all that it says; `joined` says how they belong
together, each entry after those that it names. Numbers are those of the leaves and then of the
entries, and the last is the whole. So a fault of any depth is two flat lists.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, cast

from fwf.durations import SECOND
from fwf.faults import (
    BadInput,
    Both,
    Exhausted,
    Failed,
    Fault,
    Interrupted,
    PredicateDefect,
    Then,
    TimedOut,
)
from fwf.faults.tracebacks import CodeLine, Traceback
from fwf.secrets import masked

Form = dict[str, Any]
"""What `json` can write."""


def fault_to_json(fault: Fault) -> Form:
    """Fault ⟶ all that it says, as JSON can hold it; secrets are masked. Explicit stack.

    A `within` and a `not_before` are in seconds. The exception itself is left out, and its
    traceback is a text.
    """
    leaves: list[Form] = []
    joined: list[Form] = []
    made: list[tuple[bool, int]] = []
    todo: list[tuple[Fault, bool]] = [(fault, False)]
    while todo:
        top, causes_made = todo.pop()
        if not isinstance(top, Then | Both):
            made.append((False, len(leaves)))
            leaves.append(_leaf(top))
        elif causes_made:
            first = len(made) - len(top.causes)
            joined.append({"kind": type(top).__name__, "causes": made[first:]})
            made[first:] = [(True, len(joined) - 1)]
        else:
            todo.append((top, True))
            todo.extend((cause, False) for cause in reversed(top.causes))
    for entry in joined:
        entry["causes"] = [n + len(leaves) * later for later, n in entry["causes"]]
    return {
        "path": masked(fault.path),
        "tags": [*map(masked, fault.tags)],
        "message": masked(fault.message),
        "leaves": leaves,
        "joined": joined,
    }


def _leaf(fault: Fault) -> Form:
    said: Form = {
        "kind": type(fault).__name__,
        "path": masked(fault.path),
        "tags": [*map(masked, fault.tags)],
        "message": masked(fault.message),
        "at": None,
        "traceback": None,
        "cause": None,
    }
    match fault:
        case Failed(not_before=not_before, traceback=traceback, cause=cause):
            inner = None if cause is None else fault_to_json(cause)
            later = None if not_before is None else not_before / SECOND
            return {**said, **_raised(traceback), "not_before": later, "cause": inner}
        case PredicateDefect(traceback=traceback):
            return {**said, **_raised(traceback)}
        case TimedOut(within=within):
            return {**said, "within": within.total_seconds()}
        case Exhausted(rounds=rounds, why=why):
            return {**said, "rounds": rounds, "why": masked(why)}
        case Interrupted(by=by):
            return {**said, "by": masked(by)}
        case _:
            return said


def _raised(found: Traceback | None) -> Form:
    where = None if found is None else found.where
    return {
        "at": where and {"file": where.file, "line": where.number, "function": where.name},
        "traceback": None if found is None else masked(str(found)),
    }


def fault_from_json(form: Mapping[str, Any]) -> Fault:
    """What `fault_to_json` gives ⟶ the fault; raises `ValueError` for anything else."""
    try:
        found = [_read_leaf(leaf) for leaf in cast("Sequence[Any]", form["leaves"])]
        for entry in cast("Sequence[Any]", form["joined"]):
            numbers: list[int] = entry["causes"]
            causes = tuple([found[n] for n in numbers if n >= 0])
            kind: type[Then | Both] = _JOINED[entry["kind"]]
            if not causes or len(causes) != len(numbers):
                raise ValueError("a fault that is made of others needs some that come before it")
            found.append(kind(causes))
        return found[-1]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no fault as fault_to_json writes it: {error!r}") from None


_JOINED: Final[dict[str, type[Then | Both]]] = {"Then": Then, "Both": Both}


def _read_leaf(leaf: Mapping[str, Any]) -> Fault:
    path = _text(leaf["path"])
    match leaf["kind"]:
        case "Failed":
            tags = tuple(map(_text, cast("Sequence[object]", leaf["tags"])))
            inner = None if leaf["cause"] is None else fault_from_json(leaf["cause"])
            told = _traceback(leaf)
            later = None if leaf["not_before"] is None else round(leaf["not_before"] * SECOND)
            return Failed(path, tags, _text(leaf["message"]), None, later, told, inner)
        case "PredicateDefect":
            return PredicateDefect(path, _text(leaf["message"]), _traceback(leaf))
        case "BadInput":
            return BadInput(path, _text(leaf["message"]))
        case "TimedOut":
            return TimedOut(path, timedelta(seconds=leaf["within"]))
        case "Exhausted":
            return Exhausted(path, int(leaf["rounds"]), _text(leaf["why"]))
        case "Interrupted":
            return Interrupted(path, _text(leaf["by"]))
        case kind:
            raise ValueError(f"{kind!r} is no kind of fault")


def _traceback(leaf: Mapping[str, Any]) -> Traceback | None:
    """Its text, and the line of code; the lines are in the text."""
    said, at = leaf["traceback"], leaf["at"]
    if said is None:
        return None
    where = (
        None if at is None else CodeLine(_text(at["file"]), int(at["line"]), _text(at["function"]))
    )
    return Traceback(_text(said), where)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is no text")
    return given
