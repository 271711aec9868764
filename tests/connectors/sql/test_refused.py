"""What is no query, or not decided by its inputs alone, is refused when the task is made."""

from datetime import date
from typing import Annotated, Any

import duckdb
import pyarrow as pa
import pytest

from fwf import task
from fwf.connectors.sql import select, sql
from fwf.connectors.sql.engine import open_connection
from tests.connectors.sql.refusing import T, refused

# One query, of inputs


STATEMENTS = """
CREATE TABLE x (i INT)
CREATE MACRO f(x) AS x
CREATE VIEW v AS SELECT 1
INSERT INTO t VALUES (1)
UPDATE t SET id = 1
DELETE FROM t
DROP VIEW t
COPY t TO 'x.csv'
COPY (SELECT 1) TO STDOUT
ATTACH ':memory:' AS x
DETACH x
INSTALL json
LOAD json
SET threads = 3
RESET threads
PRAGMA version
USE memory
BEGIN
CHECKPOINT
VACUUM
CALL duckdb_tables()
EXPLAIN SELECT 1
PREPARE x AS SELECT 1
EXECUTE x
EXPORT DATABASE 'x'
COMMENT ON TABLE t IS 'x'
""".strip().split("\n")


@pytest.mark.parametrize("query", STATEMENTS)
def test_another_statement_is_refused(query: str) -> None:
    assert "a task asks a query" in refused(query)


@pytest.mark.parametrize(
    ("query", "n"),
    [("SELECT 1; SELECT 2", 2), ("", 0), (" ; -- nothing", 0), ("SELECT 1; DROP VIEW t", 2)],
)
def test_there_is_one_statement(query: str, n: int) -> None:
    assert f"these are {n} statements" in refused(query)


OTHER_TABLES = """
SELECT * FROM 'orders.csv'
SELECT * FROM '/etc/passwd'
SELECT * FROM 'https://example.com/x.parquet'
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM read_parquet('s3://b/x')
SELECT * FROM parquet_metadata('x')
SELECT * FROM glob('/etc/*')
SELECT * FROM local_table
SELECT * FROM T2
SELECT * FROM main.t
SELECT * FROM memory.main.t
SELECT * FROM information_schema.tables
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_settings()
SELECT * FROM pg_catalog.pg_class
SELECT * FROM sqlite_master
SELECT * FROM (WITH pg_class AS (SELECT 1 AS a) FROM pg_class) x, pg_class y
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('t')
SELECT * FROM seq_scan('t')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT now()'))
SELECT * FROM test_all_types()
SELECT id IN (FROM duckdb_columns()) FROM t
SELECT (SELECT count(*) FROM 'x.csv')
FROM (SHOW TABLES)
DESCRIBE t
SUMMARIZE t
FROM (DESCRIBE t)
""".strip().split("\n")


@pytest.mark.parametrize("query", OTHER_TABLES)
def test_what_is_no_input_is_not_read(query: str) -> None:
    local_table = pa.table({"id": [1]})
    said = refused(query)
    assert local_table.num_rows == 1
    assert "no input of the query" in said or "ask for rows" in said or "rename it" in said


def test_a_variable_of_the_caller_is_no_table_either_where_it_would_be_looked_up() -> None:
    orders = pa.table({"id": [1]})
    with open_connection() as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("SELECT * FROM orders")
    assert orders.num_rows == 1


CLOSED = """
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM '/etc/passwd'
COPY (SELECT 1) TO '/tmp/fwf_never.csv'
ATTACH '/tmp/fwf_never.db'
INSTALL httpfs
LOAD httpfs
SET threads = 4
SET enable_external_access = true
SET python_enable_replacements = true
SET GLOBAL TimeZone = 'Europe/Berlin'
RESET lock_configuration
""".strip().split("\n")


@pytest.mark.parametrize("statement", CLOSED)
def test_the_connection_itself_is_closed(statement: str) -> None:
    with open_connection() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_connections_do_not_see_each_other() -> None:
    with open_connection() as one, open_connection() as other:
        one.register("t", pa.table({"id": [1]}))
        with pytest.raises(duckdb.CatalogException):
            other.execute("SELECT * FROM t")
    with open_connection() as later, pytest.raises(duckdb.CatalogException):
        later.execute("SELECT * FROM t")


# The clock, chance, settings


