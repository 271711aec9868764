"""How tasks are written, with all that their contracts say, and read back."""

from typing import Any, get_args

from fwf.algebra.checked_fields import checked_name
from fwf.algebra.contract import EFFECTS, MAX_INPUTS, Contract, Injected, InputOf, Kind
from fwf.algebra.nodes import Task
from fwf.forms import json_schema as schema, value_form
from fwf.forms.json_schema import described
from fwf.forms.known_names import resolve
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import Json, is_object, read_fields, read_name
from fwf.interpreters.plan import standins
from fwf.interpreters.plan.form import Form, ObjectForm, choice, optional, scalar, several
from fwf.interpreters.plan.plain_forms import (
    BINDINGS,
    DURATION,
    FLAG,
    TEXT,
    TEXTS,
    VALUE,
    identifier,
    name,
)
from fwf.interpreters.plan.plan_names import Names
from fwf.types.hints import name_of


def write(task: Task[Any, Any]) -> Json:
    """Task ⟶ JSON that says what it is known by, and its contract."""
    return TASK.write(task)


def read(json: Json, at: str, names: Names) -> Task[Any, Any]:
    """JSON ⟶ the task that it says, as the names have it."""
    entry: Task[Any, Any] = TASK.read(read_fields(json, at, TASK.names), at, names)
    return resolve(names.task, at, entry)


def differences(entry: Task[Any, Any], task: Task[Any, Any]) -> list[str]:
    """A task as it was written, as it is ⟶ what their contracts say differently."""
    was, now = write(entry), write(task)
    return [field for field in was if repr(was[field]) != repr(now[field])]  # as 1 == True


def _checked_name(text: str, at: str) -> str:
    try:
        return checked_name(text, "a task")
    except (TypeError, ValueError) as error:
        raise Refused(at, str(error)) from None


def _version(text: str, at: str) -> str:
    if text:
        return text
    raise refused(at, text, "a text that isn't empty")


def _each_once(parameters: tuple[Any, ...], at: str) -> tuple[Any, ...]:
    names: set[str] = set()
    for i, parameter in enumerate(parameters):
        if parameter.name in names:
            raise refused(f"{at}/{i}/name", parameter.name, "every name once")
        names.add(parameter.name)
    return parameters


_PARAMETER = name("a parameter").then(identifier)
_TYPE = scalar(
    lambda json, at: standins.named_type(read_name(json, at, "a type")), name_of, schema.NAME
)
_INPUT = ObjectForm(InputOf, "Data from upstream.", name=_PARAMETER, type=_TYPE).form()

# What is found by name. A default is only compared, so what it names need not be known.

_DEFAULT = Form(
    lambda json, at, _, __: value_form.read(json, at, standins.StandIns()),
    VALUE.write,
    described(
        "What the definition says of the default: plain data, or the class of an object as a "
        "codec's name.",
        VALUE.used,
    ),
)
_FOUND = {"name": _PARAMETER, "type": _TYPE, "kind": choice(*get_args(Kind))}
_REQUIRED = ObjectForm(
    Injected, "Without a default.", **_FOUND, optional=FLAG.with_schema({"const": False})
).form()
_OPTIONAL = ObjectForm(
    Injected,
    "With a default.",
    **_FOUND,
    optional=FLAG.with_schema({"const": True}),
    default=_DEFAULT,
).form()


def _read_injected(json: Json, at: str, names: Any, depth: int) -> Injected:
    is_optional = is_object(json) and json.get("optional") is True
    injected: Injected = (_OPTIONAL if is_optional else _REQUIRED).read(json, at, names, depth)
    return injected


_INJECTED = Form(
    _read_injected,
    lambda injected, _: (_OPTIONAL if injected.optional else _REQUIRED).write(injected, _),
    {
        "description": "What is found by name when the task runs.",
        "oneOf": [_REQUIRED.schema, _OPTIONAL.schema],
    },
)


def _task(name: str, version: str, config: Any, **contract: Any) -> Task[Any, Any]:
    function = standins.stand_in_function("", name)
    return Task(name, version, config, Contract(**contract), function)


_EFFECT = optional(choice(*EFFECTS)).with_schema({"enum": [None, *EFFECTS]})
TASK = ObjectForm(
    Task,
    "A task: what it is known by, and all that its contract says.",
    _task,
    task=name("a task").then(_checked_name).of("name"),
    version=TEXT.then(_version),
    config=BINDINGS,
    effect=_EFFECT.of("contract.effect"),
    inputs=several(_INPUT, at_most=MAX_INPUTS).then(_each_once).of("contract.inputs"),
    output=_TYPE.of("contract.output"),
    injected=several(_INJECTED).then(_each_once).of("contract.injected"),
    reads=TEXTS.of("contract.reads"),
    writes=TEXTS.of("contract.writes"),
    duration=optional(DURATION).of("contract.duration"),
    isolate=FLAG.of("contract.isolate"),
    **{"async": FLAG.of("contract.is_async")},
)
