"""Is a load done whole, once, and without a change to any value?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors.postgres import LEDGER, Database, Loaded, Range, database
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    Missing,
    Refused,
)
from tests.connectors.postgres.conftest import beside, rows
from tests.connectors.postgres.hostile import hostile
from tests.connectors.postgres.sales import DAY, SALES, ids, sales, tables_left


@pytest.fixture(autouse=True)
def tables(shop: Database) -> None:
    shop.execute(SALES)


class TestOnce:
    def test_rows_are_put_and_noted(self, shop: Database, shop_url: str) -> None:
        loaded = shop.load(sales(1, 2), table="sales", key=["id"], idempotency_key="k")
        assert loaded == Loaded("sales", 2, False)
        assert shop.read("SELECT * FROM sales ORDER BY id") == sales(1, 2)
        (note,) = rows(shop_url, f"SELECT key, target, row_count FROM {LEDGER}")
        assert note == ("k", "sales", 2)

    @pytest.mark.parametrize("into", [{}, {"key": ["id"]}, {"partition": {"day": DAY}}])
    def test_the_same_rows_under_the_same_key_change_nothing(
        self, shop: Database, shop_url: str, into: dict[str, Any]
    ) -> None:
        shop.load(sales(1, 2), table="sales", idempotency_key="k", **into)
        shop.execute("DELETE FROM sales WHERE id = 1")
        other_order = pa.concat_tables([sales(2), sales(1)])
        again = shop.load(other_order, table="sales", idempotency_key="k", **into)
        assert again == Loaded("sales", 2, True)
        assert ids(shop_url) == [2]

    @pytest.mark.parametrize(
        ("table", "into"),
        [
            (sales(1, 3), {}),
            (sales(1), {}),
            (sales(1, 2).drop_columns(["note"]), {}),
            (sales(1, 2), {"key": ["id"]}),
            (sales(1, 2), {"partition": {"day": DAY}}),
            (sales(1, 2), {"table": "others"}),
        ],
    )
    def test_other_rows_under_the_same_key_are_refused(
        self, shop: Database, shop_url: str, table: pa.Table, into: dict[str, Any]
    ) -> None:
        shop.load(sales(1, 2), table="sales", idempotency_key="k")
        shop.execute("CREATE TABLE others (LIKE sales)")
        with pytest.raises(KeyReused, match="'k' was used for other data before"):
            shop.load(table, **{"table": "sales", "idempotency_key": "k", **into})
        assert ids(shop_url) == [1, 2]

    def test_a_load_of_no_rows_is_a_load(self, shop: Database) -> None:
        for repeated in (False, True):
            loaded = shop.load(sales(), table="sales", idempotency_key="k", key=["id"])
            assert loaded == Loaded("sales", 0, repeated)
        with pytest.raises(KeyReused):
            shop.load(sales(1), table="sales", idempotency_key="k", key=["id"])

    def test_loads_of_one_key_at_once_are_one(self, shop: Database, shop_url: str) -> None:
        def load(n: int) -> Loaded:
            return shop.load(sales(*range(50)), table="sales", idempotency_key="k")

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(load, range(8)))
        assert sorted(each.repeated for each in found) == [False] + [True] * 7
        assert ids(shop_url) == list(range(50))

    def test_the_first_loads_of_a_database_make_one_ledger(
        self, shop: Database, shop_url: str
    ) -> None:
        def load(n: int) -> Loaded:
            return shop.load(sales(n), table="sales", idempotency_key=f"k{n}")

        with ThreadPoolExecutor(8) as pool:
            assert not any(each.repeated for each in pool.map(load, range(8)))
        assert ids(shop_url) == list(range(8))

    def test_a_ledger_is_made_by_one_at_a_time(self, shop_url: str) -> None:
        with (
            database(shop_url, lock_within=timedelta(seconds=0.2)) as shop,
            beside(shop_url) as other,
        ):
            other.execute("SELECT pg_advisory_lock(hashtextextended('fwf_ledger', 0))")
            with pytest.raises(Conflict, match="the ledger"):
                shop.load(sales(1), table="sales", idempotency_key="k")
            other.execute("SELECT pg_advisory_unlock_all()")
            assert shop.load(sales(1), table="sales", idempotency_key="k").rows == 1

    @pytest.mark.parametrize("key", ["", "a\0b", "a\nb", "x" * 257, "ä" * 129])
    def test_a_key_that_the_ledger_cannot_hold_is_refused(self, shop: Database, key: str) -> None:
        with pytest.raises(ValueError, match="1 to 256 bytes that can be printed"):
            shop.load(sales(1), table="sales", idempotency_key=key)

    def test_rows_may_come_as_a_stream(self, shop: Database, shop_url: str) -> None:
        def reader() -> pa.RecordBatchReader:
            return sales(1, 2, 3).to_reader(max_chunksize=1)

        for repeated in (False, True):
            loaded = shop.load(reader(), table="sales", idempotency_key="k")
            assert loaded == Loaded("sales", 3, repeated)
        assert ids(shop_url) == [1, 2, 3]

    def test_a_stream_that_fails_is_no_load_and_its_error_is_told(
        self, shop: Database, shop_url: str
    ) -> None:
        def batches() -> Any:
            yield from sales(1).to_batches()
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            shop.load(
                pa.RecordBatchReader.from_batches(sales().schema, batches()),
                table="sales",
                idempotency_key="k",
            )
        assert ids(shop_url) == []


class TestMerged:
    def test_rows_are_changed_or_added(self, shop: Database, shop_url: str) -> None:
        shop.load(sales(1, 2), table="sales", key=["id"], idempotency_key="a")
        shop.load(sales(2, 3, note="new"), table="sales", key=["id"], idempotency_key="b")
        found = rows(shop_url, "SELECT id, note FROM sales ORDER BY id")
        assert found == [(1, "ü"), (2, "new"), (3, "new")]

    def test_columns_are_found_by_name_and_others_keep_what_they_have(
        self, shop: Database, shop_url: str
    ) -> None:
        shop.load(sales(1), table="sales", key=["id"], idempotency_key="a")
        part = sales(1, note="new").select(["note", "id"])
        shop.load(part, table="sales", key=["id"], idempotency_key="b")
        assert rows(shop_url, "SELECT * FROM sales") == [(1, DAY, Decimal("0.25"), "new")]

    @pytest.mark.parametrize("key", [["id"], ["day", "id"]])
    def test_null_in_a_key_is_refused(self, shop: Database, shop_url: str, key: list[str]) -> None:
        shop.execute("CREATE UNIQUE INDEX ON sales (day, id)")
        for n in range(3):
            given = sales(1, 2).set_column(0, "id", pa.array([None, 7], pa.int64()))
            with pytest.raises(BadData, match="1 row with NULL in the key's column 'id'"):
                shop.load(given, table="sales", key=key, idempotency_key=f"k{n}")
        assert ids(shop_url) == []

    @pytest.mark.parametrize("there", [True, False])
    def test_a_key_that_stands_twice_is_refused(
        self, shop: Database, shop_url: str, there: bool
    ) -> None:
        if there:
            shop.load(sales(7), table="sales", key=["id"], idempotency_key="a")
        with pytest.raises(BadData, match="1 key of id stand twice or more, up to 3 times"):
            shop.load(sales(7, 7, 7, 8), table="sales", key=["id"], idempotency_key="b")
        assert ids(shop_url) == [7] * there

    def test_keys_that_are_one_in_the_target_stand_twice(self, shop: Database) -> None:
        shop.execute("CREATE TABLE coarse (at date PRIMARY KEY)")
        given = pa.table({"at": [datetime(2026, 7, 1), datetime(2026, 7, 1)]})
        with pytest.raises(BadData, match="stand twice"):
            shop.load(given, table="coarse", key=["at"], idempotency_key="k")

    def test_a_table_of_keys_alone_is_merged(self, shop: Database, shop_url: str) -> None:
        shop.execute("CREATE TABLE seen (id bigint PRIMARY KEY)")
        for n in range(2):
            shop.load(
                pa.table({"id": [1, 2 + n]}), table="seen", key=["id"], idempotency_key=str(n)
            )
        assert rows(shop_url, "SELECT id FROM seen ORDER BY id") == [(1,), (2,), (3,)]

    def test_a_table_without_such_a_key_is_refused(self, shop: Database) -> None:
        with pytest.raises(Refused, match="unique index of exactly day"):
            shop.load(sales(1), table="sales", key=["day"], idempotency_key="k")


class TestPartition:
    def test_a_partition_takes_the_place_of_its_rows(self, shop: Database, shop_url: str) -> None:
        other = date(2026, 7, 2)
        shop.load(sales(1, 2), table="sales", partition={"day": DAY}, idempotency_key="a")
        shop.load(sales(3, day=other), table="sales", partition={"day": other}, idempotency_key="b")
        shop.load(sales(2, 4), table="sales", partition={"day": DAY}, idempotency_key="c")
        assert ids(shop_url) == [2, 3, 4]
        shop.load(sales(), table="sales", partition={"day": DAY}, idempotency_key="d")
        assert ids(shop_url) == [3]

    def test_rows_of_another_partition_are_refused(self, shop: Database, shop_url: str) -> None:
        shop.load(sales(1), table="sales", idempotency_key="a")
        given = pa.concat_tables([sales(2), sales(3, day=date(2026, 7, 2))])
        with pytest.raises(BadData, match="1 row of another day than the one replaced"):
            shop.load(given, table="sales", partition={"day": DAY}, idempotency_key="b")
        assert ids(shop_url) == [1]

    @pytest.mark.parametrize(("column", "value"), [("id", 7), ("note", "ü"), ("day", DAY)])
    def test_a_partition_is_told_by_a_text_a_number_or_a_day(
        self, shop: Database, shop_url: str, column: str, value: Any
    ) -> None:
        for key in ("a", "b"):
            shop.load(sales(7), table="sales", partition={column: value}, idempotency_key=key)
        assert ids(shop_url) == [7]

    def test_loads_of_one_partition_at_once_leave_one_of_them(
        self, shop: Database, shop_url: str
    ) -> None:
        shop.execute("ALTER TABLE sales DROP CONSTRAINT sales_pkey")

        def load(n: int) -> Loaded:
            return shop.load(
                sales(n, n + 10), table="sales", partition={"day": DAY}, idempotency_key=str(n)
            )

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(load, range(6)))
        first, second = ids(shop_url)
        assert second == first + 10


@pytest.mark.parametrize("many", [20, pytest.param(200, marks=pytest.mark.services)])
def test_hostile_names_are_names(shop: Database, shop_url: str, many: int) -> None:
    shop.execute("CREATE TABLE kept AS SELECT 1 AS n")
    names = hostile()[:many]
    assert len(names) == many
    for n, name in enumerate(names):
        quoted = '"{}"'.format(name.replace('"', '""'))
        shop.execute(f"CREATE TABLE {quoted} ({quoted} bigint PRIMARY KEY, plain text)")
        into: dict[str, Any] = {"partition": {name: 7}} if n % 2 else {"key": [name]}
        given = pa.table({name: [7], "plain": [name]})
        for m in range(2 if n < 20 else 1):
            shop.load(given, table=(name,), idempotency_key=f"{n} {m}", **into)
        found = shop.read(f"SELECT * FROM {quoted} WHERE {quoted} = $low", {"low": 7})
        assert found.to_pylist() == [{name: 7, "plain": name}]
        assert [each.low for each in shop.ranges((name,), name, parts=3)] == [None]
        given_range = Range(7, 8)
        cut = shop.read_range(f"SELECT * FROM {quoted}", name, given_range)
        assert cut.num_rows == 1
    assert tables_left(shop_url) == {*names, "kept", "sales", LEDGER}
    assert rows(shop_url, "SELECT * FROM kept") == [(1,)]


@pytest.mark.parametrize(
    ("into", "kind", "said"),
    [
        ({"table": "nope"}, Missing, "there is no table nope"),
        ({"table": "a.b.c"}, ValueError, "by itself or by schema and table"),
        ({"table": "x" * 64}, ValueError, "64 bytes long"),
        ({"key": ["idd"]}, ValueError, "no column 'idd'; did you mean 'id'"),
        ({"key": ["id", "id"]}, ValueError, "stands twice"),
        ({"key": "id"}, TypeError, r"needs a list of columns: \['id'\]"),
        ({"key": ["id"], "partition": {"day": DAY}}, ValueError, "give one of them"),
        ({"partition": {"day": None}}, TypeError, "is a NoneType"),
    ],
)
def test_where_a_load_cannot_go_is_said(
    shop: Database, into: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        shop.load(sales(1), **{"table": "sales", "idempotency_key": "k", **into})


def test_a_table_is_found_where_the_search_path_says(shop: Database, shop_url: str) -> None:
    shop.execute(
        "CREATE SCHEMA dw; CREATE TABLE dw.sales (LIKE sales); CREATE TABLE fwf_staged (id int)"
    )
    shop.load(sales(1), table="dw.sales", idempotency_key="a")
    shop.load(sales(2), table="sales", idempotency_key="b")
    shop.load(pa.table({"id": [3]}), table="fwf_staged", idempotency_key="c")
    assert rows(shop_url, "SELECT id FROM dw.sales") == [(1,)] and ids(shop_url) == [2]
    assert rows(shop_url, "SELECT id FROM fwf_staged") == [(3,)]


def test_the_first_of_many_connections_is_used_again(shop: Database, shop_url: str) -> None:
    for n in range(5):
        shop.load(sales(n), table="sales", idempotency_key=str(n))
    sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fwf' "
    assert rows(shop_url, sql + "AND datname = current_database()") == [(2,)]
