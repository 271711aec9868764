"""What do PostgreSQL's errors mean to a workflow? Which of ours, by SQLSTATE, and what may be told.

A driver's text is never passed on: `Key (email)=(alice@…) already exists` holds a row. Told are the
SQLSTATE, its name, and the names of the constraint, table and column that the server gives apart
from the text; of errors in the query's own text (class 42) also the server's first line.
"""

import re
from functools import cache
from typing import Any, Final, cast

import pyarrow as pa

from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    MaybeDone,
    Missing,
    Refused,
    Transient,
    Unauthorized,
    Unreachable,
)
from fwf.connectors.shared.extras import late

_adbc: Any = late("adbc_driver_manager.dbapi", "postgres")
_psycopg: Any = late("psycopg", "postgres")

_STATE: Final = re.compile(r"SQLSTATE: ([0-9A-Z]{5})\b")
_MOST_TEXT: Final = 300
# The longest beginning of a SQLSTATE counts (PostgreSQL 16, appendix A).
_CLASSES: Final[dict[str, type[Exception]]] = {
    "08": Unreachable,
    "08007": MaybeDone,  # transaction resolution unknown
    "53": Transient,  # out of disk, memory
    "53300": Unreachable,  # too many connections
    "57014": Transient,  # a timeout, or somebody cancelled it
    "57P": Unreachable,  # shut down, starting up, ended by an administrator
    "25P03": Unreachable,  # idle in a transaction for too long
    "25P04": Transient,  # the transaction took too long
    "40": Conflict,
    "40003": MaybeDone,  # statement completion unknown
    "55006": Conflict,
    "55P03": Conflict,
    "58030": Transient,  # the server's disk
    "28": Unauthorized,
    "42501": Unauthorized,
    "3D": Missing,
    "3F": Missing,
    "42P01": Missing,
    "21": BadData,
    "22": BadData,
    "22P05": BadData,
    "23": BadData,
}


@cache
def drivers() -> tuple[type[Exception], ...]:
    """What the libraries raise; a connection that is lost while rows arrive is an `OSError`."""
    return (_adbc.Error, _psycopg.Error, OSError, pa.ArrowException)


def connector_error(error: BaseException, what: str, *, lost: bool = False) -> Exception:
    """A driver's error ⟶ ours, to be raised where the driver's is no longer at hand.

    what: what was being done, without values: "query orders of shop_db".
    lost: whether the connection is gone.
    """
    state = state_of(error)
    if not state:
        return _without_state(error, what, lost=lost)
    kind = class_of(state)
    if lost and not issubclass(kind, Transient):
        kind = Unreachable
    return kind(f"{what}: {_server_message(error, state)}")


def class_of(state: str) -> type[Exception]:
    """SQLSTATE ⟶ the class of our error: `Refused` unless it is known that it's another."""
    for length in range(5, 1, -1):
        if (cls := _CLASSES.get(state[:length])) is not None:
            return cls
    return Refused


def state_of(error: BaseException) -> str:
    """The SQLSTATE of a driver's error, "" if it has none: then it's of the driver itself."""
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state)
    match = _STATE.search(str(error))
    return match[1] if match else ""


def _without_state(error: BaseException, what: str, *, lost: bool) -> Exception:
    if lost:
        return Unreachable(f"{what}: the connection was lost")
    if isinstance(error, pa.ArrowException | _adbc.DataError | _adbc.NotSupportedError):
        return BadData(f"{what}: the data can't be brought into the types that are asked for")
    text = str(error)
    if "ReadRecord" in text or "COPY Writer" in text or "Invalid" in text:
        return BadData(f"{what}: the driver can't carry a value of it: cast it in the query")
    return Refused(f"{what}: refused by the driver ({type(error).__name__})")


def _server_message(error: BaseException, state: str) -> str:
    """What may be told of an error that the server answered."""
    details = _details(error)
    names = [
        f"{word} {details[key]!r}"
        for word, key in (("constraint", "constraint"), ("table", "table"), ("column", "column"))
        if details.get(key)
    ]
    own_text = state.startswith("42") and "position" in details and "internal" not in details
    first = details.get("primary", "").partition("\n")[0][:_MOST_TEXT] if own_text else ""
    return ", ".join([f"{_name_of(state)} (SQLSTATE {state})", *names, *([first] if first else [])])


def _name_of(state: str) -> str:
    try:
        return str(_psycopg.errors.lookup(state).__name__)
    except KeyError:
        return "an error"


_ADBC: Final = {
    b"PG_DIAG_CONSTRAINT_NAME": "constraint",
    b"PG_DIAG_TABLE_NAME": "table",
    b"PG_DIAG_COLUMN_NAME": "column",
    b"PG_DIAG_MESSAGE_PRIMARY": "primary",
    b"PG_DIAG_STATEMENT_POSITION": "position",
    b"PG_DIAG_INTERNAL_QUERY": "internal",
    b"PG_DIAG_CONTEXT": "internal",
}


def _details(error: BaseException) -> dict[str, str]:
    if isinstance(error, _psycopg.Error):
        diagnostics: Any = cast(Any, error).diag
        values: dict[str, Any] = {
            "constraint": diagnostics.constraint_name,
            "table": diagnostics.table_name,
            "column": diagnostics.column_name,
            "primary": diagnostics.message_primary,
            "position": diagnostics.statement_position,
            "internal": diagnostics.internal_query or diagnostics.context,
        }
        return {key: str(value) for key, value in values.items() if value}
    pairs: Any = getattr(error, "details", None) or ()
    items = [(key if isinstance(key, bytes) else str(key).encode(), value) for key, value in pairs]
    return {_ADBC[key]: value.decode("utf-8", "replace") for key, value in items if key in _ADBC}


def refused_connection(error: BaseException, where: str) -> Exception:
    """The error of an attempt to connect ⟶ ours; `where` is host, port and database.

    libpq gives no SQLSTATE then; the server's text is looked at, which is in English unless the
    server is set to speak another language: what isn't understood counts as `Unreachable`.
    """
    text = str(error)
    if "authentication failed" in text or "no pg_hba.conf entry" in text or "no password" in text:
        return Unauthorized(f"{where}: the server does not let this user in")
    if re.search(r"FATAL: +role .* does not exist", text):
        return Unauthorized(f"{where}: the server does not know this user")
    if re.search(r"FATAL: +database .* does not exist", text):
        return Missing(f"{where}: the server has no such database")
    if "invalid connection option" in text or "invalid URI" in text:
        return Refused(f"{where}: no connection URL that libpq understands")
    return Unreachable(f"{where}: the server can't be reached, or takes no connections")
