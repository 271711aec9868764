"""What do JSON lines say? One object a line, of which the declared columns are read.

Types are declared, never guessed: a number too big for its column, a fraction where there are whole
numbers, a time without a zone in a column that has one make a line bad. What isn't declared is left
out; what isn't there is null.
"""

import json
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
import pyarrow.json

from fwf.connectors.objects.lines import Block, Parse, Unreadable, checked_columns, halving, text_of
from fwf.forms.strict import NotStrict, members

_json: Final[Any] = pyarrow.json
_compute: Final[Any] = pyarrow.compute
NOTHING: Final = pa.schema([pa.field("\0", pa.null())])
"""Of any object: whether it can be read at all."""
OBJECT: Final = r"^[ \t\r]*\{.*\}[ \t\r]*\n$"


def json_lines(schema: pa.Schema) -> Parse:
    """The schema of a table ⟶ how lines become one."""
    convert = partial(_table, schema, read_as(schema))
    return halving(convert, partial(_reason, schema), schema)


def read_as(schema: pa.Schema) -> pa.Schema:
    """The schema that pyarrow's JSON is told, so that each value is what it was declared to be."""
    return pa.schema([pa.field(field.name, _as_read(field.type)) for field in schema])


def _as_read(kind: pa.DataType) -> pa.DataType:
    """What pyarrow's JSON reads as it should: not days; nor times, of which it passes any zone."""
    if pa.types.is_list(kind):
        return pa.list_(_as_read(kind.value_type))
    is_text = pa.types.is_temporal(kind) or pa.types.is_large_string(kind)
    return pa.string() if is_text else kind


def _table(schema: pa.Schema, read: pa.Schema, block: Block) -> pa.Table:
    """Lines ⟶ their table; raises what says that one of them is bad."""
    objects = _compute.match_substring_regex(block.array, OBJECT)
    if not _compute.all(objects).as_py():
        raise Unreadable("it is no JSON object")
    if not block.content.isascii() or b"\0" in block.content:
        text_of(block.content)
    table: pa.Table = _json.read_json(
        pa.py_buffer(block.content),
        read_options=_json.ReadOptions(use_threads=False, block_size=len(block.content) + 1),
        parse_options=_json.ParseOptions(
            explicit_schema=read, unexpected_field_behavior="ignore", newlines_in_values=False
        ),
    )
    # Each line begins and ends like an object, so that as many rows are one for each.
    if table.num_rows != len(block):
        raise Unreadable("it holds more than one JSON object")
    columns = [table[field.name].cast(field.type) for field in schema]
    plain: Any = pa.schema([field.with_nullable(True) for field in schema])
    return checked_columns(pa.table(columns, schema=plain), schema, nul=b"\\u0000" in block.content)


def _reason(schema: pa.Schema, block: Block) -> str:
    """Why a line can't be read, without what it says."""
    try:
        value = json.loads(block.line(0), object_pairs_hook=members)
    except NotStrict:
        return "a name stands in it twice"
    except (ValueError, RecursionError):
        return "it is no JSON object"
    if _trouble(NOTHING, block):
        return "it holds a number that is too big, or half a surrogate pair"
    for field in schema:
        trouble = _trouble(pa.schema([field]), block)
        if isinstance(trouble, Unreadable):
            return str(trouble)
        if trouble:
            kind = type(value.get(field.name)).__name__
            return f"column {field.name!r} is no {field.type}, but a JSON {kind}"
    return "it is no JSON object"


def _trouble(schema: pa.Schema, block: Block) -> Exception | None:
    """What is raised when only these columns are read."""
    try:
        _table(schema, read_as(schema), block)
    except (pa.ArrowException, Unreadable) as error:
        return error
    return None
