"""DynamoDB is asked once, and what it hands back is given on."""

import random
import string
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fwf.connectors.dynamodb import Delete, Stored, Tables, Write, Written, tables
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    MaybeDone,
    Missing,
    Overloaded,
    Refused,
    Transient,
)
from fwf.faults import Permanent
from fwf.secrets import Secret, masked
from tests.connectors.dynamodb.conftest import CANARY, KEY, Maker, all_items, settings
from tests.connectors.dynamodb.layer import Fault, Layer, cut, hands_back, says
from tests.connectors.shared.test_aws import everything

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
