"""Items of a map on a cluster of Dask, by what plain futures take; and a chain, step by step.

The plain futures are what one would write by hand: `client.submit` for each, then `gather`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fwf.interpreters.engines.dask import Dask
from fwf.interpreters.run import run

from .measure import best, report

N = 1_000
STEPS = 100
REPEATS = 3
MODULE = """
from fwf import map_each, named, seq, task

@task(effect="pure")
def one(n: int) -> int:
    return n + 1

@task(effect="idempotent")
def put(n: int) -> int:
    return n + 1

@task(effect="unrepeatable")
def pay(n: int) -> int:
    return n + 1

pure = named("pure", map_each(one))
idempotent = named("idempotent", map_each(put))
unrepeatable = named("unrepeatable", map_each(pay))
chain = named("chain", seq(*(named(f"s{at}", one) for at in range(100))))
"""


def plain(n: int) -> int:
    return n + 1


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "bench_dask_flows.py").write_text(MODULE)
    sys.path.insert(0, str(folder))
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import bench_dask_flows  # type: ignore[import-not-found]

    yield bench_dask_flows
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def client(flows: ModuleType) -> Any:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster,
        Client(cluster) as found,
    ):
        yield found


def side_by_side(ours: Callable[[], object], usual: Callable[[], object]) -> tuple[float, float]:
    """The quickest of each, in turns: a cluster shares the machine with whatever else there is."""
    found = [(best(ours, repeats=1), best(usual, repeats=1)) for _ in range(REPEATS)]
    return min(each for each, _ in found), min(each for _, each in found)


def test_items(client: Any, flows: Any) -> None:
    def futures() -> None:
        found = client.gather([client.submit(plain, n, pure=False) for n in range(N)])
        assert found == [*range(1, N + 1)]

    def ours(flow: Any) -> None:
        assert run(flow, [*range(N)], on=Dask(client)).unwrap() == [*range(1, N + 1)]

    for name in ("pure", "idempotent", "unrepeatable"):
        took, usual = side_by_side(partial(ours, getattr(flows, name)), futures)
        report(f"{N:,} {name} items on Dask", took, usual, per=N, unit="ms")


def test_chain(client: Any, flows: Any) -> None:
    def futures() -> None:
        value = 0
        for _ in range(STEPS):
            value = client.submit(plain, value, pure=False).result()
        assert value == STEPS

    def ours() -> None:
        assert run(flows.chain, 0, on=Dask(client)).unwrap() == STEPS

    took, usual = side_by_side(ours, futures)
    report(f"{STEPS} steps on Dask", took, usual, per=STEPS, unit="ms")
