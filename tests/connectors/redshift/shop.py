"""What the tests of loads share: a warehouse, what stands in it, and waiting without a workflow."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa

from fwf.connectors.redshift import PREPARE, Loaded, Statement, Status, Warehouse, warehouse
from fwf.connectors.shared import aws
from fwf.secrets import Secret

BUCKET = "staging-of-tests"
CANARY = "hunter2-canary/ä+="
_FIELDS: Any = [("id", pa.int64()), ("day", pa.date32()), ("name", pa.string())]
SALES = pa.schema(_FIELDS)


def secret(value: str) -> Secret:
    return Secret(lambda: value, where="a test")


@contextmanager
def bucket(endpoint: str) -> Generator[Any]:
    """boto3's client of S3."""
    client = aws.client(
        "s3",
        region="us-east-1",
        endpoint=endpoint,
        access_key=secret("AKIATEST"),
        secret_key=secret(CANARY),
    )
    try:
        yield client
    finally:
        client.close()


def sales(*rows: tuple[Any, Any, Any]) -> pa.Table:
    """Rows of id, day and name."""
    return pa.table([list(each) for each in zip(*rows, strict=True)] or [[], [], []], schema=SALES)


@dataclass(frozen=True)
class Shop:
    """Addresses: of the Data API, of S3, and of the database behind; and what is open already."""

    api: str
    s3: str
    url: str
    warehouse: Warehouse | None = None

    def open(self, **settings: Any) -> Warehouse:
        given = {
            "database": urlsplit(self.url).path[1:],
            "workgroup": "shop-dw",
            "staging": f"s3://{BUCKET}/loads",
            "region": "us-east-1",
            "endpoint": self.api,
            "s3_endpoint": self.s3,
            "access_key": secret("AKIATEST"),
            "secret_key": secret(CANARY),
        }
        return warehouse(**{**given, **settings})

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL itself ⟶ the rows of the last statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.cursor()
            for each in statements:
                cursor.execute(each)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Drop everything, and make the ledger."""
        ledger = PREPARE.replace("SYSDATE", "now()")
        self.sql(
            f'DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS "dw x" CASCADE; '
            f"CREATE SCHEMA public; {ledger}"
        )

    @contextmanager
    def opened(self, settings: Mapping[str, Any]) -> Generator[Warehouse]:
        """The warehouse of this shop, or another one."""
        if self.warehouse is not None and not settings:
            yield self.warehouse
        else:
            with self.open(**settings) as opened:
                yield opened

    def load(
        self,
        table: pa.Table,
        *,
        into: str | Sequence[str] = "sales",
        idempotency_key: str = "k",
        key: Sequence[str] = (),
        partition: Mapping[str, Any] | None = None,
        varchar: Mapping[str, int] | None = None,
        **settings: Any,
    ) -> Loaded:
        """What the tasks of a load do, one after the other."""
        with self.opened(settings) as opened:
            staged = opened.stage(table, key=key, varchar=varchar)
            statement = opened.submit(
                staged, table=into, idempotency_key=idempotency_key, key=key, partition=partition
            )
            return opened.loaded(ended(opened, statement).statement)

    def left(self) -> list[str]:
        """All tables that are there."""
        rows = self.sql(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND "
            "relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) "
            "ORDER BY relname"
        )
        return [name for (name,) in rows]


def until(true: Callable[[], bool]) -> None:
    """Wait for it, but not for ever."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def ended(opened: Warehouse, statement: Statement) -> Status:
    """Ask until it has ended."""
    until(lambda: opened.status(statement).ended)
    return opened.status(statement)
