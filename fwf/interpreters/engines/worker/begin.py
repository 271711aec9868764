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


def places_in(given: Json) -> tuple[str, str]:
    """What a run is started with ⟶ where it keeps large values, and claims; empty for nowhere."""
    fields = _fields(given)
    store, claims = (
        read_text(fields[name], f"/in/{name}") if fields.get(name) else os.environ.get(variable, "")
        for name, variable in (("store", STORE), ("claims", CLAIMS))
    )
    return store, claims


def begun(call: Call, there: Loaded, blobs: Blobs | None) -> Context:
    """What a run is started with ⟶ its first context; or with all that is wrong, a fault.

    `params` are by name what `--param` takes, as a text, or JSON; `value` the input; `key` names
    the run in place of its parameters; `generation` counts how often it is done anew.
    """
    fields = _fields(call.given)
    store, claims = places_in(call.given)
    wrong: list[str] = []
    params = _params(fields.get("params"), there.required, wrong)
    value = _value(fields, there, wrong)
    wrong += [
        issue.message
        for issue in problems(there.required, params, there.resources)
        if issue.rule != "missing-parameter" or not wrong
    ]
    started = _started(fields)
    name = RunName(there.required, params, value, _key(fields))
    name = name.again(_number(fields)) if _number(fields) > 1 else name
    wrong += [issue.message for issue in name.problems()]
    packed, said = _packed(params, value, there, blobs, wrong)
    id_ = fields.get("id")
    run = RunFacts(
        Under.of(name, run_id(started) if id_ is None else read_text(id_, "/in/id"), started),
        said,
        _deadline(there) if call.timed else None,
        store,
        claims,
    )
    if not wrong:
        return Context(run, pmap(), Outcome(value=packed))
    fault: Fault = both(BadInput("", each) for each in dict.fromkeys(wrong))
    text = Inline(fault_to_text(fault, 0))
    return Context(run, pmap(), Outcome("up", value=None, fault=text, said=fault_said(fault)))


def _fields(given: Json) -> dict[str, Json]:
    if given is None:
        return {}
    if not is_object(given):
        raise refused("/in", given, f"an object with some of {', '.join(_FIELDS)}")
    for name in given:
        if name not in _FIELDS:
            raise Refused(under("/in", name), f"is no field here; {', '.join(_FIELDS)} are")
    return given


def _params(given: Json, required: Requirements, wrong: list[str]) -> dict[str, Any]:
    """The parameters by their types; what can't be read is told together."""
    if given is None:
        return {}
    if not is_object(given):
        raise refused("/in/params", given, "an object")
    known = {each.name: each for each in (*required.parameters, *required.unknown)}
    found: dict[str, Any] = {}
    for name, text in given.items():
        each = known.get(name)
        if each is None:
            found[name] = text  # which `problems` tells, with what was meant
            continue
        try:
            found[name] = _param(each, text)
        except Unreadable as error:
            more = error.told(name)
            kind = (each.types or (str,))[0]
            said = f"parameter {name!r}: {text!r} can't be read; such as {example(kind)!r}"
            wrong.append(f"{said}{more and f'; {more}'}")
    return found


def _param(each: Requirement, given: Json) -> Any:
    """The value of a parameter: of the first of its types that gives one which fits all."""
    kinds = each.types or (ANY,)
    refusal = Unreadable()
    for kind in kinds:
        try:
            value = _read(given, kind)
        except Unreadable as error:
            refusal = error
            continue
        if all(fits(value, other) for other in kinds):
            return value
    raise refusal


def _read(given: Json, kind: Any) -> Any:
    """JSON ⟶ the value of a type: a text as after `--param`, other JSON as what it says."""
    if isinstance(given, str):
        return read([given], kind)
    return given if kind in (ANY, object) else read([json.dumps(given)], kind)


def _value(fields: dict[str, Json], there: Loaded, wrong: list[str]) -> Any:
    """The input, by its type; None if there is none."""
    if "value" not in fields:
        return None
    given, kind = fields["value"], there.workflow.edge.accepts
    try:
        return _read(given, kind)
    except Unreadable as error:
        more = error.told("value")
        wrong.append(f"the input can't be read; such as {example(kind)!r}{more and f'; {more}'}")
        return None


def _packed(
    params: dict[str, Any], value: Any, there: Loaded, blobs: Blobs | None, wrong: list[str]
) -> tuple[Packed, PMap[str, Packed]]:
    values = values_of(there.names, blobs)
    said: dict[str, Packed] = {}
    for name, each in params.items():
        try:
            said[name] = Inline(values.settle(each)[0])
        except Unwritable as error:
            wrong.append(f"parameter {name!r}: {error}")
    try:
        return Inline(values.settle(value)[0]), pmap(said)
    except Unwritable as error:
        wrong.append(f"the input: {error}")
        return NONE, pmap(said)


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
    given = fields.get("started")
    return datetime.now(UTC) if given is None else moment_from_json(given, "/in/started")


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
