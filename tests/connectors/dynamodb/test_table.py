"""DynamoDB is asked once, what it hands back is given on, and a key that is kept makes put safe."""

import random
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fwf.connectors.dynamodb import Delete, Stored, Tables, Write, Written, tables
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Missing,
    Overloaded,
    Refused,
    Transient,
)
from fwf.faults import Permanent
from fwf.secrets import Secret, masked
from tests.connectors.dynamodb.conftest import CANARY, Maker, settings
from tests.connectors.dynamodb.layer import Fault, Layer, cut, hands_back, lost, says
from tests.connectors.shared.test_aws import everything

KEY = ["id"]


def all_items(db: Tables, table: str, ids: range) -> list[Any]:
    return [item for each in ids for item in db.page(table, each, key=KEY).items]


# Batches


def test_a_batch_puts_and_deletes(db: Tables, make_table: Maker) -> None:
    table = make_table()
    first: list[Write] = [{"id": n, "name": f"é{n}"} for n in range(25)]
    assert db.write(table, first, key=KEY) == Written(25, [])
    then: list[Write] = [Delete({"id": 0}), {"id": 1, "name": "new"}, Delete({"id": 99})]
    assert db.write(table, then, key=KEY) == Written(3, [])
    assert all_items(db, table, range(3)) == [{"id": 1, "name": "new"}, first[2]]


def test_an_empty_batch_asks_nobody(layer: Layer, behind: Tables) -> None:
    assert behind.write("none", [], key=KEY) == Written(0, [])
    assert behind.transact("none", [], key=KEY, own_key="k") == Stored(0, already=False)
    assert not layer.came


@pytest.mark.parametrize("count", [0, 1, 24, 25])
def test_what_dynamodb_hands_back_is_given_back_as_it_was_given(
    layer: Layer, behind: Tables, make_table: Maker, count: int
) -> None:
    table = make_table(["day", "id"], "SN", on_moto=True)
    writes: list[Write] = [
        {"day": date(2026, 7, 1), "id": Decimal(n) / 2, "tags": {"b", "a"}} for n in range(20)
    ]
    writes += [Delete({"day": date(2026, 7, 2), "id": Decimal(f"{n}.0")}) for n in range(5)]
    layer.faults = [hands_back(count)]
    written = behind.write(table, writes, key=["day", "id"])
    assert written == Written(25 - count, writes[25 - count :])
    assert len(behind.page(table, date(2026, 7, 1), key=["day", "id"]).items) == min(20, 25 - count)
    assert behind.write(table, written.unprocessed, key=["day", "id"]) == Written(count, [])


def test_an_answer_with_writes_that_were_not_sent_is_not_believed(
    layer: Layer, behind: Tables
) -> None:
    other = {"tab": [{"PutRequest": {"Item": {"id": {"N": "7"}}}}]}
    layer.faults = [lambda _request, _ask: (200, {"UnprocessedItems": other})]
    with pytest.raises(MaybeDone, match="not sent"):
        behind.write("tab", [{"id": 1}], key=KEY)


BAD: list[tuple[list[Any], str]] = [
    ([{"id": n} for n in range(26)], "26 writes; a request holds 25: cut them by batches"),
    ([{"id": 1}, {"id": Decimal("1.0")}, {"id": 1, "a": 2}], r"id: the key of another write \(2\)"),
    ([{"id": 1}, Delete({"id": 1})], r"id: the key of another write \(1\)"),
    ([{"id": n, "a": "\0" * 409_000} for n in range(7)], "a request holds 16,777,216"),
    ([{"id": 1, "a": "a" * 409_600}], "400 KB"),
    ([{"id": 1, "a": 0.1}, {"id": 2, "a": 0.2}], r"a: a float: make a Decimal of it.* \(2\)"),
    ([{"id": 1, "tags": set()}], "tags: an empty set"),
    ([{"id": 1, "n": Decimal(0.1)}], "n: a number of more than 38 digits"),  # noqa: RUF032
    ([{"id": ""}], "id: empty, but it is of the key"),
    ([{"id": b""}], "id: empty, but it is of the key"),
    ([{"id": None}], "id: no value, but it is of the key"),
    ([{"no": 1}], "id: no value, but it is of the key"),
    ([{"id": True}], "id: a key is a text, a number or bytes"),
    ([{"id": [1]}], "id: a key is a text, a number or bytes"),
    ([{"id": "ä" * 1025}], "id: more than 2,048 bytes"),
    ([Delete({"id": 1, "a": 1})], "a Delete with more than the key"),
    ([("id", 1)], "a tuple, but an item is a dictionary"),
    ([{"id": 1, 5: 1}], r"\(a int\): a name that is no text"),
    ([{"id": 1, "": 1}], "'': an empty name"),
    ([{"id": 1, "a": CANARY, "b": object()}], "b: a object"),
]