UNDECIDED = """
SELECT now()
SELECT NOW()
SELECT "now"()
SELECT system.main.now()
SELECT today()
SELECT CURRENT_DATE
SELECT current_date AS current_date
SELECT "current_timestamp"
SELECT localtimestamp
SELECT current_localtimestamp()
SELECT get_current_time()
SELECT transaction_timestamp()
SELECT age(t.day) FROM t
SELECT t.day.age() FROM t
SELECT ago(INTERVAL 1 DAY)
SELECT pg_postmaster_start_time()
SELECT random()
SELECT uuid()
SELECT gen_random_uuid()
SELECT uuidv7()
SELECT setseed(0.5)
SELECT nextval('s')
SELECT txid_current()
SELECT current_user
SELECT current_user()
SELECT user
SELECT version()
SELECT getvariable('x')
SELECT current_setting('threads')
SELECT current_query()
SELECT reservoir_quantile(id, 0.5) FROM t
SELECT list_aggregate([1, 2], 'reservoir_quantile', 0.5)
SELECT list_transform([1], lambda x: random())
SELECT [random() FOR x IN [1]]
SELECT id FROM t ORDER BY random()
SELECT id FROM t WHERE random() < 0.5
SELECT sum(id) FILTER (WHERE random() > 0.5) FROM t
SELECT id FROM t QUALIFY random() > 0.5
SELECT row_number() OVER (ORDER BY now()) FROM t
SELECT * REPLACE (now() AS id) FROM t
SELECT (SELECT (SELECT uuid()))
SELECT x FROM (VALUES (uuid())) v(x)
SELECT * FROM t, LATERAL (SELECT now()) l
WITH a AS (SELECT random() AS x) SELECT * FROM a
SELECT id FROM t GROUP BY ALL HAVING random() > 0.5
SELECT id FROM t LIMIT (random() * 3)::INT
""".strip().split("\n")


@pytest.mark.parametrize("query", UNDECIDED)
def test_what_its_inputs_do_not_decide_is_refused(query: str) -> None:
    assert "isn't decided by the query and its inputs" in refused(query)


def test_a_column_may_be_called_like_a_function_of_the_clock() -> None:
    users = pa.schema({"user": pa.string(), "current_date": pa.date32()})
    sql('SELECT user, "current_date" FROM users', name="q", users=users)
    sql("SELECT v.user FROM (SELECT 1 AS user) v", name="q")


@pytest.mark.parametrize(
    "how", ["TABLESAMPLE 10%", "USING SAMPLE 3", "TABLESAMPLE reservoir(3 ROWS) REPEATABLE (7)"]
)
def test_a_sample_is_refused(how: str) -> None:
    assert "WHERE hash(id) % 10 = 0" in refused(f"SELECT * FROM t {how}")


# Columns


def test_a_pivot_has_the_columns_that_are_listed() -> None:
    said = refused("PIVOT t ON name USING sum(id)")
    assert "list them: PIVOT … ON column IN ('a', 'b')" in said
    made = sql("PIVOT t ON name IN ('a', 'b') USING count(*) GROUP BY id", name="q", t=T)
    rows = pa.table([[1, 1, 2], ["a", "c", "b"], [None] * 3], schema=T)
    assert made.fn(rows).column_names == ["id", "a", "b"]


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("1::UHUGEINT", "CAST(… AS DECIMAL(38,0))"),
        ("1::BIGNUM", "CAST(… AS DECIMAL(38,0))"),
        ("'101'::BIT", "CAST(… AS VARCHAR)"),
        ("TIMETZ '10:00:00+02'", "CAST(… AS TIME)"),
        ("1::VARIANT", "CAST(… AS JSON)"),
        ("union_value(a := 1)", "CAST(… AS VARCHAR)"),
        ("['101'::BIT]", "CAST(… AS VARCHAR)"),
        ("{'a': 1::UHUGEINT}", "CAST(… AS DECIMAL(38,0))"),
    ],
)
def test_types_that_arrow_has_no_like_of_are_refused(kind: str, remedy: str) -> None:
    assert remedy in refused(f"SELECT {kind} AS x")


def test_a_text_that_is_like_the_name_of_a_type_is_none() -> None:
    sql("SELECT 'BIT'::ENUM('BIT', 'UNION') AS x, {'BIT': 1} AS s", name="q")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT a.id, b.id, a.name FROM t a JOIN t b ON a.id = b.id", "named 'id' and 'id'"),
        ("SELECT id, name AS ID FROM t", "named 'id' and 'ID'"),
    ],
)
def test_two_columns_of_one_name_are_refused(query: str, said: str) -> None:
    assert f"two columns of the answer are {said}: give each a name of its own" in refused(query)


