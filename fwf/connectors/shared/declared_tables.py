"""Is a table the declared one? Found by the names of its columns, and put in their order."""

from typing import Any, Final

import pyarrow as pa

from fwf.connectors.shared.errors import BadData
from fwf.faults import counted

_types: Final[Any] = pa.types


def declared_table(table: pa.Table, schema: pa.Schema, where: str) -> pa.Table:
    """Table ⟶ the declared columns in their order; raises `BadData` for another table."""
    missing = [name for name in schema.names if name not in table.column_names]
    more = [name for name in table.column_names if name not in schema.names]
    if missing or more or len(table.column_names) != len(schema):
        wrong = [*(f"no column {name!r}" for name in missing), *(f"also {name!r}" for name in more)]
        raise BadData(
            f"{where}: the table has {'; '.join(wrong) or 'a column twice'}, against its schema"
        )
    columns = [_declared_column(table.column(field.name), field, where) for field in schema]
    return pa.table(columns, schema=schema)


def _declared_column(column: Any, field: Any, where: str) -> Any:
    if not field.nullable and column.null_count:
        raise BadData(
            f"{where}: column {field.name!r}: {counted(column.null_count, 'NULL')}, where none is "
            "declared"
        )
    if column.type == field.type:
        return column
    if _logical_name(column.type) == _logical_name(field.type):
        return column.cast(field.type)
    raise BadData(f"{where}: column {field.name!r} is {column.type}, and declared as {field.type}")


def _logical_name(kind: Any) -> str:
    """A type's name, without how its values lie in memory."""
    plain = kind.value_type if _types.is_dictionary(kind) else kind
    return str(plain).removeprefix("large_").removesuffix("_view")
