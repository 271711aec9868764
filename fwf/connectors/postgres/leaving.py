"""What do Arrow's types become in PostgreSQL? Staged as themselves, then cast, and nothing is lost.

Staging is made of Arrow's types: a driver that writes into a table of other types sends bytes that
mean something else there. From staging SQL casts to the target, within a family: numbers to
numbers, texts to texts (also json, uuid, enums, addresses), dates and times without a zone to
such, times with a zone to such. A cast that may lose something is tried there and back first.
"""

from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fwf.connectors.shared.errors import BadData
from fwf.faults import counted

_compute: Any = pc
_types: Any = pa.types
_SQL: Final = {
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.time64("us"): "time without time zone",
    pa.duration("us"): "interval",
    pa.timestamp("us"): "timestamp without time zone",
    pa.timestamp("us", "UTC"): "timestamp with time zone",
}
_WIDER: Final[dict[pa.DataType, pa.DataType]] = {
    pa.int8(): pa.int16(),
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20),  # the driver would write large ones as negative
    pa.float16(): pa.float32(),
    pa.null(): pa.string(),
    pa.date64(): pa.date32(),
}
_NUMBERS: Final = ("int2", "int4", "int8", "numeric", "float4", "float8")
_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "smallint": _NUMBERS,
    "integer": _NUMBERS,
    "bigint": _NUMBERS,
    "real": _NUMBERS,
    "double precision": _NUMBERS,
    "numeric": _NUMBERS,
    "boolean": ("bool",),
    "bytea": ("bytea",),
    "date": ("date", "timestamp"),
    "time without time zone": ("time",),
    "interval": ("interval",),
    "timestamp without time zone": ("timestamp", "date"),
    "timestamp with time zone": ("timestamptz",),
    "uuid": ("uuid",),
}
_TEXTS: Final = ("text", "varchar", "bpchar", "name", "citext")
_OF_TEXT: Final = ("json", "jsonb", "uuid", "xml", "inet", "cidr", "macaddr")
"""Types that a text is read as, which have other spellings of the same."""
_WIDENING: Final = frozenset(
    {
        ("smallint", "integer"),
        ("smallint", "bigint"),
        ("integer", "bigint"),
        ("smallint", "numeric"),
        ("integer", "numeric"),
        ("bigint", "numeric"),
        ("smallint", "real"),
        ("smallint", "double precision"),
        ("integer", "double precision"),
        ("real", "double precision"),
        ("text", "character varying"),
        ("date", "timestamp without time zone"),
    }
)
"""Casts that lose nothing."""
# PostgreSQL 16, §8.5: dates go from 4713 BC to 5874897 AD, times beyond what Arrow has.
_FIRST_DAY: Final = -2_440_588
_LAST_DAY: Final = 2_145_042_905
_FIRST_MOMENT: Final = _FIRST_DAY * 86_400_000_000
_LAST_MOMENT: Final = 2**63 - 1


class StagedColumn(NamedTuple):
    """A column of staging: its name in the target, its types in Arrow and SQL, and whose it was."""

    name: str
    kind: Any
    sql: str
    source: Any

    def to_driver(self, array: Any) -> Any:
        """An array of the column ⟶ as the driver is given it; raises `BadData`."""
        return _driver_array(array, self.kind, self.name)


class Landing(NamedTuple):
    """A column of the target: its type in SQL, and that type's name and category in the catalog.

    `item` is the name of the type of an array's items.
    """

    name: str
    sql: str
    base: str
    category: str
    item: str


def staging_columns(schema: pa.Schema) -> tuple[StagedColumn, ...]:
    """A schema ⟶ the columns of staging; raises `BadData` for a type that can't be written."""
    return tuple(
        StagedColumn(field.name, *_staging_types(field.type, field.name)) for field in schema
    )


def cast_in_sql(column: StagedColumn, place: str, landing: Landing) -> str:
    """SQL that makes the target's value of a staged one."""
    if column.sql == "uuid":
        return f"CAST(pg_catalog.encode({place}, 'hex') AS {landing.sql})"
    return f"CAST({place} AS {landing.sql})"


def round_trip_sql(column: StagedColumn, place: str, landing: Landing) -> str:
    """SQL that a staged value has to equal after a cast there and back."""
    blanks = column.sql == "text" and landing.base == "bpchar"  # which fills up with them
    return f"pg_catalog.rtrim({place}, ' ')" if blanks else place


def refusal(column: StagedColumn, landing: Landing) -> str:
    """Why a column can't go there, "" if it can."""
    if column.sql.endswith("[]"):
        fits = landing.category == "A" and _fits(column.sql[:-2], landing.item, "")
    else:
        fits = _fits(column.sql, landing.base, landing.category)
    if fits:
        return ""
    return f"column {column.name!r}: {column.source} can't become {landing.sql}: cast it before"


