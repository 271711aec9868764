"""Tables of a DynamoDB: moto's, or the one whose address `FWF_DYNAMODB` has (`dynalite`, say)."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from fwf.connectors.dynamodb import Tables, tables
from fwf.connectors.shared import aws
from fwf.secrets import Secret
from tests.connectors.dynamodb.layer import Layer, before

CANARY = "hunter2-canary/ä+="
KEY = ["id"]

Maker = Callable[..., str]


def secret(value: str) -> Secret:
    return Secret(lambda: value, where="a test")


def settings(endpoint: str) -> dict[str, Any]:
    keys = {"access_key": secret("AKIATEST"), "secret_key": secret(CANARY)}
    return {"region": "eu-central-1", "endpoint": endpoint, **keys}


def all_items(db: Tables, table: str, ids: range) -> list[Any]:
    return [item for each in ids for item in db.page(table, each, key=KEY).items]


@pytest.fixture(scope="session")
def dynamodb_endpoint(aws_endpoint: str) -> str:
    return os.environ.get("FWF_DYNAMODB", aws_endpoint)


@pytest.fixture(scope="session")
def make_table(dynamodb_endpoint: str, aws_endpoint: str) -> Iterator[Maker]:
    """Makes a new, empty table; its name."""
    with (
        closing(aws.client("dynamodb", **settings(dynamodb_endpoint))) as usual,
        closing(aws.client("dynamodb", **settings(aws_endpoint))) as moto,
    ):

        def make(key: Sequence[str] = ("id",), kinds: str = "NS", *, on_moto: bool = False) -> str:
            name = f"t.{uuid4()}"
            client = moto if on_moto else usual
            client.create_table(
                TableName=name,
                KeySchema=[
                    {"AttributeName": each, "KeyType": kind}
                    for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
                ],
                AttributeDefinitions=[
                    {"AttributeName": each, "AttributeType": kind}
                    for each, kind in zip(key, kinds, strict=False)
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
            return name

        yield make


@pytest.fixture(scope="session")
def db(dynamodb_endpoint: str) -> Iterator[Tables]:
    with tables(**settings(dynamodb_endpoint)) as opened:
        yield opened


@pytest.fixture(scope="session")
def moto(aws_endpoint: str) -> Iterator[Tables]:
    """For transactions and for what a failed condition gives back: dynalite has neither."""
    with tables(**settings(aws_endpoint)) as opened:
        yield opened


@pytest.fixture(scope="session")
def one_layer(aws_endpoint: str) -> Iterator[Layer]:
    with before(aws_endpoint) as made:
        yield made


@pytest.fixture
def layer(one_layer: Layer) -> Layer:
    """A layer before moto, of which a test says what it does."""
    one_layer.clear()
    return one_layer


@pytest.fixture(scope="session")
def behind(one_layer: Layer) -> Iterator[Tables]:
    """Tables behind the layer."""
    with tables(**settings(one_layer.address)) as opened:
        yield opened
