"""What is the declared table? One of these columns in any order, however they lie in memory."""

from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors.shared.declared_tables import declared_table
from fwf.connectors.shared.errors import BadData

_pa: Any = pa
DECLARED = _pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])


def test_columns_are_put_in_the_declared_order() -> None:
    table = pa.table({"name": pa.array(["a"], pa.large_string()), "id": [1]})
    assert declared_table(table, DECLARED, "load").equals(
        pa.table({"id": [1], "name": ["a"]}, schema=DECLARED)
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": [1]}, "no column 'name'"),
        ({"id": [1], "name": ["a"], "more": [1]}, "also 'more'"),
        ({"id": [1], "nom": ["a"]}, "no column 'name'; also 'nom'"),
        ({"id": ["1"], "name": ["a"]}, "load: column 'id' is string, and declared as int64"),
        ({"id": [1, None], "name": ["a", "b"]}, "column 'id': 1 NULL, where none is declared"),
    ],
)
def test_another_table_than_was_declared_is_refused(columns: Any, message: str) -> None:
    with pytest.raises(BadData, match=message):
        declared_table(pa.table(columns), DECLARED, "load")


def test_a_column_that_stands_twice_is_refused() -> None:
    arrays: Any = [pa.array([1]), pa.array(["a"]), pa.array(["b"])]
    with pytest.raises(BadData, match="a column twice"):
        declared_table(pa.Table.from_arrays(arrays, names=["id", "name", "name"]), DECLARED, "load")
