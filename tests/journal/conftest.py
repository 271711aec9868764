"""A journal of each kind: in a file, and on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fwf.journal.store import Store
from tests.connectors.conftest import postgres_url as postgres_url
from tests.journal.places import Place


@pytest.fixture
def server_place(postgres_url: str) -> Iterator[Place]:
    """On a server, in a database of its own."""
    from examples.services import postgres

    with postgres.database(postgres_url) as url:
        place = Place(url)
        yield place
        place.close()


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
