"""The opener, what it refuses, and what it says when something is wrong: never a value or a key."""

import base64
import json
import pickle
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from fwf import run, seconds
from fwf.connectors import redshift
from fwf.connectors.redshift import Statement, failures, warehouse
from fwf.connectors.redshift.statements import COUNT, KEYS, LOCK, PARTITION, REUSED
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Missing,
    Refused,
    Transient,
    Unauthorized,
    Unreachable,
)
from fwf.interpreters.plan import plan
from tests.connectors.redshift.shop import CANARY, SALES, Shop, ended, sales, secret

GIVEN: dict[str, Any] = {"database": "shop", "workgroup": "shop-dw", "staging": "s3://bucket/loads"}

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"workgroup": None}, ValueError, r"needs workgroup= \(serverless\) or cluster=, one of them"),
    ({"cluster": "c"}, ValueError, "one of them"),
    ({"workgroup": "A b"}, ValueError, r"\(workgroup='A b'\): needs a name such as 'shop'"),
    ({"workgroup": None, "cluster": "C"}, ValueError, "such as 'shop-dw'"),
    ({"database": ""}, ValueError, "a name of 1 to 127 bytes"),
    ({"database": "a\n"}, ValueError, "a name of 1 to 127 bytes"),
    ({"staging": "bucket"}, ValueError, "needs 's3://bucket/prefix'"),
    ({"staging": "s3://b"}, ValueError, "needs 's3://bucket/prefix'"),
    ({"staging": "s3://bucket/a'b"}, ValueError, "needs 's3://bucket/prefix'"),
    ({"staging": "s3://bucket/../x"}, ValueError, "needs 's3://bucket/prefix'"),
    ({"staging": "s3://bucket//x"}, ValueError, "needs 's3://bucket/prefix'"),
    ({"iam_role": "x'; DROP TABLE sales; --"}, ValueError, "needs 'default' or 'arn:aws:iam::"),
    ({"secret_arn": "x"}, ValueError, "arn:aws:secretsmanager"),
    ({"endpoint": "http://user:pw@host"}, ValueError, "without user, password"),
    ({"s3_endpoint": "host"}, ValueError, "needs an address such as"),
    ({"region": "EU"}, ValueError, "region"),
    ({"access_key": secret("x")}, ValueError, "access_key= and secret_key= go together"),
    ({"access_key": "x", "secret_key": "y"}, TypeError, "needs a Secret"),
    ({"within": timedelta(0)}, ValueError, "needs more than no time"),
    ({"connect_within": "5s"}, TypeError, "connect_within"),
]


@pytest.mark.parametrize(("more", "kind", "said"), WRONG, ids=[str(row[0])[:40] for row in WRONG])
def test_settings_that_cannot_be_are_refused_before_anything_is_opened(
    more: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        warehouse(**{**GIVEN, **more})
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"iam_role": "arn:aws:iam::123456789012:role/load"},
        {"iam_role": "arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/b"},
        {"workgroup": None, "cluster": "shop-dw"},
        {"secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:dw-AbCdEf"},
        {"staging": "s3://bucket"},
        {"staging": "s3://bucket/a/b/"},
    ],
)
def test_other_settings_are_taken(more: dict[str, Any]) -> None:
    opened = warehouse(**{**GIVEN, **more})
    assert repr(opened).startswith("<Redshift shop of {") and opened.per_run


# What fails, and what is said of it

