"""Which real systems can the job run on, on this machine? All that `fwf.toml` names, filled.

PostgreSQL with the shop's tables; S3 and DynamoDB, by moto; Redshift's Data API, on a second
database of PostgreSQL; the two moody services.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import boto3
import duckdb

from examples.daily.places import Places
from examples.daily.seed import TABLES
from examples.daily.services import services
from examples.daily.standins import SALES
from examples.services import aws, postgres, redshift_api
from fwf import run
from fwf.connectors import redshift
from fwf.connectors.postgres import database
from fwf.profiles import resources

_boto3: Any = boto3

BUCKETS: Final = ("shop-logs", "shop-quarantine", "shop-rates", "shop-staging")
PROFILES: Final = Path(__file__).parent / "fwf.toml"
AWS: Final[Mapping[str, str]] = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@contextmanager
def systems(places: Places) -> Generator[dict[str, str]]:
    """The variables that `fwf.toml` asks for, while the systems run; only the inputs are filled."""
    with ExitStack() as running:
        running.enter_context(environment(AWS))
        server = running.enter_context(postgres.serving())
        cloud = running.enter_context(aws.serving())
        moody = running.enter_context(services(places, crm=crm_of(places)))
        variables = {
            **AWS,
            "DAILY_SHOP_URL": running.enter_context(postgres.database(server, "shop")),
            "DAILY_WAREHOUSE_URL": running.enter_context(postgres.database(server, "warehouse")),
            "DAILY_AWS_URL": cloud,
            "DAILY_REDSHIFT_URL": running.enter_context(redshift_api.serving(server, cloud)),
            "DAILY_RATES_URL": moody["rates"],
            "DAILY_CRM_URL": moody["crm"],
        }
        running.enter_context(environment(variables))
        fill_shop(places, variables["DAILY_SHOP_URL"])
        fill_cloud(places, cloud)
        prepare_warehouse(variables["DAILY_WAREHOUSE_URL"])
        yield variables


@contextmanager
def environment(variables: Mapping[str, str]) -> Generator[None]:
    """Variables of this process, until the block ends."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def fill_shop(places: Places, url: str) -> None:
    """Copy the shop's tables to PostgreSQL."""
    with duckdb.connect(str(places.shop), read_only=True) as file, database(url) as shop:
        shop.execute(TABLES)
        for table in ("customers", "orders", "line_items"):
            rows: Any = file.sql(f"FROM {table}").to_arrow_table()
            shop.load(rows, table=table, idempotency_key=f"seed of {table}")


def fill_cloud(places: Places, address: str) -> None:
    """Make the buckets and the table of customers; put the logs and the last known rates there."""
    s3, tables = (_boto3.client(name, endpoint_url=address) for name in ("s3", "dynamodb"))
    for bucket in BUCKETS:
        where = {"LocationConstraint": AWS["AWS_REGION"]}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    for file in places.logs.rglob("*.log.gz"):
        s3.put_object(
            Bucket="shop-logs",
            Key=file.relative_to(places.logs).as_posix(),
            Body=file.read_bytes(),
        )
    s3.put_object(
        Bucket="shop-rates", Key=places.last_rates.name, Body=places.last_rates.read_bytes()
    )
    kinds = {"day": ("HASH", "S"), "customer_key": ("RANGE", "N")}
    tables.create_table(
        TableName="customers",
        KeySchema=[{"AttributeName": name, "KeyType": of} for name, (of, _) in kinds.items()],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": of} for name, (_, of) in kinds.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def prepare_warehouse(url: str) -> None:
    """Make the warehouse's table, and by the Data API its ledger."""
    with database(url) as target:
        target.execute(SALES)
    made = redshift.prepare(warehouse="warehouse")
    run(made, resources=resources("services", file=PROFILES, of=made)).unwrap()


def crm_of(places: Places) -> Path:
    """Where this CRM keeps what it has, beside the one that is asked by the stand-ins."""
    return places.crm.with_name("crm-of-systems.sqlite")


class Held(NamedTuple):
    """What the targets hold for a day, in a fixed order."""

    sales: list[dict[str, Any]]
    items: list[dict[str, Any]]


def held(variables: Mapping[str, str], day: date) -> Held:
    """Read the warehouse's table and the customers' items, from the targets themselves."""
    with database(variables["DAILY_WAREHOUSE_URL"]) as warehouse:
        rows = warehouse.read(
            "SELECT * FROM sales WHERE day = $day ORDER BY order_key", {"day": day}
        )
    tables = _boto3.client("dynamodb", endpoint_url=variables["DAILY_AWS_URL"])
    items = tables.query(
        TableName="customers",
        KeyConditionExpression="#day = :day",
        ExpressionAttributeNames={"#day": "day"},
        ExpressionAttributeValues={":day": {"S": str(day)}},
    )["Items"]
    return Held(rows.to_pylist(), items)
