"""How the mark of a state reads, from what is written of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from fwf import task
from fwf.forms.mentioned import names_in
from fwf.journal.kept_marks import mark_text
from fwf.journal.values import Values


class Colour(Enum):
    RED = 1


class Pair(NamedTuple):
    left: int
    right: str


@dataclass(frozen=True)
class Position:
    day: date
    table: str = ""


def shows(*, position: Position, pair: Pair, colour: Colour) -> None: ...


NAMES = names_in(task(effect="pure")(shows))


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("a text", "a text"),
        (17, "17"),
        (2.0, "2.0"),
        (None, "null"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 1), "2026-01-01"),
        (datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")), "2026-01-01T00:00:00+00:00 UTC"),
        (timedelta(minutes=90), "1h 30m"),
        (Colour.RED, "Colour.RED"),
        ({"ü": date(2026, 1, 1)}, '{"ü": 2026-01-01}'),
        ({"set": "abc"}, '{"set": "abc"}'),
        ({}, "{}"),
        ([], "[]"),
        ([1, "a"], '[1, "a"]'),
        ({(1, 2): [3]}, "{(1, 2): [3]}"),
        (Position(date(2026, 1, 1)), 'Position(day=2026-01-01, table="")'),
        (Pair(1, "a"), 'Pair(left=1, right="a")'),
        ([Position(date(2026, 1, 1), "x")], '[Position(day=2026-01-01, table="x")]'),
    ],
)
def test_a_mark_reads_as_what_it_is(mark: Any, text: str) -> None:
    from json import loads

    values = Values(NAMES, lambda name, content: None, lambda name: b"")
    assert mark_text(loads(values.settle(mark)[0])) == text
