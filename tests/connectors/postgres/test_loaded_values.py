"""Are rows that are loaded there as they were given, whatever the types?"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.postgres import Database
from fwf.connectors.shared.errors import (
    BadData,
)
from tests.connectors.postgres.conftest import rows
from tests.connectors.postgres.sales import DAY

pytestmark = pytest.mark.services  # a copy for each of many types

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
