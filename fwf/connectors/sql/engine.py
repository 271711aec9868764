"""How is a query answered, so that only its text and its inputs decide what the answer is?

**What it can't see.** Each answer has a connection of its own, to a database in memory that is
empty but for the inputs. Variables of the Python program, files, the network, extensions that
aren't there already and DuckDB's settings are out of its reach. The time zone is UTC.

**In which order rows come.** Where the query has ORDER BY, in that order. Rows that are equal in
it, and all rows without it, come in an order that is the same each time for the same inputs in the
same batches: one thread works on a query. So sums of floating-point numbers are the same each time,
too. A run has as many queries at once as it has workers.

**What is needed.** Memory for the inputs, the answer and what is between: nothing goes to the disk.
"""

import atexit
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final, NamedTuple, cast

import duckdb
import pyarrow as pa

from fwf.connectors.shared.errors import BadData
from fwf.connectors.sql.marks import line_of, message_of
from fwf.connectors.sql.parameters import bound_values
from fwf.faults import Permanent, counted

Connection = duckdb.DuckDBPyConnection
CLOSED: Final[Mapping[str, Any]] = {
    "async_threads": 0,  # for files; a fork would wait for them for ever
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "threads": 1,
}
ROWS_AT_ONCE: Final = 122_880
"""A group of rows of DuckDB's: so long are the chunks of an answer."""
MOST_SECONDS: Final = 5
"""So long the end of a process waits for queries to end."""
OF_VALUES: Final = (
    duckdb.ConversionException,
    duckdb.ConstraintException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
)
"""What is raised because of what stands in a row."""


class AnswerColumns(NamedTuple):
    """What a query is known to give: the columns; `wide` are those of whole numbers of 128 bits."""

    schema: pa.Schema
    wide: tuple[str, ...] = ()


@contextmanager
def open_connection() -> Generator[Connection]:
    """A connection that sees the tables that are registered with it, and nothing else."""
    process = os.getpid()
    database = _database(process)
    with database.connection.cursor() as connection:
        database.connections.add(connection)
        try:
            yield connection
        finally:
            database.connections.discard(connection)


class _MemoryDatabase(NamedTuple):
    """A closed database in memory, which stays empty: what is registered is a connection's own."""

    connection: Connection
    connections: set[Connection]


@cache
def _database(process: int) -> _MemoryDatabase:
    """That of a process, since to make one takes 30 ms; one that was forked makes another."""
    connection = duckdb.connect(":memory:", config=dict(CLOSED))
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL errors_as_json = true")
    connection.execute("SET GLOBAL lock_configuration = true")
    database = _MemoryDatabase(connection, set())
    atexit.register(_stop, process, database.connections)
    return database


def _stop(process: int, connections: set[Connection]) -> None:
    """End the queries that a deadline has cut, which go on in their threads.

    Python ends threads when it ends, and DuckDB then ends the process by SIGABRT.
    """
    until = time.monotonic() + MOST_SECONDS
    while connections and os.getpid() == process and time.monotonic() < until:
        for connection in tuple(connections):
            with suppress(duckdb.Error):  # it has just been closed
                connection.interrupt()
        time.sleep(0.01)


def answer(
    sql: str,
    tables: Mapping[str, pa.Table],
    params: Mapping[str, object],
    columns: AnswerColumns,
    where: str,
) -> pa.Table:
    """The rows of a query that was bound before; raises `BadData` if they aren't as was known."""
    values = bound_values(params, where)
    with open_connection() as connection:
        try:
            for name, table in tables.items():
                connection.register(name, table)
            # Not by way of a reader: what fails after its first rows is no `duckdb.Error`.
            rows = connection.sql(sql, params=values).to_arrow_table(ROWS_AT_ONCE)
        except duckdb.Error as error:
            raise _error_of(error, sql, where) from None
    table = cast(pa.Table, rows)
    if table.schema != columns.schema:
        raise BadData(
            f"{where}: the columns of the answer hang on what stands in the rows: "
            f"{_columns_text(table.schema)}, not {_columns_text(columns.schema)}; write out the "
            "types of columns"
        )
    for name in columns.wide:
        _check_digits(table.column(name), name, where)
    return table


def _columns_text(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def _check_digits(column: "pa.ChunkedArray[Any]", name: str, where: str) -> None:
    """Arrow has no whole numbers of 128 bits; a decimal has 38 digits."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raise BadData(
            f"{where}: column {name!r} ({counted(len(column), 'row')}) holds a whole number of "
            "more than 38 digits, which no column of Arrow holds"
        ) from None


def _error_of(error: duckdb.Error, sql: str, where: str) -> Exception:
    """What is raised for an error of DuckDB's, whose own text may hold values of rows."""
    kind = type(error).__name__
    place = line_of(sql, message_of(error).place)
    if isinstance(error, OF_VALUES):
        return BadData(
            f"{where}: {kind}{place}: a value isn't what the query makes of it; to have a null in "
            "its place: TRY_CAST(… AS …), or TRY(…)"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return Permanent(
            f"{where}: there is not enough memory for the query, which puts nothing on the disk; "
            "give it fewer rows at once, or columns that are needed"
        )
    return Permanent(f"{where}: DuckDB {duckdb.__version__} raises {kind}{place}")
