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
    compounds: list[Form] = []
    numbers: list[tuple[bool, int]] = []
    todo: list[tuple[Fault, bool]] = [(fault, False)]
    while todo:
        top, causes_made = todo.pop()
        if not isinstance(top, Then | Both):
            numbers.append((False, len(leaves)))
            leaves.append(_leaf(top))
        elif causes_made:
            first = len(numbers) - len(top.causes)
            compounds.append({"kind": type(top).__name__, "causes": numbers[first:]})
            numbers[first:] = [(True, len(compounds) - 1)]
        else:
            todo.append((top, True))
            todo.extend((cause, False) for cause in reversed(top.causes))
    for entry in compounds:
        entry["causes"] = [n + len(leaves) * later for later, n in entry["causes"]]
    return {
        "path": masked(fault.path),
        "tags": [*map(masked, fault.tags)],
        "message": masked(fault.message),
        "leaves": leaves,
        "joined": compounds,
    }


def _leaf(fault: Fault) -> Form:
    form: Form = {
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
            return {**form, **_traceback_form(traceback), "not_before": later, "cause": inner}
        case PredicateDefect(traceback=traceback):
            return {**form, **_traceback_form(traceback)}
        case TimedOut(within=within):
            return {**form, "within": within.total_seconds()}
        case Exhausted(rounds=rounds, why=why):
            return {**form, "rounds": rounds, "why": masked(why)}
        case Interrupted(by=by):
            return {**form, "by": masked(by)}
        case _:
            return form


def _traceback_form(traceback: Traceback | None) -> Form:
    where = None if traceback is None else traceback.where
    return {
        "at": where and {"file": where.file, "line": where.number, "function": where.name},
        "traceback": None if traceback is None else masked(str(traceback)),
    }


def fault_from_json(form: Mapping[str, Any]) -> Fault:
    """What `fault_to_json` gives ⟶ the fault; raises `ValueError` for anything else."""
    try:
        faults = [_read_leaf(leaf) for leaf in cast("Sequence[Any]", form["leaves"])]
        for entry in cast("Sequence[Any]", form["joined"]):
            numbers: list[int] = entry["causes"]
            causes = tuple([faults[n] for n in numbers if n >= 0])
            kind: type[Then | Both] = _JOINED[entry["kind"]]
            if not causes or len(causes) != len(numbers):
                raise ValueError("a fault that is made of others needs some that come before it")
            faults.append(kind(causes))
        return faults[-1]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no fault as fault_to_json writes it: {error!r}") from None


_JOINED: Final[dict[str, type[Then | Both]]] = {"Then": Then, "Both": Both}


def _read_leaf(leaf: Mapping[str, Any]) -> Fault:
    path = _text(leaf["path"])
    match leaf["kind"]:
        case "Failed":
            tags = tuple(map(_text, cast("Sequence[object]", leaf["tags"])))
            inner = None if leaf["cause"] is None else fault_from_json(leaf["cause"])
            traceback = _traceback(leaf)
            later = None if leaf["not_before"] is None else round(leaf["not_before"] * SECOND)
            return Failed(path, tags, _text(leaf["message"]), None, later, traceback, inner)
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
    text, at = leaf["traceback"], leaf["at"]
    if text is None:
        return None
    where = (
        None if at is None else CodeLine(_text(at["file"]), int(at["line"]), _text(at["function"]))
    )
    return Traceback(_text(text), where)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
