"""A Lambda for tests: a server on this machine that answers calls of functions, by one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import unquote

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:fwf:7"
"""The function's name in the definitions of tests, with its version."""
Function = Callable[[Any], Any]


class Thrown(Exception):
    """An error of Lambda itself: its name, such as `Lambda.Unknown`, and what it says."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(name, cause)
        self.name = name
        self.cause = cause


class Functions(ThreadingHTTPServer):
    """The server; `answer` is the function that is called."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.answer: Function = lambda given: given
        self.largest = 0
        """The bytes of the largest that was given or answered."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Functions
    methods: ClassVar[tuple[str, ...]] = ("POST",)

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        given = json.loads(self.rfile.read(size))
        assert unquote(self.path) == f"/2015-03-31/functions/{FUNCTION}/invocations", self.path
        try:
            body, wrong = self.server.answer(given), False
        except Thrown as thrown:
            body, wrong = {"errorType": thrown.name, "errorMessage": thrown.cause}, True
        except BaseException as error:  # as Lambda tells of what a function raises
            body, wrong = {"errorType": type(error).__name__, "errorMessage": str(error)}, True
        text = json.dumps(body).encode()
        self.server.largest = max(self.server.largest, size, len(text))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if wrong:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def served() -> Iterator[Functions]:
    """The server, while it is there."""
    with Functions() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
