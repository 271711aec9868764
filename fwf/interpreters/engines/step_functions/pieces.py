"""Which states say which node? One function for each, and the walk that goes through them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

from fwf.algebra.expr import Const, Input
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Extension,
    Fallback,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Par,
    Pure,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import trampoline
from fwf.durations import whole_seconds
from fwf.forms.mentioned import names_in
from fwf.interpreters.engines.cut import EngineTask
from fwf.interpreters.engines.features import task_in
from fwf.interpreters.engines.step_functions import asl
from fwf.interpreters.engines.step_functions.calls import Steps, Told, Way, called, caught
from fwf.interpreters.engines.step_functions.fans import graph, is_rated, map_each, par
from fwf.interpreters.engines.worker.packed_values import values_of

MARGIN: Final = 60
"""Seconds by which a net is behind the deadline that the worker keeps."""


def printed(told: Told, first: Way) -> str:
    """The states of a piece, into its scope ⟶ that which it begins with. Explicit stack."""
    return trampoline(partial(_steps, told), first)


def _steps(told: Told, way: Way) -> Steps:
    """The states of one piece; it asks for those of its parts."""
    if isinstance(way.here.piece, EngineTask):
        return _task(told, way)
    node: Any = way.here.piece.node
    match node:
        case Seq():
            return _seq(way)
        case Par():
            return par(told, way)
        case Graph():
            return graph(told, way)
        case MapEach():
            return map_each(told, way)
        case _:
            return _WRITERS[type(node)](told, way) if type(node) in _WRITERS else _task(told, way)


def _task(told: Told, way: Way) -> Steps:
    """What the worker runs."""
    yield from ()
    return called(told, way, "run", [("ok", way.next)])


def _seq(way: Way) -> Steps:
    following = way.next
    for part in reversed(way.here.parts()):
        following = yield way._replace(here=part, next=following)
    return following


def _through(told: Told, way: Way) -> Steps:
    """What is nothing by itself."""
    return (yield way._replace(here=way.here.parts()[0]))


def _in_pool(told: Told, way: Way) -> Steps:
    """A pool around steps that go one after another; nothing here counts starts in a time."""
    if is_rated(told, way.here.piece.node):
        return called(told, way, "run", [("ok", way.next)])
    return (yield way._replace(here=way.here.parts()[0]))


def _value(told: Told, way: Way) -> Steps:
    """An expression that needs no thought: the value itself, or what it is given."""
    yield from ()
    expr = cast("Pure[Any, Any]", way.here.piece.node).expr
    if isinstance(expr, Input):
        return way.next
    name = told.name(way.here, "value")
    known = names_in(cast(Any, way.here.piece.node))
    text, _ = values_of(known, None).settle(cast("Const", expr).value)
    way.scope.states.append(asl.put(name, {"text": text}, "$.out.value", way.next))
    return name


def _delay(told: Told, way: Way) -> Steps:
    yield from ()
    name = told.name(way.here, "")
    seconds = seconds_of(cast("Delay[Any, Any]", way.here.piece.node).duration)
    way.scope.states.append(asl.state(name, "Wait", {"Seconds": seconds, "Next": way.next}))
    return name


def _with_params(told: Told, way: Way) -> Steps:
    body = yield way._replace(here=way.here.parts()[0])
    if not cast("WithParams[Any, Any]", way.here.piece.node).computed:
        return body
    return called(told, way, "bind", [("ok", body)])


def _timeout(told: Told, way: Way) -> Steps:
    """Of a task that which the worker keeps to, and a net behind it; of the whole all of them."""
    node = cast("Timeout[Any, Any]", way.here.piece.node)
    if task_in(node.body) is None:
        return (yield way._replace(here=way.here.parts()[0]))
    seconds = min(asl.SECONDS, seconds_of(node.within) + MARGIN)
    return called(told, way, "run", [("ok", way.next)], seconds=seconds)


def _branch(told: Told, way: Way) -> Steps:
    then, otherwise = way.here.parts()
    taken = yield way._replace(here=then)
    other = yield way._replace(here=otherwise)
    return called(told, way, "choose", [("then", taken), ("otherwise", other)])


def _loop(told: Told, way: Way) -> Steps:
    node = cast("LoopUntil[Any, Any]", way.here.piece.node)
    name = told.name(way.here, "loop")
    body = yield way._replace(here=way.here.parts()[0], next=name)
    called(told, way, "loop", [("again", body), ("ok", way.next)], name=name)
    if node.within is not None:
        return called(told, way, "loop", [("ok", body)], role="enter", enter=True)
    enter = told.name(way.here, "enter")
    way.scope.states.append(asl.put(enter, {"n": 1}, f"$.scope.{told.slot(way.here)}", body))
    return enter


def _retry(told: Told, way: Way) -> Steps:
    if cast("Retry[Any, Any]", way.here.piece.node).attempts == 1:
        return (yield way._replace(here=way.here.parts()[0]))
    wait = told.name(way.here, "wait")
    failed = caught(told, way, wait)
    body = yield way._replace(here=way.here.parts()[0], fail=failed)
    fields = {"SecondsPath": "$.out.wait", "Next": body}
    way.scope.states.append(asl.state(wait, "Wait", fields))
    return _kept(told, way, body)


def _fallback(told: Told, way: Way) -> Steps:
    body, other = way.here.parts()
    instead = yield way._replace(here=other)
    failed = caught(told, way, instead)
    return _kept(told, way, (yield way._replace(here=body, fail=failed)))


def _as_result(told: Told, way: Way) -> Steps:
    wrap = called(told, way, "wrap", [("ok", way.next)])
    failed = caught(told, way, way.next)
    return (yield way._replace(here=way.here.parts()[0], next=wrap, fail=failed))


def _always(told: Told, way: Way) -> Steps:
    """A finaliser begins with what the part was given, whichever way that ended."""
    body, last = way.here.parts()
    at = f"$.scope.{told.slot(way.here)}"
    settle = called(told, way, "settle", [("ok", way.next)])
    late = caught(told, way, settle, "late", "e")
    begin = yield way._replace(here=last, next=settle, fail=late)
    failed = caught(told, way, begin)
    note, back = told.name(way.here, "ended"), told.name(way.here, "back")
    way.scope.states.append(asl.copied(back, at, "$.out", begin))
    way.scope.states.append(asl.copied(note, "$.out", f"{at}e", back))
    return _kept(told, way, (yield way._replace(here=body, next=note, fail=failed)))


def _kept(told: Told, way: Way, body: str) -> str:
    """What a handler is given is kept for when it is needed, before its body."""
    name = told.name(way.here, "keep")
    at = f"$.scope.{told.slot(way.here)}"
    way.scope.states.append(asl.copied(name, "$.out", at, body))
    return name


def seconds_of(duration: timedelta) -> int:
    """As many as it takes, and no more than can be said: an execution is over before that."""
    return min(asl.MOST_SECONDS, whole_seconds(duration))


_WRITERS: Final[Mapping[type[Any], Any]] = {
    Pure: _value,
    Delay: _delay,
    Named: _through,
    Extension: _through,
    InPool: _in_pool,
    WithParams: _with_params,
    Timeout: _timeout,
    Branch: _branch,
    LoopUntil: _loop,
    Retry: _retry,
    Fallback: _fallback,
    AsResult: _as_result,
    Always: _always,
}
