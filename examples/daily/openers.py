"""What does each resource name open? Each opener is entered for one attempt of one task."""

import json
import os
import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb

from examples.daily.api import Api
from examples.daily.places import Unreachable, here


@contextmanager
def shop() -> Generator[sqlite3.Connection]:
    """The shop's database, for reading only."""
    path = here().shop
    remedy = "; make it with `python -m examples.daily.seed`"
    with sqlite(f"{path.resolve().as_uri()}?mode=ro", f"shop database {path}", remedy) as database:
        yield database


@contextmanager
def logs() -> Generator[Path]:
    """The folder of access logs."""
    yield here().logs


@contextmanager
def quarantine() -> Generator[Path]:
    """The folder for log lines that could not be read."""
    yield here().quarantine


@contextmanager
def last_rates() -> Generator[Path]:
    """The file of last known currency rates."""
    yield here().last_rates


@contextmanager
def rates_api() -> Generator[Api]:
    """The currency service."""
    with Api("currency service", address_of("rates")) as api:
        yield api


@contextmanager
def crm() -> Generator[Api]:
    """The CRM service."""
    with Api("CRM", address_of("crm")) as api:
        yield api


@contextmanager
def warehouse() -> Generator[duckdb.DuckDBPyConnection]:
    """The warehouse; made when it is not there."""
    path = here().warehouse
    try:
        database = duckdb.connect(str(path))
    except duckdb.Error as error:
        raise Unreachable(f"warehouse {path}: {error}") from error
    with closing(database):
        yield database


@contextmanager
def profiles() -> Generator[sqlite3.Connection]:
    """The key-value table of customers; made when it is not there."""
    path = here().profiles
    with sqlite(path.resolve().as_uri(), f"customer items {path}") as database:
        yield database


@contextmanager
def sqlite(uri: str, name: str, remedy: str = "") -> Generator[sqlite3.Connection]:
    """A SQLite database; a file that is missing, locked away or no database is told at once."""
    with ExitStack() as opened:
        try:
            # A task may run on another thread than the one that opened its resources.
            database = sqlite3.connect(uri, uri=True, check_same_thread=False)
            opened.callback(database.close)
            database.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.Error as error:
            raise Unreachable(f"{name}: {error}{remedy}") from error
        yield database


def address_of(service: str) -> str:
    """Where a service listens: DAILY_RATES_URL or DAILY_CRM_URL, or what running services wrote."""
    variable = f"DAILY_{service.upper()}_URL"
    if address := os.environ.get(variable):
        return address
    path = here().addresses
    try:
        addresses: dict[str, str] = json.loads(path.read_bytes())
        return addresses[service]
    except (OSError, ValueError, KeyError) as error:
        raise Unreachable(
            f"{service} service: no address in {path}, nor in {variable}; "
            "start the services with `python -m examples.daily.services`"
        ) from error
