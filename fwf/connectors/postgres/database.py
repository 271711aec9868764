"""What is a database to a task? A client that reads, changes and loads, each of it once."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeVar, final

import pyarrow as pa

from fwf.algebra import checked_fields
from fwf.connectors.postgres.arriving import INFINITY, Infinity
from fwf.connectors.postgres.connections import Plain, Pool, Session
from fwf.connectors.postgres.errors import connector_error, drivers
from fwf.connectors.postgres.loading import outcome_of, run_load
from fwf.connectors.postgres.parameters import checked_values, parse_query
from fwf.connectors.postgres.ranges import ends_sql, ranges, within
from fwf.connectors.postgres.reading import reading
from fwf.connectors.postgres.settings import Address, Settings, settings_of
from fwf.connectors.postgres.targets import target_of
from fwf.connectors.postgres.values import Loaded, Range
from fwf.connectors.shared.clients import SharedClient
from fwf.connectors.shared.errors import BadData, MaybeDone, Transient, Unreachable
from fwf.connectors.shared.identifiers import TableName, column_name, table_parts
from fwf.connectors.shared.leaf import check_parameters
from fwf.connectors.shared.loads import checked_key
from fwf.durations import minutes, seconds
from fwf.secrets import Secret

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
CONNECT_WITHIN: Final = seconds(10)
LOCK_WITHIN: Final = minutes(1)
IDLE_WITHIN: Final = minutes(10)
WITHIN: Final = minutes(60)


def database(
    url: str | Secret,
    *,
    password: Secret | None = None,
    connect_within: timedelta = CONNECT_WITHIN,
    lock_within: timedelta = LOCK_WITHIN,
    idle_within: timedelta = IDLE_WITHIN,
    within: timedelta = WITHIN,
) -> "Database":
    """URL ⟶ a context manager that gives the database; opened once per run.

    url: `postgresql://user@host:5432/shop`, as libpq has it; a Secret where a password is in it.
    password: the password, which is then not part of the URL and needs no escapes.
    connect_within: until the server takes a connection; libpq counts whole seconds, 2 or more.
    lock_within: until a statement gets a lock; then it fails as `Conflict`.
    idle_within: until the server ends a transaction in which nothing is asked.
    within: until the server ends a statement, the time to read its rows included.

    Every session is in UTC. A connection is only made when it's needed, and nothing is tried twice.
    """
    return Database(
        settings_of(
            url,
            password=password,
            connect_within=connect_within,
            lock_within=lock_within,
            idle_within=idle_within,
            within=within,
        )
    )


@final
class Database(SharedClient):
    """A PostgreSQL database; made by `database(…)`, open within `with`, for any threads."""

    native: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._open: _Connections | None = None

    def __repr__(self) -> str:
        return f"<postgres.database{'' if self._open is None else ' ' + self._open.address.where}>"

    def _begin(self) -> None:
        address = self._settings.address()
        sessions = Pool(lambda: Session(address))
        self._open = _Connections(address, sessions, Pool(lambda: Plain(address)))

    def _end(self) -> None:
        if self._open is not None:
            connections, self._open = self._open, None
            connections.sessions.close()
            connections.plain.close()

    def read(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        *,
        schema: pa.Schema | None = None,
        infinity: Infinity = "fail",
    ) -> pa.Table:
        """SQL, the values of its `$names` ⟶ its rows. It can change nothing.

        schema: what the columns have to be, in this order; see `postgres.arriving` for the types.
        infinity: "null" makes an infinite date or time NULL; else it's `BadData`.

        Errors by whether asking again helps: `Transient` or `Permanent`.
        """
        with self.stream(sql, params, schema=schema, infinity=infinity) as rows:
            return rows.read_all()

    @contextmanager
    def stream(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        *,
        schema: pa.Schema | None = None,
        infinity: Infinity = "fail",
    ) -> Generator[pa.RecordBatchReader, None, None]:
        """As `read`, but a context manager that gives the rows as they come, about 4 MB at once.

        A connection that is lost in their middle is `Unreachable`: what came before it is no
        result. All rows are of one moment.
        """
        checked_fields.one_of(infinity, INFINITY, "postgres read(infinity=…)")
        query = parse_query(sql, "postgres read")
        values = params or {}
        check_parameters(query.names, values, "postgres read", "$")
        with (
            self._connections().sessions.lend() as session,
            reading(session, query, values, schema, infinity) as rows,
        ):
            yield rows

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> int:
        """SQL that changes something, the values of its `$names` ⟶ how many rows it changed.

        One transaction: all of it is done or nothing. Without params it may be several statements.
        Raises `MaybeDone` where the answer to COMMIT was lost.
        """
        query = parse_query(sql, "postgres execute")
        params_by_name = dict(params or {})
        check_parameters(query.names, params_by_name, "postgres execute", "$")
        checked_values(params_by_name)

        def work(connection: "psycopg.Connection[Any]") -> int:
            text: Any = query.numbered_sql
            values = [params_by_name[name] for name in query.unique]
            return max(0, connection.execute(text, values or None).rowcount)

        return self.transact(work)

    def transact(self, work: Callable[["psycopg.Connection[Any]"], T]) -> T:
        """A function of a connection of psycopg ⟶ what it gives, in one transaction.

        The connection's cursors take `$1`, and what psycopg raises in it becomes ours.
        """
        with self._connections().plain.lend() as plain:
            result = _try(plain, lambda: work(plain.driver), "statement")
            try:
                plain.driver.commit()
            except drivers() as error:
                trouble = connector_error(
                    error, f"commit ({plain.where})", lost=plain.driver.closed
                )
            else:
                return result
            if isinstance(trouble, Unreachable):
                trouble = MaybeDone(f"commit ({plain.where}): the answer was lost")
            raise trouble

    def ranges(self, table: TableName, column: str, *, parts: int) -> list[Range]:
        """A table, a column of whole numbers, dates or times ⟶ ranges of it; see `key_ranges`."""
        checked_fields.at_least(parts, 1, "postgres ranges", "parts", "part")
        name = column_name(column, "postgres ranges")
        sql = ends_sql(table_parts(table, "postgres ranges"), name)
        with self._connections().sessions.lend() as session:
            try:
                ends = session.rows(sql, f"ranges of {column!r}")
            except (OverflowError, ValueError):  # of what a date of Python's can't be
                ends = []
        if not ends:
            raise BadData(
                f"column {column!r}: its least or greatest value is infinite, or beyond the year "
                "9999; cut ranges of another column"
            )
        ((low, high),) = ends
        return ranges(low, high, parts, column)

    def read_range(
        self,
        sql: str,
        column: str,
        key_range: Range,
        params: Mapping[str, object] | None = None,
        *,
        schema: pa.Schema | None = None,
        infinity: Infinity = "fail",
    ) -> pa.Table:
        """As `read`, for the rows of a range of one of the query's columns."""
        cut = within(sql, column_name(column, "postgres read_range"), key_range)
        values = {**(params or {}), **cut.values}
        return self.read(cut.sql, values, schema=schema, infinity=infinity)

    def load(
        self,
        rows: pa.Table | pa.RecordBatchReader,
        *,
        table: TableName,
        idempotency_key: str,
        key: Sequence[str] = (),
        partition: Mapping[str, object] | None = None,
    ) -> Loaded:
        """Rows ⟶ Loaded: put them into a table once: merged by key, for a partition, or added.

        partition: values by column: the rows that have them are deleted, and these put there.

        See the task `load`, which calls it.
        """
        target = target_of(table, key, partition or {}, rows.schema.names, "postgres load")
        own_key = checked_key(idempotency_key)
        connections = self._connections()
        with connections.sessions.lend() as session:
            outcome = run_load(session, rows, target, own_key)
        if isinstance(outcome, Loaded):
            return outcome
        what = f"load of {target.name}"
        try:
            with connections.sessions.lend() as session:
                load = outcome_of(session, outcome)
        except Transient:
            trouble: Exception = MaybeDone(
                f"{what}: the answer to COMMIT was lost, and the ledger can't be asked"
            )
        else:
            if load is not None:
                return load
            trouble = Unreachable(f"{what}: the connection was lost at COMMIT, and nothing is left")
        raise trouble

    def _connections(self) -> "_Connections":
        if self._open is None:
            raise RuntimeError(f"{self!r} isn't open: write with postgres.database(…) as shop_db")
        return self._open


class _Connections(NamedTuple):
    """What an open database has."""

    address: Address
    sessions: Pool[Session]
    plain: Pool[Plain]


def _try(plain: Plain, work: Callable[[], T], what: str) -> T:
    try:
        return work()
    except drivers() as error:
        trouble = connector_error(error, f"{what} ({plain.where})", lost=plain.driver.closed)
    raise trouble
