"""Is a load done whole, once, and without a change to any value?"""

import os
import signal
import subprocess
import sys
import time as clock
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.postgres import LEDGER, Database, Loaded, Range, database
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Missing,
    Refused,
    Unreachable,
)
from tests.connectors.postgres.conftest import beside, rows
from tests.connectors.postgres.hostile import hostile
from tests.connectors.postgres.wire import Wire

DAY = date(2026, 7, 1)
SALES = "CREATE TABLE sales (id bigint PRIMARY KEY, day date, cents numeric(12, 2), note text)"


def sales(*ids: int, day: date = DAY, note: str = "ü") -> pa.Table:
    kinds: dict[str, Any] = {
        "id": pa.int64(),
        "day": pa.date32(),
        "cents": pa.decimal128(12, 2),
        "note": pa.string(),
    }
    schema = pa.schema(kinds)
    lines = [{"id": n, "day": day, "cents": Decimal(n) / 4, "note": note} for n in ids]
    return pa.Table.from_pylist(lines, schema=schema)


@pytest.fixture(autouse=True)
def tables(shop: Database) -> None:
    shop.execute(SALES)


def ids(url: str) -> list[int]:
    return [n for (n,) in rows(url, "SELECT id FROM sales ORDER BY id")]


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


ZONED = pa.timestamp("us", "UTC")
KINDS: dict[str, Any] = {
    "int8": pa.array([1, -128], pa.int8()),
    "int32": pa.array([1, 2**31 - 1], pa.int32()),
    "int64": pa.array([1, 2**53 + 1], pa.int64()),
    "uint8": pa.array([1, 255], pa.uint8()),
    "uint64": pa.array([1, 2**63 + 5], pa.uint64()),
    "float16": pa.array([1.5, 1], pa.float16()),
    "float32": pa.array([1.5, 1], pa.float32()),
    "float64": pa.array([1.5, 0.1 + 0.2]),
    "nan": pa.array([float("nan"), float("-inf")]),
    "decimal": pa.array([Decimal("1.50"), Decimal("-0.01")]),
    "wide": pa.array([Decimal("1.5"), Decimal(10) ** 40], pa.decimal256(50, 2)),
    "hundreds": pa.array([Decimal(100), Decimal(200)], pa.decimal128(5, -2)),
    "text": pa.array(["1234", "ü😀 "]),
    "large": pa.array(["1234", "true"], pa.large_string()),
    "dictionary": pa.array(["a", "b"]).dictionary_encode(),
    "bool": pa.array([True, False]),
    "binary": pa.array([b"\0", b"1234"]),
    "fixed": pa.array([b"ab", b"cd"], pa.binary(2)),
    "date": pa.array([date(1, 1, 1), DAY]),
    "date64": pa.array([date(1999, 1, 1), DAY], pa.date64()),
    "time": pa.array([time(1), time(23, 59, 59, 999999)]),
    "ns": pa.array([datetime(2023, 1, 1), datetime(2262, 1, 1)], pa.timestamp("ns")),
    "local": pa.array([datetime(1, 1, 1), datetime(2026, 7, 1, 0, 0, 0, 1)]),
    "zoned": pa.array([datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)], ZONED),
    "duration": pa.array([timedelta(days=-1), timedelta(microseconds=1)]),
    "null": pa.nulls(2),
    "ints": pa.array([[1, None], []], pa.list_(pa.int64())),
    "texts": pa.array([["a", "b"], None]),
    "decimals": pa.array([[Decimal("1.50")], []], pa.list_(pa.decimal128(5, 2))),
}
COLUMNS = (
    "smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(10, 2)",
    "numeric(5, 0)", "text", "varchar(3)", "char(5)", "boolean", "bytea", "date",
    "timestamp", "timestamp(0)", "timestamptz", "time", "timetz", "interval", "json", "jsonb",
    "uuid", "money", "oid", "integer[]", "bigint[]", "numeric[]", "text[]", "inet", "bit(3)",
    "int4range",
)  # fmt: skip
QUICK = ("int64", "float64", "decimal", "text", "local", "bool")