def may_lose(column: StagedColumn, landing: Landing) -> bool:
    """Whether the cast may change a value without an error."""
    if column.sql == landing.sql or column.sql == "uuid":
        return False
    if column.sql.endswith("[]"):
        return landing.item in _TEXTS or landing.item not in _OF_TEXT
    if column.sql == "text" and landing.base not in _TEXTS:
        return False
    return (column.sql, landing.sql) not in _WIDENING


def _fits(sql: str, base: str, category: str) -> bool:
    if sql == "text":
        return base in _TEXTS or base in _OF_TEXT or category == "E"
    return base in _FAMILIES[sql]


def _staging_types(kind: Any, name: str) -> tuple[Any, str, Any]:
    """A type of Arrow ⟶ the type that the driver is given, its type in SQL, and itself."""
    if _types.is_dictionary(kind) or _types.is_run_end_encoded(kind):
        return (*_staging_types(kind.value_type, name)[:2], kind)
    if isinstance(kind, pa.BaseExtensionType):
        return (*_extension(kind, name), kind)
    if _types.is_list(kind) or _types.is_large_list(kind) or _types.is_fixed_size_list(kind):
        item, sql, _ = _staging_types(kind.value_type, name)
        if sql.endswith("[]") or sql == "uuid":
            raise _unwritable(kind, name)
        return pa.list_(item), f"{sql}[]", kind
    if _types.is_timestamp(kind):
        plain: Any = pa.timestamp("us") if kind.tz is None else pa.timestamp("us", "UTC")
    elif _types.is_duration(kind):
        plain = pa.duration("us")
    elif _types.is_time(kind):
        plain = pa.time64("us")
    else:
        plain = _WIDER.get(kind, kind)
    return plain, _sql(plain, name), kind


def _extension(kind: Any, name: str) -> tuple[Any, str]:
    if kind.extension_name == "arrow.uuid":
        return pa.binary(), "uuid"
    if kind.extension_name == "arrow.json":
        return kind.storage_type, "text"
    raise _unwritable(kind, name)


def _sql(kind: Any, name: str) -> str:
    if kind in _SQL:
        return _SQL[kind]
    if _types.is_decimal(kind):
        return "numeric"
    if _types.is_string(kind) or _types.is_large_string(kind) or _types.is_string_view(kind):
        return "text"
    if (
        _types.is_binary(kind)
        or _types.is_large_binary(kind)
        or _types.is_fixed_size_binary(kind)
        or _types.is_binary_view(kind)
    ):
        return "bytea"
    raise _unwritable(kind, name)


def _unwritable(kind: Any, name: str) -> BadData:
    return BadData(
        f"column {name!r}: {kind} can't be written; make columns, or a text, of it before"
    )


def _driver_array(array: Any, kind: Any, name: str) -> Any:
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    if array.type != kind:
        array = _cast(array, kind, name)
    _check(array, name)
    return array


def _cast(array: Any, kind: Any, name: str) -> Any:
    try:
        return _compute.cast(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    raise BadData(
        f"column {name!r}: some of {len(array)} values ({array.type}) don't fit {kind}, which is "
        "what PostgreSQL keeps; round them before"
    )


def _check(array: Any, name: str) -> None:
    """Raise for what the driver would write as something else, or the server refuse."""
    kind = array.type
    if _types.is_list(kind):
        _check(array.flatten(), name)
    elif _sql(kind, name) == "text":
        _check_texts(array, name)
    elif _types.is_timestamp(kind):
        _check_span(array.view(pa.int64()), _FIRST_MOMENT, _LAST_MOMENT, name, kind)
    elif _types.is_date32(kind):
        _check_span(array.view(pa.int32()), _FIRST_DAY, _LAST_DAY, name, kind)


def _check_texts(array: Any, name: str) -> None:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        wrong = True
    else:
        wrong = False
    if wrong:
        raise BadData(f"column {name!r}: some of {len(array)} texts are no valid UTF-8")
    if _types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    count = _compute.sum(_compute.match_substring(array, "\0")).as_py() or 0
    if count:
        raise BadData(
            f"column {name!r}: {counted(count, 'text')} with a NUL, which PostgreSQL doesn't take"
        )


def _check_span(plain: Any, first: int, last: int, name: str, kind: Any) -> None:
    ends = _compute.min_max(plain).as_py()
    if ends["min"] is not None and (ends["min"] < first or ends["max"] > last):
        outside = _compute.or_(_compute.less(plain, first), _compute.greater(plain, last))
        count = _compute.sum(outside).as_py()
        raise BadData(
            f"column {name!r}: {counted(count, 'value')} ({kind}) before 4713 BC or beyond what "
            "PostgreSQL's calendar has"
        )
