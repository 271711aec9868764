"""The stand-in for Redshift is as strict as the API and the SQL that it stands for."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from examples.services import redshift_sql
from fwf.connectors.shared import aws
from tests.cli_support import environment
from tests.connectors.redshift.shop import CANARY, Shop, sales, secret, until


@pytest.fixture
def api(shop: Shop) -> Iterator[Any]:
    """boto3's own client."""
    client = aws.client(
        "redshift-data",
        region="us-east-1",
        endpoint=shop.api,
        access_key=secret("AKIATEST"),
        secret_key=secret(CANARY),
    )
    with closing(client):
        yield client


def place(shop: Shop) -> dict[str, str]:
    return {"Database": urlsplit(shop.url).path[1:], "WorkgroupName": "shop-dw"}


def done(api: Any, id: str) -> dict[str, Any]:
    until(lambda: api.describe_statement(Id=id)["Status"] in ("FINISHED", "FAILED", "ABORTED"))
    found: dict[str, Any] = api.describe_statement(Id=id)
    return found


def test_a_batch_is_one_transaction(shop: Shop, api: Any) -> None:
    sqls = ["CREATE TABLE t (n INT)", "INSERT INTO t VALUES (1)", "SELECT 1/0", "SELECT 2"]
    found = done(api, api.batch_execute_statement(Sqls=sqls, **place(shop))["Id"])
    assert [each["Status"] for each in found["SubStatements"]] == [
        "FINISHED", "FINISHED", "FAILED", "ABORTED"
    ]  # fmt: skip
    assert found["Status"] == "FAILED" and found["Error"] == "ERROR: division by zero"
    assert "t" not in shop.left()


def test_parts_of_a_batch_have_results_of_their_own(shop: Shop, api: Any) -> None:
    sqls = ["SELECT 1 AS n", "SELECT NULL, 2.5, 'x', TRUE"]
    asked = api.batch_execute_statement(Sqls=sqls, **place(shop))["Id"]
    assert done(api, asked)["Status"] == "FINISHED"
    assert api.get_statement_result(Id=f"{asked}:1")["Records"] == [[{"longValue": 1}]]
    ((null, number, text, flag),) = api.get_statement_result(Id=f"{asked}:2")["Records"]
    assert (null, number, text, flag) == (
        {"isNull": True}, {"stringValue": "2.5"}, {"stringValue": "x"}, {"booleanValue": True}
    )  # fmt: skip
    with pytest.raises(ClientError, match="does not have result"):
        api.get_statement_result(Id=asked)


def test_one_token_is_one_statement(shop: Shop, api: Any) -> None:
    given = {"Sqls": ["SELECT 1"], "ClientToken": "t", **place(shop)}
    ids = {api.batch_execute_statement(**given)["Id"] for _ in range(3)}
    assert len(ids) == 1
    done(api, *ids)
    assert {api.batch_execute_statement(**given)["Id"]} == ids
    with pytest.raises(ClientError, match="ValidationException"):
        api.batch_execute_statement(**{**given, "Sqls": ["SELECT 2"]})


def test_statements_are_listed_by_the_beginning_of_their_name(shop: Shop, api: Any) -> None:
    for name in ("list-1", "list-2", "other"):
        done(api, api.execute_statement(Sql="SELECT 1", StatementName=name, **place(shop))["Id"])
    failed = api.execute_statement(Sql="SELECT x", StatementName="list-3", **place(shop))["Id"]
    done(api, failed)
    for status, names in (("ALL", ["list-3", "list-2", "list-1"]), ("FAILED", ["list-3"])):
        found = api.list_statements(StatementName="list-", Status=status)["Statements"]
        assert [each["StatementName"] for each in found] == names
    usual = api.list_statements(StatementName="list-")["Statements"]  # those that are finished
    assert [each["StatementName"] for each in usual] == ["list-2", "list-1"]
    page = api.list_statements(StatementName="list-", Status="ALL", MaxResults=2)
    rest = api.list_statements(StatementName="list-", Status="ALL", NextToken=page["NextToken"])
    assert [each["StatementName"] for each in rest["Statements"]] == ["list-1"]


