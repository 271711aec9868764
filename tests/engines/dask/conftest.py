"""Clusters of Dask for tests: of processes, under nannies; and in this process, in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("distributed")

LOST = "distributed.deploy.lost-worker-timeout"
"""So long after a worker's death a cluster looks whether another one stands in its place just then;
and gives the place up if that one has died, too."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where modules are written that workers import, too."""
    found = tmp_path_factory.mktemp("modules")
    sys.path.insert(0, str(found))
    yield found
    sys.path.remove(str(found))


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Any]:
    """A client of two workers of two threads, processes under nannies."""
    import dask
    from distributed import Client, LocalCluster

    with (
        dask.config.set({LOST: "1h"}),
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster,
        Client(cluster) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def inside() -> Iterator[Any]:
    """A client of a worker in this process, of more threads than any workflow has tasks at once."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=64, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as found,
    ):
        yield found


_numbers = count()


@pytest.fixture
def module(folder: Path) -> Iterator[Any]:
    """What writes a module that workers import, too, and imports it ⟶ the module."""
    made: list[str] = []

    def written(text: str) -> ModuleType:
        name = f"dask_flow_{next(_numbers)}"
        (folder / f"{name}.py").write_text(text)
        made.append(name)
        return import_module(name)

    yield written
    for name in made:
        del sys.modules[name]
