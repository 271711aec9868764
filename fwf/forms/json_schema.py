"""The words of JSON Schema (draft 2020-12) in which forms are described."""

from collections.abc import Mapping
from typing import Any, Final

from fwf.forms.scalar_form import MAX_NAME, Json


def ref(name: str) -> Json:
    """What the schema defines by this name."""
    return {"$ref": f"#/$defs/{name}"}


def described(description: str, schema: Json) -> Json:
    """A schema that begins with a sentence about it."""
    return {"description": description, **schema}


def either(*schemas: Json) -> Json:
    """What one of these allows."""
    return {"anyOf": [*schemas]}


def pattern(expression: str) -> Json:
    """A text that a regular expression finds."""
    return {"type": "string", "pattern": expression}


def array(items: Json, **bounds: int) -> Json:
    """A list of such items."""
    return {"type": "array", "items": items, **bounds}


def pair(first: Json, second: Json) -> Json:
    """A list of just these two."""
    return {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}


def members(
    description: str, required: Mapping[str, Json], optional: Mapping[str, Json] | None = None
) -> Json:
    """An object with these fields and no others."""
    about: dict[str, Any] = {"description": description} if description else {}
    return {
        **about,
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": [*required],
        "additionalProperties": False,
    }


NULL: Final[Json] = {"type": "null"}
TEXT: Final[Json] = {"type": "string"}
FLAG: Final[Json] = {"type": "boolean"}
INTEGER: Final[Json] = {"type": "integer"}
NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
HEX: Final[Json] = pattern("^([0-9a-f]{2})*$")
HEX_WHOLE: Final[Json] = pattern("^-?0x[0-9a-f]+$")
UUID_TEXT: Final[Json] = pattern("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
DATE: Final[Json] = pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
DURATION: Final = "[0-9]+(d|h|m|s|ms|us)( [0-9]+(h|m|s|ms|us))*$"
"""How the pattern of a duration goes on behind its sign."""
