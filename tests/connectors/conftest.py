"""Real systems, one of each for all tests that ask for it."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server; its databases are made by `examples.services.postgres.database`."""
    from examples.services import postgres

    with postgres.serving() as url:
        yield url


@pytest.fixture
def shop_url(postgres_url: str) -> Iterator[str]:
    """A new database on it."""
    from examples.services import postgres

    with postgres.database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """S3, DynamoDB and Secrets Manager."""
    from examples.services import aws

    with aws.serving() as url:
        yield url
