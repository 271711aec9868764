"""How do run parameters get into a query? `$day` stands for a setting to which its value is bound.

PostgreSQL takes no bound values where it sends rows in bulk (`COPY (query) TO STDOUT`), and without
that a result is held twice in memory. So each value is bound to a setting of the transaction, by
`set_config($1, $2, true)`, and the query reads it where the name stood, in its type. A name counts
everywhere but in texts, quoted names and comments.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from fwf.algebra import checked_fields

# PostgreSQL 16, §4.1: what a name can't stand in, then the name itself.
_TOKENS: Final = re.compile(
    r"""
      --[^\n]*
    | (?P<comment>/\*)
    | [eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | \$(?P<tag>[^\W\d][\w]*)?\$.*?\$(?P=tag)\$ | \$\$.*?\$\$
    | [^\W\d][\w$]*
    | \$(?P<number>\d+)
    | \$(?P<name>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_BRACKETS: Final = re.compile(r"/\*|\*/")


class Query(NamedTuple):
    """SQL cut where names stand: a piece before each name, and one behind the last."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]

    def text(self, instead: Mapping[str, str]) -> str:
        """The SQL with something instead of each name."""
        texts = [instead[name] for name in self.names]
        return "".join(map("".join, zip(self.pieces, [*texts, ""], strict=True)))

    @property
    def unique(self) -> tuple[str, ...]:
        """Each name once."""
        return tuple(dict.fromkeys(self.names))

    @property
    def numbered_sql(self) -> str:
        """The SQL with `$1` for the first of its names, as psycopg's RawCursor takes it."""
        return self.text({name: f"${n}" for n, name in enumerate(self.unique, 1)})


def parse_query(sql: str, where: str) -> Query:
    """SQL with `$names` ⟶ the same, cut where they stand; one that stands there twice is one value.

    >>> query = parse_query("SELECT '$no', x FROM t WHERE day = $day OR $day > $first", "query")
    >>> query.numbered_sql
    "SELECT '$no', x FROM t WHERE day = $1 OR $1 > $2"
    """
    checked_fields.instance(sql, str, f"{where}(sql=…)", "a text")
    if not sql.strip():
        raise ValueError(f"{where}(sql={sql!r}): needs a query")
    if "\0" in sql:
        at = sql.index("\0")
        raise ValueError(f"{where}(sql=…): SQL has no NUL in it; this has one at {at}")
    names: list[str] = []
    pieces: list[str] = []
    begin = at = 0
    while token := _TOKENS.search(sql, at):
        at = _after_comment(sql, token.end()) if token["comment"] else token.end()
        if token["number"]:
            raise ValueError(f"{where}(sql=…): ${token['number']} has no name; write $name instead")
        if token["name"]:
            pieces.append(sql[begin : token.start()])
            names.append(token["name"])
            begin = at
    return Query((*pieces, sql[begin:]), tuple(names))


def _after_comment(sql: str, at: int) -> int:
    """Where a comment ends that begins before `at`; they nest."""
    depth = 1
    while depth:
        bracket = _BRACKETS.search(sql, at)
        if bracket is None:
            return len(sql)
        depth += 1 if bracket[0] == "/*" else -1
        at = bracket.end()
    return at


def alone(sql: str) -> str:
    """A query ⟶ the same as it can stand within another: no semicolon, no comment that goes on."""
    return sql.rstrip().rstrip(";") + "\n"


class BoundQuery(NamedTuple):
    """A query that reads settings, the statement that sets them, and the values bound to it."""

    sql: str
    set_sql: str
    values: tuple[str, ...]


def bind(query: Query, values: Mapping[str, object]) -> BoundQuery:
    """A query, the values of its names ⟶ what is sent. The SQL depends on the values' types alone.

    >>> query = parse_query("SELECT $day + 1", "query")
    >>> print(bind(query, {"day": date(2026, 7, 1)}).sql)
    SELECT (pg_catalog.current_setting('fwf.p1')::date) + 1
    <BLANKLINE>
    """
    instead: dict[str, str] = {}
    sets: list[str] = []
    texts: list[str] = []
    for n, name in enumerate(query.unique, 1):
        text, form = _text_and_form(name, values[name])
        instead[name] = form.format(f"pg_catalog.current_setting('fwf.p{n}')")
        sets.append(f"pg_catalog.set_config('fwf.p{n}', ${n}, true)")
        texts.append(text)
    return BoundQuery(alone(query.text(instead)), "SELECT " + ", ".join(sets), tuple(texts))


def checked_values(values: Mapping[str, object]) -> None:
    """Raise for a value that can't be bound."""
    for name, value in values.items():
        _text_and_form(name, value)


def _text_and_form(name: str, value: Any) -> tuple[str, str]:
    """A value ⟶ its text, and how SQL makes it of that."""
    writing = next((way for cls, way in _TYPES.items() if isinstance(value, cls)), None)
    if writing is None:
        raise TypeError(
            f"params[{name!r}] is a {type(value).__name__}; a bound value is a text, a number, a "
            "Decimal, bool, bytes, date, datetime, time, timedelta or UUID"
        )
    write, form = writing
    text = write(value)
    if "\0" in text:
        raise ValueError(f"params[{name!r}] has a NUL in it, which PostgreSQL takes in no text")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"params[{name!r}] is no Unicode text: a surrogate stands alone")
    return text, _exact(form, value)


def _exact(form: str, value: Any) -> str:
    """The form for a value that another of its type would not have."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return "({}::timestamptz)"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "({}::numeric)"
    return form


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("a Decimal among params is no finite number")
    return str(value)


def _moment(value: datetime) -> str:
    return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()


def _time(value: time) -> str:
    if value.tzinfo is not None:
        raise ValueError("a time among params has a zone; give it without")
    return value.isoformat()


def _span(value: timedelta) -> str:
    return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"


# bool is an int, and a datetime is a date: those go first. A moment without a zone stays without.
_TYPES: Final[dict[type, tuple[Callable[[Any], str], str]]] = {
    bool: (str, "({}::boolean)"),
    int: (str, "({}::bigint)"),
    float: (str, "({}::double precision)"),
    str: (str, "({}::text)"),
    bytes: (bytes.hex, "pg_catalog.decode({}, 'hex')"),
    Decimal: (_decimal, "({}::numeric)"),
    datetime: (_moment, "({}::timestamp)"),
    date: (date.isoformat, "({}::date)"),
    time: (_time, "({}::time)"),
    timedelta: (_span, "({}::interval)"),
    UUID: (str, "({}::uuid)"),
}
