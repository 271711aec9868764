"""How nodes of somebody's own are written: the class, its fields, and the node that it means."""

# The functions that make nodes, expressions and schedules take fields of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from typing import Any

from fwf.algebra.builder import It, expr_of
from fwf.algebra.checked_fields import checked_name
from fwf.algebra.expr import Expr
from fwf.algebra.extensions import Arm, field_names, frozen, workflows_in
from fwf.algebra.functions import place_of
from fwf.algebra.nodes import Extension
from fwf.algebra.plain_values import is_name, thaw
from fwf.algebra.schedule import Schedule
from fwf.algebra.traverse import parts_of
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import Json, is_object, read_name
from fwf.interpreters.plan import standins
from fwf.interpreters.plan.form import Field, Form, ObjectForm, itself, optional, several
from fwf.interpreters.plan.part_form import EXPRESSION, PART, VALUE
from fwf.interpreters.plan.plain_forms import TEXT, place
from fwf.interpreters.plan.plan_names import WORDS
from fwf.interpreters.plan.schedule_form import SCHEDULE

# Its fields

_IT = EXPRESSION.then(lambda expr, _: It(expr)).with_write(
    lambda it, writing: EXPRESSION.write(expr_of(it), writing)
)
_VALUE = VALUE.then(lambda value, _: thaw(value)).with_write(
    lambda value, writing: VALUE.write(frozen(value, "a field of an extension"), writing)
)
_KINDS = {
    word: ObjectForm(
        object, description, lambda value: value, **{word: Field(form, "value", itself)}
    )
    for word, description, form in (
        ("part", "A workflow.", PART),
        ("parts", "A tuple of workflows.", several(PART)),
        ("it", "An expression as its builder.", _IT),
        ("expr", "An expression.", EXPRESSION),
        ("schedule", "A schedule.", SCHEDULE),
        ("value", "A plain value.", _VALUE),
    )
}


def _word_of(value: Any) -> str:
    """What says which kind of field it is."""
    if workflows_in(value):
        return "parts" if type(value) is tuple else "part"
    if isinstance(value, It):
        return "it"
    if isinstance(value, Expr):
        return "expr"
    return "schedule" if isinstance(value, Schedule) else "value"


def _read_field(json: Json, at: str, reading: Any, _: int) -> Any:
    word = next(iter(json)) if is_object(json) and len(json) == 1 else ""
    if word not in _KINDS:
        *words, last = _KINDS
        raise refused(at, json, f"an object with {', '.join(words)} or {last}")
    return _KINDS[word].read(json, at, reading)


FIELD = Form(
    _read_field,
    lambda value, writing: _KINDS[_word_of(value)].write(value, writing),
    {
        "description": "A field of an extension.",
        "oneOf": [kind.schema for kind in _KINDS.values()],
    },
    "field",
)


def _read_fields(json: Json, at: str, reading: Any, depth: int) -> dict[str, Any]:
    if not is_object(json):
        raise refused(at, json, "an object with the extension's fields")
    fields: dict[str, Any] = {}
    for name, each in json.items():
        if not is_name(name):
            raise refused(under(at, name), name, "the name of a field")
        fields[name] = FIELD.read(each, under(at, name), reading, depth)
    return fields


_FIELDS = Form(
    _read_fields,
    lambda node, writing: {
        name: FIELD.write(getattr(node, name), writing) for name in field_names(type(node))
    },
    {"type": "object", "additionalProperties": FIELD.used},
)


# How people see it


def _read_word(json: Json, at: str) -> str:
    """What can stand in paths, or nothing."""
    if json == "":
        return ""
    try:
        return checked_name(read_name(json, at, "an extension"), at)
    except ValueError as error:
        raise Refused(at, str(error).partition(": ")[2]) from None


def _arms_of(node: Extension[Any, Any]) -> tuple[Arm, ...]:
    """The parts of somebody's word, as people see them; none if they aren't those in its fields."""
    arms = () if not node.word or place_of(type(node)) in WORDS else node.arms()
    parts = {*map(id, parts_of(node))}
    return () if any(arm.stands is not None or id(arm.node) not in parts for arm in arms) else arms


_WORD = TEXT.with_read(lambda json, at, _, __: _read_word(json, at))
_ARM = ObjectForm(Arm, "", part=PART.of("node"), label=TEXT, segment=optional(_WORD), tag=TEXT)
_ARMS = several(_ARM.form()).described(
    "How people see the parts of somebody's own word: the part, what is said in front of it, what "
    "its paths begin with (null: the word), what tells it from others."
)


# All of it

EXTENSION = ObjectForm(
    Extension,
    "A node of somebody's own: its class, its fields, and the node that says what it means.",
    standins.stand_in_extension,
    node="extension",
    **{"class": Field(place("an extension"), "place", lambda node: place_of(type(node)))},
    word=_WORD,
    arms=Field(_ARMS, "arms", _arms_of),
    fields=Field(_FIELDS, "fields", itself),
    meaning=PART,
)
