"""What stands in for Redshift? A server that speaks its Data API and runs the SQL on PostgreSQL.

A statement has an id at once, and then goes on by itself, whoever asks or doesn't: SUBMITTED,
STARTED and, each a while later, FINISHED, FAILED or ABORTED. A batch is one transaction at SNAPSHOT
isolation. The same client token is the same statement. What the server was told it has forgotten
once it is started again, as the API does after a day; what was loaded stays.

`python -m examples.services.redshift_api POSTGRES_URL S3_ENDPOINT` starts one, prints its address
and waits for Ctrl-C.
"""

import json
import re
import signal
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any, ClassVar, Final
from uuid import uuid4

import boto3
import botocore.session
import psycopg

from examples.services import redshift_sql
from examples.services.postgres import within

MOST_BYTES: Final = 100_000
MOST_ACTIVE: Final = 200
ENDS: Final = frozenset({"FINISHED", "FAILED", "ABORTED"})
ROWS_IN_A_PAGE: Final = 1000
_PLACES: Final = ("ClusterIdentifier", "Database", "WorkgroupName")
_WHOLE, _FLOAT, _BOOL = {20, 21, 23}, {700, 701}, 16  # PostgreSQL's numbers of types

_boto3: Any = boto3
_session: Any = botocore.session


class Declined(Exception):
    """An answer that says no: the name of the API's exception, and why."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass
class Part:
    """One SQL text of a statement, and what came of it."""

    sql: str
    status: str = "SUBMITTED"
    error: str = ""
    columns: list[str] = field(default_factory=list[str])
    rows: list[list[dict[str, Any]]] | None = None


@dataclass
class Statement:
    """What was asked for, and how it is doing."""

    request: Mapping[str, Any]
    parts: list[Part]
    is_batch: bool
    id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "SUBMITTED"
    error: str = ""
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    stopped: Event = field(default_factory=Event)
    connection: Any = None

    @property
    def name(self) -> str:
        """As who asked called it."""
        return str(self.request.get("StatementName", ""))


class DataApi:
    """The operations, by the names that the API has for them."""

    model: ClassVar[Any] = None

    def __init__(self, url: str, s3: str, after: float, most_active: int) -> None:
        self.url = url
        self.after = after
        self.most_active = most_active
        self.s3 = _boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=s3,
            aws_access_key_id="stand-in",
            aws_secret_access_key="stand-in",
        )
        self._lock = RLock()
        self._statements: dict[str, Statement] = {}
        self._tokens: dict[str, str] = {}
        self._threads: list[Thread] = []

    def close(self) -> None:
        """Stop what goes on."""
        for statement in self._statements.values():
            self._stop(statement)
        for thread in self._threads:
            thread.join()
        self.s3.close()

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """A request ⟶ the answer; raises `Declined`."""
        _check(operation, request)
        match operation:
            case "ExecuteStatement":
                return self._given(request, [request["Sql"]], is_batch=False)
            case "BatchExecuteStatement":
                return self._given(request, request["Sqls"], is_batch=True)
            case "DescribeStatement":
                return self._described(*self._found(request["Id"]))
            case "GetStatementResult":
                return self._result(request)
            case "CancelStatement":
                return self._cancelled(self._found(request["Id"])[0])
            case "ListStatements":
                return self._listed(request)
            case _:
                raise Declined("UnknownOperationException", "the stand-in doesn't have it")

    def _given(self, request: dict[str, Any], sqls: list[str], *, is_batch: bool) -> dict[str, Any]:
        if ("WorkgroupName" in request) == ("ClusterIdentifier" in request):
            raise Declined("ValidationException", "WorkgroupName or ClusterIdentifier, one of them")
        if (
            "Database" not in request
            or request.get("ExecutionMode", "TRANSACTION") != "TRANSACTION"
        ):
            raise Declined("ValidationException", "needs a Database, and one transaction")
        if any(len(sql.encode()) > MOST_BYTES for sql in sqls):
            raise Declined("ValidationException", f"a statement has more than {MOST_BYTES} bytes")
        with self._lock:
            found = self._same(request)
            if found is None:
                found = self._begun(Statement(request, list(map(Part, sqls)), is_batch))
        return {
            "Id": found.id,
            "CreatedAt": found.created,
            **{each: request[each] for each in _PLACES if each in request},
        }

    def _same(self, request: dict[str, Any]) -> Statement | None:
        """The statement of the same token."""
        known = self._tokens.get(request.get("ClientToken", ""))
        if known is None:
            return None
        if self._statements[known].request != request:
            raise Declined("ValidationException", "the ClientToken was used for another request")
        return self._statements[known]

    def _begun(self, statement: Statement) -> Statement:
        active = [each for each in self._statements.values() if each.status not in ENDS]
        if len(active) >= self.most_active:
            raise Declined("ActiveStatementsExceededException", f"{len(active)} are active")
        self._statements[statement.id] = statement
        if token := statement.request.get("ClientToken"):
            self._tokens[token] = statement.id
        thread = Thread(target=self._run, args=[statement], daemon=True)
        self._threads.append(thread)
        thread.start()
        return statement

    def _run(self, statement: Statement) -> None:
        if statement.stopped.wait(self.after):
            return self._ends(statement, "ABORTED")
        self._ends(statement, "STARTED")
        try:
            url = within(self.url, statement.request["Database"])
            statement.connection = connection = psycopg.connect(url)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            for part in statement.parts:
                self._run_part(statement, part)
            statement.stopped.wait(self.after)
            with self._lock:
                if statement.stopped.is_set():
                    raise redshift_sql.Refused("Query cancelled on user's request")
                connection.commit()
                self._ends(statement, "FINISHED")
        except (psycopg.Error, redshift_sql.Refused) as error:
            self._failed(statement, redshift_sql.said_of(error))
        except Exception as error:  # a defect of this file
            self._failed(statement, f"ERROR: internal error of the stand-in: {error!r}")
        finally:
            if statement.connection is not None:
                statement.connection.close()
        return None

    def _run_part(self, statement: Statement, part: Part) -> None:
        if statement.stopped.is_set():
            raise redshift_sql.Refused("Query cancelled on user's request")
        part.status = "STARTED"
        given = {each["name"]: each["value"] for each in statement.request.get("Parameters", [])}
        cursor = redshift_sql.run(statement.connection, part.sql, given, self.s3)
        if cursor.description:
            part.columns = [column.name for column in cursor.description]
            part.rows = _records(cursor.pgresult)
        part.status = "FINISHED"

    def _failed(self, statement: Statement, error: str) -> None:
        end = "ABORTED" if statement.stopped.is_set() else "FAILED"
        for part in statement.parts:
            if part.status == "STARTED":
                part.status, part.error = end, error
            elif part.status == "SUBMITTED":
                part.status = "ABORTED"
        statement.error = error
        self._ends(statement, end)

    def _ends(self, statement: Statement, status: str) -> None:
        with self._lock:
            statement.status, statement.updated = status, time.time()

    def _cancelled(self, statement: Statement) -> dict[str, Any]:
        with self._lock:
            if statement.status in ENDS:
                raise Declined(
                    "ValidationException",
                    f"Could not cancel a query that is already in {statement.status} state",
                )
            self._stop(statement)
        return {"Status": True}

    def _stop(self, statement: Statement) -> None:
        statement.stopped.set()
        if statement.connection is not None and statement.status not in ENDS:
            with suppress(psycopg.Error):
                statement.connection.cancel_safe()

    def _found(self, asked: str) -> tuple[Statement, Part | None]:
        """An id, of a statement or, with `:2` behind it, of a part ⟶ which it is."""
        own, _, number = asked.partition(":")
        statement = self._statements.get(own)
        if statement is None or (number and not 1 <= int(number) <= len(statement.parts)):
            raise Declined("ResourceNotFoundException", f"Query does not exist: {asked}")
        return statement, statement.parts[int(number) - 1] if number else None

    def _described(self, statement: Statement, part: Part | None) -> dict[str, Any]:
        parts = [_part(statement, number) for number in range(len(statement.parts))]
        if part is not None:
            return parts[statement.parts.index(part)]
        if not statement.is_batch:
            return {**parts[0], "Id": statement.id, "Status": statement.status}
        return {
            "Id": statement.id,
            "Status": statement.status,
            "HasResultSet": any(each.rows is not None for each in statement.parts),
            "SubStatements": parts,
            **({"Error": statement.error} if statement.error else {}),
            **_times(statement),
        }

    def _result(self, request: dict[str, Any]) -> dict[str, Any]:
        statement, part = self._found(request["Id"])
        part = part or (None if statement.is_batch else statement.parts[0])
        if statement.status != "FINISHED" or part is None or part.rows is None:
            raise Declined("ResourceNotFoundException", "Query does not have result")
        start = int(request.get("NextToken") or 0)
        end = start + ROWS_IN_A_PAGE
        return {
            "ColumnMetadata": [{"name": name, "label": name} for name in part.columns],
            "Records": part.rows[start:end],
            "TotalNumRows": len(part.rows),
            **({"NextToken": str(end)} if end < len(part.rows) else {}),
        }

    def _listed(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("Status", "FINISHED")
        places = {each: request[each] for each in _PLACES if each in request}
        with self._lock:
            found = [
                {
                    "Id": each.id,
                    "Status": each.status,
                    "StatementName": each.name,
                    "CreatedAt": each.created,
                    "IsBatchStatement": each.is_batch,
                }
                for each in reversed(self._statements.values())
                if wanted in ("ALL", each.status)
                and each.name.startswith(request.get("StatementName", ""))
                and places.items() <= each.request.items()
            ]
        start = int(request.get("NextToken") or 0)
        end = start + (request.get("MaxResults") or 100)
        more = {"NextToken": str(end)} if end < len(found) else {}
        return {"Statements": found[start:end], **more}


def _check(operation: str, request: dict[str, Any]) -> None:
    """Raise `Declined` for what the API's own description doesn't allow."""
    if DataApi.model is None:
        DataApi.model = _session.get_session().get_service_model("redshift-data")
    if operation not in DataApi.model.operation_names:
        raise Declined("UnknownOperationException", operation)
    shape = DataApi.model.operation_model(operation).input_shape
    for name in shape.required_members:
        if name not in request:
            raise Declined("ValidationException", f"{name} is required")
    for name, value in request.items():
        member = shape.members.get(name)
        if member is None:
            raise Declined("ValidationException", f"there is no {name}")
        if not _fits(value, member.metadata):
            raise Declined("ValidationException", f"{name} doesn't satisfy {dict(member.metadata)}")


def _fits(value: Any, rules: Mapping[str, Any]) -> bool:
    """Whether a value is as long or large as it may be, and of the form that the API describes."""
    if "enum" in rules:
        return value in rules["enum"]
    size = value if isinstance(value, int) else len(value)
    pattern = rules.get("pattern", ".*")
    return bool(
        rules.get("min", size) <= size <= rules.get("max", size)
        and (not isinstance(value, str) or re.fullmatch(pattern, value, re.S))
    )


def _part(statement: Statement, number: int) -> dict[str, Any]:
    part = statement.parts[number]
    return {
        "Id": f"{statement.id}:{number + 1}",
        "Status": part.status,
        "QueryString": part.sql,
        "HasResultSet": part.rows is not None,
        **({"Error": part.error} if part.error else {}),
        **_times(statement),
    }


def _times(statement: Statement) -> dict[str, float]:
    return {"CreatedAt": statement.created, "UpdatedAt": statement.updated}


def _records(result: Any) -> list[list[dict[str, Any]]]:
    """A result of PostgreSQL, in text ⟶ the API's fields."""
    kinds = [result.ftype(column) for column in range(result.nfields)]
    return [
        [_field(result.get_value(row, column), kind) for column, kind in enumerate(kinds)]
        for row in range(result.ntuples)
    ]


