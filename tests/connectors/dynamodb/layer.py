"""What may a real DynamoDB do that moto never does? A layer before it that does so when it is told.

It hands writes of a batch back undone, throttles, says no, loses answers, and keeps what came.
"""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Request = dict[str, Any]
Answer = tuple[int, Request]
Ask = Callable[[Request], Answer]
Fault = Callable[[Request, Ask], Answer | None]
"""The request, how to ask what is behind ⟶ the answer, or None where the line is cut."""


class Layer:
    """`faults` has what is done to the next requests, one for each; after them all go through."""

    def __init__(self, behind: str) -> None:
        self.address = ""
        self.faults: list[Fault] = []
        self.came: list[tuple[str, Request]] = []
        self.sizes: list[int] = []
        self._behind = urlsplit(behind).netloc

    def clear(self) -> None:
        for each in (self.faults, self.came, self.sizes):
            each.clear()

    def answer(self, headers: dict[str, str], content: bytes) -> Answer | None:
        body = json.loads(content)
        self.came.append((headers["X-Amz-Target"].rpartition(".")[2], body))
        self.sizes.append(len(content))

        def ask(request: Request) -> Answer:
            line = HTTPConnection(self._behind, timeout=20)
            try:
                line.request("POST", "/", json.dumps(request), headers)
                answer = line.getresponse()
                return answer.status, json.loads(answer.read())
            finally:
                line.close()

        return self.faults.pop(0)(body, ask) if self.faults else ask(body)


@contextmanager
def before(behind: str) -> Generator[Layer]:
    """A layer before the DynamoDB at an address."""
    layer = Layer(behind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {
                name: value
                for name, value in self.headers.items()
                if name not in ("Host", "Content-Length", "Expect", "Connection")
            }
            answer = layer.answer(kept, content)
            if answer is None:
                return
            self.send_response(answer[0])
            text = json.dumps(answer[1]).encode()
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    layer.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield layer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def lost(request: Request, ask: Ask) -> None:
    """Done, but nobody hears of it."""
    ask(request)


def cut(request: Request, ask: Ask) -> None:
    """Never done, and nobody hears of it."""


def hands_back(count: int) -> Fault:
    """The last `count` writes of a batch come back undone."""

    def fault(request: Request, ask: Ask) -> Answer:
        ((table, writes),) = request["RequestItems"].items()
        done, undone = writes[: len(writes) - count], writes[len(writes) - count :]
        if done:
            status, answer = ask({**request, "RequestItems": {table: done}})
            assert status == 200, answer
        return 200, {"UnprocessedItems": {table: undone} if undone else {}}

    return fault


def says(code: str, status: int = 400, **fields: Any) -> Fault:
    """Not done, and DynamoDB says why."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    return lambda _request, _ask: (status, {"__type": kind, "message": "no", **fields})
