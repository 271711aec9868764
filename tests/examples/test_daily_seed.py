"""The inputs that the daily example makes for itself."""

import shutil
import sysconfig
from pathlib import Path

import duckdb
import pytest

from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, EMPTY_DAY, seed
from examples.daily.sources import log_files, orders, read_log, together
from examples.daily.standins import Shop, folder
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


@needs_generator
def test_the_shop_holds_every_row_of_the_generator(seeded: Places) -> None:
    with duckdb.connect(str(seeded.shop), read_only=True) as shop:
        for name, rows in (("customers", 1_500), ("orders", 15_000), ("line_items", 60_175)):
            assert shop.execute(f"SELECT count(*) FROM {name}").fetchone() == (rows,)
        # In TPC-H an order's total is the sum of its lines, less discount, plus tax, where each
        # step drops fractions of a cent.
        differing = shop.execute(
            """
            SELECT order_key FROM orders JOIN line_items USING (order_key)
            GROUP BY order_key, amount
            HAVING amount * 100 <> sum(
                (price * 100)::BIGINT * (100 - (discount * 100)::BIGINT) // 100
                * (100 + (tax * 100)::BIGINT) // 100
            )
            """
        )
        assert differing.fetchall() == []


@needs_generator
def test_there_is_a_busy_day_and_an_empty_day(seeded: Places) -> None:
    shop = Shop(seeded.shop)
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
    logs = folder(seeded.logs)
    files = log_files.fn(day=BUSY_DAY, logs=logs)
    assert len(files) == 24
    read = [read_log.fn(file, logs=logs) for file in files]
    hits = together.fn([each.table for each in read])
    assert 0 < sum(each.bad.num_rows for each in read) < hits.num_rows / 20
    assert {row["time"].date() for row in hits.to_pylist()} == {BUSY_DAY}
    visits = sessions.fn(hits)
    buyers = orders.fn(day=BUSY_DAY, shop_db=Shop(seeded.shop)).column("customer_key").to_pylist()
    assert {*buyers} <= {*visits.column("customer_key").to_pylist()}


@needs_generator
def test_a_damaged_shop_is_made_again(seeded: Places, tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.shop.write_bytes(b"half a database")
    seed(places, scale=0.001, days=[])
    with duckdb.connect(str(places.shop), read_only=True) as shop:
        assert shop.execute("SELECT count(*) FROM customers").fetchone() == (150,)
