"""What stands in for AWS? moto's server on loopback: DynamoDB, Secrets Manager, S3, in memory."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

_running: set[int] = set()


@contextmanager
def serving() -> Generator[str]:
    """The address of an empty AWS, served by threads of this process until the end.

    What it holds is of the process: one that is started beside another has the same.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    server: Any = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    if not _running:
        moto_api_backend.reset()
    _running.add(id(server))
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        _running.discard(id(server))
        server.stop()
        server._server.server_close()
