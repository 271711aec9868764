"""How does a line of a web server's access log read? In Apache's combined format."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'  # a quote inside is written \"

LINE: Final = re.compile(
    rf"(\S+) \S+ (\S+) \[([^\]]+)\] {QUOTED} (\d{{3}}) (\d{{1,18}}|-) {QUOTED} {QUOTED}", re.ASCII
)
TIME: Final = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/([12]\d{3}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)", re.ASCII
)
REQUEST: Final = re.compile(r"([A-Z]+) (\S+) HTTP/\d(?:\.\d)?", re.ASCII)
CUSTOMER: Final = re.compile(r"[0-9]{1,18}")

# Not strptime's %b, which follows the machine's language.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Hit(NamedTuple):
    """One request that the web server answered, in the order of the columns of `tables.HITS`."""

    host: str
    customer_key: int | None
    time: datetime
    method: str
    target: str
    status: int
    bytes: int
    agent: str


def parse(line: str) -> Hit:
    """The hit that a line tells of; ValueError says what is wrong with the line.

    The authenticated user is the customer's key. A size of `-` is no bytes, and times become UTC.
    """
    fields = LINE.fullmatch(line)
    if fields is None:
        raise ValueError("not in combined log format")
    host, user, time, request, status, size, _referrer, agent = fields.groups()
    asked = REQUEST.fullmatch(request)
    if asked is None:
        raise ValueError("the request is not `METHOD target HTTP/version`")
    return Hit(
        host=host,
        customer_key=int(user) if CUSTOMER.fullmatch(user) else None,
        time=instant(time),
        method=asked[1],
        target=asked[2],
        status=int(status),
        bytes=0 if size == "-" else int(size),
        agent=agent,
    )


def instant(text: str) -> datetime:
    """`16/Sep/1995:07:00:00 +0200` as the UTC time that it means."""
    found = TIME.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        raise ValueError("the time is not `16/Sep/1995:07:00:00 +0000`")
    day, month, year, hour, minute, second, sign, ahead_hours, ahead_minutes = found.groups()
    ahead = timedelta(hours=int(ahead_hours), minutes=int(ahead_minutes))
    local = datetime(
        *(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second)),
        tzinfo=timezone(-ahead if sign == "-" else ahead),
    )
    return local.astimezone(UTC)


def log_time(at: datetime) -> str:
    """The opposite of `instant`: a time as the log writes it."""
    return f"{at:%d}/{MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S %z}"
