"""How does an Arrow schema stand in a definition? As its columns, by name and type.

A type is a text; one that is made of others, but for a list of scalars, is a list of its own:
`["struct", FIELD, …]`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, cast

import pyarrow as pa

from fwf.algebra.plain_values import register_codec

_PLAIN: Final[tuple[pa.DataType, ...]] = (
    pa.null(), pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(),
    pa.uint16(), pa.uint32(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(),
    pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.date32(), pa.date64(),
    pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"),
    *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")),
    *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")), pa.month_day_nano_interval(),
)  # fmt: skip
SIMPLE: Final[Mapping[str, pa.DataType]] = {str(kind): kind for kind in _PLAIN}
DECIMAL: Final = re.compile(r"decimal(128|256)\((\d+), (-?\d+)\)")
ZONED: Final = re.compile(r"timestamp\[(s|ms|us|ns), tz=([^\[\],]+)\]")
LIST: Final = re.compile(r"list<(.+)>")


def type_named(text: str) -> pa.DataType:
    """The text of an Arrow type ⟶ the type; raises `ValueError` for one that can't be declared.

    >>> type_named("decimal128(10, 2)"), type_named("list<int64>")
    (Decimal128Type(decimal128(10, 2)), ListType(list<item: int64>))
    """
    if text in SIMPLE:
        return SIMPLE[text]
    if match := DECIMAL.fullmatch(text):
        make = pa.decimal128 if match[1] == "128" else pa.decimal256
        return make(int(match[2]), int(match[3]))
    if match := ZONED.fullmatch(text):
        unit: Any = match[1]
        return pa.timestamp(unit, match[2])
    if match := LIST.fullmatch(text):
        return pa.list_(type_named(match[1]))
    raise ValueError(f"{text!r}: a declared column has a scalar type of Arrow, or a list of such")


def name_of(kind: pa.DataType) -> str:
    """Arrow type ⟶ the text of which `type_named` makes it."""
    if pa.types.is_list(kind):
        return f"list<{name_of(kind.value_type)}>"
    text = str(kind)
    if type_named(text) != kind:
        raise ValueError(f"{text}: can't be declared")
    return text


def is_text(kind: Any) -> bool:
    """Whether a type is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def check_schema(schema: object, where: str) -> None:
    """Raise for what is no schema of a table, and for one that can't stand in a definition."""
    if not isinstance(schema, pa.Schema):
        raise TypeError(f"{where}(schema={schema!r}): needs a pyarrow.Schema")
    if not schema.names:
        raise ValueError(f"{where}(schema=…): it has no column")
    for field in schema:
        if schema.names.count(field.name) > 1:
            raise ValueError(f"{where}(schema=…): two columns have the name {field.name!r}")
        try:
            name_of(field.type)
        except ValueError as error:
            raise ValueError(f"{where}(schema=…): column {field.name!r}: {error}") from None


def table_type(schema: pa.Schema | None) -> Any:
    """The type of tables: of these columns where there is a schema."""
    return pa.Table if schema is None else Annotated[pa.Table, schema]


def to_plain(schema: pa.Schema) -> list[Any]:
    """Schema ⟶ how it stands in a definition; raises `ValueError` for a type that can't."""
    return [_field_to_plain(field) for field in schema]


def _from_plain(columns: Any) -> pa.Schema:
    return pa.schema(_field_from_plain(each) for each in columns)


def _field_to_plain(field: "pa.Field[Any]") -> list[Any]:
    return [field.name, _type_to_plain(field.type), *(["not null"] if not field.nullable else [])]


def _field_from_plain(field: Any) -> "pa.Field[Any]":
    name, kind, *rest = field
    return pa.field(name, _type_from_plain(kind), nullable=not rest)


def _type_to_plain(kind: Any) -> Any:
    if pa.types.is_struct(kind):
        return ["struct", *map(_field_to_plain, kind)]
    if pa.types.is_map(kind):
        return ["map", _type_to_plain(kind.key_type), _type_to_plain(kind.item_type)]
    if pa.types.is_fixed_size_list(kind):
        return ["array", _type_to_plain(kind.value_type), kind.list_size]
    if pa.types.is_list(kind):
        item = _type_to_plain(kind.value_type)
        return ["list", item] if isinstance(item, list) else name_of(kind)
    if pa.types.is_dictionary(kind):
        return ["dictionary", _type_to_plain(kind.index_type), _type_to_plain(kind.value_type)]
    return name_of(kind)


def _type_from_plain(plain: Any) -> pa.DataType:
    kind: Any
    match plain:
        case str():
            kind = type_named(plain)
        case ["struct", *fields]:
            kind = pa.struct(list(map(_field_from_plain, fields)))
        case ["map", key, value]:
            kind = pa.map_(_type_from_plain(key), _type_from_plain(value))
        case ["array", item, size]:
            kind = pa.list_(_type_from_plain(item), size)
        case ["list", item]:
            kind = pa.list_(_type_from_plain(item))
        case ["dictionary", index, value]:
            index_type: Any = _type_from_plain(index)
            kind = cast(Any, pa.dictionary)(index_type, _type_from_plain(value))
        case _:
            raise ValueError(f"{plain!r}: no type of a column is written so")
    return cast(pa.DataType, kind)


register_codec(pa.Schema, name="arrow:Schema", to_plain=to_plain, from_plain=_from_plain)
