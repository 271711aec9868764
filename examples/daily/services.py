"""Which services does the job talk to? A currency service and a CRM, on loopback only.

`python -m examples.daily.services` starts both, prints their addresses and waits for Ctrl-C. They
misbehave now and then, as such services do, and always in the same order.
"""

import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from examples.daily.places import Places, here, write_whole

LOOPBACK: Final = "127.0.0.1"
RATES_ON_A_PAGE: Final = 8
SLOW_SECONDS: Final = 1.5
POLL_SECONDS: Final = 0.02  # how long a stop may take
RETRY_AFTER_SECONDS: Final = 1

CRM_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS batches (key TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS days (
        day TEXT, key TEXT REFERENCES batches, PRIMARY KEY (day, key)
    ) WITHOUT ROWID;
"""


class Request(NamedTuple):
    """What a client asks."""

    method: str
    path: str
    query: Mapping[str, str]
    key: str
    body: str


class Answer(NamedTuple):
    """What a service answers, as JSON."""

    status: HTTPStatus
    content: object
    retry_after: int | None = None


Service = Callable[[Request], Answer]


class Mishap(Enum):
    """What may go wrong with a request."""

    NONE = auto()
    BUSY = auto()
    BROKEN = auto()
    SLOW = auto()
    ANSWER_LOST = auto()


def rates_service(rates: list[dict[str, str]]) -> Service:
    """`GET /rates?day=…&cursor=…`: a page of rates, and the cursor of the next page or null."""

    def answer(request: Request) -> Answer:
        cursor = request.query.get("cursor", "0")
        if (request.method, request.path) != ("GET", "/rates"):
            return Answer(HTTPStatus.NOT_FOUND, {"error": "only GET /rates is here"})
        if not (cursor.isascii() and cursor.isdecimal()):
            return Answer(HTTPStatus.BAD_REQUEST, {"error": f"cursor={cursor}: not a cursor"})
        end = int(cursor) + RATES_ON_A_PAGE
        page = {"items": rates[int(cursor) : end], "next": end if end < len(rates) else None}
        return Answer(HTTPStatus.OK, page)

    return answer


def crm_service(path: Path) -> Service:
    """A CRM that takes a day's contacts in batches, and shows them when the day is published.

    `POST /batches`: keep the body under its Idempotency-Key; the same again changes nothing, and
    other data under a used key is refused. `POST /days/DAY [{"key": …}, …]`: those batches
    replace what the day had. `GET /days/DAY`: how many contacts the day has.
    """

    def answer(request: Request) -> Answer:
        with closing(sqlite3.connect(path)) as store, store:
            store.executescript(CRM_TABLES)
            store.execute("BEGIN IMMEDIATE")
            match request.method, request.path.split("/")[1:]:
                case "POST", ["batches"]:
                    return keep_batch(store, request.key, request.body)
                case "POST", ["days", day]:
                    return publish_day(
                        store, day, [each["key"] for each in json.loads(request.body)]
                    )
                case "GET", ["days", day]:
                    return Answer(HTTPStatus.OK, {"contacts": contacts_of(store, day)})
                case _:
                    return Answer(HTTPStatus.NOT_FOUND, {"error": f"no {request.path} here"})

    return answer


def keep_batch(store: sqlite3.Connection, key: str, body: str) -> Answer:
    """Store a batch once."""
    if not key:
        return Answer(HTTPStatus.BAD_REQUEST, {"error": "a batch needs an Idempotency-Key"})
    store.execute("INSERT INTO batches VALUES (?, ?) ON CONFLICT DO NOTHING", (key, body))
    (kept,) = store.execute("SELECT body FROM batches WHERE key = ?", (key,)).fetchone()
    if kept != body:
        said = {"type": "idempotency_error", "message": f"key {key} was used for other data"}
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": said})
    return Answer(HTTPStatus.OK, {"key": key})


def publish_day(store: sqlite3.Connection, day: str, keys: list[str]) -> Answer:
    """Let a day consist of these batches."""
    known = {key for (key,) in store.execute("SELECT key FROM batches")}
    if unknown := sorted(set(keys) - known):
        return Answer(HTTPStatus.BAD_REQUEST, {"error": f"no such batch: {', '.join(unknown)}"})
    store.execute("DELETE FROM days WHERE day = ?", (day,))
    store.executemany("INSERT INTO days VALUES (?, ?)", [(day, key) for key in set(keys)])
    return Answer(HTTPStatus.OK, {"contacts": contacts_of(store, day)})


def contacts_of(store: sqlite3.Connection, day: str) -> int:
    """How many contacts a day's batches hold."""
    bodies = store.execute("SELECT body FROM days JOIN batches USING (key) WHERE day = ?", (day,))
    return sum(len(json.loads(body)["contacts"]) for (body,) in bodies)


def busy_broken_or_slow(number: int) -> Mishap:
    """The currency service's bad moments, by the number of the request: never four in a row."""
    if number % 4 == 2:
        return Mishap.BUSY
    if number % 7 == 5:
        return Mishap.BROKEN
    return Mishap.SLOW if number % 6 == 3 else Mishap.NONE


def loses_answers(number: int) -> Mishap:
    """The CRM's bad moments: it does what was asked, but the client does not hear of it."""
    return Mishap.ANSWER_LOST if number % 3 == 2 else Mishap.NONE


def with_mishaps(service: Service, mishap_of: Callable[[int], Mishap]) -> Service:
    """A service where the n-th request, counted from 1, goes wrong as `mishap_of(n)` says."""
    numbers = itertools.count(1)

    def answer(request: Request) -> Answer:
        match mishap_of(next(numbers)):
            case Mishap.BUSY:
                error = {"error": "too many requests"}
                return Answer(HTTPStatus.TOO_MANY_REQUESTS, error, RETRY_AFTER_SECONDS)
            case Mishap.BROKEN:
                return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "out of order"})
            case Mishap.SLOW:
                time.sleep(SLOW_SECONDS)
            case Mishap.ANSWER_LOST:
                service(request)
                return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "answer lost"})
            case Mishap.NONE:
                pass
        return service(request)

    return answer