def _field(value: bytes | None, kind: int) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if kind == _BOOL:
        return {"booleanValue": value == b"t"}
    if kind in _WHOLE:
        return {"longValue": int(value)}
    return {"doubleValue": float(value)} if kind in _FLOAT else {"stringValue": value.decode()}


@contextmanager
def serving(
    url: str,
    s3: str,
    *,
    after: float = 0.05,
    most_active: int = MOST_ACTIVE,
    port: int = 0,
) -> Generator[str, None, None]:
    """The address of a Data API, which runs statements on the databases of a PostgreSQL server.

    url: of the server; the request's `Database` is one on it. s3: where COPY finds its files.
    after: seconds that a statement is SUBMITTED, and is STARTED once more before it commits.
    most_active: statements beyond this many are refused.
    """
    api = DataApi(url, s3, after, most_active)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            status, answer = _answered(api, self.headers, self._body())
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        api.close()


def _answered(api: DataApi, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    target = str(headers.get("X-Amz-Target", ""))
    try:
        if "/redshift-data/aws4_request" not in headers.get("Authorization", ""):
            raise Declined("MissingAuthenticationTokenException", "not signed for redshift-data")
        return 200, api.answer(target.removeprefix("RedshiftData."), json.loads(body))
    except Declined as declined:
        return 400, {"__type": declined.kind, "Message": str(declined)}


def main() -> None:
    """Serve until Ctrl-C."""
    url, s3, *port = sys.argv[1:]
    with serving(url, s3, port=int(port[0]) if port else 0) as address:
        print(address, flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
