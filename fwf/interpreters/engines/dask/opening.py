"""`--on dask`, `--on dask://HOST:PORT` ⟶ the cluster: of this machine, or one that is there."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from logging import CRITICAL, ERROR, getLogger
from typing import Any, Final

from fwf.interpreters.engines.dask.cluster import Dask, check_installed

_ADDRESS: Final = re.compile(r"[^/\s@]+:[0-9]+")
_FORMS: Final = "write dask, for processes on this machine, or dask://HOST:PORT of a scheduler"
_PATIENCE: Final = 10
"""Seconds that a scheduler has to answer."""
_LOST: Final = "distributed.deploy.lost-worker-timeout"
"""So long after a worker's death a cluster gives its place up if nobody stands in it just then."""


@contextmanager
def open_cluster(address: str, target: str) -> Generator[Dask]:
    """Address behind `dask://`, target that workers import ⟶ the cluster, while it is used.

    Of this machine, as many processes as it has processors, if there is no address. Raises
    `ValueError` for an address that is none, or where nobody answers.
    """
    check_installed()
    if address and not _ADDRESS.fullmatch(address):
        raise ValueError(f"dask://{address} is no address: {_FORMS}")
    with _client(address) as client:
        yield Dask(client, target=target, _deaf=not address)


def silence() -> None:
    """Let a worker say nothing of its own end, such as of a heartbeat that nobody answers."""
    getLogger("distributed").setLevel(CRITICAL)


@contextmanager
def _client(address: str) -> Generator[Any]:
    import distributed
    from dask.config import set as configured

    library: Any = distributed
    if not address:
        here = {"dashboard_address": ":0", "silence_logs": ERROR}
        with (
            configured({_LOST: "1h"}),
            library.LocalCluster(**here) as cluster,
            library.Client(cluster) as client,
        ):
            try:
                yield client
            finally:
                with suppress(Exception):  # of a cluster that is gone
                    client.run(silence, on_error="ignore")
        return
    try:
        client = library.Client(f"tcp://{address}", timeout=_PATIENCE)
    except OSError as error:
        raise ValueError(
            f"no scheduler of Dask answers there ({type(error).__name__}): start one with "
            f"`dask scheduler`, or {_FORMS}"
        ) from error
    with client:
        yield client
