"""What do PostgreSQL's errors mean to a journal? Each is one `JournalError`: place, cause, remedy.

A driver's text is never passed on, and its error never behind ours: a traceback would show the
connection, which knows the password.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, final

from fwf.journal.errors import JournalCorrupt, JournalError

_ACCESS: Final = (
    "have its administrator GRANT USAGE ON SCHEMA fwf_journal, and SELECT, INSERT, UPDATE, DELETE "
    "ON ALL TABLES IN SCHEMA fwf_journal, to this user; to make the journal it needs CREATE on "
    "the database"
)
_GONE: Final = (
    "what was written before is there: see that the server runs and can be reached, then start "
    "again, and the run goes on"
)
# The longest beginning of a SQLSTATE counts (PostgreSQL 16, appendix A).
_CAUSES: Final[dict[str, tuple[str, str]]] = {
    "08": ("the connection was lost", _GONE),
    "28": (
        "the server doesn't let this user in",
        "check user and password of the URL, PGPASSWORD or ~/.pgpass, and the server's pg_hba.conf",
    ),
    "3D000": ("the server has no such database", "make it: createdb NAME; or name another one"),
    "3F": (
        "the schema fwf_journal is gone since the journal was opened",
        "bring it back from a backup, or start again: an empty one is made",
    ),
    "42P01": (
        "a table of the schema fwf_journal is gone",
        "bring it back from a backup, or name another database",
    ),
    "42501": ("this user may not do that here", _ACCESS),
    "25006": (
        "the server is read-only, such as a replica",
        "name the primary, or all its hosts and ?target_session_attrs=read-write",
    ),
    "25P03": ("the server ended a transaction that stood still", "start again: the run goes on"),
    "40": ("the transaction lost against another one", "start again: the run goes on"),
    "53100": (
        "the server's disk is full",
        "make room there, then start again: the run goes on where it was",
    ),
    "53200": ("the server has no memory left", "start again when it has: the run goes on"),
    "53300": (
        "the server takes no more connections",
        "raise its max_connections, or let fewer processes run at once",
    ),
    "53": ("the server has run out of a resource", "start again when it has more"),
    "55P03": (
        "a lock wasn't given in time",
        "see in pg_stat_activity who holds it; then start again: the run goes on",
    ),
    "57014": (
        "the server took too long, or somebody cancelled the statement",
        "see what keeps it (pg_stat_activity); then start again: the run goes on",
    ),
    "57P": ("the server is shutting down or starting, or ended this session", _GONE),
    "58": ("the server can't use its disk", "see its log; then start again: the run goes on"),
}
_PASSING: Final = ("08", "57P01", "57P02", "57P03", "57P05", "25P03", "40001", "40P01", "53300")
"""What may be over in a moment."""
_DAMAGED: Final = ("XX001", "XX002")
# libpq gives no SQLSTATE when it connects: the server's text is looked at, which is English unless
# the server was set to speak another language; what isn't understood counts as not to be reached.
_NO_ENTRY: Final = re.compile(
    r"authentication failed|no pg_hba.conf entry|no password|FATAL: +role .* does not exist"
)
_NO_DATABASE: Final = re.compile(r"FATAL: +database .* does not exist")
_NOT_ALLOWED: Final = re.compile(r"FATAL: +permission denied for database")
_FULL: Final = re.compile(r"FATAL: +(sorry, too many clients|remaining connection slots)")
_READ_ONLY: Final = re.compile(r"session is read-only|server is in hot standby")
_UNREACHABLE: Final = (
    "the server can't be reached, or takes no connections",
    "see that it runs and that host and port are right (fwf was given them in the URL)",
)


@final
class Trouble(NamedTuple):
    """What to raise; whether it may be over in a moment; whether anything was sent before it."""

    error: JournalError
    passing: bool
    sent: bool


def trouble_of(error: BaseException, what: str, where: str, *, lost: bool) -> Trouble:
    """A driver's error ⟶ what it comes to.

    what: what was being done, such as "adding records".
    lost: whether the connection is gone.
    """
    state = str(getattr(error, "sqlstate", None) or "")
    if lost and not state.startswith(("57", "53")):
        return Trouble(_error_of("08", what, where, ""), True, True)
    if state.startswith(_DAMAGED):
        cause = "the server says that its files are damaged"
        remedy = "bring the database back from a backup"
        corrupt = JournalCorrupt(f"{where}: {what}: {cause} (SQLSTATE {state}): {remedy}")
        return Trouble(corrupt, False, True)
    problem = _error_of(state, what, where, type(error).__name__)
    return Trouble(problem, state.startswith(_PASSING), True)


def trouble_connecting(error: BaseException, where: str) -> Trouble:
    """The driver's error of an attempt to connect ⟶ what it comes to."""
    text = str(error)
    for state, pattern in (
        ("28", _NO_ENTRY),
        ("3D000", _NO_DATABASE),
        ("42501", _NOT_ALLOWED),
        ("25006", _READ_ONLY),
    ):
        if pattern.search(text):
            return Trouble(_error_of(state, "connecting", where, ""), False, False)
    if _FULL.search(text):
        return Trouble(_error_of("53300", "connecting", where, ""), True, False)
    cause, remedy = _UNREACHABLE
    return Trouble(JournalError(f"{where}: {cause}: {remedy}"), True, False)


def _error_of(state: str, what: str, where: str, name: str) -> JournalError:
    for length in range(5, 1, -1):
        if (entry := _CAUSES.get(state[:length])) is not None:
            cause, remedy = entry
            return JournalError(f"{where}: {what}: {cause}: {remedy}")
    details = f" ({name}{', SQLSTATE ' + state if state else ''})"
    return JournalError(
        f"{where}: {what}: refused{details}: the server's log says more; nothing was changed"
    )
