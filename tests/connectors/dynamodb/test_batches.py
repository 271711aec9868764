"""Writes are cut into batches that a request can hold; what no item can be is refused by column."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf.connectors.dynamodb import Delete, Item, Write, batches, gone, items_of
from fwf.connectors.dynamodb.batches import REQUEST_BYTES, check_schema, request_bytes
from fwf.connectors.dynamodb.items import encoded_writes
from fwf.connectors.shared.errors import BadData
from tests.connectors.shared.test_aws import everything

KEY = ["id"]
IDS = st.lists(st.integers(0, 60), max_size=60)
CANARY = "hunter2-canary"


def some(ids: Sequence[int]) -> list[Write]:
    return [Delete({"id": n}) if n % 3 == 0 else {"id": n, "a": "a"} for n in ids]


@given(IDS.map(lambda ids: list(dict.fromkeys(ids))), st.integers(1, 25))
def test_batches_are_the_writes_in_their_order(ids: list[int], size: int) -> None:
    writes = some(ids)
    cut = batches(writes, key=KEY, size=size)
    assert [each for batch in cut for each in batch.unprocessed] == writes
    assert [len(batch.unprocessed) for batch in cut[:-1]] == [size] * (len(cut) - 1)
    assert all(batch.unprocessed and not batch.written for batch in cut)


@given(IDS)
def test_two_writes_of_one_key_are_refused_in_whatever_batch(ids: list[int]) -> None:
    doubles = len(ids) - len(set(ids))
    if not doubles:
        batches(some(ids), key=KEY)
        return
    with pytest.raises(BadData, match=rf"id: the key of another write \({doubles}\)"):
        batches(some(ids), key=KEY, size=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": 1}, {"id": Decimal("1.00")}),
        ({"id": date(2026, 7, 1)}, {"id": "2026-07-01"}),
        (
            {"id": datetime(2026, 7, 1, 8, tzinfo=UTC)},
            {"id": datetime(2026, 7, 1, 10, tzinfo=timezone(timedelta(hours=2)))},
        ),
        ({"id": 10**30}, {"id": Decimal("1E+30")}),
    ],
)
def test_keys_that_dynamodb_takes_for_one_are_one(one: Item, other: Item) -> None:
    with pytest.raises(BadData, match="another write"):
        batches([one, Delete(other)], key=KEY)


def test_keys_of_two_types_are_two() -> None:
    writes: list[Write] = [{"id": 1}, {"id": "1"}, {"id": b"1"}]
    assert batches(writes, key=KEY) == [(0, writes)]


@pytest.mark.parametrize("sizes", [[400_000] * 30, [409_000, 0] * 20, [1, *[400_000] * 12]])
def test_a_batch_fits_into_a_request(sizes: list[int]) -> None:
    """NUL takes six bytes of a request."""
    writes: list[Write] = [{"id": n, "a": "\0" * size} for n, size in enumerate(sizes)]
    cut = batches(writes, key=KEY)
    assert [each for batch in cut for each in batch.unprocessed] == writes
    for batch in cut:
        assert sum(map(request_bytes, encoded_writes(batch.unprocessed, KEY, ""))) <= REQUEST_BYTES
        assert len(batch.unprocessed) <= 25
    assert len(cut) <= 6


@pytest.mark.parametrize("size", [0, 26, -1])
def test_a_batch_of_no_size_that_a_request_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 25"):
        batches([], key=KEY, size=size)


def test_what_is_wrong_is_told_by_attribute_and_count_and_never_by_value() -> None:
    wrong: list[Any] = [
        {"id": 1, "price": 0.5, "note": CANARY},
        {"id": 1, "price": 0.25},
        {"id": CANARY * 200},
        {"id": 3, "deep": {CANARY: {CANARY: object()}}},
    ]
    with pytest.raises(BadData) as caught:
        batches(wrong, key=KEY)
    said = str(caught.value)
    assert "of 4 writes" in said
    assert "price: a float: make a Decimal of it, rounded as you mean it (2)" in said
    assert "id: more than 2,048 bytes, but it is of the key (1)" in said
    assert CANARY not in everything(caught.value)


@given(IDS, IDS)
def test_what_is_gone_is_what_was_held_without_an_item(held: list[int], kept: list[int]) -> None:
    items: list[Item] = [{"id": Decimal(n), "a": 1} for n in sorted(set(kept))]
    found = gone([{"id": n, "b": 2} for n in sorted(set(held))], items, key=KEY)
    assert found == [Delete({"id": n}) for n in sorted(set(held) - set(kept))]


def test_days_that_are_read_back_as_texts_are_the_days_that_were_written() -> None:
    held = [{"day": "2026-07-01", "id": 1}, {"day": "2026-07-01", "id": 2}]
    items: list[Item] = [{"day": date(2026, 7, 1), "id": 2, "name": "Ann"}]
    assert gone(held, items, key=["day", "id"]) == [Delete(held[0])]


def test_a_held_item_without_its_key_is_refused() -> None:
    with pytest.raises(BadData, match="id: no value"):
        gone([{"other": 1}], [], key=KEY)


# Tables of Arrow

FITS = pa.table(
    {
        "id": pa.array([1, 2], pa.uint64()),
        "text": pa.array(["é\0", None], pa.large_string()),
        "bytes": pa.array([b"", None]),
        "flag": [True, None],
        "amount": pa.array([Decimal("1.50"), None], pa.decimal128(38, 2)),
        "day": [date(2026, 7, 1), None],
        "at": pa.array([datetime(2026, 7, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "second": pa.array([0, None], pa.timestamp("s", "Europe/Berlin")),
        "list": pa.array([[1, None], None], pa.list_(pa.int8())),
        "struct": pa.array([{"a": "b", "c": None}, None]),
        "nothing": pa.nulls(2),
    }
)


def test_rows_become_items_that_dynamodb_takes() -> None:
    items = items_of(FITS)
    check_schema(FITS.schema, "test", key=["id", "amount"])
    assert items[1] == {"id": 2}
    assert items[0]["amount"] == Decimal("1.50")
    (first, _) = encoded_writes([*items], KEY, "")
    assert first.wire["second"] == {"S": "1970-01-01T00:00:00.000000Z"}
    assert first.wire["list"] == {"L": [{"N": "1"}, {"NULL": True}]}
    assert "nothing" not in first.wire


@pytest.mark.parametrize("table", [FITS.slice(0, 0), pa.table({})], ids=["no rows", "no columns"])
def test_an_empty_table_is_no_items_and_no_batches(table: pa.Table) -> None:
    assert items_of(table) == []
    assert batches(items_of(table), key=KEY) == []


UNFIT: list[tuple[Any, str]] = [
    (pa.float64(), "cast it to a decimal"),
    (pa.float16(), "cast it to a decimal"),
    (pa.decimal256(39, 2), "numbers of 38 digits"),
    (pa.timestamp("us"), "give it a zone"),
    (pa.timestamp("ns", "UTC"), r"cast it to timestamp\[us\]"),
    (pa.time64("us"), "cast it to a text"),
    (pa.duration("s"), "cast it to a text"),
    (pa.map_(pa.string(), pa.int64()), "cast it to a text"),
    (pa.list_(pa.float32()), "cast it to a decimal"),
    (pa.struct([("a", pa.list_(pa.timestamp("ms")))]), "give it a zone"),
    (pa.dictionary(pa.int8(), pa.string()), "cast it to a text"),
]


@pytest.mark.parametrize(("kind", "says"), UNFIT, ids=str)
def test_a_column_that_has_no_place_is_refused_by_its_type(kind: Any, says: str) -> None:
    schema = pa.schema({"id": pa.int64(), "odd": kind, "worse": pa.float64()})
    with pytest.raises(TypeError, match=says) as caught:
        check_schema(schema, "test")
    assert "'odd'" in str(caught.value)
    assert "'worse'" in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "key", "says"),
    [
        (pa.schema({"id": pa.int64()}), ["day"], "'day' is of the key, and no column"),
        (pa.schema({"id": pa.bool_()}), ["id"], "'id' is bool, but a key is"),
        (pa.schema({"id": pa.list_(pa.int8())}), ["id"], "but a key is"),
        (pa.schema([("id", pa.int8()), ("id", pa.int8())]), ["id"], "'id' stands twice"),
        (pa.schema({"": pa.int8()}), [], "a column without a name"),
    ],
)
def test_a_schema_without_a_key_that_can_be_is_refused(
    schema: pa.Schema, key: list[str], says: str
) -> None:
    with pytest.raises(TypeError, match=says):
        check_schema(schema, "test", key=key)