@pytest.mark.parametrize(("writes", "says"), BAD, ids=[says for _, says in BAD])
def test_what_would_be_refused_in_the_middle_is_refused_before_anything_is_sent(
    layer: Layer, behind: Tables, writes: list[Any], says: str
) -> None:
    with pytest.raises(BadData, match=says) as caught:
        behind.write("tab", writes, key=KEY)
    assert not layer.came
    assert CANARY not in everything(caught.value)
    assert len(str(caught.value)) < 400


def test_many_problems_are_told_by_count(behind: Tables) -> None:
    wrong: list[Any] = [{"id": n, f"a{n}": 0.5} for n in range(20)]
    with pytest.raises(BadData, match=r"of 20 writes: .*; and 12 more"):
        behind.write("tab", wrong, key=KEY)


def test_requests_are_no_larger_than_they_are_counted(layer: Layer, behind: Tables) -> None:
    from fwf.connectors.dynamodb.batches import request_bytes
    from fwf.connectors.dynamodb.items import encoded_writes

    writes: list[Write] = [{"id": n, "é": "\0ä€\U0001f600", "b": b"\xff" * n} for n in range(20)]
    writes += [Delete({"id": n}) for n in range(20, 25)]
    layer.faults = [hands_back(25)]
    behind.write("tab", writes, key=KEY)
    around = 100
    assert layer.sizes[0] <= around + sum(map(request_bytes, encoded_writes(writes, KEY, "")))


# What DynamoDB says

Act = Callable[[Tables, str], object]
ACTS: dict[str, Act] = {
    "write": lambda db, table: db.write(table, [{"id": 1, "a": CANARY}], key=KEY),
    "put": lambda db, table: db.put(table, {"id": 1, "a": CANARY}, key=KEY, own_key="k"),
    "transact": lambda db, table: db.transact(table, [{"id": CANARY}], key=KEY, own_key="k"),
    "page": lambda db, table: db.page(table, CANARY, key=KEY),
}  # fmt: skip
SAID: list[tuple[str, Fault, type[Exception]]] = [
    ("throttled", says("ProvisionedThroughputExceededException"), Overloaded),
    ("throttled", says("ThrottlingException"), Overloaded),
    ("limited", says("RequestLimitExceeded"), Overloaded),
    ("in progress", says("TransactionInProgressException"), Conflict),
    ("conflict", says("TransactionConflictException"), Conflict),
    ("no such table", says("ResourceNotFoundException"), Missing),
    ("invalid", says("ValidationException", message=f"got {CANARY}"), Refused),
    ("full", says("ItemCollectionSizeLimitExceededException"), Refused),
    ("broken", says("InternalServerError", 500), MaybeDone),
    ("lost", cut, MaybeDone),
    ("a page", lambda _request, _ask: (200, {}), MaybeDone),
]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("_what", "fault", "kind"), SAID, ids=[what for what, _, _ in SAID])
def test_dynamodb_is_asked_once_and_errors_say_whether_to_ask_again(
    layer: Layer, behind: Tables, act: str, _what: str, fault: Fault, kind: type[Exception]
) -> None:
    layer.faults = [fault]
    with pytest.raises(Exception, match="table 'tab'") as caught:
        ACTS[act](behind, "tab")
    wanted = Transient if kind is MaybeDone and act == "page" else kind
    assert type(caught.value) is wanted
    assert issubclass(wanted, Transient) != issubclass(wanted, Permanent)
    assert len(layer.came) == 1
    assert CANARY not in everything(caught.value)


def test_a_table_that_is_not_there_is_missing(db: Tables) -> None:
    with pytest.raises(Missing, match="table 'nowhere'"):
        db.write("nowhere", [{"id": 1}], key=KEY)


def test_a_key_that_is_not_the_tables_is_refused(db: Tables, make_table: Maker) -> None:
    with pytest.raises(Refused):
        db.write(make_table(["id"]), [{"other": CANARY}], key=["other"])


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


# Pages