def connection_to(service: Service) -> type[BaseHTTPRequestHandler]:
    """What an HTTP server does with each connection: ask the service, and pass on its answer."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            size = int(self.headers.get("content-length", 0))
            key = self.headers.get("idempotency-key", "")
            content = self.rfile.read(size)
            if len(content) < size:  # who asked was killed as it did so
                self.close_connection = True
                return
            body = content.decode()
            query = dict(parse_qsl(asked.query))
            self.reply(service(Request(self.command, asked.path, query, key, body)))

        do_POST = do_GET

        def reply(self, answer: Answer) -> None:
            content = json.dumps(answer.content).encode()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            if answer.retry_after is not None:
                self.send_header("retry-after", str(answer.retry_after))
            with suppress(ConnectionError):  # a client may give up waiting for a slow answer
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the job tells what went wrong."""

    return Connection


@contextmanager
def serving(service: Service) -> Generator[str]:
    """The address at which a service listens, on a free loopback port, until the block ends."""
    with ThreadingHTTPServer((LOOPBACK, 0), connection_to(service)) as server:
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def services(places: Places, crm: Path | None = None) -> Generator[dict[str, str]]:
    """Both services, running until the block ends; the job finds their addresses in a file.

    crm: where the CRM keeps what it has, if elsewhere.
    """
    rates = rates_service(json.loads(places.rates.read_bytes()))
    store = crm_service(crm or places.crm)
    with ExitStack() as running:
        addresses = {
            "rates": running.enter_context(serving(with_mishaps(rates, busy_broken_or_slow))),
            "crm": running.enter_context(serving(with_mishaps(store, loses_answers))),
        }
        write_whole(places.addresses, json.dumps(addresses).encode())
        running.callback(places.addresses.unlink, missing_ok=True)
        yield addresses


def main() -> None:
    """Serve until Ctrl-C."""
    with services(here()) as addresses:
        for name, address in addresses.items():
            print(f"{name}: {address}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
