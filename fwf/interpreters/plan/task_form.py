"""How tasks are written, with all that their contracts say, and read back."""

from typing import Any, get_args

from fwf.algebra.checked_fields import checked_name
from fwf.algebra.contract import EFFECTS, MAX_INPUTS, Contract, Injected, InputOf, Kind
from fwf.algebra.nodes import Task
from fwf.forms import value_form
from fwf.forms.duration_text import duration_text
from fwf.forms.known_names import resolved
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_choice,
    read_duration,
    read_fields,
    read_flag,
    read_list,
    read_name,
    read_text,
    read_texts,
    written_text,
)
from fwf.interpreters.plan import standins
from fwf.interpreters.plan.plan_names import Names
from fwf.types.hints import name_of

FIELDS = (
    "task", "version", "config", "effect", "inputs", "output", "injected", "reads", "writes",
    "duration", "isolate", "async",
)  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)


def written(task: Task[Any, Any]) -> Json:
    """Task ⟶ JSON that says what it is known by, and its contract."""
    contract = task.contract
    duration = contract.duration
    return {
        "task": task.name,
        "version": written_text(task.version),
        "config": value_form.written_bindings(task.config),
        "effect": contract.effect,
        "inputs": [{"name": each.name, "type": name_of(each.type)} for each in contract.inputs],
        "output": name_of(contract.output),
        "injected": [*map(_written_injected, contract.injected)],
        "reads": [*map(written_text, contract.reads)],
        "writes": [*map(written_text, contract.writes)],
        "duration": None if duration is None else duration_text(duration),
        "isolate": contract.isolate,
        "async": contract.is_async,
    }


def _written_injected(each: Injected) -> Json:
    said: Json = {
        "name": each.name,
        "type": name_of(each.type),
        "kind": each.kind,
        "optional": each.optional,
    }
    if each.optional:
        said["default"] = value_form.written(each.default)
    return said


def read(given: Json, at: str, names: Names) -> Task[Any, Any]:
    """JSON ⟶ the task that it says, as the names have it."""
    fields = read_fields(given, at, FIELDS)
    name = read_name(fields["task"], f"{at}/task", "a task")
    try:
        checked_name(name, "a task")
    except (TypeError, ValueError) as error:
        raise Refused(f"{at}/task", str(error)) from None
    version = read_text(fields["version"], f"{at}/version")
    if not version:
        raise refused(f"{at}/version", version, "a text that isn't empty")
    config = value_form.read_bindings(fields["config"], f"{at}/config", names)
    function = standins.stand_in_function("", name)
    recorded: Task[Any, Any] = Task(name, version, config, _contract(fields, at), function)
    return resolved(names.task, at, recorded)


def _contract(fields: dict[str, Json], at: str) -> Contract:
    effect, duration = fields["effect"], fields["duration"]
    return Contract(
        _inputs(fields["inputs"], f"{at}/inputs"),
        _type(fields["output"], f"{at}/output"),
        _injected(fields["injected"], f"{at}/injected"),
        read_flag(fields["async"], f"{at}/async"),
        None if effect is None else read_choice(effect, f"{at}/effect", EFFECTS),
        read_texts(fields["reads"], f"{at}/reads"),
        read_texts(fields["writes"], f"{at}/writes"),
        None if duration is None else read_duration(duration, f"{at}/duration"),
        read_flag(fields["isolate"], f"{at}/isolate"),
    )


def _type(given: Json, at: str) -> Any:
    return standins.named_type(read_name(given, at, "a type"))


def _inputs(given: Json, at: str) -> tuple[InputOf, ...]:
    if len(read_list(given, at)) > MAX_INPUTS:
        raise refused(at, given, f"a list of at most {MAX_INPUTS}")
    made: list[InputOf] = []
    for i, each in enumerate(given):
        there = under(at, i)
        fields = read_fields(each, there, ("name", "type"))
        name = _identifier(fields["name"], f"{there}/name")
        made.append(InputOf(name, _type(fields["type"], f"{there}/type")))
    _refuse_twice([one.name for one in made], at)
    return tuple(made)


def _injected(given: Json, at: str) -> tuple[Injected, ...]:
    made: list[Injected] = []
    for i, each in enumerate(read_list(given, at)):
        there = under(at, i)
        made.append(_read_injected(each, there))
    _refuse_twice([one.name for one in made], at)
    return tuple(made)


def _read_injected(given: Json, at: str) -> Injected:
    """JSON ⟶ what is injected. Its default is only compared, so what it names need not be known."""
    optional = is_object(given) and given.get("optional") is True
    known = ("name", "type", "kind", "optional", *(("default",) if optional else ()))
    fields = read_fields(given, at, known)
    read_flag(fields["optional"], f"{at}/optional")
    return Injected(
        _identifier(fields["name"], f"{at}/name"),
        _type(fields["type"], f"{at}/type"),
        read_choice(fields["kind"], f"{at}/kind", KINDS),
        optional,
        value_form.read(fields["default"], f"{at}/default", standins.StandIns())
        if optional
        else None,
    )


def _identifier(given: Json, at: str) -> str:
    name = read_name(given, at, "a parameter")
    if name.isidentifier():
        return name
    raise refused(at, given, "an identifier")


def _refuse_twice(names: list[str], at: str) -> None:
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            raise refused(f"{at}/{i}/name", name, "every name once")
        seen.add(name)


def differences(recorded: Task[Any, Any], found: Task[Any, Any]) -> list[str]:
    """A task as it was written, as it is ⟶ what their contracts say differently."""
    was, now = written(recorded), written(found)
    return [name for name in FIELDS if repr(was[name]) != repr(now[name])]  # as 1 == True
