"""Are tables that are written as JSON lines read as they were?"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.objects import AtMost, Store, store
from fwf.connectors.shared.errors import BadData
from tests.connectors.objects.test_lines import SCHEMA


@pytest.fixture
def lake() -> Store:
    return store("memory://")


class TestJsonLinesWritten:
    @pytest.mark.parametrize("packed", [False, True])
    def test_what_is_written_is_read(self, lake, packed):
        table = pa.table(
            {
                "id": [1, 2],
                "name": ["a\nb\u2028", None],
                "amount": pa.array([Decimal("0.10"), None], pa.decimal128(20, 2)),
                "at": pa.array([datetime(2026, 7, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
                "local": pa.array([datetime(2026, 7, 1), None], pa.timestamp("us")),
                "day": [date(2026, 7, 1), None],
                "share": [0.1, None],
                "tags": [["a"], []],
            }
        )
        part = lake.write_json_lines("k", table, packed=packed)
        assert (part.rows, part.size) == (2, len(lake.get("k")))
        assert lake.get("k").startswith(b"\x1f\x8b") == packed
        assert lake.read_json_lines("k", SCHEMA).table.to_pylist() == table.to_pylist()
        assert lake.write_json_lines("k", table, packed=packed) == part
        assert lake.write_json_lines("k", table.slice(0, 0)).rows == 0


KINDS = pa.schema(
    [
        ("whole", pa.int64()),
        ("share", pa.float64()),
        ("amount", pa.decimal128(20, 4)),
        ("name", pa.string()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", "UTC")),
        ("local", pa.timestamp("us")),
        ("flag", pa.bool_()),
        ("tags", pa.list_(pa.string())),
    ]
)
ROWS = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "amount": st.none() | st.decimals(-(10**15), 10**15, places=4),
        "name": st.none()
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        "day": st.none() | st.dates(),
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "local": st.none() | st.datetimes(),
        "flag": st.none() | st.booleans(),
        "tags": st.none() | st.lists(st.text('aä"\\', max_size=3), max_size=3),
    }
)


@given(rows=st.lists(ROWS, max_size=4))
def test_what_is_written_as_json_lines_is_read_as_it_was(rows):
    table = pa.Table.from_pylist(rows, schema=KINDS)
    with store("memory://") as made:
        made.write_json_lines("k", table)
        read = made.read_json_lines("k", KINDS, at_most=AtMost(0, 0))
    assert read.table.to_pylist() == table.to_pylist()


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([1.0, float("nan")]), "1 value of NaN or infinity"),
        (pa.array([float("inf"), float("-inf")]), "2 values of NaN or infinity"),
        (pa.array([b"\xff"]), "is binary, which JSON has no form of"),
        (pa.array([1], pa.duration("us")), "is duration"),
        (pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())), "is map<"),
        (pa.array([[b"x"]]), "is list<"),
        (pa.array([{"a": b"x"}]), "is struct<"),
        (pa.array([[float("nan")]]), "in a list or a struct"),
    ],
)
def test_what_json_has_no_form_of_is_refused_and_nothing_is_written(lake, column, said):
    with pytest.raises(BadData, match=said) as caught:
        lake.write_json_lines("k", pa.table({"x": column}))
    assert caught.value.__context__ is None and not lake.exists("k")
