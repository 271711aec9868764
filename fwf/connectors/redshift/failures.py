"""What does it mean that a statement failed? An error whose class says whether asking again helps.

Redshift says it in words, which may hold values of rows: they are looked at for what is known, and
never passed on. Who needs them asks by the statement's id.
"""

import re
from typing import Any, Final

from fwf.connectors.redshift.statements import COUNT, KEYS, LEDGER, LOCK, PARTITION, REUSED
from fwf.connectors.redshift.values import Statement
from fwf.connectors.shared.errors import (
    OTHER_KEY,
    BadData,
    Conflict,
    KeyReused,
    Missing,
    Refused,
    Transient,
    Unauthorized,
)

_NULL: Final = re.compile("null value in column|cannot insert a null value", re.I)
_NAMES_AND_VALUES: Final = re.compile(r'"[^"]*"|(contains |=)\(.*', re.S)
"""In which any word may stand: a column may be called "cancelled"."""
_KNOWN: Final = tuple(
    (re.compile(pattern, re.I), kind, means)
    for pattern, kind, means in (
        (
            r"\b1023\b|conflict with concurrent transaction|serializable isolation violation"
            "|could not serialize|could not complete because of conflict",
            Conflict,
            "another transaction was in the way",
        ),
        ("deadlock detected", Conflict, "another transaction was in the way (a deadlock)"),
        ("permission denied|not authorized|access ?denied|must be owner", Unauthorized, "no right"),
        ("out of memory|disk full|out of disk|insufficient memory", Transient, "no room just now"),
        (
            r"terminating connection|connection (\w+ )*(closed|lost|refused|reset|timed out)"
            "|closed the connection|shutting down|starting up|was restarted|internal error",
            Transient,
            "the database went away",
        ),
        (
            "cancell?ed on user|cancel+ing statement|statement (was )?abort|transaction is abort",
            Transient,
            "it was stopped from outside",
        ),
        (r"too many|limit .*exceeded|exceeded .*limit", Transient, "too much at once"),
        ("content.?length|size of .*manifest", BadData, "a staged file isn't that of the manifest"),
        ("nosuchkey|no such key|cannot be found|not found", Missing, "a staged file isn't there"),
        ("does not exist|is not found", Missing, "a table or a column isn't there"),
        (
            "too long|out of range|overflow|invalid digit|invalid input syntax|not-null|null value"
            "|cannot insert a null|incompatible parquet|spectrum scan error|is of type"
            "|violates check|invalid byte",
            BadData,
            "a value doesn't fit a column",
        ),
    )
)


def failure_of(statement: Statement, answer: dict[str, Any]) -> Exception:
    """A statement, the Data API's description of its failure ⟶ the error."""
    parts = answer.get("SubStatements") or []
    failures = [n for n, part in enumerate(parts) if part.get("Status") == "FAILED"]
    step = statement.steps[failures[0]] if failures and failures[0] < len(statement.steps) else ""
    text = " ".join([str(answer.get("Error", "")), *(str(parts[n].get("Error")) for n in failures)])
    own = _of_step(step, statement) if _NULL.search(text) else None
    if own is not None:
        return own
    if step == LOCK and "exist" in text.lower():
        return Missing(
            f"{_what(statement, step)}: the table {LEDGER} isn't there: make it once with "
            "redshift.prepare(…)"
        )
    plain = _NAMES_AND_VALUES.sub("", text)
    for pattern, kind, means in _KNOWN:
        if pattern.search(plain):
            return kind(f"{_what(statement, step)}: {means}{_more(statement)}")
    return Refused(f"{_what(statement, step)}: the database refused it{_more(statement)}")


def abort_error(statement: Statement) -> Exception:
    """The error of a statement that was stopped; nothing of it is left."""
    return Transient(f"{_what(statement, '')}: it was stopped from outside, and nothing is left")


def _of_step(step: str, statement: Statement) -> Exception | None:
    """The error of a step that is there to fail."""
    table = statement.table
    match step:
        case _ if step == REUSED:
            return KeyReused(
                f"load of {table}: its idempotency key was used for other data before; {OTHER_KEY}"
            )
        case _ if step == COUNT:
            return BadData(f"load of {table}: COPY gave another number of rows than were staged")
        case _ if step == KEYS:
            return BadData(f"load of {table}: rows share a key, or have NULL in it")
        case _ if step == PARTITION:
            return BadData(
                f"load of {table}: rows belong to other partitions than the one replaced"
            )
        case _:
            return None


def _what(statement: Statement, step: str) -> str:
    load = f"load of {statement.table}" if statement.table else "statement"
    return f"{load}: {step}" if step else f"{load} {statement.id}"


def _more(statement: Statement) -> str:
    return f"; what the database said: aws redshift-data describe-statement --id {statement.id}"
