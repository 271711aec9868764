"""A journal of each kind: in a file, and on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fwf.journal.store import Store
from tests.connectors.conftest import postgres_url as postgres_url
from tests.journal.places import Place


@pytest.fixture(scope="session")
def journal_url(postgres_url: str) -> Iterator[str]:
    """A database for the journals of all tests, one after the other: to make one takes long."""
    from examples.services import postgres

    with postgres.database(postgres_url) as url:
        yield url


@pytest.fixture
def server_place(journal_url: str) -> Iterator[Place]:
    """On a server, where no journal is yet."""
    place = Place(journal_url)
    yield place
    place.close()
    with psycopg.connect(journal_url, autocommit=True) as server:
        server.execute("DROP SCHEMA IF EXISTS fwf_journal CASCADE")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "postgres":
        yield request.getfixturevalue("server_place")
    else:
        place = Place(str(tmp_path / "runs.db"))
        yield place
        place.close()


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