DECLARED: list[tuple[pa.Schema, str]] = [
    (pa.schema([]), "table 't' declares no columns"),
    (pa.schema({"": pa.int64()}), "has a column without a name"),
    (pa.schema([("id", pa.int64()), ("id", pa.int64())]), "has columns 'id' and 'id'"),
    (pa.schema([("id", pa.int64()), ("ID", pa.int64())]), "has columns 'id' and 'ID'"),
    (
        pa.schema({"x": pa.large_list(pa.int8())}),
        "t=: column 'x': 'large_list<item: int8>': a declared",
    ),
    (pa.schema({"x": pa.float16()}), "a column of a type that DuckDB has no like of"),
    (pa.schema({"x": pa.decimal256(50, 2)}), "a column of a type that DuckDB has no like of"),
]


@pytest.mark.parametrize(("schema", "said"), DECLARED, ids=[said for _, said in DECLARED])
def test_a_table_that_sql_has_no_like_of_is_refused(schema: pa.Schema, said: str) -> None:
    assert said in refused("SELECT 1 AS one FROM t", t=schema)


def test_what_nests_too_deep_is_refused() -> None:
    for query in ("SELECT " + "+".join(["1"] * 2000), "SELECT " + "(" * 3000 + "1" + ")" * 3000):
        assert "nests too deep" in refused(query)


def test_making_a_task_does_not_do_its_work() -> None:
    sql("SELECT count(*) AS n FROM range(10_000_000_000_000)", name="q")
    sql("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) FROM r", name="q")


# Arguments


@task(effect="pure")
def plain(n: int) -> pa.Table:
    return pa.table({"n": [n]})


ARGUMENTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"sql": b"SELECT 1"}, TypeError, "the query is a bytes; it needs to be a text"),
    ({"sql": "SELECT '\0' AS x"}, ValueError, "has a NUL in it"),
    ({"sql": "SELECT '\ud800' AS x"}, ValueError, "a surrogate stands alone"),
    ({"name": T}, TypeError, "to have a table of that name, call it otherwise"),
    ({"name": ""}, TypeError, "'' is no name"),
    ({"t": int}, TypeError, "which columns has this table? Needs a pa.Schema"),
    ({"t": pa.Table}, TypeError, "which columns has this table?"),
    ({"t": {"id": "int64"}}, TypeError, "which columns has this table?"),
    ({"t": Annotated[int, T]}, TypeError, "which columns has this table?"),
    ({"t": plain}, TypeError, "gives Table, which declares no columns"),
    ({"table": T}, ValueError, "no table can be called dialect, columns, table"),
    ({"T": T}, ValueError, "'t' and 'T' are one table to SQL"),
    ({"two words": T}, ValueError, "needs a name that Python can write"),
    ({"params": {"day": list}}, TypeError, "a run parameter is one of str, int"),
    ({"params": {"day": date}}, ValueError, "the query has no $day"),
    ({"params": {"t": date}}, ValueError, "'t' is a table and a run parameter"),
    ({"sql": "SELECT ? AS x FROM t"}, ValueError, "write $day, not ? or $1"),
    ({"sql": "SELECT $1 AS x FROM t"}, ValueError, "write $day, not ? or $1"),
    ({"inputs": ["x"]}, ValueError, "needs each of the tables once: t"),
    ({"inputs": ["t", "t"]}, ValueError, "needs each of the tables once: t"),
]


@pytest.mark.parametrize(
    ("given", "error", "said"), ARGUMENTS, ids=[said for *_, said in ARGUMENTS]
)
def test_arguments_that_are_none_are_refused(
    given: dict[str, Any], error: type[Exception], said: str
) -> None:
    right: dict[str, Any] = {"sql": "SELECT id FROM t", "name": "q", "t": T}
    with pytest.raises(error) as raised:
        sql(**(right | given))
    assert said in str(raised.value)


def test_a_value_that_no_parameter_has_is_refused() -> None:
    with pytest.raises(
        TypeError, match="select: parameter 'x' is a list; a query takes one of str"
    ):
        select("SELECT $x AS x", {}, {"x": [1]})
