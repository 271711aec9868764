"""What does a task on Airflow do? It looks at what came, asks the worker, and says how it ended.

Nothing here knows Airflow: what came is asked of a function, and who calls says what becomes of
the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast, final

from fwf.algebra.traverse import fold
from fwf.forms.scalar_form import Json
from fwf.interpreters.engines.airflow.steps import (
    Came,
    Either,
    Had,
    Light as Light,
    Question,
    Source,
    Step,
    came_of,
    parts_of,
)
from fwf.records import record

Context: TypeAlias = dict[str, Any]
"""What the worker answers: how far the run has come."""
Ask: TypeAlias = Callable[[Mapping[str, Any]], Context]
"""Asks the worker."""
Pull: TypeAlias = Callable[[str, str], Json]
"""A task, a key ⟶ what it has handed on by that."""
ABSENT: Final[Mapping[str, Json]] = {"absent": True}
"""What a task hands on that isn't in the arm that was taken."""
CAME: Final = "fwf"
"""The key by which a context is handed on."""
CHUNK: Final = 32
"""Items are handed on so many at a time, so that no task reads all of them."""
COUNT: Final = "count"
"""Beside the context of a task that lists items: how many."""
_NOTHING: Final = {"text": "null"}
_HAD: Final[Context] = {"out": {"word": "ok", "to": "", "wait": 0, "value": _NOTHING}}


@final
class Missing(Exception):
    """A task has handed nothing on."""

    def __init__(self, task: str) -> None:
        super().__init__(
            f"{task} has handed nothing on: it was marked as done by hand, or its XComs were "
            "deleted; clear it, so that it runs"
        )


@final
@record()
class Ended:
    """How a task ended.

    "ok", with a context to hand on, and the items if it lists some; "absent": it isn't in the arm
    that was taken; "failed"; "again", in so many whole seconds.
    """

    how: Literal["ok", "absent", "failed", "again"]
    context: Context
    items: Sequence[Json] = ()

    @property
    def wait(self) -> int:
        """Seconds until it is tried again."""
        return cast(int, self.context["out"]["wait"])


def done(step: Step, pull: Pull, ask: Ask, *, again: Context | None = None) -> Ended:
    """A task of one piece of work, of a choice, or that hands something on.

    again: what the worker answered to the try before, if it is to be tried again.
    """
    assert step.given is not None, "only what begins goes on from nothing"
    context = came(step.given, pull, ask)
    return _asked(step, context, ask, again)


def listed(step: Step, pull: Pull, ask: Ask, most: int) -> Ended:
    """A task that lists items, of which Airflow takes so many at most."""
    assert step.given is not None, "only what begins goes on from nothing"
    context = came(step.given, pull, ask)
    end = _asked(step, context, lambda call: ask({**call, "most": most}), None)
    if end.how != "ok":
        return end
    out = dict(end.context["out"])
    items = out.pop("items", [])
    if out["word"] == "items":
        out["value"] = _NOTHING  # the list, which nobody reads any more
    return Ended("ok", {**end.context, "out": out, COUNT: len(items)}, items)


