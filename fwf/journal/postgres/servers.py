"""How is a PostgreSQL server reached, and reached again when a connection broke?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, final

from fwf.journal.errors import JournalError
from fwf.journal.postgres.errors import Trouble, trouble_connecting, trouble_of
from fwf.records import record
from fwf.secrets import remember

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
SCHEMES: Final = ("postgresql://", "postgres://")
CONNECT_WITHIN: Final = timedelta(seconds=10)
WITHIN: Final = timedelta(minutes=1)
"""How long the server lets a statement take, wait for a lock, or a transaction stand still: if this
process is stopped in the middle of one, others don't wait for it for ever."""
PATIENCE: Final = timedelta(seconds=30)
"""How long a broken connection is opened anew: a server that restarts is back within seconds, and
one that is replaced by another within half a minute (our choice)."""
_ADVICE: Final = (
    "a journal's URL reads postgresql://user@host:5432/database, in which @ : / of a password are "
    "written as %40 %3A %2F; or leave the password out: PGPASSWORD and ~/.pgpass are read"
)
_SECRETS: Final = ("password", "sslpassword", "oauth_client_secret")

if TYPE_CHECKING:
    Driver: TypeAlias = psycopg.Connection[tuple[Any, ...]]


@final
@record(repr=False)
class ServerAddress:
    """Where a server is: what libpq is given, which holds the password, and what may be told."""

    conninfo: str
    where: str


def address_of(url: str) -> ServerAddress:
    """A URL ⟶ where it points; of one that is none nothing is told: any part may be a password."""
    parts = _parts(url)
    where = _public_name(parts)
    remember((parts[name], f"<{name} of {where}>") for name in _SECRETS if parts.get(name))
    own = {
        "application_name": "fwf journal",
        "client_encoding": "UTF8",
        "connect_timeout": str(round(CONNECT_WITHIN.total_seconds())),
        # Of a peer that is gone: asked after half a minute of silence, given up after one.
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }
    settings: Any = {**own, **parts}
    return ServerAddress(_psycopg().conninfo.make_conninfo(**settings), where)


@final
class Server:
    """One connection to a server, opened when it is first needed and again when it broke."""

    def __init__(self, address: ServerAddress, *, patience: timedelta = PATIENCE) -> None:
        self.where = address.where
        self._address = address
        self._patience = patience.total_seconds()
        self._driver: Driver | None = None
        self._closed = False
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"<Server {self.where}>"

    def do(self, what: str, work: Callable[[Driver, bool], T], *, patient: bool = True) -> T:
        """Let something be done by a connection, which commits each statement by itself.

        work: is given the connection, and whether it may have been done already: a connection that
            breaks tells nobody whether what was sent last was done.
        patient: whether to wait for a server that isn't there.
        """
        until, again, pause = time.monotonic() + self._patience, False, 0.05
        while True:
            outcome = self._once(what, work, again)
            if not isinstance(outcome, Trouble):
                return outcome
            if not (patient and outcome.passing and time.monotonic() < until):
                raise outcome.error
            again = again or outcome.sent
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def _once(self, what: str, work: Callable[[Driver, bool], T], again: bool) -> T | Trouble:
        if self._closed:
            raise JournalError(f"{self.where}: {what}: the journal was closed; open it again")
        if os.getpid() != self._pid:
            raise JournalError(
                f"{self.where}: was opened by process {self._pid}, which this one was forked from; "
                "open it here"
            )
        try:
            driver = self._connect()
        except _errors() as error:
            self._disconnect()
            return trouble_connecting(error, self.where)
        try:
            return work(driver, again)
        except _errors() as error:
            return trouble_of(error, what, self.where, lost=driver.closed)
        finally:
            if driver.closed or driver.info.transaction_status != 0:  # in the middle of something
                self._disconnect()

    def close(self) -> None:
        """End the connection. May be called twice."""
        self._closed = True
        self._disconnect()

    def _connect(self) -> Driver:
        if self._driver is None:
            psycopg = _psycopg()
            driver: Driver = psycopg.connect(
                self._address.conninfo, autocommit=True, cursor_factory=psycopg.RawCursor
            )
            self._driver = driver
            driver.execute(_SESSION)
        return self._driver

    def _disconnect(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None and os.getpid() == self._pid:  # else it's another process's
            with suppress(*_errors()):
                driver.close()


def session(within: timedelta) -> str:
    """What each session is told first."""
    milliseconds = str(round(within / timedelta(milliseconds=1)))
    settings = {
        "TimeZone": "UTC",
        "search_path": "",  # a table of the same name elsewhere is none of the journal's
        "synchronous_commit": "on",
        "default_transaction_isolation": "read committed",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }
    return "SELECT " + ", ".join(
        f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in settings.items()
    )


_SESSION: Final[Any] = session(WITHIN)


def _psycopg() -> ModuleType:
    try:
        return import_module("psycopg")
    except ModuleNotFoundError as error:
        module = str(error.name)
    raise JournalError(
        f"a journal in PostgreSQL: the module {module!r} is not installed: "
        "pip install 'fwf[postgres]'"
    )


def _errors() -> tuple[type[Exception], ...]:
    return (_psycopg().Error, OSError)


def _parts(url: str) -> Mapping[str, Any]:
    if not url.startswith(SCHEMES) or "\0" in url:
        raise JournalError(_ADVICE)
    try:
        parts: dict[str, Any] = _psycopg().conninfo.conninfo_to_dict(url)
    except (_psycopg().Error, UnicodeError):
        parts = {}
    ports = str(parts.get("port", "")).split(",")
    misread = any("@" in str(parts.get(name, "")) for name in ("host", "dbname"))
    if not parts or misread or not all(not port or port.isdecimal() for port in ports):
        raise JournalError(_ADVICE)
    return parts


def _public_name(parts: Mapping[str, Any]) -> str:
    """Host, port and database, without user and password."""
    host, port, name = (
        str(parts.get(part) or os.environ.get(variable, ""))
        for part, variable in (("host", "PGHOST"), ("port", "PGPORT"), ("dbname", "PGDATABASE"))
    )
    return f"postgresql://{host or 'localhost'}{':' if port else ''}{port}/{name}"
