"""How does a table become JSON lines? As `read_json_lines` reads them, or it is refused.

Days and times are texts in ISO 8601, decimals and UUIDs texts of all their digits.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute

from fwf.connectors.shared.errors import BadData
from fwf.faults import counted

_compute: Final[Any] = pyarrow.compute
_types: Final[Any] = pa.types
_PLAIN: Final = (
    "is_boolean", "is_integer", "is_floating", "is_decimal", "is_string", "is_large_string",
    "is_string_view", "is_date", "is_time", "is_timestamp", "is_null",
)  # fmt: skip
"""Types that JSON has a form of."""


def written_lines(table: pa.Table, where: str) -> bytes:
    """A table ⟶ a JSON object on a line for each row; raises `BadData`, by column and count."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        _check(name, column, where)
    try:
        lines = [
            json.dumps(row, default=_text, ensure_ascii=False, allow_nan=False)
            for row in _rows(table)
        ]
        return "".join(f"{line}\n" for line in lines).encode()
    except ValueError:  # in a list or a struct; the message holds the value
        pass
    raise BadData(f"{where}: NaN, infinity or broken Unicode in a list or a struct: not in JSON")


def _check(name: str, column: Any, where: str) -> None:
    if not _has_form(column.type):
        raise BadData(
            f"{where}: column {name!r} is {column.type}, which JSON has no form of; make a text of "
            "it before"
        )
    if _types.is_floating(column.type):
        wrong = _compute.sum(_compute.invert(_compute.is_finite(column))).as_py() or 0
        if wrong:
            raise BadData(
                f"{where}: column {name!r}: {counted(wrong, 'value')} of NaN or infinity, which "
                "JSON has not"
            )


def _has_form(kind: Any) -> bool:
    if _types.is_dictionary(kind) or _types.is_list(kind) or _types.is_large_list(kind):
        return _has_form(kind.value_type)
    if _types.is_struct(kind):
        return all(_has_form(field.type) for field in kind)
    return any(getattr(_types, name)(kind) for name in _PLAIN)


def _text(value: object) -> str:
    """A value that JSON has no kind of ⟶ its text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise ValueError(type(value).__name__)


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()
