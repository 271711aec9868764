"""From a call to its answer: a verb is done for one part, and the context goes on.

An engine that runs a workflow's parts as its own tasks is told nothing of what they mean. What
needs a thought is decided here, and answered with a word: the arm of a branch, whether there is
another round, which items there are, who takes a failure up and how long that waits. So an engine
only routes, and all of them mean the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn, cast

from returns.result import Success

from fwf.algebra.evaluation import defect, evaluate, test
from fwf.algebra.expr import argument
from fwf.algebra.nodes import Always, AsResult, Branch, LoopUntil, WithParams
from fwf.analysis.bindings import expected_types, unfit
from fwf.faults import Exhausted, Failed, then
from fwf.forms.refusal import Refused
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.worker.begin import begin_run, places_in
from fwf.interpreters.engines.worker.call import Call, Verb, call_from_json
from fwf.interpreters.engines.worker.call_forms import (
    Deadline,
    Unclear,
    clear,
    values_to_json,
)
from fwf.interpreters.engines.worker.called_part import Here, Unkept
from fwf.interpreters.engines.worker.context import (
    END,
    Context,
    Outcome,
    context_from_json,
    context_to_json,
    held_by,
    outcome_from_json,
)
from fwf.interpreters.engines.worker.joining import end, gather, join, pick
from fwf.interpreters.engines.worker.loading import Loaded, Unloadable, loaded
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.engines.worker.spread import spread
from fwf.interpreters.engines.worker.unwind import unwind
from fwf.interpreters.engines.worker.work import Order, Places, places_at, run_order
from fwf.interpreters.run import Clock, Observe, SystemClock
from fwf.journal.values import Unwritable
from fwf.machine.part import NoPart
from fwf.records import changed

REFUSED: Final = "Refused"
"""The tag of a fault that says why nothing was begun."""


def answer_call(
    form: Json,
    *,
    load: Callable[[str], Loaded] = loaded,
    places: Places | None = None,
    clock: Clock | None = None,
    observe: Observe | None = None,
    gone: datetime | None = None,
) -> dict[str, Json]:
    """A call, as JSON ⟶ the context that goes on, as JSON; raises `Unclear` for what is no call.

    load: from the name of a workflow to it.
    places: where claims and large values are kept; if None, where the run says.
    gone: when the worker is surely gone.
    """
    call = call_from_json(form)
    context = clear(lambda: _answered(call, load, places, clock or SystemClock(), observe, gone))
    return cast("dict[str, Json]", context_to_json(context))


def _answered(
    call: Call,
    load: Callable[[str], Loaded],
    places: Places | None,
    clock: Clock,
    observe: Observe | None,
    gone: datetime | None,
) -> Context:
    context = None if call.do == "begin" else context_from_json(call.given, "/in").under_way()
    own: Places | None = None
    try:
        if places is None:
            store, claims = (
                places_in(call.given)
                if context is None
                else (context.run.store, context.run.claims)
            )
            own = places = places_at(store, claims)
        there = load(call.target)
        if context is None:
            return begin_run(call, there, places.blobs)
        here = Here(call, context, there, places.blobs, clock)
        if call.do == "run":
            return _run(here, places, observe, gone)
        return _VERBS[call.do](here)
    except (NoPart, StoreError, Unkept, Unloadable) as error:
        if context is None:
            raise Unclear(f"{call.target}: {error}") from error
        return context.giving(_refusal(call, f"{call.target}: {error}"))
    finally:
        if own is not None and own.claims is not None:
            own.claims.close()


def _refusal(call: Call, message: str) -> Outcome:
    """Nothing goes on before a person has looked: it isn't the work that has failed."""
    return held_by(Failed(call.path, (REFUSED,), message))


def _run(here: Here, places: Places, observe: Observe | None, gone: datetime | None) -> Context:
    """An engine task, by our own runner."""
    number = here.begin()
    run, out = here.context.run, here.context.out
    if out.value is None:
        raise Refused("/in/out", "there is a fault, where a value is expected")
    order = Order(
        under=run.under,
        value=out.value,
        params=run.params,
        bindings=here.bindings,
        tries=here.tries,
        attempt=number,
        deadline=_deadline(run.deadline, here.call.again),
        gone=gone,
        limit=here.call.limit,
        again=here.call.again,
    )
    answer = run_order(order, here.part, here.there, places, here.clock, observe)
    if answer.value is not None:
        return here.context.giving(here.fine(answer.value, (*out.degraded, *answer.degraded)))
    assert answer.fault is not None
    if answer.how == "held":
        return here.hold(answer.fault)
    return unwind(here, answer.fault, cut=answer.how == "cut")