LOAD = Statement("id", (LOCK, REUSED, COUNT, KEYS, PARTITION, "merge into the target"), "dw.sales")
NULL = "ERROR: Cannot insert a NULL value into column refused\n  Detail: hunter2"
SAID: list[tuple[int, str, type[Exception], str]] = [
    (1, NULL, KeyReused, "its idempotency key was used for other data before; if other data are"),
    (2, NULL, BadData, "COPY gave another number of rows than were staged"),
    (3, NULL, BadData, "rows share a key, or have NULL in it"),
    (4, NULL, BadData, "rows belong to other partitions"),
    (5, NULL, BadData, "merge into the target: a value doesn't fit a column"),
    (0, 'ERROR: relation "fwf_ledger" does not exist', Missing, "make it once with redshift.prep"),
    (5, 'ERROR: relation "hunter2" does not exist', Missing, "isn't there"),
    (
        5,
        "ERROR: 1023 DETAIL: Serializable isolation violation on table - 1",
        Conflict,
        "in the way",
    ),
    (
        5,
        "ERROR: could not complete because of conflict with concurrent transaction",
        Conflict,
        "way",
    ),
    (5, "ERROR: deadlock detected", Conflict, "a deadlock"),
    (5, "ERROR: permission denied for relation hunter2", Unauthorized, "no right"),
    (5, "ERROR: S3ServiceException: Access Denied,Status 403", Unauthorized, "no right"),
    (5, "ERROR: value too long for type character varying(3)", BadData, "a value doesn't fit"),
    (5, "ERROR: Numeric data overflow (hunter2)", BadData, "a value doesn't fit"),
    (5, "ERROR: Spectrum Scan Error. incompatible Parquet schema for column", BadData, "fit"),
    (5, "ERROR: Out of memory", Transient, "no room just now"),
    (5, "ERROR: terminating connection due to administrator command", Transient, "went away"),
    (5, "Query cancelled on user's request", Transient, "stopped from outside"),
    (5, "ERROR: Cannot insert a NULL value into column cancelled_connection", BadData, "fit"),
    (5, f"{NULL[:-7]}Failing row contains (1, deadlock detected, out of memory).", BadData, "fit"),
    (5, 'ERROR: column "connection closed" does not exist', Missing, "isn't there"),
    (5, "ERROR: connection to the node was lost: connection reset", Transient, "went away"),
    (5, "ERROR: something that nobody has heard of: hunter2", Refused, "the database refused it"),
]


@pytest.mark.parametrize(("step", "error", "kind", "said"), SAID, ids=[row[1][:50] for row in SAID])
def test_what_failed_and_why_decides_whether_asking_again_helps(
    step: int, error: str, kind: type[Exception], said: str
) -> None:
    parts = [{"Status": "FINISHED"}] * step + [{"Status": "FAILED", "Error": error}]
    found = failures.failure_of(LOAD, {"Error": error, "SubStatements": parts})
    assert type(found) is kind and said in str(found)
    assert "hunter2" not in str(found)


def test_a_single_statement_that_failed_is_named_by_its_id() -> None:
    found = failures.failure_of(Statement("17"), {"Error": "ERROR: division by zero"})
    assert str(found).startswith("statement 17: the database refused it")


