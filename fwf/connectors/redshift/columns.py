"""What can a table hold that is loaded into Redshift? Types, texts and keys, looked at beforehand.

COPY reads Parquet strictly: a column of staging has the type that the file has, and SQL casts on
the way to the target. A text's length is that of its bytes in UTF-8: `varchar(30)` doesn't take 30
letters with one `á`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute

from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.identifiers import column_name, names_alike
from fwf.connectors.shared.loads import checked_columns
from fwf.connectors.shared.parquet import in_microseconds, microseconds
from fwf.connectors.shared.schemas import is_text
from fwf.faults import counted

compute: Final[Any] = pyarrow.compute  # its stubs know few of the types that it takes

MOST_COLUMNS: Final = 1600
MOST_BYTES: Final = 127
"""Of a name, in bytes (Redshift, Names and identifiers)."""
LONGEST_TEXT: Final = 65_535
MOST_DIGITS, MOST_DECIMALS = 38, 37

Widths: TypeAlias = Mapping[str, int]
"""The lengths of `varchar` columns, in bytes, by name."""

_SMALL, _WHOLE, _BIG = pa.int16(), pa.int32(), pa.int64()
_NUMBERS: Final[Mapping[pa.DataType, tuple[str, pa.DataType]]] = {
    pa.bool_(): ("BOOLEAN", pa.bool_()),
    pa.int8(): ("SMALLINT", _SMALL),
    pa.int16(): ("SMALLINT", _SMALL),
    pa.int32(): ("INTEGER", _WHOLE),
    pa.int64(): ("BIGINT", _BIG),
    pa.uint8(): ("SMALLINT", _SMALL),
    pa.uint16(): ("INTEGER", _WHOLE),
    pa.uint32(): ("BIGINT", _BIG),
    pa.float32(): ("REAL", pa.float32()),
    pa.float64(): ("DOUBLE PRECISION", pa.float64()),
    pa.date32(): ("DATE", pa.date32()),
}
_COPY_TYPES: Final = (
    "booleans, whole numbers of up to 64 bits with a sign, floats of 32 and 64 bits, "
    "decimal128(p ≤ 38, s ≤ 37), string, date32 and timestamps"
)


class Column(NamedTuple):
    """A column of a file: its name, its type in staging, and whether it is a moment.

    A moment, an Arrow timestamp with a zone, goes as a TIMESTAMP in UTC, and becomes a TIMESTAMPTZ
    on the way from staging to the target.
    """

    name: str
    type: str
    zoned: bool = False


def columns_of(schema: pa.Schema, varchar: Widths, where: str) -> tuple[Column, ...]:
    """Schema ⟶ the columns of staging; raises `TypeError`, `ValueError` for what can't be loaded.

    >>> columns_of(pa.schema({"name": pa.string()}), {"name": 30}, "stage")
    (Column(name='name', type='VARCHAR(30)', zoned=False),)
    """
    if not isinstance(cast(object, schema), pa.Schema):
        raise TypeError(f"{where}(schema={schema!r}): needs a pyarrow.Schema")
    if not 1 <= len(schema) <= MOST_COLUMNS:
        raise ValueError(
            f"{where}(schema=…): {counted(len(schema), 'column')}; a table of Redshift has 1 to "
            f"{MOST_COLUMNS}"
        )
    check_names(schema.names, f"{where}(schema=…)")
    _check_widths(schema, varchar, where)
    return tuple(
        Column(
            field.name,
            _sql_type(field, varchar.get(field.name, LONGEST_TEXT), where),
            pa.types.is_timestamp(field.type) and field.type.tz is not None,
        )
        for field in schema
    )


def check_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Names of columns ⟶ the same; raises where one can't be one, or two are one to Redshift."""
    for name in names:
        column_name(name, where, most_bytes=MOST_BYTES)
    pair = names_alike(names)
    if pair is not None:
        raise ValueError(
            f"{where}: {pair[0]!r} and {pair[1]!r} are one name to Redshift, which folds case, "
            "even of names in quotes: rename one"
        )
    return tuple(names)


def _check_widths(schema: pa.Schema, varchar: Widths, where: str) -> None:
    for name, width in varchar.items():
        at = f"{where}(varchar={{{name!r}: {width!r}}})"
        checked_columns([name], schema.names, at)
        if not is_text(schema.field(name).type):
            raise TypeError(f"{at}: the column is {schema.field(name).type}, not string")
        if type(width) is not int or not 1 <= width <= LONGEST_TEXT:
            raise ValueError(f"{at}: needs a number of bytes, 1 to {LONGEST_TEXT}")


def _sql_type(field: Any, width: int, where: str) -> str:
    kind = field.type
    if kind in _NUMBERS:
        return _NUMBERS[kind][0]
    if is_text(kind):
        return f"VARCHAR({width})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP"
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= min(kind.precision, MOST_DECIMALS):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    raise TypeError(
        f"{where}(schema=…): column {field.name!r} is {kind}; COPY to Redshift takes "
        f"{_COPY_TYPES}: cast it before"
    )


def parquet_table(table: pa.Table) -> pa.Table:
    """Declared table ⟶ the one that stands in Parquet: times in microseconds and UTC, plain types.

    Raises `BadData` where times would lose digits, naming column and count.
    """
    exact = in_microseconds(table, microseconds(table.schema))
    return exact.cast(
        pa.schema([field.with_type(_parquet_type(field.type)) for field in exact.schema])
    )


def _parquet_type(kind: Any) -> pa.DataType:
    if kind in _NUMBERS:
        return _NUMBERS[kind][1]
    if is_text(kind):
        return pa.string()
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def check_texts(table: pa.Table, varchar: Widths) -> None:
    """Raise `BadData` for texts too long, with a NUL or not in UTF-8: column and counts."""
    for name in table.column_names:
        column: Any = table.column(name)
        if not is_text(column.type):
            continue
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:  # its message says where, and may say what
            raise BadData(f"column {name!r} holds bytes that are not UTF-8") from None
        if nuls := _count(compute.match_substring(column, "\0")):
            raise BadData(f"column {name!r}: {nuls} of {len(column)} texts hold a NUL")
        width = varchar.get(name, LONGEST_TEXT)
        lengths = compute.binary_length(column)
        if too_long := _count(compute.greater(lengths, width)):
            longest = compute.max(lengths).as_py()
            raise BadData(
                f"column {name!r}: {too_long} of {len(column)} texts are longer than {width} "
                f"bytes, the longest has {longest}; a letter such as á is 2 bytes"
            )


def check_key(table: pa.Table, key: Sequence[str]) -> None:
    """Raise `BadData` for a NULL in the key, and for keys that stand twice: columns and counts."""
    if not key:
        return
    for name in key:
        if nulls := table.column(name).null_count:
            raise BadData(f"key column {name!r}: {nulls} of {table.num_rows} rows have no value")
    sizes = table.select(list(key)).group_by(list(key)).aggregate([([], "count_all")])
    if rows := table.num_rows - sizes.num_rows:
        raise BadData(
            f"{rows} of {table.num_rows} rows have the key of another row ({', '.join(key)}): "
            "keep one of each before the load"
        )


def _count(mask: Any) -> int:
    return int(compute.sum(mask).as_py() or 0)
