"""A table to load, and the ways in which rows get into it."""

from datetime import date
from typing import Any

import pytest

MONDAY, TUESDAY = date(2026, 7, 13), date(2026, 7, 14)
TABLE = "CREATE TABLE sales (name varchar(30), id bigint, day date, extra int DEFAULT 7)"
ROWS = "SELECT id, day, name, extra FROM sales ORDER BY id, name"

WAYS: list[dict[str, Any]] = [{"key": ["id"]}, {"partition": {"day": MONDAY}}, {}]
NAMES = ["by key", "by partition", "added"]
by_way = pytest.mark.parametrize("way", WAYS, ids=NAMES)
slowly_by_way = pytest.mark.parametrize(
    "way",
    [WAYS[0], *(pytest.param(way, marks=pytest.mark.services) for way in WAYS[1:])],
    ids=NAMES,
)