@pytest.mark.parametrize(
    "kind",
    [each if each in QUICK else pytest.param(each, marks=pytest.mark.services) for each in KINDS],
)
def test_no_value_is_changed_on_its_way_to_any_type(
    shop: Database, shop_url: str, kind: str
) -> None:
    """A column of each type is refused, or holds just what was sent."""
    given = pa.table({"x": KINDS[kind]})
    went: list[str] = []
    shop.execute("; ".join(f"CREATE TABLE t{n} (x {kind})" for n, kind in enumerate(COLUMNS)))
    for n, column in enumerate(COLUMNS):
        try:
            shop.load(given, table=f"t{n}", idempotency_key=f"{n}")
        except BadData:
            assert rows(shop_url, f"SELECT count(*) FROM t{n}") == [(0,)]
            continue
        went.append(column)
        asked = "x::text" if column in ("json", "jsonb") else "x"
        _, *found = zip(*rows(shop_url, f"SELECT 0, {asked} FROM t{n}"), strict=True)
        for sent, there in zip(given.column("x").to_pylist(), *found, strict=True):
            if column == "char(5)" and sent is not None:  # blanks at its end mean nothing
                sent, there = sent.rstrip(), there.rstrip()
            assert _same(sent, there), (kind, column, sent, there)
    assert went or kind in ("null",)


def _same(sent: Any, there: Any) -> bool:
    if sent is None or there is None:
        return sent is there
    if isinstance(sent, float) and sent != sent:
        return bool(there != there)
    if isinstance(sent, datetime) and isinstance(there, date) and not isinstance(there, datetime):
        return sent == datetime(there.year, there.month, there.day)
    if isinstance(there, datetime) and isinstance(sent, date) and not isinstance(sent, datetime):
        return there == datetime(sent.year, sent.month, sent.day)
    if isinstance(there, bool) is not isinstance(sent, bool):
        return False
    if isinstance(there, UUID):
        return bool(str(there) == sent)
    if isinstance(sent, Decimal) and isinstance(there, float):
        return Decimal(repr(there)) == sent
    return bool(sent == there)


def test_values_that_a_cast_would_change_are_told_by_column_and_count(shop: Database) -> None:
    shop.execute("CREATE TABLE t (n bigint, cents numeric(10, 2), code varchar(3), day date)")
    for name, values, said in (
        ("n", [1.5, 2.0], "column 'n', from double to bigint: 1 value would be changed"),
        ("cents", [Decimal("0.001"), Decimal(1)], r"to numeric\(10,2\): 1 value would be changed"),
        ("code", ["abcd", "abc"], r"to character varying\(3\): 1 value would be changed"),
        ("day", [datetime(2026, 7, 1, 12)] * 2, "to date: 2 values would be changed"),
        ("n", ["1", "2"], "'n': string can't become bigint: cast it before"),
        ("nn", [1, 2], "the table has no column 'nn'; did you mean 'n'"),
    ):
        with pytest.raises(BadData, match=said):
            shop.load(pa.table({name: values}), table="t", idempotency_key="k")
    assert shop.load(pa.table({"n": [1.0, 2.0]}), table="t", idempotency_key="k").rows == 2


OUTSIDE: list[tuple[Any, str]] = [
    (pa.array(["a\0b", "a", None]), "1 text with a NUL"),
    (pa.array([["a\0b"], []]), "1 text with a NUL"),
    (pa.array([b"\xff", b"a"]).view(pa.string()), "no valid UTF-8"),
    (pa.array([1, 2], pa.timestamp("ns")), "don't fit timestamp"),
    (pa.array([-(2**63) + 946_684_800_000_000, 0], pa.timestamp("us")), "1 value .* calendar"),
    (pa.array([2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()), "2 values .* calendar"),
    (pa.array([{"a": 1}]), "can't be written"),
    (pa.array([[[1]]]), "can't be written"),
]


@pytest.mark.parametrize(("values", "said"), OUTSIDE, ids=[each[1] for each in OUTSIDE])
def test_what_postgresql_cannot_hold_is_refused_before_it_is_sent(
    shop: Database, values: Any, said: str
) -> None:
    shop.execute("CREATE TABLE t (x text)")
    if not pa.types.is_nested(values.type) and not pa.types.is_string(values.type):
        kind = "date" if pa.types.is_date(values.type) else "timestamp"
        kind += "tz" if kind == "timestamp" and values.type.tz else ""
        shop.execute(f"DROP TABLE t; CREATE TABLE t (x {kind})")
    if pa.types.is_list(values.type) and pa.types.is_string(values.type.value_type):
        shop.execute("DROP TABLE t; CREATE TABLE t (x text[])")
    with pytest.raises(BadData, match=f"column 'x'.*{said}"):
        shop.load(pa.table({"x": values}), table="t", idempotency_key="k")


def test_rows_that_are_read_can_be_loaded(shop: Database) -> None:
    shop.execute(
        "CREATE TYPE mood AS ENUM ('glad'); "
        "CREATE DOMAIN price AS numeric(10, 2) CHECK (value > 0); "
        "CREATE TABLE one (id uuid PRIMARY KEY, j jsonb, k json, a int[], p price, m mood, "
        "c char(3), at timestamptz(3), b bytea, r real, t time, u text[]); "
        "INSERT INTO one VALUES ('5eb63bbb-e01e-4eed-93cb-22bb8f5acdc3', '{\"a\": 1}', '{}', "
        "'{1,2}', 1.50, 'glad', 'a', '2026-07-01 02:00:00.123', '\\x00', 1.1, '1:00', '{}'); "
        "CREATE TABLE two (LIKE one INCLUDING ALL)"
    )
    sql = "SELECT id, j, k, a, p, m::text AS m, c, at, b, r, t, u FROM "
    given = shop.read(sql + "one")
    shop.load(given, table="two", key=["id"], idempotency_key="k")
    assert shop.read(sql + "two").equals(given)
    with pytest.raises(BadData, match="InvalidTextRepresentation"):
        shop.load(
            given.set_column(5, "m", pa.array(["sad"])),
            table="two",
            key=["id"],
            idempotency_key="l",
        )


instants = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
LINES = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "f": st.none() | st.floats(allow_nan=False),
        "d": st.none() | st.decimals(-(10**15), 10**15, places=4, allow_nan=False),
        "s": st.none() | texts,
        "b": st.none() | st.binary(max_size=20),
        "t": st.none() | instants,
        "z": st.none() | instants.map(lambda at: at.replace(tzinfo=UTC)),
        "y": st.none() | st.dates(),
        "l": st.none() | st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=3),
    }
)
OF_LINES: dict[str, Any] = {
    "i": pa.int64(),
    "f": pa.float64(),
    "d": pa.decimal128(20, 4),
    "s": pa.string(),
    "b": pa.binary(),
    "t": pa.timestamp("us"),
    "z": ZONED,
    "y": pa.date32(),
    "l": pa.list_(pa.int32()),
}
SCHEMA = pa.schema(OF_LINES)


