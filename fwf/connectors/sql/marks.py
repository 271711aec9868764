"""Where in a query is what is wrong with it? On a line of it, with the place marked."""

import json
import re
from typing import Final, NamedTuple, cast

import duckdb

from fwf.display.readable import columns
from fwf.printing import printable

WIDEST: Final = 100
"""So many characters of a line are shown."""
BEFORE: Final = 60
"""So many of them at most before the place."""
INDENT: Final = "    "


class QueryPlace(NamedTuple):
    """A part of a query, in bytes of UTF-8 as DuckDB counts them: where it begins, its length."""

    at: int
    length: int


class Message(NamedTuple):
    """What DuckDB says of a query, and of which part of it; None where it names none."""

    text: str
    place: QueryPlace | None


def message_of(error: duckdb.Error, ahead: int = 0) -> Message:
    """An error of a connection with `errors_as_json` ⟶ what it says.

    ahead: so many bytes were put before the query.
    """
    text = str(error)
    try:
        content = json.loads(text[text.index("{") :])
        return _message(content["exception_message"], content.get("location"), ahead)
    except (ValueError, KeyError):
        return _message(text, None, ahead)


def _message(text: str, location: object, ahead: int) -> Message:
    lines = [line.strip() for line in text.split("\n")]
    until = next((n for n, line in enumerate(lines) if line == "Candidate functions:"), len(lines))
    words = " ".join(filter(None, lines[:until]))
    if location is None:
        return Message(words, None)
    at, length = cast("list[int]", json.loads(str(location)))
    return Message(words, QueryPlace(at - ahead, length))


def only(query: str, text: str) -> QueryPlace | None:
    """Where the first name stands that a message has in quotes, if the query has it once."""
    match = re.search(r'"([^"]+)"', text)
    several = list(re.finditer(rf"(?i)(?<!\w){re.escape(match[1])}(?!\w)", query)) if match else []
    if len(several) != 1:
        return None
    ahead, name = query[: several[0].start()], several[0].group()
    return QueryPlace(len(ahead.encode()), len(name.encode()))


def marked_line(query: str, place: QueryPlace | None) -> str:
    """Query, a part of it ⟶ the line that it is on, with the part marked, for the end of a message.

    Its lines are indented, which says that they are to be shown as they are. Empty if no part is.

    >>> print(marked_line("SELECT id,\\n  amoun FROM orders", QueryPlace(13, 5)))
    <BLANKLINE>
        2 │   amoun FROM orders
          │   ^^^^^
    """
    if place is None or not 0 <= place.at <= len(query.encode()):
        return ""
    before, here, after = _around(query, place)
    number = str(query.encode()[: place.at].count(b"\n") + 1)
    carets = "^" * max(1, columns(here))
    return (
        f"\n{INDENT}{number} │ {before}{here}{after}"
        f"\n{INDENT}{' ' * len(number)} │ {' ' * columns(before)}{carets}"
    )


def line_of(query: str, place: QueryPlace | None) -> str:
    """Query, a part of it ⟶ " in line 2, at 'amoun'", for the middle of a message."""
    if place is None or not 0 <= place.at <= len(query.encode()):
        return ""
    _, here, after = _around(query, place)
    number = query.encode()[: place.at].count(b"\n") + 1
    return f" in line {number}, at {(here or after[:20])!r}"


def _around(query: str, place: QueryPlace) -> tuple[str, str, str]:
    """What is on the line before the part, the part, and behind it; as it is shown."""
    text = query.encode()
    start, end = place.at, place.at + place.length
    before = text[:start].decode(errors="replace").rpartition("\n")[2]
    here, newline, _ = text[start:end].decode(errors="replace").partition("\n")
    after = "" if newline else text[end:].decode(errors="replace").partition("\n")[0]
    if len(before) > BEFORE:
        before = f"…{before[1 - BEFORE :]}"
    here = _cut(here, WIDEST - len(before))
    return (
        _printable(before),
        _printable(here),
        _printable(_cut(after, WIDEST - len(before) - len(here))),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(0, most - 1)]}…"


def _printable(text: str) -> str:
    return printable(text.replace("\t", " ").rstrip("\r"))
