"""A moody service for each test that asks for one, and clients that close with the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from fwf.connectors import http
from tests.connectors.http.moody import Server, Service, serving


@pytest.fixture
def serve() -> Iterator[Callable[[Service], Server]]:
    with ExitStack() as running:
        yield lambda service: running.enter_context(serving(service))


@pytest.fixture
def opened() -> Iterator[Callable[..., http.Client]]:
    """Opens a client that may speak to the loopback."""
    with ExitStack() as open_clients:

        def client(url: str, **settings: Any) -> http.Client:
            return open_clients.enter_context(http.client(url, allow_private=True, **settings))

        yield client


@pytest.fixture
def ask(serve: Any, opened: Any) -> Callable[..., Any]:
    """A service, settings ⟶ what it says to one GET."""

    def asked(service: Service, **settings: Any) -> Any:
        return opened(serve(service).url, **settings).get("/x").content

    return asked
