"""Are a put and a transaction done once, and never over what is there?"""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from fwf.connectors.dynamodb import Delete, Stored, Tables, Write
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Overloaded,
    Refused,
)
from tests.connectors.dynamodb.conftest import CANARY, KEY, Maker, all_items
from tests.connectors.dynamodb.layer import Layer, cut, lost, says
from tests.connectors.shared.test_aws import everything

# Puts


def test_an_item_is_put_once(moto: Tables, make_table: Maker) -> None:
    table = make_table(on_moto=True)
    item = {"id": 1, "amount": Decimal("1.50"), "tags": {"b", "a"}}
    assert moto.put(table, item, key=KEY, own_key="k1") == Stored(1, already=False)
    assert moto.put(table, item, key=KEY, own_key="k1") == Stored(1, already=True)
    equal = {"tags": frozenset({"a", "b"}), "amount": Decimal("1.5"), "id": Decimal(1)}
    assert moto.put(table, equal, key=KEY, own_key="k1") == Stored(1, already=True)
    (held,) = moto.page(table, 1, key=KEY).items
    assert held.pop("fwf_key") == "k1"
    assert len(held.pop("fwf_digest")) == 32
    assert held == item


@pytest.mark.parametrize(
    ("item", "own_key", "says"),
    [
        ({"id": 1, "a": CANARY + "2"}, "k1", "used for an item of other content"),
        ({"id": 1, "a": CANARY}, "k2", "another write has put there"),
    ],
)
def test_what_is_there_is_never_written_over(
    moto: Tables, make_table: Maker, item: dict[str, Any], own_key: str, says: str
) -> None:
    table = make_table(on_moto=True)
    moto.put(table, {"id": 1, "a": CANARY}, key=KEY, own_key="k1")
    before = moto.page(table, 1, key=KEY)
    with pytest.raises(KeyReused, match=says) as caught:
        moto.put(table, item, key=KEY, own_key=own_key)
    assert CANARY not in everything(caught.value)
    assert moto.page(table, 1, key=KEY) == before


def test_an_item_of_somebody_else_is_not_ours(moto: Tables, make_table: Maker) -> None:
    table = make_table(on_moto=True)
    moto.write(table, [{"id": 1}], key=KEY)
    with pytest.raises(KeyReused, match="another write"):
        moto.put(table, {"id": 1}, key=KEY, own_key="k1")


def test_a_put_whose_answer_was_lost_is_recognised(
    layer: Layer, behind: Tables, make_table: Maker
) -> None:
    table = make_table(on_moto=True)
    layer.faults = [lost, cut]
    for _ in range(2):
        with pytest.raises(MaybeDone):
            behind.put(table, {"id": 1}, key=KEY, own_key="k1")
    assert behind.put(table, {"id": 1}, key=KEY, own_key="k1") == Stored(1, already=True)


def test_a_put_that_never_came_is_done_the_next_time(
    layer: Layer, behind: Tables, make_table: Maker
) -> None:
    table = make_table(on_moto=True)
    layer.faults = [cut]
    with pytest.raises(MaybeDone):
        behind.put(table, {"id": 1}, key=KEY, own_key="k1")
    assert behind.put(table, {"id": 1}, key=KEY, own_key="k1") == Stored(1, already=False)


def test_a_failed_condition_without_the_item_is_no_success(layer: Layer, behind: Tables) -> None:
    layer.faults = [says("ConditionalCheckFailedException")]
    with pytest.raises(Refused, match="doesn't say which one"):
        behind.put("tab", {"id": 1}, key=KEY, own_key="k1")


def test_own_attributes_are_not_the_users(behind: Tables) -> None:
    with pytest.raises(BadData, match="fwf_key: written by fwf itself"):
        behind.put("tab", {"id": 1, "fwf_key": "k"}, key=KEY, own_key="k1")


def test_eight_puts_at_once_store_one_item(moto: Tables, make_table: Maker) -> None:
    table = make_table(on_moto=True)

    def put(n: int) -> str:
        try:
            return str(moto.put(table, {"id": 1, "n": n % 2}, key=KEY, own_key=f"k{n % 2}").already)
        except KeyReused:
            return "other"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(put, range(8)))
    assert sorted(told) == ["False", *["True"] * 3, *["other"] * 4]


# Transactions


def test_a_transaction_is_done_once(moto: Tables, make_table: Maker) -> None:
    table = make_table(on_moto=True)
    moto.write(table, [{"id": 0}], key=KEY)
    writes: list[Write] = [{"id": 1}, {"id": 2}, Delete({"id": 0})]
    assert moto.transact(table, writes, key=KEY, own_key="k1") == Stored(3, already=False)
    assert moto.transact(table, writes, key=KEY, own_key="k1").writes == 3
    held = all_items(moto, table, range(3))
    assert [(each["id"], each["fwf_key"]) for each in held] == [(1, "k1"), (2, "k1")]


