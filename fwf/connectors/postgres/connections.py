"""How are connections reused? By two pools: of ADBC's, for rows in bulk, and of psycopg's.

A connection is looked at before it is lent again, and a dead one replaced. One that comes back in
the middle of something, or after an error that is not the server's answer, is closed: the server
undoes what was begun on it.
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from threading import Lock
from typing import Any, Final, Generic, Protocol, TypeVar, final

import pyarrow as pa

from fwf.connectors.postgres.errors import connector_error, drivers, refused_connection
from fwf.connectors.postgres.settings import Address
from fwf.connectors.shared.extras import late

T = TypeVar("T")
_adbc: Any = late("adbc_driver_postgresql.dbapi", "postgres")  # it has no types
_psycopg: Any = late("psycopg", "postgres")
_reader: Any = late("adbc_driver_manager._reader", "postgres")
"""The reader that `fetch_record_batch` wraps; only its errors have an SQLSTATE."""
_AT_ONCE: Final = {"adbc.postgresql.batch_size_hint_bytes": str(4 * 2**20)}
"""How much comes at once: what goes through holds several batches, in several forms."""
KEPT: Final = 16
"""So many connections of a kind wait to be lent again."""


class Lendable(Protocol):
    """A connection that a pool can lend."""

    is_open: bool

    def alive(self) -> bool:
        """Whether the server still answers on it."""
        ...

    def close(self) -> None:
        """End it."""
        ...


C = TypeVar("C", bound=Lendable)


@final
class Pool(Generic[C]):
    """Connections of one kind, for any threads; there are as many as are used at once."""

    def __init__(self, connect: Callable[[], C]) -> None:
        self._connect = connect
        self._free: list[C] = []
        self._lock = Lock()
        self._is_closed = False

    @contextmanager
    def lend(self) -> Generator[C, None, None]:
        """A connection that is alive; it comes back where the block ends without an exception."""
        connection = self._take()
        is_sound = False
        try:
            yield connection
            is_sound = True
        finally:
            if not (is_sound and connection.is_open and self._keep(connection)):
                connection.close()

    def close(self) -> None:
        """End the connections that wait; those that are lent are ended when they come back."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()

    def _take(self) -> C:
        while True:
            with self._lock:
                if self._is_closed:
                    raise RuntimeError("the database isn't open: write with postgres.database(…)")
                connection = self._free.pop() if self._free else None
            if connection is None:
                return self._connect()
            if connection.alive():
                return connection
            connection.close()

    def _keep(self, connection: C) -> bool:
        with self._lock:
            if self._is_closed or len(self._free) >= KEPT:
                return False
            self._free.append(connection)
        return True


@final
class Session:
    """A connection of ADBC that is in no transaction but those that are begun by `BEGIN`."""

    def __init__(self, address: Address) -> None:
        self.where = address.where
        self.is_open = True
        self._driver = open_connection(
            lambda: _adbc.connect(address.conninfo, autocommit=True), address
        )
        try:
            self.rows(address.session, "the session's settings")
        except BaseException:
            self.close()
            raise

    def alive(self) -> bool:
        """Whether the server still answers on it."""
        try:
            self._table("SELECT 1", ())
        except drivers():
            return False
        return True

    def close(self) -> None:
        """End it."""
        self.is_open = False
        _quietly(self._driver.close)

    def rows(self, sql: str, what: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement, as Python's values: for small results.

        what: what it is for, in the words of the error.
        values: of `$1`, `$2`: texts, whole numbers, or arrays of Arrow of one value.
        """
        table = self._try(lambda: self._table(sql, values), what)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def schema(self, sql: str, what: str) -> pa.Schema:
        """What rows of a query are made of, as the driver has it; the query isn't run."""
        cursor: Any = self._driver.cursor()
        try:
            schema: pa.Schema = self._try(lambda: cursor.adbc_execute_schema(sql), what)
        finally:
            cursor.close()
        return schema

    @contextmanager
    def batches(self, sql: str, what: str) -> Generator[pa.RecordBatchReader, None, None]:
        """The rows of a query as they come, by COPY. What reading them raises is the driver's."""
        cursor: Any = self._driver.cursor()
        with ExitStack() as stack:
            stack.callback(_quietly, cursor.close)
            cursor.adbc_statement.set_options(**_AT_ONCE)
            self._try(lambda: cursor.execute(sql), what)
            rows, kind = cursor.fetch_arrow(), _reader.AdbcRecordBatchReader
            reader = self._try(lambda: kind._import_from_c(rows.address), what)
            stack.callback(_quietly, reader.close)
            yield reader

    def error_of(self, error: BaseException, what: str) -> Exception:
        """A driver's error ⟶ ours."""
        return connector_error(error, f"{what} ({self.where})", lost=not self.answers())

    def answers(self) -> bool:
        """Whether the server still answers, if only that the transaction has failed."""
        try:
            self._table("SELECT 1", ())
        except drivers() as error:
            return "25P02" in str(error)
        return True

    def ingest(self, table: str, rows: pa.RecordBatchReader, what: str) -> None:
        """Make a temporary table of rows, typed by Arrow's types, which must be ones for it."""
        cursor: Any = self._driver.cursor()
        try:
            self._try(lambda: cursor.adbc_ingest(table, rows, mode="create", temporary=True), what)
        finally:
            _quietly(cursor.close)

    def _try(self, work: Callable[[], T], what: str) -> T:
        try:
            return work()
        except drivers() as error:
            trouble = self.error_of(error, what)
        raise trouble

    def _table(self, sql: str, values: tuple[Any, ...]) -> Any:
        cursor: Any = self._driver.cursor()
        try:
            arrays = [each if isinstance(each, pa.Array) else pa.array([each]) for each in values]
            names = [str(n) for n in range(len(arrays))]
            cursor.execute(sql, pa.RecordBatch.from_arrays(arrays, names) if arrays else None)
            return cursor.fetch_arrow_table()
        finally:
            cursor.close()


@final
class Plain:
    """A connection of psycopg, for statements whose rows are few."""

    def __init__(self, address: Address) -> None:
        self.where = address.where
        self.is_open = True
        self.driver: Any = open_connection(
            lambda: _psycopg.connect(address.conninfo, cursor_factory=_psycopg.RawCursor), address
        )
        try:
            self.driver.autocommit = True
            self.driver.execute(address.session.encode())
            self.driver.autocommit = False
        except BaseException:
            self.close()
            raise

    def alive(self) -> bool:
        """Whether the server still answers on it."""
        try:
            self.driver.execute("SELECT 1")
            self.driver.rollback()
        except drivers():
            return False
        return True

    def close(self) -> None:
        """End it."""
        self.is_open = False
        _quietly(self.driver.close)


def _quietly(close: Callable[[], object]) -> None:
    """Close something; what that raises says no more than the error before it."""
    with suppress(*drivers()):
        close()


def open_connection(connect: Callable[[], T], address: Address) -> T:
    """A new connection; raises our error where there is none."""
    try:
        return connect()
    except drivers() as error:
        trouble = refused_connection(error, address.where)
    raise trouble
