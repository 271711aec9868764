"""What does a web server's access log say? A table of its requests, in either format of Apache.

    host ident user [16/Sep/1995:07:00:00 +0200] "GET /shuttle HTTP/1.0" 200 1713
    … the same, and "http://referrer/" "the agent"

Lines are parsed all at once, by their quotes and then by their blanks; those that are not as plain
as that (an escaped quote, a letter beyond ASCII) one by one, by `ROW`, which is the rule.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fwf.connectors.objects.lines import Block, ParsedLines, Unreadable, text_of

compute: Final[Any] = pyarrow.compute  # its stubs know few of the types that it takes
_schema: Final[Any] = pa.schema

ACCESS_LOG: Final = _schema(
    [
        pa.field("host", pa.string(), nullable=False),
        pa.field("user", pa.string()),
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("method", pa.string()),
        pa.field("target", pa.string()),
        pa.field("protocol", pa.string()),
        pa.field("status", pa.int16(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("referrer", pa.string()),
        pa.field("agent", pa.string()),
    ]
)
"""The columns of a log. `-` is null, but as a size, where it is 0; the common format has neither
referrer nor agent."""

QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'  # a quote inside is written \"
ROW: Final = re.compile(
    rf'([^ "]+) [^ "]+ ([^ "]+) \[([^\]]+)\] {QUOTED} ([0-9]{{3}}) ([0-9]{{1,18}}|-)'
    rf"(?: {QUOTED} {QUOTED})?"
)
TIME: Final = re.compile(
    r"(\d\d)/([A-Z][a-z][a-z])/([12]\d{3}):(\d\d):(\d\d):(\d\d) ([+-])([01]\d|2[0-3])([0-5]\d)",
    re.ASCII,
)
REQUEST: Final = re.compile(r"([A-Z-]+) ([^ ]+) (HTTP/[0-9.]+)")
ESCAPED: Final = re.compile(r"\\([\"\\])")

# Not strptime's %b, which follows the machine's language.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# One by one


def row(line: bytes) -> tuple[Any, ...]:
    """A line ⟶ its values, in the order of `ACCESS_LOG`; raises `Unreadable` saying why not."""
    match = ROW.fullmatch(text_of(line))
    if match is None:
        raise Unreadable("neither the common nor the combined log format")
    host, user, time, request, status, size, referrer, agent = match.groups()
    parts = REQUEST.fullmatch(request)
    if parts is None and request != "-":
        raise Unreadable("the request is not `METHOD target HTTP/version`")
    return (
        host,
        _field(user),
        instant(time),
        *(map(_field, parts.groups()) if parts else (None, None, None)),
        int(status),
        0 if size == "-" else int(size),
        _field(referrer),
        _field(agent),
    )


def _field(text: str | None) -> str | None:
    """What a field says; `-` is nothing. Quotes and backslashes are what they were."""
    return None if text in (None, "-") else ESCAPED.sub(r"\1", text)


def instant(text: str) -> datetime:
    """`16/Sep/1995:07:00:00 +0200` as the UTC time that it means."""
    match = TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        raise Unreadable("the time is not `16/Sep/1995:07:00:00 +0200`")
    day, month, year, hour, minute, second, sign, ahead_hours, ahead_minutes = match.groups()
    ahead = timedelta(hours=int(ahead_hours), minutes=int(ahead_minutes))
    on = (int(year), MONTHS.index(month) + 1, int(day))
    try:
        there = datetime(*on, int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        raise Unreadable("there is no such time") from None
    return there + ahead if sign == "-" else there - ahead


# All at once

PLAIN: Final = (
    r'^[^ "\\\x00]+ [^ "\\\x00]+ [^ "\\\x00]+ '
    r"\[\d\d/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/[12]\d\d\d:\d\d:\d\d:\d\d"
    r" [+-](?:[01]\d|2[0-3])[0-5]\d\] "
    r'"(?:[A-Z-]+ [^ "\\\x00]+ HTTP/[0-9.]+|-)" \d\d\d (?:\d{1,18}|-)'
)
COMMON: Final = PLAIN + r"\r?\n$"
COMBINED: Final = PLAIN + r' "[^"\\\x00]*" "[^"\\\x00]*"\r?\n$'
"""What a line is like in which a quote or a blank can mean but one thing."""
ASCII: Final = r"^[\x00-\x7f]*$"
_CODES: Final = np.array([int.from_bytes(month.encode()) for month in MONTHS])
_ORDER: Final = np.argsort(_CODES)
_DIGITS: Final = {"day": (1, 2), "year": (8, 9, 10, 11), "hour": (13, 14), "minute": (16, 17)} | {
    "second": (19, 20)
}
"""Where they are in `[16/Sep/1995:07:00:00`."""


def access_log(block: Block, limit: int) -> ParsedLines:
    """Lines ⟶ their requests; both formats may be mixed."""
    lines = block.array
    whole = not block.content.isascii()
    parts: list[tuple[pa.Table, Any]] = []
    rest = np.ones(len(block), bool)
    for pattern, quotes in ((COMBINED, 6), (COMMON, 2)):
        if not rest.any():
            break
        plain = compute.match_substring_regex(lines, pattern).to_numpy(zero_copy_only=False)
        if whole:
            plain &= compute.match_substring_regex(lines, ASCII).to_numpy(zero_copy_only=False)
        places = np.flatnonzero(plain)
        if len(places):
            table, sound = _plain(lines if plain.all() else lines.take(pa.array(places)), quotes)
            places = places[sound]
            parts.append((table, places))
            rest[places] = False
    return _with_others(block, parts, np.flatnonzero(rest).tolist(), limit)


def _with_others(
    block: Block, parts: list[tuple[pa.Table, Any]], others: list[int], limit: int
) -> ParsedLines:
    """What is parsed already, and the other lines one by one ⟶ all of it in its order."""
    rows: list[tuple[Any, ...]] = []
    places: list[int] = []
    bad: list[tuple[int, str]] = []
    for place in others:
        if len(bad) > limit:
            break
        try:
            rows.append(row(block.line(place).removesuffix(b"\r")))
            places.append(place)
        except Unreadable as error:
            bad.append((place, str(error)))
    if rows:
        columns = zip(*rows, strict=True)
        arrays = [pa.array(c, field.type) for c, field in zip(columns, ACCESS_LOG, strict=True)]
        parts = [*parts, (pa.table(arrays, schema=ACCESS_LOG), np.array(places))]
    if not parts:
        return ParsedLines(ACCESS_LOG.empty_table(), bad)
    table = pa.concat_tables([each for each, _ in parts])
    if len(parts) > 1:
        order: Any = np.argsort(np.concatenate([at for _, at in parts]))
        table = table.take(order)
    return ParsedLines(table, bad)


def _plain(lines: Any, quotes: int) -> tuple[pa.Table, Any]:
    """Plain lines with so many quotes ⟶ their table, and which of them have a time at all."""
    every = _parts(lines, '"', quotes + 1)
    head = _parts(next(every), " ", 6)
    host, _ident, user, local, zone, _ = head
    request = _parts(_as_three(next(every)), " ", 3)
    _, status, size, *_ = _parts(next(every), " ", 3 if quotes == 2 else 4)
    rest = [] if quotes == 2 else [each for i, each in enumerate(every) if i in (0, 2)]
    times, sound = _times(local, zone)
    size = compute.ascii_rtrim_whitespace(size.cast(pa.string()))
    columns = [
        *(host.cast(pa.string()), _dash_is_null(user), times),
        *map(_dash_is_null, request),
        status.cast(pa.string()).cast(pa.int16()),
        compute.if_else(compute.equal(size, "-"), "0", size).cast(pa.int64()),
        *(map(_dash_is_null, rest) if rest else [pa.nulls(len(lines), pa.string())] * 2),
    ]
    table = pa.table(columns, schema=ACCESS_LOG)
    return (table if sound.all() else table.filter(pa.array(sound))), sound


def _parts(texts: Any, by: str, count: int) -> Iterator[Any]:
    """Texts that all have as many parts ⟶ all first parts, all second parts …"""
    flat = compute.split_pattern(texts, by).values
    return (flat.take(pa.array(np.arange(i, len(flat), count))) for i in range(count))


def _as_three(request: Any) -> Any:
    """`-` as a request of three parts that say nothing."""
    return compute.if_else(compute.equal(request, b"-"), b"- - -", request)


def _dash_is_null(texts: Any) -> Any:
    text = texts.cast(pa.string())
    return compute.if_else(compute.equal(text, "-"), pa.scalar(None, pa.string()), text)


def _times(local: Any, zone: Any) -> tuple[Any, Any]:
    """`[16/Sep/1995:07:00:00` and `+0200]` ⟶ times in UTC, null where there is none, and which."""
    codes = _codes(local)
    day, year, hour, minute, second = (_number(codes, at) for at in _DIGITS.values())
    month_codes = (
        codes[:, 4].astype(np.int64) << 16 | codes[:, 5].astype(np.int64) << 8 | codes[:, 6]
    )
    month = _ORDER[np.searchsorted(_CODES, month_codes, sorter=_ORDER)]
    first = (year - 1970) * 12 + month
    begin, end = (
        each.astype("M8[M]").astype("M8[D]").astype(np.int64) for each in (first, first + 1)
    )
    sound = (day >= 1) & (day <= end - begin) & (hour < 24) & (minute < 60) & (second < 60)
    signs = _codes(zone)
    ahead = _number(signs, (1, 2)) * 60 + _number(signs, (3, 4))
    ahead = np.where(signs[:, 0] == ord("-"), -ahead, ahead)
    minutes = ((begin + day - 1) * 24 + hour) * 60 + minute - ahead
    micros = pa.array((minutes * 60 + second) * 1_000_000, pa.int64())
    return micros.cast(pa.timestamp("us", "UTC")), sound


def _codes(texts: Any) -> Any:
    """Texts of one length ⟶ their bytes, a row for each."""
    whole = b"".join(texts.to_pylist())
    return np.frombuffer(whole, np.uint8).reshape(len(texts), -1)


def _number(codes: Any, places: tuple[int, ...]) -> Any:
    """The decimal number whose digits are at these places, for each row."""
    number = np.zeros(len(codes), np.int64)
    for place in places:
        number = number * 10 + (codes[:, place] - ord("0"))
    return number
