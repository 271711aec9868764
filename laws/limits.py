"""Workflows in worlds where workers and pools are few, for what judges who starts when."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from hypothesis import strategies as st

from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import in_pool, par
from fwf.durations import seconds
from fwf.interpreters.run import Pool
from fwf.testing import sample_tasks, strategies as draw

from .agreement import THEMES, Case, flows, overtaken, scripted
from .list_scheduler import Pools, scheduled

Flow = AnyWorkflow


def _the_same(w: Flow) -> Flow:
    return w


class Limits(NamedTuple):
    """How many workers there are, and how large the pools."""

    workers: int | None
    pools: Pools

    @property
    def sizes(self) -> dict[str, Pool]:
        """The pools, all of them as such."""
        return {name: Pool(n) if isinstance(n, int) else n for name, n in self.pools.items()}

    def __call__(self, interpreter: Any) -> Any:
        """An interpreter ⟶ the same with so few."""
        return partial(interpreter, workers=self.workers, pools=self.pools)


@st.composite
def limited_cases(
    draws: st.DrawFn, change: Callable[[Any], Any] = _the_same
) -> tuple[Case, Limits]:
    """A workflow, a script for every place where it does something, and what it is limited by.

    change: what is done to the workflow first.
    """
    few = draws(limits())
    return draws(scripted(crowds().map(change), few(scheduled))), few


@lru_cache
def limits() -> st.SearchStrategy[Limits]:
    """One to three workers, or any number; few slots and few starts, for most of the pools."""
    slots, starts = st.sampled_from([None, 1, 1, 2]), st.integers(1, 3)
    rates = st.builds(_pool, slots, starts, st.integers(1, 4))
    size = st.one_of(st.none(), st.integers(1, 2), rates)
    sizes = st.fixed_dictionaries(dict.fromkeys(draw.POOLS, size)).map(_bounded)
    return st.builds(Limits, st.sampled_from([None, None, 1, 2, 2, 3]), sizes)


def _pool(at_once: int | None, starts: int, per: int) -> Pool:
    return Pool(at_once, starts=starts, per=seconds(per))


def _bounded(sizes: dict[str, int | Pool | None]) -> Pools:
    return {name: size for name, size in sizes.items() if size is not None}


@lru_cache
def crowds() -> st.SearchStrategy[Flow]:
    """Workflows side by side that want the same pools, so that they stand in each other's way."""
    work = st.sampled_from(THEMES).flatmap(partial(flows, 3))
    one = st.builds(
        _limited,
        work | overtaken(sample_tasks.PLAIN),
        st.lists(st.sampled_from(draw.POOLS), max_size=2),
    )
    return st.lists(one, min_size=1, max_size=5).map(_beside)


def _limited(w: Flow, names: list[str]) -> Flow:
    for name in names:
        w = in_pool(w, name)
    return w


def _beside(ws: list[Flow]) -> Flow:
    return par(*ws)
