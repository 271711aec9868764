"""A warehouse: the stand-in of `examples.services.redshift_api`, and a database of its own."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.connectors.redshift.shop import BUCKET, Shop, bucket


@pytest.fixture(scope="session")
def staging(aws_endpoint: str) -> str:
    """The endpoint of an S3 that has the bucket."""
    with bucket(aws_endpoint) as s3:
        s3.create_bucket(Bucket=BUCKET)
    return aws_endpoint


@pytest.fixture(scope="session")
def redshift(postgres_url: str, staging: str) -> Iterator[str]:
    """The endpoint of a Data API, which is quick."""
    from examples.services import redshift_api

    with redshift_api.serving(postgres_url, staging, after=0.01) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def open_shop(redshift: str, staging: str, postgres_url: str) -> Iterator[Shop]:
    from examples.services import postgres

    with postgres.database(postgres_url) as url:
        made = Shop(redshift, staging, url)
        with made.open() as warehouse:
            yield replace(made, warehouse=warehouse)


@pytest.fixture
def shop(open_shop: Shop) -> Shop:
    """A database with a ledger, and with the tables that the test makes."""
    open_shop.empty()
    return open_shop
