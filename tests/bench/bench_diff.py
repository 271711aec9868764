"""Comparing two workflows of 100,000 nodes with ten edits, beside computing both digests."""

from collections.abc import Callable, Collection
from functools import partial
from itertools import count
from typing import Any

from fwf import named, par, retry, seconds, seq, timeout
from fwf.algebra.workflow import Workflow
from fwf.analysis.identity import digest_of
from fwf.interpreters.diff import diff

from .bench_identity import doubled, increment
from .measure import best, report

N = 100_000
EDITS = 10
Flow = Workflow[Any, Any]


def chain(n: int, edited: Collection[int]) -> Flow:
    """Two tasks by turns; an edited one is retried."""
    tasks = (increment, doubled)
    return seq(*(_tried(tasks[i % 2]) if i in edited else tasks[i % 2] for i in range(n)))


def fan(n: int, edited: Collection[int]) -> Flow:
    """Tasks side by side, each with a timeout; an edited one has longer."""
    long = 60
    return par(
        *(timeout(increment, seconds(i % 9 + 1 + long * (i in edited))) for i in range(n // 2))
    )


def nested(n: int, edited: Collection[int]) -> Flow:
    """Each task inside the one before, in a name and a timeout; an edited one is retried."""
    w: Flow = increment
    for i in range(n // 4):
        inner = doubled >> w
        w = named("x", timeout(_tried(inner) if i in edited else inner, seconds(n - i)))
    return w


def _tried(w: Flow) -> Flow:
    return retry(w, attempts=2)


SHAPES: dict[str, tuple[Callable[[int, Collection[int]], Flow], int]] = {
    "chain": (chain, N), "fan": (fan, N // 2), "nested": (nested, N // 4),
}  # fmt: skip


def spread(width: int) -> frozenset[int]:
    """Ten places, far from one another."""
    return frozenset(range(width // (2 * EDITS), width, width // EDITS))


def fresh(make: Callable[[Collection[int]], Flow], edited: Collection[int]) -> list[Any]:
    """Pairs that nobody has a digest of."""
    return [(make(()), make(edited)) for _ in range(2)]


def test_ten_edits() -> None:
    for name, (make, width) in SHAPES.items():
        build, edited = partial(make, N), spread(width)
        found = diff(build(()), build(edited))
        assert len(found.changes) == EDITS, found.headline
        hashed, compared, at = fresh(build, edited), fresh(build, edited), count()
        digests = best(lambda: [*map(digest_of, hashed[next(at) % 2])], repeats=2)  # noqa: B023
        at = count()
        ours = best(lambda: diff(*compared[next(at) % 2]), repeats=2)  # noqa: B023
        report(f"diff, ten edits in {N:,} nodes ({name})", ours, digests, unit="ms")


def test_nothing_alike() -> None:
    old = seq(*(timeout(increment, seconds(i)) for i in range(N // 2)))
    new = seq(*(timeout(doubled, seconds(i + N)) for i in range(N // 2)))
    digests = best(lambda: [digest_of(old), digest_of(new)], repeats=1)
    ours = best(lambda: diff(old, new), repeats=1)
    report(f"diff, nothing alike in {N:,} nodes", ours, digests, unit="ms")


def test_all_alike() -> None:
    old, new = seq(*[increment] * N), seq(*[increment] * (N // 2), doubled, *[increment] * (N // 2))
    digests = best(lambda: [digest_of(old), digest_of(new)], repeats=1)
    ours = best(lambda: diff(old, new), repeats=1)
    report(f"diff, one new among {N:,} equal ones", ours, digests, unit="ms")