def test_rows_are_there_as_they_were_given(shop: Database) -> None:
    shop.execute(
        "CREATE TABLE t (n int, i bigint, f float8, d numeric(20, 4), s text, b bytea, "
        "t timestamp, z timestamptz, y date, l int[])"
    )
    numbers = iter(range(10**9))

    @given(st.lists(LINES, max_size=5))
    def property(lines: list[dict[str, Any]]) -> None:
        shop.execute("TRUNCATE t")
        table = pa.Table.from_pylist(lines, schema=SCHEMA)
        given = table.append_column("n", pa.array(range(len(lines)), pa.int32()))
        shop.load(given, table="t", idempotency_key=f"k{next(numbers)}")
        names = ", ".join(SCHEMA.names)
        found = shop.read(f"SELECT {names} FROM t ORDER BY n", schema=SCHEMA)
        assert found.to_pylist() == lines

    property()


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
            assert ids(shop_url) == [1] and _left(shop_url) == {"sales", LEDGER}
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
        assert ids(shop_url) == [1] and _left(shop_url) == {"sales", LEDGER}

    def test_by_the_end_of_its_process(self, shop_url: str) -> None:
        source = (
            "import sys; from fwf.connectors.postgres import database\n"
            "from tests.connectors.postgres.test_loading import sales\n"
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
        assert ids(shop_url) == [1] and _left(shop_url) == {"sales", LEDGER}

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
        assert ids(shop_url) == [1] and _left(shop_url) == {"sales", LEDGER}
        shop.execute(
            "ALTER TABLE sales DROP CONSTRAINT few, ADD UNIQUE (note) DEFERRABLE INITIALLY DEFERRED"
        )
        with pytest.raises(BadData, match="UniqueViolation"):  # at COMMIT
            shop.load(sales(2), table="sales", idempotency_key="k")
        assert ids(shop_url) == [1]


def _left(url: str) -> set[str]:
    """The names of all tables, temporary ones too."""
    sql = "SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE "
    sql += "relkind = 'r' AND nspname !~ '^(pg_catalog|pg_toast|information_schema)'"
    found: set[str] = set()
    for _ in range(100):  # a server takes a moment to clear up behind a connection
        found = {name for (name,) in rows(url, sql)}
        if "fwf_staged" not in found:
            break
        clock.sleep(0.05)
    return found


def _until(url: str, sql: str) -> None:
    for _ in range(600):
        if rows(url, sql)[0][0]:
            return
        clock.sleep(0.05)
    raise AssertionError(sql)


def end_others_but(url: str, pid: int) -> None:
    sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = "
    rows(url, f"{sql}'fwf' AND datname = current_database() AND pid <> {pid}")


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
    assert _left(shop_url) == {*names, "kept", "sales", LEDGER}
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
