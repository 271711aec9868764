"""Do rows come as what they are, and is what doesn't come said?"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.postgres import Database, Range, database
from fwf.connectors.shared.errors import BadData, Missing, Refused, Transient, Unreachable
from tests.connectors.postgres.conftest import end_others, rows
from tests.connectors.postgres.wire import Wire

PASS: list[tuple[str, Any, Any]] = [
    ("true", pa.bool_(), True),
    ("1::int2", pa.int16(), 1),
    ("1", pa.int32(), 1),
    ("9223372036854775807", pa.int64(), 2**63 - 1),
    ("1.5::float4", pa.float32(), 1.5),
    ("'-infinity'::float8", pa.float64(), float("-inf")),
    ("9.00::numeric(10, 2)", pa.decimal128(10, 2), Decimal("9.00")),
    ("12345::numeric(5, -2)", pa.decimal128(5, -2), Decimal("12300")),
    ("0.00001::numeric(3, 6)", pa.decimal128(6, 6), Decimal("0.00001")),
    ("1::numeric(76, 10)", pa.decimal256(76, 10), Decimal(1)),
    ("NULL::numeric(10, 2)", pa.decimal128(10, 2), None),
    ("'ü😀'::text", pa.string(), "ü😀"),
    ("'a'::varchar(3)", pa.string(), "a"),
    ("'a'::char(3)", pa.string(), "a  "),
    ("'\\x0001'::bytea", pa.binary(), b"\0\1"),
    ("date '0001-01-01'", pa.date32(), date(1, 1, 1)),
    ("time '23:59:59.999999'", pa.time64("us"), None),
    ("timestamp '2026-07-01 02:00'", pa.timestamp("us"), datetime(2026, 7, 1, 2)),
    (
        "timestamptz '2026-07-01 02:00+02'",
        pa.timestamp("us", "UTC"),
        datetime(2026, 7, 1, tzinfo=UTC),
    ),
    ("ARRAY[1, NULL]", pa.list_(pa.int32()), [1, None]),
    ("'{}'::text[]", pa.list_(pa.string()), []),
    ("NULL::date[]", pa.list_(pa.date32()), None),
    ("NULL", pa.string(), None),
]


@pytest.mark.parametrize(("sql", "kind", "value"), PASS, ids=[each[0] for each in PASS])
def test_a_type_comes_as_itself_with_rows_and_without(
    shop: Database, sql: str, kind: Any, value: Any
) -> None:
    found = shop.read(f"SELECT {sql} AS x")
    if value is not None or "NULL" in sql:
        assert found.to_pylist() == [{"x": value}]
    # Empty text types differ in no way, so that a plan of types does not depend on the day.
    assert found.schema.field("x").type == kind
    assert shop.read(f"SELECT {sql} AS x WHERE false").schema == found.schema


REFUSED: list[tuple[str, str]] = [
    ("12.5::money", "money does not come as what it is; cast it in the query: x::text"),
    ("int4range(1, 2)", "a range"),
    ("time '1:00' AT TIME ZONE 'UTC'", "timetz does not come"),
    ("row(1, 2)", "record does not come"),
    ("ARRAY[row(1, 2)]", "does not come"),
    ("inet '10.0.0.1'", "inet does not come"),
    ("1::oid", "oid does not come"),
    ("point(1, 2)", "point does not come"),
    ("'infinity'::timestamptz", "1 value of infinity, which no timestamp"),
    ("'-infinity'::timestamp", "1 value of infinity"),
    ("'infinity'::date", r"1 value of infinity, .* LEAST\(x, '9999-12-31'\)"),
    ("ARRAY['infinity'::date, '2026-07-01']", "1 value of infinity"),
    ("'NaN'::numeric(10, 2)", r"1 value of NaN .* NULLIF\(…, 'NaN'\)"),
    ("time '24:00'", "1 time of 24:00"),
    ("1.5::numeric", r"needs a declared type, schema=pa.schema\(\{'x': …\}\)"),
    ("sum(1.5::numeric(5, 2))", "a numeric without bounds"),
    ("ARRAY[1.5::numeric(5, 2)]", "list<decimal128"),
    ("1::numeric(100, 2)", "102|100 digits are more than decimals have"),
    ("ARRAY[[1, 2], [3, 4]]", r"1 array of two dimensions or more.* to_jsonb\(x\)"),
]


@pytest.mark.parametrize(("sql", "said"), REFUSED, ids=[each[0] for each in REFUSED])
def test_what_does_not_come_as_what_it_is_is_refused(shop: Database, sql: str, said: str) -> None:
    with pytest.raises(BadData, match=f"column 'x'.*({said})"):
        shop.read(f"SELECT {sql} AS x")


def test_an_enum_is_refused_and_its_text_comes(shop: Database) -> None:
    shop.execute("CREATE TYPE mood AS ENUM ('glad', 'sad')")
    with pytest.raises(BadData, match="mood does not come"):
        shop.read("SELECT 'sad'::mood AS x")
    assert shop.read("SELECT 'sad'::mood::text AS x").to_pylist() == [{"x": "sad"}]


@pytest.mark.parametrize("end", [";", " ; \n", " -- the end", " /* ; */", "\n-- ;", ";;"])
def test_a_query_may_end_as_it_likes(shop: Database, end: str) -> None:
    sql = f"SELECT n AS x, ARRAY[n] AS y FROM generate_series(1, 3) AS n{end}"
    assert shop.read(sql).num_rows == 3
    assert shop.read_range(sql, "x", Range(2, None)).num_rows == 2


DECLARED: list[tuple[str, Any, Any]] = [
    ("1", pa.int64(), 1),
    ("1.50::numeric", pa.decimal128(10, 2), Decimal("1.50")),
    ("1.5000000000000000::numeric", pa.decimal128(10, 1), Decimal("1.5")),
    ("100::numeric", pa.decimal128(10, 2), Decimal("100.00")),
    ("'NaN'::numeric", pa.float64(), None),
    ("1.25::numeric(10, 2)", pa.float64(), 1.25),
    ("1.25::numeric(10, 2)", pa.decimal128(20, 4), Decimal("1.2500")),
    ("7::numeric", pa.int64(), 7),
    ("ARRAY[1.5, NULL]", pa.list_(pa.decimal128(5, 2)), [Decimal("1.50"), None]),
    ("'{\"a\": 1}'::json", pa.string(), '{"a": 1}'),
    ("'x'::text", pa.large_string(), "x"),
    ("timestamp '2026-07-01'", pa.timestamp("ms"), datetime(2026, 7, 1)),
]


@pytest.mark.parametrize(("sql", "kind", "value"), DECLARED, ids=[each[0] for each in DECLARED])
def test_what_comes_is_brought_into_the_declared_type(
    shop: Database, sql: str, kind: Any, value: Any
) -> None:
    found = shop.read(f"SELECT {sql} AS x", schema=pa.schema({"x": kind}))
    assert found.schema == pa.schema({"x": kind})
    assert value is None or found.to_pylist() == [{"x": value}]


UNFIT: list[tuple[str, Any, str]] = [
    ("300", pa.int8(), "don't fit the declared int8"),
    ("1.234::numeric", pa.decimal128(10, 2), r"don't fit the declared decimal128\(10, 2\)"),
    ("1.5::float8", pa.int64(), "don't fit the declared int64"),
    ("'1'::text", pa.int64(), "text in PostgreSQL, and declared as int64"),
    ("date '2026-07-01'", pa.timestamp("us"), "and declared as timestamp"),
    ("timestamp '2026-07-01'", pa.timestamp("us", "UTC"), "and declared as timestamp"),
    ("timestamp '2026-07-01 0:00:00.5'", pa.timestamp("s"), "don't fit"),
    ("true", pa.int8(), "bool in PostgreSQL, and declared as int8"),
]


@pytest.mark.parametrize(("sql", "kind", "said"), UNFIT, ids=[each[0] for each in UNFIT])
def test_what_is_not_as_declared_is_refused(shop: Database, sql: str, kind: Any, said: str) -> None:
    with pytest.raises(BadData, match=said):
        shop.read(f"SELECT {sql} AS x", schema=pa.schema({"x": kind}))


def test_columns_are_found_by_name_and_are_those_that_are_declared(shop: Database) -> None:
    fields: list[Any] = [pa.field("a", pa.int32(), nullable=False), pa.field("b", pa.string())]
    schema = pa.schema(fields)
    assert shop.read("SELECT 'x' AS b, 1 AS a", schema=schema).to_pylist() == [{"a": 1, "b": "x"}]
    for sql, said in (
        ("SELECT 1 AS a", "no column 'b', which is declared"),
        ("SELECT 1 AS a, 'x' AS b, 2 AS c", "gives 'c', which is not declared"),
        ("SELECT 1 AS a, 2 AS a", "gives 'a' twice"),
        ("SELECT NULL::int AS a, 'x' AS b", "'a': 1 NULL among 1 rows, where none is declared"),
    ):
        with pytest.raises(BadData, match=said):
            shop.read(sql, schema=schema)


def test_infinity_is_null_where_that_is_asked_for(shop: Database) -> None:
    sql = "SELECT unnest(ARRAY['infinity', '-infinity', '2026-07-01', NULL]::date[]) AS x"
    found = shop.read(sql, infinity="null")
    assert found.column("x").to_pylist() == [None, None, date(2026, 7, 1), None]
    sql = "SELECT unnest(ARRAY['infinity', '4713-01-01 BC']::timestamptz[]) AS x"
    assert shop.read(sql, infinity="null").column("x").null_count == 1


@pytest.mark.parametrize("infinity", ["null", "fail"])
@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_times_beyond_those_of_arrow_are_refused(shop: Database, kind: str, infinity: Any) -> None:
    sql = f"SELECT unnest(ARRAY['294276-12-31', '294275-01-01', '2026-07-01']::{kind}[]) AS x"
    with pytest.raises(BadData, match="column 'x': 2 values later than timestamp"):
        shop.read(sql, infinity=infinity)


@pytest.mark.parametrize(
    "value", ["'infinity'::timestamptz", "'infinity'::date", "'20000-01-01'::date"]
)
def test_ranges_of_what_has_no_date_of_python_are_refused(shop: Database, value: str) -> None:
    shop.execute(f"CREATE TABLE ends AS SELECT {value} AS at UNION ALL SELECT '2026-07-01'")
    with pytest.raises(BadData, match="column 'at': its least or greatest value is infinite"):
        shop.ranges("ends", "at", parts=3)


numbers = st.decimals(-(10**12), 10**12, places=6, allow_nan=False) | st.sampled_from(
    [Decimal("5000000000.000001"), Decimal("44.123456")]
)


def test_decimals_come_as_they_were_stored(shop: Database) -> None:
    shop.execute("CREATE TABLE kept (n int, x numeric(20, 6))")

    @given(st.lists(st.none() | numbers, max_size=20))
    def property(values: list[Decimal | None]) -> None:
        shop.execute("TRUNCATE kept")

        def write(connection: Any) -> None:
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO kept VALUES ($1, $2)", list(enumerate(values)))

        shop.transact(write)
        assert shop.read("SELECT x FROM kept ORDER BY n").column("x").to_pylist() == values

    property()


def test_a_session_is_in_utc_whatever_the_role_says(shop: Database, shop_url: str) -> None:
    shop.execute("ALTER ROLE CURRENT_USER SET timezone = 'Asia/Kathmandu'")
    try:
        with database(shop_url) as other:
            sql = "SELECT (timestamptz '2026-07-01 23:00+00')::date AS x"
            assert other.read(sql).to_pylist() == [{"x": date(2026, 7, 1)}]
            sql = "SELECT current_setting('timezone') AS x"
            assert other.read(sql).to_pylist() == [{"x": "UTC"}]
    finally:
        shop.execute("ALTER ROLE CURRENT_USER RESET timezone")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM kept RETURNING n",
        "INSERT INTO kept VALUES (1)",
        "WITH gone AS (DELETE FROM kept RETURNING n) SELECT * FROM gone",
        "SELECT nextval('numbers')",
        "CREATE TABLE other (n int)",
        "DROP TABLE kept",
    ],
)
def test_a_read_can_change_nothing(shop: Database, sql: str) -> None:
    shop.execute("CREATE TABLE kept AS SELECT 1 AS n; CREATE SEQUENCE numbers")
    with pytest.raises(Refused):
        shop.read(sql)
    assert shop.read("SELECT * FROM kept").to_pylist() == [{"n": 1}]


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("SELECT nope FROM kept", Refused, 'UndefinedColumn .*column "nope" does not exist'),
        ("SELECT * FROM nope", Missing, 'UndefinedTable .*relation "nope" does not exist'),
        ("SELEC 1", Refused, "SyntaxError"),
        ("SELECT 1; SELECT 2", Refused, "SyntaxError"),
        ("SELECT 1 / (n - 1) AS x FROM kept", BadData, "DivisionByZero"),
        ("SELECT pg_sleep(10)::text AS x", Transient, "QueryCanceled"),
    ],
)
def test_an_error_says_whether_asking_again_helps(
    shop_url: str, sql: str, kind: type[Exception], said: str
) -> None:
    with database(shop_url, within=timedelta(seconds=0.5)) as shop:
        shop.execute("CREATE TABLE kept AS SELECT 1 AS n")
        with pytest.raises(kind, match=said):
            shop.read(sql)
        assert shop.read("SELECT * FROM kept").num_rows == 1


def test_after_a_read_no_transaction_is_open(shop: Database, shop_url: str) -> None:
    shop.read("SELECT $x AS x", {"x": 1})
    with pytest.raises(BadData):
        shop.read("SELECT 1/0")
    sql = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    assert set(rows(shop_url, sql + "pg_backend_pid()")) <= {("idle",)}


def test_a_dead_connection_is_replaced_before_it_is_lent(shop: Database, shop_url: str) -> None:
    shop.read("SELECT 1 AS x")
    shop.execute("SELECT 1")
    end_others(shop_url)
    assert shop.read("SELECT 1 AS x").num_rows == 1
    shop.execute("SELECT 1")


MANY = "SELECT i, repeat('x', 400) AS t FROM generate_series(1, 200000) AS i"


def test_a_stream_gives_rows_as_they_come(shop: Database) -> None:
    with shop.stream(MANY) as batches:
        sizes = [batch.num_rows for batch in batches]
    assert sum(sizes) == 200_000 and len(sizes) > 3


def test_a_stream_may_be_left(shop: Database) -> None:
    shop.execute("CREATE TABLE kept (n int)")
    with shop.stream(MANY) as batches:
        batches.read_next_batch()
    shop.execute("INSERT INTO kept VALUES (1)")
    assert shop.read("SELECT * FROM kept").num_rows == 1  # in a transaction of its own
    with pytest.raises(KeyError), shop.stream(MANY) as batches:
        raise KeyError
    assert shop.read("SELECT 1 AS x").num_rows == 1


def test_a_stream_that_is_cut_is_no_result(shop: Database, shop_url: str) -> None:
    def read() -> None:
        with shop.stream(MANY) as batches:
            for n, _ in enumerate(batches):
                if not n:
                    end_others(shop_url)

    with pytest.raises(Unreachable):
        read()
    assert shop.read("SELECT 1 AS x").num_rows == 1


def test_a_server_that_is_gone_is_unreachable(wire: Wire) -> None:
    with database(wire.url) as shop:
        shop.read("SELECT 1 AS x")
        wire.closed = True
        wire.end()
        with pytest.raises(Unreachable, match="can't be reached"):
            shop.read("SELECT 1 AS x")
        wire.closed = False
        assert shop.read("SELECT 1 AS x").num_rows == 1


def test_a_database_is_open_within_its_block(shop_url: str) -> None:
    closed = database(shop_url)
    for use in (lambda: closed.read("SELECT 1"), lambda: closed.execute("SELECT 1")):
        with pytest.raises(RuntimeError, match=r"isn't open: write with postgres\.database"):
            use()
    with closed as shop:
        shop.read("SELECT 1 AS x")
    with pytest.raises(RuntimeError, match="isn't open"):
        closed.read("SELECT 1")
    sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fwf'"
    sql += " AND datname = current_database()"
    assert rows(shop_url, sql) == [(0,)]
