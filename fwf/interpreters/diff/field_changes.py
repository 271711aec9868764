"""What two nodes of one kind say differently themselves, without their parts, in plain words."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from fwf.algebra.builder import It, expr_of
from fwf.algebra.expr import Expr, calling
from fwf.algebra.extensions import field_names, workflows_in
from fwf.algebra.nodes import (
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    InPool,
    LoopUntil,
    MapEach,
    Node,
    Par,
    Pure,
    Retry,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.plain_values import encode
from fwf.analysis.identity import expr_plain, field_plain, own_bytes
from fwf.display.heads import argument, predicate, short_source
from fwf.durations import short_duration
from fwf.interpreters.diff.contracts import bound, tasks
from fwf.interpreters.diff.part_words import OTHER_KEYS, other_keys, words_of
from fwf.interpreters.diff.strength import fallbacks, grown, retries
from fwf.printing import printable

WRITTEN: Final = "written differently"
_ON_ERROR: Final = {
    "settle": "runs every item, then fails if one did",
    "fail_fast": "stops at the first failure",
    "collect": "gives failures beside results and never fails",
}


def differences(old: Node, new: Node, *, repeated: bool) -> Sequence[str]:
    """Two nodes of one kind ⟶ a reason for each difference; what their parts say aside.

    repeated: a retry is around them.
    """
    if own_bytes(old) == own_bytes(new) and not isinstance(new, Extension):
        return ()
    match old, new:
        case Task(), Task():
            return tasks(old, new, repeated=repeated) or (WRITTEN,)
        case Par(), Par():
            return _par(old, new)
        case Branch(), Branch():
            return (f"predicate {_expressions(old.predicate, new.predicate)}",)
        case WithParams(), WithParams():
            return _bindings(old, new)
        case Extension(), Extension():
            return _extension(old, new)
        case _:
            arrow = _arrow(words_of(old), words_of(new))
            return (": ".join([*arrow, *filter(None, [", ".join(_notes(old, new))])]) or WRITTEN,)


def _notes(old: Node, new: Node) -> list[str]:
    """What the difference between two wrappers or leaves comes to."""
    match old, new:
        case Retry(), Retry():
            return retries(old, new) or ["the same attempts and waits, written differently"]
        case Timeout(), Timeout():
            return grown(old.within, new.within, "laxer", "stricter")
        case Fallback(), Fallback():
            return fallbacks(old, new)
        case Delay(), Delay():
            return grown(old.duration, new.duration, "longer", "shorter")
        case LoopUntil(), LoopUntil():
            return _loop(old, new)
        case MapEach(), MapEach():
            return _map(old, new)
        case InPool(), InPool():
            return ["another pool"]
        case Fail(), Fail():
            return ["another error"] if old.tag != new.tag else ["another message"]
        case Pure(was), Pure(now):
            return [] if words_of(old) != words_of(new) else [_expressions(was, now)]
        case _:
            return []


def _arrow(old: str, new: str) -> list[str]:
    return [] if old == new else [f"{old} → {new}"]


def _par(old: Par[Any, Any], new: Par[Any, Any]) -> Sequence[str]:
    if old.fail_fast == new.fail_fast:
        return ()
    if new.fail_fast:
        return ("par(fail_fast=True) now: one failure stops the other parts",)
    return ("no longer par(fail_fast=True): every part runs to its end",)


def _loop(old: LoopUntil[Any, Any], new: LoopUntil[Any, Any]) -> list[str]:
    notes = grown(old.limit, new.limit, "more rounds at most", "fewer rounds at most")
    if expr_plain(old.done) != expr_plain(new.done):
        notes.append(f"done {_expressions(old.done, new.done)}")
    if old.within != new.within:
        was, now = (timedelta.max if d is None else d for d in (old.within, new.within))
        notes += grown(was, now, "more time for it", "less time for it")
    if old.on_limit != new.on_limit:
        end = "fails" if new.on_limit == "fail" else "gives the last value"
        notes.append(f"at its bound it {end} now")
    return notes


def _map(old: MapEach[Any, Any], new: MapEach[Any, Any]) -> list[str]:
    notes = list[str]()
    if _plain(old.key) != _plain(new.key):
        keys = other_keys(new).removeprefix("; ") or OTHER_KEYS
        notes.append(f"items go by other names, and so by {keys}")
    if old.at_once != new.at_once:
        most = "without bound" if new.at_once is None else f"{new.at_once:,}"
        notes.append(f"items at once: {most}")
    if old.on_error != new.on_error:
        notes.append(_ON_ERROR[new.on_error])
    return notes


def _plain(expr: Expr | None) -> object:
    return None if expr is None else expr_plain(expr)


def _expressions(old: Expr, new: Expr) -> str:
    """Two expressions that differ ⟶ both; or in what, if they are written alike."""
    was, now = predicate(old), predicate(new)
    if was != now:
        return f"{was} → {now}"
    for one, other in zip(_calls(old), _calls(new), strict=True):
        if one != other:
            return f"{now}: it calls {printable(other)} now, was {printable(one)}"
    return f"{now}: another value in it"


def _calls(expr: Expr) -> list[str]:
    """The functions that an expression calls, by their whole names."""
    functions: list[Callable[[Any], Any]] = []

    def note(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        functions.append(function)
        return function

    calling(expr, note)
    return [f"{each.__module__}.{each.__qualname__}" for each in functions]


def _bindings(old: WithParams[Any, Any], new: WithParams[Any, Any]) -> Sequence[str]:
    params = bound(old.params, new.params, argument, expr_plain)
    resources = bound(old.resources, new.resources)
    reasons = [f"with_params: {', '.join(params)}"] if params else []
    return (*reasons, f"using: {', '.join(resources)}") if resources else reasons


def _extension(old: Extension[Any, Any], new: Extension[Any, Any]) -> Sequence[str]:
    """Its fields; workflows in them, as parts of its meaning, only where that is the same."""
    alike = old.meaning == new.meaning
    names = dict.fromkeys((*field_names(type(old)), *field_names(type(new))))
    pairs = [(name, getattr(old, name, None), getattr(new, name, None)) for name in names]
    fields = [
        f"{name} {_value(was)} → {_value(now)}"
        for name, was, now in pairs
        if _differ(was, now, alike)
    ]
    word = new.word or type(new).__name__
    return (f"{word}: {', '.join(fields)}",) if fields else ()


def _differ(was: object, now: object, alike: bool) -> bool:
    mine, theirs = workflows_in(was), workflows_in(now)
    if mine and theirs:
        return alike and (field_plain(was), *mine) != (field_plain(now), *theirs)
    return encode(field_plain(was)) != encode(field_plain(now))


def _value(value: object) -> str:
    if isinstance(value, It | Expr):
        return predicate(expr_of(value) if isinstance(value, It) else value)
    if isinstance(value, bool | int | float | str | bytes):
        return short_source(value)
    return short_duration(value) if isinstance(value, timedelta) else printable(repr(value))[:80]
