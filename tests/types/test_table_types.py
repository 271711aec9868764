"""Columns that are declared beside a table's class: what arrives, and what fits between parts."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fwf import (
    Scenario,
    as_result,
    branch,
    dry_run,
    fallback,
    graph,
    identity,
    it,
    join,
    loop_until,
    map_each,
    par,
    pretty,
    run,
    task,
)
from fwf.machine.task_results import TaskResults
from fwf.types.arrival import whose, wrong_in
from fwf.types.hints import compatible
from fwf.types.table_types import apart, mentioned, table_type
from fwf.worlds.scenario import ScenarioError

ORDERS = pa.schema({"id": pa.int64(), "day": pa.date32(), "amount": pa.decimal128(10, 2)})
Orders = Annotated[pa.Table, ORDERS]
FILLED = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])
Filled = Annotated[pa.Table, FILLED]
ROWS = pl.Schema({"id": pl.Int64, "name": pl.String})
Frame = Annotated[pl.DataFrame, ROWS]
Data = Annotated[pd.DataFrame, {"id": "int64", "name": "object", "at": "datetime64[us, UTC]"}]


def orders(**changed: pa.DataType | None) -> pa.Table:
    kinds: dict[str, Any] = {field.name: field.type for field in ORDERS} | changed
    return pa.schema([(name, kind) for name, kind in kinds.items() if kind]).empty_table()


def said_of(value: Any, kind: Any) -> str:
    wrong = wrong_in(value, kind)
    return "" if wrong is None else whose("it", wrong)


ARROW: list[tuple[str, Any, str]] = [
    ("just so", orders(), ""),
    ("metadata", orders().replace_schema_metadata({"source": "shop"}), ""),
    ("missing", orders(day=None), "column 'day' is missing"),
    ("extra", orders(zone=pa.string()), "column 'zone' is not declared"),
    ("misspelt", orders(day=None, dya=pa.date32()), "column 'day' is missing; did you mean 'dya'?"),
    (
        "another type",
        orders(amount=pa.float64()),
        ": it (0 rows): column 'amount' is double, not decimal128(10, 2)",
    ),
    (
        "another scale",
        orders(amount=pa.decimal128(10, 3)),
        "column 'amount' is decimal128(10, 3), not decimal128(10, 2)",
    ),
    (
        "another order",
        orders().select(["day", "id", "amount"]),
        "its columns are in another order: day, id, amount, not id, day, amount",
    ),
    (
        "twice",
        pa.Table.from_arrays([*orders().columns, orders()["id"]], names=[*ORDERS.names, "id"]),
        "column 'id' is there 2 times",
    ),
    ("no columns", pa.table({}), "column 'id' is missing; column 'day' is missing; column"),
    ("many rows", pa.table({"x": range(1204)}), ": it (1,204 rows): column 'id' is missing"),
    ("another class", [1], ": it"),
]


@pytest.mark.parametrize(("name", "value", "said"), ARROW, ids=[name for name, _, _ in ARROW])
def test_a_table_of_arrow_has_just_the_declared_columns(name: str, value: Any, said: str) -> None:
    wrong = wrong_in(value, Orders)
    assert (wrong is None) is (not said)
    if name != "another class":
        assert said in said_of(value, Orders)


LAYOUTS = [
    (pa.string(), pa.large_string(), True),
    (pa.large_string(), pa.string(), True),
    (pa.string(), pa.string_view(), True),
    (pa.binary(), pa.large_binary(), True),
    (pa.list_(pa.string()), pa.large_list(pa.large_string()), True),
    (pa.list_(pa.int64()), pa.list_(pa.field("l", pa.int64(), nullable=False)), True),
    (pa.string(), pa.dictionary(pa.int32(), pa.string()), False),
    (pa.string(), pa.binary(), False),
    (pa.list_(pa.int64()), pa.list_(pa.int32()), False),
    (pa.struct([("large_string", pa.int8())]), pa.struct([("string", pa.int8())]), False),
    (pa.timestamp("us", "UTC"), pa.timestamp("us", "Asia/Tokyo"), False),
    (pa.timestamp("us", "UTC"), pa.timestamp("us"), False),
    (pa.int64(), pa.uint64(), False),
]


@pytest.mark.parametrize(("wanted", "given", "fits"), LAYOUTS, ids=str)
def test_layouts_that_hold_the_same_values_are_no_difference(
    wanted: pa.DataType, given: pa.DataType, fits: bool
) -> None:
    one, other = pa.schema([("c", wanted)]), pa.schema([("c", given)])
    assert (wrong_in(other.empty_table(), Annotated[pa.Table, one]) is None) is fits
    assert compatible(Annotated[pa.Table, other], Annotated[pa.Table, one]) is fits


def test_whether_a_field_may_be_null_is_no_difference_but_nulls_are_counted() -> None:
    loose = pa.schema({"id": pa.int64(), "name": pa.string()})
    assert compatible(Annotated[pa.Table, loose], Filled)
    assert said_of(pa.table({"id": [1, 2], "name": ["a", None]}, schema=loose), Filled) == ""
    two = pa.table({"id": [1, None, None], "name": ["secret"] * 3}, schema=loose)
    assert said_of(two, Filled) == (
        ": it (3 rows): column 'id' is declared not null, but holds 2 nulls"
    )


def test_other_classes_of_arrow_with_a_schema_count_too() -> None:
    batch = orders().to_batches() or [pa.RecordBatch.from_pylist([], schema=ORDERS)]
    assert said_of(batch[0], Annotated[pa.RecordBatch, ORDERS]) == ""
    assert "'x' is not declared" in said_of(
        pa.record_batch({"x": [1]}), Annotated[pa.RecordBatch, ORDERS]
    )
    reader = orders(day=None).to_reader()
    assert "column 'day' is missing" in said_of(reader, Annotated[pa.RecordBatchReader, ORDERS])
    assert len(reader.read_all()) == 0  # not consumed


POLARS: list[tuple[Any, str]] = [
    (pl.DataFrame({"id": [1], "name": ["a"]}), ""),
    (pl.DataFrame({"id": [], "name": []}, schema=ROWS), ""),
    (pl.DataFrame({"id": [1]}), ": it (1 row): column 'name' is missing"),
    (pl.DataFrame({"id": [1.5], "name": ["a"]}), "column 'id' is Float64, not Int64"),
    (pl.DataFrame({"name": ["a"], "id": [1]}), "another order: name, id, not id, name"),
    (pl.DataFrame({"id": [1], "name": ["a"], "x": [1]}), "column 'x' is not declared"),
]


@pytest.mark.parametrize(("value", "said"), POLARS)
def test_a_frame_of_polars_has_just_the_declared_columns(value: Any, said: str) -> None:
    assert (said_of(value, Frame) == "") is (said == "")
    assert said in said_of(value, Frame)
    assert said_of(pl.LazyFrame({"id": [1]}), Annotated[pl.LazyFrame, ROWS])


def data(**changed: Any) -> pd.DataFrame:
    at = pd.Series(pd.to_datetime(["2026-07-15"], utc=True)).astype("datetime64[us, UTC]")
    columns = {"id": [1], "name": pd.Series(["secret"], dtype="object"), "at": at} | changed
    return pd.DataFrame({name: each for name, each in columns.items() if each is not None})


PANDAS: list[tuple[Any, str]] = [
    (data(), ""),
    (data().iloc[:0], ""),
    (data()[["at", "id", "name"]], ""),  # a dictionary tells no order
    (data().set_index("id"), ": it (1 row): column 'id' is missing"),
    (data(id=["1"]), "column 'id' is "),
    (data(at=pd.to_datetime(["2026-07-15"])), "not datetime64[us, UTC]"),
    (data(more=[1]), "column 'more' is not declared"),
    (pd.DataFrame({0: [1], ("a", "b"): [2]}), "column 0 is not declared"),
]


@pytest.mark.parametrize(("value", "said"), PANDAS)
def test_a_frame_of_pandas_has_just_the_declared_columns(value: Any, said: str) -> None:
    assert (said_of(value, Data) == "") is (said == "")
    assert said in said_of(value, Data)
    assert "secret" not in said_of(value, Data)


@pytest.mark.parametrize("kind", ["int64", int, pd.Series([1]).dtype])
def test_a_type_of_pandas_may_be_given_in_several_ways(kind: Any) -> None:
    wanted = Annotated[pd.DataFrame, {"id": kind}]
    assert said_of(pd.DataFrame({"id": [1]}), wanted) == ""
    assert said_of(pd.DataFrame({"id": [1.5]}), wanted)
    assert compatible(Annotated[pd.DataFrame, {"id": "int64"}], wanted)
    assert not compatible(Annotated[pd.DataFrame, {"id": "float64"}], wanted)


def test_other_notes_declare_no_columns() -> None:
    for kind in (
        pa.Table,
        Annotated[pa.Table, "orders"],
        Annotated[int, {"id": "int64"}],
        Annotated[pl.DataFrame, {"id": pl.Int64}],
        Annotated[pa.Table, ROWS],
        list[int],
        Any,
        "Orders",
        None,
    ):
        assert table_type(kind) is None
        assert not mentioned(kind)
    assert mentioned(dict[str, list[Orders]])
    assert mentioned(Orders | None)


# Inside of other types


class Night(NamedTuple):
    orders: Orders
    n: int


@pytest.mark.parametrize(
    ("kind", "wrap", "place"),
    [
        (list[Orders], lambda table: [orders(), table], "it[1]"),
        (tuple[int, Orders], lambda table: (1, table), "it[1]"),
        (dict[str, Orders], lambda table: {"eu": table}, "it['eu']"),
        (Night, lambda table: Night(table, 1), "it.orders"),
        (Orders | None, lambda table: table, "it"),
        (Annotated[Orders, "more"], lambda table: table, "it"),
    ],
)
def test_tables_are_looked_at_inside_of_other_types(kind: Any, wrap: Any, place: str) -> None:
    assert said_of(wrap(orders()), kind) == ""
    assert said_of(wrap(orders(day=None)), kind) == f": {place} (0 rows): column 'day' is missing"


# Between parts


@task(effect="pure")
def made() -> Orders:
    return orders()


@task(effect="pure")
def taken(table: Orders) -> int:
    return table.num_rows


@task(effect="pure")
def loose() -> pa.Table:
    return pa.table({"id": ["a secret"] * 3})


OTHER = Annotated[pa.Table, pa.schema([("id", pa.string()), ("dya", pa.date32())])]


@task(effect="pure")
def other() -> OTHER:
    return pa.table({})


@task(effect="pure")
def both(left: Orders, right: Orders) -> int:
    return left.num_rows + right.num_rows


@task(effect="pure")
def turned(table: Orders) -> OTHER:
    return pa.table({})


DIFFERENCE = (
    "column 'day' is missing; did you mean 'dya'?; column 'amount' is missing; "
    "column 'dya' is not declared; column 'id' is string, not int64"
)


def in_a_graph() -> Any:
    @graph
    def night(start: Any) -> Any:
        return taken(other(start))

    return night


@pytest.mark.parametrize(
    ("make", "ends"),
    [
        (lambda: other >> taken, ("other (", "taken (")),
        (lambda: par(made, other) >> both, ("[1] ", "both (")),
        (lambda: join(both, left=made, right=other), ("[1] ", "both (")),
        (lambda: par(other, other) >> map_each(taken), ()),
        (lambda: loop_until(turned, it.num_rows > 0, limit=2), ("turned",)),
        (in_a_graph, ("night: taken(…)",)),
    ],
)
def test_declarations_that_differ_are_refused_when_a_workflow_is_built(
    make: Any, ends: Sequence[str]
) -> None:
    with pytest.raises(TypeError) as raised:
        make()
    said = str(raised.value)
    assert "column 'day' is missing" in said
    assert "column 'id' is string, not int64" in said
    assert all(end in said for end in ends)


def test_the_message_names_both_ends_and_the_columns() -> None:
    with pytest.raises(TypeError) as raised:
        other >> taken
    assert str(raised.value) == (
        f"{other.described()} gives Table, but {taken.described()} takes Table ({DIFFERENCE}): "
        "put a step between them that turns the one into the other"
    )
    assert apart(list[OTHER], list[Orders]).startswith("[0] column 'day' is missing")


@pytest.mark.parametrize("kind", [Orders, Frame, Data])
def test_what_fits_is_joined_whether_or_not_it_can_be_hashed(kind: Any) -> None:
    table = orders() if kind is Orders else POLARS[0][0] if kind is Frame else data()

    def gives(*, table: Any = None) -> Any:
        return table

    def takes(table: Any) -> Any:
        return table

    gives.__annotations__["return"] = kind
    gives.__kwdefaults__ = {"table": table}
    takes.__annotations__ = {"table": kind, "return": kind}
    first, then = task(effect="pure")(gives), task(effect="pure")(takes)
    whole = (
        first
        >> par(then, fallback(then, then))
        >> it[1]
        >> branch(it.shape[0] > 99, then=then, otherwise=identity)
        >> loop_until(then, it.shape[0] >= 0, limit=2)
        >> as_result(then)
    )
    assert run(whole).unwrap().unwrap() is table
    assert "takes" in pretty(whole)
    assert run(par(first, first) >> map_each(then)).unwrap()[1] is table


# When it runs


def test_a_task_gives_what_it_declares() -> None:
    @task(effect="pure")
    def wrong() -> Orders:
        return pa.table({"id": ["a secret"] * 3})

    fault = run(wrong >> taken).failure()
    assert "wrong says that it gives Table, but gave a Table: result (3 rows): " in str(fault)
    assert "column 'id' is string, not int64" in str(fault)
    assert "a secret" not in str(fault)


@pytest.mark.parametrize("watch_inputs", [False, True])
def test_columns_that_only_the_next_task_declares_are_looked_at_there(watch_inputs: bool) -> None:
    fault = run(loose >> taken, watch_inputs=watch_inputs).failure()
    assert "taken takes table: Table but is given a Table: table (3 rows): " in str(fault)
    assert "column 'id' is string, not int64" in str(fault)
    assert "a secret" not in str(fault)
    assert fault.path == "taken"


def test_of_several_inputs_it_is_the_one_that_is_wrong() -> None:
    assert run(par(made, made) >> both).unwrap() == 0
    assert "both takes right: Table" in str(run(par(made, loose) >> both).failure())


def test_an_asynchronous_task_is_looked_after_too() -> None:
    @task(effect="pure")
    async def later(table: Orders) -> int:
        return table.num_rows

    assert run(made >> later).unwrap() == 0
    assert "column 'day' is missing" in str(run(loose >> later).failure())


def test_the_input_of_a_run_is_looked_at_before_anything_runs() -> None:
    assert run(taken, orders()).unwrap() == 0
    assert "input (0 rows): column 'day' is missing" in str(run(taken, orders(day=None)).failure())


def test_a_scenario_gives_tables_with_the_declared_columns() -> None:
    right = Scenario().task("made", gives=orders()).task("taken", gives=3)
    assert dry_run(made >> taken, scenario=right).result.unwrap() == 3
    with pytest.raises(ScenarioError, match="made gives Table: it: column 'day' is missing"):
        dry_run(made >> taken, scenario=Scenario().task("made", gives=orders(day=None)))


def test_a_task_without_tables_is_called_as_before() -> None:
    from fwf.interpreters.run.arriving_tables import with_table_checks

    @task(effect="pure")
    def plain(a: int) -> int:
        return a

    assert with_table_checks(plain) is plain.fn
    assert with_table_checks(loose) is loose.fn
    assert TaskResults(made).of(table := orders()) is table
