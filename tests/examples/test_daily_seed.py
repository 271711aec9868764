"""The inputs that the daily example makes for itself."""

import shutil
import sqlite3
import sysconfig
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, EMPTY_DAY, hundredths, seed
from examples.daily.sources import log_files, orders, parse_log, set_bad_lines_aside
from examples.daily.tables import Hits
from examples.daily.transforms import sessions

GENERATOR = shutil.which("tpchgen-cli", path=sysconfig.get_path("scripts")) or shutil.which(
    "tpchgen-cli"
)
needs_generator = pytest.mark.skipif(GENERATOR is None, reason="tpchgen-cli is not installed")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Places:
    places = Places(tmp_path_factory.mktemp("daily"))
    seed(places, scale=0.01, days=[BUSY_DAY, EMPTY_DAY])
    return places


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_ino)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "rates.json"
    }


def hits_of(places: Places, day: date) -> Hits:
    files = log_files.fn(day=day, logs=places.logs)
    parsed = [parse_log.fn(file, logs=places.logs) for file in files]
    return set_bad_lines_aside.fn(parsed, day=day, quarantine=places.quarantine)


@needs_generator
def test_the_shop_holds_every_row_of_the_generator(seeded: Places) -> None:
    with closing(sqlite3.connect(seeded.shop)) as shop:
        for name, rows in (("customers", 1_500), ("orders", 15_000), ("line_items", 60_175)):
            assert shop.execute(f"SELECT count(*) FROM {name}").fetchone() == (rows,)
        assert shop.execute("PRAGMA foreign_key_check").fetchall() == []
        # In TPC-H an order's total is the sum of its lines, less discount, plus tax, where each
        # step drops fractions of a cent: as SQLite divides whole numbers.
        differing = shop.execute(
            """
            SELECT order_key FROM orders JOIN line_items USING (order_key) GROUP BY order_key
            HAVING total_cents <> sum(
                price_cents * (100 - discount_percent) / 100 * (100 + tax_percent) / 100
            )
            """
        )
        assert differing.fetchall() == []


@needs_generator
def test_there_is_a_busy_day_and_an_empty_day(seeded: Places) -> None:
    with closing(sqlite3.connect(seeded.shop)) as shop:
        assert orders.fn(day=BUSY_DAY, shop_db=shop).num_rows == 16
        assert orders.fn(day=EMPTY_DAY, shop_db=shop).num_rows == 0


@needs_generator
def test_seeding_again_changes_nothing_and_leaves_nothing_behind(seeded: Places) -> None:
    before = contents(seeded.folder)
    seed(seeded, scale=0.01, days=[BUSY_DAY, EMPTY_DAY])
    assert contents(seeded.folder) == before
    assert not [path for path in before if path.name.startswith(".")]


@needs_generator
def test_a_log_has_an_hour_a_file_some_bad_lines_and_sessions_of_buyers(seeded: Places) -> None:
    assert len(log_files.fn(day=BUSY_DAY, logs=seeded.logs)) == 24
    hits = hits_of(seeded, BUSY_DAY)
    assert 0 < hits.quarantined < hits.table.num_rows / 20
    assert {row["time"].date() for row in hits.table.to_pylist()} == {BUSY_DAY}
    visits = sessions.fn(hits).sessions
    with closing(sqlite3.connect(seeded.shop)) as shop:
        buyers = set(orders.fn(day=BUSY_DAY, shop_db=shop).column("customer_key").to_pylist())
    assert buyers <= set(visits.column("customer_key").to_pylist())


@needs_generator
def test_a_damaged_shop_is_made_again(seeded: Places, tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.shop.write_bytes(b"half a database")
    seed(places, scale=0.001, days=[])
    with closing(sqlite3.connect(places.shop)) as shop:
        assert shop.execute("SELECT count(*) FROM customers").fetchone() == (150,)


def test_hundredths_keeps_every_cent() -> None:
    texts = ("1234.5", "0.04", "-0.50", "-7.25", "17", "711.56")
    assert [hundredths(text) for text in texts] == [123450, 4, -50, -725, 1700, 71156]
