"""How does a run begin on an engine? From what a person starts it with, checked as a whole."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pyrsistent import PMap, pmap

from fwf.algebra.nodes import Extension, Named, Timeout, WithParams
from fwf.algebra.traverse import Visit, visit
from fwf.analysis.requirements import Requirement, Requirements, problems
from fwf.analysis.run_keys import RunName
from fwf.faults import BadInput, Fault, both
from fwf.forms.by_type.given_texts import Unreadable, example, read
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import Json, is_object, read_text, read_whole
from fwf.interpreters.engines.features import task_in
from fwf.interpreters.engines.worker.call import Call
from fwf.interpreters.engines.worker.call_forms import Deadline, fault_to_text, moment_from_json
from fwf.interpreters.engines.worker.context import Context, Outcome, RunFacts, fault_said
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.packed_values import NONE, Blobs, Inline, Packed, values_of
from fwf.interpreters.run.ids import run_id
from fwf.interpreters.run.single_part import Under
from fwf.journal.values import Unwritable
from fwf.types.aliases import ANY
from fwf.types.fitting import fits

STORE: Final = "FWF_STORE"
CLAIMS: Final = "FWF_CLAIMS"
"""Variables of the worker's environment: where large values go, and claims, unless a start says."""
_FIELDS: Final = (
    "params", "value", "key", "generation", "id", "started", "store", "claims",
)  # fmt: skip


def places_in(form: Json) -> tuple[str, str]:
    """What a run is started with ⟶ where it keeps large values, and claims; empty for nowhere."""
    fields = _fields(form)
    store, claims = (
        read_text(fields[name], f"/in/{name}") if fields.get(name) else os.environ.get(variable, "")
        for name, variable in (("store", STORE), ("claims", CLAIMS))
    )
    return store, claims


def begin_run(call: Call, there: Loaded, blobs: Blobs | None) -> Context:
    """What a run is started with ⟶ its first context; or with all that is wrong, a fault.

    `params` are by name what `--param` takes, as a text, or JSON; `value` the input; `key` names
    the run in place of its parameters; `generation` counts how often it is done anew.
    """
    fields = _fields(call.given)
    store, claims = places_in(call.given)
    messages: list[str] = []
    params = _params(fields.get("params"), there.required, messages)
    value = _value(fields, there, messages)
    messages += [
        issue.message
        for issue in problems(there.required, params, there.resources)
        if issue.rule != "missing-parameter" or not messages
    ]
    started = _started(fields)
    name = RunName(there.required, params, value, _key(fields))
    name = name.again(_number(fields)) if _number(fields) > 1 else name
    messages += [issue.message for issue in name.problems()]
    value_form, params_forms = _pack(params, value, there, blobs, messages)
    id_ = fields.get("id")
    run = RunFacts(
        Under.of(name, run_id(started) if id_ is None else read_text(id_, "/in/id"), started),
        params_forms,
        _deadline(there) if call.timed else None,
        store,
        claims,
    )
    if not messages:
        return Context(run, pmap(), Outcome(value=value_form))
    fault: Fault = both(BadInput("", each) for each in dict.fromkeys(messages))
    text = Inline(fault_to_text(fault, 0))
    return Context(run, pmap(), Outcome("up", value=None, fault=text, said=fault_said(fault)))


def _fields(form: Json) -> dict[str, Json]:
    if form is None:
        return {}
    if not is_object(form):
        raise refused("/in", form, f"an object with some of {', '.join(_FIELDS)}")
    for name in form:
        if name not in _FIELDS:
            raise Refused(under("/in", name), f"is no field here; {', '.join(_FIELDS)} are")
    return form


def _params(form: Json, required: Requirements, messages: list[str]) -> dict[str, Any]:
    """The parameters by their types; what can't be read is told together."""
    if form is None:
        return {}
    if not is_object(form):
        raise refused("/in/params", form, "an object")
    by_name = {each.name: each for each in (*required.parameters, *required.unknown)}
    values: dict[str, Any] = {}
    for name, text in form.items():
        each = by_name.get(name)
        if each is None:
            values[name] = text  # which `problems` tells, with what was meant
            continue
        try:
            values[name] = _param(each, text)
        except Unreadable as error:
            more = error.told(name)
            kind = (each.types or (str,))[0]
            message = f"parameter {name!r}: {text!r} can't be read; such as {example(kind)!r}"
            messages.append(f"{message}{more and f'; {more}'}")
    return values


def _param(each: Requirement, form: Json) -> Any:
    """The value of a parameter: of the first of its types that gives one which fits all."""
    kinds = each.types or (ANY,)
    refusal = Unreadable()
    for kind in kinds:
        try:
            value = _read(form, kind)
        except Unreadable as error:
            refusal = error
            continue
        if all(fits(value, other) for other in kinds):
            return value
    raise refusal


def _read(form: Json, kind: Any) -> Any:
    """JSON ⟶ the value of a type: a text as after `--param`, other JSON as what it says."""
    if isinstance(form, str):
        return read([form], kind)
    return form if kind in (ANY, object) else read([json.dumps(form)], kind)


def _value(fields: dict[str, Json], there: Loaded, messages: list[str]) -> Any:
    """The input, by its type; None if there is none."""
    if "value" not in fields:
        return None
    form, kind = fields["value"], there.workflow.edge.accepts
    try:
        return _read(form, kind)
    except Unreadable as error:
        more = error.told("value")
        messages.append(f"the input can't be read; such as {example(kind)!r}{more and f'; {more}'}")
        return None


def _pack(
    params: dict[str, Any], value: Any, there: Loaded, blobs: Blobs | None, messages: list[str]
) -> tuple[Packed, PMap[str, Packed]]:
    values = values_of(there.names, blobs)
    forms: dict[str, Packed] = {}
    for name, each in params.items():
        try:
            forms[name] = Inline(values.settle(each)[0])
        except Unwritable as error:
            messages.append(f"parameter {name!r}: {error}")
    try:
        return Inline(values.settle(value)[0]), pmap(forms)
    except Unwritable as error:
        messages.append(f"the input: {error}")
        return NONE, pmap(forms)


def _key(fields: dict[str, Json]) -> str | None:
    key = fields.get("key")
    if key is None:
        return None
    text = read_text(key, "/in/key")
    if not text.strip():
        raise refused("/in/key", key, "a text that names the run, such as '2026-06-01',")
    return text


def _number(fields: dict[str, Json]) -> int:
    number = fields.get("generation")
    return 1 if number is None else read_whole(number, "/in/generation", 1)


def _started(fields: dict[str, Json]) -> datetime:
    form = fields.get("started")
    return datetime.now(UTC) if form is None else moment_from_json(form, "/in/started")


def _deadline(there: Loaded) -> Deadline | None:
    """That of a timeout around the whole, from now on; one around a task is the task's."""
    here: Visit = visit(there.workflow)
    while isinstance(here.node, Named | WithParams | Extension):
        here = here.parts()[0]
    node = here.node
    if not isinstance(node, Timeout) or task_in(node.body) is not None:
        return None
    within: timedelta = node.within
    return Deadline(datetime.now(UTC) + within, here.path, within)