@pytest.mark.parametrize(
    ("kind", "sorts"),
    [
        ("N", [Decimal("-1E+30"), -2, Decimal("0.5"), 3, 10**30]),
        ("S", ["", "a", "b", "é", "\U0001f600"][1:]),
        ("B", [b"\x00", b"\x01", b"a", b"\xff"]),
    ],
)
def test_pages_follow_the_sort_key_and_end(
    db: Tables, make_table: Maker, kind: str, sorts: list[Any]
) -> None:
    table = make_table(["day", "at"], f"S{kind}")
    rows: list[Write] = [{"day": date(2026, 7, 1), "at": each, "a": 1} for each in sorts]
    db.write(table, [*rows, {"day": "other", "at": sorts[0]}], key=["day", "at"])
    found, after, pages = list[Any](), None, 0
    while True:
        page = db.page(
            table, date(2026, 7, 1), key=["day", "at"], after=after, limit=2, only_keys=True
        )
        found, after, pages = found + page.items, page.next, pages + 1
        if after is None:
            break
    assert found == [{"day": "2026-07-01", "at": each} for each in sorts]
    assert pages in (len(sorts) // 2, len(sorts) // 2 + 1)


def test_a_partition_without_items_is_an_empty_page(db: Tables, make_table: Maker) -> None:
    assert db.page(make_table(), 1, key=KEY) == ([], None)


def test_a_page_is_of_what_was_written_before(layer: Layer, behind: Tables) -> None:
    layer.faults = [lambda _request, _ask: (200, {"Items": []})]
    behind.page("tab", 1, key=KEY)
    assert layer.came[0][1]["ConsistentRead"] is True


# Names


def hostile() -> list[str]:
    drawn = random.Random(11)
    signs = "'\"`;/*\\#:${}()[]<>&|!?*~^%=+, \t\n\r\0\u2028é\U0001f600"
    wrong = ["", "ab", "a" * 256, "table\n", " tab", "tab ", "../tab", "a/b", "tab\0", "tаb"]
    fine = string.ascii_letters + string.digits
    while len(wrong) < 200:
        some = [drawn.choice(fine) for _ in range(drawn.randint(3, 20))]
        some.insert(drawn.randrange(len(some)), drawn.choice(signs))
        wrong.append("".join(some))
    return wrong


def test_names_that_no_table_has_are_refused_before_anything_is_sent(
    layer: Layer, behind: Tables
) -> None:
    names: list[Any] = [*hostile(), None, 7, b"tab"]
    for name in names:
        for act in ACTS.values():
            with pytest.raises(ValueError, match="a table of DynamoDB has a name"):
                act(behind, name)
    assert not layer.came


@pytest.mark.parametrize("name", ["select", "a.b", "#x", ":partition", "a b", "ключ", "'\"", "-"])
def test_names_of_keys_are_never_read_as_expressions(
    moto: Tables, make_table: Maker, name: str
) -> None:
    table = make_table([name, "size"], "SN", on_moto=True)
    assert (
        moto.put(table, {name: "a", "size": 1, "b.c": 1}, key=[name, "size"], own_key="k").writes
        == 1
    )
    assert moto.put(
        table, {name: "a", "size": 1, "b.c": 1}, key=[name, "size"], own_key="k"
    ).already
    found = moto.page(table, "a", key=[name, "size"], only_keys=True)
    assert found.items == [{name: "a", "size": 1}]


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        ([], ValueError, "at most one sort key"),
        (["a", "b", "c"], ValueError, "at most one sort key"),
        (["a", "a"], ValueError, "at most one sort key"),
        ([""], ValueError, "1 to 255 bytes"),
        (["a\0"], ValueError, "1 to 255 bytes"),
        (["ä" * 128], ValueError, "1 to 255 bytes"),
        ([7], ValueError, "1 to 255 bytes"),
        (["fwf_key"], ValueError, "written by fwf itself"),
        ("id", TypeError, "needs a list"),
        (None, TypeError, "needs a list"),
    ],
)
def test_keys_that_no_table_has_are_refused(
    behind: Tables, key: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        behind.write("tab", [], key=key)


# Openers


def test_credentials_are_read_when_it_is_opened_and_shown_nowhere(layer: Layer) -> None:
    revealed = list[str]()

    def reveal() -> str:
        revealed.append("now")
        return CANARY

    given = settings(layer.address) | {"secret_key": Secret(reveal, where="a test")}
    opener = tables(**given)
    assert not revealed
    with opener as opened:
        assert revealed
        assert CANARY not in repr(opened) + repr(vars(opened)) + masked(f"{CANARY}")
    assert CANARY not in repr(layer.came)


@pytest.mark.parametrize(
    "given",
    [
        {"region": "eu central"},
        {"endpoint": f"http://ann:{CANARY}@127.0.0.1"},
        {"secret_key": CANARY, "access_key": CANARY},
        {"access_key": Secret.env("A")},
    ],
)
def test_settings_that_cannot_be_are_refused_before_it_is_opened(given: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        tables(**given)
    assert CANARY not in everything(caught.value)


def test_tables_that_are_not_open_say_so(layer: Layer) -> None:
    opener = tables(**settings(layer.address))
    with pytest.raises(ValueError, match="not open"):
        opener.page("tab", 1, key=KEY)
    with opener:
        pass
    with pytest.raises(ValueError, match="not open"):
        opener.write("tab", [{"id": 1}], key=KEY)


def test_tables_are_opened_once_in_a_run() -> None:
    assert Tables.per_run
