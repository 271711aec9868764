"""What may a batch of statements hold? Nothing that ends its transaction, and no more than fits.

A load is one transaction. TRUNCATE and ALTER TABLE APPEND end it in its midst, VACUUM can't stand
in one: they are refused before anything is sent, and so is whatever isn't known to be harmless.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from fwf.connectors.shared.extras import late
from fwf.faults import counted

MOST_STATEMENTS: Final = 40
MOST_BYTES: Final = 100_000
"""Of a statement's text (Redshift, Considerations when calling the Data API: 100 KB)."""
LOCK: Final = re.compile(r'LOCK TABLE "(?:[^"]|"")+"')
"""The only form in which a load locks; sqlglot doesn't know the statement."""

_sqlglot: Any = late("sqlglot", "redshift")
_exp: Any = late("sqlglot.expressions", "redshift")
_HALF: Final = (
    "which a load may not hold: it is one transaction, and what ends it, or can't stand in one, "
    "would leave half of a load behind; use DELETE"
)
_WORDS: Final = frozenset({
    "COPY", "CREATE", "DELETE", "DROP", "INSERT", "MERGE", "SELECT", "UPDATE", "VALUES", "WITH",
})  # fmt: skip
_BEGINNING: Final = re.compile(r"(?:\s|\(|--[^\n]*|(?>/\*.*?\*/))*+(\w+)", re.S)
_APPEND: Final = re.compile(r"\bAPPEND\b", re.I)
_KINDS: Final = ("Copy", "Create", "Delete", "Drop", "Insert", "Merge", "Query", "Update")
"""Kinds of statements, as sqlglot calls them."""


def check_batch(statements: Sequence[str]) -> None:
    """Raise `ValueError` for a batch that the Data API refuses, or that isn't one transaction.

    >>> check_batch(['DELETE FROM "sales"', 'TRUNCATE "sales"'])
    Traceback (most recent call last):
    ValueError: statement 2 of the batch is TRUNCATE, which ...
    """
    if not 1 <= len(statements) <= MOST_STATEMENTS:
        raise ValueError(
            f"{counted(len(statements), 'statement')}; a batch of the Data API has 1 to "
            f"{MOST_STATEMENTS}"
        )
    for number, text in enumerate(statements, 1):
        check_size(text, f"statement {number} of the batch")
        if not LOCK.fullmatch(text):
            _check_kind(text, f"statement {number} of the batch")


def check_query(text: str, where: str) -> frozenset[str]:
    """The names of a query's parameters; raises `ValueError` for what isn't a query that reads."""
    check_size(text, where)
    statement = _parse(text, where, "needs a SELECT, which changes nothing")
    if not isinstance(statement, _exp.Query) or any(statement.find_all(_exp.Into, _exp.DML)):
        raise ValueError(f"{where} changes something: needs a SELECT, which changes nothing")
    return frozenset(str(each.name) for each in statement.find_all(_exp.Placeholder))


def check_size(text: str, where: str) -> None:
    """Raise `ValueError` for a statement that is too long to be sent."""
    size = len(text.encode())
    if size > MOST_BYTES:
        raise ValueError(
            f"{where} is {size} bytes long; the Data API takes {MOST_BYTES}: name fewer "
            "columns, or make a view"
        )


def _check_kind(text: str, where: str) -> None:
    statement = _parse(text, where, _HALF)
    if not isinstance(statement, tuple(getattr(_exp, kind) for kind in _KINDS)):
        raise ValueError(f"{where} is {statement.key.upper()}, {_HALF}")


def _parse(text: str, where: str, otherwise: str) -> Any:
    """A text ⟶ its only statement, in Redshift's dialect; `otherwise` says what is wrong."""
    word = _first_word(text)
    if word not in _WORDS:  # sqlglot would write the whole of it to the log
        raise ValueError(f"{where} is {word or 'empty'}, {otherwise}")
    try:
        statements = _sqlglot.parse(text, read="redshift")
    except _sqlglot.errors.SqlglotError:  # its message holds the statement
        raise ValueError(f"{where} is no SQL of Redshift") from None
    if len(statements) != 1 or statements[0] is None:
        raise ValueError(f"{where} holds {counted(len(statements), 'statement')}; needs one")
    return statements[0]


def _first_word(text: str) -> str:
    """The word that a statement begins with, behind comments and parentheses."""
    match = _BEGINNING.match(text)
    word = match[1].upper() if match else ""
    return "ALTER TABLE APPEND" if word == "ALTER" and _APPEND.search(text) else word
