"""Tasks of DynamoDB are plain data, and composed with retry, loops and pages they write once."""

import pickle
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from returns.result import Failure, Success

from fwf import (
    Ref,
    Task,
    Workflow,
    backoff,
    check,
    delay,
    graph,
    it,
    loop_until,
    map_each,
    named,
    paginate,
    pure,
    retry,
    seconds,
    when,
)
from fwf.connectors.dynamodb import (
    Delete,
    Stored,
    Tables,
    Write,
    Written,
    batch_write,
    batches,
    put,
    query,
    query_keys,
    replacement,
    tables,
    transact,
)
from fwf.connectors.shared.errors import Transient
from fwf.faults import Fault, leaves
from fwf.interpreters.plan import load, plan, registry
from fwf.interpreters.run import VirtualClock, execute
from fwf.secrets import Secret
from tests.connectors.dynamodb.conftest import CANARY, Maker, settings
from tests.connectors.dynamodb.layer import Layer, cut, hands_back, lost, says

DAY = date(2026, 7, 1)
KEY = ["day", "customer"]
COLUMNS: dict[str, pa.DataType] = {
    "day": pa.date32(), "customer": pa.int64(), "spent": pa.decimal128(20, 2)
}  # fmt: skip
PROFILES = pa.schema(COLUMNS)
PLACE: dict[str, Any] = {"table": "profiles", "key": KEY}
PARTITION: dict[str, Any] = {**PLACE, "params": {"day": date}}
TASKS: list[Task[Any, Any]] = [
    batch_write(**PLACE, name="write"),
    batch_write(**PLACE, name="write", tables="crm", writes=["dynamodb://a/b"]),
    put(**PLACE, name="keep", tables="crm"),
    transact(table="orders", key=("id",), name="keep_all", writes=[]),
    query(**PARTITION, name="held", limit=10),
    query(**PLACE, params={"day": "date"}, name="held", tables="crm", reads=["x"]),
    query_keys(**PLACE, params={"day": DAY}, name="keys"),
    replacement(schema=PROFILES, key=KEY, name="cut"),
    replacement(schema=PROFILES, key=KEY, name="cut", size=5),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_is_made_again_from_what_it_was_made_of(task: Task[Any, Any]) -> None:
    again = pickle.loads(pickle.dumps(task))
    assert again == task
    assert again.contract == task.contract
    assert load(plan(task), registry(task)).unwrap() == task


def test_what_a_task_was_not_given_leaves_no_trace_in_it() -> None:
    made = batch_write(**PLACE, name="write", tables="tables")
    assert made == batch_write(**PLACE, name="write")
    assert query(**PARTITION, name="held", limit=1000) == query(**PARTITION, name="held")


def test_datasets_have_the_name_of_the_resource_and_of_the_table() -> None:
    assert batch_write(**PLACE, name="w").contract.writes == ("dynamodb://tables/profiles",)
    assert put(**PLACE, name="w", tables="crm").contract.writes == ("dynamodb://crm/profiles",)
    assert query_keys(**PARTITION, name="q").contract.reads == ("dynamodb://tables/profiles",)
    assert query(**PARTITION, name="q", reads=["mine"]).contract.reads == ("mine",)


def test_each_says_what_it_does_to_the_world() -> None:
    effects = {task.name: task.contract.effect for task in TASKS}
    assert effects == {
        "write": "idempotent", "keep": "idempotent", "keep_all": "idempotent",
        "held": "read", "keys": "read", "cut": "pure",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (partial(put, **{**PLACE, "table": "a b"}), ValueError, r"put\(table='a b'\)"),
        (partial(put, **{**PLACE, "key": []}), ValueError, r"put\(key=\[\]\)"),
        (partial(put, **{**PLACE, "key": "id"}), TypeError, "needs a list"),
        (partial(transact, **PLACE, tables="a-b"), ValueError, "dynamodb.transact: the res"),
        (partial(query, **PLACE, params={}), ValueError, "needs one run parameter.*'day'"),
        (partial(query, **PLACE, params={"a": int, "b": int}), ValueError, "needs one run"),
        (partial(query, **PLACE, params={"tables": int}), ValueError, "isn't the resource"),
        (partial(query, **PLACE, params={"day": list}), TypeError, "a run parameter is one of"),
        (partial(query, **PLACE, params={"day": 0.5}), TypeError, "the value of a key is one of"),
        (partial(query, **PLACE, params={"day": bool}), TypeError, "the value of a key is one of"),
        (partial(query_keys, **PARTITION, limit=0), ValueError, r"query_keys\(limit=0\)"),
        (partial(query_keys, **PARTITION, limit=100_001), ValueError, "1 to 100,000"),
        (partial(replacement, schema=PROFILES, key=["spend"]), TypeError, "'spend' is of the key"),
        (partial(replacement, schema=PROFILES, key=KEY, size=26), ValueError, "1 to 25"),
    ],
)  # fmt: skip
def test_what_no_task_can_be_made_of_is_refused_when_it_is_made(
    make: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        make(name="x")


# Run


@pytest.fixture
def profiles(make_table: Maker) -> str:
    return make_table(KEY, "SN", on_moto=True)


@pytest.fixture
def opened(layer: Layer, behind: Tables) -> Callable[..., Any]:
    """Runs a workflow before the layer, in virtual time."""

    def run(w: Workflow[Any, Any], value: Any = None, /, **given: Any) -> Any:
        resources = {"tables": partial(nullcontext, behind)}
        ran = execute(w, value, resources=resources, clock=VirtualClock(0), **given)
        match ran.result:
            case Success(found):
                return found
            case Failure(fault):
                return fault

    return run


def whole_batch(table: str) -> Workflow[Written, Written]:
    """As the docstring of `batch_write` has it."""
    one = batch_write(table=table, key=KEY, name="write")
    patient = retry(one, attempts=5, wait=backoff(seconds(1), cap=seconds(20)), on=Transient)
    rest = it.unprocessed.length() > 0
    return loop_until(patient >> when(rest, delay(seconds(1))), ~rest, limit=20)


def tags(fault: Fault) -> list[str]:
    return [tag.rpartition(".")[2] for each in leaves(fault) for tag in each.tags]


def some(count: int) -> list[Write]:
    return [{"day": DAY, "customer": n, "spent": Decimal(n)} for n in range(count)]


def test_a_batch_goes_on_with_what_is_handed_back(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    writes = [*some(20), Delete({"day": DAY, "customer": 20})]
    layer.faults = [
        hands_back(20), says("ProvisionedThroughputExceededException"), hands_back(5), lost, cut,
        hands_back(0),
    ]  # fmt: skip
    assert opened(whole_batch(profiles), Written(0, writes)) == Written(21, [])
    assert len(behind.page(profiles, DAY, key=KEY).items) == 20
    sent = [
        len(request["RequestItems"][profiles])
        for _, request in layer.came
        if "RequestItems" in request
    ]
    assert sent == [21, 20, 20, 5, 5, 5]


def test_a_batch_that_is_never_whole_ends(layer: Layer, opened: Any, profiles: str) -> None:
    layer.faults = [hands_back(3) for _ in range(20)]
    assert "Exhausted" in str(opened(whole_batch(profiles), Written(0, some(3))))
    assert len(layer.came) == 20


def test_a_load_of_many_batches_writes_all_of_them(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    layer.faults = [hands_back(n % 25) for n in range(10)]
    load = map_each(whole_batch(profiles), at_once=4)
    written = opened(load, batches(some(110), key=KEY))
    assert sum(each.written for each in written) == 110
    assert len(behind.page(profiles, DAY, key=KEY).items) == 110


def test_items_that_cannot_be_are_a_fault_that_no_retry_repeats(
    layer: Layer, opened: Any, profiles: str
) -> None:
    fault = opened(whole_batch(profiles), [{"day": DAY, "customer": 0.5}])
    assert "BadData" in tags(fault)
    assert "customer: a float" in str(fault)
    assert not layer.came


def test_a_put_whose_answers_are_lost_is_done_once(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    one = put(table=profiles, key=KEY, name="keep")
    safe = named("daily", retry(one, attempts=5, wait=backoff(seconds(1)), on=Transient))
    item = {"day": DAY, "customer": 1}
    layer.faults = [cut, lost, lost]
    assert opened(safe, item, key="monday") == Stored(1, already=True)
    assert opened(safe, item, key="monday") == Stored(1, already=True)
    assert "KeyReused" in tags(opened(safe, item, key="tuesday"))
    assert "KeyReused" in tags(opened(safe, {**item, "a": 1}, key="monday"))
    (held,) = behind.page(profiles, DAY, key=KEY).items
    assert held.keys() == {"day", "customer", "fwf_key", "fwf_digest"}


def test_a_transaction_whose_answers_are_lost_is_done_once(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    one = transact(table=profiles, key=KEY, name="keep_all")
    safe = named("daily", retry(one, attempts=5, wait=backoff(seconds(1)), on=Transient))
    layer.faults = [cut, lost, says("TransactionInProgressException")]
    assert opened(safe, some(5), key="monday").writes == 5
    assert "KeyReused" in tags(opened(safe, some(6), key="tuesday"))
    assert len(behind.page(profiles, DAY, key=KEY).items) == 5


def replaced(table: str) -> Workflow[Any, Any]:
    """As the docstring of `replacement` has it."""
    place: dict[str, Any] = {"table": table, "key": KEY}
    keys = query_keys(**place, params={"day": date}, name="held", limit=7)
    held = paginate(keys, limit=1000)
    cut_up = replacement(schema=PROFILES, key=KEY, name="cut")
    one = loop_until(batch_write(**place, name="write"), it.unprocessed.length() == 0, limit=9)

    @graph
    def replace_day(rows: Ref[pa.Table]) -> Ref[list[Written]]:
        return map_each(one)(cut_up(rows, pure(it.items)(held())))

    return replace_day


def profile_rows(*customers: int) -> pa.Table:
    rows = [{"day": DAY, "customer": n, "spent": Decimal("1.50")} for n in customers]
    return pa.Table.from_pylist(rows, schema=PROFILES)


def test_a_day_is_replaced_and_other_days_stay(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    other = {"day": "2026-07-02", "customer": 1}
    behind.write(profiles, [other], key=KEY)
    day = replaced(profiles)
    assert not [issue for issue in check(day) if issue.severity == "error"]
    for customers in (range(40), range(30, 60), range(30, 60), (), (7,)):
        layer.faults = []
        opened(day, profile_rows(*customers), params={"day": DAY})
        found = behind.page(profiles, DAY, key=KEY).items
        assert [each["customer"] for each in found] == list(customers)
    assert behind.page(profiles, "2026-07-02", key=KEY).items == [other]
    assert behind.page(profiles, DAY, key=KEY).items[0]["spent"] == Decimal("1.5")


def test_a_replacement_that_stopped_in_the_middle_is_finished_by_the_next(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    day = replaced(profiles)
    opened(day, profile_rows(*range(60)), params={"day": DAY})
    layer.clear()

    def only_after(count: int) -> None:
        through: Any = lambda request, ask: ask(request)  # noqa: E731
        layer.faults = [through] * count + [cut] * 3

    only_after(9 + 1)  # nine pages of keys, one batch
    assert isinstance(opened(day, profile_rows(*range(50, 90)), params={"day": DAY}), Fault)
    layer.clear()
    opened(day, profile_rows(*range(50, 90)), params={"day": DAY})
    found = [each["customer"] for each in behind.page(profiles, DAY, key=KEY).items]
    assert found == list(range(50, 90))


def test_rows_that_are_not_the_declared_ones_are_refused_on_arrival(
    opened: Any, profiles: str
) -> None:
    wrong = profile_rows(1).drop_columns(["spent"])
    assert "spent" in str(opened(replaced(profiles), wrong, params={"day": DAY}))


def test_pages_of_items_are_read_by_paginate(
    layer: Layer, opened: Any, behind: Tables, profiles: str
) -> None:
    behind.write(profiles, some(11), key=KEY)
    page = query(table=profiles, key=KEY, params={"day": date}, name="held", limit=4)
    found = opened(paginate(page, limit=9), params={"day": DAY})
    assert [each["customer"] for each in found.items] == list(range(11))
    assert found.pages == 3


def test_the_tables_are_opened_once_in_a_run(layer: Layer, profiles: str) -> None:
    revealed = list[str]()

    def reveal() -> str:
        revealed.append("now")
        return CANARY

    given = settings(layer.address) | {"secret_key": Secret(reveal, where="a test")}
    load = map_each(whole_batch(profiles), at_once=4)
    pieces = batches(some(60), key=KEY, size=5)
    ran = execute(load, pieces, resources={"tables": partial(tables, **given)})
    assert isinstance(ran.result, Success)
    assert revealed == ["now"]
