"""Who visited the shop's web site on a day? Customers, strangers and a few damaged lines: made up.

The same database and day always give the same files, byte for byte.
"""

import gzip
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import duckdb

STRANGERS: Final = 80
OTHER_CUSTOMERS: Final = 40
ONE_DAMAGED_LINE_IN: Final = 80
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

AGENTS: Final = (
    "Mozilla/1.1N (X11; SunOS 5.4 sun4m)",
    "Mozilla/1.22 (compatible; MSIE 2.0; Windows 95)",
    "Mozilla/1.12 (Macintosh; I; PPC)",
    "Lynx/2.4 libwww/2.14",
    "Größte-Suchmaschine/1.0",
)

DAMAGES: Final[tuple[Callable[[bytes], bytes], ...]] = (
    lambda line: line[: len(line) // 2],  # the disk was full
    lambda line: line.replace(b"[", b"[4", 1),  # no such day
    lambda line: line.replace(b' "', b" \xff\xfe", 1),  # not text
    lambda line: line.replace(b'"GET ', b'"\\x16\\x03\\x01 ', 1),  # TLS spoken to a plain port
)


def day_of_log(shop: duckdb.DuckDBPyConnection, day: date) -> dict[str, bytes]:
    """The day's log: the content of each hour's file, by file name."""
    chance = random.Random(f"access log of {day}")
    lines = sorted(
        line for visitor in visitors(shop, day, chance) for line in visit(visitor, day, chance)
    )
    hours: dict[int, list[bytes]] = {hour: [] for hour in range(24)}
    for at, text in lines:
        line = text.encode()
        if chance.randrange(ONE_DAMAGED_LINE_IN) == 0:
            line = chance.choice(DAMAGES)(line)
        hours[at.hour].append(line + b"\n")
    return {
        f"{hour:02}.log.gz": gzip.compress(b"".join(lines), mtime=0)
        for hour, lines in hours.items()
    }


def visitors(shop: duckdb.DuckDBPyConnection, day: date, chance: random.Random) -> Iterator[str]:
    """Customers who order on the day, some who do not, and strangers; some come back later."""
    buyers = column(shop, "SELECT DISTINCT customer_key FROM orders WHERE day = ?", day)
    everyone = column(shop, "SELECT customer_key FROM customers")
    others = chance.sample(everyone, min(OTHER_CUSTOMERS, len(everyone)))
    for visitor in [*map(str, [*buyers, *others]), *["-"] * STRANGERS]:
        yield from [visitor] * chance.choice((1, 1, 1, 2, 3))


def column(shop: duckdb.DuckDBPyConnection, sql: str, *values: date) -> list[int]:
    """The numbers that a query answers with, in order."""
    return sorted(number for (number,) in shop.execute(sql, values).fetchall())


def log_time(at: datetime) -> str:
    """A time as the log writes it; not strftime's %b, which follows the machine's language."""
    return f"{at:%d}/{MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S %z}"


def visit(visitor: str, day: date, chance: random.Random) -> Iterator[tuple[datetime, str]]:
    """The lines of one visit; what would be past midnight did not happen."""
    at = datetime.combine(day, time(), UTC) + timedelta(seconds=chance.randrange(86_400))
    # 198.18.0.0/15 is set apart for tests (RFC 2544), so no real address is named.
    host = f"198.{chance.randint(18, 19)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
    agent = chance.choice(AGENTS)
    page = "/"
    for _ in range(chance.randint(1, 12)):
        referrer, page = page, chance.choice(("/", "/basket", f"/parts/{chance.randint(1, 2000)}"))
        status, size = chance.choice((("200", chance.randint(200, 90_000)), ("304", "-")))
        request = f'"GET {page} HTTP/1.0" {status} {size} "http://shop.example{referrer}" "{agent}"'
        if at.date() == day:
            yield at, f"{host} - {visitor} [{log_time(at)}] {request}"
        at += timedelta(seconds=chance.randint(1, 600))
