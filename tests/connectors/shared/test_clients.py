"""A client that several use at once is open while anybody is in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from fwf.connectors import dynamodb, http, postgres
from fwf.secrets import Secret


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Empty) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["postgres", "http", "dynamodb"])
def client(
    request: pytest.FixtureRequest, shop_url: str, address: str, aws_endpoint: str
) -> tuple[Any, Callable[[Any], object]]:
    """A client, and something that only an open one can do."""
    key = Secret(lambda: "none", where="a test")
    keys = {"access_key": key, "secret_key": key}
    match request.param:
        case "postgres":
            return postgres.database(shop_url), lambda opened: opened.read("SELECT 1 AS one")
        case "http":
            return http.client(address, allow_private=True), lambda opened: opened.get("/")
        case _:
            made = dynamodb.tables(region="eu-central-1", endpoint=aws_endpoint, **keys)
            return made, lambda opened: opened._client.list_tables()


def test_it_is_open_while_anybody_is_in_it(client: tuple[Any, Callable[[Any], object]]) -> None:
    shared, ask = client
    with shared as outer:
        with shared as inner:
            assert ask(inner)
        assert ask(outer)  # the one that ended didn't close it under the other
    with pytest.raises((RuntimeError, AttributeError)):
        ask(shared)
    with shared as again:
        assert ask(again)


def test_it_is_opened_once_and_closed_once_by_many(
    client: tuple[Any, Callable[[Any], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, ask = client
    opened: list[str] = []
    for name in ("_begin", "_end"):
        own = getattr(shared, name)

        def counted(name: str = name, own: Callable[[], None] = own) -> None:
            opened.append(name)
            own()

        monkeypatch.setattr(shared, name, counted)

    def use() -> None:
        with shared as one:
            ask(one)

    with ExitStack() as held:
        held.enter_context(shared)
        threads = [Thread(target=use) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert opened == ["_begin", "_end"]


def test_one_that_could_not_be_opened_is_opened_by_the_next(
    client: tuple[Any, Callable[[Any], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, ask = client
    own = shared._begin

    def fails() -> None:
        monkeypatch.setattr(shared, "_begin", own)
        raise OSError("not now")

    monkeypatch.setattr(shared, "_begin", fails)
    with pytest.raises(OSError, match="not now"), shared:
        pass
    with shared as opened:
        assert ask(opened)
