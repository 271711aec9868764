"""What stands in for AWS? moto's server on loopback: DynamoDB, Secrets Manager, S3, in memory."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer


@contextmanager
def serving() -> Generator[str]:
    """The address of an empty AWS, served by threads of this process until the end."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    server: Any = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto_api_backend.reset()  # what moto holds is of the process
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        server._server.server_close()