@contextmanager
def answering(status: int, body: object) -> Generator[tuple[str, list[str]]]:
    """A server that says this to everything; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.headers["X-Amz-Target"].removeprefix("RedshiftData."))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened_at(endpoint: str) -> Any:
    return Shop(endpoint, "http://127.0.0.1:9", "postgresql://h/shop").open()


def test_it_is_asked_once_and_a_lost_answer_is_told_as_such() -> None:
    with answering(500, {"__type": "InternalServerException"}) as (endpoint, asked):
        with opened_at(endpoint) as opened:
            with pytest.raises(Transient) as caught:
                opened.status(Statement("0" * 8 + "-0000" * 3 + "-" + "0" * 12))
            assert type(caught.value) is Transient  # nothing can have happened
            with pytest.raises(MaybeDone):
                opened.execute("SELECT 1")
        assert asked == ["DescribeStatement", "ExecuteStatement"]


def test_the_page_of_a_proxy_is_no_answer() -> None:
    with answering(200, {}) as (endpoint, _), opened_at(endpoint) as opened:
        with pytest.raises(MaybeDone, match="the answer has no Id"):
            opened.execute("SELECT 1")
        with pytest.raises(Transient, match="the answer has no Status"):
            opened.status(Statement("0" * 36))


def test_nobody_there_is_unreachable() -> None:
    with opened_at("http://127.0.0.1:9") as opened, pytest.raises(Unreachable):
        opened.execute("SELECT 1")


def test_a_bucket_that_cannot_be_reached_is_transient() -> None:
    with opened_at("http://127.0.0.1:9") as opened, pytest.raises(Transient, match="s3 get of"):
        opened.stage(sales((1, date(2026, 7, 15), "hunter2")))


# Queries


def test_a_query_gives_pages_of_what_it_found(shop: Shop) -> None:
    shop.sql("CREATE TABLE n AS SELECT g AS n, 'it''s ' || g AS t FROM generate_series(1, 2500) g")
    with shop.opened({}) as opened:
        asked = opened.execute("SELECT n, t FROM n WHERE n > :least ORDER BY n", {"least": 100})
        ended(opened, asked)
        page, found = opened.rows(asked), []
        while True:
            found.extend(page.items)
            if page.next is None:
                break
            page = opened.rows(asked, page.next)
    assert page.columns == ("n", "t")
    assert found == [(n, f"it's {n}") for n in range(101, 2501)]


@pytest.mark.parametrize(
    ("value", "type", "back"),
    [
        ("it's :x %s \\", "varchar(30)", "it's :x %s \\"),
        (-7, "int8", -7),
        (2**63 - 1, "int8", 2**63 - 1),
        (True, "bool", True),
        (Decimal("1.50"), "decimal(10, 2)", "1.50"),
        (date(2026, 7, 15), "date", "2026-07-15"),
        (datetime(2026, 7, 15, 12, 0, 0, 1), "timestamp", "2026-07-15 12:00:00.000001"),
    ],
    ids=str,
)
def test_values_are_bound_and_come_back(shop: Shop, value: Any, type: str, back: Any) -> None:
    with shop.opened({}) as opened:
        asked = opened.execute(f"SELECT CAST(:v AS {type}), ':v', NULL", {"v": value})
        assert opened.rows(ended(opened, asked).statement).items == [(back, ":v", None)]


def test_a_run_asks_and_waits_and_reads(shop: Shop) -> None:
    shop.sql("CREATE TABLE n (n int)", "INSERT INTO n VALUES (1), (2)")
    asked = redshift.query(
        sql="SELECT n FROM n WHERE n > :least", warehouse="dw", params={"least": 1}
    )
    w = (
        asked
        >> redshift.ended(warehouse="dw", every=seconds(0.02))
        >> redshift.rows(warehouse="dw")
    )
    assert run(w, None, resources={"dw": shop.open}).unwrap().items == [(2,)]


# The secret is nowhere


def test_the_secret_is_nowhere(shop: Shop, capfd: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    shop.sql("CREATE TABLE sales (id int8, day date, name varchar(3))")
    w = redshift.load(table="sales", schema=SALES, warehouse="dw", every=seconds(0.02))
    table = sales((1, date(2026, 7, 15), "hunter2-row"))
    notes: list[Any] = []
    done = run(w, table, key="k", resources={"dw": shop.open}, observe=notes.append)
    fault = done.failure()
    errors: list[Exception] = []
    for endpoint, s3 in ((shop.api, "http://127.0.0.1:9"), ("http://127.0.0.1:9", shop.s3)):
        with Shop(endpoint, s3, shop.url).open() as opened:
            for ask in (lambda: opened.stage(table), lambda: opened.execute("SELECT 1")):
                try:
                    ask()
                except Exception as error:  # what it says is looked at below
                    errors.append(error)
    assert len(errors) == 2
    said = [repr(fault), str(fault), plan(w), repr(w), repr(shop.open()), *map(repr, notes)]
    for each in errors:
        said += traceback.format_exception(each)
        assert each.__cause__ is None and each.__context__ is None
    said += [caplog.text, *capfd.readouterr(), str(pickle.dumps(w))]
    for form in (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe="")):
        assert not [text for text in said if form in text]
    assert "hunter2-row" not in f"{fault} {fault!r}"
