"""The nodes of a plan: of each the fields that it is written with, read from, and described by."""

# The functions that make nodes, expressions and schedules take fields of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from typing import Any, get_args

from pyrsistent import pvector

from fwf.algebra import wiring
from fwf.algebra.builder import It
from fwf.algebra.expr import type_of
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Branch,
    Delay,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    OnError,
    OnLimit,
    Par,
    Pure,
    Retry,
    Seq,
    Step,
    Task,
    Timeout,
    WithParams,
)
from fwf.combinators import always, branch, fail, fallback, loop_until, map_each, named, par
from fwf.forms.json_schema import INTEGER, array, either, members
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import Json, is_object, read_text, read_whole, write_text
from fwf.interpreters.plan.extension_form import EXTENSION
from fwf.interpreters.plan.form import (
    Field,
    Form,
    ObjectForm,
    choice,
    itself,
    optional,
    scalar,
    several,
)
from fwf.interpreters.plan.part_form import BINDINGS, EXPRESSION, PARAMETERS, PART, TASK
from fwf.interpreters.plan.plain_forms import DURATION, FLAG, POSITIVE, TAGS, TEXT, name
from fwf.interpreters.plan.schedule_form import SCHEDULE
from fwf.types import hints, table_types
from fwf.types.hints import ANY, SAME

MAX_ARITY = 10_000
"""How many inputs a graph may have."""


def _fitting(parts: tuple[Node, ...], at: str) -> Any:
    """Parts one after another, of which each can take what the one before gives."""
    for i in range(1, len(parts)):
        _check_edge(parts[i - 1], parts[i], f"{at}/{i}")
    return pvector(parts)


def _check_edge(left: Node, right: Node, at: str) -> None:
    """Raise unless the right part can take what the left one gives.

    Where that is only passed on, `>>` may know more or less, depending on what was put together
    first; so it isn't asked here.
    """
    output, wanted = left.edge.gives, right.edge.accepts
    if output is SAME or output is ANY:
        return
    if not hints.compatible(output, wanted):
        message = f"takes {hints.name_of(wanted)}, but is given {hints.name_of(output)}"
        raise Refused(at, message + table_types.in_brackets(output, wanted))
    for probe in right.edge.probes:
        type_of(probe, output)


# Graphs

_PLACE = Form(itself, itself, INTEGER)
"""The number of a step, or of an input; `_check_places` knows which there are."""
STEP = ObjectForm(
    Step, "A step of a graph.", body=PART, inputs=several(_PLACE), after=several(_PLACE)
).form("step")


def _read_arity(json: Json, at: str) -> int:
    arity = read_whole(json, at, 0)
    if arity > MAX_ARITY:
        raise refused(at, arity, f"a number of inputs, at most {MAX_ARITY:,},")
    return arity


_ARITY = scalar(_read_arity, itself, {**INTEGER, "minimum": 0, "maximum": MAX_ARITY})
_OUTPUTS = scalar(
    lambda json, _: tuple(json) if type(json) is list else json,
    itself,
    either(INTEGER, array(INTEGER)),
)


def _check_places(
    at: str, steps: tuple[Step, ...], outputs: int | tuple[int, ...], arity: int
) -> None:
    """Raise for a number that is none of a step before, or of an input."""
    for i, step in enumerate(steps):
        for field, numbers in (("inputs", step.inputs), ("after", step.after)):
            for j, number in enumerate(numbers):
                _check_place(number, f"{at}/steps/{i}/{field}/{j}", i, arity)
    if not isinstance(outputs, tuple):
        return _check_place(outputs, f"{at}/outputs", len(steps), arity)
    for j, number in enumerate(outputs):
        _check_place(number, f"{at}/outputs/{j}", len(steps), arity)


def _check_place(number: Json, at: str, before: int, arity: int) -> None:
    if not wiring.is_place(number, before, arity):
        raise refused(at, number, wiring.places(before, arity))


# Messages and bindings


def _named_by_texts(bindings: Any, at: str) -> Any:
    if all(isinstance(key, str) for key in bindings):
        return bindings
    raise Refused(at, "names are texts")


def _read_message(json: Json, at: str, reading: Any, depth: int) -> Any:
    if is_object(json) and json.keys() == {"expr"}:
        return It(EXPRESSION.read(json["expr"], f"{at}/expr", reading, depth))
    return read_text(json, at)


