"""Queries over Arrow tables as tasks: inputs, names, run parameters, and how they are kept."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pyarrow as pa
import pytest

from fwf import identity, map_each, retry, run, task
from fwf.connectors.shared.errors import BadData
from fwf.connectors.sql import schema_of, select, sql
from fwf.interpreters.plan import load, plan, registry

ORDERS = pa.schema(
    {"id": pa.int64(), "amount": pa.decimal128(10, 2), "country": pa.string(), "day": pa.date32()}
)
RATES = pa.schema({"country": pa.string(), "rate": pa.decimal128(8, 4)})
Orders = Annotated[pa.Table, ORDERS]
DAY = date(2026, 7, 1)
IN_USD = """
    SELECT id, amount * rate AS usd FROM orders JOIN rates USING (country)
    WHERE day = $day AND amount >= $least ORDER BY id
"""


def orders(*rows: tuple[int, str, str]) -> pa.Table:
    columns = [[n for n, _, _ in rows], [Decimal(a) for _, a, _ in rows], [c for *_, c in rows]]
    return pa.table([*columns, [DAY] * len(rows)], schema=ORDERS)


def in_usd(**changed: Any) -> Any:
    given: dict[str, Any] = {
        "params": {"day": date, "least": Decimal(0)}, "orders": ORDERS, "rates": RATES,
    }  # fmt: skip
    return sql(IN_USD, name="in_usd", **(given | changed))


TABLES = orders((2, "10.00", "de"), (1, "2.50", "fr"), (3, "99.99", "de"))
RATED = pa.table([["de", "fr"], [Decimal("1.1"), Decimal("1.2")]], schema=RATES)


# What a task of it is


def test_it_is_a_pure_task_with_an_input_for_each_table_and_its_run_parameters() -> None:
    contract = in_usd().contract
    assert contract.effect == "pure"
    assert [(each.name, each.type) for each in contract.inputs] == [
        ("orders", Annotated[pa.Table, ORDERS]),
        ("rates", Annotated[pa.Table, RATES]),
    ]
    assert [(each.name, each.type, each.optional) for each in contract.injected] == [
        ("day", date, False),
        ("least", Decimal, True),
    ]
    assert (contract.reads, contract.writes) == ((), ())


def test_tables_come_as_they_are_written_or_as_is_said() -> None:
    query = "SELECT a.id, b.id AS other FROM a, b"
    schema = pa.schema({"id": pa.int64()})
    written = sql(query, name="q", b=schema, a=schema)
    said = sql(query, name="q", b=schema, a=schema, inputs=["a", "b"])
    one, two = pa.table({"id": [1]}), pa.table({"id": [2]})
    assert run(written, (one, two)).unwrap().to_pylist() == [{"id": 2, "other": 1}]
    assert run(said, (one, two)).unwrap().to_pylist() == [{"id": 1, "other": 2}]
    assert written != said


def test_it_runs_with_its_parameters() -> None:
    w, given = in_usd(), (TABLES, RATED)
    found = run(w, given, params={"day": DAY}).unwrap()
    assert found.to_pylist() == [
        {"id": 1, "usd": Decimal("3.000000")},
        {"id": 2, "usd": Decimal("11.000000")},
        {"id": 3, "usd": Decimal("109.989000")},
    ]
    few = run(w, given, params={"day": DAY, "least": Decimal("99.99")}).unwrap()
    assert few["id"].to_pylist() == [3]
    none = run(w, given, params={"day": date(2020, 1, 1)}).unwrap()
    assert (none.num_rows, none.schema) == (0, schema_of(w))


def test_what_it_gives_is_what_the_next_query_takes() -> None:
    biggest = sql("SELECT max(usd) AS usd FROM sales", name="biggest", sales=in_usd())
    w = in_usd() >> biggest
    found = run(w, (TABLES, RATED), params={"day": DAY}).unwrap()
    assert found.to_pylist() == [{"usd": Decimal("109.989000")}]


def test_an_edge_that_does_not_fit_is_refused_when_it_is_built() -> None:
    other = sql("SELECT eur FROM sales", name="other", sales=pa.schema({"eur": pa.float64()}))
    with pytest.raises(TypeError, match="column 'eur' is missing"):
        in_usd() >> other


def test_a_table_that_is_not_as_declared_does_not_reach_the_query() -> None:
    @task(effect="pure")
    def anything(given: int) -> pa.Table:
        return pa.table({"id": ["secret"]})

    w = anything >> sql("SELECT id FROM t", name="ids", t=pa.schema({"id": pa.int64()}))
    fault = str(run(w, 1).failure())
    assert "column 'id' is string, not int64" in fault
    assert "secret" not in fault


@pytest.mark.parametrize(
    "declared",
    [
        ORDERS,
        ORDERS.with_metadata({"source": "shop"}),
        Orders,
        sql("SELECT * FROM o", name="same", o=ORDERS),
        retry(sql("SELECT * FROM o", name="same", o=ORDERS), attempts=2),
        sql("SELECT * FROM o", name="same", o=ORDERS) >> identity,
    ],
    ids=["schema", "metadata", "type", "task", "workflow", "sequence"],
)
def test_columns_are_declared_by_a_schema_a_type_or_what_gives_the_table(declared: Any) -> None:
    made = sql("SELECT * FROM orders", name="all", orders=declared)
    assert made == sql("SELECT * FROM orders", name="all", orders=ORDERS)
    assert schema_of(made) == ORDERS


# The same, wherever it is written down


ROUNDS: list[tuple[str, Callable[[], Any]]] = [
    ("tables and parameters", in_usd),
    ("no tables", lambda: sql("SELECT 1 AS one", name="one")),
    ("other order", lambda: in_usd(inputs=["rates", "orders"])),
    (
        "many tables",
        lambda: sql(
            " UNION ALL ".join(f"SELECT id FROM t{n}" for n in range(7, -1, -1)),
            name="many",
            **{f"t{n}": pa.schema({"id": pa.int64()}) for n in range(7, -1, -1)},  # type: ignore[arg-type]
        ),
    ),
    (
        "many parameters",
        lambda: sql(
            "SELECT " + ", ".join(f"$p{n} AS p{n}" for n in range(9, -1, -1)),
            name="many",
            params={f"p{n}": int for n in range(9, -1, -1)},
        ),
    ),
    (
        "unicode",
        lambda: sql(
            'SELECT "größe" AS "ü" FROM "straße" -- é',
            name="ü",
            straße=pa.schema({"größe": pa.int64()}),
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize("make", [make for _, make in ROUNDS], ids=[name for name, _ in ROUNDS])
def test_it_comes_back_from_a_pickle_and_from_a_plan(make: Callable[[], Any]) -> None:
    made = make()
    assert made == make()
    back = pickle.loads(pickle.dumps(made))
    assert back == made
    assert [each.name for each in back.contract.inputs] == [
        each.name for each in made.contract.inputs
    ]
    assert load(plan(made), registry=registry(made)).unwrap() == made


def test_the_config_is_the_arguments() -> None:
    config = in_usd().config
    assert set(config) == {"sql", "name", "params", "inputs", "orders", "rates"}
    assert config["sql"] == IN_USD


def test_other_columns_make_another_task() -> None:
    wider = ORDERS.append(pa.field("zone", pa.string()))
    assert in_usd() != in_usd(orders=wider)


# Names


WORDS = ["order", "select", "table_", "group", "from", "user", "ORDER", "größe", "ſ", "λ"]


@pytest.mark.parametrize("word", WORDS)
def test_reserved_and_foreign_words_name_tables_and_columns(word: str) -> None:
    schema = pa.schema({word: pa.int64(), 'a "quoted" name': pa.string(), "two words": pa.int8()})
    tables: dict[str, Any] = {word: schema}
    made = sql(f'SELECT "{word}", "a ""quoted"" name" FROM "{word}"', name="q", **tables)
    assert schema_of(made).names == [word, 'a "quoted" name']
    given = pa.table([[1], ["x"], [3]], schema=schema)
    assert run(made, given).unwrap().num_rows == 1


def test_large_letters_are_kept_in_the_names_of_columns() -> None:
    made = sql("SELECT ID, id AS Other FROM T", name="q", t=pa.schema({"Id": pa.int64()}))
    assert schema_of(made).names == ["Id", "Other"]


# Run parameters


VALUES: list[tuple[Any, str, pa.DataType, Any]] = [
    ("ä\n'; DROP TABLE t; --", "VARCHAR", pa.string(), None),
    ("a\0b", "VARCHAR", pa.string(), None),
    (0, "BIGINT", pa.int64(), None),
    (-(2**63), "BIGINT", pa.int64(), None),
    (True, "BOOLEAN", pa.bool_(), None),
    (1.5, "DOUBLE", pa.float64(), None),
    (Decimal("1.5"), "DECIMAL(38,10)", pa.decimal128(38, 10), None),
    (Decimal("-1234567890123456789012345678.0123456789"), "", pa.decimal128(38, 10), None),
    (Decimal("1E+20"), "", pa.decimal128(38, 10), None),
    (Decimal("1.50000000000000"), "", pa.decimal128(38, 10), None),
    (DAY, "DATE", pa.date32(), None),
    (datetime(2026, 7, 1, 2), "", pa.timestamp("us", "UTC"), datetime(2026, 7, 1, 2, tzinfo=UTC)),
    (
        datetime(2026, 7, 1, 2, tzinfo=timezone(timedelta(hours=-5))),
        "TIMESTAMP WITH TIME ZONE",
        pa.timestamp("us", "UTC"),
        datetime(2026, 7, 1, 7, tzinfo=UTC),
    ),
    (time(1, 2, 3, 4), "TIME", pa.time64("us"), None),
    (UUID(int=7), "UUID", pa.string(), str(UUID(int=7))),
]


@pytest.mark.parametrize(
    ("value", "kind", "arrow", "given"), VALUES, ids=lambda each: repr(each)[:30]
)
def test_a_parameter_has_the_type_of_its_class_whatever_its_value(
    value: Any, kind: str, arrow: pa.DataType, given: Any
) -> None:
    made = sql("SELECT $p AS p, typeof($p) AS kind", name="q", params={"p": type(value)})
    assert schema_of(made) == pa.schema({"p": arrow, "kind": pa.string()})
    found = run(made, params={"p": value}).unwrap().to_pylist()[0]
    assert found["p"] == (value if given is None else given)
    assert found["kind"] == (kind or found["kind"])


def test_a_duration_is_an_interval() -> None:
    query = "SELECT TIMESTAMP '2026-07-01 00:00:00' + $p AS at"
    made = sql(query, name="q", params={"p": timedelta})
    found = run(made, params={"p": timedelta(days=40, seconds=3)}).unwrap()
    assert found["at"].to_pylist() == [datetime(2026, 8, 10, 0, 0, 3)]


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        Decimal("0.00000000001"),
        Decimal("1E+29"),
        Decimal("NaN"),
        Decimal("inf"),
    ],
    ids=str,
)
def test_a_parameter_that_its_type_does_not_hold_is_named_without_its_value(value: Any) -> None:
    made = sql("SELECT $p AS p", name="q", params={"p": type(value)})
    with pytest.raises(BadData, match=r"q'\): parameter 'p': needs") as raised:
        made.fn(p=value)
    assert str(value) not in str(raised.value)


def test_a_default_may_be_overridden_and_types_may_go_by_name() -> None:
    made = sql("SELECT $n AS n, $day AS day", name="q", params={"n": 5, "day": "date"})
    assert run(made, params={"day": DAY}).unwrap().to_pylist() == [{"n": 5, "day": DAY}]
    assert run(made, params={"day": DAY, "n": 6}).unwrap()["n"].to_pylist() == [6]


# `select`, `schema_of`


def test_the_plain_function_asks_without_a_task() -> None:
    params = {"day": DAY, "least": Decimal(5)}
    found = select(IN_USD, {"orders": TABLES, "rates": RATED}, params)
    assert found["id"].to_pylist() == [2, 3]
    with pytest.raises(TypeError, match=r"select: 't' is a list; needs a pa\.Table"):
        select("SELECT 1 AS one", {"t": [1]})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match=r"select: Referenced column .idd. not found"):
        select("SELECT idd FROM t", {"t": TABLES})


def test_a_task_that_declares_no_columns_has_no_schema() -> None:
    @task(effect="pure")
    def plain(n: int) -> pa.Table:
        return pa.table({"n": [n]})

    with pytest.raises(
        TypeError, match=r"plain \(test_sql.py:\d+\) gives Table, which declares no"
    ):
        schema_of(plain)
    with pytest.raises(TypeError, match="needs a task or a workflow"):
        schema_of(ORDERS)  # type: ignore[arg-type]


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("fwf.connectors.sql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=r"pip install 'fwf\[sql\]'"):
        __import__("fwf.connectors.sql")


def test_several_queries_run_at_once() -> None:
    made = sql("SELECT sum(n) AS n FROM t", name="q", t=pa.schema({"n": pa.int64()}))
    many = [pa.table({"n": list(range(n * 1000))}) for n in range(1, 9)]
    found = run(map_each(made, at_once=4), many).unwrap()
    assert [each["n"].to_pylist() for each in found] == [
        [Decimal(sum(range(n * 1000)))] for n in range(1, 9)
    ]


FORKED = """
import os, sys
from fwf.connectors.sql import select
select('SELECT 1 AS one')
child = os.fork()
assert select('SELECT 2 AS two')['two'].to_pylist() == [2]
sys.exit(0 if child == 0 else os.waitpid(child, 0)[1])
"""
CUT = """
from fwf import run, seconds, timeout
from fwf.connectors.sql import sql
long = sql('SELECT count(*) AS n FROM range(100_000_000_000) a(x) WHERE x % 7 = 3', name='long')
assert 'Timeout' in run(timeout(long, seconds(0.2))).failure().tags
"""


@pytest.mark.parametrize("program", [FORKED, CUT], ids=["forked", "cut"])
def test_a_process_ends_in_order(tmp_path: Path, program: str) -> None:
    """One that was forked, and one in which a query goes on that a deadline has cut."""
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
