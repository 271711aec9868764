"""How is a table cut into ranges of a key, and how does a query read one of them?"""

from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from fwf.connectors.postgres.parameters import alone
from fwf.connectors.postgres.values import Bound, Range
from fwf.connectors.shared.errors import BadData
from fwf.connectors.shared.identifiers import sql_name

LOW: Final = "fwf_low"
HIGH: Final = "fwf_high"
"""The names of a range's ends in a query."""


class Cut(NamedTuple):
    """A query of one range, and the values of its ends."""

    sql: str
    values: dict[str, Bound]


def ends_sql(table: tuple[str, ...], column: str) -> str:
    """SQL that gives the least and the greatest key, by its index where there is one."""
    name = sql_name(column)
    return f"SELECT min({name}), max({name}) FROM {sql_name(table)}"


def ranges(low: Any, high: Any, parts: int, column: str) -> list[Range]:
    """The least and the greatest key ⟶ ranges of about one width, which hold every row once.

    The first and the last have an open end, so that rows that come between this and the reading are
    in one of them. Fewer than `parts` where there are fewer keys.

    >>> ranges(1, 100, 2, "id")
    [Range(low=None, high=51), Range(low=51, high=None)]
    """
    if low is None or low == high:
        return [Range(None, None)]
    if isinstance(low, bool) or not isinstance(low, int | date):
        raise BadData(
            f"column {column!r}: ranges are cut of whole numbers, dates and times, and these are "
            f"{type(low).__name__}; name another column"
        )
    cuts = _cuts(low, high, parts)
    return [Range(*each) for each in zip([None, *cuts], [*cuts, None], strict=True)]


def _cuts(low: Any, high: Any, parts: int) -> list[Any]:
    if isinstance(low, datetime):
        unit: Any = timedelta(microseconds=1)
    elif isinstance(low, date):
        unit = timedelta(days=1)
    else:
        unit = 1
    many = (high - low) // unit + 1
    steps = [many * n // parts for n in range(1, parts)] if many >= parts else range(1, many)
    return [low + step * unit for step in steps]


def within(sql: str, column: str, key_range: Range) -> Cut:
    """A query ⟶ the same for rows of a range."""
    name = f"q.{sql_name(column)}"
    tests: list[str] = []
    values: dict[str, Bound] = {}
    if key_range.low is not None:
        tests.append(f"{name} >= ${LOW}")
        values[LOW] = key_range.low
    if key_range.high is not None:
        less = f"{name} < ${HIGH}"
        tests.append(less if key_range.low is not None else f"({less} OR {name} IS NULL)")
        values[HIGH] = key_range.high
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return Cut(f"SELECT * FROM (\n{alone(sql)}) AS q{where}", values)
