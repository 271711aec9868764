"""Loads that go through, or don't: what stands in the target, whoever comes twice or in between."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors.redshift import LEDGER, Loaded
from fwf.connectors.shared.errors import (
    BadData,
    KeyReused,
    Missing,
)
from tests.connectors.redshift.shop import BUCKET, Shop, bucket, ended, sales
from tests.connectors.redshift.ways import MONDAY, ROWS, TABLE, TUESDAY, by_way, slowly_by_way

pytestmark = pytest.mark.services  # half a minute


@by_way
def test_a_load_with_the_same_key_is_done_once_and_says_so(shop: Shop, way: dict[str, Any]) -> None:
    shop.sql(TABLE)
    table = sales((1, MONDAY, "a"), (2, MONDAY, None))
    assert shop.load(table, **way) == Loaded("sales", 2, repeated=False)
    shop.sql("UPDATE sales SET name = 'changed since' WHERE id = 1")
    assert shop.load(table.take([1, 0]), **way) == Loaded("sales", 2, repeated=True)
    assert shop.sql(ROWS) == [(1, MONDAY, "changed since", 7), (2, MONDAY, None, 7)]
    assert shop.left() == [LEDGER, "sales"]


@slowly_by_way
def test_the_ledger_knows_a_key_when_the_api_has_forgotten_the_statement(
    shop: Shop, postgres_url: str, way: dict[str, Any]
) -> None:
    from examples.services import redshift_api

    shop.sql(TABLE)
    table = sales((1, MONDAY, "a"))
    shop.load(table, **way)
    with redshift_api.serving(postgres_url, shop.s3, after=0) as forgetful:
        assert Shop(forgetful, shop.s3, shop.url).load(table, **way).repeated
    assert shop.sql(ROWS) == [(1, MONDAY, "a", 7)]


@by_way
def test_a_key_that_was_used_for_other_rows_is_refused(shop: Shop, way: dict[str, Any]) -> None:
    shop.sql(TABLE)
    shop.load(sales((1, MONDAY, "a")), **way)
    with pytest.raises(KeyReused, match="load of sales: its idempotency key was used for other"):
        shop.load(sales((1, MONDAY, "b")), **way)
    assert shop.sql(ROWS) == [(1, MONDAY, "a", 7)]


@pytest.mark.parametrize(
    "other",
    [{"into": "others"}, {"key": ["id"]}, {"partition": {"day": TUESDAY}}, {}],
    ids=["another table", "another way", "another partition", "other columns"],
)
def test_a_key_stands_for_rows_and_where_they_go_and_how(shop: Shop, other: dict[str, Any]) -> None:
    shop.sql(TABLE, "CREATE TABLE others AS TABLE sales")
    nothing = sales()
    shop.load(nothing, partition={"day": MONDAY})
    assert shop.load(nothing, partition={"day": MONDAY}).repeated
    with pytest.raises(KeyReused):
        shop.load(nothing if other else nothing.select(["id", "day"]), **other)


def test_another_key_loads_the_same_rows_again(shop: Shop) -> None:
    shop.sql(TABLE)
    table = sales((1, MONDAY, "a"))
    loads = [shop.load(table, idempotency_key=each) for each in ("k", "l")]
    assert [each.repeated for each in loads] == [False, False]
    assert shop.sql(ROWS) == [(1, MONDAY, "a", 7)] * 2


def test_rows_are_merged_by_key(shop: Shop) -> None:
    shop.sql(TABLE, f"INSERT INTO sales VALUES ('old', 1, '{MONDAY}', 1), ('old', 2, NULL, 2)")
    shop.load(sales((2, TUESDAY, "new"), (3, MONDAY, "new")), key=["id"])
    assert shop.sql(ROWS) == [
        (1, MONDAY, "old", 1),
        (2, TUESDAY, "new", 2),
        (3, MONDAY, "new", 7),
    ]


def test_rows_of_nothing_but_a_key_are_merged_too(shop: Shop) -> None:
    shop.sql(TABLE, "INSERT INTO sales (id) VALUES (1)")
    shop.load(pa.table({"id": [1, 2]}), key=["id"])
    assert shop.sql("SELECT id FROM sales ORDER BY id") == [(1,), (2,)]


def test_rows_take_the_place_of_a_partition_and_of_no_other(shop: Shop) -> None:
    shop.sql(TABLE, f"INSERT INTO sales VALUES ('old', 1, '{MONDAY}'), ('old', 2, '{TUESDAY}')")
    shop.load(sales((3, MONDAY, "new")), partition={"day": MONDAY})
    assert shop.sql(ROWS) == [(2, TUESDAY, "old", 7), (3, MONDAY, "new", 7)]


@pytest.mark.parametrize("stray", [TUESDAY, None])
def test_rows_of_another_partition_are_refused(shop: Shop, stray: date | None) -> None:
    shop.sql(TABLE, f"INSERT INTO sales VALUES ('old', 1, '{MONDAY}')")
    with pytest.raises(BadData, match="rows belong to other partitions than the one replaced"):
        shop.load(sales((3, MONDAY, "new"), (4, stray, "new")), partition={"day": MONDAY})
    assert shop.sql(ROWS) == [(1, MONDAY, "old", 7)]


@by_way
def test_an_empty_table_is_loaded_like_any_other(shop: Shop, way: dict[str, Any]) -> None:
    shop.sql(TABLE, f"INSERT INTO sales VALUES ('old', 1, '{MONDAY}')")
    assert shop.load(sales(), **way) == Loaded("sales", 0, repeated=False)
    assert shop.load(sales(), **way).repeated
    assert shop.sql(ROWS) == ([] if "partition" in way else [(1, MONDAY, "old", 7)])


EVERYTHING = pa.table(
    {
        "flag": pa.array([True, False, None]),
        "small": pa.array([-128, 127, None], pa.int8()),
        "whole": pa.array([-(2**31), 2**31 - 1, None], pa.int32()),
        "big": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
        "count": pa.array([0, 2**32 - 1, None], pa.uint32()),
        "real": pa.array([0.1, float("inf"), None], pa.float64()),
        "money": pa.array([Decimal("-12345678.90"), Decimal("0.01"), None], pa.decimal128(10, 2)),
        "huge": pa.array([Decimal(10**38 - 1), Decimal(1 - 10**38), None], pa.decimal128(38, 0)),
        "text": pa.array(['é"\n\t,\r\\N ́😀', "", None]),
        "quoted": pa.array(["it's", '"', None], pa.large_string()),
        "day": pa.array([date(1, 1, 1), date(9999, 12, 31), None]),
        "local": pa.array([datetime(2026, 3, 29, 2, 30, 0, 1), datetime(1970, 1, 1), None]),
        "moment": pa.array(
            [datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC), None],
            pa.timestamp("us", "Europe/Berlin"),
        ),
        "second": pa.array([0, 1, None], pa.timestamp("s", "UTC")),
        "nano": pa.array([1_000, 10**18, None], pa.timestamp("ns")),
    }
)
TYPES = (
    "flag bool, small int2, whole int, big int8, count int8, real float8, money numeric(12, 2), "
    "huge numeric(38, 0), text varchar(65535), quoted varchar(4), day date, local timestamp, "
    "moment timestamptz, second timestamptz, nano timestamp, id int"
)


@pytest.mark.parametrize("way", [{"key": ["id"]}, {}], ids=["by key", "added"])
def test_values_of_every_type_arrive_as_they_are(shop: Shop, way: dict[str, Any]) -> None:
    shop.sql(f"CREATE TABLE sales ({TYPES})")
    table = EVERYTHING.append_column("id", pa.array([1, 2, 3], pa.int32()))
    shop.load(table, **way)
    expected = [tuple(row[name] for name in table.column_names) for row in _plain(table)]
    assert shop.sql("SET TIME ZONE 'UTC'", "SELECT * FROM sales ORDER BY id") == expected


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    at = table.column_names.index("nano")
    nano = pa.field("nano", pa.timestamp("us"))
    return table.set_column(at, nano, table["nano"].cast(nano.type)).to_pylist()


def test_columns_go_by_name_wherever_they_stand(shop: Shop) -> None:
    shop.sql("CREATE TABLE prices (cents int8, dollars int8)")
    shop.load(pa.table({"dollars": [1], "cents": [100]}), into="prices")
    assert shop.sql("SELECT cents, dollars FROM prices") == [(100, 1)]


HOSTILE = [
    'a"; DROP TABLE sales; --', "a'b", "a b", "select", "ü😀", "a.b", "%s", ":day", "$1", "a\\b",
    "--", "/*x*/", "\t", "a\nb", "x" * 63,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("way", ["key", pytest.param("partition", marks=pytest.mark.services)])
def test_names_are_names_whatever_is_in_them(shop: Shop, name: str, way: str) -> None:
    folded = name.lower()  # as Redshift does it
    quoted = '"{}"'.format(folded.replace('"', '""'))
    shop.sql(TABLE, f"CREATE TABLE {quoted} ({quoted} int8, n int8)")
    table = pa.table({name: [1, 2], "n": [3, 3]})
    into: dict[str, Any] = {"key": [name]} if way == "key" else {"partition": {"n": 3}}
    for key in ("k", f"l {name!r}"):
        shop.load(table, into=(name,), idempotency_key=key, **into)
    assert sorted(shop.sql(f"TABLE {quoted}")) == [(1, 3), (2, 3)]
    assert shop.left() == sorted([LEDGER, "sales", folded])


@pytest.mark.parametrize("day", ["it's", "a\\'; DROP TABLE sales; --", "é", "", ":n %s"])
def test_a_partition_is_told_by_any_text(shop: Shop, day: str) -> None:
    shop.sql(TABLE)
    for id in (1, 2):
        table = sales((id, MONDAY, day))
        shop.load(table, partition={"name": day}, idempotency_key=f"{id}")
    assert shop.sql(ROWS) == [(2, MONDAY, day, 7)]


@pytest.mark.parametrize("key", ["it's", "a\\'; DROP TABLE sales; --", "é" * 128, ":n %s", " "])
def test_an_idempotency_key_is_any_text_that_can_be_printed(shop: Shop, key: str) -> None:
    shop.sql(TABLE)
    loads = [shop.load(sales((1, MONDAY, "a")), idempotency_key=key) for _ in range(2)]
    assert [each.repeated for each in loads] == [False, True]
    assert shop.sql(f"SELECT key FROM {LEDGER}") == [(key,)]


@pytest.mark.parametrize("key", ["", "é" * 129, "a\0", "a\n", "\ud800"])
def test_another_key_is_refused_before_anything_is_given(shop: Shop, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency_key: needs 1 to 256 bytes"):
        shop.load(sales((1, MONDAY, "a")), idempotency_key=key)


def test_a_table_may_stand_in_a_schema(shop: Shop) -> None:
    shop.sql('CREATE SCHEMA "dw x"', 'CREATE TABLE "dw x".sales (id int8)')
    assert shop.load(pa.table({"id": [1]}), into=("dw x", "sales"), key=["id"]).rows == 1
    assert shop.sql('TABLE "dw x".sales') == [(1,)]


# Refused, with nothing left behind


def test_keys_are_looked_at_as_the_database_has_them(shop: Shop) -> None:
    """0.0 and -0.0 are two to Arrow, and one to SQL."""
    shop.sql("CREATE TABLE sales (rate float8)")
    with pytest.raises(BadData, match="load of sales: rows share a key, or have NULL in it"):
        shop.load(pa.table({"rate": [0.0, -0.0]}), key=["rate"])
    assert shop.sql("TABLE sales") == []


@pytest.mark.parametrize("ids", [[1, None], [1, 1]], ids=["NULL", "twice"])
def test_a_key_that_is_null_or_stands_twice_is_refused_before_anything_is_put(
    shop: Shop, ids: list[int | None]
) -> None:
    place = f"s3://{BUCKET}/refused"
    with pytest.raises(BadData, match="1 of 2 rows"):
        shop.load(pa.table({"id": ids}), key=["id"], staging=place)
    with bucket(shop.s3) as s3:
        assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="refused/")


@pytest.mark.parametrize(
    ("target", "kind", "said"),
    [
        ("id int8, day date", Missing, "merge into the target: a table or a column isn't there"),
        ("id int8, day date, name varchar(2)", BadData, "a value doesn't fit a column"),
        ("id int8, day date, name varchar(5), n int NOT NULL", BadData, "a value doesn't fit"),
        ("id date, day date, name varchar(5)", BadData, "a value doesn't fit"),
        ("id int2, day date, name varchar(5)", BadData, "a value doesn't fit"),
    ],
    ids=["no column", "too short for é", "a column without a value", "another type", "too small"],
)
def test_what_the_target_does_not_take_is_told_and_leaves_nothing(
    shop: Shop, target: str, kind: type[Exception], said: str
) -> None:
    shop.sql(f"CREATE TABLE sales ({target})")
    with pytest.raises(kind, match=said) as caught:
        shop.load(sales((10**6, MONDAY, "né")), key=["id"] if "id int8" in target else [])
    assert "né" not in str(caught.value) and "aws redshift-data describe-statement" in str(
        caught.value
    )
    assert shop.sql(f"SELECT * FROM {LEDGER}") == shop.sql("TABLE sales") == []


def test_without_a_ledger_nothing_is_loaded_and_the_error_says_how_to_make_one(shop: Shop) -> None:
    shop.sql(TABLE, f"DROP TABLE {LEDGER}")
    with pytest.raises(Missing, match=r"the table fwf_ledger isn't there: .* redshift.prepare\("):
        shop.load(sales((1, MONDAY, "a")))
    assert shop.sql(ROWS) == []


def test_a_table_that_is_not_there_is_told(shop: Shop) -> None:
    with pytest.raises(Missing, match="insert into the target: a table or a column isn't there"):
        shop.load(sales((1, MONDAY, "a")))


def test_rows_are_counted_once_more_in_the_database(shop: Shop) -> None:
    shop.sql(TABLE)
    with shop.opened({}) as opened:
        staged = opened.stage(sales((1, MONDAY, "a")))._replace(rows=2)
        statement = opened.submit(staged, table="sales", idempotency_key="k")
        with pytest.raises(BadData, match="COPY gave another number of rows than were staged"):
            ended(opened, statement)
    assert shop.sql(ROWS) == []


def test_what_was_staged_is_what_is_loaded(shop: Shop) -> None:
    """A file that was cut, or is gone, since."""
    shop.sql(TABLE)
    with shop.open(staging=f"s3://{BUCKET}/tampered") as opened, bucket(shop.s3) as s3:
        staged = opened.stage(sales((1, MONDAY, "a")))
        (file,) = (
            each["Key"]
            for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="tampered/")["Contents"]
            if each["Key"].endswith(".parquet")
        )
        s3.put_object(Bucket=BUCKET, Key=file, Body=b"short")
        with pytest.raises(BadData, match="a staged file isn't that of the manifest"):
            ended(opened, opened.submit(staged, table="sales", idempotency_key="k"))
        s3.delete_object(Bucket=BUCKET, Key=file)
        with pytest.raises(Missing, match="a staged file isn't there"):
            ended(opened, opened.submit(staged, table="sales", idempotency_key="k"))
        again = opened.stage(sales((1, MONDAY, "a")))  # finds that it isn't whole
        assert again == staged
        done = ended(opened, opened.submit(again, table="sales", idempotency_key="k"))
        assert opened.loaded(done.statement) == Loaded("sales", 1, repeated=False)
