"""What the tests of the daily example start from: an empty folder, and a small shop."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from examples.daily.places import Places
from examples.daily.seed import TABLES
from examples.daily.standins import Shop


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty folder for all data, with a character that a URI must escape."""
    folder = tmp_path / "50% Ω"
    folder.mkdir()
    monkeypatch.setenv("DAILY_DATA", str(folder))
    return Places(folder)


@pytest.fixture
def shop(places: Places) -> Shop:
    """A shop with three customers and orders around one midnight."""
    with duckdb.connect(str(places.shop)) as made:
        made.execute(TABLES)
        made.executemany(
            "INSERT INTO customers VALUES (?, ?, 'BUILDING', ?, ?)",
            [(1, "Zoë Ωμέγα", "France", "EUR"), (2, "Bo", "Japan", "JPY"), (3, "C", "Peru", "PEN")],
        )
        made.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, 'O', ?)",
            [
                (10, 1, date(1995, 9, 15), "1.00"),
                (11, 1, date(1995, 9, 16), "123.45"),
                (12, 2, date(1995, 9, 16), "0.01"),
                (13, 1, date(1995, 9, 16), "2.00"),
                (14, 3, date(1995, 9, 17), "3.00"),
            ],
        )
        made.executemany(
            "INSERT INTO line_items VALUES (?, ?, 1, 1, 1, 0, 0)", [(11, 1), (11, 2), (12, 1)]
        )
    return Shop(places.shop)


def table(schema: pa.Schema, *rows: tuple[object, ...]) -> pa.Table:
    """Rows in the order of the schema's fields, as an Arrow table."""
    records = [dict(zip(schema.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(records, schema=schema)
