"""Dask: our scheduler where it is called, each attempt of a task a future.

cluster.py   `Dask(client)`: what is looked at before a run, and after it
opening.py   ... or what `--on dask` names
targets.py   by which names workers find the workflow and its resources
world.py     the world of a run: what is asked of the cluster, and what comes of it
flights.py   ... as futures
orders.py    an attempt as bytes, and its answer
texts.py     the values in both
station.py   what of a worker is one run's
leaf.py      one attempt, on a worker
claiming.py  ... that may have an effect
calling.py   ... and the call itself
keeper.py    who has begun what: asked by workers before they begin, kept by the scheduler
decimals.py  the context of `decimal`
table.py     what the engine can do
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwf.interpreters.engines.dask.cluster import Dask

__all__ = ["Dask"]


def __getattr__(name: str) -> Any:
    """What only a run needs is imported when it is first asked for."""
    if name != "Dask":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fwf.interpreters.engines.dask.cluster import Dask

    return Dask
