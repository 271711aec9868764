"""How events get to a collector: by a thread, so that no run waits for it, or fails with it."""

from __future__ import annotations

import json
from base64 import b64encode
from queue import Full, SimpleQueue
from threading import Event as Flag, Lock, Thread
from typing import Any, Final, final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit

from fwf.faults import counted, named_text
from fwf.telling.reasons import on_one_line

PATIENCE: Final = 5.0
"""Seconds that a collector has to answer, and to take all that is left when the run is over."""
MOST: Final = 10_000
"""So many events wait for the collector; those that come then are dropped."""
ENOUGH: Final = 3
"""After so many failures in a row nothing more is sent."""


@final
class Collector:
    """Posts events as JSON to an address, in their order.

    What can't be sent is counted, and told once, by `close`. Raises `ValueError` for an address
    that isn't one of the web.
    """

    def __init__(
        self, address: str, key: str = "", *, within: float = PATIENCE, most: int = MOST
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"{_place(address)}: events go to an address of http or https, such as "
                "http://localhost:5000"
            )
        self._address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._authorization = f"Bearer {key}" if key else _basic(parts)
        self._within = within
        self._most = most
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = Lock()
        self._lost = self._events = self._in_a_row = 0
        self._why = ""
        self._closed = Flag()
        self._thread: Thread | None = None

    def send(self, event: dict[str, Any]) -> None:
        """Have an event sent, soon."""
        self._events += 1
        if self._thread is None:
            self._thread = Thread(target=self._work, name="fwf openlineage", daemon=True)
            self._thread.start()
        if self._queue.qsize() >= self._most:
            self._lose(Full(f"more than {self._most:,} waited"))
        else:
            self._queue.put(json.dumps(event).encode())

    def close(self) -> str | None:
        """Wait for what is left, for a while ⟶ what to tell of what couldn't be sent."""
        if self._thread is not None and not self._closed.is_set():
            self._queue.put(None)
            self._thread.join(self._within)
        self._closed.set()
        with self._lock:
            waiting = sum(self._queue.get_nowait() is not None for _ in range(self._queue.qsize()))
            late = self._thread is not None and self._thread.is_alive()
            lost = self._lost + waiting + (1 if late else 0)
            why = self._why or f"no answer within {self._within:g} s"
            self._lost = 0
        if not lost:
            return None
        return on_one_line(
            f"OpenLineage: {lost:,} of {counted(self._events, 'event')} couldn't be sent to "
            f"{_place(self._address)}: {why}; the run isn't concerned"
        )

    def _lose(self, error: Exception) -> None:
        with self._lock:
            self._lost += 1
            self._why = self._why or _reason_of(error)

    def _work(self) -> None:
        while not self._closed.is_set() and (content := self._queue.get()) is not None:
            if self._in_a_row >= ENOUGH:
                self._lose(ConnectionError("it doesn't answer"))
                continue
            try:
                self._post(content)
                self._in_a_row = 0
            except Exception as error:  # whatever the collector, or a proxy, comes up with
                self._in_a_row += 1
                self._lose(error)

    def _post(self, content: bytes) -> None:
        from urllib.request import Request, urlopen  # slow to import

        headers = {"Content-Type": "application/json"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        request = Request(self._address, content, headers, method="POST")
        with urlopen(request, timeout=self._within) as answer:
            answer.read()


def _basic(parts: SplitResult) -> str:
    """What the name and the password of an address are as a header (RFC 7617 §2)."""
    if parts.username is None:
        return ""
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(credentials.encode()).decode()}"


def _place(address: str) -> str:
    """An address without what may be secret in it."""
    try:
        parts = urlsplit(address)
        if not parts.hostname:
            return "the address"
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.scheme}://{parts.hostname}{port}"
    except ValueError:
        return "the address"


def _reason_of(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"it answers {error.code} {error.reason}"
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        error = error.reason
    return named_text(error)