def _deadline(deadline: Deadline | None, again: int) -> Deadline | None:
    """The deadline of a run; of what people have done anew, as long from now on."""
    if deadline is None or not again:
        return deadline
    return changed(deadline, at=datetime.now(UTC) + deadline.within)


def _choose(here: Here) -> Context:
    """The arm of a branch that is taken."""
    node = here.part.node
    if not isinstance(node, Branch):
        _refuse(here, "a branch")
    holds = _tested(here, node.predicate)
    if isinstance(holds, BaseException):
        return unwind(here, here.in_words(defect(here.enclosing_path(), holds)))
    return here.context.giving(changed(here.context.out, word="then" if holds else "otherwise"))


def _loop(here: Here) -> Context:
    """Whether there is another round."""
    node, visit, out = here.part.node, here.part.visit, here.context.out
    if not isinstance(node, LoopUntil):
        _refuse(here, "a loop_until")
    if here.call.enter:
        here.note(visit, {"n": 1, "since": time.time_ns() // 1000})
        return here.context.giving(changed(out, word="ok"))
    holds = _tested(here, node.done)
    if isinstance(holds, BaseException):
        return unwind(here, here.in_words(defect(here.path(), holds)))
    memory = here.context.of(here.slot())
    number = cast(int, memory["n"])
    if holds or (_is_last(node, number, memory) and node.on_limit == "stop"):
        return here.context.giving(changed(out, word="ok"))
    if _is_last(node, number, memory):
        return unwind(here, here.in_words(Exhausted(here.path(), number)))
    here.note(visit, {**memory, "n": number + 1})
    return here.context.giving(changed(out, word="again"))


def _is_last(node: LoopUntil[Any, Any], number: int, memory: Mapping[str, Json]) -> bool:
    """Whether a loop has no round left, or no time."""
    if number >= node.limit or node.within is None:
        return number >= node.limit
    since = cast(int, memory.get("since", 0))
    return timedelta(microseconds=time.time_ns() // 1000 - since) > node.within


def _tested(here: Here, predicate: Any) -> bool | BaseException:
    value, params = here.value, here.params
    try:
        return test(predicate, value, params)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever somebody's class raises
        return error


def _bind(here: Here) -> Context:
    """The values of the parameters that are computed for a part."""
    node = here.part.node
    if not isinstance(node, WithParams):
        _refuse(here, "a with_params")
    values: dict[str, Any] = {}
    value, params = here.value, here.params
    for name, expr in node.computed:
        try:
            values[name] = evaluate(expr, value, params)
            continue
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever somebody's class raises
            problem = error
        place = f"with_params({name}={argument(expr)}): "
        return unwind(here, here.in_words(defect(here.path(), problem, place)))
    wrong = unfit(node, values, expected_types(node))
    if wrong:
        return unwind(here, here.bad_input(wrong))
    try:
        form = values_to_json({name: here.pack(each) for name, each in values.items()})
    except Unwritable as error:
        return unwind(here, Failed(here.path(), ("Unwritable", "Defect"), str(error)))
    here.note(here.part.visit, {"bound": form})
    return here.context.giving(changed(here.context.out, word="ok"))


def _wrap(here: Here) -> Context:
    """A value as a result."""
    if not isinstance(here.part.node, AsResult):
        _refuse(here, "an as_result")
    return here.ok(Success(here.value))


def _settle(here: Here) -> Context:
    """How a part with a finaliser ended, now that this has ended, too."""
    if not isinstance(here.part.node, Always):
        _refuse(here, "an always")
    late, name = here.context.out, here.slot() + END
    before = outcome_from_json(here.context.of(name), f"/in/scope/{name}")
    here.count((before, late))
    paths = tuple(dict.fromkeys((*before.degraded, *late.degraded)))
    here.context = here.context.giving(changed(before, degraded=paths))
    if "held" in (late.word, before.word):
        on_hold = late if late.word == "held" else before
        return here.hold(here.fault_of(on_hold))
    if late.fault is None and before.value is not None:
        return here.context.giving(changed(here.context.out, word="ok", to="", wait=0))
    if late.fault is None:
        return unwind(here, here.fault_of(before), cut=before.cut)
    fault = here.fault_of(late)
    if before.fault is not None:
        fault = then(here.fault_of(before), fault)
    return unwind(here, fault, cut=before.cut or late.cut)


def _refuse(here: Here, word: str) -> NoReturn:
    raise Refused("/do", f"{here.call.do} is for {word}, and {here.path()} is none")


_VERBS: Final[Mapping[Verb, Callable[[Here], Context]]] = {
    "choose": _choose,
    "bind": _bind,
    "spread": spread,
    "gather": gather,
    "join": join,
    "loop": _loop,
    "wrap": _wrap,
    "settle": _settle,
    "pick": pick,
    "end": end,
}
