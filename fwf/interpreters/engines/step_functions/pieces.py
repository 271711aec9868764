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
from fwf.interpreters.engines.step_functions.calls import (
    Facts,
    Steps,
    Way,
    call_states,
    catch_state,
)
from fwf.interpreters.engines.step_functions.fans import graph, is_rated, map_each, par
from fwf.interpreters.engines.worker.packed_values import values_of

MARGIN: Final = 60
"""Seconds by which a net is behind the deadline that the worker keeps."""


def states_of(facts: Facts, first: Way) -> str:
    """The states of a piece, into its scope ⟶ that which it begins with. Explicit stack."""
    return trampoline(partial(_steps, facts), first)


def _steps(facts: Facts, way: Way) -> Steps:
    """The states of one piece; it asks for those of its parts."""
    if isinstance(way.here.piece, EngineTask):
        return _task(facts, way)
    node: Any = way.here.piece.node
    match node:
        case Seq():
            return _seq(way)
        case Par():
            return par(facts, way)
        case Graph():
            return graph(facts, way)
        case MapEach():
            return map_each(facts, way)
        case _:
            return _WRITERS[type(node)](facts, way) if type(node) in _WRITERS else _task(facts, way)


def _task(facts: Facts, way: Way) -> Steps:
    """What the worker runs."""
    yield from ()
    return call_states(facts, way, "run", [("ok", way.next)])


def _seq(way: Way) -> Steps:
    following = way.next
    for part in reversed(way.here.parts()):
        following = yield way._replace(here=part, next=following)
    return following


def _through(facts: Facts, way: Way) -> Steps:
    """What is nothing by itself."""
    return (yield way._replace(here=way.here.parts()[0]))


def _in_pool(facts: Facts, way: Way) -> Steps:
    """A pool around steps that go one after another; nothing here counts starts in a time."""
    if is_rated(facts, way.here.piece.node):
        return call_states(facts, way, "run", [("ok", way.next)])
    return (yield way._replace(here=way.here.parts()[0]))


def _value(facts: Facts, way: Way) -> Steps:
    """An expression that needs no thought: the value itself, or what it is given."""
    yield from ()
    expr = cast("Pure[Any, Any]", way.here.piece.node).expr
    if isinstance(expr, Input):
        return way.next
    name = facts.name(way.here, "value")
    names = names_in(cast(Any, way.here.piece.node))
    text, _ = values_of(names, None).settle(cast("Const", expr).value)
    way.scope.states.append(asl.put(name, {"text": text}, "$.out.value", way.next))
    return name


def _delay(facts: Facts, way: Way) -> Steps:
    yield from ()
    name = facts.name(way.here, "")
    seconds = seconds_of(cast("Delay[Any, Any]", way.here.piece.node).duration)
    way.scope.states.append(asl.state(name, "Wait", {"Seconds": seconds, "Next": way.next}))
    return name


def _with_params(facts: Facts, way: Way) -> Steps:
    body = yield way._replace(here=way.here.parts()[0])
    if not cast("WithParams[Any, Any]", way.here.piece.node).computed:
        return body
    return call_states(facts, way, "bind", [("ok", body)])


def _timeout(facts: Facts, way: Way) -> Steps:
    """Of a task that which the worker keeps to, and a net behind it; of the whole all of them."""
    node = cast("Timeout[Any, Any]", way.here.piece.node)
    if task_in(node.body) is None:
        return (yield way._replace(here=way.here.parts()[0]))
    seconds = min(asl.SECONDS, seconds_of(node.within) + MARGIN)
    return call_states(facts, way, "run", [("ok", way.next)], seconds=seconds)


def _branch(facts: Facts, way: Way) -> Steps:
    then, otherwise = way.here.parts()
    first = yield way._replace(here=then)
    other = yield way._replace(here=otherwise)
    return call_states(facts, way, "choose", [("then", first), ("otherwise", other)])


def _loop(facts: Facts, way: Way) -> Steps:
    node = cast("LoopUntil[Any, Any]", way.here.piece.node)
    name = facts.name(way.here, "loop")
    body = yield way._replace(here=way.here.parts()[0], next=name)
    call_states(facts, way, "loop", [("again", body), ("ok", way.next)], name=name)
    if node.within is not None:
        return call_states(facts, way, "loop", [("ok", body)], role="enter", enter=True)
    enter = facts.name(way.here, "enter")
    way.scope.states.append(asl.put(enter, {"n": 1}, f"$.scope.{facts.slot(way.here)}", body))
    return enter


def _retry(facts: Facts, way: Way) -> Steps:
    if cast("Retry[Any, Any]", way.here.piece.node).attempts == 1:
        return (yield way._replace(here=way.here.parts()[0]))
    wait = facts.name(way.here, "wait")
    failed = catch_state(facts, way, wait)
    body = yield way._replace(here=way.here.parts()[0], fail=failed)
    fields = {"SecondsPath": "$.out.wait", "Next": body}
    way.scope.states.append(asl.state(wait, "Wait", fields))
    return _keep_input(facts, way, body)


def _fallback(facts: Facts, way: Way) -> Steps:
    body, other = way.here.parts()
    instead = yield way._replace(here=other)
    failed = catch_state(facts, way, instead)
    return _keep_input(facts, way, (yield way._replace(here=body, fail=failed)))


def _as_result(facts: Facts, way: Way) -> Steps:
    wrap = call_states(facts, way, "wrap", [("ok", way.next)])
    failed = catch_state(facts, way, way.next)
    return (yield way._replace(here=way.here.parts()[0], next=wrap, fail=failed))


def _always(facts: Facts, way: Way) -> Steps:
    """A finaliser begins with what the part was given, whichever way that ended."""
    body, last = way.here.parts()
    at = f"$.scope.{facts.slot(way.here)}"
    settle = call_states(facts, way, "settle", [("ok", way.next)])
    late = catch_state(facts, way, settle, "late", "e")
    begin = yield way._replace(here=last, next=settle, fail=late)
    failed = catch_state(facts, way, begin)
    note, back = facts.name(way.here, "ended"), facts.name(way.here, "back")
    way.scope.states.append(asl.copied(back, at, "$.out", begin))
    way.scope.states.append(asl.copied(note, "$.out", f"{at}e", back))
    return _keep_input(facts, way, (yield way._replace(here=body, next=note, fail=failed)))


def _keep_input(facts: Facts, way: Way, body: str) -> str:
    """What a handler is given is kept for when it is needed, before its body."""
    name = facts.name(way.here, "keep")
    at = f"$.scope.{facts.slot(way.here)}"
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
