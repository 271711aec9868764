"""A new database for each test, and a way to its server that can be cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from fwf.connectors.postgres import Database, database
from tests.connectors.postgres.wire import Wire


@pytest.fixture
def shop(shop_url: str) -> Iterator[Database]:
    with database(shop_url) as opened:
        yield opened


@pytest.fixture
def wire(shop_url: str, tmp_path: Path) -> Iterator[Wire]:
    """Between client and server."""
    (folder,) = parse_qs(urlsplit(shop_url).query)["host"]
    with Wire(folder, tmp_path, shop_url) as between:
        yield between


@contextmanager
def beside(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that isn't the tested one's."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    text: Any = sql
    with beside(url) as connection:
        return connection.execute(text).fetchall()


def end_others(url: str) -> None:
    """End every session of the database but this one, as an administrator would."""
    rows(
        url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
