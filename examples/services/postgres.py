"""Which PostgreSQL stands in for the shop's? One of its own, in a second, with nothing left behind.

`python -m examples.services.postgres` starts one, prints its URL and waits for Ctrl-C.
"""

import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

_numbers: Final = itertools.count()
# What is lost with the machine's power may be lost: it's faster.
_QUICK: Final[tuple[LiteralString, ...]] = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)


@contextmanager
def serving() -> Generator[str, None, None]:
    """The URL of a new server, which listens on a socket in a folder of its own.

    Stopped at the end, and its data deleted; also at the end of the process.
    """
    with tempfile.TemporaryDirectory(prefix="fwf-pg-", ignore_cleanup_errors=True) as folder:
        server = _started(Path(folder) / "data")
        try:
            url = f"postgresql://postgres@/postgres?host={quote(str(_socket_of(server)), safe='')}"
            with psycopg.connect(url, autocommit=True) as connection:
                for statement in _QUICK:
                    connection.execute(statement)
            yield url
        finally:
            server.cleanup()


@contextmanager
def database(url: str, name: str = "") -> Generator[str, None, None]:
    """The URL of a new database of a server, which is dropped at the end, whoever is in it."""
    name = name or f"fwf_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield within(url, name)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def within(url: str, name: str) -> str:
    """The URL of one of a server's databases."""
    before, _, after = url.partition("?")
    return f"{before.rpartition('/')[0]}/{quote(name, safe='')}?{after}"


def _started(data: Path) -> Any:
    with warnings.catch_warnings():  # the import looks for a folder that needs no user's session
        warnings.simplefilter("ignore")
        import pgserver
    started: Any = pgserver  # which doesn't say what it exports
    return started.get_server(data, cleanup_mode="delete")


def _socket_of(server: Any) -> Path:
    return Path(server.get_postmaster_info().socket_dir)


def main() -> None:
    """Serve until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it is stopped in order, too
    with suppress(KeyboardInterrupt), serving() as url:
        print(url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
