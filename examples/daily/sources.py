"""What does the job read? Orders from the shop, hits from the access log, rates from a service."""

import gzip
import json
import sqlite3
import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import pyarrow as pa

from examples.daily import access_log
from examples.daily.access_log import Hit
from examples.daily.api import Api
from examples.daily.places import write_whole
from examples.daily.tables import (
    HITS,
    ORDERS,
    RATES,
    BadLine,
    Hits,
    LogFile,
    ParsedLog,
    Rate,
    RatesPage,
    table,
)
from fwf import Pages, Resource, task

Place: TypeAlias = Annotated[Path, Resource]
"""Paths are parameters by their type; these are resources, which `openers.py` makes ready."""

ORDERS_OF_THE_DAY: Final = """
    SELECT order_key, customer_key, name, country, currency, count(line_number), total_cents
    FROM orders JOIN customers USING (customer_key) LEFT JOIN line_items USING (order_key)
    WHERE day = ?
    GROUP BY order_key
    ORDER BY order_key
"""


class MissingLog(Exception):
    """There is no access log for the day: not a quiet day, but a missing input."""


class UnreadableLog(Exception):
    """A log file is damaged."""


class NoRates(Exception):
    """Neither the currency service nor the file of last known rates has any rates."""


@task(effect="read", reads=["sqlite://shop/orders"])
def orders(*, day: date, shop_db: sqlite3.Connection) -> pa.Table:
    """The orders of a day, each in its customer's currency."""
    rows = shop_db.execute(ORDERS_OF_THE_DAY, (day.isoformat(),))
    return table(((*row[:-1], Decimal(row[-1]).scaleb(-2)) for row in rows), ORDERS)


@task(effect="read", reads=["file://logs"])
def log_files(*, day: date, logs: Place) -> list[LogFile]:
    """The day's log files, by name."""
    folder = logs / day.isoformat()
    names = sorted(path.name for path in folder.glob("*.log.gz"))
    if not names:
        raise MissingLog(
            f"no access log in {folder}; make one with `python -m examples.daily.seed --day {day}`"
        )
    return [LogFile(f"{folder.name}/{name}") for name in names]


@task(effect="read", reads=["file://logs"])
def parse_log(file: LogFile, *, logs: Place) -> ParsedLog:
    """The hits in one log file, and the lines that are none."""
    try:
        content = gzip.decompress((logs / file.name).read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableLog(f"access log {logs / file.name}: {error}") from error
    hits: list[Hit] = []
    bad_lines: list[BadLine] = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            hits.append(access_log.parse(line.decode()))
        except ValueError as error:
            text = line.decode(errors="backslashreplace")
            bad_lines.append(BadLine(file.name, number, str(error), text))
    return ParsedLog(file.name, table(hits, HITS), bad_lines)


@task(effect="idempotent", writes=["file://quarantine"])
def set_bad_lines_aside(logs: list[ParsedLog], *, day: date, quarantine: Place) -> Hits:
    """Write the day's bad lines, with place and reason, to one file; pass on the hits."""
    bad_lines = [bad for log in logs for bad in log.bad_lines]
    text = "".join(json.dumps(bad._asdict(), ensure_ascii=False) + "\n" for bad in bad_lines)
    write_whole(quarantine / f"{day}.jsonl", text.encode())
    return Hits(pa.concat_tables([HITS.empty_table(), *(log.hits for log in logs)]), len(bad_lines))


@task(effect="read", reads=["http://rates"])
def rates_page(cursor: int | None, *, day: date, rates_api: Api) -> RatesPage:
    """One page of the day's currency rates; the first one has no cursor."""
    page = rates_api.get("/rates", day=day.isoformat(), cursor=str(cursor or 0))
    return RatesPage(list(map(rate, page["items"])), page["next"])


@task(effect="idempotent", reads=["file://last_rates"], writes=["file://last_rates"])
def fresh_rates(pages: Pages[Rate], *, day: date, last_rates: Place) -> pa.Table:
    """The day's rates. All pages: keep them for bad days. Some: the last known fill the gaps.

    `as_of` says of each rate how old it is. A currency that two pages list counts once, the later.
    """
    fresh = {item.currency: item.usd for item in pages.items}
    if not fresh:
        raise NoRates("the currency service gave no rates")
    known, since = read_last_rates(last_rates)
    if pages.complete:
        if since is None or since <= day:
            write_last_rates(last_rates, fresh, day)
        return rates_table(fresh, day)
    older = {currency: usd for currency, usd in known.items() if currency not in fresh}
    return pa.concat_tables([rates_table(fresh, day), rates_table(older, since or day)])


@task(effect="read", reads=["file://last_rates"])
def last_known_rates(*, last_rates: Place) -> pa.Table:
    """The rates of the last day on which all were known."""
    known, since = read_last_rates(last_rates)
    if since is None:
        raise NoRates(f"the currency service gave no rates, and {last_rates} holds none")
    return rates_table(known, since)


def rates_table(rates: dict[str, Decimal], as_of: date) -> pa.Table:
    """Rates of one day as a table."""
    return table(((currency, usd, as_of) for currency, usd in rates.items()), RATES)


def read_last_rates(path: Path) -> tuple[dict[str, Decimal], date | None]:
    """The rates in the file and their day; no rates when there is no file."""
    try:
        kept = json.loads(path.read_bytes())
        rates = map(rate, kept["rates"])
        return {item.currency: item.usd for item in rates}, date.fromisoformat(kept["as_of"])
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, KeyError, ArithmeticError) as error:
        raise NoRates(f"last known rates {path}: {type(error).__name__}: {error}") from error


def write_last_rates(path: Path, rates: dict[str, Decimal], as_of: date) -> None:
    """Replace the file of last known rates."""
    items = [{"currency": currency, "usd": str(usd)} for currency, usd in rates.items()]
    write_whole(path, json.dumps({"as_of": str(as_of), "rates": items}, indent=1).encode())


def rate(item: dict[str, Any]) -> Rate:
    """A rate as the service writes it: the number as text, so that no digit is lost."""
    return Rate(item["currency"], Decimal(item["usd"]))