def test_a_statement_takes_its_time(shop: Shop, postgres_url: str) -> None:
    from examples.services import redshift_api

    with redshift_api.serving(postgres_url, shop.s3, after=0.15) as endpoint:
        said: list[str] = []
        with Shop(endpoint, shop.s3, shop.url).open() as opened:
            asked = opened.execute("SELECT 1")
            while "FINISHED" not in said:
                said.append(opened.status(asked).said)
                time.sleep(0.01)
    assert list(dict.fromkeys(said)) == ["SUBMITTED", "STARTED", "FINISHED"]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("batch_execute_statement", {"Sqls": ["SELECT 1"] * 41}),
        ("batch_execute_statement", {"Sqls": ["SELECT '" + "x" * 100_000 + "'"]}),
        ("batch_execute_statement", {"Sqls": ["SELECT 1"], "ClientToken": "t" * 65}),
        ("batch_execute_statement", {"Sqls": ["SELECT 1"], "ClusterIdentifier": "both"}),
        ("execute_statement", {"Sql": "SELECT 1", "WorkgroupName": "Not A Name"}),
        ("describe_statement", {"Id": "17"}),
        ("list_statements", {"Status": "DONE"}),
    ],
)
def test_requests_are_held_to_the_api_s_description(
    shop: Shop, api: Any, operation: str, given: dict[str, Any]
) -> None:
    where = place(shop) if "execute" in operation else {}
    with pytest.raises(ClientError, match="ValidationException"):
        getattr(api, operation)(**{**where, **given})


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("DELETE FROM t RETURNING n", "RETURNING"),
        ("CREATE TEMP TABLE x (n INT) ON COMMIT DROP", "ON COMMIT"),
        ("CREATE TABLE x (n JSONB)", "this type"),
        ("SELECT pg_advisory_lock(1)", "advisory"),
        ("LOCK TABLE t IN EXCLUSIVE MODE", "modes of a lock"),
        ("TRUNCATE t", "transaction"),
        ("ALTER TABLE t APPEND FROM s", "transaction"),
        ("SELECT 1; DELETE FROM t", "multiple statements"),
        ("SELECT 'a\\'", "backslash"),
        ("COPY t FROM 's3://b/prefix' IAM_ROLE default CSV", "COPY"),
        ('MERGE INTO "t" AS x USING "s" ON "x"."n" = "s"."n" WHEN MATCHED THEN DELETE', "alias"),
        ('MERGE INTO "t" USING "s" ON "t"."n" = "s"."n" WHEN MATCHED THEN DELETE', "both clauses"),
        (
            'MERGE INTO "t" USING "s" ON "t"."n" > "s"."n" WHEN MATCHED THEN DELETE '
            'WHEN NOT MATCHED THEN INSERT ("n") VALUES ("s"."n")',
            "only equality",
        ),
        (
            'MERGE INTO "t" USING "s" ON "t"."n" = "s"."n" WHEN MATCHED AND 1 > 0 THEN DELETE '
            'WHEN NOT MATCHED THEN INSERT ("n") VALUES ("s"."n")',
            "WHEN … AND",
        ),
    ],
)
def test_what_postgres_has_and_redshift_lacks_is_refused(sql: str, said: str) -> None:
    with pytest.raises(redshift_sql.Refused, match=said):
        redshift_sql.check(sql)


def test_texts_and_names_are_not_looked_into() -> None:
    redshift_sql.check("""SELECT 'ON CONFLICT; TRUNCATE' AS "RETURNING; VACUUM" -- ON COMMIT""")


@pytest.mark.parametrize(
    ("table", "columns", "error"),
    [
        (
            "id int8, name varchar(9), day date",
            '"id", "name", "day"',
            "incompatible Parquet schema",
        ),
        (
            "id int4, day date, name varchar(9)",
            '"id", "day", "name"',
            "incompatible Parquet schema",
        ),
        ("id int8, day date, name varchar(2)", '"id", "day", "name"', "longer than the length"),
        (
            "id int8, day date, name varchar(9)",
            '"id", "day"',
            "does not match: 3 columns, expected 2",
        ),
    ],
)
def test_copy_goes_by_position_and_casts_nothing(
    shop: Shop, api: Any, table: str, columns: str, error: str
) -> None:
    shop.sql(f"CREATE TABLE t ({table})")
    with shop.opened({}) as opened:
        manifest = opened.stage(sales((1, None, "né"))).manifest
    copy = f"COPY t ({columns}) FROM '{manifest}' IAM_ROLE default FORMAT AS PARQUET MANIFEST"
    found = done(api, api.execute_statement(Sql=copy, **place(shop))["Id"])
    assert found["Status"] == "FAILED" and error in found["Error"]


@pytest.mark.services
def test_it_may_have_a_process_of_its_own(shop: Shop, postgres_url: str) -> None:
    shop.sql("CREATE TABLE sales (id int8, day date, name varchar(9))")
    words = [sys.executable, "-m", "examples.services.redshift_api", postgres_url, shop.s3]
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            endpoint = served.stdout.readline().strip()
            assert Shop(endpoint, shop.s3, shop.url).load(sales((1, None, "a"))).rows == 1
        finally:
            served.send_signal(signal.SIGINT)
        assert served.wait(10) == 0
