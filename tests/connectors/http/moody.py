"""A service that does whatever a test tells it to, byte by byte, on a loopback port."""

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import pytest

from fwf import Permanent
from fwf.connectors.shared.errors import Transient

KEEP: Final = None
"""Said last: the connection stays open for another request."""
Said = bytes | float | None
"""Bytes to send, seconds to wait, or `KEEP`."""


class Asked(NamedTuple):
    """A request as it arrived, header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Service = Callable[[Asked], Iterable[Said]]


class Server:
    """Where the service listens, what it was asked, over how many connections, how many ended."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.asked: list[Asked] = []
        self.connections = 0
        self.ended = 0
        self.lock = threading.Lock()


def answer(
    status: int = 200,
    body: object = b"",
    *,
    kind: str | None = "application/json",
    sized: bool = True,
    close: bool = True,
    **headers: str | list[str],
) -> bytes:
    """A whole answer; a body that isn't bytes is sent as JSON. `retry_after` is `Retry-After`.

    close: whether it says that the connection ends; else it goes on, or ends unannounced.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if sized:
        lines.append(f"Content-Length: {len(content)}")
    if close:
        lines.append("Connection: close")
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            lines.append(f"{name.replace('_', '-')}: {value}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def gives(*said: Said) -> Service:
    """A service that says the same to every request."""
    return lambda asked: said


def in_turn(*answers: bytes) -> Service:
    """A service that gives one answer after another, the last one for ever."""
    left = list(answers)
    return lambda asked: [left.pop(0) if len(left) > 1 else left[0]]


@contextmanager
def serving(service: Service, tls: ssl.SSLContext | None = None) -> Generator[Server]:
    """A server on a free port of the loopback, until the block ends."""

    class Connection(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            with found.lock:
                found.connections += 1
            with suppress(OSError, ssl.SSLError):  # a client may give up
                while asked := self.read():
                    with found.lock:
                        found.asked.append(asked)
                    if not self.say(service(asked)):
                        return

        def read(self) -> Asked | None:
            line = self.rfile.readline().decode("ascii").split()
            if not line:
                return None
            headers: dict[str, str] = {}
            while text := self.rfile.readline().decode("latin-1").strip():
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            return Asked(line[0], line[1], headers, body)

        def say(self, said: Iterable[Said]) -> bool:
            for each in said:
                if each is KEEP:
                    return True
                if isinstance(each, bytes):
                    self.wfile.write(each)
                    self.wfile.flush()
                else:
                    stopped.wait(each)
            return False

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            self.request.close()
            with found.lock:
                found.ended += 1

    class Listening(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a client that doesn't like the certificate hangs up."""

    stopped = threading.Event()
    with Listening(("127.0.0.1", 0), Connection) as listening:
        scheme = "http" if tls is None else "https"
        found = Server(f"{scheme}://127.0.0.1:{listening.server_address[1]}")
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield found
        finally:
            stopped.set()
            listening.shutdown()


def drip(whole: bytes, every: float) -> Iterable[Said]:
    """Bytes, one after another, with a pause before each."""
    for each in whole:
        yield every
        yield bytes([each])


def until(condition: Callable[[], bool], within: float = 5) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def caught(ask: Callable[..., Any], service: Service, **settings: Any) -> Exception:
    """The error that a service means."""
    with pytest.raises((Transient, Permanent)) as found:
        ask(service, **settings)
    return found.value
