"""What the tests of the daily example start from: an empty folder, and a small shop."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.daily import openers
from examples.daily.places import Places
from examples.daily.seed import TABLES


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty folder for all data, with a character that a URI must escape."""
    folder = tmp_path / "50% Ω"
    folder.mkdir()
    monkeypatch.setenv("DAILY_DATA", str(folder))
    return Places(folder)


@pytest.fixture
def shop(places: Places) -> Iterator[sqlite3.Connection]:
    """A shop with three customers and orders around one midnight."""
    with closing(sqlite3.connect(places.shop)) as made, made:
        made.executescript(TABLES)
        made.executemany(
            "INSERT INTO customers VALUES (?, ?, 'BUILDING', ?, ?)",
            [(1, "Zoë Ωμέγα", "France", "EUR"), (2, "Bo", "Japan", "JPY"), (3, "C", "Peru", "PEN")],
        )
        made.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, 'O', ?)",
            [
                (10, 1, "1995-09-15", 100),
                (11, 1, "1995-09-16", 12345),
                (12, 2, "1995-09-16", 1),
                (13, 1, "1995-09-16", 200),
                (14, 3, "1995-09-17", 300),
            ],
        )
        made.executemany(
            "INSERT INTO line_items VALUES (?, ?, 1, 1, 1, 0, 0)", [(11, 1), (11, 2), (12, 1)]
        )
    with openers.shop() as opened:
        yield opened
