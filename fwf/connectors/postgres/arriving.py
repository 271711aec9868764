"""What do PostgreSQL's types become in Arrow? Themselves, or an error; never another value.

pass: boolean, smallint, integer, bigint, real, double precision, text, varchar, char, name, bytea,
date, time, timestamp (UTC where it has a zone), interval, uuid, json, jsonb, and arrays of these.
pass changed: numeric(p, s) is decimal128(p, s), above 38 digits decimal256; a numeric without
bounds, which sums and means are, has the type that is declared for it.
refused, by name: whatever else there is (enums, money, ranges, composite types, inet, timetz, oid),
`infinity` as a date or time, NaN as a decimal, the time 24:00, an array of two dimensions.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.schemas import is_text
from fwf.faults import counted, near

Infinity: TypeAlias = Literal["fail", "null"]
"""What a date or time becomes that is infinite."""
INFINITY: Final = ("fail", "null")

_compute: Any = pc
_types: Any = pa.types
_PASS: Final = frozenset({
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar",
    "name", "char", "bytea", "date", "time", "timestamp", "timestamptz", "interval", "uuid", "json",
    "jsonb",
})  # fmt: skip
# The driver adds 1970's distance from 2000 to what stands for infinity, which overflows.
_SHIFT: Final = 946_684_800_000_000
_MOMENTS: Final = (-(2**63) + _SHIFT - 1, -(2**63) + _SHIFT)
_DAYS: Final = (-(2**31) + 10_957 - 1, -(2**31) + 10_957)
_END_OF_DAY: Final = 86_400_000_000
_MOST_DIGITS: Final = 76
_NAMED: Final = ("nan", "inf", "-inf", "NaN", "Infinity", "-Infinity")


class Column(NamedTuple):
    """A column as it arrives, in what type, and how that is made of the driver's."""

    name: str
    kind: Any
    nullable: bool
    make: Callable[[Any], Any]


