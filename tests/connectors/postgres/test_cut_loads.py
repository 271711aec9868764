"""Does a load that is cut in its middle leave the target as it was, and nothing else behind?"""

import os
import signal
import subprocess
import sys
import time as clock
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from fwf.connectors.postgres import LEDGER, Database, Loaded, database
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    MaybeDone,
    Unreachable,
)
from tests.connectors.postgres.conftest import beside, rows
from tests.connectors.postgres.sales import DAY, SALES, ids, sales, tables_left
from tests.connectors.postgres.wire import Wire


@pytest.fixture(autouse=True)
def tables(shop: Database) -> None:
    shop.execute(SALES)


COMMIT = b"COMMIT\0"
"""The driver sends it twice: to see what it would give, and to do it."""


class TestCut:
    """What is cut in the middle leaves the target as it was, and nothing else behind."""

    @pytest.fixture(autouse=True)
    def before(self, shop: Database) -> None:
        shop.load(sales(1), table="sales", idempotency_key="before")

    @pytest.mark.parametrize("what", ["question", "answer"])
    @pytest.mark.parametrize(
        "text", [b"CREATE TEMP", b'INSERT INTO "public"', b"DELETE", b'INTO "fwf_ledger"', b"DROP"]
    )
    def test_on_the_way_to_the_server(
        self, wire: Wire, shop_url: str, text: bytes, what: str
    ) -> None:
        with database(wire.url) as shop:
            into: Any = {"table": "sales", "partition": {"day": DAY}, "idempotency_key": "k"}
            wire.cut_at = (text, 1, what)
            with pytest.raises(Unreachable):
                shop.load(sales(2, 3), **into)
            assert wire.cut_at is None
            assert ids(shop_url) == [1] and tables_left(shop_url) == {"sales", LEDGER}
            assert shop.load(sales(2, 3), **into) == Loaded("sales", 2, False)
            assert ids(shop_url) == [2, 3]

    def test_at_commit_before_it_is_done(self, wire: Wire, shop_url: str) -> None:
        with database(wire.url) as shop:
            wire.cut_at = (COMMIT, 2, "question")
            with pytest.raises(Unreachable, match="at COMMIT, and nothing is left"):
                shop.load(sales(2), table="sales", idempotency_key="k")
            assert ids(shop_url) == [1]
            assert not shop.load(sales(2), table="sales", idempotency_key="k").repeated

    def test_at_commit_after_it_is_done(self, wire: Wire, shop_url: str) -> None:
        with database(wire.url) as shop:
            wire.cut_at = (COMMIT, 2, "answer")
            loaded = shop.load(sales(2), table="sales", idempotency_key="k")
            assert loaded == Loaded("sales", 1, False) and wire.cut_at is None
            assert ids(shop_url) == [1, 2]
            assert shop.load(sales(2), table="sales", idempotency_key="k").repeated

    def test_at_commit_where_nobody_can_be_asked(self, wire: Wire, shop_url: str) -> None:
        with database(wire.url) as shop:
            wire.cut_at = (COMMIT, 2, "answer")
            wire.closed_after_cut = True
            with pytest.raises(MaybeDone, match="the ledger can't be asked"):
                shop.load(sales(2), table="sales", idempotency_key="k")
            wire.closed = False
            assert shop.load(sales(2), table="sales", idempotency_key="k").repeated
            assert ids(shop_url) == [1, 2]

    def test_by_an_administrator(self, shop: Database, shop_url: str) -> None:
        with beside(shop_url) as blocker, ThreadPoolExecutor(1) as pool:
            blocker.execute("BEGIN")
            blocker.execute("LOCK TABLE sales IN SHARE MODE")
            load = pool.submit(shop.load, sales(2), table="sales", idempotency_key="k")
            _until(shop_url, "SELECT count(*) FROM pg_locks WHERE NOT granted")
            end_others_but(shop_url, blocker.info.backend_pid)
            with pytest.raises(Unreachable):
                load.result()
        assert ids(shop_url) == [1] and tables_left(shop_url) == {"sales", LEDGER}

    def test_by_the_end_of_its_process(self, shop_url: str) -> None:
        source = (
            "import sys; from fwf.connectors.postgres import database\n"
            "from tests.connectors.postgres.sales import sales\n"
            "with database(sys.argv[1]) as shop:\n"
            "    shop.load(sales(2), table='sales', idempotency_key='k')\n"
        )
        with beside(shop_url) as blocker:
            blocker.execute("BEGIN")
            blocker.execute("LOCK TABLE sales IN SHARE MODE")
            child = subprocess.Popen([sys.executable, "-c", source, shop_url])
            _until(shop_url, "SELECT count(*) FROM pg_locks WHERE NOT granted")
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        sql = "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'fwf' AND "
        _until(shop_url, sql + "datname = current_database() AND state = 'active'")
        assert ids(shop_url) == [1] and tables_left(shop_url) == {"sales", LEDGER}

    def test_by_a_lock_that_is_not_given(self, shop_url: str) -> None:
        with (
            database(shop_url, lock_within=timedelta(seconds=0.2)) as shop,
            beside(shop_url) as other,
        ):
            other.execute("BEGIN")
            other.execute("LOCK TABLE sales")
            with pytest.raises(Conflict, match="LockNotAvailable"):
                shop.load(sales(2), table="sales", idempotency_key="k")
            other.execute("ROLLBACK")
            assert shop.load(sales(2), table="sales", idempotency_key="k").rows == 1

    def test_by_a_constraint(self, shop: Database, shop_url: str) -> None:
        shop.execute("ALTER TABLE sales ADD CONSTRAINT few CHECK (id < 10)")
        with pytest.raises(BadData, match=r"CheckViolation .*constraint 'few', table 'sales'"):
            shop.load(sales(2, 11), table="sales", idempotency_key="k")
        assert ids(shop_url) == [1] and tables_left(shop_url) == {"sales", LEDGER}
        shop.execute(
            "ALTER TABLE sales DROP CONSTRAINT few, ADD UNIQUE (note) DEFERRABLE INITIALLY DEFERRED"
        )
        with pytest.raises(BadData, match="UniqueViolation"):  # at COMMIT
            shop.load(sales(2), table="sales", idempotency_key="k")
        assert ids(shop_url) == [1]


def _until(url: str, sql: str) -> None:
    for _ in range(600):
        if rows(url, sql)[0][0]:
            return
        clock.sleep(0.05)
    raise AssertionError(sql)


def end_others_but(url: str, pid: int) -> None:
    sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = "
    rows(url, f"{sql}'fwf' AND datname = current_database() AND pid <> {pid}")
