"""Stores of each kind: in memory, in a folder, in a bucket of moto; and an S3 that has moods."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import boto3
import pytest

from fwf import seconds
from fwf.connectors.objects import Store, store
from fwf.secrets import Secret

CANARY = "hunter2-canary/ä+="


def secret(value: str) -> Secret:
    return Secret(lambda: value, where="a test")


def s3(bucket: str, endpoint: str, **others: Any) -> Store:
    return store(
        f"s3://{bucket}",
        access_key=secret("AKIATEST"),
        secret_key=secret(CANARY),
        region="us-east-1",
        endpoint=endpoint,
        allow_http=True,
        **others,
    )


@pytest.fixture(scope="session")
def s3_client(aws_endpoint: str) -> Iterator[Any]:
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "x"}
    client = boto3.client("s3", endpoint_url=aws_endpoint, region_name="us-east-1", **keys)
    yield client
    client.close()


@pytest.fixture
def bucket(s3_client: Any) -> str:
    """A new bucket's name."""
    name = f"b-{uuid4()}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def make(bucket: str, aws_endpoint: str, tmp_path: Any) -> Callable[[str], Store]:
    """Opens a new, empty store of a kind."""

    def made(kind: str) -> Store:
        if kind == "memory":
            return store("memory://")
        if kind == "file":
            return store(f"file://{tmp_path}/lake", make_folder=True)
        return s3(f"{bucket}/below", aws_endpoint)

    return made


@pytest.fixture(params=["memory", "file", "s3"])
def lake(request: pytest.FixtureRequest, make: Callable[[str], Store]) -> Store:
    return make(request.param)


Answer = Callable[[BaseHTTPRequestHandler], None]


class Moody:
    """An S3 whose answers are those of a function; it counts what it's asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answer: Answer = said(200)

    def store(self, **others: Any) -> Store:
        return s3("lake", self.url, **{"within": seconds(1), "connect_within": seconds(1)} | others)


def said(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def error_of(status: int, code: str, message: str = CANARY) -> Answer:
    return said(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())


@contextmanager
def serving() -> Iterator[Moody]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            moody.asked.append(self.command)
            moody.answer(self)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    moody = Moody(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield moody
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def moody() -> Iterator[Moody]:
    with serving() as here:
        yield here
