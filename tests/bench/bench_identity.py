"""Digests and normal forms, beside a plain digest of as many byte strings."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from itertools import count
from typing import Any

from fwf import fallback, named, par, pick, pure, retry, seconds, seq, task, timeout
from fwf.algebra.builder import it
from fwf.algebra.traverse import walk
from fwf.algebra.workflow import Workflow
from fwf.analysis.identity import definition_id, digest_of
from fwf.analysis.normal_form import normal_form

from .measure import best, report

N = 100_000
Flow = Workflow[Any, Any]


@task(effect="pure")
def increment(n: int) -> int:
    return n + 1


@task(effect="read")
def doubled(n: int) -> int:
    return 2 * n


def chain(n: int) -> Flow:
    """Tasks in a row, and nothing to rewrite."""
    return seq(*[increment, doubled] * (n // 2))


def fan(n: int) -> Flow:
    """Tasks side by side, each with a timeout of its own."""
    return par(*(timeout(increment, seconds(i % 9 + 1)) for i in range(n)))


def rewritten(n: int) -> Flow:
    """Tasks in names, retries, fallbacks and timeouts, most of which a law takes away."""
    kinds: tuple[Callable[[int], Flow], ...] = (
        lambda i: named(f"step{i}", increment >> pure(it + 1) >> pure(it * 2)),
        lambda i: retry(retry(doubled, attempts=2, wait=seconds(1)), attempts=2, wait=seconds(5)),
        lambda i: timeout(timeout(increment, seconds(i % 7 + 1)), seconds(3)),
        lambda i: fallback(fallback(doubled, increment), doubled),
    )
    return seq(*(kinds[i % 4](i) for i in range(n)))


def nested(n: int) -> Flow:
    """Each task inside the one before."""
    w: Flow = increment
    for i in range(n - 1):
        w = named("x", timeout(doubled >> w, seconds(n - i)))
    return w


SHAPES: dict[str, Callable[[int], Flow]] = {
    "chain": chain, "fan": fan, "rewritten": rewritten, "nested": nested,
}  # fmt: skip


def sized(w: Flow) -> int:
    return sum(1 for _ in walk(w))


def hashed(n: int) -> bytes:
    """As many digests as there are nodes, each of 40 bytes and the one before."""
    last = bytes(16)
    for _ in range(n):
        last = blake2b(b"".join((bytes(40), last)), digest_size=16).digest()
    return last


def fresh(make: Callable[[], Flow], work: Callable[[Flow], object]) -> Callable[[], object]:
    """Work on workflows that nobody has a digest of; they are made beforehand."""
    made = [make() for _ in range(2)]
    at = count()
    return lambda: work(made[next(at) % len(made)])


def test_digests() -> None:
    for name, make in SHAPES.items():
        nodes = sized(make(N))
        by_hand = best(partial(hashed, nodes), repeats=3)
        ours = best(fresh(partial(make, N), digest_of), repeats=2)
        report(f"digest of {name}, {N:,} tasks, {nodes:,} nodes", ours, by_hand, unit="ms")


def test_digest_of_a_million_nodes() -> None:
    w = par(*(timeout(increment, seconds(i % 9 + 1)) for i in range(500_000)))
    by_hand = best(partial(hashed, 1_000_001), repeats=2)
    ours = best(partial(definition_id, w), repeats=2)
    report("definition_id of 1,000,001 nodes", ours, by_hand, unit="s")


def compared(pair: tuple[Flow, Flow]) -> bool:
    return bool(normal_form(pair[0]) == normal_form(pair[1]))


def test_normalise_and_compare() -> None:
    for name, make in SHAPES.items():
        n = N if name in ("chain", "fan") else N // 5
        pairs = [(make(n), make(n) >> pick(0)) for _ in range(2)]
        at = count()
        nodes = sized(pairs[0][0]) + sized(pairs[0][1])
        by_hand = best(partial(hashed, nodes), repeats=3)
        ours = best(lambda pairs=pairs, at=at: compared(pairs[next(at)]), repeats=2)  # type: ignore[misc]
        report(f"normalise, compare two of {n:,} ({name})", ours, by_hand, unit="ms")