def item_done(step: Step, at: int, pull: Pull, ask: Ask, *, again: Context | None = None) -> Ended:
    """A task that does one item, by its number. Where failures are values, it always ends well."""
    assert step.mapped is not None, "only what is mapped does items"
    spread = step.mapped.spread
    context = _handed(pull, spread)
    if context is None:
        return Ended("absent", {})
    del context[COUNT]
    item = _chunk(pull, spread, at // CHUNK)[at % CHUNK]
    out = {"word": "ok", "to": "", "wait": 0, "value": item["value"]}
    end = _asked(step, {**context, "item": item, "out": out}, ask, again)
    if end.how == "failed" and step.mapped.collects and _word(end.context) != "held":
        return Ended("ok", end.context)
    return end


def gathered(step: Step, pull: Pull, ask: Ask, item: Callable[[int], Json]) -> Ended:
    """A task that puts together what items gave, or does all of them if they are too many.

    item: from an item's number to how it ended.
    """
    spread = cast(Came, step.given).task
    context = _handed(pull, spread)
    if context is None:
        return Ended("absent", {})
    count = context.pop(COUNT)
    if _word(context) == "block":
        assert step.whole is not None, "what gathers can do all by itself"
        return _judged(ask(step.whole.on(context)))
    items = [each for n in range(-(-count // CHUNK)) for each in _chunk(pull, spread, n)]
    parts = [_there(item(at), f"{step.behind[0]}[{at}]") for at in range(count)]
    context = {**context, "out": {**_out(context), "items": items}}
    return _judged(ask(_call(step).on(context, parts=parts)))


def begun(step: Step, ask: Ask, start: Mapping[str, Json]) -> Ended:
    """The task that begins a run, from what a person or the scheduler starts it with."""
    return _judged(ask(_call(step).on(start)))


def _asked(step: Step, context: Context | None, ask: Ask, again: Context | None) -> Ended:
    if context is None:
        return Ended("absent", {})
    if _failed(context) or step.call is None:
        return _judged(context)
    slot = "" if step.retried is None else step.retried.slot
    if slot:
        remembered = _out(context) if again is None else again["scope"][slot]
        context = {**context, "scope": {**context["scope"], slot: remembered}}
        if again is not None:
            context["out"] = {**_out(context), "begun": _out(again).get("begun", {})}
    answer = ask(step.call.on(context))
    if slot and _failed(answer) and _out(answer)["to"] == slot:
        return Ended("again", answer)
    return _judged(answer)


def _call(step: Step) -> Question:
    assert step.call is not None, "only what hands on what came asks nothing"
    return step.call


def _judged(context: Context) -> Ended:
    return Ended("failed" if _failed(context) else "ok", context)


# What came


def came(source: Source, pull: Pull, ask: Ask) -> Context | None:
    """What a task goes on from; None if it isn't in the arm that was taken. Explicit stack.

    Raises `Missing` where a task has handed nothing on.
    """
    handed = {each.task: None for each in came_of(source)}
    there = {task: _handed(pull, task) for task in handed}

    def step(each: Any, parts: tuple[Context | None, ...]) -> Context | None:
        match each:
            case Came():
                context = there[each.task]
                return context if context is None or each.word in ("", _word(context)) else None
            case Either():
                return next((part for part in parts if part is not None), None)
            case Had():
                return _HAD
            case _:
                return _made(each, parts, ask)

    context: Context | None = fold(cast(Any, step), cast(Any, source), parts_of=cast(Any, parts_of))
    return context


def _made(light: Light, contexts: tuple[Context | None, ...], ask: Ask) -> Context | None:
    context, *others = contexts
    if context is None or _failed(context):
        return context
    if not light.parts:
        return ask(light.call.on(context))
    parts = [_there(each, light.call.visit.path) for each in others]
    if light.call.do == "pick":  # what a step takes has failed, and so does whoever is it
        for each in filter(_failed, parts):
            return each
    return ask(light.call.on(context, parts=[*map(_out, parts)]))


def _handed(pull: Pull, task: str) -> Context | None:
    """What a task has handed on; None if it wasn't in the arm that was taken."""
    context = _there(pull(task, CAME), task)
    return None if "absent" in context else context


def _there(context: Any, task: str) -> Context:
    if context is None:
        raise Missing(task)
    return cast(Context, context)


def _chunk(pull: Pull, task: str, number: int) -> list[Any]:
    items: Any = pull(task, chunk_key(number))
    if items is None:
        raise Missing(task)
    return cast("list[Any]", items)


def chunk_key(number: int) -> str:
    """The key by which items are handed on."""
    return f"{CAME}-items-{number}"


def chunks(items: Sequence[Json]) -> dict[str, list[Json]]:
    """Items ⟶ what is handed on of them, by key."""
    firsts = range(0, len(items), CHUNK)
    return {chunk_key(at // CHUNK): list(items[at : at + CHUNK]) for at in firsts}


def _out(context: Mapping[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", context["out"])


def _word(context: Mapping[str, Any]) -> str:
    return cast(str, _out(context)["word"])


def _failed(context: Mapping[str, Any]) -> bool:
    return _word(context) in ("up", "held")
