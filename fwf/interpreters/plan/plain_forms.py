"""The forms of texts, numbers, durations, names and values, wherever in a plan they stand."""

from fwf.forms import json_schema as schema, value_form
from fwf.forms.duration_text import duration_text
from fwf.forms.json_schema import array, described, either, members, pattern
from fwf.forms.refusal import Refused, refused
from fwf.forms.scalar_form import (
    MAX_NAME,
    read_duration,
    read_flag,
    read_name,
    read_place,
    read_text,
    read_texts,
    read_whole,
    write_text,
    write_whole,
)
from fwf.interpreters.plan.form import Form, itself, scalar

TEXT = scalar(
    read_text,
    write_text,
    described(
        "A text; if it has lone surrogates its UTF-8, as if they were characters, in hexadecimal.",
        either(schema.TEXT, members("", {"text": schema.HEX})),
    ),
    "text",
)
TEXTS = scalar(read_texts, lambda texts: [*map(write_text, texts)], array(TEXT.used))


def _in_order(tags: tuple[str, ...], at: str) -> tuple[str, ...]:
    if list(tags) != sorted(set(tags)):
        raise Refused(at, "the tags of errors are expected in order, each once")
    return tags


TAGS = TEXTS.then(_in_order).with_schema(
    described("Tags of errors, in order.", {**TEXTS.schema, "uniqueItems": True}), "tags"
)
FLAG = scalar(read_flag, itself, schema.FLAG)
DURATION = scalar(
    read_duration,
    duration_text,
    described(
        'A duration of 0 or more, largest unit first: "1h 30m", "250ms", "0s".',
        pattern(f"^{schema.DURATION}"),
    ),
    "duration",
)
WHOLE = scalar(
    read_whole,
    write_whole,
    described(
        "A whole number; in hexadecimal past 2^53.",
        either(schema.INTEGER, members("", {"int": schema.HEX_WHOLE})),
    ),
    "whole",
)
POSITIVE = scalar(
    lambda json, at: read_whole(json, at, 1),
    write_whole,
    described(
        "A whole number of 1 or more; in hexadecimal past 2^53.",
        either({"type": "integer", "minimum": 1}, members("", {"int": pattern("^0x[0-9a-f]+$")})),
    ),
    "positive",
)
FLOAT = scalar(
    value_form.read_float,
    value_form.write_float,
    described(
        "A float; as text if it is whole, infinite or not a number.",
        either({"type": "number"}, members("", {"float": schema.TEXT})),
    ),
    "float",
)


# Names


def name(what: str) -> Form:
    """The form of the name of something."""
    return scalar(lambda json, at: read_name(json, at, what), itself, schema.NAME)


def place(what: str) -> Form:
    """The form of where something is defined."""
    return scalar(
        lambda json, at: read_place(json, at, what),
        itself,
        described(
            "Where something is defined: module:qualified.name.",
            {**pattern("^[^:]+:[^:]+$"), "maxLength": MAX_NAME},
        ),
        "place",
    )


def identifier(text: str, at: str) -> str:
    """A text that is a name in Python, or refused."""
    if text.isidentifier():
        return text
    raise refused(at, text, "an identifier")


# Values

VALUE = Form(
    lambda json, at, names, _: value_form.read(json, at, names),
    lambda value, _: value_form.write(value),
    value_form.SCHEMA,
    "value",
)
BINDINGS = Form(
    lambda json, at, names, _: value_form.read_bindings(json, at, names),
    lambda bindings, _: value_form.write_bindings(bindings),
    described(
        "Names and values; pairs if a name can't be the key of an object.",
        value_form.schema_of_bindings(VALUE.used),
    ),
    "bindings",
)