def _write_message(message: Any, writing: Any) -> Json:
    if isinstance(message, str):
        return write_text(message)
    return {"expr": EXPRESSION.write(message, writing)}


_MESSAGE = Form(
    _read_message,
    _write_message,
    either(TEXT.used, members("What an expression gives.", {"expr": EXPRESSION.used})),
)


# All of them

_KINDS = (
    ObjectForm(
        Task,
        "Work that touches the world: the task of this number.",
        lambda task: task,
        node="task",
        task=Field(TASK, "task", itself),
    ),
    ObjectForm(Pure, "An expression over the input.", node="pure", expr=EXPRESSION),
    ObjectForm(Fail, "Fails with a declared error.", fail, node="fail", tag=TEXT, message=_MESSAGE),
    ObjectForm(Delay, "Time passes, the value stays.", node="delay", duration=DURATION),
    ObjectForm(FromResult, "The value of a result, or its fault.", node="from_result"),
    ObjectForm(
        Seq,
        "One part after another, each fed the output of the one before.",
        node="seq",
        parts=several(PART).then(_fitting),
    ),
    ObjectForm(
        Par,
        "All parts at once on one input; a tuple of their results.",
        lambda parts, fail_fast: par(*parts, fail_fast=fail_fast),
        node="par",
        parts=several(PART),
        fail_fast=FLAG,
    ),
    ObjectForm(
        Branch,
        "One arm or the other, by a predicate on the current value.",
        lambda predicate, then, otherwise: branch(It(predicate), then=then, otherwise=otherwise),
        node="branch",
        predicate=EXPRESSION,
        then=PART,
        otherwise=PART,
    ),
    ObjectForm(
        LoopUntil,
        "The body at least once, each round fed the last round's output, until done.",
        lambda body, done, **limits: loop_until(body, It(done), **limits),
        node="loop_until",
        body=PART,
        done=EXPRESSION,
        limit=POSITIVE,
        within=optional(DURATION),
        on_limit=choice(*get_args(OnLimit)),
    ),
    ObjectForm(
        MapEach,
        "The body on each item of a list.",
        lambda body, key, **how: map_each(body, key=None if key is None else It(key), **how),
        node="map_each",
        body=PART,
        key=optional(EXPRESSION),
        at_once=optional(POSITIVE),
        on_error=choice(*get_args(OnError)),
    ),
    ObjectForm(
        Graph,
        "A directed acyclic graph: a step starts when those in its inputs and after are done; "
        "-1 - i is the graph's own i-th input.",
        Graph,
        _check_places,
        node="graph",
        steps=several(STEP),
        outputs=_OUTPUTS,
        arity=_ARITY,
    ),
    ObjectForm(
        Retry,
        "Again from the same input when it fails with a matching error, after a wait.",
        node="retry",
        body=PART,
        attempts=POSITIVE,
        wait=SCHEDULE,
        on=TAGS,
    ),
    ObjectForm(
        Timeout, "Fails when it isn't done in time.", node="timeout", body=PART, within=DURATION
    ),
    ObjectForm(
        Fallback,
        "Another way, from the same input, when the first fails with a matching error.",
        lambda body, handler, on: fallback(body, handler, on=on),
        node="fallback",
        body=PART,
        handler=PART,
        on=TAGS,
    ),
    ObjectForm(
        Always,
        "A finaliser: after success, failure and interruption alike.",
        lambda body, finaliser: always(body, then=finaliser),
        node="always",
        body=PART,
        finaliser=PART,
    ),
    ObjectForm(
        AsResult,
        "A part that never fails: it gives its result, or its fault, as a value.",
        node="as_result",
        body=PART,
    ),
    ObjectForm(
        WithParams,
        "Binds parameters, and renames resources, for a part.",
        node="with_params",
        body=PART,
        params=PARAMETERS.then(_named_by_texts),
        resources=BINDINGS.then(_named_by_texts),
    ),
    ObjectForm(
        InPool,
        "A named pool bounds how much of this runs at once.",
        node="in_pool",
        body=PART,
        pool=TEXT,
    ),
    ObjectForm(
        Named,
        "A segment of paths; the notes are for people.",
        lambda name, body, notes: named(name, body, **notes),
        node="named",
        name=name("a part"),
        body=PART,
        notes=BINDINGS,
    ),
    EXTENSION,
)
NODES: dict[str, ObjectForm] = {kind.constants["node"]: kind for kind in _KINDS}
"""By the word that a node begins with."""