def test_a_transaction_is_all_or_nothing(moto: Tables, make_table: Maker) -> None:
    table = make_table(on_moto=True)
    moto.put(table, {"id": 3}, key=KEY, own_key="k1")
    with pytest.raises(KeyReused, match="another write"):
        moto.transact(table, [{"id": 1}, {"id": 3}], key=KEY, own_key="k2")
    assert [each["id"] for each in all_items(moto, table, range(5))] == [3]


def test_a_transaction_carries_a_token_of_its_key_and_table(
    layer: Layer, behind: Tables, make_table: Maker
) -> None:
    some, other = make_table(on_moto=True), make_table(on_moto=True)
    layer.faults = [lost]
    with pytest.raises(MaybeDone):
        behind.transact(some, [{"id": 1}], key=KEY, own_key="k1")
    for table, own_key in ((some, "k1"), (other, "k1"), (other, "k2")):
        behind.transact(table, [{"id": int(own_key[1])}], key=KEY, own_key=own_key)
    tokens = [request["ClientRequestToken"] for _, request in layer.came]
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert {len(each) for each in tokens} == {32}  # at most 36


def test_a_token_that_is_forgotten_leaves_the_items_to_tell(
    layer: Layer, behind: Tables, make_table: Maker
) -> None:
    """As ten minutes later."""
    table = make_table(on_moto=True)
    writes: list[Write] = [{"id": 1}, {"id": 2}]
    behind.transact(table, writes, key=KEY, own_key="k1")

    def forgets(request: dict[str, Any], ask: Any) -> Any:
        return ask({**request, "ClientRequestToken": "another"})

    layer.faults = [forgets, forgets]
    assert behind.transact(table, writes, key=KEY, own_key="k1") == Stored(2, already=True)
    with pytest.raises(KeyReused, match="other content"):
        behind.transact(table, [{"id": 1, "a": 2}, {"id": 9}], key=KEY, own_key="k1")
    assert all_items(behind, table, range(9, 10)) == []


CANCELLED: list[tuple[list[str], type[Exception]]] = [
    (["None", "TransactionConflict"], Conflict),
    (["TransactionConflict", "ConditionalCheckFailed"], Conflict),
    (["ThrottlingError", "None"], Overloaded),
    (["None", "ProvisionedThroughputExceeded"], Overloaded),
    (["ItemCollectionSizeLimitExceeded", "None"], Refused),
    (["ValidationError", "None"], Refused),
    (["ConditionalCheckFailed", "None"], Refused),  # without the item
    (["ConditionalCheckFailed"], Refused),
    (["None", "None"], Refused),
    ([], Refused),
]


@pytest.mark.parametrize(("codes", "kind"), CANCELLED, ids=str)
def test_why_a_transaction_was_cancelled_says_whether_to_ask_again(
    layer: Layer, behind: Tables, codes: list[str], kind: type[Exception]
) -> None:
    reasons = [{"Code": code, "Message": CANARY} for code in codes]
    layer.faults = [says("TransactionCanceledException", CancellationReasons=reasons)]
    with pytest.raises(kind) as caught:
        behind.transact("tab", [{"id": 1}, {"id": 2}], key=KEY, own_key="k1")
    assert type(caught.value) is kind
    assert CANARY not in everything(caught.value)


def test_a_token_with_other_writes_is_a_key_reused(layer: Layer, behind: Tables) -> None:
    layer.faults = [says("IdempotentParameterMismatchException")]
    with pytest.raises(KeyReused, match="other writes"):
        behind.transact("tab", [{"id": 1}], key=KEY, own_key="k1")


@pytest.mark.parametrize(
    ("writes", "says"),
    [
        ([{"id": n} for n in range(101)], "101 writes; a request holds 100"),
        ([{"id": n, "a": "a" * 400_000} for n in range(11)], "a request holds 4,194,304"),
        ([{"id": 1, "fwf_digest": "a"}], "written by fwf itself"),
        ([{"id": 1}, Delete({"id": 1})], "the key of another write"),
    ],
)
def test_a_transaction_that_cannot_be_is_refused_before_it_is_sent(
    layer: Layer, behind: Tables, writes: list[Any], says: str
) -> None:
    with pytest.raises(BadData, match=says):
        behind.transact("tab", writes, key=KEY, own_key="k1")
    assert not layer.came