class Arriving(NamedTuple):
    """How batches of the driver become those that are asked for."""

    schema: pa.Schema
    columns: tuple[Column, ...]
    at: tuple[int, ...]
    arrays: tuple[str, ...]
    """Columns whose arrays may have two dimensions, which the driver does not tell."""

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of the driver ⟶ one of the schema; raises `BadData`."""
        arrays: list[Any] = []
        for column, at in zip(self.columns, self.at, strict=True):
            array = column.make(batch.column(at))
            if not column.nullable and array.null_count:
                raise BadData(
                    f"column {column.name!r}: {counted(array.null_count, 'NULL')} among "
                    f"{batch.num_rows} rows, where none is declared"
                )
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def arriving(
    driver_schema: pa.Schema, declared_schema: pa.Schema | None, infinity: Infinity
) -> Arriving:
    """The driver's schema, the declared one ⟶ how rows arrive; raises `BadData` for what can't."""
    _check_names(driver_schema.names, declared_schema)
    columns: list[Column] = []
    fields = list(driver_schema) if declared_schema is None else list(declared_schema)
    at = [driver_schema.names.index(field.name) for field in fields]
    for field, n in zip(fields, at, strict=True):
        kind = None if declared_schema is None else field.type
        columns.append(
            _column(
                driver_schema.field(n), kind, infinity, declared_schema is None or field.nullable
            )
        )
    schema = pa.schema(pa.field(each.name, each.kind, each.nullable) for each in columns)
    arrays = tuple(each.name for each in driver_schema if _types.is_list(each.type))
    return Arriving(schema, tuple(columns), tuple(at), arrays)


def _check_names(names: Sequence[str], declared_schema: pa.Schema | None) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"the query gives {twice[0]!r} twice; give each column a name of its own")
    if declared_schema is None:
        return
    for name in declared_schema.names:
        if name not in names:
            raise BadData(
                f"the query gives no column {name!r}, which is declared{near(name, names)}"
            )
    for name in names:
        if name not in declared_schema.names:
            raise BadData(
                f"the query gives {name!r}, which is not declared; leave it out, or add it"
            )


def _column(field: Any, declared_type: Any, infinity: Infinity, nullable: bool) -> Column:
    name = field.name
    sql_type = _sql_type(field)
    kind = _value_type(field, declared_type)
    if declared_type is not None and not _same_family(kind, declared_type):
        raise BadData(
            f"column {name!r} is {sql_type} in PostgreSQL, and declared as {declared_type}: cast "
            "it in the query"
        )
    kind = kind if declared_type is None else declared_type

    def make(array: Any) -> Any:
        return _convert(array, kind, name, sql_type, infinity)

    return Column(name, kind, nullable, make)


def _sql_type(field: Any) -> str:
    """A type as PostgreSQL has it: `numeric`, `_int4` for an array."""
    name = (field.metadata or {}).get(b"POSTGRESQL:type", b"")
    return str(name.decode()) or str(field.type)


def _value_type(field: Any, declared_type: Any) -> Any:
    """A column ⟶ the type that its values have; of a numeric without bounds the declared one."""
    sql_type = _sql_type(field)
    base = sql_type.removeprefix("_") if _types.is_list(field.type) else sql_type
    if base not in _PASS:
        label = "its type (an enum, a range, a row…)" if base.startswith("unnamed") else base
        raise BadData(
            f"column {field.name!r}: {label} does not come as what it is; cast it in the query: "
            f"{field.name}::text"
        )
    if base != "numeric":
        return field.type
    if _types.is_list(field.type):
        item = (
            declared_type.value_type
            if declared_type is not None and _types.is_list(declared_type)
            else None
        )
        return pa.list_(
            _required_type(item, field.name, f"list<decimal128(…)>, for {sql_type[1:]}[]")
        )
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1"))
    if modifier < 0:
        return _required_type(
            declared_type, field.name, "decimal128(…) or double, for a numeric without bounds"
        )
    return _decimal(modifier, declared_type, field.name)


def _required_type(declared_type: Any, name: str, what: str) -> Any:
    if declared_type is None:
        raise BadData(
            f"column {name!r} needs a declared type, schema=pa.schema({{{name!r}: …}}): {what}; or "
            f"cast it in the query: {name}::numeric(18, 2)"
        )
    return declared_type


def _decimal(modifier: int, declared_type: Any, name: str) -> Any:
    """A numeric's type modifier ⟶ the decimal's type (PostgreSQL 16, numeric.c)."""
    digits, scale = (modifier - 4) >> 16 & 0xFFFF, ((modifier - 4 & 0x7FF) ^ 1024) - 1024
    if declared_type is not None and not _types.is_decimal(declared_type):
        return declared_type
    digits = max(digits, scale)
    if digits > _MOST_DIGITS:
        return _required_type(
            declared_type, name, f"double, since {digits} digits are more than decimals have"
        )
    return pa.decimal128(digits, scale) if digits <= 38 else pa.decimal256(digits, scale)


def _same_family(one: Any, other: Any) -> bool:
    """Whether a cast from one type to the other means the same values."""
    if one == other:
        return True
    if _types.is_list(one) and _types.is_list(other):
        return _same_family(one.value_type, other.value_type)
    if isinstance(one, pa.BaseExtensionType):
        return one.extension_name == "arrow.json" and is_text(other)
    return any(test(one) and test(other) for test in _FAMILIES)


def _is_number(kind: Any) -> bool:
    return bool(_types.is_integer(kind) or _types.is_floating(kind) or _types.is_decimal(kind))


def _is_binary(kind: Any) -> bool:
    return bool(_types.is_binary(kind) or _types.is_large_binary(kind))


def _is_zoned(kind: Any) -> bool:
    return bool(_types.is_timestamp(kind) and kind.tz is not None)


def _is_local(kind: Any) -> bool:
    return bool(_types.is_timestamp(kind) and kind.tz is None)


_FAMILIES: Final = (
    _is_number, is_text, _is_binary, _is_zoned, _is_local, _types.is_date, _types.is_time,
)  # fmt: skip


def _convert(array: Any, kind: Any, name: str, sql_type: str, infinity: Infinity) -> Any:
    """An array of the driver ⟶ one of type `kind`; raises `BadData` with column and count."""
    if _types.is_list(array.type):
        list_array: Any = pa.ListArray
        items = _convert(array.values, kind.value_type, name, sql_type, infinity)
        return list_array.from_arrays(array.offsets, items, kind, mask=array.is_null())
    if sql_type.removeprefix("_") == "numeric":
        return _numeric(_storage(array), kind, name, sql_type)
    array = _without_infinity(array, name, infinity)
    if array.type == kind:
        return array
    return _cast(_storage(array), kind, name, sql_type)


def _storage(array: Any) -> Any:
    return array.storage if isinstance(array.type, pa.BaseExtensionType) else array


def _numeric(texts: Any, kind: Any, name: str, sql_type: str) -> Any:
    """Numbers as the driver has them, as texts ⟶ decimals, or the numbers that are declared."""
    if _types.is_floating(kind):
        return _cast(texts, kind, name, sql_type)
    try:
        return _compute.cast(texts, kind)
    except pa.ArrowInvalid:
        pass
    wrong = sum(map(texts.to_pylist().count, _NAMED))
    if wrong:
        raise BadData(
            f"column {name!r}: {counted(wrong, 'value')} of NaN or infinity, which no {kind} is; "
            "declare double, or leave them out in the query: NULLIF(…, 'NaN')"
        )
    whole = _compute.replace_substring_regex(texts, r"(\.\d*?)0+$", r"\1")
    return _cast(_compute.utf8_rtrim(whole, "."), kind, name, sql_type)


def _cast(array: Any, kind: Any, name: str, sql_type: str) -> Any:
    try:
        return _compute.cast(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    raise BadData(
        f"column {name!r}: some of {len(array)} values ({sql_type}) don't fit the declared {kind}; "
        "declare a wider type, or round them in the query"
    )


def _without_infinity(array: Any, name: str, infinity: Infinity) -> Any:
    kind = array.type
    if _types.is_time64(kind):
        _refuse_midnight(array, name)
        return array
    if _types.is_timestamp(kind):
        plain, ends = array.view(pa.int64()), _MOMENTS
    elif _types.is_date32(kind):
        plain, ends = array.view(pa.int32()), _DAYS
    else:
        return array
    least = _compute.min(plain).as_py()
    if least is None or least > ends[1]:
        return array
    infinite = _compute.is_in(plain, pa.array(ends, plain.type))
    count = _compute.sum(infinite).as_py()
    overflows = _compute.sum(_compute.less_equal(plain, ends[1])).as_py() - count
    if overflows:  # the driver adds what makes them overflow
        raise BadData(
            f"column {name!r}: {counted(overflows, 'value')} later than {kind} goes; LEAST({name}, "
            "'9999-12-31') in the query makes them a day that it has"
        )
    if infinity == "null":
        return _compute.if_else(infinite, pa.scalar(None, kind), array)
    raise BadData(
        f"column {name!r}: {counted(count, 'value')} of infinity, which no {kind} is; "
        f"infinity='null' makes them NULL, LEAST({name}, '9999-12-31') in the query a day"
    )


def _refuse_midnight(array: Any, name: str) -> None:
    plain = array.view(pa.int64())
    if (_compute.max(plain).as_py() or 0) >= _END_OF_DAY:
        count = _compute.sum(_compute.greater_equal(plain, _END_OF_DAY)).as_py()
        raise BadData(
            f"column {name!r}: {counted(count, 'time')} of 24:00, which Arrow has not; cast it in "
            f"the query: {name}::text"
        )


def dimensions_sql(sql: str, columns: Iterable[str], quote: Callable[[str], str]) -> str:
    """SQL that counts arrays of two dimensions or more in columns of a query."""
    counts = (f"count(*) FILTER (WHERE array_ndims(q.{quote(c)}) > 1)" for c in columns)
    return f"SELECT {', '.join(counts)} FROM (\n{sql}\n) AS q"
